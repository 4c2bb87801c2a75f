"""Spans: what safety asks of the gaps between the events of an intersection."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.model.aspects import Aspect
from citybrain.model.intersection import Intersection
from citybrain.units import RESOLUTION_S, rounded_s
from optimizer.courses import Course, Stay, Turn

SHORTEST_STAY_S = 1.0
"""Shortest time that a group keeps what it shows, unless it keeps it for less today. [s]"""


@dataclass(frozen=True, slots=True)
class Bound:
    """One thing that safety asks for, and of which groups.

    Parameters
    ----------
    reason
        The rule that it stands for.
    groups
        One group, or the two that exclude each other, the one that ends first.
    """

    reason: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Gaps ``first, first + 1, …`` (``count`` of them, cyclic) and the bounds on their sum.

    Parameters
    ----------
    first, count
        Which gaps.
    minimum_s, maximum_s
        Bounds on the sum. [s]
    bound
        What the span stands for.
    """

    first: int
    count: int
    minimum_s: float
    maximum_s: float
    bound: Bound


def spans_of(
    courses: Sequence[Course],
    running: Sequence[float],
    intersection: Intersection,
) -> tuple[Span, ...]:
    """Collect the spans of an intersection.

    Bounds are rounded up to whole seconds, because controllers keep cycle and splits in whole
    seconds.  Where the running pattern keeps a bound, but not the rounded one, it may show what it
    shows; intergreens are always rounded up.

    Parameters
    ----------
    courses
        What each group does.
    running
        Gaps of the running pattern. [s]
    intersection
        Minimum greens, intergreens and longest reds.
    """
    maker = _SpanMaker(running, intersection)
    spans = [*maker.own(courses), *maker.conflicting(courses), *maker.yielding(courses)]
    return tuple(span for span in spans if span.count)


def span_matrix(
    spans: Sequence[Span], size: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return spans as rows over gaps, with the lower and upper bound of each row.

    Spans over the same gaps are put into one row.

    Parameters
    ----------
    spans
        Spans, at least one.
    size
        How many gaps there are.

    Returns
    -------
    matrix
        1 where a row holds a gap. float64, shape (rows, gaps) [-]
    lows_s, highs_s
        Bounds on the sum of each row; infinite for none above. float64, shape (rows,) [s]
    """
    bounds: dict[tuple[int, int], tuple[float, float]] = {}
    for span in spans:
        low_s, high_s = bounds.get((span.first, span.count), (0.0, math.inf))
        bounds[span.first, span.count] = (
            max(low_s, span.minimum_s),
            min(high_s, span.maximum_s),
        )
    matrix = np.zeros((len(bounds), size))
    for row, (first, count) in enumerate(bounds):
        matrix[row, [(first + step) % size for step in range(count)]] = 1.0
    lows_s, highs_s = zip(*bounds.values(), strict=True)
    return matrix, np.array(lows_s), np.array(highs_s)


@dataclass(frozen=True, slots=True)
class _SpanMaker:
    running: Sequence[float]
    intersection: Intersection

    def _span(
        self,
        begin: Turn,
        end: Turn,
        bound: Bound,
        *,
        minimum_s: float = 0.0,
        maximum_s: float = math.inf,
        is_eased: bool = True,
    ) -> Span:
        """Bound the time from one turn to the next occurrence of another."""
        size = len(self.running)
        count = (end.event - begin.event) % size
        shown_s = sum(self.running[(begin.event + step) % size] for step in range(count))
        shift_s = begin.shift_s - end.shift_s
        low_s = float(math.ceil(minimum_s + shift_s - RESOLUTION_S))
        if is_eased and shown_s > minimum_s + shift_s - RESOLUTION_S:
            low_s = min(low_s, shown_s)
        return Span(begin.event, count, rounded_s(low_s), rounded_s(maximum_s + shift_s), bound)

    def own(self, courses: Iterable[Course]) -> Iterator[Span]:
        """Yield what each group asks for by itself: stays, minimum green, maximum red."""
        for course in courses:
            for aspect in Aspect:
                for stay in course.stays(aspect):
                    shortest_s = min(SHORTEST_STAY_S, stay.shown_s)
                    bound = Bound("shortest stay", (course.group,))
                    yield self._span(stay.begin, stay.end, bound, minimum_s=shortest_s)
            minimum_s = self.intersection.group(course.group).minimum_green_s
            bound = Bound("minimum green", (course.group,))
            for stay in greens(course):
                yield self._span(stay.begin, stay.end, bound, minimum_s=minimum_s)
            others = [a for a in Aspect if a not in (Aspect.PROTECTED, Aspect.PERMISSIVE)]
            for stay in course.stays(*others) if greens(course) else ():
                limit_s = self.intersection.maximum_reds_s.get(course.group, math.inf)
                bound = Bound("maximum red", (course.group,))
                yield self._span(stay.begin, stay.end, bound, maximum_s=limit_s)

    def conflicting(self, courses: Sequence[Course]) -> Iterator[Span]:
        """Yield the intergreens of groups that may never be green together."""
        for ending in courses:
            for starting in courses:
                bound_s = self.intersection.intergreens_s.get((ending.group, starting.group))
                if bound_s is not None:
                    bound = Bound("intergreen", (ending.group, starting.group))
                    for end, start in _successions(greens(ending), greens(starting)):
                        yield self._span(end, start, bound, minimum_s=bound_s, is_eased=False)

    def yielding(self, courses: Sequence[Course]) -> Iterator[Span]:
        """Yield what keeps two protected greens apart where one may only yield to the other.

        How far apart is data of the intersection, taken from the running pattern.
        """
        by_name = {course.group: course for course in courses}
        for pair in sorted(self.intersection.yielding):
            for ending, starting in (pair, pair[::-1]):
                limit_s = self.intersection.protections_s.get((ending, starting), 0.0)
                ends = by_name[ending].stays(Aspect.PROTECTED)
                starts = by_name[starting].stays(Aspect.PROTECTED)
                bound = Bound("separation of protected greens", (ending, starting))
                for end, start in _successions(ends, starts):
                    yield self._span(end, start, bound, minimum_s=limit_s)


def greens(course: Course) -> tuple[Stay, ...]:
    """Return the uninterrupted greens of a course, of whatever kind."""
    return course.stays(Aspect.PROTECTED, Aspect.PERMISSIVE)


def _successions(endings: Sequence[Stay], startings: Sequence[Stay]) -> Iterator[tuple[Turn, Turn]]:
    """Pair every end with every start; the shortest of these spans is the succession."""
    for ending in endings:
        for starting in startings:
            yield ending.end, starting.begin
