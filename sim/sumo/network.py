"""From a SUMO network and its programs to streets, movements and retimable intersections."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from citybrain.config import SafetyLimits
from citybrain.errors import InputError
from citybrain.model.intersection import Intersection, LinkKind
from citybrain.model.network import Lane, Movement, Network, Untouched
from sim.sumo.intersections import SignalReading, read_signal
from sim.sumo.net_file import Connection, NetFile, read_net_file
from sim.sumo.signal_links import LinkPath
from sim.sumo.tls_reader import Declarations

_TURNAROUND = "t"
"""SUMO's ``dir`` of a connection into the opposite carriageway."""


def read_network(net_file: Path, programs: Declarations, limits: SafetyLimits) -> Network:
    """Read streets and signals, and say which signals can be retimed.

    Parameters
    ----------
    net_file
        SUMO network, plain or packed with gzip; it is never written.
    programs
        Programs of the network and of all additional files, from ``read_declarations``.
    limits
        Minimum greens and the range of cycles.

    Raises
    ------
    InputError
        The file is no network, has no signals, or a program's greens conflict.
    """
    net = read_net_file(net_file)
    readings = read_signals(net, programs, limits)
    kept = [reading for reading in readings if isinstance(reading, SignalReading)]
    movements = (
        movement
        for reading in kept
        for movement in _movements(net, reading.intersection, reading.paths)
    )
    return Network(
        name=net_file.name,
        lanes=_lanes(net),
        turns=_turns(net),
        movements={movement.name: movement for movement in movements},
        intersections={reading.intersection.name: reading.intersection for reading in kept},
        untouched=tuple(reading for reading in readings if isinstance(reading, Untouched)),
        turnarounds=frozenset(
            (each.from_edge, each.to_edge)
            for each in net.connections
            if each.direction == _TURNAROUND
        ),
    )


def read_signals(
    net: NetFile, programs: Declarations, limits: SafetyLimits
) -> tuple[SignalReading | Untouched, ...]:
    """Read every signal of a network, in order of their names.

    Parameters
    ----------
    net
        Network.
    programs
        Programs of the scenario.
    limits
        Minimum greens and the range of cycles.

    Raises
    ------
    InputError
        There is no signal, a program does not fit one, or its greens conflict.
    """
    signalled = net.signalled()
    if not signalled:
        raise InputError(net.path, "has no signals", "name a network with traffic lights")
    return tuple(
        _with_approaches(net, connections, read_signal(net, connections, programs, limits))
        for _, connections in sorted(signalled.items())
    )


def _with_approaches(
    net: NetFile, connections: Sequence[Connection], reading: SignalReading | Untouched
) -> SignalReading | Untouched:
    """Return a reading; one of a signal that is left as it is with the edges that end there."""
    if isinstance(reading, SignalReading):
        return reading
    edges = sorted({net.lanes[connection.from_lane].edge for connection in connections})
    return replace(reading, approaches=tuple(edges))


def _lanes(net: NetFile) -> dict[str, Lane]:
    return {
        lane.name: Lane(
            name=lane.name,
            edge=lane.edge,
            length_m=lane.length_m,
            speed_mps=lane.speed_mps,
            shape=lane.shape,
            for_vehicles=lane.for_vehicles,
        )
        for lane in net.lanes.values()
        if lane.edge not in net.internal_edges
    }


def _turns(net: NetFile) -> dict[str, tuple[str, ...]]:
    turns: dict[str, dict[str, None]] = {edge: {} for edge in _streets(net)}
    for connection in net.connections:
        if connection.from_edge in turns and net.lanes[connection.from_lane].for_vehicles:
            turns[connection.from_edge][connection.to_edge] = None
    return {edge: tuple(exits) for edge, exits in turns.items()}


def _streets(net: NetFile) -> Iterator[str]:
    return (lane.edge for lane in net.lanes.values() if lane.edge not in net.internal_edges)


def _movements(
    net: NetFile, intersection: Intersection, paths: Sequence[LinkPath]
) -> Iterator[Movement]:
    turns: dict[tuple[str, str], list[LinkPath]] = defaultdict(list)
    for path in paths:
        is_driven = net.lanes[path.link.from_lane].for_vehicles
        if path.link.kind is LinkKind.VEHICLE and is_driven:
            turns[path.from_edge, path.to_edge].append(path)
    group_of = {index: group.name for group in intersection.groups for index in group.indices}
    for (from_edge, to_edge), ways in turns.items():
        yield Movement(
            name=f"{from_edge}->{to_edge}",
            intersection=intersection.name,
            from_edge=from_edge,
            to_edge=to_edge,
            turn=ways[0].link.turn,
            lanes=tuple(dict.fromkeys(way.link.from_lane for way in ways)),
            groups=tuple(dict.fromkeys(group_of[way.link.index] for way in ways)),
        )
