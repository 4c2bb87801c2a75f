"""A timetable: what bounds the event times of one intersection, whatever their order.

Every group begins and ends its greens at events of its own.  Safety asks three things of their
times: that each stay is long enough (and no red too long), that each group's turns follow each
other once round the cycle, and that stays which exclude each other are apart by their
intergreen, both ways.  None of them names an order of groups, so event times may change the
sequence, and times that keep all bounds render to a pattern that keeps the rules.

This is the signal-setting problem in the form of periodic events: P. Serafini and W. Ukovich,
"A mathematical model for periodic scheduling problems" (SIAM J. Discrete Math. 2, 1989); group-
based in the sense of B. G. Heydecker and I. W. Dudgeon (ISTTT 10, 1987).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from citybrain.errors import InfeasibleError
from citybrain.model.intersection import Intersection
from citybrain.model.pattern import Pattern
from citybrain.model.runs import Run
from citybrain.model.successions import with_red_clearances
from citybrain.units import RESOLUTION_S, rounded_s
from optimizer.courses import Course, Turn, events_and_courses
from optimizer.kernels import Indices, Times, first_broken
from optimizer.spans import Bound
from optimizer.timetable_bounds import BoundMaker


@dataclass(frozen=True, kw_only=True, eq=False)
class Timetable:
    """Events and bounds of one intersection; build it with ``Timetable.of``.

    Parameters
    ----------
    intersection
        Name.
    courses
        What each group does; the events are the group's own.
    running_s
        Event times of the running pattern. [s]
    shared
        Event of the running pattern's skeleton that each event was split from.
    intergreens_s
        (group ending, group starting) → intergreen. [s]
    bounds
        What each number that ``first_broken`` can return stands for.
    stays, pairs
        Stays, and those that exclude each other, as ``first_broken`` takes them. [s]
    """

    intersection: str
    courses: tuple[Course, ...]
    running_s: tuple[float, ...]
    shared: tuple[int, ...]
    intergreens_s: dict[tuple[str, str], float]
    bounds: tuple[Bound, ...]
    stays: tuple[Indices, Times] = field(repr=False)
    pairs: tuple[Indices, Times] = field(repr=False)

    @classmethod
    def of(
        cls, pattern: Pattern, intersection: Intersection, *, in_whole_seconds: bool = True
    ) -> "Timetable":
        """Split the events of a pattern by group and collect their bounds.

        Parameters
        ----------
        pattern
            The running pattern; what each group shows, in which order, is kept.
        intersection
            Minimum greens, intergreens and longest reds.
        in_whole_seconds
            Round bounds up so that whole seconds keep them; not for a unit whose clearances
            last for tenths.
        """
        times_s, tied = events_and_courses(pattern)
        courses, shared = _split(tied)
        running_s = [times_s[event] for event in shared]
        maker = BoundMaker(
            intersection, pattern.cycle_s, running_s, in_whole_seconds=in_whole_seconds
        )
        for course in courses:
            maker.own(course)
        names = [Bound("order of aspects", (c.group,)) for c in courses if not c.is_constant]
        maker.exclude_all(courses)
        return cls(
            intersection=pattern.intersection,
            courses=courses,
            running_s=tuple(maker.running_s),
            shared=shared,
            intergreens_s=intersection.intergreens_s,
            bounds=(*maker.stay_names, *names, *maker.pair_names),
            stays=maker.stay_arrays(),
            pairs=maker.pair_arrays(),
        )

    @cached_property
    def turns(self) -> tuple[Indices, Indices, Times]:
        """Rows of turns of every group that changes: row starts, events, shifts [s].

        int64, shape (groups + 1,); int64 and float64, shape (turns,).
        """
        rows = [course.turns for course in self.courses if not course.is_constant]
        starts = np.cumsum([0, *map(len, rows)])
        turns = [turn for row in rows for turn in row]
        return (
            starts.astype(np.int64),
            np.array([turn.event for turn in turns], dtype=np.int64),
            np.array([turn.shift_s for turn in turns], dtype=np.float64),
        )

    def broken(self, times_s: Sequence[float] | Times, cycle_s: float) -> Bound | None:
        """Return the first bound that event times break, none if they are safe.

        Parameters
        ----------
        times_s
            Time of each event, any representative modulo the cycle; shape (events,). [s]
        cycle_s
            Cycle length. [s]
        """
        found = first_broken(
            np.asarray(times_s, dtype=np.float64), cycle_s, self.stays, self.turns, self.pairs
        )
        return None if found < 0 else self.bounds[found]

    def is_safe(self, times_s: Sequence[float] | Times, cycle_s: float) -> bool:
        """Tell whether event times keep every bound.

        Parameters
        ----------
        times_s, cycle_s
            As for ``broken``. [s]
        """
        times = np.asarray(times_s, dtype=np.float64)
        return first_broken(times, cycle_s, self.stays, self.turns, self.pairs) < 0

    def times_of(self, pattern: Pattern) -> tuple[float, ...] | None:
        """Return the event times under which this timetable renders to a pattern.

        Parameters
        ----------
        pattern
            What is shown; each group in the colours of its course, at any times.

        Returns
        -------
        tuple
            Local times [s]; none if some group shows other colours, or other yellows.
        """
        times_s: dict[int, float] = {}
        for course in self.courses:
            runs = pattern.timing(course.group).runs(pattern.cycle_s)
            starts_s = _placed(course, runs)
            if starts_s is None:
                return None
            if course.is_constant:
                continue
            for turn, start_s in zip(course.turns, starts_s, strict=True):
                at_s = rounded_s((start_s - turn.shift_s) % pattern.cycle_s)
                known_s = times_s.setdefault(turn.event, at_s)
                apart_s = abs(known_s - at_s)
                if min(apart_s, pattern.cycle_s - apart_s) > RESOLUTION_S / 2:
                    return None
        return tuple(times_s[event] for event in range(len(self.shared)))

    def render(
        self, times_s: Sequence[float], cycle_s: float, offset_s: float, program: str
    ) -> Pattern:
        """Place the events in time.

        Parameters
        ----------
        times_s
            Time of each event; taken modulo the cycle. [s]
        cycle_s
            Cycle length. [s]
        offset_s
            Offset; taken modulo the cycle. [s]
        program
            Name of the pattern.

        Raises
        ------
        InfeasibleError
            The times break a bound; it is named.
        """
        broken = self.broken(times_s, cycle_s)
        if broken is not None:
            msg = (
                f"{self.intersection}: group {' and '.join(broken.groups)}: event times break "
                f"the bound '{broken.reason}'"
            )
            raise InfeasibleError(msg)
        placed_s = [rounded_s(time_s % cycle_s) for time_s in times_s]
        pattern = Pattern(
            intersection=self.intersection,
            program=program,
            cycle_s=rounded_s(cycle_s),
            offset_s=rounded_s(offset_s % cycle_s) % cycle_s,
            groups=tuple(course.timing(placed_s, cycle_s) for course in self.courses),
        )
        return with_red_clearances(pattern, self.intergreens_s)


def _split(tied: Sequence[Course]) -> tuple[tuple[Course, ...], tuple[int, ...]]:
    """Give every group events of its own; also return the event that each was split from."""
    courses: list[Course] = []
    shared: list[int] = []
    for course in tied:
        if course.is_constant:
            courses.append(course)
            continue
        own = {event: len(shared) + i for i, event in enumerate(_distinct(course.turns))}
        shared.extend(own)
        turns = tuple(replace(turn, event=own[turn.event]) for turn in course.turns)
        courses.append(replace(course, turns=turns))
    return tuple(courses), tuple(shared)


def _placed(course: Course, runs: Sequence[Run]) -> list[float] | None:
    """Return the begin of every turn of a course, none if the runs are not those of it [s]."""
    wanted = [turn.aspect for turn in course.turns]
    if len(runs) != len(wanted):
        return None
    for first in range(len(runs)):
        turned = [*runs[first:], *runs[:first]]
        if [run.aspect for run in turned] == wanted:
            return [run.start_s for run in turned]
    return None


def _distinct(turns: Sequence[Turn]) -> Iterator[int]:
    return iter(dict.fromkeys(turn.event for turn in turns))
