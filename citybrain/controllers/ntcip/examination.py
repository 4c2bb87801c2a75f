"""What a push would change at a unit, and everything that stops it, found by reading only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.encoding import (
    Writes,
    changes_of,
    obstacles,
    pattern_writes,
    safety_differences,
    schedule_writes,
)
from citybrain.controllers.ntcip.image import Image, read_image, read_twice
from citybrain.controllers.ntcip.session import Session
from citybrain.controllers.ntcip.states import LAST_PATTERN
from citybrain.controllers.ntcip.status import Clock, read_status
from citybrain.controllers.ntcip.syntax import Value
from citybrain.ports.controllers import (
    DaySchedule,
    DryRun,
    Former,
    LimitationError,
    SafetyDifferenceError,
    UnitPlan,
    UnitStatus,
)

_PROOF = frozenset({"coordPatternStatus", "localFreeStatus", "unitControlStatus"})
_COMMAND = frozenset({"systemPatternControl", "unitBackupTime"})
_CLOCK = frozenset({"controllerLocalTime"})
"""Without it nobody knows which part of a day plan should run now."""
_SCHEDULE_SIZES = (
    objects.MAX_DAY_PLAN_EVENTS,
    objects.MAX_DAY_PLANS,
    objects.MAX_TIME_BASE_SCHEDULE_ENTRIES,
    objects.MAX_TIMEBASE_ASC_ACTIONS,
)
_LAST_HOUR, _LAST_MINUTE, _LAST_DAY = 23, 59, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What was found.

    Parameters
    ----------
    status
        What the unit said of itself.
    image
        What it holds for the pattern.
    held
        Everything that was read: identifier → value.
    writes
        What a push writes.
    dry_run
        What would change and what stops it.
    """

    status: UnitStatus
    image: Image
    held: Mapping[str, Value | None]
    writes: Writes
    dry_run: DryRun

    def former(self) -> Former:
        """Return what a roll-back needs."""
        values = ((one.oid, self.held.get(one.oid)) for one, _ in self.writes)
        return Former(
            unit=self.status.unit,
            values=tuple((oid, value) for oid, value in values if isinstance(value, int | str)),
            system_pattern=self.status.system_pattern,
            pattern=self.status.pattern,
            cycle_s=self.image.value(objects.PATTERN_CYCLE_TIME.of(self.status.pattern)) or 0,
        )

    def stop(self) -> None:
        """Raise if anything stands against the push.

        Raises
        ------
        SafetyDifferenceError
            The unit's safety times or structure are not those of the plan.
        LimitationError
            The unit cannot run the plan, or cannot be guarded while it does.
        """
        unit = self.status.unit
        if self.dry_run.differences:
            told = "; ".join(
                f"{each.object_name} is {each.old}, proven with {each.new}"
                for each in self.dry_run.differences
            )
            raise SafetyDifferenceError(unit, told, "prove the plan with the unit's own times")
        if self.dry_run.obstacles:
            told = "; ".join(self.dry_run.obstacles)
            raise LimitationError(unit, told, "mend the plan or the unit's settings")


async def examine(
    session: Session, now: Clock, plan: UnitPlan, schedule: DaySchedule | None
) -> Examination:
    """Read everything that a push depends on.

    Parameters
    ----------
    session
        To the unit.
    now
        The clock. [UTC]
    plan
        What is to run.
    schedule
        The unit's own day plan that is to start it; none to command it.

    Raises
    ------
    ControllerError
        The unit does not answer, or has no such pattern.
    """
    status = await read_status(session, now)
    image = await read_image(session, plan.pattern)
    held, writes = dict(image.values), pattern_writes(plan, image)
    found = [*_not_provable(status, is_commanded=schedule is None), *obstacles(plan, image)]
    if schedule is not None:
        sizes = await read_twice(session, [each.of() for each in _SCHEDULE_SIZES])
        limits = [_whole(sizes[each.at()]) for each in _SCHEDULE_SIZES]
        found.extend(_schedule_obstacles(plan, schedule, limits))
        found.extend(_empty_patterns(plan, schedule, image))
        more = schedule_writes(schedule, limits[0])
        held.update(await read_twice(session, [one for one, _ in more]))
        writes = (*writes, *more)
    found.extend(f"the unit lacks {one.name}" for one, _ in writes if held[one.oid] is None)
    return Examination(
        status=status,
        image=image,
        held=held,
        writes=writes,
        dry_run=DryRun(
            changes=changes_of(writes, held),
            differences=safety_differences(plan, image),
            obstacles=tuple(found),
        ),
    )


async def read_most_events(session: Session) -> int:
    """Return how many events a day plan of the unit has; 0 if it does not say.

    Raises
    ------
    ControllerError
        The unit does not answer, or not sensibly.
    """
    most = objects.MAX_DAY_PLAN_EVENTS
    return _whole((await read_twice(session, [most.of()]))[most.at()])


def _not_provable(status: UnitStatus, *, is_commanded: bool) -> Iterator[str]:
    needed = _PROOF | (_COMMAND if is_commanded else _CLOCK)
    for name in sorted(needed & set(status.missing)):
        yield f"the unit lacks {name}"
    if "dbCreateTransaction" in status.missing:
        yield "the unit lacks dbCreateTransaction and might take half a plan"
    if is_commanded and "unitBackupTime" not in status.missing and status.backup_time_s == 0:
        yield "unitBackupTime is 0: nothing would end system control when citybrain falls silent"


def _schedule_obstacles(plan: UnitPlan, schedule: DaySchedule, limits: list[int]) -> Iterator[str]:
    most_events, day_plans, entries, actions = limits
    count = len(schedule.events)
    if not 1 <= count <= most_events:
        yield f"a day plan of the unit has 1–{most_events} events, not {count}"
    if not 1 <= schedule.day_plan <= day_plans:
        yield f"the unit has day plans 1–{day_plans}, not {schedule.day_plan}"
    if not 1 <= schedule.entry <= entries:
        yield f"the unit has schedule entries 1–{entries}, not {schedule.entry}"
    if not 1 <= schedule.first_action <= actions - count + 1:
        yield f"the unit has timebase actions 1–{actions}: {count} do not fit there"
    if plan.pattern not in {event.pattern for event in schedule.events}:
        yield f"no event of the day plan starts pattern {plan.pattern}"
    if not all(0 <= day <= _LAST_DAY for day in schedule.weekdays) or not schedule.weekdays:
        yield "weekdays are numbered 0–6, one at least"
    for event in schedule.events:
        if not (0 <= event.hour <= _LAST_HOUR and 0 <= event.minute <= _LAST_MINUTE):
            yield f"{event.hour}:{event.minute} is no time of the day"


def _empty_patterns(plan: UnitPlan, schedule: DaySchedule, image: Image) -> Iterator[str]:
    """Yield the unit's own patterns that the day plan starts and that hold nothing."""
    started = {event.pattern for event in schedule.events} - {plan.pattern}
    for pattern in sorted(each for each in started if each <= LAST_PATTERN):
        if not image.value(objects.PATTERN_CYCLE_TIME.of(pattern)):
            yield f"pattern {pattern}, which the day plan starts, holds nothing"


def _whole(value: Value | None) -> int:
    return value if isinstance(value, int) else 0
