"""The watch: a unit that ceases to do what it was proven to do is told, and so is its return."""

import asyncio

from benchmarks._virtual_time import run_virtually
from citybrain.controllers.ntcip.watchdog import COMPARISON_S, IDLE_S, LOOK_S
from citybrain.engine.gate_watch import AGAIN, RESTORED, Watch
from citybrain.engine.pushing_records import CHANGED, NOT_RUNNING
from citybrain.store.ledger.audit import verify_audit
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
