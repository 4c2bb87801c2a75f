"""Parts of a network as models of their own, fed by what a run of the whole lets reach them."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from citybrain.model.network import Network
from citybrain.ports.tables import SignalTables
from sim.queue_model.arrays import Floats
from sim.queue_model.demand import Trip
from sim.queue_model.ground import Ground
from sim.queue_model.model import QueueModel
from sim.queue_model.pricing import TablePricer, with_fixed
from sim.queue_model.routes import Departure
from sim.queue_model.signals import Signals
from sim.sumo.net_file import Connection, NetFile, way_inside

Edges = tuple[str, ...]


class PartPricers:
    """Makes evaluators of parts of a network.

    Parameters
    ----------
    ground, days
        What the whole model was compiled from.
    whole
        The whole model.
    network
        Tells where a movement belongs.
    pricer
        Makes the evaluator of a part from its model.
    """

    def __init__(
        self,
        ground: Ground,
        days: Sequence[Sequence[Trip]],
        whole: QueueModel,
        network: Network,
        pricer: Callable[[QueueModel], TablePricer],
    ) -> None:
        self._whole, self._network, self._pricer = whole, network, pricer
        self._grounds = _Grounds(ground)
        self._routes = tuple(dict.fromkeys(trip.edges for day in days for trip in day))
        numbers = {edges: number for number, edges in enumerate(self._routes)}
        self._trips = [_grouped(day, numbers) for day in days]
        self._places = _places(self._routes)
        self._taken_s: dict[tuple[str, str], float] = {}

    def observe(self, tables: SignalTables) -> None:
        """Keep the mean time of every way from edge to edge; see ``PartEvaluators``.

        It is the same for all vehicles: where a queue before the first street still grows at the
        end, later parts meet more of them than the whole lets through.
        """
        whole = self._whole
        runs = whole.runs(with_fixed(whole, tables))
        count = runs.link_count[0].mean(axis=0)
        total_s = runs.link_delay_s[0].mean(axis=0) + count * _free_s(whole)
        entered = np.where(_is_inner(whole), 0.0, count)
        taken_s: dict[tuple[str, str], float] = defaultdict(float)
        vehicles: dict[tuple[str, str], float] = defaultdict(float)
        for ends, link_s, link_veh in zip(whole.streets.link_ends, total_s, entered, strict=True):
            taken_s[ends] += float(link_s)
            vehicles[ends] += float(link_veh)
        self._taken_s = {ends: all_s / max(vehicles[ends], 1.0) for ends, all_s in taken_s.items()}

    def part(self, signals: Sequence[str], edges: Collection[str]) -> TablePricer:
        """Return an evaluator of some streets only; see ``PartEvaluators``."""
        inside = frozenset(edges)
        pieces = list(self._pieces(inside))
        movements = tuple(m.name for name in signals for m in self._network.movements_at(name))
        ground = self._grounds.part(inside, signals, movements)
        days = [list(self._entering(day, pieces)) for day in self._trips]
        model = QueueModel.compiled(
            ground, days, seeds=self._whole.seeds, physics=self._whole.physics, threads=1
        )
        return self._pricer(model)

    def _pieces(self, inside: Collection[str]) -> Iterator["_Piece"]:
        """Yield the stretches of routes that lie inside, each with the edge behind it."""
        visits = sorted(visit for edge in inside for visit in self._places.get(edge, ()))
        first = 0
        for place, (route, position) in enumerate(visits, 1):
            if place < len(visits) and visits[place] == (route, position + 1):
                continue
            start = visits[first][1]
            edges = self._routes[route]
            yield _Piece(
                route=route,
                passed=edges[:start],
                edges=edges[start : position + 2],
                after_s=self._until_s(edges, start),
            )
            first = place

    def _until_s(self, edges: Edges, place: int) -> float:
        """Return the time from departure until the edge at a place of a route is reached [s].

        The stops of a bus are its own and not in it.
        """
        streets, taken_s = self._whole.streets, self._taken_s
        lanes = streets.arrays.lanes
        if not place:
            return 0.0
        total_s = taken_s.get(("", edges[0]), 0.0)
        for edge, onward in pairwise(edges[: place + 1]):
            lane = streets.lane_numbers[streets.edge_lanes[edge][0]]
            total_s += float(lanes[lane]["length_m"] / lanes[lane]["speed_mps"])
            total_s += taken_s.get((edge, onward), 0.0)
        return total_s

    def _entering(
        self, day: Mapping[int, Sequence[Trip]], pieces: Sequence["_Piece"]
    ) -> Iterator[Trip]:
        for piece in pieces:
            for trip in day.get(piece.route, ()):
                stops = dict(trip.dwell_s)
                stood_s = sum(stops.get(edge, 0.0) for edge in piece.passed) if stops else 0.0
                depart_s = trip.depart_s + piece.after_s + stood_s
                if depart_s < self._whole.horizon_s:
                    yield replace(
                        trip,
                        depart_s=depart_s,
                        edges=piece.edges,
                        choices=(),
                        # who comes from elsewhere comes on all lanes
                        departure=Departure.ANY if piece.passed else trip.departure,
                    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """A stretch of a route, what was driven before, and the time that takes without stops [s]."""

    route: int
    passed: Edges
    edges: Edges
    after_s: float


def _is_inner(whole: QueueModel) -> NDArray[np.bool_]:
    """Return the links that start at a waiting place inside a junction."""
    from_lane = whole.streets.arrays.links["from_lane"]
    is_source = whole.streets.arrays.lanes["length_m"][from_lane] == 0.0
    return np.asarray((from_lane >= len(whole.streets.lane_numbers)) & ~is_source)


def _free_s(whole: QueueModel) -> Floats:
    """Return the time that each link takes inside its junction without any delay [s]."""
    links = whole.streets.arrays.links
    before = whole.streets.arrays.lanes[links["from_lane"]]
    before_s = before["length_m"] / before["speed_mps"]
    inside_s = links["inside_m"] / links["cross_mps"]
    return np.asarray(inside_s + np.where(_is_inner(whole), before_s, 0.0))


def _grouped(day: Sequence[Trip], numbers: Mapping[Edges, int]) -> dict[int, list[Trip]]:
    found: dict[int, list[Trip]] = {}
    for trip in day:
        found.setdefault(numbers[trip.edges], []).append(trip)
    return found


def _places(routes: Sequence[Edges]) -> dict[str, list[tuple[int, int]]]:
    """Return edge → (route, position) of every route that uses it."""
    found: dict[str, list[tuple[int, int]]] = {}
    for number, edges in enumerate(routes):
        for position, edge in enumerate(edges):
            found.setdefault(edge, []).append((number, position))
    return found


@dataclass(slots=True)
class _Grounds:
    """Cuts parts out of a ground; sorts its lanes, connections and signals once."""

    whole: Ground
    _lanes: dict[str, list[str]] = field(init=False)
    _leaving: dict[str, list[Connection]] = field(init=False)
    _rows: dict[str, dict[int, int]] = field(init=False)
    _order: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self._lanes, self._leaving, self._rows = {}, {}, {}
        self._order = {name: number for number, name in enumerate(self.whole.signals.names)}
        for lane in self.whole.net.lanes.values():
            self._lanes.setdefault(lane.edge, []).append(lane.name)
        for connection in self.whole.net.connections:
            self._leaving.setdefault(connection.from_edge, []).append(connection)
        for (signal, index), row in self.whole.signals.rows.items():
            self._rows.setdefault(signal, {})[index] = row

    def part(
        self, inside: Collection[str], signals: Sequence[str], movements: tuple[str, ...]
    ) -> Ground:
        """Return streets, and the edges behind them, with their signals."""
        connections = [c for edge in sorted(inside) for c in self._leaving.get(edge, ())]
        own = dict.fromkeys(c.signal for c in connections if c.signal is not None)
        return replace(
            self.whole,
            net=self._net(inside, connections),
            signals=self._signals(signals, [name for name in own if name not in signals]),
            movements=movements,
        )

    def _net(self, inside: Collection[str], connections: Sequence[Connection]) -> NetFile:
        net = self.whole.net
        edges = dict.fromkeys([*sorted(inside), *(c.to_edge for c in connections)])
        streets = [name for edge in edges for name in self._lanes.get(edge, ())]
        ways = [name for c in connections for name in way_inside(c.via, net.onward)]
        lanes = {name: net.lanes[name] for name in dict.fromkeys([*streets, *ways])}
        return replace(net, lanes=lanes, connections=tuple(connections))

    def _signals(self, planned: Sequence[str], others: Sequence[str]) -> Signals:
        whole = self.whole.signals
        place = self._order
        first_fixed = len(whole.names) - len(whole.fixed)
        fixed = [name for name in others if place.get(name, -1) >= first_fixed]
        names = (*planned, *fixed)
        rows: dict[tuple[str, int], int] = {}
        shift = 0
        for name in names:
            own = self._rows.get(name, {})
            first = min(own.values(), default=0)
            rows.update({(name, index): shift + row - first for index, row in own.items()})
            shift += len(whole.groups[place[name]])
        return Signals(
            names=names,
            groups=tuple(whole.groups[place[name]] for name in names),
            fixed=tuple(whole.fixed[place[name] - first_fixed] for name in fixed),
            rows=rows,
        )
