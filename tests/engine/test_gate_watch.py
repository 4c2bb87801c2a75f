"""The watch: a unit that ceases to do what it was proven to do is told, and so is its return."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from benchmarks._virtual_time import run_virtually
from citybrain.controllers.ntcip.watchdog import COMPARISON_S, IDLE_S, LOOK_S
from citybrain.engine.gate.alarms import UNFORESEEN
from citybrain.engine.gate.records import CHANGED, NOT_RUNNING
from citybrain.engine.gate.watch import AGAIN, LOST, RESTORED, Watch
from citybrain.errors import InputError
from citybrain.ports.controllers import UnitPlan, UnitStatus
from citybrain.store.ledger.audit import verify_audit
from citybrain.store.ledger.opening import Ledger
from citybrain.store.ledger.pushes import open_alarms, running, set_running
from tests.engine.fake_units import FakeUnit
from tests.engine.gate_yard import Yard, yard

__all__ = ["yard"]
PATIENTLY_S = IDLE_S + 2 * LOOK_S


def said(yard: Yard) -> list[str]:
    with yard.at_work.desk.ledger.reading() as connection:
        rows = connection.exec_driver_sql("SELECT what, subject FROM audit ORDER BY number")
        return [f"{what} {subject}" for what, subject in rows if what in {AGAIN, RESTORED}]


def test_a_unit_that_goes_free_is_one_alarm_keeps_its_command_and_is_told_when_it_is_back(
    yard: Yard,
) -> None:
    yard.carry_out(yard.order())
    unit = yard.fleet.units["K2"]

    async def act() -> None:
        watch = Watch(yard.at_work.desk, yard.fleet.units, yard.fleet)
        watch.follow()
        await asyncio.sleep(PATIENTLY_S)
        assert yard.alarms() == []
        for _ in range(2):
            unit.is_running = False
            await asyncio.sleep(PATIENTLY_S)
            assert yard.alarms() == [("K2", NOT_RUNNING)]
            unit.is_running = True
            await asyncio.sleep(2 * LOOK_S)
        await watch.let_all_go()

    run_virtually(act())
    assert yard.alarms() == [("K2", NOT_RUNNING)]
    assert said(yard) == [f"{AGAIN} K2"] * 2
    assert set(unit.kept) == {7}
    assert yard.runs()["K2"] == yard.key, "it can still be rolled back"
    assert verify_audit(yard.at_work.desk.ledger).faults == ()


def test_a_unit_that_somebody_else_writes_to_is_one_alarm_and_keeps_its_command(
    yard: Yard,
) -> None:
    yard.carry_out(yard.order())
    unit = yard.fleet.units["K2"]
    pushed_s = unit.cycle_s

    def changed() -> list[tuple[str, str]]:
        return [told for told in yard.alarms() if told[1] == CHANGED]

    async def act() -> None:
        watch = Watch(yard.at_work.desk, yard.fleet.units, yard.fleet)
        watch.follow()
        await asyncio.sleep(COMPARISON_S + LOOK_S)
        assert changed() == []
        for cycle_s in (pushed_s + 3, pushed_s + 5, pushed_s):
            unit.cycle_s = cycle_s
            await asyncio.sleep(COMPARISON_S + LOOK_S)
            assert changed() == [("K2", CHANGED)]
        await watch.let_all_go()

    run_virtually(act())
    assert said(yard) == [f"{RESTORED} K2"]
    assert yard.runs()["K2"] == yard.key, "it can still be rolled back"


def with_a_strange_row(yard: Yard) -> None:
    """Have the ledger say that K1 runs a pattern which citybrain never writes."""
    with yard.at_work.desk.ledger.writing("mallory") as writing:
        row = running(writing.connection)["K1"]
        set_running(writing, "K1", replace(row, pattern=9))


def without_a_unit(yard: Yard) -> None:
    """Take K1 from the gate's list of units."""
    del yard.fleet.units["K1"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (with_a_strange_row, "run pattern 9; citybrain writes 7 and 8 only"),
        (without_a_unit, "the gate's list of units has it no more"),
    ],
)
def test_only_own_units_are_commanded_and_only_what_citybrain_writes(
    yard: Yard, change: Callable[[Yard], None], told: str
) -> None:
    yard.carry_out(yard.order())
    unit = yard.fleet.units["K1"]
    change(yard)

    async def act() -> None:
        watch = Watch(yard.at_work.desk, yard.fleet.units, yard.fleet)
        watch.follow()
        watch.follow()
        await asyncio.sleep(2 * LOOK_S)
        await watch.let_all_go()

    run_virtually(act())
    assert unit.kept == []
    assert set(yard.fleet.units["K2"].kept) == {7}
    assert yard.runs()["K1"] == yard.key, "it can still be rolled back"
    with yard.at_work.desk.ledger.reading() as connection:
        (alarm,) = open_alarms(connection)
    assert (alarm["unit"], alarm["kind"]) == ("K1", LOST)
    assert told in alarm["text"]


