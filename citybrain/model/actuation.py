"""Actuation: how far a controller with detectors may depart from a pattern's greens.

An actuated pattern shows its intervals in their order; some of them, the *stretches*, end early
when no more vehicles come, or late while they do.  Everything else keeps its time.  So every
bound on a shortest time (minimum green, intergreen, clearance) is nearest to being broken when
all stretches are at their shortest, and every bound on a longest time (maximum red) when all are
at their longest: an actuated pattern keeps the rules exactly if these two realisations do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Self

from citybrain.errors import InfeasibleError
from citybrain.model.pattern import Interval, Pattern
from citybrain.model.runs import cyclic_runs
from citybrain.model.signals import GroupTiming
from citybrain.units import RESOLUTION_S, rounded_s, same_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """An interval of a pattern that may end early or late.

    Parameters
    ----------
    start_s
        Local time at which the pattern shows the interval. [s]
    minimum_s, maximum_s
        Shortest and longest duration. [s]

    Raises
    ------
    InfeasibleError
        It is never shown, or its shortest duration is above its longest.
    """

    start_s: float
    minimum_s: float
    maximum_s: float

    def __post_init__(self) -> None:
        """Refuse a stretch that is never shown, or shorter at most than at least."""
        if not RESOLUTION_S <= self.minimum_s <= self.maximum_s:
            msg = f"stretch at {self.start_s} s lasts from {self.minimum_s} to {self.maximum_s} s"
            raise InfeasibleError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actuation:
    """How detectors move the ends of stretches.

    Parameters
    ----------
    stretches
        In order of their start.
    gap_s
        Longest time between two vehicles over a detector that keeps a stretch going. [s]
    detector_s
        Travel time from the detectors to the stop line. [s]
    is_coordinated
        Stretches end within their bounds at times of a fixed cycle, so that what one of them
        saves another one gets and the cycle stays in step.
    """

    stretches: tuple[Stretch, ...]
    gap_s: float = 3.0
    detector_s: float = 2.0
    is_coordinated: bool = False

    def __str__(self) -> str:
        """Say which intervals follow the traffic, how far, and what it needs."""
        spans = ", ".join(
            f"{s.minimum_s:g}-{s.maximum_s:g} s at {s.start_s:g} s" for s in self.stretches
        )
        step = "in step with the cycle" if self.is_coordinated else "free of the cycle"
        return (
            f"follows detectors {self.detector_s:g} s before the stop line, gap {self.gap_s:g} s, "
            f"{step}: {spans}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ActuatedPattern(Pattern):
    """A pattern whose stretches follow the traffic.

    Parameters
    ----------
    actuation
        Which intervals may change, and by how much.

    Raises
    ------
    InfeasibleError
        A stretch is no interval of the pattern, or this cannot exist as a ``Pattern``.
    """

    actuation: Actuation

    def __post_init__(self) -> None:
        """Refuse stretches that are no intervals of the pattern."""
        Pattern.__post_init__(self)
        starts_s = [interval.start_s for interval in self.intervals()]
        for stretch in self.actuation.stretches:
            if not any(same_time(stretch.start_s, start_s) for start_s in starts_s):
                msg = f"{self.intersection}: no interval starts at {stretch.start_s} s"
                raise InfeasibleError(msg)

    @classmethod
    def of(cls, pattern: Pattern, actuation: Actuation) -> Self:
        """Let the stretches of a pattern follow the traffic."""
        return cls(
            intersection=pattern.intersection,
            program=pattern.program,
            cycle_s=pattern.cycle_s,
            offset_s=pattern.offset_s,
            groups=pattern.groups,
            actuation=actuation,
        )

    def stretch_at(self, start_s: float) -> Stretch | None:
        """Return the stretch that starts at a local time, none if that interval is fixed."""
        return next((s for s in self.actuation.stretches if same_time(s.start_s, start_s)), None)

    def as_shown(self) -> Pattern:
        """Return the fixed times that come nearest to the pattern's own within all stretches.

        The times of the pattern itself only say where it begins: what lies outside the bounds of
        a stretch is never shown.
        """
        drawn_s = [interval.duration_s for interval in self.intervals()]
        durations_s = [
            min(max(own_s, stretch.minimum_s), stretch.maximum_s)
            for own_s, stretch in zip(drawn_s, self.bounds(), strict=True)
        ]
        if not all(map(same_time, drawn_s, durations_s)):
            return self._realised(durations_s)
        return Pattern(
            intersection=self.intersection,
            program=self.program,
            cycle_s=self.cycle_s,
            offset_s=self.offset_s,
            groups=self.groups,
        )

    def shortest(self) -> Pattern:
        """Return what is shown when every stretch ends as early as it may."""
        return self._realised([s.minimum_s for s in self.bounds()])

    def longest(self) -> Pattern:
        """Return what is shown when every stretch ends as late as it may."""
        return self._realised([s.maximum_s for s in self.bounds()])

    def bounds(self) -> list[Stretch]:
        """Return every interval as a stretch, in their order; fixed ones have equal bounds."""
        return [
            self.stretch_at(interval.start_s)
            or Stretch(
                start_s=interval.start_s,
                minimum_s=interval.duration_s,
                maximum_s=interval.duration_s,
            )
            for interval in self.intervals()
        ]

    def _realised(self, durations_s: Sequence[float]) -> Pattern:
        return with_durations(self, self.intervals(), durations_s)


def as_shown(pattern: Pattern) -> Pattern:
    """Return fixed times that a pattern may show: itself, unless it follows the traffic."""
    return pattern.as_shown() if isinstance(pattern, ActuatedPattern) else pattern


def realisations(pattern: Pattern) -> tuple[Pattern, ...]:
    """Return the fixed patterns that bound what a pattern may show.

    Parameters
    ----------
    pattern
        Any pattern.

    Returns
    -------
    tuple of Pattern
        A fixed pattern alone; one that follows the traffic at its shortest and at its longest.
    """
    if isinstance(pattern, ActuatedPattern):
        return pattern.shortest(), pattern.longest()
    return (pattern,)


def cycle_range_s(pattern: Pattern) -> tuple[float, float]:
    """Return the shortest and the longest cycle that a pattern may show [s].

    Parameters
    ----------
    pattern
        Any pattern; a fixed one and one that keeps step with its cycle have one cycle.
    """
    if isinstance(pattern, ActuatedPattern) and not pattern.actuation.is_coordinated:
        return pattern.shortest().cycle_s, pattern.longest().cycle_s
    return pattern.cycle_s, pattern.cycle_s


def with_durations(
    pattern: Pattern, intervals: Sequence[Interval], durations_s: Sequence[float]
) -> Pattern:
    """Return a fixed pattern that shows the same intervals for other times.

    Parameters
    ----------
    pattern
        Pattern with these intervals; its red clearances are kept.
    intervals
        Its intervals.
    durations_s
        One for each. [s]
    """
    cycle_s = rounded_s(sum(durations_s))
    starts_s = [rounded_s(end_s) for end_s in accumulate(durations_s[:-1], initial=0.0)]
    timings = []
    for index, timing in enumerate(pattern.groups):
        aspects = [interval.aspects[index] for interval in intervals]
        runs = cyclic_runs(list(zip(starts_s, aspects, strict=True)), cycle_s)
        timings.append(cleared_like(GroupTiming.from_runs(timing.group, runs, cycle_s), timing))
    return Pattern(
        intersection=pattern.intersection,
        program=pattern.program,
        cycle_s=cycle_s,
        offset_s=rounded_s(pattern.offset_s % cycle_s) % cycle_s,
        groups=tuple(timings),
    )


def cleared_like(timing: GroupTiming, original: GroupTiming) -> GroupTiming:
    """Return a timing whose windows have the least red clearance of an original.

    Parameters
    ----------
    timing
        What is shown.
    original
        Declares the red clearances; 0 where it has no windows. [s]
    """
    clearance_s = min((window.red_clearance_s for window in original.windows), default=0.0)
    windows = (replace(window, red_clearance_s=clearance_s) for window in timing.windows)
    return replace(timing, windows=tuple(windows))
