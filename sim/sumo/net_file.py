"""A SUMO network file as it stands: lanes, connections and junctions, by name."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from citybrain.errors import InputError
from citybrain.model.network import Point
from sim.sumo.xml_files import attribute, read_xml
from sim.uncollected import uncollected

_NOT_MOTOR = frozenset({"pedestrian", "bicycle", "scooter", "wheelchair", "ship", "container"})
_RAIL = frozenset({"tram", "rail", "rail_urban", "rail_electric", "rail_fast", "subway"})
_RAIL |= frozenset({"light_rail", "cable_car"})
OFF_STREET = _NOT_MOTOR | _RAIL
"""Classes of vehicles that have, or may have, ways of their own beside the streets."""
_MOTOR_SAMPLE = frozenset({"passenger", "bus", "taxi", "truck", "delivery", "emergency"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NetLane:
    """One ``<lane>``, streets and internal ways of junctions alike.

    Parameters
    ----------
    name, edge
        Lane and its edge.
    length_m, speed_mps
        Length and speed limit. [m], [m/s]
    shape
        Centre line. [m]
    for_vehicles
        Some class of motor vehicle, not on rails, may use it.
    for_rail
        Vehicles on rails may use it, and none other that has a motor.
    allowed
        Classes that alone may use it; none where all may that are not barred.
    barred
        Classes that may not use it.
    """

    name: str
    edge: str
    length_m: float
    speed_mps: float
    shape: tuple[Point, ...]
    for_vehicles: bool
    for_rail: bool
    allowed: frozenset[str] | None = None
    barred: frozenset[str] = frozenset()

    @property
    def is_restricted(self) -> bool:
        """Not every class may use it."""
        return self.allowed is not None or bool(self.barred)

    def is_open_to(self, vclass: str) -> bool:
        """Tell whether vehicles of a class may use it; ``ignoring`` ones may use any."""
        if vclass == "ignoring":
            return True
        return vclass not in self.barred and (self.allowed is None or vclass in self.allowed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One ``<connection>``: from a lane over internal lanes to a lane.

    Parameters
    ----------
    from_edge, to_edge, from_lane, to_lane
        Edges and lanes before and behind the junction.
    via
        First internal lane; none where there is none.
    direction
        SUMO's ``dir``: s, l, L, r, R or t.
    signal, index
        Signal that controls it, and its position in the signal's state; none and -1 without one.
    """

    from_edge: str
    to_edge: str
    from_lane: str
    to_lane: str
    via: str | None
    direction: str
    signal: str | None
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Junction:
    """One ``<junction>`` with the right of way of its links.

    Parameters
    ----------
    name, kind
        SUMO's ``id`` and ``type``.
    incoming_lanes, internal_lanes
        Lanes that lead to it, and inside it; position in the latter = number of the request.
    foes
        For each request its foes as SUMO writes them: one 0 or 1 per link, from the last to the
        first.
    """

    name: str
    kind: str
    incoming_lanes: tuple[str, ...]
    internal_lanes: tuple[str, ...]
    foes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetFile:
    """Everything that citybrain needs of one network file.

    Parameters
    ----------
    path
        Where it was read from.
    lanes
        Lanes by name, in the order of the file; edges are listed from right to left.
    internal_edges
        Edges inside junctions, crossings and walking areas among them.
    crossings
        The crossings among them.
    connections
        Connections in the order of the file.
    junctions
        Junctions by name.
    onward
        Internal lane → the internal lane that continues it, where one does.
    requests
        Connection as (from lane, to lane) → junction and number of its request there; a way that
        is signalled again inside the junction has one request for both of its connections.
    signalled_inside
        Internal lanes at whose end a signal stands.
    roundabouts
        Edges that belong to roundabouts.
    """

    path: Path
    lanes: dict[str, NetLane] = field(hash=False)
    internal_edges: frozenset[str]
    crossings: frozenset[str]
    connections: tuple[Connection, ...]
    junctions: dict[str, Junction] = field(hash=False)
    onward: dict[str, str] = field(hash=False)
    requests: dict[tuple[str, str], tuple[str, int]] = field(hash=False)
    signalled_inside: frozenset[str]
    roundabouts: frozenset[str] = frozenset()

    def crossing_of(self, connection: Connection) -> str | None:
        """Return the lane of the crossing that a connection lets walk, none if it is no such one.

        A crossing whose two directions have signals of their own is entered by one connection and
        left by the other; either lets walk all of it.
        """
        if connection.to_edge in self.crossings:
            return connection.to_lane
        return connection.from_lane if connection.from_edge in self.crossings else None

    def signalled(self) -> dict[str, list[Connection]]:
        """Return signal → the connections it controls, in the order of the file."""
        found: dict[str, list[Connection]] = defaultdict(list)
        for connection in self.connections:
            if connection.signal is not None:
                found[connection.signal].append(connection)
        return found


@uncollected
def read_net_file(path: Path) -> NetFile:
    """Read a network, ``.net.xml`` or ``.net.xml.gz``.

    Parameters
    ----------
    path
        File to read; it is never written.

    Raises
    ------
    InputError
        The file is missing, truncated, or no network.
    """
    root = read_xml(path)
    if root.tag != "net":
        raise InputError(path, f"holds <{root.tag}>, not <net>", "name a SUMO network")
    try:
        return _net_file(path, root)
    except ValueError as error:
        raise InputError(path, f"holds a bad number ({error})", "export it again") from None


