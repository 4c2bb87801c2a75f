"""Streams between neighbouring intersections, and the tree of the heaviest ones."""

import heapq
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

import networkx as nx

from citybrain.model.flows import TurningDemand
from citybrain.model.network import Movement, Network

_LONGEST_LINK_M = 1000.0
"""Beyond this distance a platoon has dispersed too far to be coordinated (Signal Timing Manual,
2nd ed., NCHRP Report 812, 2015: signals within half a mile to a mile are candidates). [m]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Traffic that leaves one intersection and meets the next.

    Parameters
    ----------
    upstream, downstream
        Movements at the two intersections that carry most of it.
    flow_vph
        Flow from the one to the other. [veh/h]
    travel_s
        Travel time at the speed limit between the stop lines. [s]
    """

    upstream: Movement
    downstream: Movement
    flow_vph: float
    travel_s: float


def streams(network: Network, demand: TurningDemand) -> tuple[Stream, ...]:
    """Return the heaviest stream of each ordered pair of neighbouring intersections.

    Parameters
    ----------
    network
        Streets and signals.
    demand
        Demand per movement. [veh/h]
    """
    approaches = _approaches(network)
    free_s = {lane.edge: lane.length_m / lane.speed_mps for lane in network.lanes.values()}
    heaviest: dict[tuple[str, str], Stream] = {}
    for movement, edges in _ways_to_signals(network):
        travel_s = sum(free_s.get(edge, 0.0) for edge in edges)
        stream = _stream(movement, approaches[edges[-1]], demand, travel_s)
        key = (stream.upstream.intersection, stream.downstream.intersection)
        if key not in heaviest or stream.flow_vph > heaviest[key].flow_vph:
            heaviest[key] = stream
    return tuple(heaviest[key] for key in sorted(heaviest) if key[0] != key[1])


def _ways_to_signals(network: Network) -> Iterator[tuple[Movement, tuple[str, ...]]]:
    """Yield each movement with the edges from its exit to the next signal, where one is near."""
    approaches = _approaches(network)
    lengths_m = {lane.edge: lane.length_m for lane in network.lanes.values()}
    streets = _Streets(network.turns, lengths_m)
    for movement in network.movements.values():
        if edges := streets.way_to_signal(movement.to_edge, approaches):
            yield movement, edges


def _approaches(network: Network) -> dict[str, list[Movement]]:
    """Return approach edge → its movements."""
    approaches: dict[str, list[Movement]] = {}
    for movement in network.movements.values():
        approaches.setdefault(movement.from_edge, []).append(movement)
    return approaches


@dataclass(frozen=True, slots=True)
class _Streets:
    """Edges that follow each other, and their lengths [m]."""

    turns: Mapping[str, tuple[str, ...]]
    length_m: Mapping[str, float]

    def way_to_signal(self, edge: str, approaches: Container[str]) -> tuple[str, ...]:
        """Return the shortest way to an approach of a signal, empty if none is near."""
        queue: list[tuple[float, tuple[str, ...]]] = [(self.length_m.get(edge, 0.0), (edge,))]
        seen: set[str] = set()
        while queue:
            far_m, way = heapq.heappop(queue)
            if far_m > _LONGEST_LINK_M:
                break
            if way[-1] in approaches:
                return way
            if way[-1] in seen:
                continue
            seen.add(way[-1])
            for following in self.turns.get(way[-1], ()):
                next_m = far_m + self.length_m.get(following, 0.0)
                heapq.heappush(queue, (next_m, (*way, following)))
        return ()


def _stream(
    upstream: Movement, candidates: list[Movement], demand: TurningDemand, travel_s: float
) -> Stream:
    downstream = max(candidates, key=lambda m: (demand.flow_vph(m.name), m.name))
    into_vph = demand.flow_vph(upstream.name)
    share = demand.flow_vph(downstream.name) / max(
        1.0, sum(demand.flow_vph(m.name) for m in candidates)
    )
    return Stream(
        upstream=upstream,
        downstream=downstream,
        flow_vph=into_vph * share,
        travel_s=travel_s,
    )


def coordinated_tree(found: tuple[Stream, ...]) -> tuple[Stream, ...]:
    """Return the heaviest streams that join intersections without closing a ring.

    Along a tree every stream can have the offset it wants; the first streams are those met
    first on the way from the busiest intersection.

    References
    ----------
    The maximum spanning tree as the network of coordination: N. H. Gartner and J. D. C. Little,
    "The generalized combination method for area traffic control" (1975).
    """
    graph: nx.Graph[str] = nx.Graph()
    by_pair: dict[frozenset[str], Stream] = {}
    for stream in found:
        ends = (stream.upstream.intersection, stream.downstream.intersection)
        pair = frozenset(ends)
        if pair not in by_pair or stream.flow_vph > by_pair[pair].flow_vph:
            by_pair[pair] = stream
            graph.add_edge(*ends, weight=stream.flow_vph)
    tree = nx.maximum_spanning_tree(graph)
    ordered = []
    for component in sorted(nx.connected_components(tree), key=min):
        root = max(component, key=lambda node: (graph.degree(node, weight="weight"), node))
        ordered += [by_pair[frozenset(edge)] for edge in nx.bfs_edges(tree, root)]
    return tuple(ordered)
