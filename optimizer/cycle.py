"""Cycle length of one intersection, and of a group of them."""

import math
from collections.abc import Sequence

_MOST_LOADED = 0.95
"""Beyond this critical flow ratio Webster's formula has left its range. [-]"""


def cycle_length_s(critical_flow_ratio: float, lost_time_s: float) -> float:
    """Return the cycle that minimises delay at one isolated intersection.

    Parameters
    ----------
    critical_flow_ratio
        Sum over the critical groups of their flow ratios, Y. [-]
    lost_time_s
        Lost time per cycle, L. [s]

    Returns
    -------
    float
        Cycle length, C = (1.5 L + 5) / (1 - Y); Y is taken as 0.95 at most. [s]

    References
    ----------
    F. V. Webster, "Traffic signal settings", Road Research Technical Paper 39, 1958.
    """
    return (1.5 * lost_time_s + 5.0) / (1.0 - min(critical_flow_ratio, _MOST_LOADED))


def common_cycle_s(cycles_s: Sequence[float], *, minimum_s: float, maximum_s: float) -> int:
    """Return the cycle that intersections can share: the longest that one of them needs.

    Parameters
    ----------
    cycles_s
        Cycle that each intersection would choose by itself. [s]
    minimum_s, maximum_s
        Range of the cycle. [s]
    """
    return round(min(max(math.ceil(max(cycles_s)), minimum_s), maximum_s))
