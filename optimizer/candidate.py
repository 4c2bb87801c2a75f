"""A candidate: gaps and offset of every intersection, which render to a plan."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from citybrain.errors import InfeasibleError
from citybrain.model.network import Network
from citybrain.model.plan import Plan
from citybrain.units import rounded_s
from optimizer.greens import scaled_gaps, shortest_gaps
from optimizer.skeleton import Gaps, Skeleton


@dataclass(frozen=True, slots=True)
class Timing:
    """Gaps and offset of one intersection [s]."""

    gaps_s: Gaps
    offset_s: float

    @property
    def cycle_s(self) -> float:
        """Cycle length [s]."""
        return rounded_s(sum(self.gaps_s))


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


@dataclass(frozen=True, slots=True)
class Workshop:
    """What turns candidates into plans and back.

    Parameters
    ----------
    running
        The running plan; intersections without a skeleton keep its patterns.
    skeletons
        Intersection → skeleton.
    cycle_ranges_s
        Intersection → shortest and longest cycle, widened to the running plan's own. [s]
    """

    running: Plan
    skeletons: dict[str, Skeleton]
    cycle_ranges_s: dict[str, tuple[float, float]]

    @classmethod
    def of(cls, running: Plan, network: Network) -> "Workshop":
        """Take the skeletons of the running plan's patterns, where they have events to move.

        Raises
        ------
        InfeasibleError
            No pattern has.
        """
        skeletons, ranges_s = {}, {}
        for pattern in running.patterns:
            intersection = network.intersections[pattern.intersection]
            try:
                skeletons[intersection.name] = Skeleton.of(pattern, intersection)
            except InfeasibleError:
                continue
            ranges_s[intersection.name] = (
                min(intersection.minimum_cycle_s, pattern.cycle_s),
                max(intersection.maximum_cycle_s, pattern.cycle_s),
            )
        if not skeletons:
            msg = f"plan {running.name}: no intersection has events to move"
            raise InfeasibleError(msg)
        return cls(running, skeletons, ranges_s)

    def start(self) -> Candidate:
        """Return the running plan as a candidate, mended where it breaks a bound.

        A running plan may show less than the intergreens ask for; the nearest gaps that keep
        them replace it, in a longer cycle if the own one cannot hold them.
        """
        timings = {}
        for name, skeleton in self.skeletons.items():
            timings[name] = Timing(_mended(skeleton), self.running.pattern(name).offset_s)
        return Candidate.of(timings)

    def unchanged(self) -> Candidate | None:
        """Return the candidate that is the running plan, none if it breaks a bound."""
        is_safe = all(s.is_safe(s.running) for s in self.skeletons.values())
        return self.start() if is_safe else None

    def plan(self, candidate: Candidate, name: str) -> Plan:
        """Render a candidate.

        Raises
        ------
        InfeasibleError
            A timing breaks a bound of its skeleton.
        """
        rendered = {
            intersection: self.skeletons[intersection].render(timing.gaps_s, timing.offset_s, name)
            for intersection, timing in candidate.timings
        }
        patterns = (
            rendered.get(pattern.intersection, replace(pattern, program=name))
            for pattern in self.running.patterns
        )
        return Plan(name=name, patterns=tuple(patterns))


def _mended(skeleton: Skeleton) -> Gaps:
    if skeleton.is_safe(skeleton.running):
        return skeleton.running
    shortest = shortest_gaps(skeleton)
    if shortest is None:
        msg = f"{skeleton.intersection}: its bounds on greens and intergreens leave no pattern"
        raise InfeasibleError(msg)
    cycle_s = max(math.ceil(sum(skeleton.running)), round(sum(shortest)))
    return scaled_gaps(skeleton, skeleton.running, cycle_s) or shortest
