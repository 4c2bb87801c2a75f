"""The links of a signal with their ways through the junction, and which of them are foes."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from citybrain.model.intersection import Link, LinkKind
from citybrain.model.network import Point
from citybrain.units import rounded_s
from sim.sumo.geometry import way_to_meeting_m
from sim.sumo.net_file import Connection, Junction, NetFile, way_inside

TURNS = {"s": "through", "l": "left", "L": "left", "r": "right", "R": "right", "t": "u_turn"}
"""SUMO's ``dir`` of a connection → the kind of turn in our words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPath:
    """A link and its way through the junction.

    Parameters
    ----------
    link
        The link as the model knows it.
    from_edge, to_edge
        Edges before and behind the junction.
    internal_lanes
        Internal lanes from the stop line on; for a crossing, the crossing itself.
    shape
        Centre line from the stop line to the exit lane. [m]
    clearing_speed_mps
        Speed limit of the approach or of the way inside, whichever is lower. [m/s]
    """

    link: Link
    from_edge: str
    to_edge: str
    internal_lanes: tuple[str, ...]
    shape: tuple[Point, ...]
    clearing_speed_mps: float


def link_paths(net: NetFile, connections: Sequence[Connection]) -> tuple[LinkPath, ...]:
    """Return the links of one signal in the order of their index.

    Parameters
    ----------
    net
        Network.
    connections
        The connections that the signal controls.
    """
    paths = (_link_path(net, connection) for connection in connections)
    return tuple(sorted(paths, key=lambda path: (path.link.index, path.link.from_lane)))


def foe_links(net: NetFile, paths: tuple[LinkPath, ...]) -> Iterator[tuple[LinkPath, LinkPath]]:
    """Yield every pair of links whose ways cross or merge, as the network declares it.

    Links of one signal that lie in different junctions are never foes.

    Parameters
    ----------
    net
        Network.
    paths
        Links of one signal.
    """
    by_request: dict[tuple[str, int], list[LinkPath]] = defaultdict(list)
    for path in paths:
        place = net.requests.get((path.link.from_lane, path.link.to_lane))
        if place is not None:
            by_request[place].append(path)
    for (junction, request), parts in by_request.items():
        for other, is_foe in enumerate(reversed(_foes(net.junctions[junction], request))):
            if is_foe == "1":
                yield from _meeting_parts(parts, by_request.get((junction, other), []))


def _meeting_parts(
    parts: list[LinkPath], others: list[LinkPath]
) -> Iterator[tuple[LinkPath, LinkPath]]:
    """Yield the pairs of foes; of a way that is signalled twice, the parts that do meet.

    A crossing with a signal for each direction is no such way: both walk all of it.
    """
    for first, second in product(parts, others):
        is_whole = _is_whole(first, parts) and _is_whole(second, others)
        if is_whole or way_to_meeting_m(first.shape, second.shape) is not None:
            yield first, second


def _is_whole(path: LinkPath, parts: Sequence[LinkPath]) -> bool:
    return len(parts) == 1 or path.link.kind is LinkKind.CROSSING


def _foes(junction: Junction, request: int) -> str:
    return junction.foes[request] if request < len(junction.foes) else ""


def _link_path(net: NetFile, connection: Connection) -> LinkPath:
    crossing = net.crossing_of(connection)
    is_crossing = crossing is not None
    names = (crossing,) if crossing else tuple(_until_next_signal(net, connection))
    inside = [net.lanes[name] for name in names]
    shape = tuple(point for lane in inside for point in lane.shape)
    if crossing == connection.from_lane:
        shape = shape[::-1]
    if not inside:
        shape = (net.lanes[connection.from_lane].shape[-1], net.lanes[connection.to_lane].shape[0])
    before = net.lanes[connection.from_lane]
    speed_mps = min((lane.speed_mps for lane in inside), default=before.speed_mps)
    link = Link(
        index=connection.index,
        from_lane=connection.from_lane,
        to_lane=connection.to_lane,
        kind=LinkKind.CROSSING if is_crossing else LinkKind.VEHICLE,
        turn="crossing" if is_crossing else TURNS.get(connection.direction, "through"),
        length_m=rounded_s(sum(lane.length_m for lane in inside)),
        speed_mps=speed_mps,
    )
    return LinkPath(
        link=link,
        from_edge=connection.from_edge,
        to_edge=connection.to_edge,
        internal_lanes=names,
        shape=shape,
        clearing_speed_mps=min(speed_mps, before.speed_mps),
    )


def _until_next_signal(net: NetFile, connection: Connection) -> Iterator[str]:
    """Yield the internal lanes; bicycles that turn left in two steps wait for a second signal."""
    for lane in way_inside(connection.via, net.onward):
        yield lane
        if lane in net.signalled_inside:
            return
