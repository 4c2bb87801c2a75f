"""The skeleton of a pattern: the order of its events, free of their times.

An *event* is an instant at which some group begins or ends a green or changes its kind.  The
skeleton keeps the order in which the running pattern shows its events and asks only how long
each *gap* between neighbouring events lasts.  What safety asks for becomes *spans*: sums of
neighbouring gaps that may not fall below (or rise above) a bound.  Gaps that keep the spans
render to a pattern that keeps the rules, so a search over gaps cannot represent an unsafe plan.

The formulation is group-based as in B. G. Heydecker and I. W. Dudgeon, "Calculation of signal
settings to minimise delay at a junction" (ISTTT 10, 1987), with the cyclic order held fixed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from citybrain.errors import InfeasibleError
from citybrain.model.intersection import Intersection
from citybrain.model.pattern import Pattern
from citybrain.model.successions import with_red_clearances
from citybrain.units import RESOLUTION_S, rounded_s
from optimizer.courses import Course, events_and_courses
from optimizer.spans import Span, span_matrix, spans_of

Gaps = tuple[float, ...]
"""Durations between neighbouring events, from the first event once round the cycle. [s]"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Skeleton:
    """Order of events and spans of one intersection; build it with ``Skeleton.of``.

    Parameters
    ----------
    intersection, program
        Names that the rendered patterns carry.
    first_event_s
        Local time of the first event in the running pattern; rendered patterns keep it. [s]
    courses
        What each group does.
    spans
        Bounds on sums of gaps.
    running
        Gaps of the running pattern. [s]
    intergreens_s
        (group ending, group starting) → intergreen. [s]
    matrix
        1 where a span, the row, holds a gap, the column. float64, shape (rows, gaps) [-]
    minimum_s, maximum_s
        Bounds on the sum of each row; infinite for none above. float64, shape (rows,) [s]
    """

    intersection: str
    program: str
    first_event_s: float
    courses: tuple[Course, ...]
    spans: tuple[Span, ...]
    running: Gaps
    intergreens_s: dict[tuple[str, str], float]
    matrix: NDArray[np.float64] = field(repr=False)
    minimum_s: NDArray[np.float64] = field(repr=False)
    maximum_s: NDArray[np.float64] = field(repr=False)

    @classmethod
    def of(cls, pattern: Pattern, intersection: Intersection) -> "Skeleton":
        """Take the skeleton of a pattern.

        Parameters
        ----------
        pattern
            The running pattern; its order of events is kept.
        intersection
            Minimum greens, intergreens, longest reds and the range of the cycle.

        Raises
        ------
        InfeasibleError
            The pattern has no two events to move.
        """
        times_s, courses = events_and_courses(pattern)
        if len(times_s) < 2:  # noqa: PLR2004 - one event leaves nothing to move
            msg = f"{pattern.intersection}: fewer than two events, nothing to retime"
            raise InfeasibleError(msg)
        following_s = (*times_s[1:], times_s[0] + pattern.cycle_s)
        running = tuple(rounded_s(b - a) for a, b in zip(times_s, following_s, strict=True))
        spans = spans_of(courses, running, intersection)
        if not spans:
            msg = f"{pattern.intersection}: no bound on any event, nothing to retime"
            raise InfeasibleError(msg)
        matrix, minimum_s, maximum_s = span_matrix(spans, len(running))
        return cls(
            intersection=pattern.intersection,
            program=pattern.program,
            first_event_s=times_s[0],
            courses=courses,
            spans=spans,
            running=running,
            intergreens_s=intersection.intergreens_s,
            matrix=matrix,
            minimum_s=minimum_s,
            maximum_s=maximum_s,
        )

    def is_safe(self, gaps_s: Sequence[float]) -> bool:
        """Tell whether gaps keep every span."""
        if min(gaps_s) < 0:
            return False
        totals_s = self.matrix @ np.asarray(gaps_s)
        slack_s = RESOLUTION_S / 2
        return bool(
            np.all(totals_s >= self.minimum_s - slack_s)
            and np.all(totals_s <= self.maximum_s + slack_s)
        )

    def render(self, gaps_s: Sequence[float], offset_s: float, program: str) -> Pattern:
        """Place the events in time.

        Parameters
        ----------
        gaps_s
            One duration for each gap, which must keep the spans. [s]
        offset_s
            Offset; taken modulo the cycle. [s]
        program
            Name of the pattern.

        Raises
        ------
        InfeasibleError
            The gaps break a span.
        """
        if not self.is_safe(gaps_s):
            msg = f"{self.intersection}: gaps {list(gaps_s)} break the bounds of the skeleton"
            raise InfeasibleError(msg)
        cycle_s = rounded_s(sum(gaps_s))
        times_s = self.event_times(gaps_s)
        pattern = Pattern(
            intersection=self.intersection,
            program=program,
            cycle_s=cycle_s,
            offset_s=rounded_s(offset_s % cycle_s) % cycle_s,
            groups=tuple(course.timing(times_s, cycle_s) for course in self.courses),
        )
        return with_red_clearances(pattern, self.intergreens_s)

    def event_times(self, gaps_s: Sequence[float]) -> list[float]:
        """Return the local time of each event under some gaps, in [0, cycle) [s]."""
        cycle_s = rounded_s(sum(gaps_s))
        sums_s = accumulate(gaps_s[:-1], initial=self.first_event_s)
        return [rounded_s(rounded_s(time_s) % cycle_s) for time_s in sums_s]
