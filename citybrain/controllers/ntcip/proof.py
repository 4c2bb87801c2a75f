"""Proof that a pattern runs: what the unit must say, how often, and by when."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from citybrain.controllers.ntcip.encoding import scheduled_pattern
from citybrain.controllers.ntcip.session import Session
from citybrain.controllers.ntcip.states import LAST_PATTERN, NO_SYSTEM_PATTERN, Free
from citybrain.controllers.ntcip.status import Clock, read_status
from citybrain.ports.controllers import (
    DaySchedule,
    Former,
    UnitPlan,
    UnitRefusedError,
    UnitStatus,
    UnreachableError,
)

_LOOKS = 2
"""Looks in a row that must agree."""
_REFUSALS = 4
"""Looks in a row that name a fault of the plan, or another command; then waiting is over."""
_FAULTS = frozenset(
    each.name
    for each in (
        Free.BAD_PLAN,
        Free.BAD_CYCLE_TIME,
        Free.SPLIT_OVERRUN,
        Free.INVALID_OFFSET,
        Free.FAILED,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the unit must say.

    Parameters
    ----------
    what
        In words, for errors.
    holds
        Tells whether a status shows it.
    cycle_s
        Cycle that the time for the proof is counted in. [s]
    has_counter
        Whether the unit's cycle counter, if it has one, must be seen to move.
    is_due
        Whether the plan itself must run now.
    is_by_clock
        Whether the unit's own clock starts it, for which the unit may wait until the next minute.
    command
        What the system commands.  A unit that tells another has started anew, or somebody else
        commands it: waiting does not bring the plan back.
    """

    what: str
    holds: Callable[[UnitStatus], bool]
    cycle_s: int
    has_counter: bool
    is_due: bool
    is_by_clock: bool
    command: int


def wanted_after(plan: UnitPlan, schedule: DaySchedule | None, status: UnitStatus) -> Wanted:
    """Return what must be seen after a push.

    Parameters
    ----------
    plan
        What was pushed.
    schedule
        The day plan that starts it; none if it was commanded.
    status
        Of the unit after activation; tells its local time.
    """
    if schedule is None:
        return Wanted(
            what=f"pattern {plan.pattern} in coordination under system control",
            holds=lambda seen: seen.runs_by_system(plan.pattern),
            cycle_s=plan.cycle_s,
            has_counter=True,
            is_due=True,
            is_by_clock=False,
            command=plan.pattern,
        )
    due = scheduled_pattern(schedule, status.local_time_s)
    is_due = due == plan.pattern
    return Wanted(
        what=f"pattern {due} by its own schedule" if is_due else "no system control",
        holds=lambda seen: (
            seen.control == "TIMEBASE" and seen.runs(plan.pattern)
            if is_due
            else seen.control != "SYSTEM_CONTROL" and seen.system_pattern == 0
        ),
        cycle_s=plan.cycle_s,
        has_counter=is_due,
        is_due=is_due,
        is_by_clock=is_due,
        command=NO_SYSTEM_PATTERN,
    )


def wanted_before(former: Former, cycle_s: int) -> Wanted:
    """Return what must be seen once a unit is back where it was.

    Parameters
    ----------
    former
        What the unit held and ran.
    cycle_s
        Cycle that the time for the proof is counted in. [s]
    """
    pattern = former.pattern
    return Wanted(
        what=f"the former pattern {pattern}",
        holds=lambda seen: shows_former(seen, former),
        cycle_s=cycle_s,
        has_counter=1 <= pattern <= LAST_PATTERN,
        is_due=True,
        is_by_clock=False,
        command=former.system_pattern,
    )


def shows_former(seen: UnitStatus, former: Former) -> bool:
    """Tell whether a unit is commanded what it was before a push, and runs what it ran."""
    pattern = former.pattern
    if seen.system_pattern != former.system_pattern:
        return False
    if not 1 <= pattern <= LAST_PATTERN:
        return seen.pattern == pattern
    is_commanded = former.system_pattern == pattern
    return seen.runs_by_system(pattern) if is_commanded else seen.runs(pattern)


async def prove(session: Session, now: Clock, wanted: Wanted) -> UnitStatus:
    """Look until the unit says what is wanted twice in a row and its cycle counter moves.

    Parameters
    ----------
    session
        To the unit.
    now
        The clock. [UTC]
    wanted
        What must be seen.

    Returns
    -------
    UnitStatus
        The last look.

    Raises
    ------
    UnitRefusedError
        It was not seen within two cycles, counted from the next minute on where the unit's own
        clock is to start it, or the unit names a fault of the plan, or tells another
        command than the system gave.
    UnreachableError
        The unit was silent at the end.
    """
    patience, loop = session.patience, asyncio.get_running_loop()
    allowed_s = max(patience.prove_least_s, patience.prove_cycles * wanted.cycle_s)
    allowed_s += patience.day_s if wanted.is_by_clock else 0.0
    end_s = loop.time() + allowed_s
    good = bad = 0
    counters: set[int] = set()
    seen: UnitStatus | None = None
    pause_s = patience.poll_s
    while good < _LOOKS or (_has_counter(wanted, seen) and len(counters) < _LOOKS):
        if seen is not None:
            await asyncio.sleep(pause_s)
        try:
            seen = await read_status(session, now)
        except UnreachableError:
            if loop.time() >= end_s:
                raise
            continue
        good = good + 1 if wanted.holds(seen) else 0
        pause_s = patience.poll_s if good else patience.longer_s(pause_s)
        bad = bad + 1 if seen.free in _FAULTS or seen.system_pattern != wanted.command else 0
        counters = counters | {seen.cycle_s} if good else set()
        if bad >= _REFUSALS or loop.time() >= end_s:
            raise UnitRefusedError(session.unit, _said(wanted, seen, allowed_s), "look at the unit")
    assert seen is not None
    return seen


def _has_counter(wanted: Wanted, seen: UnitStatus | None) -> bool:
    return wanted.has_counter and seen is not None and "coordCycleStatus" not in seen.missing


def _said(wanted: Wanted, seen: UnitStatus, allowed_s: float) -> str:
    return (
        f"did not show {wanted.what} (waited up to {allowed_s:.0f} s, or until it named a fault): "
        f"systemPatternControl {seen.system_pattern}, coordPatternStatus {seen.pattern}, "
        f"localFreeStatus {seen.free}, unitControlStatus {seen.control}, "
        f"unitFlashStatus {seen.flash}"
    )
