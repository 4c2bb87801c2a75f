"""Counting stations: measured lanes whose traffic a set of routes must explain."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import networkx as nx
import numpy as np

from citybrain.model.flows import Detector, FlowSnapshot, Quality
from citybrain.model.network import Network

_QUALITY_WEIGHT = {Quality.BELIEVED: 1.0, Quality.DOUBTED: 0.25}


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """Lanes of one edge that are measured whole, with the ways on that they lead to.

    Parameters
    ----------
    name
        Detectors, joined by ``+``.
    edge
        Edge that is measured.
    onward
        Next edges of the traffic that is counted; none for all of the edge's traffic.
    measured_vph
        Flow of the lanes together. [veh/h]
    weight
        How far the measurement is believed. [0-1]
    """

    name: str
    edge: str
    onward: frozenset[str] | None
    measured_vph: float
    weight: float


def stations_of(
    flows: FlowSnapshot, detectors: Sequence[Detector], network: Network
) -> tuple[Station, ...]:
    """Group measured lanes so that each group's traffic is told by the turn it makes.

    Lanes of an approach that share a turn belong together; a group counts only if all of its
    lanes are measured.  Lanes of edges without a signal are one group.

    Parameters
    ----------
    flows
        Flow per lane; dead lanes are left out.
    detectors
        Inventory; gives the stations their names.
    network
        Lanes and movements.
    """
    lane_vph = _lane_flows_vph(flows)
    quality = dict(zip(flows.lanes, flows.quality, strict=True))
    names: dict[str, list[str]] = {}
    for detector in detectors:
        names.setdefault(detector.lane, []).append(detector.name)
    stations = []
    for edge in sorted({network.lanes[lane].edge for lane in lane_vph}):
        for lanes, onward in _lane_groups(network, edge):
            if all(lane in lane_vph for lane in lanes):
                stations.append(
                    Station(
                        name="+".join(names.get(lane, [lane])[0] for lane in lanes),
                        edge=edge,
                        onward=onward,
                        measured_vph=sum(lane_vph[lane] for lane in lanes),
                        weight=min(_QUALITY_WEIGHT[quality[lane]] for lane in lanes),
                    )
                )
    return tuple(stations)


def _lane_flows_vph(flows: FlowSnapshot) -> dict[str, float]:
    """Return the mean flow of every lane that is not dead, over the time it was covered."""
    count = np.asarray(flows.count_veh)
    covered_h = np.asarray(flows.coverage).sum(axis=0) * flows.bin_s / 3600.0
    return {
        lane: float(count[:, column].sum() / covered_h[column])
        for column, lane in enumerate(flows.lanes)
        if flows.quality[column] is not Quality.DEAD and covered_h[column] > 0
    }


def _lane_groups(
    network: Network, edge: str
) -> Iterable[tuple[tuple[str, ...], frozenset[str] | None]]:
    lanes = [lane.name for lane in network.approach_lanes(edge)]
    turns = [m for m in network.movements.values() if m.from_edge == edge]
    if not turns:
        yield tuple(lanes), None
        return
    graph: nx.Graph[str] = nx.Graph()
    for movement in turns:
        graph.add_edges_from((lane, f"to {movement.to_edge}") for lane in movement.lanes)
    for component in sorted(nx.connected_components(graph), key=min):
        onward = frozenset(m.to_edge for m in turns if f"to {m.to_edge}" in component)
        yield tuple(lane for lane in lanes if lane in component), onward


def geh(modelled_vph: float, measured_vph: float) -> float:
    """Return the GEH statistic of two hourly flows.

    Parameters
    ----------
    modelled_vph, measured_vph
        Flows M and C. [veh/h]

    Returns
    -------
    float
        √(2 (M - C)² / (M + C)); 0 where both are 0.

    References
    ----------
    UK Design Manual for Roads and Bridges, volume 12, section 2: below 5 for 85 % of counts.
    """
    total = modelled_vph + measured_vph
    return math.sqrt(2 * (modelled_vph - measured_vph) ** 2 / total) if total > 0 else 0.0


def passes(station: Station, edges: Sequence[str]) -> int:
    """Return how often a route passes a station."""
    following: Mapping[int, str] = dict(enumerate(edges[1:]))
    return sum(
        edge == station.edge
        and (station.onward is None or following.get(index, "") in station.onward)
        for index, edge in enumerate(edges)
    )
