"""Making a timing actuated: which intervals follow the traffic, and how far.

An interval can be a stretch if no face changes colour in it and some green ends with it: a
controller that holds it longer serves that green longer.  Its minimum is the shortest that keeps
every bound while all other stretches are at their shortest, too; its maximum is a multiple of
what the pattern shows, or a time of its own, as far as no red becomes too long.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from citybrain.model.actuation import ActuatedPattern, Actuation, Stretch
from citybrain.model.aspects import CHANGING, GREENS
from citybrain.model.pattern import Interval, Pattern
from citybrain.units import rounded_s
from optimizer.kernels import SLACK_S, Times
from optimizer.timetable import Timetable


@dataclass(frozen=True, slots=True)
class Option:
    """How a controller follows the traffic.

    Parameters
    ----------
    gap_s
        Longest gap between vehicles that keeps a stretch going. [s]
    detector_s
        Travel time from the detectors to the stop line. [s]
    longer
        Longest duration of a stretch over the one that the pattern shows. [-]
    most_s
        Longest duration of a stretch at all. [s]
    least_s
        Stretches are no shorter than this, unless the pattern shows them shorter; by itself
        netconvert's own default for actuated greens (``--tls.min-dur``).  Where it is less than
        the minimum greens, these alone say how short a stretch may be: a green that lasts over
        several of them need not stay in each. [s]
    is_coordinated
        Stretches end at times of a fixed cycle.
    is_own
        Taken from one running pattern, and so apart from a setting of the same numbers.
    """

    gap_s: float
    detector_s: float
    longer: float
    most_s: float = 50.0
    least_s: float = 5.0
    is_coordinated: bool = False
    is_own: bool = False

    @classmethod
    def like(cls, actuation: Actuation) -> Self:
        """Return the setting nearest to how a pattern follows the traffic already."""
        held = [s for s in actuation.stretches if s.minimum_s < s.maximum_s] or actuation.stretches
        return cls(
            gap_s=actuation.gap_s,
            detector_s=actuation.detector_s,
            longer=1.0 if actuation.is_coordinated else math.inf,
            most_s=max(stretch.maximum_s for stretch in held),
            least_s=min(stretch.minimum_s for stretch in held),
            is_coordinated=actuation.is_coordinated,
            is_own=True,
        )


USUAL = Option(3.0, 2.0, math.inf, 50.0)
"""What SUMO's actuated programs do by default, as near as the rules allow: netconvert's bounds, and
SUMO's own gap and place of detectors."""

SHORT = Option(3.0, 2.0, math.inf, 30.0, 1.0)
"""The same detectors with shorter stretches, as short as the rules allow: a protected left turn is
nearly skipped when nobody turns left."""

OPTIONS = (
    Option(2.0, 1.0, math.inf, 30.0, 1.0),
    Option(3.0, 2.0, math.inf, 30.0),
    SHORT,
    Option(3.0, 2.0, 1.3),
    USUAL,
    Option(3.0, 1.0, 2.0),
    Option(2.0, 1.0, 1.5, least_s=1.0),
    Option(2.0, 2.0, math.inf, 30.0),
    Option(3.0, 2.0, 1.0, is_coordinated=True),
)
"""What a search chooses from at each intersection; the gaps are usual ones of controllers (Signal
Timing Manual, 2nd ed., NCHRP Report 812, 2015, chapter 5: 1 to 4 s)."""


def actuated(
    pattern: Pattern, times_s: Sequence[float], timetable: Timetable, option: Option
) -> Pattern:
    """Return a pattern with stretches, itself where it has no interval for one.

    Parameters
    ----------
    pattern
        What is shown without a detector.
    times_s
        Its event times, in [0, cycle). [s]
    timetable
        What bounds them.
    option
        How stretches follow the traffic.
    """
    spans_s = {i.start_s: i.duration_s for i in _stretchable(pattern.intervals())}
    if not spans_s:
        return pattern
    actuation = Actuation(
        stretches=stretches(spans_s, times_s, pattern.cycle_s, timetable, option),
        gap_s=option.gap_s,
        detector_s=option.detector_s,
        is_coordinated=option.is_coordinated,
    )
    return ActuatedPattern.of(pattern, actuation)


def stretches(
    spans_s: Mapping[float, float],
    times_s: Sequence[float],
    cycle_s: float,
    timetable: Timetable,
    option: Option,
) -> tuple[Stretch, ...]:
    """Return how far intervals may follow the traffic, in order of their start.

    Parameters
    ----------
    spans_s
        Start of each interval that can be a stretch → duration that is shown. [s]
    times_s, cycle_s
        Event times that are shown, and the cycle. [s]
    timetable
        What bounds them.
    option
        How stretches follow the traffic.
    """
    bounds = _Bounds(spans_s, cycle_s, np.asarray(times_s), timetable, option.least_s)
    shortest = dict(spans_s)
    for start_s in sorted(spans_s, key=lambda start_s: -spans_s[start_s]):
        shortest[start_s] = bounds.shortest_s(start_s, shortest)
    wanted = {
        start_s: max(shortest[start_s], float(round(min(option.most_s, shown_s * option.longer))))
        for start_s, shown_s in spans_s.items()
    }
    longest = bounds.longest_s(wanted)
    return tuple(
        Stretch(start_s=s, minimum_s=shortest[s], maximum_s=longest[s]) for s in sorted(spans_s)
    )


def _stretchable(intervals: Sequence[Interval]) -> Iterator[Interval]:
    for index, interval in enumerate(intervals):
        following = intervals[(index + 1) % len(intervals)].aspects
        ends = any(
            now in GREENS and then not in GREENS
            for now, then in zip(interval.aspects, following, strict=True)
        )
        if ends and not CHANGING.intersection(interval.aspects):
            yield interval


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Tells whether other durations of some intervals keep the bounds of a timetable."""

    spans_s: Mapping[float, float]
    cycle_s: float
    times_s: Times
    timetable: Timetable
    least_s: float

    def are_safe(self, durations_s: Mapping[float, float]) -> bool:
        """Tell whether all intervals, by their start, may last for other times."""
        times_s, cycle_s = self.times_s.copy(), self.cycle_s
        for start_s, span_s in self.spans_s.items():
            more_s = durations_s[start_s] - span_s
            times_s[self.times_s >= start_s + span_s - SLACK_S] += more_s
            cycle_s += more_s
        return self.timetable.is_safe(times_s, rounded_s(cycle_s))

    def longest_s(self, wanted_s: Mapping[float, float]) -> Mapping[float, float]:
        """Return the longest safe durations [s]: those wanted, or all up to one common length.

        With many stages all of them at their longest would make some red too long; none becomes
        shorter for that than the pattern shows it.
        """

        def up_to(most_s: int) -> dict[float, float]:
            return {
                start_s: min(wanted_s[start_s], max(span_s, float(most_s)))
                for start_s, span_s in self.spans_s.items()
            }

        lengths = range(math.ceil(max(wanted_s.values())) + 1)
        unsafe = bisect_left(lengths, True, key=lambda most_s: not self.are_safe(up_to(most_s)))
        return up_to(unsafe - 1) if unsafe else self.spans_s

    def shortest_s(self, start_s: float, others_s: Mapping[float, float]) -> float:
        """Return the shortest safe duration of one interval beside those of others [s]."""
        span_s = self.spans_s[start_s]
        lengths = range(max(1, round(min(self.least_s, span_s))), math.ceil(span_s))
        safe = bisect_left(
            lengths, True, key=lambda whole_s: self.are_safe({**others_s, start_s: float(whole_s)})
        )
        return float(lengths[safe]) if safe < len(lengths) else span_s
