"""Whether what is to be written into a unit's time base is what people signed, minute by minute."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
"""In the order of the bits of the day mask, which begin at bit 1 (NTCIP 1201)."""
_MINUTES = 24 * 60
_EVERY_MONTH, _EVERY_DATE = 0x1FFE, 0xFFFFFFFE
"""Bits 1–12 and 1–31."""
_MOST_EVENTS = 255
_NOTHING = "0.0"
_ACTIONS = "1.3.6.1.4.1.1206.4.2.1.5.3.1.1"
"""Node of timebaseAscActionNumber: an event names a row of it (NTCIP 1202)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeBase:
    """What is to be written.

    Parameters
    ----------
    month_bits, day_bits, date_bits
        Masks of months, weekdays and dates; bit 1 is January, Sunday, the first.
    events
        (hour, minute, pattern) in any order.
    pattern
        Number of the pattern that holds the plan.
    """

    month_bits: int
    day_bits: int
    date_bits: int
    events: Sequence[tuple[int, int, int]]
    pattern: int


def read_time_base(values: Mapping[str, object], entry: int, pattern: int) -> TimeBase:
    """Return what a unit would run by values that are to be written, as a unit reads them.

    From the entry of the schedule to its day plan, from each event of that to its timebase action,
    from there to the pattern (NTCIP 1201, time base; NTCIP 1202, timebase actions).

    Parameters
    ----------
    values
        Object with its row, such as ``dayPlanHour.2.1`` → value.
    entry
        Row of the schedule.
    pattern
        Number of the pattern that holds the plan.

    Raises
    ------
    KeyError
        An object that the way leads to is not written.
    """

    def number(name: str, *row: int) -> int:
        return int(str(values[".".join([name, *map(str, row)])]))

    plan = number("timeBaseScheduleDayPlan", entry)
    events = []
    for event in range(1, _MOST_EVENTS + 1):
        named = str(values.get(f"dayPlanActionNumberOID.{plan}.{event}", _NOTHING))
        if named == _NOTHING:
            continue
        table, _, action = named.rpartition(".")
        if table != _ACTIONS:
            raise KeyError(named)
        time = number("dayPlanHour", plan, event), number("dayPlanMinute", plan, event)
        events.append((*time, number("timebaseAscPattern", int(action))))
    return TimeBase(
        month_bits=number("timeBaseScheduleMonth", entry),
        day_bits=number("timeBaseScheduleDay", entry),
        date_bits=number("timeBaseScheduleDate", entry),
        events=events,
        pattern=pattern,
    )


def judge_days(words: str, written: TimeBase) -> tuple[str, ...]:
    """Return where the days and the minutes by the time base differ from the words.

    All days that are named run the same, so one of them is painted, and the mask of weekdays is
    compared; the masks of months and dates must leave nothing out.

    Parameters
    ----------
    words
        Days and ``HH:MM=pattern``, as they were signed: ``mon,tue 00:00=1 06:30=plan``.
    written
        What the unit is to hold.

    Returns
    -------
    tuple of str
        One sentence for each difference; nothing if there is none.
    """
    days, *changes = words.split(" ")
    names = days.split(",")
    found = [
        f"{day} is {'in' if written.day_bits >> bit & 1 else 'not in'} the mask of days"
        for bit, day in enumerate(_DAYS, 1)
        if (day in names) != bool(written.day_bits >> bit & 1)
    ]
    if odd := set(names) - set(_DAYS):
        found.append(f"{min(odd)!r} is no day")
    if (written.month_bits, written.date_bits) != (_EVERY_MONTH, _EVERY_DATE):
        found.append("a month or a date is left out")
    told = _day(_told(each, written.pattern) for each in changes)
    shown = _day((60 * hour + minute, n) for hour, minute, n in written.events)
    found += [
        f"at {minute // 60:02d}:{minute % 60:02d} pattern {b} would run, not {a}"
        for minute, (a, b) in enumerate(zip(told, shown, strict=True))
        if a != b or a is None
    ]
    return tuple(found)


def _told(text: str, pattern: int) -> tuple[int, int]:
    time, _, what = text.partition("=")
    hour, _, minute = time.partition(":")
    return 60 * int(hour) + int(minute), pattern if what == "plan" else int(what)


def _day(begins: Iterator[tuple[int, int]]) -> list[int | None]:
    """Paint a day; none where nothing has begun."""
    day: list[int | None] = [None] * _MINUTES
    for begin, pattern in sorted(begins):
        day[begin:] = [pattern] * (_MINUTES - begin)
    return day
