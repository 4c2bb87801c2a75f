"""The streets of a network as values: numbered lanes and links, and the arrays a kernel reads.

``sim.queue_model.street_compiler`` makes them of a network file.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from sim.queue_model.arrays import Flags, Floats, Ints
from sim.sumo.net_file import NetLane


class StreetArrays(NamedTuple):
    """What the kernel reads of lanes and links; see ``Streets``.

    ``length_m``, ``speed_mps``, ``store_m``, ``wave_s``, ``ring_start`` and ``edge``
    (-1 inside junctions) are per lane;
    ``group``, ``from_lane``, ``inside_m``, ``cross_mps``, ``slowing_s``, ``onto`` (the lane where
    it ends, -1 if that is inside a junction), ``yield_start`` and ``keeps_clear`` (its junction has
    to be left before anybody stands) are per link.
    """

    length_m: Floats
    speed_mps: Floats
    store_m: Floats
    wave_s: Floats
    ring_start: Ints
    edge: Ints
    group: Ints
    from_lane: Ints
    inside_m: Floats
    cross_mps: Floats
    slowing_s: Floats
    onto: Ints
    yield_start: Ints
    yield_link: Ints
    yield_merges: Ints
    keeps_clear: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A link with its ends, as the compiler of routes needs it.

    Parameters
    ----------
    number
        Number of the link.
    to_lane
        Lane behind the junction.
    inner
        Number of the waiting place inside the junction that the link leads to, if it has one.
    onward
        Link from that waiting place on.
    """

    number: int
    to_lane: str
    inner: int = -1
    onward: int = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Streets:
    """Streets of a network, numbered.

    Parameters
    ----------
    lanes
        Names of the lanes by number; waiting places inside junctions follow the streets' lanes,
        then one source for each edge.
    lane_numbers
        Name → number, of streets' lanes only.
    edge_lanes
        Edge → its lanes that vehicles use, from right to left.
    sources
        Edge → number of the source from which its vehicles start.
    ways
        Lane name → its links.
    edges
        Edge → number.
    passing_s
        Time that SUMO's router counts for each link: the way inside the junction, and a penalty
        where it has to give way. [s]
    link_ends
        (from edge, to edge) of every link.
    roundabouts
        Edges of roundabouts.
    restricted
        Lanes that are not open to everybody.
    arrays
        What the kernel reads.
    """

    lanes: tuple[str, ...]
    lane_numbers: dict[str, int] = field(repr=False)
    edge_lanes: dict[str, tuple[str, ...]] = field(repr=False)
    sources: dict[str, int] = field(repr=False)
    ways: dict[str, tuple[Way, ...]] = field(repr=False)
    edges: dict[str, int] = field(repr=False)
    passing_s: tuple[float, ...] = field(repr=False)
    link_ends: tuple[tuple[str, str], ...] = field(repr=False)
    roundabouts: frozenset[str] = field(repr=False)
    restricted: tuple[NetLane, ...] = field(repr=False)
    arrays: StreetArrays = field(repr=False)

    def closed_to(self, vclass: str) -> frozenset[str]:
        """Return the lanes that vehicles of a class may not use."""
        return frozenset(lane.name for lane in self.restricted if not lane.is_open_to(vclass))
