"""Routes as flat arrays: at every edge of a route, the lanes that serve it and the ways on.

Lanes are ranked as SUMO's drivers rank them ("best lanes"): by how far one can follow the route
from a lane without changing it again.  Lanes that reach as far as the best one, or beyond the
look-ahead, are *options*; a vehicle takes the emptiest.

References
----------
J. Erdmann, "SUMO's lane-changing model", Modeling Mobility with Open Data, Springer 2015.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from citybrain.errors import InputError
from sim.queue_model.arrays import Floats, Ints
from sim.queue_model.streets import Streets, Way

Edges = tuple[str, ...]
Route = tuple[tuple[str, float], ...]
"""Edges of a route, each with the time that the vehicle stops there. [s]"""

_CHANGE_M = 25.0
"""Street needed for one change of lane; shorter ones are changed on only when need be. [m]"""
_HARD_CHANGE_M = 60.0
_EASY_CHANGE_M = 6.0
_LOOK_RIGHT_M, _LOOK_LEFT_M = 150.0, 290.0
"""Way left on a lane from which on drivers insist on changing, by the side they must go to.

Source: SUMO's LC2013 looks 10 s ahead at the present speed, twice that to the left; 13.9 m/s.
"""


def without_stops(edges: Edges) -> Route:
    """Return a route on which nobody stops."""
    return tuple((edge, 0.0) for edge in edges)


class RouteArrays(NamedTuple):
    """What the kernel reads of routes.

    An *option* is a place on a route and a lane there, with the time of a stop there; its
    *pairs* are (link, option behind it) with a cost in metres of queue that a driver would
    accept to avoid it.  Options without pairs end a route.  A *choice* is a set of routes; each
    has the option at its source, the edges that not all of the set share, and the time that
    passing its junctions takes. [s]
    """

    lane: Ints
    link: Ints
    pair_start: Ints
    pair_link: Ints
    pair_option: Ints
    pair_cost_m: Floats
    dwell_s: Floats
    choice_start: Ints
    choice_option: Ints
    choice_fixed_s: Floats
    choice_edge_start: Ints
    choice_edge: Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Routes:
    """Distinct routes of a demand.

    Parameters
    ----------
    sources
        Route → option at its source.
    choices
        Routes that some drivers choose from → number of the choice.
    arrays
        What the kernel reads.
    """

    sources: dict[Route, int] = field(repr=False)
    choices: dict[tuple[Edges, ...], int] = field(repr=False)
    arrays: RouteArrays = field(repr=False)


@dataclass(slots=True)
class _Rows:
    lane: list[int]
    link: list[int]
    pairs: list[list[tuple[int, int, float]]]
    dwell_s: list[float]

    def add(
        self, lane: int, link: int, pairs: list[tuple[int, int, float]], dwell_s: float = 0.0
    ) -> int:
        self.lane.append(lane)
        self.link.append(link)
        self.pairs.append(pairs)
        self.dwell_s.append(dwell_s)
        return len(self.lane) - 1


def compile_routes(
    streets: Streets,
    routes: Sequence[Route],
    choices: Sequence[tuple[Edges, ...]],
    look_ahead_m: float,
) -> Routes:
    """Lay routes out as options and pairs.

    Parameters
    ----------
    streets
        Numbered streets.
    routes
        Every distinct route, those of the choices among them.
    choices
        Sets of routes that drivers choose from at departure.
    look_ahead_m
        How far lanes are chosen for what comes behind the next junction. [m]

    Raises
    ------
    InputError
        A route uses an unknown edge, or two edges that no lane connects.
    """
    rows = _Rows([], [], [], [])
    tails: dict[Route, tuple[dict[str, int], dict[str, float]]] = {}
    sources = {}
    for route in dict.fromkeys(routes):
        options, _ = _options(streets, route, rows, tails, look_ahead_m)
        sources[route] = _source(streets, route, rows, options)
    return Routes(
        sources=sources,
        choices={choice: number for number, choice in enumerate(choices)},
        arrays=_packed(rows, _Choices.of(streets, choices, sources)),
    )


@dataclass(frozen=True, slots=True)
class _Choices:
    option: list[list[int]]
    fixed_s: list[float]
    edges: list[list[int]]

    @classmethod
    def of(
        cls, streets: Streets, choices: Sequence[tuple[Edges, ...]], sources: Mapping[Route, int]
    ) -> "_Choices":
        found = cls(
            [[sources[without_stops(route)] for route in routes] for routes in choices], [], []
        )
        for routes in choices:
            shared = set.intersection(*map(set, routes))
            for route in routes:
                found.fixed_s.append(sum(_passing_s(streets, a, b) for a, b in pairwise(route)))
                found.edges.append([streets.edges[e] for e in route if e not in shared])
        return found


def _passing_s(streets: Streets, edge: str, onward: str) -> float:
    """Return the time that SUMO's router counts for passing from an edge to the next one [s]."""
    times_s = [
        streets.passing_s[way.number]
        for lane in streets.edge_lanes[edge]
        for way in streets.ways.get(lane, ())
        if streets.link_ends[way.number][1] == onward
    ]
    return min(times_s, default=0.0)


def _options(
    streets: Streets,
    route: Route,
    rows: _Rows,
    tails: dict[Route, tuple[dict[str, int], dict[str, float]]],
    look_ahead_m: float,
) -> tuple[dict[str, int], dict[str, float]]:
    """Return lane → option and lane → reach at the first edge of a route; tails are shared."""
    for first in range(len(route) - 1, -1, -1):
        tail = route[first:]
        if tail in tails:
            continue
        if tail[0][0] not in streets.edge_lanes:
            where = f"route over edge {tail[0][0]}"
            raise InputError(where, "uses an edge without lanes", "correct the route")
        if len(tail) == 1:
            tails[tail] = _last(streets, tail[0][0], rows, look_ahead_m)
        else:
            tails[tail] = _middle(streets, tail, rows, tails[tail[1:]], look_ahead_m)
    return tails[route]


