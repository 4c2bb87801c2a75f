"""Routes chosen at departure: the smoothed speed of every edge, and which route is the fastest."""

import numpy as np
from numba import njit

from sim.queue_model.arrays import Arrays, Floats, Ints, Whole
from sim.queue_model.room.kernels import FAR

CALLEES = "7a025a2ac2695a38"
"""Digest of what is compiled in of other files; Numba's cache would not notice it change."""

_SLOWEST_MPS = 0.1
_MEMORY_S = 90.0


@njit(cache=True, nogil=True, error_model="numpy")
def edge_speeds(edge_of: Ints, length_m: Floats, speed_mps: Floats) -> Arrays:
    """Return speed [m/s] and time of the last look [s] of every edge, its length and its limit."""
    count = 0
    for lane in range(len(edge_of)):
        count = max(count, edge_of[lane] + 1)
    long_m = np.zeros(count)
    limit_mps = np.ones(count)
    for lane in range(len(edge_of)):
        if edge_of[lane] >= 0:
            long_m[edge_of[lane]] = length_m[lane]
            limit_mps[edge_of[lane]] = max(limit_mps[edge_of[lane]], speed_mps[lane])
    return limit_mps.copy(), np.zeros(count), long_m, limit_mps


@njit(cache=True, nogil=True, error_model="numpy")
def note_speed(  # noqa: PLR0913, PLR0917 - an edge is four arrays
    edge: Whole,
    from_s: float,
    to_s: float,
    flow_mps: Floats,
    seen_at: Floats,
    edge_m: Floats,
    edge_mps: Floats,
) -> None:
    """Let the smoothed speed of an edge learn from a vehicle that leaves it.

    Since the last look the edge was empty, and as fast as it may be, until the vehicle came.
    """
    since = seen_at[edge]
    if to_s <= since:
        return
    idle = np.maximum(from_s - since, 0.0)
    flow_mps[edge] += (edge_mps[edge] - flow_mps[edge]) * (idle / (idle + _MEMORY_S))
    busy = to_s - np.maximum(since, from_s)
    speed = min(edge_m[edge] / max(to_s - from_s, 1.0), edge_mps[edge])
    flow_mps[edge] += (speed - flow_mps[edge]) * (busy / (busy + _MEMORY_S))
    seen_at[edge] = to_s


@njit(cache=True, nogil=True, error_model="numpy")
def chosen(  # noqa: PLR0913, PLR0917 - an edge is four arrays
    choice: Whole,
    choices: Arrays,
    flow_mps: Floats,
    seen_at: Floats,
    edge_m: Floats,
    edge_mps: Floats,
    now_s: float,
) -> Whole:
    """Return the option, at its source, of the route that is the fastest by present speeds."""
    first, option, fixed_s, edge_first, edges = choices
    best = option[first[choice]]
    least_s = FAR
    for route in range(first[choice], first[choice + 1]):
        time_s = fixed_s[route]
        for place in range(edge_first[route], edge_first[route + 1]):
            edge = edges[place]
            speed = flow_mps[edge]
            time_s += edge_m[edge] / min(max(speed, _SLOWEST_MPS), edge_mps[edge])
        if time_s < least_s:
            least_s = time_s
            best = option[route]
    return best
