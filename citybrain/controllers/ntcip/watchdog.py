"""Keeps units under system control, and lets go of those that it cannot keep.

A unit under system control returns to its own schedule when no system has written a control object
for ``unitBackupTime`` (NTCIP 1202).  The watchdog writes ``systemPatternControl`` often enough, and
stops as soon as the unit says that somebody else commands it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from citybrain.ports.controllers import ControllerError, ControllerLink, LimitationError

SHARE = 3
"""Commands within one backup time, so that two may be lost."""
LONGEST_S = 60.0
"""Longest time between two commands. [s]"""


class Kept(Enum):
    """Why the watchdog ended."""

    TOLD_TO_END = "told to end"
    LOST = "silent for longer than the backup time: the unit is back on its own schedule"
    TAKEN = "somebody else commands the unit, or it started anew"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One command: to which unit, and what went wrong; nothing if it arrived."""

    unit: str
    trouble: str


async def keep_alive(
    link: ControllerLink,
    pattern: int,
    end: asyncio.Event,
    hear: Callable[[Beat], None] = lambda beat: None,
) -> Kept:
    """Command a pattern again and again until told to end.

    When it ends, nothing is written: the unit's own backup timer takes it to its schedule, as it
    does when this process dies.

    Parameters
    ----------
    link
        To the unit.
    pattern
        What it runs.
    end
        Set to end.
    hear
        Hears every beat.

    Returns
    -------
    Kept
        Why it ended.

    Raises
    ------
    LimitationError
        The unit has no backup timer: it would stay under a system that no longer exists.
    """
    status = await link.status()
    backup_s = status.backup_time_s
    if backup_s == 0:
        what = "has no backup timer (unitBackupTime is 0)"
        raise LimitationError(link.unit, what, "set it at the unit before commanding patterns")
    every_s = min(LONGEST_S, backup_s / SHARE)
    loop = asyncio.get_running_loop()
    heard_s = loop.time()
    while not end.is_set():
        begun_s = loop.time()
        try:
            status = await link.status()
            if (status.system_pattern, status.control) != (pattern, "SYSTEM_CONTROL"):
                return Kept.TAKEN
            await link.keep_control(pattern)
        except LimitationError:
            raise
        except ControllerError as failure:
            hear(Beat(unit=link.unit, trouble=failure.what))
            if loop.time() - heard_s > backup_s:
                return Kept.LOST
        else:
            heard_s = loop.time()
            hear(Beat(unit=link.unit, trouble=""))
        await _sleep(end, max(0.0, begun_s + every_s - loop.time()))
    return Kept.TOLD_TO_END


async def _sleep(end: asyncio.Event, duration_s: float) -> None:
    try:
        async with asyncio.timeout(duration_s):
            await end.wait()
    except TimeoutError:
        return
