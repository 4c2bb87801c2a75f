"""Where a search starts: the running plan, and plans computed from flow ratios."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from citybrain.errors import InfeasibleError
from citybrain.model.flows import TurningDemand
from citybrain.model.network import Network
from citybrain.model.pattern import Pattern
from optimizer.arterials import arterial_along, by_ends, heaviest_chain
from optimizer.bandwidth import widest_bands
from optimizer.candidate import Candidate, Splits
from optimizer.cycle import common_cycle_s, cycle_length_s
from optimizer.delay_formula import intersection_delay_s
from optimizer.demand_ratios import GroupRatios, critical_groups, group_ratios
from optimizer.greens import balanced_gaps, scaled_gaps, shortest_gaps
from optimizer.offsets import offsets_along
from optimizer.streams import coordinated_tree, streams
from optimizer.workshop import Workshop

_BAND_NODES = 100
"""Nodes of the programme for the bands of one start.  The annealing moves offsets anyway: 2,000
nodes took 16 s of the search of seven or sixteen signals, these take 3 to 5."""

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
        found = streams(network, demand)
        self._tree = coordinated_tree(found)
        self._streams = by_ends(found)
        self._analyses = {name: self._analyse(name, network, demand) for name in workshop.skeletons}

    def candidates(self) -> Iterator[Candidate]:
        """Yield starting candidates, each one once, by their delay; one is the running plan.

        Raises
        ------
        InfeasibleError
            The bounds of an intersection leave no pattern.
        """
        running = self._workshop.start_splits()
        computed = sorted(self._computed(running), key=self._formula_delay_s)
        yield from dict.fromkeys(
            self._workshop.candidate(splits) for splits in (*computed, running)
        )

    def coordinated(self) -> Iterator[Candidate]:
        """Yield plans for a large network, with and without one cycle for all of it.

        Left out are bands along a chain: they serve few intersections of many.

        Raises
        ------
        InfeasibleError
            The bounds of an intersection leave no pattern.
        """
        running = self._workshop.start_splits()
        found = [running, self._coordinated(running)]
        for factor in _CYCLE_FACTORS:
            cycles_s = dict.fromkeys(running, self._common_cycle_s() * factor)
            found.append(self._coordinated(self._balanced(running, cycles_s)))
        yield from dict.fromkeys(self._workshop.candidate(splits) for splits in found)

    def _common_cycle_s(self) -> float:
        ranges_s = self._workshop.cycle_ranges_s.values()
        return common_cycle_s(
            [analysis.cycle_s for analysis in self._analyses.values()],
            minimum_s=min(low_s for low_s, _ in ranges_s),
            maximum_s=max(high_s for _, high_s in ranges_s),
        )

    def _computed(self, running: Splits) -> Iterator[Splits]:
        own_s = {name: split.cycle_s for name, split in running.items()}
        yield self._coordinated(running)
        yield self._balanced(running, own_s)
        common_s = self._common_cycle_s()
        for factor in _CYCLE_FACTORS:
            cycles_s = dict.fromkeys(own_s, common_s * factor)
            yield self._coordinated(self._balanced(running, cycles_s))
            yield self._coordinated(self._scaled(running, cycles_s))
            yield from self._banded(self._balanced(running, cycles_s))
        webster_s = {name: analysis.cycle_s for name, analysis in self._analyses.items()}
        yield self._balanced(running, webster_s)

    def _formula_delay_s(self, splits: Splits) -> float:
        """Return the delay of all intersections by themselves [s/h]."""
        return sum(
            intersection_delay_s(
                self._workshop.skeletons[name], split.gaps_s, self._analyses[name].ratios
            )
            for name, split in splits.items()
        )

    def _coordinated(self, splits: Splits) -> Splits:
        """Return splits with the offsets that the heaviest streams want."""
        offsets_s = offsets_along(self._patterns(splits), self._tree)
        return {name: replace(split, offset_s=offsets_s[name]) for name, split in splits.items()}

    def _banded(self, splits: Splits) -> Iterator[Splits]:
        """Yield splits with the widest bands along the heaviest chain, if there are any."""
        chain = heaviest_chain(self._tree)
        if not chain:
            return
        try:
            arterial = arterial_along(chain, self._patterns(splits), self._streams)
            bands = widest_bands(arterial, node_budget=_BAND_NODES)
        except InfeasibleError:
            return
        yield {
            name: replace(split, offset_s=bands.offsets_s.get(name, split.offset_s))
            for name, split in splits.items()
        }

    def _patterns(self, splits: Splits) -> dict[str, Pattern]:
        patterns = {pattern.intersection: pattern for pattern in self._workshop.running.patterns}
        for name, split in splits.items():
            skeleton = self._workshop.skeletons[name]
            patterns[name] = skeleton.render(split.gaps_s, split.offset_s, "start")
        return patterns

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

    def _balanced(self, running: Splits, cycles_s: Mapping[str, float]) -> Splits:
        splits = {}
        for name, split in running.items():
            cycle_s = self._allowed_cycle_s(name, cycles_s[name])
            skeleton = self._workshop.skeletons[name]
            gaps_s = balanced_gaps(skeleton, self._analyses[name].ratios, cycle_s)
            splits[name] = split.with_gaps(gaps_s)
        return splits

    def _scaled(self, running: Splits, cycles_s: Mapping[str, float]) -> Splits:
        splits = {}
        for name, split in running.items():
            cycle_s = self._allowed_cycle_s(name, cycles_s[name])
            gaps_s = scaled_gaps(self._workshop.skeletons[name], split.gaps_s, cycle_s)
            splits[name] = split.with_gaps(gaps_s)
        return splits
