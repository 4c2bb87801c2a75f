"""Day plans at a virtual unit, in virtual time: who goes first, what is refused, what is proven."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import pytest

from benchmarks._virtual_time import run_virtually
from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.link import NtcipLink
from citybrain.controllers.ntcip.patience import Patience
from citybrain.controllers.ntcip.secrets import V3, Secret
from citybrain.controllers.ntcip.session import Session, SnmpSession
from citybrain.controllers.ntcip.syntax import Instance, Value
from citybrain.controllers.ntcip.wire import Wires
from citybrain.controllers.virtual.agent import Agent
from citybrain.controllers.virtual.responder import Access, Responder
from citybrain.controllers.virtual.unit import VirtualUnit
from citybrain.controllers.virtual.unit_file import unit_file
from citybrain.controllers.virtual.unit_programming import unit_settings
from citybrain.errors import UnsafePlanError
from citybrain.ports.controllers import (
    DaySchedule,
    Former,
    Holding,
    LimitationError,
    Outcome,
    PatternAt,
    Step,
    StepNote,
    UnitPlan,
)
from tests.engine.unit_street import MIDNIGHT_S, table

pytestmark = pytest.mark.integration
WHO = V3(user="someone", auth_key=Secret("only-in-tests"), priv_key=Secret("only-in-tests"))
OWN, SPARE = 1, 3
NOON_S = MIDNIGHT_S + 12 * 3600


Pairs = Sequence[tuple[Instance, Value]]


class Killed(BaseException):
    """The manager ends here."""


class Odd:
    """A session with a unit that is odd in what it answers, or in what it stores."""

    def __init__(self, session: Session) -> None:
        self.unit, self.patience, self._session = session.unit, session.patience, session
        self.shown: Callable[[], dict[str, Value | None]] = dict
        self.stored: Callable[[Pairs], Pairs] = list

    async def get(self, instances: Sequence[Instance]) -> dict[str, Value | None]:
        held = await self._session.get(instances)
        return held | {oid: value for oid, value in self.shown().items() if oid in held}

    async def set(self, pairs: Pairs) -> None:
        if kept := self.stored(pairs):
            await self._session.set(kept)


def linked(act: Callable[[NtcipLink], Awaitable[None]]) -> None:
    """Do something with a link to a unit that runs its own day plan 1; it is Monday noon."""

    async def with_link(session: Odd) -> None:
        await act(NtcipLink(session))

    in_session(with_link)


def in_session(act: Callable[[Odd], Awaitable[None]]) -> None:
    """Do something in a session with that unit."""
    asked = {key: part for key, part in table("J1").items() if key != "credentials"}
    unit = VirtualUnit(unit_settings(unit_file(asked, "J1"), "J1"), NOON_S)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        agent = Agent(lambda: NOON_S + loop.time())
        port = agent.add(Responder(unit, [Access(credentials=WHO, may_write=True)]), "127.0.0.1", 0)
        running, wires = asyncio.create_task(agent.run()), Wires(WHO)
        try:
            await asyncio.sleep(200)
            wire = await wires.to("127.0.0.1", port)
            await act(Odd(SnmpSession("J1", wire, Patience())))
        finally:
            wires.close()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            agent.close()

    run_virtually(main())


async def plan_for(link: NtcipLink) -> UnitPlan:
    return replace(await link.read_plan(OWN), pattern=SPARE, offset_s=11)


def day(*begins: tuple[int, int], weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)) -> DaySchedule:
    """Return a day plan of (hour, pattern) in places of their own."""
    events = tuple(PatternAt(hour=hour, minute=0, pattern=pattern) for hour, pattern in begins)
    return DaySchedule(entry=2, day_plan=2, first_action=9, events=events, weekdays=weekdays)


def test_what_should_run_now_is_proven_and_taken_back() -> None:
    async def act(link: NtcipLink) -> None:
        plan, schedule = await plan_for(link), day((0, OWN), (9, SPARE), (18, OWN))
        receipt = await link.push(plan, schedule)
        assert receipt.outcome is Outcome.RUNS, receipt.reason
        status = await link.status()
        assert (status.control, status.pattern) == ("TIMEBASE", SPARE)
        assert (await link.settle(plan, receipt.former, schedule))[0] is Holding.PLAN
        other = day((0, OWN), (10, SPARE), (18, OWN))
        assert (await link.settle(plan, receipt.former, other))[0] is Holding.MIXED
        back = await link.rollback(receipt.former)
        assert back.outcome is Outcome.ROLLED_BACK, back.reason
        assert (await link.settle(plan, receipt.former, schedule))[0] is Holding.FORMER
        assert (await link.status()).pattern == OWN

    linked(act)


def test_what_should_run_later_waits_in_the_unit() -> None:
    async def act(link: NtcipLink) -> None:
        schedule = day((0, OWN), (13, SPARE))
        receipt = await link.push(await plan_for(link), schedule)
        assert receipt.outcome is Outcome.SCHEDULED, receipt.reason
        assert (await link.status()).pattern == OWN
        await asyncio.sleep(3600)
        assert (await link.status()).pattern == SPARE

    linked(act)


@pytest.mark.parametrize(
    ("begins", "told"),
    [
        (((0, SPARE),), "did not show pattern 3 by its own schedule"),
        (((0, OWN), (18, SPARE)), "follows day plan 1 today, not 2"),
    ],
)
def test_an_entry_of_the_unit_that_goes_first_is_noticed(
    begins: tuple[tuple[int, int], ...], told: str
) -> None:
    """The unit's entry 1 names every day, too, and the lower entry wins."""

    async def act(link: NtcipLink) -> None:
        schedule = day(*begins, weekdays=tuple(range(7)))
        receipt = await link.push(await plan_for(link), schedule)
        assert receipt.outcome is Outcome.ROLLED_BACK
        assert told in receipt.reason
        assert (await link.status()).pattern == OWN

    linked(act)


