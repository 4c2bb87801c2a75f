"""The streets: lanes, movements and the intersections that control them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from citybrain.model.intersection import Intersection

_T = TypeVar("_T")

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One lane of an edge.

    Parameters
    ----------
    name
        Lane name, unique in the network.
    edge
        Edge (carriageway between two junctions) that the lane belongs to.
    length_m, speed_mps
        Length and speed limit. [m], [m/s]
    shape
        Centre line. [m]
    for_vehicles
        Motor vehicles may use it; false for pavements and cycle tracks.
    """

    name: str
    edge: str
    length_m: float
    speed_mps: float
    shape: tuple[Point, ...]
    for_vehicles: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One turn at an intersection: from an approach edge to an exit edge.

    Parameters
    ----------
    name
        ``from_edge->to_edge``.
    intersection
        Intersection that signals it.
    from_edge, to_edge
        Approach and exit.
    turn
        ``through``, ``left``, ``right`` or ``u_turn``.
    lanes
        Approach lanes from which the turn can be made.
    groups
        Signal groups that control it.
    """

    name: str
    intersection: str
    from_edge: str
    to_edge: str
    turn: str
    lanes: tuple[str, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Untouched:
    """A signal that citybrain reads but does not retime.

    Parameters
    ----------
    intersection
        Its name.
    reason
        Why it is not retimed.
    approaches
        Edges that end at it.
    """

    intersection: str
    reason: str
    approaches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Streets and signals of one study area.

    Parameters
    ----------
    name
        File name of the network.
    lanes
        Lane name → lane; internal lanes of junctions are left out.
    turns
        Edge → edges that can be driven to next, signalised or not.
    movements
        Movements of the retimable intersections, by name of their movement.
    intersections
        Retimable intersections by name.
    untouched
        Signals that are left as they are, with the reason.
    turnarounds
        Those turns, edge and next edge, that lead into the opposite carriageway.
    """

    name: str
    lanes: dict[str, Lane] = field(hash=False)
    turns: dict[str, tuple[str, ...]] = field(hash=False)
    movements: dict[str, Movement] = field(hash=False)
    intersections: dict[str, Intersection] = field(hash=False)
    untouched: tuple[Untouched, ...] = ()
    turnarounds: frozenset[tuple[str, str]] = frozenset()
    _approaches: dict[str, tuple[Lane, ...]] = field(init=False, repr=False, compare=False)
    _movements_at: dict[str, tuple[Movement, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sort lanes and movements once, so that a large network is not searched for each."""
        driven = (lane for lane in self.lanes.values() if lane.for_vehicles)
        object.__setattr__(self, "_approaches", _sorted_by(driven, lambda lane: lane.edge))
        turned = _sorted_by(self.movements.values(), lambda movement: movement.intersection)
        object.__setattr__(self, "_movements_at", turned)

    def approach_lanes(self, edge: str) -> tuple[Lane, ...]:
        """Return the lanes of an edge that vehicles use, from right to left."""
        return self._approaches.get(edge, ())

    def signalled_edges(self) -> frozenset[str]:
        """Return the edges that end at a signal, whether it is retimed or left as it is."""
        own = (movement.from_edge for movement in self.movements.values())
        left = (edge for signal in self.untouched for edge in signal.approaches)
        return frozenset(own).union(left)

    def movements_at(self, intersection: str) -> tuple[Movement, ...]:
        """Return the movements of one intersection."""
        return self._movements_at.get(intersection, ())


def _sorted_by(things: Iterable[_T], key: Callable[[_T], str]) -> dict[str, tuple[_T, ...]]:
    """Return key → the things that have it, in their order."""
    found: dict[str, list[_T]] = {}
    for thing in things:
        found.setdefault(key(thing), []).append(thing)
    return {name: tuple(members) for name, members in found.items()}
