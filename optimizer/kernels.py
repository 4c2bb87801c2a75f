"""Compiled parts of the search: judging event times and painting what the signals show."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

SLACK_S = 0.0005
"""Half the resolution of times: two instants closer than this are one. [s]"""

Times = NDArray[np.float64]
Indices = NDArray[np.int64]


@njit(cache=True, nogil=True)
def _until_s(from_s: float, to_s: float, cycle_s: float) -> float:
    """Return the time from one instant of the cycle to the next occurrence of another [s]."""
    return (to_s - from_s + SLACK_S) % cycle_s - SLACK_S


@njit(cache=True, nogil=True)
def first_broken(
    times_s: Times,
    cycle_s: float,
    stays: tuple[Indices, Times],
    courses: tuple[Indices, Indices, Times],
    pairs: tuple[Indices, Times],
) -> int:
    """Return the number of the first bound that event times break, -1 if they keep all.

    Parameters
    ----------
    times_s
        Time of each event, any representative modulo the cycle. float64, shape (events,) [s]
    cycle_s
        Cycle length. [s]
    stays
        Events (n, 2) that begin and end each stay, and (n, 4): shift of the begin, shift of the
        end, shortest and longest duration. [s]
    courses
        Row starts (groups + 1), event and shift [s] of each turn: every group's turns must
        follow each other once round the cycle.
    pairs
        Rows of ``stays`` (m, 2) that exclude each other, and (m, 2) the shortest time from the
        end of the one to the begin of the other, both ways. [s]

    Returns
    -------
    int
        Stays are counted first, then courses, then pairs.
    """
    ends, bounds_s = stays
    begins_s = np.empty(len(ends))
    lengths_s = np.empty(len(ends))
    for row in range(len(ends)):
        begins_s[row] = times_s[ends[row, 0]] + bounds_s[row, 0]
        length_s = _until_s(begins_s[row], times_s[ends[row, 1]] + bounds_s[row, 1], cycle_s)
        lengths_s[row] = length_s
        if length_s < bounds_s[row, 2] - SLACK_S or length_s > bounds_s[row, 3] + SLACK_S:
            return row
    starts, events, shifts_s = courses
    for group in range(len(starts) - 1):
        around_s = 0.0
        last = starts[group + 1] - 1
        for turn in range(starts[group], starts[group + 1]):
            here_s = times_s[events[turn]] + shifts_s[turn]
            around_s += _until_s(times_s[events[last]] + shifts_s[last], here_s, cycle_s)
            last = turn
        if around_s > cycle_s + SLACK_S:
            return len(ends) + group
    rows, gaps_s = pairs
    for at in range(len(rows)):
        one, other = rows[at, 0], rows[at, 1]
        one_end_s = begins_s[one] + lengths_s[one]
        other_end_s = begins_s[other] + lengths_s[other]
        there_s = _until_s(one_end_s, begins_s[other], cycle_s)
        back_s = _until_s(other_end_s, begins_s[one], cycle_s)
        is_apart = there_s + back_s + lengths_s[one] + lengths_s[other] < cycle_s + 4 * SLACK_S
        if not is_apart or there_s < gaps_s[at, 0] - SLACK_S or back_s < gaps_s[at, 1] - SLACK_S:
            return len(ends) + len(starts) - 1 + at
    return -1


@njit(cache=True, nogil=True)
def paint(
    times_s: Times,
    cycle_s: float,
    courses: tuple[Indices, Indices, Times],
    rows: Indices,
    codes: NDArray[np.uint8],
    colour: NDArray[np.uint8],
) -> None:
    """Write what every group shows in each second of the cycle.

    Parameters
    ----------
    times_s, cycle_s, courses
        As for ``first_broken``; times must be safe. [s]
    rows
        Row of ``colour`` of each group of ``courses``.
    codes
        Number of the aspect that each turn begins.
    colour
        Written: uint8, shape (groups, cycle); rows of groups that never change are left alone.
    """
    starts, events, shifts_s = courses
    seconds = colour.shape[1]
    for group in range(len(starts) - 1):
        first, end = starts[group], starts[group + 1]
        for turn in range(first, end):
            following = turn + 1 if turn + 1 < end else first
            here_s = times_s[events[turn]] + shifts_s[turn]
            there_s = times_s[events[following]] + shifts_s[following]
            second = int(np.floor(here_s % cycle_s + 0.5))
            last = (
                second
                + int(np.floor(here_s + _until_s(here_s, there_s, cycle_s) + 0.5))
                - int(np.floor(here_s + 0.5))
            )
            for at in range(second, last):
                colour[rows[group], at % seconds] = codes[turn]
