"""From a network file to streets: lanes with storage, links with signals and right of way."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from sim.queue_model.arrays import Floats
from sim.queue_model.inputs import LANE, LINK, Records, StreetArrays, table
from sim.queue_model.physics import Physics
from sim.queue_model.right_of_way import RightOfWay
from sim.queue_model.streets import Streets, Way
from sim.queue_model.waiting_places import is_in_way
from sim.sumo.net_file import Connection, NetFile, way_inside

SMALLEST_SPACE_M = 3.0
"""Least room of a vehicle; tells how many rooms the ring of a lane needs. [m]"""
_SLOWEST_MPS = 1.0
_SHORTEST_M = 0.1
_FEW_VEHICLES_M = 30.0
_MINOR_PENALTY_S = 1.5
"""SUMO's default of ``weights.minor-penalty``. [s]"""


def compile_streets(
    net: NetFile,
    right_of_way: RightOfWay,
    group_rows: Mapping[tuple[str, int], int],
    physics: Physics,
) -> Streets:
    """Give lanes and links their numbers and lay them out as arrays.

    Parameters
    ----------
    net, right_of_way
        The network file.
    group_rows
        (signal, position in its state) → number of the signal group.
    physics
        Speed of the backward wave.
    """
    return _Compiler(net, right_of_way, group_rows, physics).streets()


