"""Schedules have one text, and none leaves a minute to chance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.encoding import schedule_writes
from citybrain.errors import InputError
from citybrain.model.schedule import Begin, Schedule, read_schedule
from citybrain.ports.controllers import DaySchedule, PatternAt
from citybrain.second_opinion import TimeBase, judge_days, read_time_base

SCHEDULES = st.builds(
    lambda days, changes, plan: Schedule(
        weekdays=tuple(sorted(days)),
        begins=tuple(
            Begin(minute=minute, pattern=None if minute == plan else pattern)
            for minute, pattern in sorted({**changes, 0: 1, plan: 0}.items())
        ),
    ),
    st.sets(st.integers(0, 6), min_size=1),
    st.dictionaries(st.integers(1, 1439), st.integers(1, 254), max_size=6),
    st.integers(0, 1439),
)
PLAN = 255
"""Stands for the pattern that holds the plan; no unit's own pattern has this number here."""
ENTRY, DAY_PLAN, MOST_EVENTS = 4, 2, 9
ACTIONS = objects.TIMEBASE_ASC_ACTION_NUMBER.oid


def written(schedule: Schedule) -> dict[str, object]:
    """Return the objects of a unit that carry a schedule, with their values."""
    events = tuple(
        PatternAt(hour=b.minute // 60, minute=b.minute % 60, pattern=b.pattern or PLAN)
        for b in schedule.begins
    )
    day = DaySchedule(
        entry=ENTRY,
        day_plan=DAY_PLAN,
        first_action=7,
        weekdays=schedule.weekdays,
        events=events,
    )
    return {one.name: value for one, value in schedule_writes(day, MOST_EVENTS)}


def time_base(schedule: Schedule) -> TimeBase:
    """Return what a unit is to hold, as the second checker reads it."""
    return read_time_base(written(schedule), ENTRY, PLAN)


@given(SCHEDULES)
def test_a_schedule_is_read_as_it_was_written(schedule: Schedule) -> None:
    assert read_schedule(schedule.words) == schedule


@pytest.mark.parametrize(
    ("words", "one_text"),
    [
        ("daily 00:00=plan", "mon,tue,wed,thu,fri,sat,sun 00:00=plan"),
        ("mon-wed 00:00=1  06:30=plan", "mon,tue,wed 00:00=1 06:30=plan"),
        ("sat-mon 00:00=254 23:59=plan", "mon,sat,sun 00:00=254 23:59=plan"),
    ],
)
def test_the_same_schedule_has_the_same_text(words: str, one_text: str) -> None:
    assert read_schedule(words).words == one_text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", "names no day"),
        ("mon,someday 00:00=plan", "'someday' names no day"),
        ("mon", "does not say what runs from 00:00"),
        ("mon 06:30=plan", "does not say what runs from 00:00"),
        ("mon 00:00=1 09:00=plan 06:30=1", "not one after the other"),
        ("mon 00:00=1 06:30=2", "never runs the plan"),
        ("mon 00:00=255 06:30=plan", "255 is no pattern"),
        ("mon 00:00=1 24:00=plan", "'24:00=plan' is no time"),
    ],
)
def test_a_schedule_that_leaves_something_open_is_refused(words: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_schedule(words)


@given(SCHEDULES)
def test_the_second_checker_agrees_with_what_is_signed(schedule: Schedule) -> None:
    assert judge_days(schedule.words, time_base(schedule)) == ()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("timeBaseScheduleDay.4", 0b10, "sun is in the mask of days"),
        ("timeBaseScheduleMonth.4", 0b10, "a month or a date is left out"),
        ("timeBaseScheduleDate.4", 0b10, "a month or a date is left out"),
        ("timebaseAscPattern.8", 3, "at 06:30 pattern 3 would run, not 255"),
        ("dayPlanHour.2.2", 7, "at 06:30 pattern 1 would run, not 255"),
        ("dayPlanActionNumberOID.2.2", "0.0", "at 06:30 pattern 1 would run, not 255"),
        ("dayPlanActionNumberOID.2.2", f"{ACTIONS}.7", "at 06:30 pattern 1 would run, not 255"),
        ("dayPlanActionNumberOID.2.9", f"{ACTIONS}.7", ""),
    ],
)
def test_any_object_that_is_written_otherwise_is_found(name: str, value: object, told: str) -> None:
    words = "mon 00:00=1 06:30=plan"
    values = written(read_schedule(words)) | {name: value}
    assert name in written(read_schedule(words))
    try:
        found = judge_days(words, read_time_base(values, ENTRY, PLAN))
    except KeyError as error:
        found = (f"{error}",)
    assert found
    assert told in found[0]


@given(SCHEDULES, SCHEDULES)
def test_the_second_checker_finds_another_schedule(one: Schedule, other: Schedule) -> None:
    is_same = _week(one) == _week(other)
    assert (judge_days(one.words, time_base(other)) == ()) is is_same


def _week(schedule: Schedule) -> object:
    day = [
        max((b.minute, b.pattern or PLAN) for b in schedule.begins if b.minute <= minute)[1]
        for minute in range(1440)
    ]
    return schedule.weekdays, day
