"""The counting kernels: pulses in order of time become counts, covered time, speeds, headways.

Times are whole milliseconds and sums are integers, so that the results are exact and do not
depend on the order of addition, on how a feed is cut into batches, or on the number of cores.

`tally_pulses` reads 8 bytes of each pulse, lane and length.  As pulses come in order of time,
the edges of bins are found by bisection, and the on times are read only of pulses that are so
long, or begin so late, that they may reach over the edge of their bin.  Within a bin each lane
has one 64-bit cell, the count in its upper and the covered time in its lower bits, so that a
pulse is one addition to memory that stays in the nearest cache.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from detectors.prefetch import prefetch
from detectors.pulses import Ints

Whole = Any
"""A whole number, Python's or NumPy's: kernels mix them."""
Words = NDArray[np.uint32]
Cells = NDArray[np.uint64]
Counts = NDArray[np.int32]

TIME_BITS = 44
"""Lower bits of a cell, which hold covered time [ms]; the upper ones count pulses."""
MOST_PULSES = (1 << (64 - TIME_BITS)) - 1
"""Pulses that a cell counts at most before it is emptied."""
LONGEST_MS = 0x7FFF_FFFF
"""Longest pulse that a batch can hold [ms], 24 days."""
CHUNK = 4096
"""Pulses between two looks at the clock, at most."""
GROUP = 8
"""Pulses that are looked through for long ones at once."""
SHORT_MS = 1500
"""Of pulses that begin this close to the edge of a bin, every on time is read: hardly any vehicle
that drives covers a detector for longer [ms]."""

_ONE = np.uint64(1 << TIME_BITS)
_TIME = np.uint64((1 << TIME_BITS) - 1)
_TIME_SHIFT = np.uint64(TIME_BITS)
_LOW = np.uint64(0xFFFF_FFFF)
_HALF = np.uint64(32)
_TOPS = np.uint64(0x8000_0000_8000_0000)
_NOTHING, _NEXT = np.uint64(0), np.uint64(1)


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
def _add_one(k: int, lane: Words, length_ms: Words, cells: Cells) -> None:
    cells[lane[k]] += _ONE + np.uint64(length_ms[k])


@njit(cache=True, nogil=True)
def _add_pair(lanes: np.uint64, lengths: np.uint64, limit: np.uint64, cells: Cells) -> np.uint64:
    cells[lanes & _LOW] += _ONE + (lengths & _LOW)
    cells[lanes >> _HALF] += _ONE + (lengths >> _HALF)
    return lengths + limit


@njit(cache=True, nogil=True)
def _add_whole(  # noqa: PLR0913, PLR0917 - kernels take arrays and numbers
    lane: Words,
    on_ms: Words,
    length_ms: Words,
    begin: Whole,
    end: Whole,
    safe_ms: Whole,
    cells: Cells,
    at: Ints,
) -> int:
    """Add whole pulses to their cells and list those longer than `safe_ms`; return how many.

    Two pulses are read at once.  A length plus `limit` reaches the top bit of its half of the
    word just when it is longer than `safe_ms`, so one test serves a group of eight.  The on times
    of a group that passes it are asked for, as `_move_over` will read them.
    """
    lane_pairs = lane[: len(lane) // 2 * 2].view(np.uint64)
    length_pairs = length_ms[: len(lane) // 2 * 2].view(np.uint64)
    limit = np.uint64(LONGEST_MS - safe_ms)
    limit |= limit << _HALF
    found = 0
    first = min(-(-begin // GROUP) * GROUP, end)
    last = max(end // GROUP * GROUP, first)
    for k in range(begin, first):
        _add_one(k, lane, length_ms, cells)
        at[found] = k
        found += length_ms[k] > safe_ms
    for group in range(first // GROUP, last // GROUP):
        pair = np.uint64(group) * np.uint64(GROUP // 2)
        tops = _add_pair(lane_pairs[pair], length_pairs[pair], limit, cells)
        pair += _NEXT
        tops |= _add_pair(lane_pairs[pair], length_pairs[pair], limit, cells)
        pair += _NEXT
        tops |= _add_pair(lane_pairs[pair], length_pairs[pair], limit, cells)
        pair += _NEXT
        tops |= _add_pair(lane_pairs[pair], length_pairs[pair], limit, cells)
        if tops & _TOPS:
            prefetch(on_ms, group * GROUP)
            for k in range(group * GROUP, group * GROUP + GROUP):
                at[found] = k
                found += length_ms[k] > safe_ms
    for k in range(last, end):
        _add_one(k, lane, length_ms, cells)
        at[found] = k
        found += length_ms[k] > safe_ms
    return found


@njit(cache=True, nogil=True)
def _move_over(  # noqa: PLR0913, PLR0917 - kernels take arrays and numbers
    lane: Words,
    on_ms: Words,
    length_ms: Words,
    at: Ints,
    found: int,
    edge_ms: Whole,
    room_ms: Whole,
    cells: Cells,
    carry: Cells,
    far: Ints,
    far_count: int,
) -> int:
    """Move what lies beyond the edge into the next bin; note the pulses that reach past it."""
    for j in range(found):
        k = at[j]
        over_ms = max(np.int64(on_ms[k]) + np.int64(length_ms[k]) - edge_ms, 0)
        cells[lane[k]] -= np.uint64(over_ms)
        carry[lane[k]] += np.uint64(min(over_ms, room_ms))
        if over_ms > room_ms:
            far[far_count] = k
            far_count += 1
    return far_count


@njit(cache=True, nogil=True)
def _add_late(  # noqa: PLR0913, PLR0917 - kernels take arrays and numbers
    lane: Words,
    on_ms: Words,
    length_ms: Words,
    begin: Whole,
    end: Whole,
    edge_ms: Whole,
    room_ms: Whole,
    cells: Cells,
    carry: Cells,
    far: Ints,
    far_count: int,
) -> int:
    """Add pulses close to the edge to both of their bins; note those that reach further."""
    for k in range(begin, end):
        whole_ms = np.int64(length_ms[k])
        over_ms = max(np.int64(on_ms[k]) + whole_ms - edge_ms, 0)
        cells[lane[k]] += _ONE + np.uint64(whole_ms - over_ms)
        carry[lane[k]] += np.uint64(min(over_ms, room_ms))
        if over_ms > room_ms:
            far[far_count] = k
            far_count += 1
    return far_count


@njit(cache=True, nogil=True)
def _empty_cells(cells: Cells, count: Counts, occupied_ms: Ints) -> None:
    for lane in range(len(cells)):
        cell = cells[lane]
        count[lane] += np.int32(cell >> _TIME_SHIFT)
        occupied_ms[lane] += np.int64(cell & _TIME)
        cells[lane] = _NOTHING


@njit(cache=True, nogil=True)
def _empty_carry(carry: Cells, occupied_ms: Ints) -> None:
    for lane in range(len(carry)):
        occupied_ms[lane] += np.int64(carry[lane])
        carry[lane] = _NOTHING


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
            _empty_cells(cells, count, occupied_ms)
            added = 0
        far = _with_room(far, far_count, CHUNK)
        if k < tail:
            safe_ms = min(edge_ms - np.int64(on_ms[stop - 1]), LONGEST_MS)
            found = _add_whole(lane, on_ms, length_ms, k, stop, safe_ms, cells, at)
            far_count = _move_over(
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
            far_count = _add_late(
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
    _empty_cells(cells, count, occupied_ms)
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
            _empty_carry(carry, occupied_ms[row])
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


@njit(cache=True, nogil=True)
def tally_speeds(  # noqa: PLR0913, PLR0917 - kernels take arrays and numbers
    lane: Words,
    on_ms: Ints,
    speed_mmps: Ints,
    start_ms: Whole,
    bin_ms: Whole,
    speed_sum_mmps: Ints,
    speed_count: Counts,
) -> None:
    """Add the known speeds of pulses to running sums per bin and lane.

    Parameters
    ----------
    lane, on_ms
        Column and begin of each pulse, in order of the begin. [ms]
    speed_mmps
        Speed; negative where unknown. [mm/s]
    start_ms, bin_ms
        Begin of the first bin and length of every bin. [ms]
    speed_sum_mmps, speed_count
        Sums ``[bin, lane]``, changed in place. [mm/s], [veh]
    """
    begin = first_at(on_ms, 0, len(lane), start_ms)
    row, edge_ms = 0, start_ms + bin_ms
    for k in range(begin, len(lane)):
        if on_ms[k] >= edge_ms:
            row = (np.int64(on_ms[k]) - start_ms) // bin_ms
            edge_ms = start_ms + (row + 1) * bin_ms
        if row >= speed_count.shape[0]:
            return
        if speed_mmps[k] >= 0:
            speed_sum_mmps[row, lane[k]] += speed_mmps[k]
            speed_count[row, lane[k]] += 1


@njit(cache=True, nogil=True)
def tally_headways(  # noqa: PLR0913, PLR0917 - kernels take arrays and numbers
    lane: Words,
    on_ms: Words,
    start_ms: Whole,
    bin_ms: Whole,
    before_ms: Ints,
    headway_sum_ms: Ints,
    headway_count: Counts,
) -> None:
    """Add front-to-front times to running sums; a headway belongs to the bin in which it ends.

    Parameters
    ----------
    lane, on_ms
        Column and begin of each pulse, in order of the begin. [ms]
    start_ms, bin_ms
        Begin of the first bin and length of every bin. [ms]
    before_ms
        Last begin on each lane since the begin of the first bin, `NEVER_MS` where there was
        none; changed in place, so that a headway may reach from batch to batch. [ms]
    headway_sum_ms, headway_count
        Sums ``[bin, lane]``, changed in place. [ms], [veh]
    """
    for k in range(len(lane)):
        begin_ms = np.int64(on_ms[k]) - start_ms
        row = begin_ms // bin_ms
        if row >= headway_count.shape[0]:
            return
        before = before_ms[lane[k]]
        before_ms[lane[k]] = begin_ms
        if row >= 0 and before != NEVER_MS:
            headway_sum_ms[row, lane[k]] += begin_ms - before
            headway_count[row, lane[k]] += 1


NEVER_MS = -(1 << 62)
"""Stands for the last begin on a lane on which nothing was heard [ms]."""