SECRET = "priv=hunter2"


class Broken(FakeUnit):
    """A unit whose link has a fault of its own while ``is_broken``."""

    is_broken = False

    async def status(self) -> UnitStatus:
        if self.is_broken:
            raise OSError(SECRET)
        return await super().status()


def test_an_error_that_nobody_foresaw_is_one_alarm_and_control_goes_on(yard: Yard) -> None:
    unit = yard.fleet.units["K2"] = Broken("K2")
    yard.carry_out(yard.order())

    async def act() -> None:
        watch = Watch(yard.at_work.desk, yard.fleet.units, yard.fleet)
        watch.follow()
        await asyncio.sleep(2 * LOOK_S)
        unit.is_broken = True
        await asyncio.sleep(4 * LOOK_S)
        assert yard.alarms() == [("K2", UNFORESEEN)]
        unit.is_broken = False
        unit.kept.clear()
        await asyncio.sleep(2 * LOOK_S)
        assert set(unit.kept) == {7}
        await watch.let_all_go()

    run_virtually(act())
    with yard.at_work.desk.ledger.reading() as connection:
        (alarm,) = open_alarms(connection)
    assert "OSError" in str(alarm["text"])
    assert SECRET not in str(alarm["text"])
    assert yard.runs()["K2"] == yard.key, "it can still be rolled back"
    assert {unit.pattern for unit in yard.fleet.units.values()} == {7}


def test_a_plan_that_cannot_be_told_ends_no_control(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard.carry_out(yard.order())

    def fails(*_: object) -> Mapping[str, UnitPlan]:
        raise KeyError(SECRET)

    monkeypatch.setattr(yard.fleet, "unit_plans", fails)

    async def act() -> None:
        watch = Watch(yard.at_work.desk, yard.fleet.units, yard.fleet)
        watch.follow()
        await asyncio.sleep(LOOK_S)
        await watch.let_all_go()

    run_virtually(act())
    assert all(unit.kept for unit in yard.fleet.units.values())
    assert yard.alarms() == [(unit, UNFORESEEN) for unit in yard.fleet.units]


def test_a_unit_whose_control_ends_while_all_are_let_go_disturbs_no_other(yard: Yard) -> None:
    yard.carry_out(yard.order())

    async def act() -> None:
        watch = Watch(yard.at_work.desk, yard.fleet.units, yard.fleet)
        watch.follow()
        yard.fleet.units["K2"].is_silent = True
        await watch.let_all_go()

    run_virtually(act())


def test_control_that_is_lost_while_the_ledger_fails_is_told_once_it_works(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard.carry_out(yard.order())

    def fails(*_: object) -> None:
        raise InputError(yard.key, "cannot be written (disk full)", "free space")

    async def act() -> None:
        watch = Watch(yard.at_work.desk, yard.fleet.units, yard.fleet)
        with monkeypatch.context() as patched:
            patched.setattr(Ledger, "writing", fails)
            yard.fleet.units["K2"].pattern = 3
            watch.follow()
            await asyncio.sleep(LOOK_S)
        assert yard.alarms() == []
        watch.follow()
        await asyncio.sleep(LOOK_S)
        await watch.let_all_go()

    run_virtually(act())
    assert yard.alarms() == [("K2", LOST)]
    assert yard.runs().get("K2", "") == ""
