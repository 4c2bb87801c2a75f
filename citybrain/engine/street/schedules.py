"""What a signed schedule means to each unit: its day plan, in the places that are citybrain's."""

from collections.abc import Mapping

from citybrain.controllers.ntcip.encoding import Writes, schedule_writes
from citybrain.engine.street.settings import Street
from citybrain.errors import UnsafePlanError
from citybrain.model.schedule import Schedule, read_schedule
from citybrain.ports.controllers import DaySchedule, PatternAt, UnitPlan
from citybrain.second_opinion import judge_days, read_time_base
from citybrain.store.ledger.pushes import Running

_HOUR = 60
_MOST_EVENTS = 255
"""More than any day plan has: what follows the last event is looked at, too."""


def unit_schedules(
    words: str, plans: Mapping[str, UnitPlan], street: Street
) -> dict[str, DaySchedule]:
    """Return for each unit the day plan that starts its pattern; nothing without a schedule.

    The second checker reads the objects that would be written as a unit does, and compares its
    days and minutes with the words that were signed.

    Parameters
    ----------
    words
        Schedule as it was signed; empty for a plan that is commanded.
    plans
        Unit → what it is to run.
    street
        Settings: the places in the units' time base, and the patterns, that are citybrain's.

    Raises
    ------
    UnsafePlanError
        The settings give no place for day plans, the schedule runs a pattern of citybrain that
        nobody proved there, or the checkers disagree.
    """
    if not words:
        return {}
    schedule = read_schedule(words)
    check_own_patterns(schedule, street)
    found = {unit: _day_schedule(schedule, plan, street) for unit, plan in plans.items()}
    for unit, day in found.items():
        _check(words, unit, day, plans[unit].pattern)
    return found


def check_own_patterns(schedule: Schedule, street: Street) -> None:
    """Raise unless a schedule has a place in the units and runs their own patterns beside the plan.

    Raises
    ------
    UnsafePlanError
        It has none, or names a pattern that citybrain writes.
    """
    if street.places is None:
        msg = f"{street.path} names no places for day plans; add [schedule]"
        raise UnsafePlanError(msg)
    if taken := sorted(schedule.own_patterns & set(street.patterns)):
        msg = f"pattern {taken[0]} of the schedule is written by citybrain; name one of the unit"
        raise UnsafePlanError(msg)


def check_replaceable(schedules: Mapping[str, DaySchedule], runs: Mapping[str, Running]) -> None:
    """Raise if a unit's day plan would go on to start a pattern that later pushes write over.

    Parameters
    ----------
    schedules
        Units whose day plan the push replaces.
    runs
        What the units of the push run.

    Raises
    ------
    UnsafePlanError
        Names the unit.
    """
    for unit, running in sorted(runs.items()):
        if running.scheduled and unit not in schedules:
            msg = (
                f"{unit} runs plan {running.plan_hash[:12]} by its own clock; roll that back, or "
                "push a plan with a schedule, which takes its place"
            )
            raise UnsafePlanError(msg)


def _day_schedule(schedule: Schedule, plan: UnitPlan, street: Street) -> DaySchedule:
    assert street.places is not None
    return DaySchedule(
        entry=street.places.entry,
        day_plan=street.places.day_plan,
        first_action=street.places.first_action,
        weekdays=schedule.weekdays,
        events=tuple(
            PatternAt(
                hour=begin.minute // _HOUR,
                minute=begin.minute % _HOUR,
                pattern=plan.pattern if begin.pattern is None else begin.pattern,
            )
            for begin in schedule.begins
        ),
    )


def _check(words: str, unit: str, schedule: DaySchedule, pattern: int) -> None:
    found = _faults(words, schedule_writes(schedule, _MOST_EVENTS), schedule.entry, pattern)
    if found:
        msg = f"{unit}: the day plan to be written is not what was signed: {found[0]}"
        raise UnsafePlanError(msg)


def _faults(words: str, writes: Writes, entry: int, pattern: int) -> tuple[str, ...]:
    """Return what the second checker finds in what is written."""
    values = {one.name: value for one, value in writes}
    try:
        return judge_days(words, read_time_base(values, entry, pattern))
    except (KeyError, ValueError) as error:
        return (f"it cannot be read ({error})",)
