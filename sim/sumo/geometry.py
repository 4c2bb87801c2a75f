"""Where two ways through a junction meet."""

from collections.abc import Sequence
from itertools import pairwise
from math import dist

from citybrain.model.network import Point

_TOUCH = 1e-6
"""Share of a line within which its end still counts as met."""
_PARALLEL_M2 = 1e-9
"""Area that two lines span [m²], below which they count as parallel."""


def way_to_meeting_m(path: Sequence[Point], other: Sequence[Point]) -> float | None:
    """Return the way along a path to the point where it first meets another one.

    Parameters
    ----------
    path, other
        Centre lines. [m]

    Returns
    -------
    float or None
        Way from the start of ``path`` [m]; none if the two never meet.
    """
    way_m = 0.0
    for start, end in pairwise(path):
        length_m = dist(start, end)
        shares = [
            share
            for from_, to in pairwise(other)
            if (share := _meeting_share(start, end, from_, to)) is not None
        ]
        if shares:
            return way_m + min(shares) * length_m
        way_m += length_m
    return None


def _meeting_share(start: Point, end: Point, from_: Point, to: Point) -> float | None:
    """Return where on the first line the second one meets it, 0 at its start, 1 at its end."""
    along = (end[0] - start[0], end[1] - start[1])
    across = (to[0] - from_[0], to[1] - from_[1])
    apart = (from_[0] - start[0], from_[1] - start[1])
    area = along[0] * across[1] - along[1] * across[0]
    if abs(area) < _PARALLEL_M2:
        return None
    share = (apart[0] * across[1] - apart[1] * across[0]) / area
    other_share = (apart[0] * along[1] - apart[1] * along[0]) / area
    meets = all(-_TOUCH <= value <= 1 + _TOUCH for value in (share, other_share))
    return min(max(share, 0.0), 1.0) if meets else None
