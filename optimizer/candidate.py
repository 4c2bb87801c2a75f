"""A candidate: event times, cycle and offset of every intersection.

A candidate is plain values, so that it can be kept, compared and sent to another process; a
workshop (``optimizer.workshop``) makes plans of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from citybrain.units import rounded_s
from optimizer.skeleton import Gaps
from optimizer.timing import Timing


@dataclass(frozen=True, slots=True)
class Split:
    """Gaps between the running pattern's events, in its order, and offset [s]."""

    gaps_s: Gaps
    offset_s: float

    @property
    def cycle_s(self) -> float:
        """Cycle length [s]."""
        return rounded_s(sum(self.gaps_s))

    def with_gaps(self, gaps_s: Gaps | None) -> "Split":
        """Return a split with other gaps, its offset in proportion; itself if there are none."""
        if gaps_s is None:
            return self
        cycle_s = sum(gaps_s)
        return Split(gaps_s, float(round(self.offset_s * cycle_s / self.cycle_s)) % cycle_s)


Splits = Mapping[str, Split]
"""Intersection → split."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One timing for each intersection, in the order of the intersections' names."""

    timings: tuple[tuple[str, Timing], ...]

    @classmethod
    def of(cls, timings: Mapping[str, Timing]) -> "Candidate":
        """Make a candidate of timings by intersection."""
        return cls(tuple(sorted(timings.items())))

    def by_name(self) -> dict[str, Timing]:
        """Return the timings by intersection."""
        return dict(self.timings)
