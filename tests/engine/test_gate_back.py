"""Ways back: roll-backs, gates that die, units that others command, ledgers that fail."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from citybrain.cli.pushes import Request, show_former
from citybrain.engine.approval.acts import reject
from citybrain.engine.gate.recovery import settle_unfinished
from citybrain.errors import InputError, UnsafePlanError
from citybrain.model.approval import State
from citybrain.model.statements import Act
from citybrain.ports.controllers import (
    Receipt,
    Step,
)
from citybrain.store.ledger.audit import verify_audit
from citybrain.store.ledger.pushes import running
from tests.engine.fake_units import FakeUnit, Killed, restarted
from tests.engine.gate_yard import UNITS, Yard, approved, yard

__all__ = ["yard"]


def test_a_roll_back_brings_every_unit_back(yard: Yard) -> None:
    yard.carry_out(yard.order())
    second = approved(yard.at_work, green_s=25.0)
    yard.carry_out(yard.order(key=second))
    assert (yard.state(), yard.state(second)) == (State.RETIRED, State.ACTIVE)
    assert yard.carry_out(yard.order(Act.ROLL_BACK, second)).is_done
    assert (yard.state(), yard.state(second)) == (State.ACTIVE, State.RETIRED)
    assert {unit.cycle_s for unit in yard.fleet.units.values()} == {50}
    assert yard.carry_out(yard.order(Act.ROLL_BACK)).is_done
    assert yard.state() is State.RETIRED
    assert {(unit.cycle_s, unit.pattern) for unit in yard.fleet.units.values()} == {(47, 0)}
    assert set(yard.runs().values()) == {""}
    yard.at_work.clock.instant += timedelta(seconds=1)
    with pytest.raises(UnsafePlanError, match="nothing to roll back"):
        yard.carry_out(yard.order(Act.ROLL_BACK))
    assert verify_audit(yard.at_work.desk.ledger).faults == ()


def second_runs_and_first_is(yard: Yard, *, rejected: bool) -> str:
    yard.carry_out(yard.order())
    second = approved(yard.at_work, green_s=25.0)
    yard.carry_out(yard.order(key=second))
    if rejected:
        reject(yard.at_work.desk, yard.key, yard.at_work.keys["carl"], "never again")
    return second


def test_no_unit_is_ordered_back_to_a_plan_that_was_rejected(yard: Yard) -> None:
    second = second_runs_and_first_is(yard, rejected=True)
    with pytest.raises(
        UnsafePlanError, match=r"K1, K2, K3 would go back to plan .*, which was rejected; push an"
    ):
        yard.carry_out(yard.order(Act.ROLL_BACK, second))
    assert set(yard.runs().values()) == {second}
    third = approved(yard.at_work, green_s=26.0)
    assert yard.carry_out(yard.order(key=third)).is_done


def test_a_roll_back_that_was_cut_off_goes_on_though_its_plan_was_rejected(yard: Yard) -> None:
    """Half a plan is the worst of all: the unit comes to a whole one, and an alarm tells."""
    second = second_runs_and_first_is(yard, rejected=False)
    yard.gate.at_once = 1
    yard.fleet.units["K1"].dies_at = Step.ABORT
    with pytest.raises(Killed):
        yard.carry_out(yard.order(Act.ROLL_BACK, second, units=("K1",)))
    reject(yard.at_work.desk, yard.key, yard.at_work.keys["carl"], "never again")
    yard.fleet.units = {unit: restarted(fake) for unit, fake in yard.fleet.units.items()}
    asyncio.run(settle_unfinished(yard.at_work.desk, yard.fleet))
    assert yard.runs()["K1"] == yard.key
    assert ("K1", "rejected plan") in yard.alarms()


def test_a_plan_that_ran_is_gone_back_to_however_old_its_approvals_are(yard: Yard) -> None:
    second = second_runs_and_first_is(yard, rejected=False)
    yard.at_work.clock.pass_days(140)
    assert yard.carry_out(yard.order(Act.ROLL_BACK, second)).is_done
    assert set(yard.runs().values()) == {yard.key}


def test_a_plan_that_is_rejected_while_it_is_pushed_is_an_alarm(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed = FakeUnit.push

    async def meanwhile(self: FakeUnit, *arguments: object) -> Receipt:
        if yard.state() is State.APPROVED:
            reject(yard.at_work.desk, yard.key, yard.at_work.keys["carl"], "stop it")
        return await pushed(self, *arguments)

    monkeypatch.setattr(FakeUnit, "push", meanwhile)
    yard.carry_out(yard.order(units=("K1",)))
    assert (yard.state(), yard.runs()) == (State.REJECTED, {"K1": yard.key})
    assert yard.alarms() == [("K1", "rejected plan")]
    assert yard.carry_out(yard.order(Act.ROLL_BACK)).is_done
    assert verify_audit(yard.at_work.desk.ledger).faults == ()


def test_a_unit_that_is_back_with_something_left_behind_is_known_to_be_back(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The former plan runs, a pattern that does not run could not be restored."""
    yard.carry_out(yard.order())
    back = FakeUnit.rollback

    async def imperfect(self: FakeUnit, *arguments: object) -> Receipt:
        return replace(await back(self, *arguments), reason="values were left")

    monkeypatch.setattr(FakeUnit, "rollback", imperfect)
    carried = yard.carry_out(yard.order(Act.ROLL_BACK))
    assert not carried.is_done
    assert yard.runs() == dict.fromkeys(UNITS, "")
    assert yard.state() is State.RETIRED


