"""A PostgreSQL of the tests' own: a temporary folder, a socket in it, loopback only."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

_TIMEOUT_S = 60
_DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _program(name: str) -> str:
    path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, _DEBIAN)])
    found = shutil.which(name, path=path)
    if found is None:
        pytest.skip(f"PostgreSQL is not installed: there is no {name}")
    return found


def _as_somebody() -> list[str]:
    """PostgreSQL refuses to run as root; then it runs as nobody, or not at all."""
    if os.geteuid() != 0:
        return []
    if shutil.which("runuser") is None:
        pytest.skip("PostgreSQL refuses to run as root, and there is no runuser to be another")
    return ["runuser", "-u", "nobody", "--"]


def _run(*words: str | Path) -> None:
    done = subprocess.run(
        list(map(str, words)), capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
    )
    if done.returncode:
        pytest.skip(f"PostgreSQL does not start here: {(done.stderr or done.stdout).strip()}")


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a server that listens on a socket of its own alone; give its URL."""
    initdb, pg_ctl, somebody = _program("initdb"), _program("pg_ctl"), _as_somebody()
    with tempfile.TemporaryDirectory(prefix="citybrain-pg-") as name:
        folder, data = Path(name), Path(name) / "data"
        folder.chmod(0o755)
        data.mkdir()
        if somebody:
            shutil.chown(data, "nobody")
            shutil.chown(folder, "nobody")
        _run(*somebody, initdb, "-D", data, "-U", "citybrain", "-A", "trust", "-N", "-E", "UTF8")
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
        _run(*somebody, pg_ctl, "-D", data, "-w", "-l", data / "log", "-o", options, "start")
        try:
            yield f"postgresql://citybrain@/postgres?host={quote(name, safe='')}"
        finally:
            _run(*somebody, pg_ctl, "-D", data, "-m", "immediate", "-w", "stop")
