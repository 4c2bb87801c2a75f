"""Waiting places inside junctions, and whether who waits there is in the way of others."""

import math
from collections.abc import Sequence
from itertools import pairwise

from citybrain.model.network import Point

Shape = Sequence[Point]

_APART_M = 2.5
"""Ways that begin on one lane are clear of each other where they are so far apart.

Source: SUMO's ``DIVERGENCE_MIN_WIDTH``. [m]
"""
_CAR_M = 5.0
"""Length of SUMO's usual car; who waits has its nose at the end of the place. [m]"""


def is_in_way(place: Shape, others: Sequence[Shape]) -> bool:
    """Tell whether a car at a waiting place keeps others of its lane from driving by.

    Parameters
    ----------
    place
        Centre line from the stop line to the waiting place. [m]
    others
        Centre lines of the other ways that begin on the same lane. [m]
    """
    back = _before_end(place, _CAR_M)
    return any(back is None or _distance_m(back, other) < _APART_M for other in others)


def _before_end(line: Shape, way_m: float) -> Point | None:
    """Return the point that lies so far before the end of a line; none if the line is shorter."""
    for (x1, y1), (x0, y0) in pairwise(reversed(line)):
        length_m = math.hypot(x1 - x0, y1 - y0)
        if length_m >= way_m:
            share = way_m / length_m if length_m else 0.0
            return x1 + share * (x0 - x1), y1 + share * (y0 - y1)
        way_m -= length_m
    return None


def _distance_m(point: Point, line: Shape) -> float:
    """Return how far a point is from the nearest one of a line."""
    x, y = point
    least_m = math.inf
    for (x0, y0), (x1, y1) in pairwise(line):
        long_m2 = (x1 - x0) ** 2 + (y1 - y0) ** 2
        share = ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / long_m2 if long_m2 else 0.0
        share = min(1.0, max(0.0, share))
        least_m = min(least_m, math.hypot(x - x0 - share * (x1 - x0), y - y0 - share * (y1 - y0)))
    return least_m
