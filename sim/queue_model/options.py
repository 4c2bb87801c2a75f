"""Which lanes serve a route at each of its edges, and the ways on: what drivers choose from.

Lanes are ranked as SUMO's drivers rank them ("best lanes"): by how far one can follow the route
from a lane without changing it again.  Lanes that reach as far as the best one, or so far that
drivers do not yet insist on changing, are *options*; a vehicle takes the emptiest.

References
----------
J. Erdmann, "SUMO's lane-changing model", Modeling Mobility with Open Data, Springer 2015.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from citybrain.errors import InputError
from sim.queue_model.streets import Streets, Way

Stops = tuple[tuple[str, float], ...]
"""Edges of a route, each with the time that the vehicle stops there. [s]"""

_CHANGE_M = 25.0
"""Street needed for one change of lane; shorter ones are changed on only when need be. [m]"""
_HARD_CHANGE_M = 60.0
EASY_CHANGE_M = 6.0
"""Metres of queue that a driver would accept to avoid one change of lane, on a street that is too
short for it and on a longer one: a choice, no measurement (``docs/fast-model.md``). [m]"""
_LOOK_RIGHT_M, _LOOK_LEFT_M = 150.0, 290.0
"""Way left on a lane from which on drivers insist on changing, by the side they must go to.

Source: SUMO's LC2013 looks 10 s ahead at the present speed, twice that to the left; 13.9 m/s.
"""
_RING_FACTOR = 9.0
_FEWEST_IN_RING = 2
_RING_AHEAD_M = 300.0
"""The inner lane of a roundabout counts as so many times longer for who passes this many of its
junctions or more, as far as this ahead: drivers change at the last moment (LC2013, too)."""

_TINY_M = 0.01

Options = dict[str, int]
Reach = dict[str, float]


@dataclass(slots=True)
class Rows:
    """Options as they are found: lane, first link, pairs (see ``RouteArrays``) and stop [s]."""

    lane: list[int] = field(default_factory=list)
    link: list[int] = field(default_factory=list)
    pairs: list[list[tuple[int, int, float]]] = field(default_factory=list)
    dwell_s: list[float] = field(default_factory=list)

    def add(
        self, lane: int, link: int, pairs: list[tuple[int, int, float]], dwell_s: float = 0.0
    ) -> int:
        """Add an option and return its number."""
        self.lane.append(lane)
        self.link.append(link)
        self.pairs.append(pairs)
        self.dwell_s.append(dwell_s)
        return len(self.lane) - 1


@dataclass(slots=True)
class Drivers:
    """How drivers who may use the same lanes see the streets.

    Parameters
    ----------
    streets
        Numbered streets.
    closed
        Lanes that they may not use, such as bus lanes.
    rows
        Options are added here.
    look_ahead_m
        How far lanes are chosen for what comes behind the next junction. [m]
    """

    streets: Streets
    closed: frozenset[str]
    rows: Rows
    look_ahead_m: float
    _tails: dict[Stops, tuple[Options, Reach]] = field(init=False, default_factory=dict)

    def options(self, route: Stops) -> Options:
        """Return lane → option at the first edge of a route; tails of routes are shared.

        Raises
        ------
        InputError
            The route uses an unknown edge, or two edges that no lane connects.
        """
        for first in range(len(route) - 1, -1, -1):
            tail = route[first:]
            if tail in self._tails:
                continue
            if tail[0][0] not in self.streets.edge_lanes:
                where = f"route over edge {tail[0][0]}"
                raise InputError(where, "uses an edge without lanes", "correct the route")
            self._tails[tail] = self._last(tail[0][0]) if len(tail) == 1 else self._middle(tail)
        return self._tails[route][0]

    def best_lanes(self, route: Stops) -> list[str]:
        """Return the lanes of the first edge from which a route can be followed farthest."""
        options, reach = self._tails[route]
        best_m = max(reach[lane] for lane in options)
        return [lane for lane in options if reach[lane] >= best_m]

    def _lanes(self, edge: str) -> Sequence[str]:
        """Return the lanes of an edge that are open, all where none is."""
        lanes = self.streets.edge_lanes[edge]
        return [lane for lane in lanes if lane not in self.closed] or lanes

    def _last(self, edge: str) -> tuple[Options, Reach]:
        lanes = self._lanes(edge)
        numbers = self.streets.lane_numbers
        options = {lane: self.rows.add(numbers[lane], -1, []) for lane in lanes}
        return options, dict.fromkeys(lanes, self.look_ahead_m)

    def _middle(self, tail: Stops) -> tuple[Options, Reach]:
        next_options, next_reach = self._tails[tail[1:]]
        edge, dwell_s = tail[0]
        reach: Reach = {}
        ways: dict[str, list[Way]] = {}
        for lane in self._lanes(edge):
            ways[lane] = [
                way for way in self.streets.ways.get(lane, ()) if way.to_lane in next_reach
            ]
            reach[lane] = max((next_reach[way.to_lane] for way in ways[lane]), default=-1.0)
        best_m = max(reach.values())
        if best_m < 0:
            where = f"route from edge {edge} to {tail[1][0]}"
            mend = "correct the route or the network"
            raise InputError(where, "has no lane that leads there", mend)
        ring = _Ring.ahead(self.streets, tail)
        options = {
            lane: self._option((lane, dwell_s), ways[lane], next_options)
            for lane, far_m in reach.items()
            if far_m >= best_m or (far_m >= 0 and self._is_far_enough(lane, reach, ring))
        }
        length_m, numbers = self.streets.arrays.lanes["length_m"], self.streets.lane_numbers
        total = {
            lane: min(self.look_ahead_m, length_m[numbers[lane]] + max(far_m, 0.0))
            for lane, far_m in reach.items()
        }
        return options, total

    def _is_far_enough(self, lane: str, reach: Mapping[str, float], ring: "_Ring") -> bool:
        """Tell whether one may queue on a lane now and change to a better one further on."""
        numbers, best_m = self.streets.lane_numbers, max(reach.values())
        place = numbers[lane]
        offsets = [numbers[other] - place for other, far_m in reach.items() if far_m >= best_m]
        nearest = min(offsets, key=abs)
        needed_m = abs(nearest) * (_LOOK_LEFT_M if nearest > 0 else _LOOK_RIGHT_M)
        left_m = reach[lane] + self.streets.arrays.lanes["length_m"][place] / 2
        is_inner = nearest < 0 and reach[lane] >= ring.until_m - _TINY_M
        return bool(left_m + (ring.bonus_m if is_inner else 0.0) >= needed_m)

    def _option(
        self, place: tuple[str, float], ways: Sequence[Way], next_options: Mapping[str, int]
    ) -> int:
        """Add an option for a lane: for each lane to end on, the way that lands nearest to it."""
        pairs: dict[Way, list[tuple[int, int, float]]] = {}
        for target, option in next_options.items():
            costs = [(_change_cost_m(self.streets, way.to_lane, target), way) for way in ways]
            cost_m, way = min(costs, key=lambda priced: priced[0])
            link = way.onward if way.inner >= 0 else way.number
            pairs.setdefault(way, []).append((link, option, cost_m))
        lane, dwell_s = place
        direct: list[tuple[int, int, float]] = []
        for way, onward in pairs.items():
            if way.inner < 0:
                direct.extend(onward)
            else:
                inside = self.rows.add(way.inner, way.onward, onward)
                cheapest_m = min(cost_m for _, _, cost_m in onward)
                direct.append((way.number, inside, cheapest_m))
        return self.rows.add(self.streets.lane_numbers[lane], direct[0][0], direct, dwell_s)


@dataclass(frozen=True, slots=True)
class _Ring:
    """A roundabout ahead: way until its last edge, and what its inner lane counts more [m]."""

    until_m: float = 0.0
    bonus_m: float = 0.0

    @classmethod
    def ahead(cls, streets: Streets, tail: Stops) -> "_Ring":
        """Return the first roundabout on a route, none where its next exit is taken."""
        ahead_m = until_m = ring_m = 0.0
        count = 0
        for number, (edge, _) in enumerate(tail if streets.roundabouts else ()):
            lane = streets.edge_lanes[edge][0]
            length_m = float(streets.arrays.lanes["length_m"][streets.lane_numbers[lane]])
            ahead_m += length_m if number else 0.0
            if edge in streets.roundabouts:
                ways = streets.ways.get(lane, ())
                inside_m = (float(streets.arrays.links["inside_m"][way.number]) for way in ways)
                ring_m += length_m + max(inside_m, default=0.0)
                until_m, count = ahead_m, count + 1
            elif count or ahead_m > _RING_AHEAD_M:
                break
        return cls(until_m, _RING_FACTOR * ring_m) if count >= _FEWEST_IN_RING else cls()


def _change_cost_m(streets: Streets, landing: str, target: str) -> float:
    """Return what changing from one lane of an edge to another costs, in metres of queue."""
    first, last = streets.lane_numbers[landing], streets.lane_numbers[target]
    changes = abs(first - last)
    length_m = float(streets.arrays.lanes["length_m"][first])
    is_hard = length_m < _CHANGE_M * changes
    return changes * (_HARD_CHANGE_M if is_hard else EASY_CHANGE_M)
