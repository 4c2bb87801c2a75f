"""Clocks that are set back, run backwards for a while, or show another year.

The order of the file is the order in which a feed was recorded.  Where a clock goes back and runs
on from there, some times are in the feed twice, and to count both would double the flow.  The
clock is taken to be right after its correction: rows of the times that it shows again are left
out, and counted.  A few rows that only came late stay and are put in order.
"""

from dataclasses import dataclass

import numpy as np

from detectors.clock import STEP_BACK_S
from detectors.pulses import Flags, Floats, Ints

WILD_S = 366 * 86_400.0
"""Times further than this from the median are misprints of a clock that lost its date [s]."""
MOST_STEPS = 24
"""A series that goes back more often than this is not in the order of its recording."""
MOST_SERIES = 5_000
"""If more series than this go back, the file is not in the order of its recording."""
SHARE = 0.5
"""Rows after a step back, per row that they overlay, from which on the clock was set back."""
MOST_TURNS = 0.05
"""Share of rows at which the time turns, up to which a file is in the order of its recording."""
MOST_FALLS = 0.1
"""Share of rows that are older than the one before, up to which a clock runs on."""


@dataclass(frozen=True, slots=True, eq=False)
class Overlaid:
    """Rows of times that a clock showed again later.

    Parameters
    ----------
    rows
        Which rows these are, shape (n,).
    steps
        How often the clock went back, by the series in which it did so most often.
    """

    rows: Flags
    steps: int


def wild_times(time_s: Floats) -> Flags:
    """Tell which times are more than a year away from the median of all.

    Parameters
    ----------
    time_s
        Times, of any one length; NaN where none could be read. [s]
    """
    known = np.isfinite(time_s)
    if not known.any():
        return np.zeros(len(time_s), np.bool_)
    middle_s = float(np.median(time_s[known]))
    return known & (np.abs(np.where(known, time_s, middle_s) - middle_s) > WILD_S)


def overlaid_rows(series: Ints, time_s: Floats) -> Overlaid:
    """Find the rows of times that the clock of a feed showed again after it went back.

    Parameters
    ----------
    series
        What each row belongs to, (n,): rows of one series are in the order of their recording, even
        where the file is sorted by series.
    time_s
        Times, all of them finite, in the order of the file, shape (n,). [s]

    Returns
    -------
    Overlaid
        No row where no series goes back by more than a minute and runs on from there.
    """
    rows = np.zeros(len(time_s), np.bool_)
    if not np.any(np.maximum.accumulate(time_s) - time_s > STEP_BACK_S):
        return Overlaid(rows, 0)
    order = np.argsort(series, kind="stable")
    edges = np.append(np.flatnonzero(np.diff(series[order], prepend=-1)), len(order))
    ordered_s = time_s[order]
    falls = np.append(False, (np.diff(ordered_s) < 0) & (np.diff(series[order]) == 0))
    if np.sum(falls[1:] != falls[:-1]) > MOST_TURNS * len(falls):
        return Overlaid(rows, 0)
    falling = np.unique(np.searchsorted(edges, np.flatnonzero(falls), side="right") - 1)
    if len(falling) > MOST_SERIES:
        return Overlaid(rows, 0)
    steps = 0
    for at in falling:
        own = slice(edges[at], edges[at + 1])
        left_out, own_steps = _overlaid_in(ordered_s[own])
        rows[order[own]] = left_out
        steps = max(steps, own_steps)
    return Overlaid(rows, steps)


def _overlaid_in(time_s: Floats) -> tuple[Flags, int]:
    """Return the rows of one series that are overlaid, and its steps back."""
    left_out = np.zeros(len(time_s), np.bool_)
    latest_s = np.maximum.accumulate(time_s)
    behind = np.concatenate(([False], latest_s - time_s > STEP_BACK_S, [False]))
    edges = np.flatnonzero(np.diff(behind))
    begins, ends = edges[::2], edges[1::2]
    if len(begins) > MOST_STEPS:
        return left_out, 0
    steps = 0
    for begin, end in zip(begins, ends, strict=True):
        block_s = time_s[begin:end]
        first_s, last_s = float(block_s.min()), float(block_s.max())
        if last_s - first_s <= STEP_BACK_S:
            continue
        earlier_s = time_s[:begin]
        again = (earlier_s >= first_s) & (earlier_s <= last_s + STEP_BACK_S) & ~left_out[:begin]
        fall = _length_of_fall(block_s)
        if again.any() and len(block_s) >= SHARE * np.sum(again) and _runs_on(block_s[fall:]):
            left_out[:begin] |= again
            left_out[begin : begin + fall] = True
            steps += 1
    return left_out, steps


def _runs_on(block_s: Floats) -> bool:
    """Tell whether times are in order but for a few; a shuffled file is only put in order."""
    return float(np.sum(np.diff(block_s) < 0)) <= MOST_FALLS * len(block_s)


def _length_of_fall(block_s: Floats) -> int:
    """Return how many rows at the begin of a block were written while the clock ran backwards."""
    lowest = int(np.argmin(block_s))
    falls = np.diff(block_s[: lowest + 1]) < 0
    return lowest if lowest and np.mean(falls) > SHARE else 0