def _net_file(path: Path, root: ElementTree.Element) -> NetFile:
    edges = root.findall("edge")
    functions = {attribute(edge, "id", path): edge.get("function", "normal") for edge in edges}
    internal_edges = frozenset(name for name, kind in functions.items() if kind != "normal")
    connections = tuple(_connection(c, path) for c in root.findall("connection"))
    junctions = {attribute(j, "id", path): _junction(j) for j in root.findall("junction")}
    onward = {c.from_lane: c.via for c in connections if c.from_edge in internal_edges and c.via}
    crossings = frozenset(name for name, kind in functions.items() if kind == "crossing")
    return NetFile(
        path=path,
        lanes={lane.name: lane for edge in edges for lane in _lanes(edge, path)},
        internal_edges=internal_edges,
        crossings=crossings,
        connections=connections,
        junctions=junctions,
        onward=onward,
        requests=_requests(junctions, connections, onward, crossings),
        signalled_inside=frozenset(
            c.from_lane for c in connections if c.signal and c.from_edge in internal_edges
        ),
        roundabouts=frozenset(
            edge for ring in root.findall("roundabout") for edge in ring.get("edges", "").split()
        ),
    )


def _requests(
    junctions: dict[str, Junction],
    connections: tuple[Connection, ...],
    onward: dict[str, str],
    crossings: frozenset[str],
) -> dict[tuple[str, str], tuple[str, int]]:
    """Find the number of every link at its junction, as SUMO counts.

    The internal lanes of a junction are listed in the order of its requests, crossings last;
    a way that waits inside the junction is listed by its last part, and who leaves a crossing at a
    signal of the other direction by the crossing.  A network without internal
    lanes has one request for each connection, in the order of lanes and connections.
    """
    inside = {
        lane: (junction.name, number)
        for junction in junctions.values()
        if junction.kind != "internal"
        for number, lane in enumerate(junction.internal_lanes)
    }
    found = {}
    leaving: dict[str, list[Connection]] = defaultdict(list)
    for connection in connections:
        leaving[connection.from_lane].append(connection)
        back = (connection.from_lane,) if connection.from_edge in crossings else ()
        ways = (*way_inside(connection.via, onward), connection.to_lane, *back)
        place = next((inside[lane] for lane in ways if lane in inside), None)
        if place is not None:
            found[connection.from_lane, connection.to_lane] = place
    for junction in junctions.values():
        if not junction.internal_lanes and junction.kind != "internal":
            outgoing = (c for lane in junction.incoming_lanes for c in leaving[lane])
            for number, connection in enumerate(outgoing):
                found[connection.from_lane, connection.to_lane] = (junction.name, number)
    return found


def way_inside(first: str | None, onward: dict[str, str]) -> Iterator[str]:
    """Yield the internal lanes of a connection, from its ``via`` on."""
    name = first
    while name is not None:
        yield name
        name = onward.get(name)


def _lanes(edge: ElementTree.Element, path: Path) -> Iterator[NetLane]:
    name = edge.attrib["id"]
    for lane in edge.findall("lane"):
        where = f"{path}: edge '{name}'"
        allow, disallow = lane.get("allow"), lane.get("disallow")
        yield NetLane(
            name=attribute(lane, "id", where),
            edge=name,
            length_m=float(attribute(lane, "length", where)),
            speed_mps=float(attribute(lane, "speed", where)),
            shape=_shape(attribute(lane, "shape", where)),
            for_vehicles=_for_vehicles(allow, disallow),
            for_rail=allow is not None and _is_rail(allow),
            allowed=None if allow in {None, "all"} else frozenset(str(allow).split()),
            barred=frozenset((disallow or "").split()) if allow is None else frozenset(),
        )


def _for_vehicles(allow: str | None, disallow: str | None) -> bool:
    if allow is not None:
        return allow == "all" or bool(set(allow.split()) - _NOT_MOTOR - _RAIL)
    if disallow is not None:
        return disallow != "all" and bool(_MOTOR_SAMPLE - set(disallow.split()))
    return True


def _is_rail(allow: str) -> bool:
    motors = set(allow.split()) - _NOT_MOTOR
    return bool(motors) and motors <= _RAIL


def _shape(text: str) -> tuple[Point, ...]:
    points = (point.split(",") for point in text.split())
    return tuple((float(point[0]), float(point[1])) for point in points)


def _connection(element: ElementTree.Element, path: Path) -> Connection:
    from_edge = attribute(element, "from", f"{path}: connection")
    where = f"{path}: connection from '{from_edge}'"
    to_edge = attribute(element, "to", where)
    return Connection(
        from_edge=from_edge,
        to_edge=to_edge,
        from_lane=f"{from_edge}_{attribute(element, 'fromLane', where)}",
        to_lane=f"{to_edge}_{attribute(element, 'toLane', where)}",
        via=element.get("via"),
        direction=element.get("dir", "s"),
        signal=element.get("tl"),
        index=int(element.get("linkIndex", "-1")),
    )


def _junction(element: ElementTree.Element) -> Junction:
    requests = sorted(element.findall("request"), key=lambda request: int(request.attrib["index"]))
    return Junction(
        name=element.attrib["id"],
        kind=element.get("type", ""),
        incoming_lanes=tuple(element.get("incLanes", "").split()),
        internal_lanes=tuple(element.get("intLanes", "").split()),
        foes=tuple(request.get("foes", "") for request in requests),
    )