class _Compiler:
    """Collects lanes and links; one use."""

    def __init__(
        self,
        net: NetFile,
        right_of_way: RightOfWay,
        group_rows: Mapping[tuple[str, int], int],
        physics: Physics,
    ) -> None:
        self._net, self._right, self._physics = net, right_of_way, physics
        self._group_rows = group_rows
        drivable = [
            lane
            for lane in net.lanes.values()
            if lane.edge not in net.internal_edges and lane.for_vehicles
        ]
        self._lanes = [lane.name for lane in drivable]
        self._numbers = {name: number for number, name in enumerate(self._lanes)}
        self._length = [max(lane.length_m, _SHORTEST_M) for lane in drivable]
        self._speed = [max(lane.speed_mps, _SLOWEST_MPS) for lane in drivable]
        self._interior: dict[int, float] = defaultdict(float)
        self._edge_lanes: dict[str, list[str]] = defaultdict(list)
        for lane in drivable:
            self._edge_lanes[lane.edge].append(lane.name)
        self._group: list[int] = []
        self._from_lane: list[int] = []
        self._inside: list[float] = []
        self._cross: list[float] = []
        self._ends: list[tuple[str, str]] = []
        self._onto: dict[int, str] = {}
        self._final: dict[tuple[str, int], int] = {}
        self._request: dict[int, tuple[str, int]] = {}
        self._ways: dict[str, list[Way]] = defaultdict(list)
        self._leaving: dict[str, list[Connection]] = defaultdict(list)
        for connection in net.connections:
            if connection.to_lane in self._numbers:
                self._leaving[connection.from_lane].append(connection)
        self._in_way: dict[int, int] = {}

    def streets(self) -> Streets:
        for connection in self._net.connections:
            if connection.from_lane in self._numbers and connection.to_lane in self._numbers:
                self._add(connection)
        streets_count = len(self._lanes)
        sources = {edge: self._add_source(edge) for edge in self._edge_lanes}
        return Streets(
            lanes=tuple(self._lanes),
            lane_numbers=self._numbers,
            edge_lanes={edge: tuple(names) for edge, names in self._edge_lanes.items()},
            sources=sources,
            ways={lane: tuple(ways) for lane, ways in self._ways.items()},
            edges={edge: number for number, edge in enumerate(self._edge_lanes)},
            passing_s=tuple(self._passing_s()),
            link_ends=tuple(self._ends),
            roundabouts=self._net.roundabouts,
            restricted=tuple(
                lane
                for lane in self._net.lanes.values()
                if lane.name in self._numbers and lane.is_restricted
            ),
            arrays=self._arrays(streets_count),
        )

    def _add(self, connection: Connection) -> None:
        net = self._net
        inside = [net.lanes[name] for name in way_inside(connection.via, net.onward)]
        before = net.lanes[connection.from_lane]
        lengths = [max(lane.length_m, _SHORTEST_M) for lane in inside]
        speed = min([lane.speed_mps for lane in inside] + [before.speed_mps])
        speed = max(speed, _SLOWEST_MPS)
        ends = (connection.from_edge, connection.to_edge)
        group = -1
        if connection.signal is not None:
            group = self._group_rows.get((connection.signal, connection.index), -1)
        lane = self._numbers[connection.from_lane]
        place = net.requests.get((connection.from_lane, connection.to_lane))
        to_lane = self._numbers[connection.to_lane]
        if len(inside) > 1:
            inner = self._add_lane(f"{connection.via}", lengths[0], inside[0].speed_mps)
            if self._is_in_way(connection):
                self._in_way[inner] = self._in_way.get(lane, -1)
                self._in_way[lane] = inner
            first = self._add_link(lane, group, 0.0, speed, ends)
            last = self._add_link(inner, -1, sum(lengths[1:]), speed, ends)
            way = Way(number=first, to_lane=connection.to_lane, inner=inner, onward=last)
        else:
            last = self._add_link(lane, group, sum(lengths), speed, ends)
            way = Way(number=last, to_lane=connection.to_lane)
        if place is not None:
            self._final[place] = last
            self._request[last] = place
        if not self._has_foes(last):
            self._interior[to_lane] = max(self._interior[to_lane], sum(lengths))
        self._onto[last] = connection.to_lane
        self._ways[connection.from_lane].append(way)

    def _is_in_way(self, connection: Connection) -> bool:
        """Tell whether who waits inside the junction keeps others from driving by."""
        others = [
            self._net.lanes[other.via].shape
            for other in self._leaving[connection.from_lane]
            if other.via is not None and other.via != connection.via
        ]
        return is_in_way(self._net.lanes[str(connection.via)].shape, others)

    def _add_lane(self, name: str, length_m: float, speed_mps: float) -> int:
        self._lanes.append(name)
        self._length.append(length_m)
        self._speed.append(max(speed_mps, _SLOWEST_MPS))
        return len(self._lanes) - 1

    def _add_link(
        self, lane: int, group: int, inside_m: float, speed: float, ends: tuple[str, str]
    ) -> int:
        self._from_lane.append(lane)
        self._group.append(group)
        self._inside.append(inside_m)
        self._cross.append(speed)
        self._ends.append(ends)
        return len(self._group) - 1

    def _add_source(self, edge: str) -> int:
        first = self._net.lanes[self._edge_lanes[edge][0]]
        source = self._add_lane(f"source {edge}", 0.0, first.speed_mps)
        self._add_link(source, -1, 0.0, first.speed_mps, ("", edge))
        return source

    def _slowing_s(self) -> Floats:
        """Return the time that braking to the speed of each link takes, beyond free flow [s]."""
        speed = np.array(self._speed)[self._from_lane]
        slower = np.maximum(speed - np.array(self._cross), 0.0)
        return np.asarray(slower**2 / (2.0 * self._physics.deceleration_mps2 * speed))

    def _has_foes(self, link: int) -> bool:
        """Tell whether a link crosses or merges with another: drivers keep its junction clear."""
        junction, number = self._request.get(link, ("", 0))
        foes = self._right.foes.get(junction, ())
        return number < len(foes) and bool(foes[number])

    def _keeps_clear(self, link: int) -> bool:
        """Tell whether one enters a link only if it can be left; waiting places are excepted."""
        return link in self._onto and self._has_foes(link)

    def _zips_with(self) -> list[int]:
        """Return for each link the next one of those that a signal lets into the same lanes.

        Two turning lanes may both lead into both lanes of a street: SUMO's drivers do not spread
        over these, they all take the one that suits them best, or the first, and zip there.
        """
        shown = [link for link in self._onto if self._group[link] >= 0 and self._has_foes(link)]
        lanes: dict[tuple[int, str], set[str]] = defaultdict(set)
        for link in shown:
            lanes[self._from_lane[link], self._ends[link][1]].add(self._onto[link])
        rings: dict[tuple[str, frozenset[str]], list[int]] = defaultdict(list)
        for link in shown:
            from_edge, to_edge = self._ends[link]
            same = frozenset(lanes[self._from_lane[link], to_edge])
            rings[from_edge, same].append(link)
        zips_with = [-1] * len(self._group)
        for links in rings.values():
            if len({self._from_lane[link] for link in links}) > 1:
                for link, other in zip(links, [*links[1:], links[0]], strict=True):
                    zips_with[link] = other
        return zips_with

    def _passing_s(self) -> Iterator[float]:
        for link, (inside_m, speed_mps) in enumerate(zip(self._inside, self._cross, strict=True)):
            gives_way = self._group[link] < 0 and bool(self._yields(link))
            yield inside_m / speed_mps + (_MINOR_PENALTY_S if gives_way else 0.0)

    def _edge_numbers(self, count: int) -> list[int]:
        numbers = {edge: number for number, edge in enumerate(self._edge_lanes)}
        edges = [numbers[self._net.lanes[name].edge] for name in self._lanes[:count]]
        return edges + [-1] * (len(self._lanes) - count)

    def _borrow(self, store: list[float], streets_count: int) -> None:
        """Let very short lanes hold a few vehicles, at the cost of the lanes before them.

        A vehicle that stands on a short lane stands on the lane before it, too, and starts as
        part of one queue; without this each of them would start from rest again.
        """
        before: dict[int, list[int]] = defaultdict(list)
        for name, ways in self._ways.items():
            for way in ways:
                last = way.onward if way.inner >= 0 else way.number
                if not self._has_foes(last):
                    before[self._numbers[way.to_lane]].append(self._numbers[name])
        for lane in range(streets_count):
            lacking = _FEW_VEHICLES_M - store[lane]
            if lacking > 0 and before[lane]:
                store[lane] = _FEW_VEHICLES_M
                for other in set(before[lane]):
                    share = lacking / len(set(before[lane]))
                    store[other] = max(store[other] - share, _FEW_VEHICLES_M)

    def _yields(self, link: int) -> list[int]:
        place = self._request.get(link)
        if place is None:
            return []
        junction, number = place
        responses = self._right.responses.get(junction, ())
        foes = responses[number] if number < len(responses) else frozenset()
        return [
            self._final[junction, foe] for foe in sorted(foes) if (junction, foe) in self._final
        ]

    def _arrays(self, streets_count: int) -> StreetArrays:
        store = [
            length + self._interior[number] if number < streets_count else max(length, 0.0)
            for number, length in enumerate(self._length)
        ]
        waves = list(store)
        self._borrow(store, streets_count)
        yields = [self._yields(link) for link in range(len(self._group))]
        return StreetArrays(
            lanes=self._lane_records(store, waves),
            links=self._link_records([len(foes) for foes in yields]),
            yield_link=np.array([foe for foes in yields for foe in foes], dtype=np.int32),
            yield_merges=np.array(
                [
                    self._onto[link] == self._onto[foe]
                    for link, foes in enumerate(yields)
                    for foe in foes
                ],
                dtype=np.int32,
            ),
        )

    def _lane_records(self, store: Sequence[float], waves: Sequence[float]) -> Records:
        ends = np.cumsum([int(max(room, 0.0) / SMALLEST_SPACE_M) + 4 for room in store])
        return table(
            LANE,
            length_m=self._length,
            speed_mps=self._speed,
            per_speed=1.0 / np.array(self._speed),
            store_m=store,
            wave_s=np.array(waves) / self._physics.wave_mps,
            first_room=[0, *ends[:-1]],
            end_room=ends,
            edge=self._edge_numbers(len(self._numbers)),
            in_way=[self._in_way.get(lane, -1) for lane in range(len(self._length))],
        )

    def _link_records(self, yields: Sequence[int]) -> Records:
        links, ends = range(len(self._group)), np.cumsum(yields)
        is_inner = np.array(self._from_lane) >= len(self._numbers)
        gap_s, clearance_s = self._physics.gaps_s(np.array(self._inside), is_inner)
        return table(
            LINK,
            cross_mps=self._cross,
            per_cross=1.0 / np.array(self._cross),
            inside_m=self._inside,
            slowing_s=self._slowing_s(),
            gap_s=gap_s,
            clearance_s=clearance_s,
            group=self._group,
            from_lane=self._from_lane,
            onto=[self._numbers.get(self._onto.get(link, ""), -1) for link in links],
            zips_with=self._zips_with(),
            first_yield=[0, *ends[:-1]],
            end_yield=ends,
            keeps_clear=[self._keeps_clear(link) for link in links],
        )
