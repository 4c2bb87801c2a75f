"""The unit's own clock: whether it follows a day plan that was written, and how that is ended."""

import asyncio
from datetime import UTC, datetime

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.encoding import Writes
from citybrain.controllers.ntcip.image import read_twice
from citybrain.controllers.ntcip.objects import instance_of
from citybrain.controllers.ntcip.session import Session
from citybrain.ports.controllers import DaySchedule, Former, UnitRefusedError

_MASKS = frozenset(
    {
        objects.TIME_BASE_SCHEDULE_MONTH,
        objects.TIME_BASE_SCHEDULE_DAY,
        objects.TIME_BASE_SCHEDULE_DATE,
    }
)
"""An entry counts on the days that all three name (NTCIP 1201)."""
_TIME_BASE = _MASKS | {
    objects.TIME_BASE_SCHEDULE_DAY_PLAN,
    objects.DAY_PLAN_HOUR,
    objects.DAY_PLAN_MINUTE,
    objects.DAY_PLAN_ACTION_NUMBER_OID,
    objects.TIMEBASE_ASC_PATTERN,
}
_TODAY = (objects.DAY_PLAN_STATUS.of(), objects.CONTROLLER_LOCAL_TIME.of())


async def prove_day(session: Session, schedule: DaySchedule) -> None:
    """Make sure that the unit follows the day plan today, if today is one of its days.

    Another entry of the unit's schedule that names the day more closely goes before it.  A unit
    may look at its schedule once a minute, so it is waited for.

    Parameters
    ----------
    session
        To the unit.
    schedule
        What was written.

    Raises
    ------
    UnitRefusedError
        It follows another day plan, or does not tell which day it is.
    UnreachableError
        It does not answer.
    """
    patience, loop = session.patience, asyncio.get_running_loop()
    end_s, pause_s = loop.time() + patience.day_s, patience.poll_s
    while found := await _other_day(session, schedule):
        if loop.time() >= end_s:
            mend = "another entry may name the day as closely; look at timeBaseSchedule"
            raise UnitRefusedError(session.unit, found, mend)
        await asyncio.sleep(pause_s)
        pause_s = patience.longer_s(pause_s)


async def is_day_plan_left(session: Session, former: Former) -> bool:
    """Tell whether a unit's clock may start what was written, though it was to go back.

    Parameters
    ----------
    session
        To the unit.
    former
        What the unit held before.

    Raises
    ------
    ControllerError
        It does not answer.
    """
    before = [(instance_of(oid), value) for oid, value in former.values]
    before = [(one, value) for one, value in before if one.object_type in _TIME_BASE]
    if not before:
        return False
    held = await read_twice(session, [one for one, _ in before])
    is_apart = any(held[one.oid] != value for one, value in before)
    return is_apart and all(held[one.oid] != 0 for one, _ in before if one.object_type in _MASKS)


def no_day(former: Former) -> Writes:
    """Return what lets the schedule entry that a push wrote name no day at all."""
    places = (instance_of(oid) for oid, _ in former.values)
    return tuple((one, 0) for one in places if one.object_type in _MASKS)


async def _other_day(session: Session, schedule: DaySchedule) -> str:
    """Return what the unit does today that it should not; empty if nothing."""
    held = await session.get(_TODAY)
    follows, local_s = (held[one.oid] for one in _TODAY)
    if not isinstance(local_s, int):
        return "does not tell its local time"
    is_day = datetime.fromtimestamp(local_s, UTC).weekday() in schedule.weekdays
    if not is_day or follows in {None, schedule.day_plan}:
        return ""
    return f"follows day plan {follows!r} today, not {schedule.day_plan}"
