"""Coordinated streets: intersections that the heaviest through movements string together."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from citybrain.model.network import Movement, Network
from citybrain.report.carriageways import Carriageway, bend_deg, carriageways, gap_m, heading_deg

LONGEST_LINK_M = 1000.0
"""Signals further apart are hardly ever coordinated; MUTCD 2009, 4D.04, names 0.5 mile [m]."""

STRAIGHT_DEG = 45.0
"""A way that turns less than this goes on as the same street [degrees]."""

FEWEST_INTERSECTIONS = 2

MOST_STOP_LINES = 12
"""A longer street is shown in parts, which meet at an intersection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopLine:
    """Where a street meets a signal.

    Parameters
    ----------
    intersection, movement
        Intersection, and the through movement that the street follows there.
    group
        Signal group of that movement.
    distance_m
        From the first stop line of this direction to this one. [m]
    place_m
        Where it is drawn: distance along the street as driven forward. [m]
    travel_s
        The same way at the speed limit. [s]
    """

    intersection: str
    movement: str
    group: str
    distance_m: float
    place_m: float
    travel_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """A street as driven one way.

    Parameters
    ----------
    stop_lines
        In the order of driving.
    flow_veh
        Vehicles per run on the through movements, in the mean. [veh]
    heading_deg
        From the first to the last stop line, clockwise from north. [degrees]
    """

    stop_lines: tuple[StopLine, ...]
    flow_veh: float
    heading_deg: float

    @property
    def intersections(self) -> tuple[str, ...]:
        """Intersections in the order of driving, each named once."""
        return tuple(dict.fromkeys(stop.intersection for stop in self.stop_lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """A street with its signals, driven forward and, unless it is one-way, backward."""

    forward: Direction
    backward: Direction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Link:
    """The way from one stop line to the next."""

    movement: str
    length_m: float
    travel_s: float


def find_streets(network: Network, flows_veh: Mapping[str, float]) -> tuple[Street, ...]:
    """Return the coordinated streets of a network, the busiest first.

    From the heaviest through movement of every approach the way is followed, straight on over
    junctions without retimable signals, to the next retimable signal.  Chains of such ways over
    at least two intersections are streets; two chains that meet the same intersections in
    opposite order are the two directions of one.

    Parameters
    ----------
    network
        Lanes, turns and movements.
    flows_veh
        Vehicles per movement; movements that it leaves out count as empty. [veh]

    Returns
    -------
    tuple of Street
        Directions that share no movement.
    """
    finder = _Finder(network, flows_veh)
    waiting = sorted(finder.directions(), key=_rank)
    streets = []
    while waiting:
        forward = waiting.pop(0)
        partners = [other for other in waiting if _is_opposite(forward, other)]
        backward = max(partners, key=lambda other: len(_shared(forward, other)), default=None)
        if backward is not None:
            waiting.remove(backward)
        streets += [Street(forward=part, backward=backward) for part in _parts(forward)]
    return tuple(streets)


class _Finder:
    """Follows movements through the network."""

    def __init__(self, network: Network, flows_veh: Mapping[str, float]) -> None:
        self.network = network
        self.flows_veh = flows_veh
        self.ways = carriageways(network)
        self.through: dict[str, Movement] = {}
        for movement in sorted(network.movements.values(), key=lambda m: m.name):
            if self._is_straight(movement):
                best = self.through.get(movement.from_edge)
                if best is None or self._flow_veh(movement.name) > self._flow_veh(best.name):
                    self.through[movement.from_edge] = movement

    def directions(self) -> list[Direction]:
        """Return every chain over at least two intersections, no movement in two of them."""
        links = self._links()
        followers = {link.movement for link in links.values()}
        begins = sorted(links, key=lambda name: (name in followers, name))
        seen: set[str] = set()
        chains = []
        for begin in begins:
            if begin not in seen:
                chains.append(self._chain(begin, links))
                seen.update(stop.movement for stop in chains[-1].stop_lines)
        return [c for c in chains if len(c.intersections) >= FEWEST_INTERSECTIONS]

    def _links(self) -> dict[str, _Link]:
        """Return movement → way to the next stop line; the heaviest of those that meet there."""
        links: dict[str, _Link] = {}
        taken: set[str] = set()
        heaviest_first = sorted(
            self.through.values(), key=lambda m: (-self._flow_veh(m.name), m.name)
        )
        for movement in heaviest_first:
            link = self._link(movement)
            if link is not None and link.movement not in taken:
                taken.add(link.movement)
                links[movement.name] = link
        return links

    def _link(self, movement: Movement) -> _Link | None:
        """Follow a movement to the next stop line; none if there is none within reach."""
        length_m = travel_s = 0.0
        seen = {movement.from_edge}
        before = self.ways[movement.from_edge]
        edge: str | None = movement.to_edge
        while edge is not None and edge not in seen:
            way = self.ways[edge]
            part_m = gap_m(before, way) + way.length_m
            length_m, travel_s = length_m + part_m, travel_s + part_m / way.speed_mps
            if length_m > LONGEST_LINK_M:
                return None
            if edge in self.through:
                follower = self.through[edge].name
                return _Link(movement=follower, length_m=length_m, travel_s=travel_s)
            seen.add(edge)
            before, edge = way, self._straight_on(way)
        return None

    def _straight_on(self, way: Carriageway) -> str | None:
        options = [edge for edge in self.network.turns.get(way.edge, ()) if edge in self.ways]
        bends_deg = {edge: bend_deg(way, self.ways[edge]) for edge in options}
        best = min(bends_deg, key=lambda edge: (bends_deg[edge], edge), default=None)
        return best if best is not None and bends_deg[best] < STRAIGHT_DEG else None

    def _chain(self, begin: str, links: Mapping[str, _Link]) -> Direction:
        stops = [self._stop_line(begin, 0.0, 0.0)]
        while (link := links.get(stops[-1].movement)) is not None and link.movement != begin:
            last = stops[-1]
            distance_m, travel_s = last.distance_m + link.length_m, last.travel_s + link.travel_s
            stops.append(self._stop_line(link.movement, distance_m, travel_s))
        return Direction(
            stop_lines=tuple(stops),
            flow_veh=fmean(self._flow_veh(stop.movement) for stop in stops),
            heading_deg=self._heading_deg(stops[0].movement, stops[-1].movement),
        )

    def _stop_line(self, name: str, distance_m: float, travel_s: float) -> StopLine:
        movement = self.network.movements[name]
        return StopLine(
            intersection=movement.intersection,
            movement=name,
            group=self._group(movement),
            distance_m=distance_m,
            place_m=distance_m,
            travel_s=travel_s,
        )

    def _group(self, movement: Movement) -> str:
        """Return the signal group that controls most links of a movement."""
        lanes = self.network.lanes
        intersection = self.network.intersections[movement.intersection]
        groups = [
            intersection.group_of_index(link.index).name
            for link in intersection.links
            if link.from_lane in movement.lanes
            and link.to_lane in lanes
            and lanes[link.to_lane].edge == movement.to_edge
        ]
        return max(movement.groups, key=groups.count)

    def _heading_deg(self, first: str, last: str) -> float:
        edges = [self.network.movements[name].from_edge for name in (first, last)]
        start, end = (self.ways[edge].shape[-1] for edge in edges)
        return heading_deg(start, end)

    def _is_straight(self, movement: Movement) -> bool:
        before, after = (self.ways.get(edge) for edge in (movement.from_edge, movement.to_edge))
        if before is None or after is None or not movement.groups:
            return False
        return movement.turn == "through" or (
            movement.turn != "u_turn" and bend_deg(before, after) < STRAIGHT_DEG
        )

    def _flow_veh(self, movement: str) -> float:
        return self.flows_veh.get(movement, 0.0)


def _parts(forward: Direction) -> Iterator[Direction]:
    stops = forward.stop_lines
    for begin in range(0, len(stops) - 1, MOST_STOP_LINES - 1):
        part = replace(
            forward, stop_lines=tuple(_from_zero(stops[begin : begin + MOST_STOP_LINES]))
        )
        if len(part.intersections) >= FEWEST_INTERSECTIONS:
            yield part


def _from_zero(stops: Sequence[StopLine]) -> Iterator[StopLine]:
    """Yield stop lines with distances and times from the first of them."""
    for stop in stops:
        distance_m = stop.distance_m - stops[0].distance_m
        travel_s = stop.travel_s - stops[0].travel_s
        yield replace(stop, distance_m=distance_m, place_m=distance_m, travel_s=travel_s)


def aligned(street: Street) -> tuple[Direction, Direction | None]:
    """Return both directions of a street, the way back cut to the signals that both meet.

    Its stop lines are placed at those of the way forward, its distances start anew.
    """
    shared = _shared(street.forward, street.backward) if street.backward else ()
    if street.backward is None or len(shared) < FEWEST_INTERSECTIONS:
        return street.forward, None
    stops = [stop for stop in street.backward.stop_lines if stop.intersection in shared]
    pairs = zip(_from_zero(stops), _places_m(street.forward, stops), strict=True)
    placed = tuple(replace(stop, place_m=place_m) for stop, place_m in pairs)
    return street.forward, replace(street.backward, stop_lines=placed)


def _places_m(forward: Direction, stops: Sequence[StopLine]) -> Iterator[float]:
    """Yield a place for every stop line of the way back, the furthest of its intersection first."""
    free_m: dict[str, list[float]] = defaultdict(list)
    for stop in forward.stop_lines:
        free_m[stop.intersection].append(stop.place_m)
    for stop in stops:
        places_m = free_m[stop.intersection]
        yield places_m.pop() if len(places_m) > 1 else places_m[0]


def _shared(forward: Direction, backward: Direction) -> tuple[str, ...]:
    others = set(backward.intersections)
    return tuple(name for name in forward.intersections if name in others)


def _is_opposite(forward: Direction, backward: Direction) -> bool:
    there = _shared(forward, backward)
    back = _shared(backward, forward)
    return len(there) >= FEWEST_INTERSECTIONS and there == tuple(reversed(back))


def _rank(direction: Direction) -> tuple[float, str]:
    busy = direction.flow_veh * len(direction.intersections)
    return -busy, direction.stop_lines[0].movement
