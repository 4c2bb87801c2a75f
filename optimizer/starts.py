"""Where a search starts: the running plan, and plans computed from flow ratios."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from citybrain.model.flows import TurningDemand
from citybrain.model.network import Network
from optimizer.candidate import Candidate, Timing, Workshop
from optimizer.cycle import common_cycle_s, cycle_length_s
from optimizer.delay_formula import intersection_delay_s
from optimizer.demand_ratios import GroupRatios, critical_groups, group_ratios
from optimizer.greens import balanced_gaps, scaled_gaps, shortest_gaps
from optimizer.offsets import offsets_along
from optimizer.streams import coordinated_tree, streams

_CYCLE_FACTORS = (0.45, 0.6, 0.75, 0.9, 1.1, 1.4)


@dataclass(frozen=True, slots=True)
class _Analysis:
    """Flow ratios and own cycle of one intersection."""

    ratios: GroupRatios
    cycle_s: float
    shortest_s: float


class Starter:
    """Makes starting candidates from demand.

    Parameters
    ----------
    workshop
        Skeletons and running plan.
    network
        Streets and signals.
    demand
        Demand per movement. [veh/h]
    """

    def __init__(self, workshop: Workshop, network: Network, demand: TurningDemand) -> None:
        self._workshop = workshop
        self._tree = coordinated_tree(streams(network, demand))
        self._analyses = {name: self._analyse(name, network, demand) for name in workshop.skeletons}

    def candidates(self) -> Iterator[Candidate]:
        """Yield starting candidates, each one once, by their delay; the running plan last."""
        running = self._workshop.start()
        computed = sorted(self._computed(running), key=self._formula_delay_s)
        yield from dict.fromkeys((*computed, running))

    def _computed(self, running: Candidate) -> Iterator[Candidate]:
        own_s = {name: timing.cycle_s for name, timing in running.timings}
        yield self.coordinated(running)
        yield self._balanced(running, own_s)
        common_s = common_cycle_s(
            [analysis.cycle_s for analysis in self._analyses.values()],
            minimum_s=min(low_s for low_s, _ in self._workshop.cycle_ranges_s.values()),
            maximum_s=max(high_s for _, high_s in self._workshop.cycle_ranges_s.values()),
        )
        for factor in _CYCLE_FACTORS:
            cycles_s = dict.fromkeys(own_s, common_s * factor)
            yield self.coordinated(self._balanced(running, cycles_s))
            yield self.coordinated(self._scaled(running, cycles_s))
        webster_s = {name: analysis.cycle_s for name, analysis in self._analyses.items()}
        yield self._balanced(running, webster_s)

    def _formula_delay_s(self, candidate: Candidate) -> float:
        """Return the delay of all intersections by themselves [s/h]."""
        return sum(
            intersection_delay_s(
                self._workshop.skeletons[name], timing.gaps_s, self._analyses[name].ratios
            )
            for name, timing in candidate.timings
        )

    def coordinated(self, candidate: Candidate) -> Candidate:
        """Return a candidate with the offsets that its heaviest streams want."""
        patterns = {
            pattern.intersection: pattern
            for pattern in self._workshop.plan(candidate, "start").patterns
        }
        offsets_s = offsets_along(patterns, self._tree)
        return Candidate.of(
            {n: replace(timing, offset_s=offsets_s[n]) for n, timing in candidate.timings}
        )

    def _analyse(self, name: str, network: Network, demand: TurningDemand) -> _Analysis:
        intersection = network.intersections[name]
        ratios = group_ratios(network, intersection, demand)
        critical = critical_groups(intersection, ratios.protected)
        shortest = shortest_gaps(self._workshop.skeletons[name])
        return _Analysis(
            ratios,
            cycle_length_s(critical.flow_ratio, critical.lost_time_s),
            sum(shortest) if shortest else 0.0,
        )

    def _allowed_cycle_s(self, name: str, cycle_s: float) -> int:
        low_s, high_s = self._workshop.cycle_ranges_s[name]
        shortest_s = max(self._analyses[name].shortest_s, low_s)
        return round(min(max(cycle_s, shortest_s), max(high_s, shortest_s)))

    def _balanced(self, running: Candidate, cycles_s: Mapping[str, float]) -> Candidate:
        timings = {}
        for name, timing in running.timings:
            cycle_s = self._allowed_cycle_s(name, cycles_s[name])
            skeleton = self._workshop.skeletons[name]
            gaps_s = balanced_gaps(skeleton, self._analyses[name].ratios, cycle_s)
            timings[name] = rescaled(timing, gaps_s)
        return Candidate.of(timings)

    def _scaled(self, running: Candidate, cycles_s: Mapping[str, float]) -> Candidate:
        timings = {}
        for name, timing in running.timings:
            cycle_s = self._allowed_cycle_s(name, cycles_s[name])
            gaps_s = scaled_gaps(self._workshop.skeletons[name], timing.gaps_s, cycle_s)
            timings[name] = rescaled(timing, gaps_s)
        return Candidate.of(timings)


def rescaled(timing: Timing, gaps_s: tuple[float, ...] | None) -> Timing:
    """Return a timing with other gaps and its offset in proportion; itself if there are none."""
    if gaps_s is None:
        return timing
    cycle_s = sum(gaps_s)
    offset_s = float(round(timing.offset_s * cycle_s / timing.cycle_s)) % cycle_s
    return Timing(gaps_s, offset_s)
