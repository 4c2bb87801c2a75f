"""Lines of points: their length, their last part, and fewer points for the same line."""

import math
from collections.abc import Sequence
from itertools import pairwise

from citybrain.model.network import Point


def simplified(points: Sequence[Point], tolerance: float) -> list[Point]:
    """Return a line with fewer points that stays within a tolerance of the first.

    Parameters
    ----------
    points
        The line, at least two points.
    tolerance
        Largest distance of a dropped point from the new line, in the unit of the points.

    Returns
    -------
    list of Point
        A part of the points, both ends included.

    References
    ----------
    D. Douglas and T. Peucker, "Algorithms for the reduction of the number of points required
    to represent a digitized line or its caricature", Cartographica 10(2), 1973.
    """
    keep = {0, len(points) - 1}
    waiting = [(0, len(points) - 1)]
    while waiting:
        first, last = waiting.pop()
        inner = range(first + 1, last)
        far = max(inner, key=lambda i: _away(points[i], points[first], points[last]), default=None)
        if far is not None and _away(points[far], points[first], points[last]) > tolerance:
            keep.add(far)
            waiting += [(first, far), (far, last)]
    return [points[index] for index in sorted(keep)]


def _away(point: Point, start: Point, end: Point) -> float:
    """Return the distance of a point from a straight line between two others."""
    base = math.dist(start, end)
    if not base:
        return math.dist(point, start)
    across = (end[0] - start[0]) * (start[1] - point[1]) - (start[0] - point[0]) * (
        end[1] - start[1]
    )
    return abs(across) / base


def upstream(shape: Sequence[Point], length_m: float) -> tuple[Point, ...]:
    """Return the last part of a line, at most so long [m]."""
    kept = [shape[-1]]
    left_m = length_m
    for start, end in zip(reversed(shape[:-1]), reversed(shape[1:]), strict=True):
        part_m = math.dist(start, end)
        if part_m > left_m:
            share = left_m / part_m
            kept.append(
                (end[0] + (start[0] - end[0]) * share, end[1] + (start[1] - end[1]) * share)
            )
            break
        kept.append(start)
        left_m -= part_m
    return tuple(reversed(kept))


def length(points: Sequence[Point]) -> float:
    """Return the length of a line, in the unit of its points."""
    return sum(math.dist(a, b) for a, b in pairwise(points))
