"""The clocks of the signals: plans spread over the signal groups, and when stretches may end.

Each signal has a clock: the second of its cycle that it shows.  Clocks of fixed cycles move on
every second.  The last second of a stretch is shown again while its lanes keep being asked for,
and, where stretches keep step with a cycle, until they may end.
"""

import numpy as np
from numba import njit

from citybrain.ports.tables import PERMISSIVE, PROTECTED, STOP_THEN_GO
from sim.queue_model.arrays import Arrays, Cells, Whole

CALLEES = "73ee027afe5de0d6"
"""Digest of what is compiled in of other files; Numba's cache would not notice it change."""

NEVER = 65535
"""Seconds until a green that does not come."""


@njit(cache=True, nogil=True, error_model="numpy")
def signal_rows(colour: Cells, timing: Arrays, shape: Arrays, begin_s: Whole) -> Arrays:
    """Spread a plan's tables over the signal groups.

    Returns
    -------
    group_rows
        Per group: first cell in the pool, first in ``until_s``, and number of its signal.
    signal_rows
        Per signal: its cycle, its clock at the begin, first group, first cell of the row that
        tells what may be held, or -1 where nothing may, for how long its clock has been held, the
        cycle that it keeps in step with, or 0, and the second of that one at the begin.
    until_s
        Per cell of the groups, seconds until the next green or permission; 0 where it shows.
    """
    start, cycle_s, step_s, offset_s = timing[:4]
    signals = len(shape)
    group_count = 0
    cells = 0
    for i in range(signals):
        group_count += shape[i]
        cells += shape[i] * cycle_s[i]
    cell = np.empty(group_count, np.int64)
    place = np.empty(group_count, np.int64)
    signal = np.empty(group_count, np.int64)
    cycle = np.empty(signals, np.int64)
    clock = np.empty(signals, np.int64)
    first_group = np.empty(signals + 1, np.int64)
    hold = np.full(signals, -1, np.int64)
    held = np.zeros(signals, np.int64)
    step = np.zeros(signals, np.int64)
    shift = np.zeros(signals, np.int64)
    until = np.empty(cells, np.uint16)
    at = np.int64(0)
    group = 0
    for i in range(signals):
        c = np.int64(cycle_s[i])
        cycle[i] = c
        clock[i] = (begin_s - offset_s[i]) % c
        first_group[i] = group
        for row in range(shape[i]):
            first = start[i] + row * c
            cell[group] = first
            place[group] = at
            signal[group] = i
            _note_waits(colour[first : first + c], until[at : at + c])
            at += c
            group += 1
        last = start[i] + shape[i] * c
        if np.any(colour[last : last + c] > 0):
            hold[i] = last
            if step_s[i] > 0:
                step[i] = step_s[i]
                shift[i] = (begin_s - offset_s[i]) % step[i]
                clock[i], held[i] = stands_at(shift[i], colour[last + c : last + 3 * c])
    first_group[signals] = group
    return (cell, place, signal), (cycle, clock, first_group, hold, held, step, shift), until


@njit(cache=True, nogil=True, error_model="numpy")
def _note_waits(colour: Cells, until: Arrays) -> None:
    """Write, for each second of a cycle, how long it is until the next green or permission."""
    cycle = len(colour)
    wait = np.int64(NEVER)
    for k in range(cycle):
        if colour[k] in (PROTECTED, PERMISSIVE, STOP_THEN_GO):
            wait = np.int64(k)
            break
    for k in range(cycle - 1, -1, -1):
        if colour[k] in (PROTECTED, PERMISSIVE, STOP_THEN_GO):
            wait = np.int64(0)
        elif wait < NEVER:
            wait = wait + 1
        until[k] = wait


@njit(cache=True, nogil=True, error_model="numpy")
def stands_at(second: Whole, windows: Cells) -> tuple[int, int]:
    """Return where a clock in step with a cycle stands, and for how long it has been held.

    Parameters
    ----------
    second
        Second of the cycle; everything has ended as late as it may until then.
    windows
        Two rows: how late the last second of a stretch may be, and how much of that is its own.
    """
    cycle = len(windows) // 2
    left = second
    for k in range(cycle):
        if left <= windows[cycle + k]:
            return k, left
        left -= 1 + windows[cycle + k]
    return cycle - 1, 0


@njit(cache=True, nogil=True, error_model="numpy")
def early_s(now: Whole, end: Whole, window: Whole, cycle: Whole) -> int:
    """Tell how much too early it is to end a stretch that keeps step with a cycle [s].

    As SUMO's ``earliestEnd`` and ``latestEnd`` of coordinated programs (SUMO 1.28, user
    documentation, "Simulation/Traffic Lights", type 'actuated').

    Returns
    -------
    int
        Seconds until it may end, 0 if it may, -1 if it must.

    Parameters
    ----------
    now, end
        Second of the cycle, and the one at which it ends at the latest. [s]
    window
        How long before that it may end. [s]
    cycle
        Who comes too late for the end of this cycle waits for that of the next. [s]
    """
    left = (end - now) % cycle
    if left == 0:
        return -1
    return max(0, left - window)
