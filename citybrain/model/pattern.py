"""A pattern: what all signal groups of one intersection show, cycle after cycle."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from citybrain.errors import InfeasibleError
from citybrain.model.aspects import Aspect
from citybrain.model.signals import GroupTiming
from citybrain.units import RESOLUTION_S, rounded_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A time during which no signal face of the intersection changes [s]."""

    start_s: float
    duration_s: float
    aspects: tuple[Aspect, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Cycle, offset and windows of one intersection.

    Parameters
    ----------
    intersection
        Name of the intersection.
    program
        Name under which the controller stores the pattern.
    cycle_s
        Cycle length. [s]
    offset_s
        Lag of local time 0 behind master time 0, in [0, cycle). [s]  Master time 0 is the
        simulation's time 0.
    groups
        One timing for each signal group, in the intersection's order of groups.

    Raises
    ------
    InfeasibleError
        The cycle is not above 0, the offset lies outside it, or windows do not fit it.
    """

    intersection: str
    program: str
    cycle_s: float
    offset_s: float
    groups: tuple[GroupTiming, ...]

    def __post_init__(self) -> None:
        """Refuse a pattern whose windows do not fit its cycle."""
        if self.cycle_s < RESOLUTION_S:
            msg = f"{self.intersection}: cycle is {self.cycle_s} s, must be longer than 0 s"
            raise InfeasibleError(msg)
        if not 0 <= self.offset_s < self.cycle_s:
            msg = f"{self.intersection}: offset {self.offset_s} s is outside [0, {self.cycle_s}) s"
            raise InfeasibleError(msg)
        for timing in self.groups:
            try:
                timing.check_fits(self.cycle_s)
            except InfeasibleError as error:
                msg = f"{self.intersection}: {error}"
                raise InfeasibleError(msg) from None

    def timing(self, group: str) -> GroupTiming:
        """Return the timing of one signal group by its name.

        Raises
        ------
        InfeasibleError
            The pattern has no such group.
        """
        for timing in self.groups:
            if timing.group == group:
                return timing
        msg = f"{self.intersection}: pattern {self.program} has no signal group {group}"
        raise InfeasibleError(msg)

    def intervals(self) -> tuple[Interval, ...]:
        """Return the intervals of the cycle: the view that SUMO calls phases.

        Returns
        -------
        tuple of Interval
            Local time from 0 to the cycle's end; aspects in the order of ``groups``.
        """
        return tuple(self._intervals())

    def _intervals(self) -> Iterator[Interval]:
        timelines = [timing.timeline(self.cycle_s) for timing in self.groups]
        times_s = sorted({start_s for timeline in timelines for start_s, _ in timeline} | {0.0})
        at = [0] * len(timelines)
        for start_s, end_s in pairwise([*times_s, self.cycle_s]):
            for index, timeline in enumerate(timelines):
                while at[index] + 1 < len(timeline) and timeline[at[index] + 1][0] <= start_s:
                    at[index] += 1
            yield Interval(
                start_s=start_s,
                duration_s=rounded_s(end_s - start_s),
                aspects=tuple(
                    timeline[index][1] for timeline, index in zip(timelines, at, strict=True)
                ),
            )
