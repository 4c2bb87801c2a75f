"""Subareas: a large network cut into connected groups of signals, where they depend least.

Signals that hand much traffic to each other over a short way are timed together; where little
flows, or the way is long, platoons mean little and the network may be cut.  The *coupling* of two
signals is the flow between them over the distance (H. N. Yagoda, E. H. Principe, C. E. Vick and
B. Leonard, "Subdivision of signal systems into control areas", Traffic Engineering 43, 1973).
Starting from single signals, the two neighbouring groups with the largest mean coupling are
joined as long as a bound on their size allows it; with a heap this takes n log n steps.
"""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from citybrain.model.flows import TurningDemand
from citybrain.model.network import Network

_LEAST_VPH = 1.0
"""Streets without any flow still join their ends, so that a subarea stays in one piece. [veh/h]"""
_SHORTEST_M = 10.0

Couplings = Mapping[tuple[str, str], float]
"""Two signals in the order of their names → coupling. [veh/h/m]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """A network cut into subareas.

    Parameters
    ----------
    areas
        Signals of each subarea; every retimable signal is in exactly one.
    neighbours
        Signal → signals next to it along the streets.
    edges
        Signal → streets on which one drives towards it before any other signal.
    """

    areas: tuple[tuple[str, ...], ...]
    neighbours: dict[str, frozenset[str]] = field(hash=False, repr=False)
    edges: dict[str, tuple[str, ...]] = field(hash=False, repr=False)

    def around(self, area: int) -> tuple[str, ...]:
        """Return the signals next to a subarea, in order."""
        inside = frozenset(self.areas[area])
        found = frozenset().union(*(self.neighbours[name] for name in inside))
        return tuple(sorted(found - inside))

    def touching(self) -> tuple[frozenset[int], ...]:
        """Return for each subarea those that it has a border with."""
        place = {name: number for number, names in enumerate(self.areas) for name in names}
        return tuple(
            frozenset(place[name] for name in self.around(number))
            for number in range(len(self.areas))
        )


def divide(network: Network, demand: TurningDemand, most: int) -> Division:
    """Cut a network into connected subareas.

    Parameters
    ----------
    network
        Streets and signals.
    demand
        Demand per movement. [veh/h]
    most
        Signals in a subarea, at most.
    """
    owners = territories(network)
    coupled = couplings(network, demand, owners)
    neighbours: dict[str, set[str]] = {name: set() for name in network.intersections}
    for first, second in coupled:
        neighbours[first].add(second)
        neighbours[second].add(first)
    edges: dict[str, list[str]] = {name: [] for name in network.intersections}
    for edge, owner in owners.items():
        edges[owner].append(edge)
    return Division(
        areas=joined(network.intersections, coupled, most),
        neighbours={name: frozenset(others) for name, others in neighbours.items()},
        edges={name: tuple(owned) for name, owned in edges.items()},
    )


def territories(network: Network) -> dict[str, str]:
    """Return street → the signal that one meets first when driving on from it, if there is one.

    Parameters
    ----------
    network
        Streets and signals.
    """
    length_m = {lane.edge: lane.length_m for lane in network.lanes.values()}
    before: dict[str, list[str]] = {}
    for edge, following in network.turns.items():
        for onward in following:
            before.setdefault(onward, []).append(edge)
    heap = sorted({(0.0, m.from_edge, m.intersection) for m in network.movements.values()})
    owners: dict[str, str] = {}
    while heap:
        far_m, edge, owner = heapq.heappop(heap)
        if edge in owners:
            continue
        owners[edge] = owner
        for earlier in before.get(edge, ()):
            if earlier not in owners:
                heapq.heappush(heap, (far_m + length_m.get(edge, 0.0), earlier, owner))
    return owners


def couplings(
    network: Network, demand: TurningDemand, owners: Mapping[str, str]
) -> dict[tuple[str, str], float]:
    """Return how strongly neighbouring signals are coupled.

    Parameters
    ----------
    network, demand
        Streets, and demand per movement. [veh/h]
    owners
        Street → signal that it leads to.

    Returns
    -------
    dict
        Two signals in the order of their names → flow over length of the street, summed over the
        streets from the one to the other. [veh/h/m]
    """
    length_m = {lane.edge: max(lane.length_m, _SHORTEST_M) for lane in network.lanes.values()}
    found: dict[tuple[str, str], float] = {}
    for edge, following in network.turns.items():
        for onward in following:
            ends = owners.get(edge), owners.get(onward)
            if ends[0] is None or ends[1] is None or ends[0] == ends[1]:
                continue
            key = (min(ends[0], ends[1]), max(ends[0], ends[1]))
            name = f"{edge}->{onward}"
            flow_vph = demand.flow_vph(name) if name in network.movements else 0.0
            strength = max(flow_vph, _LEAST_VPH) / length_m[onward]
            found[key] = found.get(key, 0.0) + strength
    return found


def joined(names: Iterable[str], coupled: Couplings, most: int) -> tuple[tuple[str, ...], ...]:
    """Join signals into groups, the most strongly coupled ones first.

    Parameters
    ----------
    names
        Signals.
    coupled
        Couplings of neighbours.
    most
        Size of a group, at most.

    Returns
    -------
    tuple
        Groups in order of their first names; each is connected, every name is in one.
    """
    members = {name: [name] for name in names}
    near: dict[str, dict[str, float]] = {name: {} for name in members}
    for (first, second), strength in coupled.items():
        near[first][second] = near[second][first] = strength

    def rank(first: str, second: str) -> tuple[float, str, str]:
        pairs = len(members[first]) * len(members[second])
        return -near[first][second] / pairs, min(first, second), max(first, second)

    heap = [rank(first, second) for first, second in coupled]
    heapq.heapify(heap)
    while heap:
        noted, first, second = heapq.heappop(heap)
        if second not in near.get(first, ()):
            continue
        if len(members[first]) + len(members[second]) > most:
            continue
        now = rank(first, second)
        if now[0] > noted:
            heapq.heappush(heap, now)
            continue
        if now[0] == noted:
            kept = _join(first, second, members, near)
            for other in near[kept]:
                heapq.heappush(heap, rank(kept, other))
    return tuple(sorted(tuple(sorted(group)) for group in members.values()))


def _join(
    first: str, second: str, members: dict[str, list[str]], near: dict[str, dict[str, float]]
) -> str:
    """Put the smaller of two groups into the larger one and return that one's key."""
    kept, gone = (first, second) if len(members[first]) >= len(members[second]) else (second, first)
    members[kept] += members.pop(gone)
    for other, strength in near.pop(gone).items():
        del near[other][gone]
        if other != kept:
            near[kept][other] = near[other][kept] = near[kept].get(other, 0.0) + strength
    return kept
