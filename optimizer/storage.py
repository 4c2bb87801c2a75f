"""Queue storage between close signals, as a bound on reds.

A queue that reaches back to the signal before blocks it, whatever that one shows.  Of arrivals q
and discharge s, a red of r seconds makes a queue that reaches back over q r / (1 - q / s) vehicles:
those who arrive in the red, and while these leave (the first term of the back of queue, HCM 6th
ed., chapter 31).  A street that holds N of them for each lane asks for r ≤ N (1 - q / s) / q.  The
bound is a maximum red, so a search keeps it by construction.

What it cannot tell: arrivals count as even, at the mean flow of the studied time.  Of a platoon
that comes on green less queues up; one that comes on red, or the fullest quarter of an hour, needs
more room, which is for offsets, fast model and SUMO to price.  A queue that no green clears grows
whatever the red is.
"""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf

from citybrain.model.actuation import realisations
from citybrain.model.flows import TurningDemand
from citybrain.model.intersection import Intersection
from citybrain.model.network import Movement, Network
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan
from citybrain.model.rules import longest_red_s
from citybrain.units import SECONDS_PER_HOUR
from optimizer.demand_ratios import lane_loads_vph
from optimizer.saturation import BASE_SATURATION_VPH

FARTHEST_M = 1000.0
"""Longer streets bind no red: at 1,700 veh/h, queues of the longest reds are shorter. [m]"""
QUEUED_M = 7.5
"""Street that a standing vehicle takes: 5 m and a gap of 2.5 m, SUMO's passenger car. [m]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """A street between two signals, as far as its queue decides a red.

    Parameters
    ----------
    group
        Signal group at its end.
    street_m
        Street that each lane has for its queue. [m]
    flow_vph
        Arrivals on the fullest lane. [veh/h]
    red_s
        Longest red whose queue fits. [s]
    """

    group: str
    street_m: float
    flow_vph: float
    red_s: float

    def told(self, limit_s: float) -> str:
        """Say what a red is bound to, and why."""
        street = (
            f"a lane with {self.flow_vph:.0f} veh/h has {self.street_m:.0f} m from the signal "
            f"before, room for the queue of a red of {self.red_s:.0f} s"
        )
        if limit_s > self.red_s:
            return f"{self.group} is red for {limit_s:.0f} s at most, as today: {street} only"
        return f"{self.group} is red for {limit_s:.0f} s at most: {street}"


def with_storage(network: Network, demand: TurningDemand, running: Plan) -> Network:
    """Return a network whose reds are bound by the streets between its signals.

    Parameters
    ----------
    network
        Streets and signals.
    demand
        Demand per movement. [veh/h]
    running
        The plan that runs today: no red is bound to less than it has under it.

    Returns
    -------
    Network
        With shorter maximum reds, each of which its intersection's caveats tell.
    """
    streets_m = _streets_m(network)
    today = {pattern.intersection: pattern for pattern in running.patterns}
    bound = {
        name: _bound(each, storages(network.movements_at(name), streets_m, demand), today[name])
        for name, each in network.intersections.items()
    }
    return replace(network, intersections=bound)


def storages(
    movements: tuple[Movement, ...], streets_m: Mapping[str, float], demand: TurningDemand
) -> tuple[Storage, ...]:
    """Return what the streets before one intersection ask of its groups.

    Parameters
    ----------
    movements
        Movements of the intersection.
    streets_m
        Approach edge → street that each of its lanes has for a queue. [m]
    demand
        Demand per movement. [veh/h]
    """
    found: dict[str, Storage] = {}
    loads_vph = lane_loads_vph(movements, demand)
    for movement in (each for each in movements if each.from_edge in streets_m):
        street_m = streets_m[movement.from_edge]
        flow_vph = max(sum(loads_vph[lane].values()) for lane in movement.lanes)
        if flow_vph <= 0:
            continue
        spare = max(0.0, 1.0 - flow_vph / BASE_SATURATION_VPH)
        red_s = round(street_m / QUEUED_M * spare * SECONDS_PER_HOUR / flow_vph, 1)
        for group in movement.groups:
            if group not in found or red_s < found[group].red_s:
                found[group] = Storage(
                    group=group, street_m=street_m, flow_vph=flow_vph, red_s=red_s
                )
    return tuple(found.values())


def _streets_m(network: Network) -> dict[str, float]:
    """Return approach edge → street that each lane has from the signal before [m].

    The signal before may be one that is left as it is, or another junction of the same signal.
    """
    ways = _Upstream(network)
    approaches = sorted({movement.from_edge for movement in network.movements.values()})
    found = {edge: ways.from_signal(edge) for edge in approaches}
    return {edge: _street_m(network, way) for edge, way in found.items() if way}


class _Upstream:
    """Edges that lead to each other, against the traffic."""

    def __init__(self, network: Network) -> None:
        self._before: dict[str, list[str]] = {}
        for edge, following in sorted(network.turns.items()):
            for after in following:
                if (edge, after) in network.turnarounds:
                    continue  # a queue does not reach back round it to its own signal's exit
                self._before.setdefault(after, []).append(edge)
        self._signalled = network.signalled_edges()
        self._length_m = {lane.edge: lane.length_m for lane in network.lanes.values()}

    def from_signal(self, edge: str) -> tuple[str, ...]:
        """Return the shortest way from a signal to an approach, empty if none is near."""
        queue: list[tuple[float, tuple[str, ...]]] = [(self._length_m[edge], (edge,))]
        seen: set[str] = set()
        while queue:
            far_m, way = heapq.heappop(queue)
            if far_m > FARTHEST_M:
                break
            if way[0] in seen:
                continue
            seen.add(way[0])
            before = self._before.get(way[0], ())
            if not self._signalled.isdisjoint(before):
                return way
            for one in before:
                heapq.heappush(queue, (far_m + self._length_m.get(one, 0.0), (one, *way)))
        return ()


def _street_m(network: Network, edges: tuple[str, ...]) -> float:
    """Return the street that each lane of the last edge has; fewer lanes before it are shared."""
    count = len(network.approach_lanes(edges[-1]))
    lanes = [network.approach_lanes(edge) for edge in edges]
    return sum(one[0].length_m * min(1.0, len(one) / count) for one in lanes if one)


def _bound(intersection: Intersection, streets: Iterable[Storage], today: Pattern) -> Intersection:
    """Return an intersection whose reds are bound, none to less than it has today."""
    limits_s, caveats = dict(intersection.maximum_reds_s), list(intersection.caveats)
    for storage in streets:
        reds_s = (_red_s(shown, storage.group) for shown in realisations(today))
        limit_s = max(storage.red_s, *reds_s)
        if limit_s < limits_s.get(storage.group, inf):
            limits_s[storage.group] = limit_s
            caveats.append(storage.told(limit_s))
    return replace(intersection, maximum_reds_s=limits_s, caveats=tuple(caveats))


def _red_s(shown: Pattern, group: str) -> float:
    return longest_red_s(shown.timing(group).greens(shown.cycle_s), shown.cycle_s)
