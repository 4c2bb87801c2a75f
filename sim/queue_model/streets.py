"""The streets of a network as values: numbered lanes and links, and the arrays a kernel reads.

``sim.queue_model.street_compiler`` makes them of a network file.
"""

from dataclasses import dataclass, field

from sim.queue_model.inputs import StreetArrays
from sim.sumo.net_file import NetLane


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
