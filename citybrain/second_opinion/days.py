"""Whether what is to be written into a unit's time base is what people signed, minute by minute."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
"""In the order of the bits of the day mask, which begin at bit 1 (NTCIP 1201)."""
_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeBase:
    """What is to be written.

    Parameters
    ----------
    day_bits
        Mask of days; bit 1 is Sunday.
    events
        (hour, minute, pattern) in any order.
    pattern
        Number of the pattern that holds the plan.
    """

    day_bits: int
    events: Sequence[tuple[int, int, int]]
    pattern: int


def judge_days(words: str, written: TimeBase) -> tuple[str, ...]:
    """Return where a week by the time base differs from the words; nothing if it does not.

    Parameters
    ----------
    words
        Days and ``HH:MM=pattern``, as they were signed: ``mon,tue 00:00=1 06:30=plan``.
    written
        What the unit is to hold.
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
    told = _day((_told(each, written.pattern) for each in changes), _MINUTES)
    shown = _day(((60 * hour + minute, n) for hour, minute, n in written.events), _MINUTES)
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


def _day(begins: Iterator[tuple[int, int]], minutes: int) -> list[int | None]:
    """Paint a day; none where nothing has begun."""
    day: list[int | None] = [None] * minutes
    for begin, pattern in sorted(begins):
        day[begin:] = [pattern] * (minutes - begin)
    return day
