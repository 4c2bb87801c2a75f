"""From a plan to the objects that carry it, and what stands against writing them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.image import SAFETY, TENTHS, Image
from citybrain.controllers.ntcip.syntax import Instance, ObjectType, Value
from citybrain.ports.controllers import Change, DaySchedule, LimitationError, PhaseSafety, UnitPlan

Writes = tuple[tuple[Instance, Value], ...]

NO_ACTION = "0.0"
EVERY_MONTH = sum(1 << month for month in range(1, 13))
EVERY_DATE = sum(1 << date for date in range(1, 32))
_DAYS = 7
_MOST_BYTE = 255
_WRITTEN = frozenset(
    {
        objects.PATTERN_CYCLE_TIME,
        objects.PATTERN_OFFSET_TIME,
        objects.SPLIT_TIME,
        objects.TIMEBASE_ASC_PATTERN,
        objects.DAY_PLAN_HOUR,
        objects.DAY_PLAN_MINUTE,
        objects.DAY_PLAN_ACTION_NUMBER_OID,
        objects.TIME_BASE_SCHEDULE_MONTH,
        objects.TIME_BASE_SCHEDULE_DAY,
        objects.TIME_BASE_SCHEDULE_DATE,
        objects.TIME_BASE_SCHEDULE_DAY_PLAN,
    }
)
"""All that a download may hold, there and on the way back: no safety time is among it."""


def check_written(unit: str, oids: Iterable[str]) -> None:
    """Raise unless all of some values are of the kinds that citybrain ever writes.

    Parameters
    ----------
    unit
        Name of the unit.
    oids
        Where values would go.

    Raises
    ------
    LimitationError
        Names the first that is none of cycle, offset, splits, and the time base.
    """
    for oid in oids:
        if _column_of(oid) not in _WRITTEN:
            what = f"is never written {objects.named(oid)}"
            raise LimitationError(unit, what, "look at the ledger")


def _column_of(oid: str) -> ObjectType | None:
    try:
        return objects.instance_of(oid).object_type
    except KeyError:
        return None


def pattern_writes(plan: UnitPlan, image: Image) -> Writes:
    """Return cycle, offset and the splits of all phases of the unit; nothing else is written.

    Parameters
    ----------
    plan
        What is to run.
    image
        Tells which split table the pattern uses, and how many phases there are.
    """
    splits = {each.phase: each.split_s for each in plan.splits}
    return (
        (objects.PATTERN_CYCLE_TIME.of(plan.pattern), plan.cycle_s),
        (objects.PATTERN_OFFSET_TIME.of(plan.pattern), plan.offset_s),
        *(
            (objects.SPLIT_TIME.of(image.split, phase), splits.get(phase, 0))
            for phase in range(1, image.phases + 1)
        ),
    )


def schedule_writes(schedule: DaySchedule, most_events: int) -> Writes:
    """Return the timebase actions, the day plan and the schedule entry.

    Parameters
    ----------
    schedule
        What begins when.
    most_events
        Events that a day plan of the unit has; those that are not used are emptied.
    """
    plan, entry = schedule.day_plan, schedule.entry
    return (
        *_event_writes(schedule, most_events),
        (objects.TIME_BASE_SCHEDULE_MONTH.of(entry), EVERY_MONTH),
        (objects.TIME_BASE_SCHEDULE_DAY.of(entry), _day_bits(schedule)),
        (objects.TIME_BASE_SCHEDULE_DATE.of(entry), EVERY_DATE),
        (objects.TIME_BASE_SCHEDULE_DAY_PLAN.of(entry), plan),
    )


def scheduled_pattern(schedule: DaySchedule, local_time_s: int) -> int | None:
    """Return the pattern that the schedule runs at a local time; none before its first event.

    Parameters
    ----------
    schedule
        What begins when.
    local_time_s
        The unit's local clock, seconds since 1970 in local time. [s]
    """
    local = datetime.fromtimestamp(local_time_s, UTC)
    if local.weekday() not in schedule.weekdays:
        return None
    begun = [each for each in schedule.events if (each.hour, each.minute) <= _time_of(local)]
    return max(begun, key=lambda each: (each.hour, each.minute)).pattern if begun else None


def changes_of(writes: Writes, held: Mapping[str, Value | None]) -> tuple[Change, ...]:
    """Return the values that differ from what is held."""
    return tuple(
        Change(object_name=one.name, old=_told(held.get(one.oid)), new=_told(value))
        for one, value in writes
        if held.get(one.oid) != value
    )


def safety_differences(plan: UnitPlan, image: Image) -> tuple[Change, ...]:
    """Return where the unit's safety times and structure differ from those of the plan.

    Parameters
    ----------
    plan
        With the safety times that it was proven with.
    image
        What the unit holds.
    """
    return (*_times_apart(plan, image), *_structure_apart(plan, image))


def obstacles(plan: UnitPlan, image: Image) -> tuple[str, ...]:
    """Return why the unit could not run the plan, or what else writing it would harm."""
    return (*_plan_obstacles(plan, image), *_table_obstacles(image))


def _plan_obstacles(plan: UnitPlan, image: Image) -> Iterator[str]:
    splits = {each.phase: each.split_s for each in plan.splits}
    told = {each.phase for each in plan.safety}
    if not 1 <= plan.cycle_s <= _MOST_BYTE:
        yield f"cycle {plan.cycle_s} s does not fit 1–{_MOST_BYTE} s"
    if not 0 <= plan.offset_s < plan.cycle_s:
        yield f"offset {plan.offset_s} s is not below the cycle {plan.cycle_s} s"
    for phase, split_s in splits.items():
        if not 1 <= phase <= image.phases:
            yield f"the unit has phases 1–{image.phases}, not {phase}"
        if not 0 <= split_s <= _MOST_BYTE:
            yield f"split {split_s} s of phase {phase} does not fit 0–{_MOST_BYTE} s"
        if split_s > 0 and phase not in told:
            yield f"the plan does not tell the safety times of phase {phase}"
    yield from _placeless(plan, image)
    yield from _ring_obstacles(plan, image, splits)


def _placeless(plan: UnitPlan, image: Image) -> Iterator[str]:
    """Yield the timed phases that no sum of splits would count."""
    barriers = image.barriers()
    stretches = frozenset[int]().union(*barriers)
    in_rings = {phase for ring in plan.rings or image.ring_order() for phase in ring}
    for phase in sorted(each.phase for each in plan.splits if each.split_s > 0):
        if barriers and phase not in stretches:
            yield f"the unit does not tell phaseConcurrency of phase {phase}, nor its barriers"
        if in_rings and phase not in in_rings:
            yield f"phase {phase} is timed and stands in no ring"


def _ring_obstacles(plan: UnitPlan, image: Image, splits: Mapping[int, int]) -> Iterator[str]:
    """Yield where rings do not meet at a barrier, or do not fill the cycle.

    A ring without a timed phase between two barriers waits there, as the second ring of a
    T-junction does; the other rings fill that stretch.
    """
    rings = plan.rings or image.ring_order()
    barriers = image.barriers()
    if not barriers:
        for ring in rings:
            total_s = sum(splits.get(phase, 0) for phase in ring)
            if total_s not in {0, plan.cycle_s}:
                yield _unfilled(f"splits of ring {ring}", total_s, plan.cycle_s)
        return
    filled_s = 0
    for stretch in barriers:
        parts = [tuple(phase for phase in ring if phase in stretch) for ring in rings]
        totals_s = {part: sum(splits.get(phase, 0) for phase in part) for part in parts}
        timed_s = {part: total_s for part, total_s in totals_s.items() if total_s}
        if len(set(timed_s.values())) > 1:
            yield f"rings do not meet at a barrier: {_sums(timed_s)}"
        filled_s += max(timed_s.values(), default=0)
    if filled_s != plan.cycle_s:
        yield _unfilled("splits between the barriers", filled_s, plan.cycle_s)


def _unfilled(what: str, total_s: int, cycle_s: int) -> str:
    return f"{what} add up to {total_s} s, the cycle is {cycle_s} s"


def _sums(timed_s: Mapping[tuple[int, ...], int]) -> str:
    return ", ".join(f"splits of {part} add up to {total_s} s" for part, total_s in timed_s.items())


def _table_obstacles(image: Image) -> Iterator[str]:
    if image.tells_coordinated() and not image.coordinated():
        yield f"split table {image.split} has no coordinated phase, so it can only run Free"
    if image.split_users:
        yield f"patterns {image.split_users} use the same split table {image.split}"


def _times_apart(plan: UnitPlan, image: Image) -> Iterator[Change]:
    for safety in plan.safety:
        for column, wanted in zip(SAFETY, _wire_times(safety), strict=True):
            instance = column.of(safety.phase)
            held = image.value(instance)
            if held != wanted:
                yield Change(object_name=instance.name, old=_told(held), new=_told(wanted))


def _structure_apart(plan: UnitPlan, image: Image) -> Iterator[Change]:
    timed = {each.phase for each in plan.splits if each.split_s > 0}
    order = image.ring_order()
    if plan.rings and order and _timed_only(plan.rings, timed) != _timed_only(order, timed):
        name = f"sequenceData.{image.sequence}"
        yield Change(object_name=name, old=str(order), new=str(plan.rings))
    coordinated = tuple(phase for phase in image.coordinated() if phase in timed)
    if plan.coordinated and image.tells_coordinated() and set(coordinated) != set(plan.coordinated):
        name = f"splitCoordPhase.{image.split}"
        yield Change(object_name=name, old=str(coordinated), new=str(plan.coordinated))
    for phase in sorted(timed):
        if image.omits(phase):
            name = objects.SPLIT_MODE.of(image.split, phase).name
            yield Change(object_name=name, old="phaseOmitted", new="timed")


def _timed_only(rings: tuple[tuple[int, ...], ...], timed: set[int]) -> set[tuple[int, ...]]:
    kept = (tuple(phase for phase in ring if phase in timed) for ring in rings)
    return {ring for ring in kept if ring}


def _wire_times(safety: PhaseSafety) -> tuple[int, ...]:
    return (
        safety.minimum_green_s,
        safety.walk_s,
        safety.pedestrian_clear_s,
        round(safety.yellow_s * TENTHS),
        round(safety.red_clear_s * TENTHS),
    )


def _event_writes(schedule: DaySchedule, most_events: int) -> Iterator[tuple[Instance, Value]]:
    plan = schedule.day_plan
    for number, event in enumerate(schedule.events, start=1):
        action = schedule.first_action + number - 1
        yield objects.TIMEBASE_ASC_PATTERN.of(action), event.pattern
        yield objects.DAY_PLAN_HOUR.of(plan, number), event.hour
        yield objects.DAY_PLAN_MINUTE.of(plan, number), event.minute
        oid = objects.TIMEBASE_ASC_ACTION_NUMBER.at(action)
        yield objects.DAY_PLAN_ACTION_NUMBER_OID.of(plan, number), oid
    for number in range(len(schedule.events) + 1, most_events + 1):
        yield objects.DAY_PLAN_ACTION_NUMBER_OID.of(plan, number), NO_ACTION


def _day_bits(schedule: DaySchedule) -> int:
    """Return the days as bits: 1 Sunday, 2 Monday … 7 Saturday (NTCIP 1201)."""
    return sum(1 << ((day + 1) % _DAYS + 1) for day in set(schedule.weekdays))


def _time_of(local: datetime) -> tuple[int, int]:
    return local.hour, local.minute


def _told(value: Value | None) -> str:
    if value is None:
        return "absent"
    return value.hex(" ") if isinstance(value, bytes) else str(value)
