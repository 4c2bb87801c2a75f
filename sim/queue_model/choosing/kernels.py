"""Routes chosen at departure: the smoothed speed of every edge, and which route is the fastest."""

import numpy as np
from numba import njit

from sim.queue_model.arrays import Arrays, Floats, Ints, Whole
from sim.queue_model.room.kernels import FAR

CALLEES = "69607ecccc986138"
"""Digest of what is compiled in of other files; Numba's cache would not notice it change."""

_LENGTH, _LIMIT, SPEED, _SEEN, _COUNT, _DRIVING, _TIME, _FRESH_UNTIL = range(8)
"""What is known of an edge: length [m], limit and smoothed speed [m/s], when that was looked at,
vehicles on it, how long they will still drive altogether, the time that it takes at that speed,
and until when this is not computed anew [s]."""

_SLOWEST_MPS = 0.1
_MEMORY_S = 90.0
"""Mean age of what SUMO's routing knows: ``device.rerouting.adaptation-steps``, 180 of 1 s. [s]"""
_FRESH_S = 5.0
"""The time of an edge is not computed anew for so long, as it changes little. [s]"""


@njit(cache=True, nogil=True, error_model="numpy")
def empty_edges(edge_of: Ints, length_m: Floats, speed_mps: Floats) -> Floats:
    """Return what is known of every edge at the begin: it is empty, and as fast as it may be."""
    count = 0
    for lane in range(len(edge_of)):
        count = max(count, edge_of[lane] + 1)
    edges = np.zeros((count, 8))
    edges[:, _LIMIT] = 1.0
    edges[:, _FRESH_UNTIL] = -FAR
    for lane in range(len(edge_of)):
        edge = edge_of[lane]
        if edge >= 0:
            edges[edge, _LENGTH] = length_m[lane]
            edges[edge, _LIMIT] = max(edges[edge, _LIMIT], speed_mps[lane])
    edges[:, SPEED] = edges[:, _LIMIT]
    return edges


@njit(cache=True, nogil=True, error_model="numpy")
def _look(edge: Floats, now_s: float) -> None:
    """Let the smoothed speed of an edge learn until now.

    As SUMO's drivers do, it takes the mean over the vehicles of each second, standing ones among
    them, and the limit where there are none; so a short street on which few wait seems fast.
    """
    passed = now_s - edge[_SEEN]
    if passed <= 0.0:
        return
    present, still = edge[_LIMIT], passed * edge[_COUNT]
    if still > edge[_DRIVING]:
        present *= edge[_DRIVING] / still
    edge[SPEED] += (present - edge[SPEED]) * (passed / (passed + _MEMORY_S))
    edge[_DRIVING] = max(edge[_DRIVING] - still, 0.0)
    edge[_SEEN] = now_s


@njit(cache=True, nogil=True, error_model="numpy")
def note_entry(edge: Floats, now_s: float, drive_s: float) -> None:
    """Note a vehicle that comes upon an edge, and how long it drives there unhindered [s]."""
    _look(edge, now_s)
    edge[_COUNT] += 1.0
    edge[_DRIVING] += drive_s


@njit(cache=True, nogil=True, error_model="numpy")
def note_exit(edge: Floats, now_s: float) -> None:
    """Note a vehicle that leaves an edge."""
    _look(edge, now_s)
    edge[_COUNT] -= 1.0
    if edge[_COUNT] == 0.0:
        edge[_DRIVING] = 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def chosen(choice: Whole, choices: Arrays, edges: Floats, now_s: float) -> Whole:
    """Return the option, at its source, of the route that is the fastest by present speeds."""
    first, option, fixed_s, edge_first, edge_of = choices
    best = option[first[choice]]
    least_s = FAR
    for route in range(first[choice], first[choice + 1]):
        time_s = fixed_s[route]
        for place in range(edge_first[route], edge_first[route + 1]):
            edge = edges[edge_of[place]]
            if edge[_FRESH_UNTIL] <= now_s:
                _look(edge, now_s)
                edge[_TIME] = edge[_LENGTH] / max(edge[SPEED], _SLOWEST_MPS)
                edge[_FRESH_UNTIL] = now_s + _FRESH_S
            time_s += edge[_TIME]
        if time_s < least_s:
            least_s = time_s
            best = option[route]
    return int(best)
