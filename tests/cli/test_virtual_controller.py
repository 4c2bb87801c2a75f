"""The command virtual-controller: a process that is ready, obeys, and ends."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from citybrain.cli.main import run
from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.secrets import V3, Secret
from citybrain.controllers.ntcip.wire import Wires
from citybrain.controllers.virtual.faults import Fault
from tests.controllers.virtual_street_kit import SECRET, unit_files

COMMAND = (sys.executable, "-c", "from citybrain.cli import main; main()")


def test_every_fault_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["virtual-controller", "faults", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["faults"]) == set(Fault)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ('phase_maps = "nowhere.toml"', "nowhere.toml"),
        ('address = "10.0.0.1"', "not loopback"),
        ("surprise = 1", "surprise"),
        ('faults = ["bad mood"]', "faults"),
        ("barriers = []", "barriers: names phase"),
    ],
)
def test_a_bad_unit_file_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: str, told: str
) -> None:
    path = unit_files(tmp_path, "J1")[0]
    own = 'phase_maps = "phase_maps.toml"'
    text = path.read_text().replace(own, "" if "phase_maps" in change else own)
    path.write_text(change + "\n" + text)
    assert run(["virtual-controller", "run", str(path), "--seconds", "1"]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error


def test_a_secret_that_others_can_read_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = unit_files(tmp_path, "J1")[0]
    (tmp_path / "secret").chmod(0o644)
    assert run(["virtual-controller", "run", str(path), "--seconds", "1"]) == 2
    error = capsys.readouterr().err
    assert "chmod 600" in error
    assert SECRET not in error


@pytest.mark.integration
def test_the_process_answers_over_snmp_and_takes_orders(tmp_path: Path) -> None:
    path = unit_files(tmp_path, "J1")[0]
    with subprocess.Popen(
        [*COMMAND, "virtual-controller", "run", str(path), "--copies", "2", "--seconds", "60"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            ports = json.loads(process.stdout.readline())["ready"]
            assert set(ports) == {"J1-1", "J1-2"}
            assert asyncio.run(_phases(ports["J1-2"])) == 16
            process.stdin.write("fault J1-1 silent on\nfault J1-1 bad-mood on\nstatus\n")
            process.stdin.flush()
            done, error, status = (json.loads(process.stdout.readline()) for _ in range(3))
        finally:
            process.terminate()
    assert done == {"done": "fault J1-1 silent on"}
    assert "no fault bad-mood" in error["error"]
    assert status["units"]["J1-1"]["faults"] == ["silent"]
    assert status["units"]["J1-2"]["answered"] > 0
    assert process.returncode == 0


async def _phases(port: int) -> object:
    wires = Wires(V3(user="writer", auth_key=Secret(SECRET), priv_key=Secret(SECRET)))
    try:
        wire = await wires.to("127.0.0.1", port)
        return (await wire.get([objects.MAX_PHASES.of()], 5.0)).values[0]
    finally:
        wires.close()
