"""The counting kernel: pulses in order of time become counts and covered time.

Times are whole milliseconds and sums are integers, so that the results are exact and do not
depend on the order of addition, on how a feed is cut into batches, or on the number of cores.

`tally_pulses` reads 8 bytes of each pulse, lane and length.  As pulses come in order of time,
the edges of bins are found by bisection, and the on times are read only of pulses that are so
long, or begin so late, that they may reach over the edge of their bin.  Within a bin pulses are
added to cells (``detectors.cells``).
"""

import numpy as np
from numba import njit

from detectors.cells import (
    GROUP,
    LONGEST_MS,
    MOST_PULSES,
    TIME_BITS,
    Cells,
    Counts,
    Whole,
    Words,
    add_late,
    add_whole,
    empty_carry,
    empty_cells,
    move_over,
)
from detectors.pulses import Ints

CALLEES = "331b084e1b03d073"
"""Digest of what is compiled in of other files; Numba's cache would not notice it change."""

CHUNK = 4096
"""Pulses between two looks at the clock, at most."""
SHORT_MS = 1500
"""Of pulses that begin this close to the edge of a bin, every on time is read: hardly any vehicle
that drives covers a detector for longer [ms]."""


@njit(cache=True, nogil=True)
def first_at(on_ms: Words | Ints, begin: Whole, end: Whole, time_ms: Whole) -> Whole:
    """Return the first position of [begin, end) that is not before a time; it is often near.

    Parameters
    ----------
    on_ms
        Times in order. [ms]
    begin, end
        Positions to look at.
    time_ms
        Time. [ms]
    """
    low, high, step = begin, begin, 64
    while high < end and on_ms[high] < time_ms:
        low = high + 1
        high += step
        step *= 2
    high = min(high, end)
    while low < high:
        middle = (low + high) >> 1
        if on_ms[middle] < time_ms:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def cover(lane: Whole, from_ms: Whole, to_ms: Whole, bin_ms: Whole, occupied_ms: Ints) -> None:
    """Add one covered time to the bins that it lies in.

    Parameters
    ----------
    lane
        Column.
    from_ms, to_ms
        Covered time since the begin of the first bin; what is outside the bins is left out. [ms]
    bin_ms
        Length of a bin. [ms]
    occupied_ms
        Sums ``[bin, lane]``, changed in place. [ms]
    """
    begin_ms = max(from_ms, 0)
    row = begin_ms // bin_ms
    while begin_ms < to_ms and row < occupied_ms.shape[0]:
        end_ms = min(to_ms, (row + 1) * bin_ms)
        occupied_ms[row, lane] += end_ms - begin_ms
        begin_ms = end_ms
        row += 1


@njit(cache=True, nogil=True)
def _with_room(positions: Ints, used: int, room: int) -> Ints:
    if used + room <= len(positions):
        return positions
    larger = np.empty(2 * (used + room), np.int64)
    larger[:used] = positions[:used]
    return larger


