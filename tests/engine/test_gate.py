"""The gate: it takes only what was signed, approved and proven, and the ledger tells the truth."""

import asyncio

import pytest

from citybrain.engine.gate.watch import Watch
from citybrain.model.approval import State
from citybrain.model.statements import Act
from citybrain.ports.controllers import (
    DaySchedule,
    Former,
    Listener,
    Receipt,
    Step,
    StepNote,
    UnitPlan,
    no_listener,
)
from citybrain.store.ledger.audit import verify_audit
from citybrain.store.ledger.pushes import pushes_of
from tests.engine.fake_units import AT, FakeUnit
from tests.engine.gate_yard import UNITS, Yard, quiet, yard

__all__ = ["yard"]


def test_an_approved_plan_is_pushed_to_every_unit(yard: Yard) -> None:
    carried = yard.carry_out(yard.order())
    assert carried.is_done
    assert {unit.cycle_s for unit in yard.fleet.units.values()} == {50}
    assert yard.state() is State.ACTIVE
    assert yard.runs() == dict.fromkeys(UNITS, yard.key)
    assert verify_audit(yard.at_work.desk.ledger).faults == ()


def test_each_unit_fails_on_its_own(yard: Yard) -> None:
    yard.fleet.units["K1"].is_silent = True
    yard.fleet.units["K2"].breaks_at = Step.PROVE
    carried = yard.carry_out(yard.order())
    told = {result.unit: result.outcome for result in carried.results}
    assert told == {"K1": "REFUSED", "K2": "ROLLED_BACK", "K3": "RUNS"}
    assert not carried.is_done
    assert yard.runs() == {"K3": yard.key}
    assert yard.fleet.units["K2"].cycle_s == 47
    assert yard.alarms() == [("K2", "rolled_back")]
    with yard.at_work.desk.ledger.reading() as connection:
        (push,) = pushes_of(connection, yard.key)
    assert push["ended_at"]


def test_a_unit_that_gets_in_step_keeps_no_other_waiting(yard: Yard) -> None:
    all_are_written = asyncio.Event()
    written: list[str] = []

    class Slow(FakeUnit):
        async def push(
            self,
            plan: UnitPlan,
            schedule: DaySchedule | None = None,
            listener: Listener = no_listener,
        ) -> Receipt:
            receipt = await super().push(plan, schedule, listener)
            written.append(self.unit)
            if len(written) == len(UNITS):
                all_are_written.set()
            await asyncio.wait_for(all_are_written.wait(), 5)
            return receipt

    yard.gate.at_once = 1
    yard.fleet.units = {unit: Slow(unit) for unit in UNITS}
    assert yard.carry_out(yard.order()).is_done


class Faulty(FakeUnit):
    """A unit whose link has a fault of its own, before the first value or after the last."""

    is_late = False

    async def push(
        self,
        plan: UnitPlan,
        schedule: DaySchedule | None = None,
        listener: Listener = no_listener,
    ) -> Receipt:
        if self.is_late:
            await super().push(plan, schedule, listener)
        raise OSError(SECRET)

    async def rollback(self, former: Former, listener: Listener = no_listener) -> Receipt:
        raise KeyError(SECRET)


SECRET = "priv=hunter2"


@pytest.mark.parametrize(("is_late", "outcome"), [(False, "REFUSED"), (True, "UNKNOWN")])
def test_an_error_that_nobody_foresaw_is_that_of_one_unit(
    yard: Yard, is_late: bool, outcome: str
) -> None:
    unit = yard.fleet.units["K2"] = Faulty("K2")
    unit.is_late = is_late
    results = yard.carry_out(yard.order()).results
    assert {each.unit: each.outcome for each in results} == {
        "K1": "RUNS",
        "K2": outcome,
        "K3": "RUNS",
    }
    assert "OSError" in results[1].reason
    assert SECRET not in results[1].reason
    assert [unit for unit, _ in yard.alarms()] == ["K2"]
    assert yard.runs().get("K2", "") == ""
    with yard.at_work.desk.ledger.reading() as connection:
        (push,) = pushes_of(connection, yard.key)
    assert push["ended_at"]
    assert verify_audit(yard.at_work.desk.ledger).faults == ()


def test_a_roll_back_that_breaks_in_one_unit_goes_on_in_the_others(yard: Yard) -> None:
    yard.carry_out(yard.order())
    yard.fleet.units["K2"] = Faulty("K2", cycle_s=50, pattern=7)
    results = yard.carry_out(yard.order(Act.ROLL_BACK)).results
    assert [each.outcome for each in results] == ["ROLLED_BACK", "UNKNOWN", "ROLLED_BACK"]


def test_control_is_given_back_however_an_order_ends(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard.carry_out(yard.order())

    async def fails(*_: object) -> None:
        raise OSError(SECRET)

    monkeypatch.setattr("citybrain.engine.gate.gate.roll_back_units", fails)

    async def act() -> None:
        yard.gate.watch = watch = Watch(yard.at_work.desk, yard.fleet.units, yard.fleet)
        watch.follow()
        with pytest.raises(OSError, match=SECRET):
            await yard.gate.carry_out(yard.order(Act.ROLL_BACK), quiet)
        for unit in yard.fleet.units.values():
            unit.kept.clear()
        await asyncio.sleep(0.1)
        await watch.let_all_go()

    asyncio.run(act())
    assert all(unit.kept for unit in yard.fleet.units.values())


class Busy:
    """Counts the units that are written to at the same time."""

    def __init__(self) -> None:
        self.now = self.most = 0

    async def write(self) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.002)
        self.now -= 1


@pytest.mark.parametrize("at_once", [1, 2])
def test_units_that_fail_together_go_back_a_few_at_a_time(yard: Yard, at_once: int) -> None:
    """All are written to, look for their proof together, and find none."""
    there, back = Busy(), Busy()
    all_look = asyncio.Barrier(len(UNITS))

    class Failing(FakeUnit):
        async def push(
            self,
            plan: UnitPlan,
            schedule: DaySchedule | None = None,
            listener: Listener = no_listener,
        ) -> Receipt:
            former = (await super().push(plan)).former
            for step in (Step.OPEN, Step.PROVE, Step.ABORT, Step.PROVE):
                waited = listener(StepNote(unit=self.unit, step=step, at=AT, former=former))
                if waited is not None:
                    await waited
                if step is Step.PROVE:
                    await all_look.wait()
                else:
                    await (there if step is Step.OPEN else back).write()
            return await self.rollback(former)

    yard.gate.at_once = at_once
    yard.fleet.units = {unit: Failing(unit) for unit in UNITS}
    outcomes = {result.outcome for result in yard.carry_out(yard.order()).results}
    assert outcomes == {"ROLLED_BACK"}
    assert (there.most, back.most) == (at_once, at_once)