def test_an_entry_that_goes_first_is_noticed_after_a_death() -> None:
    """The whole plan is in the unit, and its clock would never start it."""

    def dies(note: StepNote) -> None:
        if note.step is Step.PROVE:
            raise Killed

    async def act(link: NtcipLink) -> None:
        plan, begins = await plan_for(link), ((0, OWN), (18, SPARE))
        schedule = day(*begins, weekdays=tuple(range(7)))
        former = Former(unit="J1", values=(), system_pattern=0, pattern=OWN)
        with pytest.raises(Killed):
            await link.push(plan, schedule, dies)
        assert (await link.settle(plan, former, schedule))[0] is Holding.MIXED

    linked(act)


def test_a_unit_that_looks_at_its_schedule_once_a_minute_is_waited_for() -> None:
    async def act(session: Odd) -> None:
        loop, link = asyncio.get_running_loop(), NtcipLink(session)
        looks_s = loop.time() + 60
        own = {objects.DAY_PLAN_STATUS.at(): 1}
        session.shown = lambda: own if loop.time() < looks_s else {}
        receipt = await link.push(await plan_for(link), day((0, OWN), (13, SPARE)))
        assert receipt.outcome is Outcome.SCHEDULED, receipt.reason
        assert loop.time() >= looks_s

    in_session(act)


def test_a_unit_that_does_not_tell_its_time_takes_no_schedule() -> None:
    async def act(session: Odd) -> None:
        session.shown = lambda: {objects.CONTROLLER_LOCAL_TIME.at(): None}
        link = NtcipLink(session)
        plan = await plan_for(link)
        with pytest.raises(LimitationError, match="the unit lacks controllerLocalTime"):
            await link.push(plan, day((0, OWN), (13, SPARE)))
        assert (await link.push(plan)).outcome is Outcome.RUNS

    in_session(act)


def without(pairs: Pairs, beginning: str) -> Pairs:
    return [pair for pair in pairs if not pair[0].name.startswith(beginning)]


@pytest.mark.parametrize(
    ("stored", "outcome", "runs"),
    [
        (lambda pairs: without(pairs, "split"), Outcome.ROLLED_BACK, OWN),
        (lambda pairs: pairs if len(pairs) <= 3 else (), Outcome.FALLBACK, OWN),
        (lambda pairs: without(pairs, "timeBaseScheduleD"), Outcome.ROLLED_BACK, OWN),
        (lambda pairs: pairs if len(pairs) == 1 else (), Outcome.FAILED, SPARE),
    ],
)
def test_a_day_plan_that_stays_in_the_unit_is_ended_or_told(
    stored: Callable[[Pairs], Pairs], outcome: Outcome, runs: int
) -> None:
    """The unit does not store all that is to go back; then the time of the day plan comes."""
    begins = PatternAt(hour=12, minute=20, pattern=SPARE)
    schedule = replace(day((0, OWN)), events=(*day((0, OWN)).events, begins))

    async def act(session: Odd) -> None:
        link = NtcipLink(session)

        def stops(note: StepNote) -> None:
            if note.step is Step.PROVE:
                session.stored = stored
                msg = "all pushes are stopped"
                raise UnsafePlanError(msg)

        receipt = await link.push(await plan_for(link), schedule, stops)
        assert receipt.outcome is outcome, receipt.reason
        assert "all pushes are stopped; " in receipt.reason
        assert (await link.status()).pattern == OWN
        await asyncio.sleep(20 * 60)
        assert (await link.status()).pattern == runs

    in_session(act)


def test_a_day_plan_that_starts_an_empty_pattern_is_refused() -> None:
    async def act(link: NtcipLink) -> None:
        with pytest.raises(LimitationError, match="pattern 5, which the day plan starts, holds"):
            await link.push(await plan_for(link), day((0, 5), (9, SPARE)))

    linked(act)
