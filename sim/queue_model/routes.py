"""Routes as flat arrays: at every edge of a route, the lanes that serve it and the ways on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from citybrain.errors import InputError
from sim.queue_model.inputs import OPTION, PAIR, RouteArrays, table
from sim.queue_model.options import EASY_CHANGE_M, Drivers, Options, Rows, Stops
from sim.queue_model.streets import Streets

Edges = tuple[str, ...]


class Departure(Enum):
    """Lanes that vehicles may depart on: one, those that suit their route best, or any."""

    FIRST = "first"
    BEST = "best"
    ANY = "any"


class Route(NamedTuple):
    """Edges with the stops there, the class of the vehicle, which may be kept off lanes."""

    stops: Stops
    vclass: str
    departure: Departure


class Choice(NamedTuple):
    """Routes between the same ends that drivers of a class choose from."""

    routes: tuple[Edges, ...]
    vclass: str
    departure: Departure

    def each(self) -> Iterator[Route]:
        """Yield the routes, on which nobody stops."""
        for edges in self.routes:
            yield Route(tuple((edge, 0.0) for edge in edges), self.vclass, self.departure)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Routes:
    """Distinct routes of a demand.

    Parameters
    ----------
    sources
        Route → option at its source.
    abreast
        Route → on how many lanes one may depart.
    choices
        Routes that some drivers choose from → number of the choice.
    arrays
        What the kernel reads.
    """

    sources: dict[Route, int] = field(repr=False)
    abreast: dict[Route, int] = field(repr=False)
    choices: dict[Choice, int] = field(repr=False)
    arrays: RouteArrays = field(repr=False)


def compile_routes(
    streets: Streets, routes: Sequence[Route], choices: Sequence[Choice], look_ahead_m: float
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
    rows = Rows()
    found: dict[frozenset[str], Drivers] = {}

    def drivers(closed: frozenset[str]) -> Drivers:
        return found.setdefault(closed, Drivers(streets, closed, rows, look_ahead_m))

    classes = dict.fromkeys(route.vclass for route in routes)
    by_class = {vclass: drivers(streets.closed_to(vclass)) for vclass in classes}
    sources, abreast = {}, {}
    for route in dict.fromkeys(routes):
        seen = by_class[route.vclass]
        try:
            options = seen.options(route.stops)
        except InputError:
            # a class that the files bar from its own route drives it all the same
            seen = drivers(frozenset())
            options = seen.options(route.stops)
        entered = _entered(streets, route, seen)
        sources[route] = _source(streets, route, rows, options, entered)
        abreast[route] = len(entered)
    return Routes(
        sources=sources,
        abreast=abreast,
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
        cls, streets: Streets, choices: Sequence[Choice], sources: Mapping[Route, int]
    ) -> "_Choices":
        found = cls([[sources[route] for route in choice.each()] for choice in choices], [], [])
        for routes, *_ in choices:
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


def _entered(streets: Streets, route: Route, drivers: Drivers) -> Sequence[str]:
    """Return the lanes that a vehicle may depart on."""
    if route.departure is Departure.BEST:
        return drivers.best_lanes(route.stops)
    lanes = streets.edge_lanes[route.stops[0][0]]
    return lanes if route.departure is Departure.ANY else lanes[:1]


def _source(
    streets: Streets, route: Route, rows: Rows, options: Options, entered: Sequence[str]
) -> int:
    source = streets.sources[route.stops[0][0]]
    link = int(np.flatnonzero(streets.arrays.links["from_lane"] == source)[0])
    firsts = [_place(streets, lane) for lane in entered]
    pairs = [
        (link, option, EASY_CHANGE_M * min(abs(_place(streets, lane) - first) for first in firsts))
        for lane, option in options.items()
    ]
    return rows.add(source, link, pairs)


def _place(streets: Streets, lane: str) -> int:
    return streets.lane_numbers[lane]


def _packed(rows: Rows, choices: _Choices) -> RouteArrays:
    pairs = [pair for part in rows.pairs for pair in part]
    ends = np.cumsum([len(part) for part in rows.pairs])
    return RouteArrays(
        options=table(
            OPTION,
            lane=rows.lane,
            link=rows.link,
            first_pair=[0, *ends[:-1]],
            end_pair=ends,
            dwell_s=rows.dwell_s,
        ),
        pairs=table(
            PAIR,
            link=[link for link, _, _ in pairs],
            option=[option for _, option, _ in pairs],
            cost_m=[cost_m for _, _, cost_m in pairs],
        ),
        choice_start=np.cumsum([0, *map(len, choices.option)]).astype(np.int32),
        choice_option=np.array([o for part in choices.option for o in part], dtype=np.int32),
        choice_fixed_s=np.array(choices.fixed_s, dtype=np.float64),
        choice_edge_start=np.cumsum([0, *map(len, choices.edges)]).astype(np.int32),
        choice_edge=np.array([e for part in choices.edges for e in part], dtype=np.int32),
    )
