"""Keeps units under system control, and lets go of those that it cannot keep.

A unit under system control returns to its own schedule when no system has written a control object
for ``unitBackupTime`` (NTCIP 1202).  The watchdog writes ``systemPatternControl`` often enough, and
stops as soon as the unit says that somebody else commands it.  Between commands it looks whether
the unit does what it is commanded: a switch in its cabinet can make it Free at any time.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from zlib import crc32

from citybrain.controllers.ntcip.states import Free
from citybrain.ports.controllers import (
    ControllerError,
    ControllerLink,
    LimitationError,
    UnitPlan,
    UnitStatus,
)

SHARE = 3
"""Commands within one backup time, so that two may be lost."""
LONGEST_S = 60.0
"""Longest time between two commands. [s]"""
LOOK_S = 5.0
"""Time between two looks, if nothing else is said. [s]"""
_AGAIN_S = 3.0
"""The same where the cycle counter was found as before; no cycle is so short. [s]"""
IDLE_S = 15.0
"""How long a unit may not run what it is commanded until it is told. [s]"""
TURNING_S = 300.0
"""The same for what may be a transition, in which the cycle counter may stand for nearly the
longest cycle (``patternCycleTime`` is 255 s at most). [s]"""


FIRST_COMPARISON_S, COMPARISON_S = 60.0, 300.0
"""When a unit's values are held against the plan's at the earliest, and how often from then on;
each time takes some fifteen messages, so units take turns. [s]"""


class Kept(Enum):
    """Why the watchdog ended."""

    TOLD_TO_END = "told to end"
    LOST = "silent for longer than the backup time: the unit is back on its own schedule"
    TAKEN = "somebody else commands the unit, or it started anew"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One look, and the command if one was due.

    Parameters
    ----------
    unit
        Which.
    trouble
        What went wrong; empty if it answered.
    idle
        Why it has not run what it is commanded for some time; empty as long as it may.
    changed
        What the unit holds other than the plan says; empty if nothing, none if that was not looked
        at.
    """

    unit: str
    trouble: str
    idle: str = ""
    changed: str | None = None


async def keep_alive(
    link: ControllerLink,
    pattern: int,
    end: asyncio.Event,
    hear: Callable[[Beat], None] = lambda beat: None,
    *,
    look_s: float = LOOK_S,
    plan: UnitPlan | None = None,
) -> Kept:
    """Command a pattern again and again until told to end, and look whether it runs.

    When it ends, nothing is written: the unit's own backup timer takes it to its schedule, as it
    does when this process dies.  A unit that does not run the pattern keeps its command.

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
    look_s
        Longest time between two looks. [s]
    plan
        What the pattern is to hold; none if that is not known, and not compared.

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
    idleness = _Idleness(pattern)
    due_s = heard_s = loop.time()
    compared_s = due_s + _first_comparison_s(link.unit) - COMPARISON_S
    while not end.is_set():
        begun_s = loop.time()
        try:
            status = await link.status()
            if (status.system_pattern, status.control) != (pattern, "SYSTEM_CONTROL"):
                return Kept.TAKEN
            if begun_s >= due_s:
                await link.keep_control(pattern)
                due_s = begun_s + every_s
            changed = None
            if plan is not None and begun_s >= compared_s + COMPARISON_S:
                changed = await _changed(link, plan)
                compared_s = begun_s
        except LimitationError:
            raise
        except ControllerError as failure:
            hear(Beat(unit=link.unit, trouble=failure.what))
            if loop.time() - heard_s > backup_s:
                return Kept.LOST
        else:
            heard_s = loop.time()
            idle = idleness.seen(status, heard_s)
            hear(Beat(unit=link.unit, trouble="", idle=idle, changed=changed))
        pause_s = _AGAIN_S if idleness.has_stood else look_s
        await _sleep(end, max(0.0, min(begun_s + pause_s, due_s) - loop.time()))
    return Kept.TOLD_TO_END


def _first_comparison_s(unit: str) -> float:
    """Return when a unit is compared first: by its name, so that many do not come at once."""
    return FIRST_COMPARISON_S + crc32(unit.encode()) % int(COMPARISON_S - FIRST_COMPARISON_S)


async def _changed(link: ControllerLink, plan: UnitPlan) -> str:
    """Return which values of the unit are not the plan's; it stays under control all the same."""
    try:
        found = await link.dry_run(plan)
    except LimitationError as failure:
        return f"cannot be compared: {failure.what}"
    return "; ".join(
        f"{each.object_name} is {each.old}, not {each.new}"
        for each in (*found.changes, *found.differences)
    )


class _Idleness:
    """Since when a unit does not run what it is commanded.

    Parameters
    ----------
    pattern
        What it is commanded.
    """

    def __init__(self, pattern: int) -> None:
        self._pattern = pattern
        self._counter = -1
        self.has_stood = False
        self._moved_s = self._ran_s = -1.0

    def seen(self, status: UnitStatus, now_s: float) -> str:
        """Return why the unit has not run its pattern for too long; empty as long as it may.

        A counter that is the same may stand, or whole cycles have passed: ``has_stood`` asks for
        a look soon.
        """
        is_known = "coordCycleStatus" not in status.missing
        self.has_stood = is_known and status.cycle_s == self._counter
        if not self.has_stood:
            self._counter, self._moved_s = status.cycle_s, now_s
        if status.runs(self._pattern) or self._ran_s < 0:
            self._ran_s = now_s
        may_turn = status.is_lit and status.free in {Free.TRANSITION_FREE.name, Free.OTHER.name}
        if now_s - self._ran_s > (TURNING_S if may_turn else IDLE_S):
            return (
                f"does not run pattern {self._pattern}, which it is commanded: coordPatternStatus "
                f"{status.pattern}, localFreeStatus {status.free}, unitFlashStatus {status.flash}"
            )
        if now_s - self._moved_s > TURNING_S:
            return f"says that it runs pattern {self._pattern}, and its cycle counter stands"
        return ""


async def _sleep(end: asyncio.Event, duration_s: float) -> None:
    try:
        async with asyncio.timeout(duration_s):
            await end.wait()
    except TimeoutError:
        return
