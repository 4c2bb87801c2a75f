"""Starts net-snmp's ``snmpd`` on loopback, with the controller of ``snmpd_handler`` behind it."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SNMPD = shutil.which("snmpd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
ABSENT = "net-snmp's snmpd is not installed (Debian: apt-get install snmpd)"
TREE = ".1.3.6.1.4.1.1206.4.2"
READER = "citybrain-read"
"""A user who may read and not write, with the same secrets."""
COMMUNITY, USER, AUTH, PRIV = "loopback-community", "citybrain", "loopback-auth", "loopback-priv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A running agent."""

    port: int
    log: Path
    process: subprocess.Popen[bytes]

    def sets(self) -> list[list[str]]:
        """Return every SET that the controller was asked for: OID, type, value."""
        if not self.log.exists():
            return []
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]


def free_port() -> int:
    """Return a UDP port on loopback that nobody uses now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(folder: Path, *, without: tuple[str, ...] = ()) -> Iterator[Agent]:
    """Run an agent until the end of the block.

    Parameters
    ----------
    folder
        For its configuration and its logs.
    without
        Identifiers that this controller lacks; all below them too.
    """
    port, log = free_port(), folder / "sets.jsonl"
    handler = Path(__file__).with_name("snmpd_handler.py")
    lacks = f" without={','.join(without)}" if without else ""
    configuration = folder / "snmpd.conf"
    configuration.write_text(
        f"agentaddress udp:127.0.0.1:{port}\n"
        f"rwcommunity {COMMUNITY} 127.0.0.1\n"
        f"createUser {USER} SHA-256 {AUTH} AES {PRIV}\n"
        f"rwuser {USER} priv\n"
        f"createUser {READER} SHA-256 {AUTH} AES {PRIV}\n"
        f"rouser {READER} priv\n"
        f"pass_persist {TREE} {sys.executable} -S -E {handler} {log}{lacks}\n",
        encoding="utf-8",
    )
    process = _start(folder, configuration)
    try:
        _wait_for(process, folder / "snmpd.log")
        yield Agent(port=port, log=log, process=process)
    finally:
        process.terminate()
        process.wait(timeout=10)


def _start(folder: Path, configuration: Path) -> subprocess.Popen[bytes]:
    """Start the daemon in the foreground, keeping what it must keep inside the folder."""
    assert SNMPD is not None
    command = [SNMPD, "-f", "-r", "-Lf", str(folder / "snmpd.log"), "-C", "-c", str(configuration)]
    environment = os.environ | {"SNMP_PERSISTENT_DIR": str(folder), "MIBS": ""}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _wait_for(process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the daemon has opened its socket, which is when it names itself."""
    for _ in range(200):
        told = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        if "NET-SNMP version" in told:
            return
        if process.poll() is not None:
            break
        time.sleep(0.02)
    msg = f"snmpd does not start: {told}"
    raise RuntimeError(msg)
