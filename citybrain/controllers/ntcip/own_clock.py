"""The unit's own clock: whether it follows the day plan that was written today."""

import asyncio
from datetime import UTC, datetime

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.session import Session
from citybrain.ports.controllers import DaySchedule, UnitRefusedError

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
