"""The command controllers watch: units over SNMP, each second, until somebody has seen enough."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from citybrain.controllers.virtual.faults import Fault
from tests.cli.towns import Terminal
from tests.engine.unit_street import JUNCTIONS, UnitStreet, unit_street

pytestmark = pytest.mark.integration


@pytest.fixture
def street(tmp_path: Path) -> Iterator[UnitStreet]:
    with unit_street(tmp_path) as opened:
        yield opened


def words(street: UnitStreet, *more: str) -> tuple[str, ...]:
    return ("controllers", "watch", "--street", str(street.folder / "street.toml"), *more)


def test_every_answer_is_a_line(street: UnitStreet, terminal: Terminal) -> None:
    told = terminal(*words(street, "--seconds", "4", "--json"))
    assert told.code == 0, told.errors
    lines = [json.loads(line) for line in told.output.splitlines()]
    heard = [line["unit"] for line in lines if line["status"]]
    assert all(heard.count(unit) >= 2 for unit in JUNCTIONS)
    assert all(line["status"]["unit"] == line["unit"] for line in lines if line["status"])


def test_a_unit_that_is_lost_at_the_end_stands_first_and_is_exit_1(
    street: UnitStreet, terminal: Terminal
) -> None:
    street.fault("J2", Fault.SILENT)
    told = terminal(*words(street, "--seconds", "4"))
    assert told.code == 1
    assert "3 units, 1 lost; Ctrl-C ends" in told.output
    rows = [line.split() for line in told.output.splitlines()]
    names = [row[0] for row in rows if row and row[0] in JUNCTIONS]
    assert (names[0], sorted(names)) == ("J2", sorted(JUNCTIONS))
    assert "no answer" in told.output
    assert terminal(*words(street, "--seconds", "3", "--units", "J1,J3")).code == 0


@pytest.mark.parametrize("is_json", [True, False])
def test_ctrl_c_is_a_good_end(street: UnitStreet, is_json: bool) -> None:
    command = [sys.executable, "-m", "citybrain", *words(street, *["--json"][: int(is_json)])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if is_json:
            for _ in range(len(JUNCTIONS) + 1):
                assert process.stdout.readline()
        else:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(6)
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert process.returncode == 0
    assert is_json or "3 units, 0 lost" in rest
