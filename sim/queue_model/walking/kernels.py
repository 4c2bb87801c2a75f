"""Mean waits for a green, from what groups show in each second of a cycle."""

import numpy as np
from numba import njit

from citybrain.ports.tables import PERMISSIVE, PROTECTED
from sim.queue_model.arrays import Arrays, Cells, Floats, Whole

CALLEES = "73ee027afe5de0d6"
"""Digest of what is compiled in of other files; Numba's cache would not notice it change."""


@njit(cache=True, nogil=True, error_model="numpy")
def mean_wait_s(colour: Cells, first: Whole, cycle_s: Whole) -> float:
    """Return how long somebody waits who comes at any instant of the cycle: ``Σ r² / 2C`` [s].

    Parameters
    ----------
    colour, first, cycle_s
        Pool of codes, where a group's row begins in it, and how many seconds it has.  A group
        that is never green lets wait for a cycle.

    References
    ----------
    HCM, 6th edition, chapter 19: delay of pedestrians, ``(C - g)² / 2C``, here of several reds.
    """
    begin = -1
    for k in range(cycle_s):
        if colour[first + k] in (PROTECTED, PERMISSIVE):
            begin = k
            break
    if begin < 0:
        return float(cycle_s)
    squares = red = 0
    for k in range(begin + 1, begin + 1 + cycle_s):
        shown = colour[first + k % cycle_s]
        if shown in (PROTECTED, PERMISSIVE):
            squares += red * red
            red = 0
        else:
            red += 1
    return squares / (2.0 * cycle_s)


@njit(cache=True, nogil=True, error_model="numpy")
def mean_waits_s(
    colour: Cells, start: Arrays, cycle_s: Arrays, first_row: Arrays, row: Arrays
) -> Floats:
    """Return the mean wait at each intersection, over its groups for people on foot [s].

    Parameters
    ----------
    colour, start, cycle_s
        Of ``SignalTables``; the last two have shape (plans, intersections).
    first_row, row
        Where each intersection's groups begin, and their rows in its table.

    Returns
    -------
    numpy.ndarray
        float64, shape (plans, intersections); 0 where nobody walks.
    """
    plans, places = start.shape
    found = np.zeros((plans, places))
    for plan in range(plans):
        for place in range(places):
            count = first_row[place + 1] - first_row[place]
            cycle = cycle_s[plan, place]
            for at in range(first_row[place], first_row[place + 1]):
                first = start[plan, place] + row[at] * cycle
                found[plan, place] += mean_wait_s(colour, first, cycle) / count
    return found
