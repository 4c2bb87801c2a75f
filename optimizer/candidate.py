"""A candidate: event times, cycle and offset of every intersection, which render to a plan."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from citybrain.errors import InfeasibleError
from citybrain.model.network import Network
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan
from citybrain.units import RESOLUTION_S, rounded_s
from optimizer.actuating import Option, actuated
from optimizer.contradiction import find_contradiction
from optimizer.greens import scaled_gaps, shortest_gaps
from optimizer.skeleton import Gaps, Skeleton
from optimizer.timetable import Timetable


@dataclass(frozen=True, slots=True)
class Timing:
    """How one intersection is timed.

    Parameters
    ----------
    times_s
        Event times in [0, cycle). [s]
    cycle_s, offset_s
        Cycle and offset. [s]
    option
        How its greens follow the traffic; none for a fixed time.
    """

    times_s: tuple[float, ...]
    cycle_s: float
    offset_s: float
    option: Option | None = None

    @classmethod
    def of(
        cls,
        times_s: Sequence[float],
        cycle_s: float,
        offset_s: float,
        option: Option | None = None,
    ) -> "Timing":
        """Make a timing of any representatives of the times modulo the cycle."""
        cycle_s = rounded_s(cycle_s)
        placed_s = tuple(rounded_s(rounded_s(time_s) % cycle_s) for time_s in times_s)
        return cls(placed_s, cycle_s, rounded_s(rounded_s(offset_s) % cycle_s), option)


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


def following(candidates: Iterable[Candidate], options: Sequence[Option]) -> list[Candidate]:
    """Return every candidate with every option, the same one at all its intersections."""
    return [
        Candidate.of({name: replace(timing, option=option) for name, timing in candidate.timings})
        for candidate in candidates
        for option in options
    ]


@dataclass(frozen=True, slots=True)
class Workshop:
    """What turns candidates into plans and back.

    Parameters
    ----------
    running
        The running plan; intersections without a skeleton keep its patterns.
    timetables
        Intersection → what bounds its event times.
    skeletons
        Intersection → order of events of the running pattern, for plans that are computed.
    cycle_ranges_s
        Intersection → shortest and longest cycle. [s]
    """

    running: Plan
    timetables: dict[str, Timetable]
    skeletons: dict[str, Skeleton]
    cycle_ranges_s: dict[str, tuple[float, float]]

    @classmethod
    def of(cls, running: Plan, network: Network) -> "Workshop":
        """Take apart the running plan's patterns, where they have events to move.

        Raises
        ------
        InfeasibleError
            No pattern has.
        """
        timetables, skeletons, ranges_s = {}, {}, {}
        for pattern in running.patterns:
            intersection = network.intersections[pattern.intersection]
            try:
                skeletons[intersection.name] = Skeleton.of(pattern, intersection)
            except InfeasibleError:
                continue
            timetables[intersection.name] = Timetable.of(pattern, intersection)
            ranges_s[intersection.name] = (
                intersection.minimum_cycle_s,
                intersection.maximum_cycle_s,
            )
        if not skeletons:
            msg = f"plan {running.name}: no intersection has events to move"
            raise InfeasibleError(msg)
        return cls(running, timetables, skeletons, ranges_s)

    def start(self) -> Candidate:
        """Return the running plan as a candidate, mended where it breaks a bound.

        A running plan may show less than the intergreens ask for; the nearest gaps that keep
        them replace it, in a longer cycle if the own one cannot hold them.
        """
        return self.candidate(self.start_splits())

    def start_splits(self) -> Splits:
        """Return the splits of the running plan, mended where they break a bound.

        Raises
        ------
        InfeasibleError
            The bounds of an intersection leave no pattern; names the smallest set in conflict.
        """
        return {
            name: self._start_split(name, skeleton) for name, skeleton in self.skeletons.items()
        }

    def _start_split(self, name: str, skeleton: Skeleton) -> Split:
        running = self.running.pattern(name)
        mended = _mended(skeleton, self.cycle_ranges_s[name])
        return Split(mended, running.offset_s % sum(mended))

    def candidate(self, splits: Splits) -> Candidate:
        """Return splits in the running pattern's order of events as a candidate."""
        return Candidate.of({name: self._timing(name, split) for name, split in splits.items()})

    def _timing(self, name: str, split: Split) -> Timing:
        shared_s = self.skeletons[name].event_times(split.gaps_s)
        times_s = [shared_s[event] for event in self.timetables[name].shared]
        return Timing.of(times_s, split.cycle_s, split.offset_s)

    def unchanged(self) -> Candidate | None:
        """Return the candidate that is the running plan, none if it breaks a bound."""
        ranges_s = self.cycle_ranges_s
        is_sound = all(_is_sound(s, ranges_s[name]) for name, s in self.skeletons.items())
        return self.start() if is_sound else None

    def plan(self, candidate: Candidate, name: str) -> Plan:
        """Render a candidate.

        Raises
        ------
        InfeasibleError
            A timing breaks a bound of its timetable.
        """
        rendered = {
            intersection: self._pattern(self.timetables[intersection], timing, name)
            for intersection, timing in candidate.timings
        }
        patterns = (
            rendered.get(pattern.intersection, replace(pattern, program=name))
            for pattern in self.running.patterns
        )
        return Plan(name=name, patterns=tuple(patterns))

    @staticmethod
    def _pattern(timetable: Timetable, timing: Timing, name: str) -> Pattern:
        pattern = timetable.render(timing.times_s, timing.cycle_s, timing.offset_s, name)
        if timing.option is None:
            return pattern
        return actuated(pattern, timing.times_s, timetable, timing.option)


def _mended(skeleton: Skeleton, cycle_range_s: tuple[float, float]) -> Gaps:
    """Return the gaps nearest to the running ones that keep every bound, the cycle's too.

    Raises
    ------
    InfeasibleError
        No gaps do; the smallest set of bounds in conflict is named.
    """
    if _is_sound(skeleton, cycle_range_s):
        return skeleton.running
    contradiction = find_contradiction(skeleton, cycle_range_s)
    if contradiction is not None:
        raise InfeasibleError(str(contradiction))
    low_s, high_s = math.ceil(cycle_range_s[0]), cycle_range_s[1]
    shortest = shortest_gaps(skeleton, low_s)
    if shortest is None or sum(shortest) > high_s:
        msg = f"{skeleton.intersection}: its bounds leave no pattern in whole seconds"
        raise InfeasibleError(msg)
    nearest_s = max(math.ceil(sum(skeleton.running)), round(sum(shortest)))
    cycle_s = math.floor(min(high_s, nearest_s))
    return scaled_gaps(skeleton, skeleton.running, cycle_s) or shortest


def _is_sound(skeleton: Skeleton, cycle_range_s: tuple[float, float]) -> bool:
    """Tell whether the running gaps keep every bound, the cycle's too."""
    low_s, high_s = cycle_range_s
    is_usual = low_s - RESOLUTION_S < sum(skeleton.running) < high_s + RESOLUTION_S
    return is_usual and skeleton.is_safe(skeleton.running)
