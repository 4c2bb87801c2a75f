"""The demonstration goes on with what was made now, or ends with why nothing was."""

import json
import sqlite3
from pathlib import Path

import pytest

from citybrain.cli import demo_commands
from citybrain.cli.controllers_demo import Request, _made, run
from citybrain.cli.demo_commands import Show
from citybrain.cli.demo_files import write_people
from citybrain.errors import SimulationError


def test_a_plan_that_is_not_made_ends_the_demonstration_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = tmp_path / "citybrain"
    command.write_text("#!/bin/sh\necho 'citybrain: no plan is better' >&2\nexit 1\n")
    command.chmod(0o700)
    monkeypatch.setattr(demo_commands, "_CITYBRAIN", command)
    former = tmp_path / "retimed" / "plan.json"
    former.parent.mkdir()
    former.write_text("{}")
    with pytest.raises(SimulationError, match=r"citybrain retime .*: no plan is better"):
        _made(Show(tmp_path, is_quiet=True), tmp_path, 2)
    assert not former.exists(), "the plan of a former run is not pushed instead"


def test_a_gate_that_does_not_start_ends_it_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = tmp_path / "citybrain"
    command.write_text("#!/bin/sh\necho 'citybrain: keys.toml: may be changed' >&2\nexit 2\n")
    command.chmod(0o700)
    monkeypatch.setattr(demo_commands, "_CITYBRAIN", command)
    with (
        pytest.raises(SimulationError, match=r"the gate did not start: keys.toml: may be changed"),
        demo_commands.running_gate(tmp_path),
    ):
        pass


def test_safety_data_of_a_clone_that_others_may_change_become_the_demonstration_s_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone, folder = tmp_path / "clone", tmp_path / "out"
    clone.mkdir()
    folder.mkdir()
    (clone / "safety.toml").write_text("x = 1\n")
    (clone / "safety.toml").chmod(0o664)
    monkeypatch.setattr(Show, "ask", lambda *_: {"key": {}})
    monkeypatch.setattr(Show, "run", lambda *_: 0)
    write_people(Show(folder, is_quiet=True), clone)
    assert (folder / "safety.toml").stat().st_mode & 0o777 == 0o644
    assert 'safety = "safety.toml"' in (folder / "street.toml").read_text()


@pytest.mark.integration
def test_a_plan_is_made_proven_approved_pushed_and_taken_back_while_one_unit_is_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole chain by its own commands: SUMO, keys, ledger, gate and three virtual units."""
    assert run(Request(out=tmp_path / "out", speed=10.0, seeds=4, is_json=True)) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["is_well"]
    for street in ("pushed", "alone"):
        assert told[street]["vehicles"] > 500
        assert told[street]["collisions"] == 0
    assert told["pushed"]["delay_s_per_veh"] < told["alone"]["delay_s_per_veh"]
    with sqlite3.connect(tmp_path / "out" / "ledger.db") as ledger:
        outcomes = ledger.execute(
            "SELECT unit, outcome FROM receipts WHERE outcome != 'OPENED' ORDER BY record"
        ).fetchall()
    first, mended, back = outcomes[:3], outcomes[3:4], outcomes[4:]
    assert dict(first) == {"J1": "RUNS", "J2": "ROLLED_BACK", "J3": "RUNS"}
    assert mended == [("J2", "RUNS")]
    assert dict(back) == dict.fromkeys(("J1", "J2", "J3"), "ROLLED_BACK")
