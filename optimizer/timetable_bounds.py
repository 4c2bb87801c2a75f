"""The bounds of a timetable: how long each stay lasts, and which stays exclude each other."""

import math
from collections.abc import Sequence

import numpy as np

from citybrain.model.aspects import Aspect
from citybrain.model.intersection import Intersection
from citybrain.units import RESOLUTION_S, rounded_s
from optimizer.courses import Course, Stay, Turn
from optimizer.kernels import Indices, Times
from optimizer.spans import SHORTEST_STAY_S, Bound, greens


class BoundMaker:
    """Collects stays and the pairs of them that exclude each other.

    Bounds are rounded up so that whole times keep them.  Where the running pattern keeps a
    separation of protected greens, but not the rounded one, it may show what it shows.

    Parameters
    ----------
    intersection
        Minimum greens, intergreens and longest reds.
    cycle_s
        Cycle of the running pattern. [s]
    running_s
        Time of each event in it. [s]
    in_whole_seconds
        Whether bounds are rounded up.
    """

    def __init__(
        self,
        intersection: Intersection,
        cycle_s: float,
        running_s: Sequence[float],
        *,
        in_whole_seconds: bool,
    ) -> None:
        self.running_s = list(running_s)
        self.stay_names: list[Bound] = []
        self.pair_names: list[Bound] = []
        self._intersection = intersection
        self._in_whole_seconds = in_whole_seconds
        self._cycle_s = cycle_s
        self._ends: list[tuple[int, int]] = []
        self._limits_s: list[tuple[float, float, float, float]] = []
        self._rows: list[tuple[int, int]] = []
        self._gaps_s: list[tuple[float, float]] = []
        self._row_of: dict[tuple[str, int, int], int] = {}

    def own(self, course: Course) -> None:
        """Add what a group asks for by itself: stays, minimum green, maximum red."""
        for aspect in Aspect:
            for stay in course.stays(aspect):
                self._add(stay, "shortest stay", min(SHORTEST_STAY_S, stay.shown_s), math.inf)
        minimum_s = self._intersection.group(course.group).minimum_green_s
        for stay in greens(course):
            self._add(stay, "minimum green", minimum_s, math.inf)
        others = [a for a in Aspect if a not in (Aspect.PROTECTED, Aspect.PERMISSIVE)]
        limit_s = self._intersection.maximum_reds_s.get(course.group, math.inf)
        if greens(course) and math.isfinite(limit_s):
            for stay in course.stays(*others):
                self._add(stay, "maximum red", 0.0, limit_s)

    def exclude_all(self, courses: Sequence[Course]) -> None:
        """Add the pairs of stays that may never be shown together."""
        by_name = {course.group: course for course in courses}
        for first, second in sorted(self._intersection.conflicts):
            gaps_s = self._intersection.intergreens_s
            both_s = (gaps_s.get((first, second), 0.0), gaps_s.get((second, first), 0.0))
            self._exclude("intergreen", greens(by_name[first]), greens(by_name[second]), both_s)
        for first, second in sorted(self._intersection.yielding):
            gaps_s = self._intersection.protections_s
            both_s = (gaps_s.get((first, second), 0.0), gaps_s.get((second, first), 0.0))
            one, other = (by_name[name].stays(Aspect.PROTECTED) for name in (first, second))
            self._exclude("separation of protected greens", one, other, both_s)

    def stay_arrays(self) -> tuple[Indices, Times]:
        """Return the stays as ``first_broken`` takes them: int64 (n, 2), float64 (n, 4) [s]."""
        return (
            np.array(self._ends, dtype=np.int64).reshape(-1, 2),
            np.array(self._limits_s, dtype=np.float64).reshape(-1, 4),
        )

    def pair_arrays(self) -> tuple[Indices, Times]:
        """Return the pairs as ``first_broken`` takes them: int64 (m, 2), float64 (m, 2) [s]."""
        return (
            np.array(self._rows, dtype=np.int64).reshape(-1, 2),
            np.array(self._gaps_s, dtype=np.float64).reshape(-1, 2),
        )

    def _add(self, stay: Stay, reason: str, low_s: float, high_s: float) -> None:
        self._row_of[_key(stay)] = len(self._ends)
        self._ends.append((stay.begin.event, stay.end.event))
        self._limits_s.append((stay.begin.shift_s, stay.end.shift_s, rounded_s(low_s), high_s))
        self.stay_names.append(Bound(reason, (stay.group,)))

    def _exclude(
        self, reason: str, some: Sequence[Stay], others: Sequence[Stay], both_s: tuple[float, float]
    ) -> None:
        for one in some:
            for other in others:
                there_s = self._whole_s(both_s[0], one.end, other.begin)
                back_s = self._whole_s(both_s[1], other.end, one.begin)
                if reason != "intergreen":
                    there_s = _eased_s(there_s, both_s[0], self._shown_s(one.end, other.begin))
                    back_s = _eased_s(back_s, both_s[1], self._shown_s(other.end, one.begin))
                self._rows.append((self._row_of[_key(one)], self._row_of[_key(other)]))
                self._gaps_s.append((there_s, back_s))
                self.pair_names.append(Bound(reason, (one.group, other.group)))

    def _whole_s(self, bound_s: float, end: Turn, begin: Turn) -> float:
        """Round a bound up so that its events lie whole seconds apart [s]."""
        if not self._in_whole_seconds:
            return bound_s
        shift_s = begin.shift_s - end.shift_s
        return rounded_s(math.ceil(bound_s - shift_s - RESOLUTION_S) + shift_s)

    def _shown_s(self, end: Turn, begin: Turn) -> float:
        times_s = self.running_s
        from_s = times_s[end.event] + end.shift_s
        return rounded_s((times_s[begin.event] + begin.shift_s - from_s) % self._cycle_s)


def _eased_s(whole_s: float, bound_s: float, shown_s: float) -> float:
    """Return a bound in whole seconds, or less where the running pattern keeps the bound [s]."""
    return min(whole_s, shown_s) if shown_s > bound_s - RESOLUTION_S else whole_s


def _key(stay: Stay) -> tuple[str, int, int]:
    return stay.group, stay.begin.event, stay.end.event
