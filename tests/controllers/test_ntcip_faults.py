"""Whatever is lost, doubled, refused or killed: a unit ends with a whole plan, new or former."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.download import Download
from citybrain.controllers.ntcip.link import NtcipLink
from citybrain.controllers.ntcip.patience import Patience
from citybrain.controllers.ntcip.push import _longest_cycle_s
from citybrain.controllers.ntcip.session import SnmpSession
from citybrain.ports.controllers import (
    Holding,
    LimitationError,
    Outcome,
    PhaseSplit,
    UnitPlan,
    UnreachableError,
)
from tests.controllers.handler_wire import Fate, HandlerWire, Killed

PATIENCE = Patience(
    timeout_s=0.01, poll_s=0.001, verify_s=1.0, prove_least_s=1.0, prove_cycles=0.0, return_s=0.02
)
NEW, OLD = (80, 33, *[20] * 8), (60, 10, *[15] * 8)


def link_over(wire: HandlerWire) -> NtcipLink:
    return NtcipLink(SnmpSession("k1", wire, PATIENCE))


async def planned(wire: HandlerWire, pattern: int) -> UnitPlan:
    """Return a plan for a pattern, read before anything goes wrong."""
    fate, wire.fate = wire.fate, lambda number: Fate.ARRIVES
    running = await link_over(wire).read_plan(1)
    wire.fate, wire.count = fate, 0
    splits = tuple(PhaseSplit(phase=each.phase, split_s=20) for each in running.splits)
    return replace(running, pattern=pattern, cycle_s=80, offset_s=33, splits=splits)


def held(wire: HandlerWire, pattern: int) -> tuple[int, ...]:
    """Return cycle, offset and splits that the unit itself holds."""
    oids = [objects.PATTERN_CYCLE_TIME.at(pattern), objects.PATTERN_OFFSET_TIME.at(pattern)]
    oids += [objects.SPLIT_TIME.at(pattern, phase) for phase in range(1, 9)]
    return tuple(wire.unit.number(oid) for oid in oids)


def run(act: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await act()

    asyncio.run(main())


@given(
    st.lists(st.sampled_from(list(Fate)), max_size=120).filter(
        lambda fates: (
            not any(
                {*fates[start : start + 4]} <= {Fate.LOST, Fate.REPLY_LOST}
                for start in range(len(fates) - 3)
            )
        )
    )
)
@settings(max_examples=25)
def test_lost_and_doubled_messages_do_not_stop_a_push(fates: list[Fate]) -> None:
    """As long as no four in a row are lost, which is what the retries are for."""

    async def act() -> None:
        wire = HandlerWire(lambda number: fates[number] if number < len(fates) else Fate.ARRIVES)
        receipt = await link_over(wire).push(await planned(wire, 1))
        assert receipt.outcome is Outcome.RUNS, receipt.reason
        assert held(wire, 1) == NEW

    run(act)


def test_the_way_back_is_timed_by_the_cycle_that_is_to_run_then() -> None:
    """The slot that a first push writes to is empty, and has no cycle of its own."""

    async def act() -> None:
        wire = HandlerWire()
        empty = await planned(wire, 3)
        status = await link_over(wire).status()
        former = (await link_over(wire)._examine(empty, None)).former()
        assert (status.pattern, former.cycle_s) == (1, 60)
        assert dict(former.values)[objects.PATTERN_CYCLE_TIME.at(3)] == 0
        assert _longest_cycle_s(former) == 60

    run(act)


def test_a_unit_that_falls_silent_at_any_message_holds_one_whole_plan() -> None:
    async def act() -> None:
        seen = set()
        for last in range(200):
            wire = HandlerWire(lambda number, last=last: _silent_from(number, last))
            plan = await planned(wire, 1)
            try:
                receipt = await link_over(wire).push(plan)
            except UnreachableError:
                assert held(wire, 1) == OLD
                continue
            assert held(wire, 1) in {OLD, NEW}
            seen.add(receipt.outcome)
            if receipt.outcome is Outcome.RUNS:
                break
            assert receipt.outcome is Outcome.UNKNOWN
        assert seen == {Outcome.UNKNOWN, Outcome.RUNS}

    run(act)


def _silent_from(number: int, last: int) -> Fate:
    if number == last:
        return Fate.REPLY_LOST
    return Fate.LOST if number > last else Fate.ARRIVES


def test_a_manager_killed_at_any_message_leaves_one_whole_plan_and_it_can_be_told_which() -> None:
    async def act() -> None:
        found = set()
        for last in range(200):
            wire = HandlerWire()
            plan = await planned(wire, 1)
            former = (await link_over(wire)._examine(plan, None)).former()
            wire.fate, wire.count = _killing(last), 0
            try:
                await link_over(wire).push(plan)
            except Killed:
                wire.fate = lambda number: Fate.ARRIVES
                whose, status = await link_over(wire).settle(plan, former)
                assert held(wire, 1) == {Holding.PLAN: NEW, Holding.FORMER: OLD}[whose]
                assert status.transaction == "NORMAL"
                found.add(whose)
            else:
                break
        assert found == {Holding.PLAN, Holding.FORMER}

    run(act)


def _killing(last: int) -> Callable[[int], Fate]:
    def fate(number: int) -> Fate:
        if number >= last:
            raise Killed
        return Fate.ARRIVES

    return fate


def test_a_value_that_did_not_take_is_found_by_reading_back_and_taken_back() -> None:
    async def act() -> None:
        wire = HandlerWire()
        plan = await planned(wire, 3)
        deaf = objects.SPLIT_TIME.at(3, 5)
        wire.lie = lambda oid, value: 0 if oid == deaf else value
        receipt = await link_over(wire).push(plan)
        assert receipt.outcome is Outcome.ROLLED_BACK
        assert "splitTime.3.5 is 0, not 20" in receipt.reason
        assert wire.unit.number(objects.SYSTEM_PATTERN_CONTROL.at()) == 0
        assert held(wire, 3) == (0,) * 10

    run(act)


def test_a_unit_that_shows_old_values_after_storing_new_ones_gets_the_old_ones_back() -> None:
    """What it says it holds cannot be believed, so the values are written back in any case."""

    async def act() -> None:
        wire = HandlerWire()
        plan = await planned(wire, 3)
        shown_old = (objects.SPLIT_TIME.at(3, 1)[:-2], objects.PATTERN_CYCLE_TIME.at(3))
        wire.lie = lambda oid, value: 0 if oid.startswith(shown_old) else value
        receipt = await link_over(wire).push(plan)
        assert receipt.outcome is Outcome.ROLLED_BACK
        assert held(wire, 3) == (0,) * 10

    run(act)


@pytest.mark.parametrize(
    "oid",
    [
        objects.PHASE_YELLOW_CHANGE.at(2),
        objects.PHASE_MINIMUM_GREEN.at(2),
        objects.UNIT_BACKUP_TIME.at(),
        objects.SYSTEM_PATTERN_CONTROL.at(),
        "1.3.6.1.2.1.1.5.0",
    ],
)
def test_a_unit_is_not_brought_back_to_values_that_no_push_writes(oid: str) -> None:
    async def act() -> None:
        wire = HandlerWire()
        receipt = await link_over(wire).push(await planned(wire, 3))
        forged = replace(receipt.former, values=(*receipt.former.values, (oid, 5)))
        wire.sets.clear()
        with pytest.raises(LimitationError, match="is never written"):
            await link_over(wire).rollback(forged)
        assert not wire.sets
        if oid.startswith(objects.ROOT):
            download = Download(SnmpSession("k1", wire, PATIENCE))
            with pytest.raises(LimitationError, match="is never written"):
                await download.write(((objects.instance_of(oid), 5),))
            assert not wire.sets

    run(act)


def test_nothing_is_ever_written_but_what_the_dry_run_named_and_its_undoing() -> None:
    async def act() -> None:
        wire = HandlerWire()
        plan = await planned(wire, 3)
        named = {one.object_name for one in (await link_over(wire).dry_run(plan)).changes}
        receipt = await link_over(wire).push(plan)
        await link_over(wire).rollback(receipt.former)
        written = {objects.named(oid) for oid, _ in wire.sets}
        assert written == named | {"dbCreateTransaction.0", "systemPatternControl.0"}

    run(act)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"offset_s": 80}, "offset 80 s is not below the cycle"),
        ({"cycle_s": 81}, r"splits of ring \(1, 2, 3, 4\) add up to 80 s"),
        ({"pattern": 9}, "has patterns 1–4, not 9"),
        ({"safety": ()}, "does not tell the safety times of phase 1"),
    ],
)
def test_a_plan_that_cannot_run_is_refused_before_anything_is_written(
    change: dict[str, object], told: str
) -> None:
    async def act() -> None:
        wire = HandlerWire()
        plan = replace(await planned(wire, 3), **change)
        with pytest.raises(LimitationError, match=told):
            await link_over(wire).push(plan)
        assert wire.sets == []

    run(act)


def test_a_unit_without_backup_timer_is_not_commanded() -> None:
    async def act() -> None:
        wire = HandlerWire()
        plan = await planned(wire, 3)
        wire.unit.held[objects.UNIT_BACKUP_TIME.at()][1] = 0
        with pytest.raises(LimitationError, match="unitBackupTime is 0"):
            await link_over(wire).push(plan)
        with pytest.raises(LimitationError, match="unitBackupTime is 0"):
            await link_over(wire).keep_control(3)
        assert wire.sets == []

    run(act)


def test_a_split_table_that_another_pattern_uses_is_not_touched() -> None:
    async def act() -> None:
        wire = HandlerWire()
        plan = await planned(wire, 3)
        wire.unit.held[objects.PATTERN_SPLIT_NUMBER.at(2)][1] = 3
        with pytest.raises(LimitationError, match="use the same split table 3"):
            await link_over(wire).push(plan)
        assert wire.sets == []

    run(act)
