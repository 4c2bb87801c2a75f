"""The manager against net-snmp's agent, which shares no code with it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.link import NtcipLink
from citybrain.controllers.ntcip.patience import Patience
from citybrain.controllers.ntcip.secrets import V3, Credentials, Secret, V2c
from citybrain.controllers.ntcip.session import SnmpSession
from citybrain.controllers.ntcip.wire import Wires
from citybrain.ports.controllers import (
    CredentialsError,
    DaySchedule,
    Holding,
    LimitationError,
    Outcome,
    PatternAt,
    PhaseSplit,
    SafetyDifferenceError,
    Step,
    StepNote,
    UnitPlan,
)
from tests.controllers import snmpd_kit as kit

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(kit.SNMPD is None, reason=kit.ABSENT),
]
Result = TypeVar("Result")
PATIENCE = Patience(timeout_s=1.0, poll_s=0.02, prove_least_s=3.0, prove_cycles=0.01, return_s=1.0)
ON_V3 = V3(user=kit.USER, auth_key=Secret(kit.AUTH), priv_key=Secret(kit.PRIV))
ON_V2C = V2c(community=Secret(kit.COMMUNITY))
TRANSACTION = objects.DB_CREATE_TRANSACTION.at()


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[kit.Agent]:
    with kit.running(tmp_path) as running:
        yield running


def linked(
    agent: kit.Agent,
    act: Callable[[NtcipLink], Awaitable[Result]],
    credentials: Credentials = ON_V3,
    patience: Patience = PATIENCE,
) -> Result:
    """Do something with a link to the agent."""

    async def main() -> Result:
        wires = Wires(credentials)
        try:
            wire = await wires.to("127.0.0.1", agent.port)
            return await act(NtcipLink(SnmpSession("peer", wire, patience)))
        finally:
            wires.close()

    return asyncio.run(main())


async def planned(link: NtcipLink, pattern: int = 3) -> UnitPlan:
    """Return what pattern 1 holds, as another pattern and with another cycle."""
    running = await link.read_plan(1)
    splits = tuple(PhaseSplit(phase=each.phase, split_s=20) for each in running.splits)
    return replace(running, pattern=pattern, cycle_s=80, offset_s=33, splits=splits)


@pytest.mark.parametrize("credentials", [ON_V3, ON_V2C], ids=["v3", "v2c"])
def test_a_plan_is_pushed_proven_and_taken_back(agent: kit.Agent, credentials: Credentials) -> None:
    async def act(link: NtcipLink) -> None:
        plan = await planned(link)
        receipt = await link.push(plan)
        assert receipt.outcome is Outcome.RUNS, receipt.reason
        assert (await link.read_plan(3)) == plan
        assert (await link.status()).runs_by_system(3)
        assert await link.settle(plan, receipt.former) == (Holding.PLAN, await _like(link))
        back = await link.rollback(receipt.former)
        assert back.outcome is Outcome.ROLLED_BACK, back.reason
        assert (await link.read_plan(1)).cycle_s == 60
        assert (await link.status()).pattern == 1
        assert (await link.settle(plan, receipt.former))[0] is Holding.FORMER

    linked(agent, act, credentials)


async def _like(link: NtcipLink) -> object:
    """Return something that equals any status of this unit."""

    class Like:
        def __eq__(self, other: object) -> bool:
            return getattr(other, "unit", None) == link.unit

        __hash__ = None

    return Like()


def test_only_cycle_offset_and_splits_are_written(agent: kit.Agent) -> None:
    async def act(link: NtcipLink) -> None:
        assert (await link.push(await planned(link))).outcome is Outcome.RUNS

    linked(agent, act)
    written = {objects.instance_of(oid).object_type.name for oid, _, _ in agent.sets()}
    assert written == {
        "dbCreateTransaction",
        "patternCycleTime",
        "patternOffsetTime",
        "splitTime",
        "systemPatternControl",
    }


def test_the_dry_run_tells_the_objects_and_writes_nothing(agent: kit.Agent) -> None:
    dry_run = linked(agent, _dry)
    told = {each.object_name: (each.old, each.new) for each in dry_run.changes}
    assert told["patternCycleTime.3"] == ("0", "80")
    assert told["splitTime.3.2"] == ("0", "20")
    assert dry_run.differences == dry_run.obstacles == ()
    assert agent.sets() == []


async def _dry(link: NtcipLink) -> object:
    return await link.dry_run(await planned(link))


def test_a_difference_in_safety_times_stops_the_push(agent: kit.Agent) -> None:
    async def act(link: NtcipLink) -> None:
        plan = await planned(link)
        other = replace(plan.safety[1], yellow_s=4.0)
        plan = replace(plan, safety=(plan.safety[0], other, *plan.safety[2:]))
        with pytest.raises(SafetyDifferenceError, match="phaseYellowChange"):
            await link.push(plan)

    linked(agent, act)
    assert agent.sets() == []


def test_a_plan_that_the_unit_cannot_run_is_taken_back(tmp_path: Path) -> None:
    """Splits that do not fill the cycle are stored and send the unit to Free."""
    with kit.running(tmp_path, without=(objects.SEQUENCE_DATA.oid,)) as agent:

        async def act(link: NtcipLink) -> None:
            plan = await planned(link)
            short = tuple(replace(each, split_s=9) for each in plan.splits)
            plan = replace(plan, splits=short)
            receipt = await link.push(plan)
            assert receipt.outcome is Outcome.ROLLED_BACK
            assert "SPLIT_OVERRUN" in receipt.reason
            assert (await link.settle(plan, receipt.former))[0] is Holding.FORMER
            assert (await link.status()).runs(1)

        linked(agent, act)


def test_what_a_dead_client_left_open_is_never_stored(agent: kit.Agent) -> None:
    """It may have died before its verify or after it, when ``normal`` alone would store."""

    async def act(link: NtcipLink) -> None:
        for died_after in (Step.WRITE, Step.STORE):
            plan = await planned(link)
            with pytest.raises(asyncio.CancelledError):
                await link.push(plan, listener=_dying(died_after))
            assert (await link.status()).transaction != "NORMAL"
            receipt = await link.push(replace(plan, pattern=4))
            assert receipt.outcome is Outcome.RUNS, receipt.reason
            assert Step.RECOVER in {note.step for note in receipt.steps}
            assert (await link.read_plan(3)).cycle_s == 0

    linked(agent, act)


def _dying(before: Step) -> Callable[[StepNote], None]:
    def hear(note: StepNote) -> None:
        if note.step is before:
            raise asyncio.CancelledError

    return hear


@pytest.mark.parametrize("step", [Step.WRITE, Step.STORE, Step.PROVE])
def test_a_failure_at_any_step_leaves_the_former_plan(agent: kit.Agent, step: Step) -> None:
    def hear(note: StepNote) -> None:
        if note.step is step:
            msg = "the ledger is full"
            raise RuntimeError(msg)

    async def act(link: NtcipLink) -> None:
        plan = await planned(link)
        receipt = await link.push(plan, listener=hear)
        assert receipt.outcome in {Outcome.KEPT, Outcome.ROLLED_BACK}
        assert receipt.reason == "the ledger is full"
        assert (await link.settle(plan, receipt.former))[0] is Holding.FORMER
        assert (await link.status()).runs(1)

    linked(agent, act)


def test_a_day_plan_starts_the_pattern_by_the_units_own_clock(agent: kit.Agent) -> None:
    async def act(link: NtcipLink) -> None:
        midnight = PatternAt(hour=0, minute=0, pattern=3)
        schedule = DaySchedule(entry=1, day_plan=1, events=(midnight,))
        receipt = await link.push(await planned(link), schedule)
        assert receipt.outcome is Outcome.RUNS, receipt.reason
        status = await link.status()
        assert (status.control, status.system_pattern, status.pattern) == ("TIMEBASE", 0, 3)
        assert (await link.rollback(receipt.former)).outcome is Outcome.ROLLED_BACK

    linked(agent, act)


def test_what_a_vendor_lacks_is_named(tmp_path: Path) -> None:
    lacking = (objects.DB_CREATE_TRANSACTION.oid, objects.COORD_CYCLE_STATUS.oid)
    with kit.running(tmp_path, without=lacking) as agent:

        async def act(link: NtcipLink) -> None:
            found = {each.object_name for each in (await link.probe()).limitations}
            assert {"dbCreateTransaction.0", "coordCycleStatus.0"} <= found
            assert (await link.status()).transaction == "UNKNOWN"
            with pytest.raises(LimitationError, match="lacks dbCreateTransaction"):
                await link.push(await planned(link))

        linked(agent, act)
        assert agent.sets() == []


def test_wrong_keys_are_told_apart_from_silence(agent: kit.Agent) -> None:
    stranger = replace(ON_V3, auth_key=Secret("another-secret"))
    with pytest.raises(CredentialsError, match="does not accept the credentials"):
        linked(agent, lambda link: link.status(), stranger, replace(PATIENCE, retries=0))
