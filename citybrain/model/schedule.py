"""When a plan is to run by the units' own clocks: which pattern begins at which time of which days.

In words, as people write and sign them: ``mon-fri 00:00=1 06:30=plan 09:00=1`` runs the plan on
working days from 06:30 to 09:00 and the units' own pattern 1 before and after.

References
----------
NTCIP 1201 v03, time base schedule and day plans; NTCIP 1202 v03, timebase patterns.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from citybrain.errors import InputError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PLAN = "plan"
LAST_PATTERN, FREE = 253, 254
"""Last number of a pattern, and that of free operation (NTCIP 1202)."""
_BEGIN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)=(plan|[1-9]\d{0,2})")
_MEND = 'write it like "mon-fri 00:00=1 06:30=plan 09:00=1"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """From a minute of the day on, local time of the unit, a pattern runs.

    Parameters
    ----------
    minute
        Minutes since midnight, 0–1439.
    pattern
        Pattern of the unit itself, 1–253, or 254 for free operation; none for the plan.
    """

    minute: int
    pattern: int | None

    @property
    def words(self) -> str:
        """The same in words, such as ``06:30=plan``."""
        what = PLAN if self.pattern is None else str(self.pattern)
        return f"{self.minute // 60:02d}:{self.minute % 60:02d}={what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What runs from which time on, on some days of every week.

    Parameters
    ----------
    weekdays
        Days, Monday 0, in order; on all others the unit follows its own schedule.
    begins
        In order of time; the first one at midnight, so that no minute is left to what ran before.

    Raises
    ------
    InputError
        A minute is left open, days or times are not in order, the plan never runs, or a pattern is
        none of a unit.
    """

    weekdays: tuple[int, ...]
    begins: tuple[Begin, ...]

    def __post_init__(self) -> None:
        """Refuse a schedule that leaves a minute open or never runs the plan."""
        if fault := next(_faults(self), ""):
            raise _wrong(fault)

    @property
    def words(self) -> str:
        """The one text of the schedule, which is what is signed."""
        days = ",".join(DAYS[day] for day in self.weekdays)
        return " ".join((days, *(begin.words for begin in self.begins)))

    @property
    def own_patterns(self) -> frozenset[int]:
        """Patterns of the units themselves that it runs."""
        return frozenset(begin.pattern for begin in self.begins if begin.pattern is not None)


def read_schedule(words: str) -> Schedule:
    """Return the schedule that words describe.

    Parameters
    ----------
    words
        Days (``daily``, ``mon-fri``, ``sat,sun``), then ``HH:MM=pattern`` for each change.

    Raises
    ------
    InputError
        They describe none: says what is wrong.
    """
    days, *changes = words.split() or [""]
    return Schedule(weekdays=_weekdays(days), begins=tuple(_begin(each) for each in changes))


def _faults(schedule: Schedule) -> Iterator[str]:
    """Yield what is wrong with a schedule."""
    days, minutes = list(schedule.weekdays), [begin.minute for begin in schedule.begins]
    if not days or sorted(set(days)) != days:
        yield "names no day, or a day twice"
    if not minutes or minutes[0] != 0:
        yield "does not say what runs from 00:00"
    if sorted(set(minutes)) != minutes:
        yield "has times that are not one after the other"
    if all(begin.pattern is not None for begin in schedule.begins):
        yield "never runs the plan"
    for pattern in sorted(schedule.own_patterns):
        if not 1 <= pattern <= FREE:
            yield f"{pattern} is no pattern (1–{LAST_PATTERN}, {FREE} for free)"


def _wrong(what: str) -> InputError:
    where = "schedule"
    return InputError(where, what, _MEND)


def _weekdays(text: str) -> tuple[int, ...]:
    if text == "daily":
        return tuple(range(len(DAYS)))
    found = set[int]()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last and last not in DAYS):
            what = f"{part!r} names no day"
            raise _wrong(what)
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found |= {day % len(DAYS) for day in range(begin, end + 1 + len(DAYS) * (end < begin))}
    return tuple(sorted(found))


def _begin(text: str) -> Begin:
    match = _BEGIN.fullmatch(text)
    if match is None:
        what = f"{text!r} is no time with its pattern"
        raise _wrong(what)
    hour, minute, what = match.groups()
    return Begin(minute=int(hour) * 60 + int(minute), pattern=None if what == PLAN else int(what))
