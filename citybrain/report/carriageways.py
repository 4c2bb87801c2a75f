"""Edges as carriageways: the lanes that vehicles use, joined end to end."""

import math
from collections import defaultdict
from dataclasses import dataclass

from citybrain.model.network import Lane, Network, Point

FULL_TURN_DEG = 360.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Carriageway:
    """One edge with the lanes that vehicles use, from right to left."""

    edge: str
    lanes: tuple[Lane, ...]

    @property
    def shape(self) -> tuple[Point, ...]:
        """Centre line of the middle lane [m]."""
        return self.lanes[len(self.lanes) // 2].shape

    @property
    def length_m(self) -> float:
        """Length [m]."""
        return self.lanes[0].length_m

    @property
    def speed_mps(self) -> float:
        """Highest speed limit of its lanes [m/s]."""
        return max(lane.speed_mps for lane in self.lanes)

    @property
    def entry_heading_deg(self) -> float:
        """Direction at its begin, clockwise from north [degrees]."""
        return heading_deg(self.shape[0], self.shape[1])

    @property
    def exit_heading_deg(self) -> float:
        """Direction at its end, clockwise from north [degrees]."""
        return heading_deg(self.shape[-2], self.shape[-1])


def carriageways(network: Network) -> dict[str, Carriageway]:
    """Return every edge that vehicles can use and that has a drawable shape, by its name."""
    lanes: dict[str, list[Lane]] = defaultdict(list)
    for lane in network.lanes.values():
        if lane.for_vehicles and len(lane.shape) > 1:
            lanes[lane.edge].append(lane)
    return {edge: Carriageway(edge=edge, lanes=tuple(group)) for edge, group in lanes.items()}


def heading_deg(start: Point, end: Point) -> float:
    """Return the direction from one point to another, clockwise from north [degrees]."""
    return math.degrees(math.atan2(end[0] - start[0], end[1] - start[1])) % FULL_TURN_DEG


def bend_deg(before: Carriageway, after: Carriageway) -> float:
    """Return how far the way turns between two edges, in [0, 180] [degrees]."""
    turned = abs(after.entry_heading_deg - before.exit_heading_deg)
    return min(turned, FULL_TURN_DEG - turned)


def gap_m(before: Carriageway, after: Carriageway) -> float:
    """Return the straight distance from the end of one edge to the begin of another [m]."""
    return math.dist(before.shape[-1], after.shape[0])
