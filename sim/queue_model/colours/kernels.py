"""Plans spread over the signal groups, for a simulation that asks for colours by second."""

import numpy as np
from numba import njit

from citybrain.ports.tables import PERMISSIVE, PROTECTED, STOP_THEN_GO
from sim.queue_model.arrays import Arrays, Cells, Ints, Whole

NEVER = 65535
"""Seconds until a green that does not come."""


@njit(cache=True, nogil=True, error_model="numpy")
def signal_rows(
    colour: Cells, start: Arrays, cycle_s: Ints, offset_s: Ints, shape: Arrays, begin_s: Whole
) -> Arrays:
    """Spread a plan's tables over the signal groups.

    Returns
    -------
    rows
        Per group: first cell, cycle, and master time 0 in local time.
    until_s
        Per cell of the groups, seconds until the next green or permission; 0 where it shows.
    """
    group_count = 0
    cells = 0
    for i in range(len(shape)):
        group_count += shape[i]
        cells += shape[i] * cycle_s[i]
    cell = np.empty(group_count, np.int64)
    place = np.empty(group_count, np.int64)
    cycle = np.empty(group_count, np.int64)
    shift = np.empty(group_count, np.int64)
    until = np.empty(cells, np.uint16)
    at = np.int64(0)
    group = 0
    for i in range(len(shape)):
        c = np.int64(cycle_s[i])
        lag = (begin_s - offset_s[i]) % c
        for row in range(shape[i]):
            first = start[i] + row * c
            cell[group] = first
            place[group] = at
            cycle[group] = c
            shift[group] = lag
            wait = np.int64(NEVER)
            for sweep in range(2 * c):
                k = c - 1 - sweep % c
                shown = colour[first + k]
                if shown in (PROTECTED, PERMISSIVE, STOP_THEN_GO):
                    wait = np.int64(0)
                elif wait < NEVER:
                    wait = wait + 1
                until[at + k] = wait
            at += c
            group += 1
    return cell, place, cycle, shift, until