def _last(
    streets: Streets, edge: str, rows: _Rows, look_ahead_m: float
) -> tuple[dict[str, int], dict[str, float]]:
    lanes = streets.edge_lanes[edge]
    options = {lane: rows.add(streets.lane_numbers[lane], -1, []) for lane in lanes}
    return options, dict.fromkeys(lanes, look_ahead_m)


def _middle(
    streets: Streets,
    tail: Route,
    rows: _Rows,
    behind: tuple[dict[str, int], dict[str, float]],
    look_ahead_m: float,
) -> tuple[dict[str, int], dict[str, float]]:
    next_options, next_reach = behind
    length_m = streets.arrays.length_m
    reach: dict[str, float] = {}
    ways: dict[str, list[Way]] = {}
    edge, dwell_s = tail[0]
    for lane in streets.edge_lanes[edge]:
        ways[lane] = [way for way in streets.ways.get(lane, ()) if way.to_lane in next_reach]
        onward = max((next_reach[way.to_lane] for way in ways[lane]), default=-1.0)
        reach[lane] = onward
    best = max(reach.values())
    if best < 0:
        where = f"route from edge {edge} to {tail[1][0]}"
        raise InputError(where, "has no lane that leads there", "correct the route or the network")
    options = {
        lane: _option(streets, (lane, dwell_s), ways[lane], rows, next_options)
        for lane, far in reach.items()
        if far >= best or (far >= 0 and _is_far_enough(streets, lane, reach, best))
    }
    total = {
        lane: min(look_ahead_m, length_m[streets.lane_numbers[lane]] + max(far, 0.0))
        for lane, far in reach.items()
    }
    return options, total


def _is_far_enough(streets: Streets, lane: str, reach: Mapping[str, float], best_m: float) -> bool:
    """Tell whether one may queue on a lane now and change to a better one behind the junction."""
    place = streets.lane_numbers[lane]
    offsets = [streets.lane_numbers[other] - place for other, far in reach.items() if far >= best_m]
    nearest = min(offsets, key=abs)
    needed_m = abs(nearest) * (_LOOK_LEFT_M if nearest > 0 else _LOOK_RIGHT_M)
    return bool(reach[lane] + streets.arrays.length_m[place] / 2 >= needed_m)


def _option(
    streets: Streets,
    place: tuple[str, float],
    ways: Sequence[Way],
    rows: _Rows,
    next_options: Mapping[str, int],
) -> int:
    """Add an option for a lane: for each lane to end up on, the way that lands nearest to it."""
    pairs: dict[Way, list[tuple[int, int, float]]] = {}
    for target, option in next_options.items():
        costs = [(_change_cost_m(streets, way.to_lane, target), way) for way in ways]
        cost_m, way = min(costs, key=lambda priced: priced[0])
        link = way.onward if way.inner >= 0 else way.number
        pairs.setdefault(way, []).append((link, option, cost_m))
    lane, dwell_s = place
    number = streets.lane_numbers[lane]
    direct: list[tuple[int, int, float]] = []
    for way, onward in pairs.items():
        if way.inner < 0:
            direct.extend(onward)
        else:
            inside = rows.add(way.inner, way.onward, onward)
            cheapest = min(cost_m for _, _, cost_m in onward)
            direct.append((way.number, inside, cheapest))
    return rows.add(number, direct[0][0], direct, dwell_s)


def _change_cost_m(streets: Streets, landing: str, target: str) -> float:
    """Return what changing from one lane of an edge to another costs, in metres of queue."""
    first, last = streets.lane_numbers[landing], streets.lane_numbers[target]
    changes = abs(first - last)
    length_m = float(streets.arrays.length_m[first])
    is_hard = length_m < _CHANGE_M * changes
    return changes * (_HARD_CHANGE_M if is_hard else _EASY_CHANGE_M)


def _source(streets: Streets, route: Route, rows: _Rows, options: Mapping[str, int]) -> int:
    edge = route[0][0]
    source = streets.sources[edge]
    link = int(np.flatnonzero(streets.arrays.from_lane == source)[0])
    first = streets.edge_lanes[edge][0]
    pairs = [
        (link, option, _EASY_CHANGE_M * abs(_place(streets, lane) - _place(streets, first)))
        for lane, option in options.items()
    ]
    return rows.add(source, link, pairs)


def _place(streets: Streets, lane: str) -> int:
    return streets.lane_numbers[lane]


def _packed(rows: _Rows, choices: _Choices) -> RouteArrays:
    pairs = [pair for part in rows.pairs for pair in part]
    return RouteArrays(
        lane=np.array(rows.lane, dtype=np.int32),
        link=np.array(rows.link, dtype=np.int32),
        pair_start=np.cumsum([0, *map(len, rows.pairs)]).astype(np.int32),
        pair_link=np.array([pair[0] for pair in pairs], dtype=np.int32),
        pair_option=np.array([pair[1] for pair in pairs], dtype=np.int32),
        pair_cost_m=np.array([pair[2] for pair in pairs], dtype=np.float64),
        dwell_s=np.array(rows.dwell_s, dtype=np.float64),
        choice_start=np.cumsum([0, *map(len, choices.option)]).astype(np.int32),
        choice_option=np.array([o for part in choices.option for o in part], dtype=np.int32),
        choice_fixed_s=np.array(choices.fixed_s, dtype=np.float64),
        choice_edge_start=np.cumsum([0, *map(len, choices.edges)]).astype(np.int32),
        choice_edge=np.array([e for part in choices.edges for e in part], dtype=np.int32),
    )
