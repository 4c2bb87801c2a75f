"""Flow ratios of signal groups, and the critical groups of an intersection."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import networkx as nx

from citybrain.model.flows import TurningDemand
from citybrain.model.intersection import Intersection
from citybrain.model.network import Movement, Network
from optimizer.saturation import permissive_saturation_vph, protected_saturation_vph

_WEIGHT_SCALE = 100_000


@dataclass(frozen=True, slots=True)
class GroupRatios:
    """Flow ratio of each signal group of one intersection: demand ÷ saturation flow.

    Parameters
    ----------
    protected, permissive
        Group → flow ratio under protected and under permissive green. [-]
    flows_vph
        Group → demand. [veh/h]
    """

    protected: dict[str, float]
    permissive: dict[str, float]
    flows_vph: dict[str, float]

    def permissive_worth(self, group: str) -> float:
        """Return what a second of permissive green discharges against a protected one [-]."""
        if not self.permissive.get(group):
            return 1.0
        return min(1.0, self.protected[group] / self.permissive[group])


@dataclass(frozen=True, slots=True)
class Critical:
    """The groups that decide the cycle: pairwise in conflict, with the largest sum of ratios.

    Parameters
    ----------
    groups
        Names of the groups.
    flow_ratio
        Sum of their flow ratios, Y. [-]
    lost_time_s
        Sum of the intergreens between them in their best order, L. [s]
    """

    groups: tuple[str, ...]
    flow_ratio: float
    lost_time_s: float


def group_ratios(
    network: Network, intersection: Intersection, demand: TurningDemand
) -> GroupRatios:
    """Return the flow ratios of every signal group.

    Parameters
    ----------
    network
        Streets; gives the lanes of each movement.
    intersection
        Intersection to analyse.
    demand
        Demand per movement. [veh/h]

    Returns
    -------
    GroupRatios
        Under protected green, and under permissive green against the flow of the groups that
        it yields to.  A group that serves several lanes has the ratio of its fullest lane.
    """
    movements = network.movements_at(intersection.name)
    loads_vph = lane_loads_vph(movements, demand)
    flows_vph = {
        group.name: sum(demand.flow_vph(m.name) for m in movements if group.name in m.groups)
        for group in intersection.groups
    }
    protected, permissive = {}, {}
    for group in intersection.groups:
        opposing_vph = sum(
            flows_vph[other]
            for pair in intersection.yielding
            if group.name in pair
            for other in pair
            if other != group.name
        )
        filtered_vph = permissive_saturation_vph(opposing_vph)
        served = [m for m in movements if group.name in m.groups]
        protected[group.name] = _fullest(served, loads_vph, filtered_vph=None)
        permissive[group.name] = _fullest(served, loads_vph, filtered_vph=filtered_vph)
    return GroupRatios(protected, permissive, flows_vph)


def lane_loads_vph(
    movements: Sequence[Movement], demand: TurningDemand
) -> dict[str, dict[str, float]]:
    """Spread the demand of movements over their lanes.

    Drivers choose the emptier lane: movements with fewer lanes are placed first, and each
    further one fills its lanes to the same level as far as it can.

    Parameters
    ----------
    movements
        Movements of one intersection, whose lanes they share.
    demand
        Demand per movement. [veh/h]

    Returns
    -------
    dict
        Lane → movement → flow. [veh/h]
    """
    loads_vph: dict[str, dict[str, float]] = {lane: {} for m in movements for lane in m.lanes}
    for movement in sorted(movements, key=lambda m: (len(m.lanes), m.name)):
        levels_vph = {lane: sum(loads_vph[lane].values()) for lane in movement.lanes}
        for lane, share_vph in _poured(levels_vph, demand.flow_vph(movement.name)).items():
            loads_vph[lane][movement.name] = share_vph
    return loads_vph


def _poured(levels: Mapping[str, float], amount: float) -> dict[str, float]:
    """Pour an amount over vessels so that the filled ones end level."""
    shares = dict.fromkeys(levels, 0.0)
    ordered = sorted(levels, key=lambda name: (levels[name], name))
    for count in range(len(ordered), 0, -1):
        filled = ordered[:count]
        level = (amount + sum(levels[name] for name in filled)) / count
        if level >= levels[filled[-1]]:
            shares.update({name: level - levels[name] for name in filled})
            break
    return shares


def _fullest(
    served: Iterable[Movement],
    loads_vph: Mapping[str, Mapping[str, float]],
    *,
    filtered_vph: float | None,
) -> float:
    """Return the flow ratio of the fullest lane that a group serves."""
    ratios: dict[str, float] = {}
    for movement in served:
        saturation_vph = protected_saturation_vph(movement.turn)
        if filtered_vph is not None:
            saturation_vph = min(saturation_vph, filtered_vph)
        for lane in movement.lanes:
            share = loads_vph[lane].get(movement.name, 0.0) / max(saturation_vph, 1.0)
            ratios[lane] = ratios.get(lane, 0.0) + share
    return max(ratios.values(), default=0.0)


def critical_groups(intersection: Intersection, ratios: Mapping[str, float]) -> Critical:
    """Find the critical groups: the heaviest clique of the conflict graph.

    Parameters
    ----------
    intersection
        Conflicts and intergreens.
    ratios
        Flow ratio of each group. [-]

    References
    ----------
    The clique bound on capacity: G. Improta and G. E. Cantarella, "Control system design for an
    individual signalized junction", Transportation Research B 18 (1984).
    """
    graph: nx.Graph[str] = nx.Graph()
    for group in intersection.groups:
        graph.add_node(group.name, weight=1 + round(_WEIGHT_SCALE * ratios[group.name]))
    graph.add_edges_from(sorted(intersection.conflicts))
    clique, _ = nx.max_weight_clique(graph, weight="weight")
    groups = tuple(sorted(clique))
    return Critical(
        groups=groups,
        flow_ratio=sum(ratios[group] for group in groups),
        lost_time_s=_lost_time_s(intersection, groups),
    )


def _lost_time_s(intersection: Intersection, groups: Sequence[str]) -> float:
    """Return the sum of the smallest intergreens on a round through the groups [s]."""
    return sum(
        min(
            intersection.intergreens_s.get((ending, starting), 0.0)
            for starting in groups
            if starting != ending
        )
        for ending in groups
        if len(groups) > 1
    )