def test_a_plan_that_one_unit_still_runs_stays_active(yard: Yard) -> None:
    yard.carry_out(yard.order())
    second = approved(yard.at_work, green_s=25.0)
    yard.carry_out(yard.order(key=second, units=("K1", "K2")))
    assert (yard.state(), yard.state(second)) == (State.ACTIVE, State.ACTIVE)


WHOLE = {
    Step.READ: (47, 0),
    Step.OPEN: (47, 0),
    Step.WRITE: (47, 0),
    Step.STORE: (47, 0),
    Step.ACTIVATE: (50, 7),
    Step.PROVE: (50, 7),
    Step.ABORT: (47, 0),
}


@pytest.mark.parametrize("step", list(WHOLE))
def test_a_gate_that_dies_in_any_step_leaves_a_whole_plan_and_a_true_ledger(
    yard: Yard, step: Step
) -> None:
    yard.fleet.units["K2"].dies_at = step
    yard.gate.at_once = 1
    act = Act.PUSH
    if step is Step.ABORT:
        yard.carry_out(yard.order())
        act = Act.ROLL_BACK
    with pytest.raises(Killed):
        yard.carry_out(yard.order(act))
    yard.fleet.units = {unit: restarted(fake) for unit, fake in yard.fleet.units.items()}
    results = asyncio.run(settle_unfinished(yard.at_work.desk, yard.fleet))
    unit = yard.fleet.units["K2"]
    assert (unit.cycle_s, unit.pattern) == WHOLE[step]
    assert [r.unit for r in results] == ([] if step is Step.READ else ["K2"])
    is_new = WHOLE[step] == (50, 7)
    assert yard.runs().get("K2", "") == (yard.key if is_new else "")
    assert yard.runs()["K1"] == (yard.key if act is Act.PUSH else "")
    assert asyncio.run(settle_unfinished(yard.at_work.desk, yard.fleet)) == ()
    assert verify_audit(yard.at_work.desk.ledger).faults == ()


@pytest.mark.parametrize("dies_at", [None, Step.OPEN])
def test_a_unit_that_was_free_keeps_its_command_and_is_not_said_to_run_a_plan(
    yard: Yard, dies_at: Step | None
) -> None:
    """Whether the push that fails there ends by itself or with the gate."""
    yard.carry_out(yard.order())
    second = approved(yard.at_work, green_s=25.0)
    unit = yard.fleet.units["K2"]
    unit.is_running, unit.breaks_at, unit.dies_at = False, Step.STORE, dies_at
    order = yard.order(key=second, units=("K2",))
    if dies_at is None:
        yard.carry_out(order)
    else:
        with pytest.raises(Killed):
            yard.carry_out(order)
        asyncio.run(settle_unfinished(yard.at_work.desk, yard.fleet))
    with yard.at_work.desk.ledger.reading() as connection:
        row = running(connection)["K2"]
    assert (row.plan_hash, row.pattern) == ("", 7)
    assert ("K2", "not running") in yard.alarms()


def test_a_unit_that_somebody_else_commands_is_known_to_run_nothing(yard: Yard) -> None:
    yard.carry_out(yard.order())
    unit = yard.fleet.units["K2"]
    unit.pattern, unit.breaks_at = 9, Step.STORE
    yard.carry_out(yard.order(key=approved(yard.at_work, green_s=25.0), units=("K2",)))
    assert unit.pattern == 9
    assert yard.runs()["K2"] == ""


def test_a_unit_that_stays_silent_after_a_death_stays_open(yard: Yard) -> None:
    yard.fleet.units["K1"].dies_at = Step.WRITE
    with pytest.raises(Killed):
        yard.carry_out(yard.order())
    yard.fleet.units["K1"] = replace(restarted(yard.fleet.units["K1"]), is_silent=True)
    (told, *_) = asyncio.run(settle_unfinished(yard.at_work.desk, yard.fleet))
    assert (told.unit, told.outcome) == ("K1", "UNKNOWN")
    assert ("K1", "unsettled") in yard.alarms()
    yard.fleet.units["K1"].is_silent = False
    (again,) = asyncio.run(settle_unfinished(yard.at_work.desk, yard.fleet))
    assert (again.outcome, yard.fleet.units["K1"].cycle_s) == ("ROLLED_BACK", 47)


@pytest.mark.parametrize("act", [Act.PUSH, Act.ROLL_BACK])
def test_a_ledger_that_fails_lets_no_value_be_written(
    yard: Yard, monkeypatch: pytest.MonkeyPatch, act: Act
) -> None:
    if act is Act.ROLL_BACK:
        yard.carry_out(yard.order())
    before = [unit.sets for unit in yard.fleet.units.values()]

    def fails(*_: object) -> None:
        where, what = "ledger", "cannot be used"
        raise InputError(where, what, "free space")

    monkeypatch.setattr("citybrain.engine.gate.pushing.note_opening", fails)
    carried = yard.carry_out(yard.order(act))
    assert {result.outcome for result in carried.results} == {"REFUSED"}
    assert [unit.sets for unit in yard.fleet.units.values()] == before


def test_a_dry_run_of_a_roll_back_tells_that_the_former_plan_was_rejected(
    yard: Yard, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    second = second_runs_and_first_is(yard, rejected=False)
    request = Request(
        plan=second, units=None, key=None, comment="", street=tmp_path / "street.toml", is_json=True
    )
    assert show_former(request) == 0
    assert json.loads(capsys.readouterr().out)["hindrance"] == ""
    reject(yard.at_work.desk, yard.key, yard.at_work.keys["carl"], "never again")
    assert show_former(request) == 1
    assert "which was rejected" in json.loads(capsys.readouterr().out)["hindrance"]
