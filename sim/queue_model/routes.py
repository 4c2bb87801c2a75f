"""Routes as flat arrays: at every edge of a route, the lanes that serve it and the ways on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from citybrain.errors import InputError
from sim.queue_model.inputs import OPTION, PAIR, RouteArrays, table
from sim.queue_model.options import EASY_CHANGE_M, Drivers, Options, Rows, Stops
from sim.queue_model.streets import Streets

Edges = tuple[str, ...]


class Route(NamedTuple):
    """Edges with the stops there, and the class of the vehicle, which may be kept off lanes."""

    stops: Stops
    vclass: str


class Choice(NamedTuple):
    """Routes between the same ends that drivers of a class choose from."""

    routes: tuple[Edges, ...]
    vclass: str

    def each(self) -> Iterator[Route]:
        """Yield the routes, on which nobody stops."""
        for edges in self.routes:
            yield Route(tuple((edge, 0.0) for edge in edges), self.vclass)


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
    sources = {}
    for route in dict.fromkeys(routes):
        try:
            options = by_class[route.vclass].options(route.stops)
        except InputError:
            # a class that the files bar from its own route drives it all the same
            options = drivers(frozenset()).options(route.stops)
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
        cls, streets: Streets, choices: Sequence[Choice], sources: Mapping[Route, int]
    ) -> "_Choices":
        found = cls([[sources[route] for route in choice.each()] for choice in choices], [], [])
        for routes, _ in choices:
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


def _source(streets: Streets, route: Route, rows: Rows, options: Options) -> int:
    edge = route.stops[0][0]
    source = streets.sources[edge]
    link = int(np.flatnonzero(streets.arrays.links["from_lane"] == source)[0])
    first = streets.edge_lanes[edge][0]
    pairs = [
        (link, option, EASY_CHANGE_M * abs(_place(streets, lane) - _place(streets, first)))
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