@njit(cache=True, nogil=True)
def _add_row(  # noqa: PLR0913, PLR0917 - kernels take arrays and numbers
    lane: Words,
    on_ms: Words,
    length_ms: Words,
    begin: Whole,
    end: Whole,
    edge_ms: Whole,
    bin_ms: Whole,
    is_last: bool,
    cells: Cells,
    carry: Cells,
    carried: int,
    count: Counts,
    occupied_ms: Ints,
    far: Ints,
    far_count: int,
) -> tuple[Ints, int, int]:
    """Add the pulses of one bin; return the far ones, how many, and how many were carried."""
    most = min(MOST_PULSES, (1 << TIME_BITS) // bin_ms)
    chunk = min(CHUNK, most)
    room_ms = 0 if is_last else bin_ms
    tail = first_at(on_ms, begin, end, edge_ms - min(SHORT_MS, bin_ms))
    at = np.empty(CHUNK + GROUP, np.int64)
    added, carried, k = carried, 0, begin
    while k < end:
        stop = min((k + chunk) // GROUP * GROUP, tail if k < tail else end)
        if added + chunk > most:
            empty_cells(cells, count, occupied_ms)
            added = 0
        far = _with_room(far, far_count, CHUNK)
        if k < tail:
            safe_ms = min(edge_ms - np.int64(on_ms[stop - 1]), LONGEST_MS)
            found = add_whole(lane, on_ms, length_ms, k, stop, safe_ms, cells, at)
            far_count = move_over(
                lane,
                on_ms,
                length_ms,
                at,
                found,
                edge_ms,
                room_ms,
                cells,
                carry,
                far,
                far_count,
            )
        else:
            found = stop - k
            far_count = add_late(
                lane,
                on_ms,
                length_ms,
                k,
                stop,
                edge_ms,
                room_ms,
                cells,
                carry,
                far,
                far_count,
            )
        added += stop - k
        carried += found
        k = stop
    empty_cells(cells, count, occupied_ms)
    return far, far_count, carried


@njit(cache=True, nogil=True)
def _cover_far(  # noqa: PLR0913, PLR0917 - kernels take arrays and numbers
    lane: Words,
    on_ms: Words,
    length_ms: Words,
    far: Ints,
    start_ms: Whole,
    bin_ms: Whole,
    occupied_ms: Ints,
) -> Ints:
    """Cover the bins after the next one, all of them for pulses that began before the first.

    Return the pulses that outlast the last bin.
    """
    late = 0
    for j in range(len(far)):
        k = far[j]
        begin_ms = np.int64(on_ms[k]) - start_ms
        off_ms = begin_ms + np.int64(length_ms[k])
        from_ms = (begin_ms // bin_ms + 2) * bin_ms if begin_ms >= 0 else np.int64(0)
        cover(lane[k], from_ms, off_ms, bin_ms, occupied_ms)
        if off_ms > bin_ms * occupied_ms.shape[0]:
            far[late] = k
            late += 1
    return far[:late].copy()


@njit(cache=True, nogil=True)
def tally_pulses(  # noqa: PLR0913, PLR0917 - kernels take arrays and numbers
    lane: Words,
    on_ms: Words,
    length_ms: Words,
    start_ms: Whole,
    bin_ms: Whole,
    count: Counts,
    occupied_ms: Ints,
) -> Ints:
    """Add pulses to running sums per bin and lane; a pulse counts in the bin of its on time.

    Covered time is split at the edges of bins.  A batch may follow another one on the same sums.

    Parameters
    ----------
    lane
        Column of each pulse.
    on_ms, length_ms
        Begin of each pulse, in order, and its length, at most `LONGEST_MS`. [ms]
    start_ms, bin_ms
        Begin of the first bin in the clock of `on_ms`, and length of every bin, less than
        2^44 / 1024. [ms]
    count, occupied_ms
        Sums ``[bin, lane]``, changed in place. [veh], [ms]

    Returns
    -------
    array of positions
        Pulses that end after the last bin.
    """
    pulse_count, (row_count, lane_count) = len(lane), count.shape
    cells = np.zeros(lane_count, np.uint64)
    carry = np.zeros(lane_count, np.uint64)
    far, far_count, carried = np.empty(CHUNK, np.int64), 0, 0
    begin = first_at(on_ms, 0, pulse_count, start_ms)
    for k in range(begin):
        if np.int64(on_ms[k]) + np.int64(length_ms[k]) > start_ms:
            far = _with_room(far, far_count, 1)
            far[far_count] = k
            far_count += 1
    row = row_count
    if begin < pulse_count:
        row = min((np.int64(on_ms[begin]) - start_ms) // bin_ms, row_count)
    while row < row_count and (begin < pulse_count or carried):
        if carried + CHUNK > min(MOST_PULSES, (1 << TIME_BITS) // bin_ms):
            empty_carry(carry, occupied_ms[row])
            carried = 0
        cells, carry = carry, cells
        edge_ms = start_ms + (row + 1) * bin_ms
        end = first_at(on_ms, begin, pulse_count, edge_ms)
        far, far_count, carried = _add_row(
            lane,
            on_ms,
            length_ms,
            begin,
            end,
            edge_ms,
            bin_ms,
            row == row_count - 1,
            cells,
            carry,
            carried,
            count[row],
            occupied_ms[row],
            far,
            far_count,
        )
        begin = end
        row += 1
    return _cover_far(lane, on_ms, length_ms, far[:far_count], start_ms, bin_ms, occupied_ms)
