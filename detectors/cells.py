"""Cells: the count and the covered time of the present bin, one 64-bit word for each lane.

A cell holds the count in its upper and the covered time in its lower bits, so that a pulse is one
addition to memory that stays in the nearest cache.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from detectors.prefetch import prefetch
from detectors.pulses import Ints

CALLEES = "9e589d950eaea962"
"""Digest of what is compiled in of other files; Numba's cache would not notice it change."""

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
GROUP = 8
"""Pulses that are looked through for long ones at once."""

_ONE = np.uint64(1 << TIME_BITS)
_TIME = np.uint64((1 << TIME_BITS) - 1)
_TIME_SHIFT = np.uint64(TIME_BITS)
_LOW = np.uint64(0xFFFF_FFFF)
_HALF = np.uint64(32)
_TOPS = np.uint64(0x8000_0000_8000_0000)
_NOTHING, _NEXT = np.uint64(0), np.uint64(1)


@njit(cache=True, nogil=True)
def _add_one(k: int, lane: Words, length_ms: Words, cells: Cells) -> None:
    cells[lane[k]] += _ONE + np.uint64(length_ms[k])


@njit(cache=True, nogil=True)
def _add_pair(lanes: np.uint64, lengths: np.uint64, limit: np.uint64, cells: Cells) -> np.uint64:
    cells[lanes & _LOW] += _ONE + (lengths & _LOW)
    cells[lanes >> _HALF] += _ONE + (lengths >> _HALF)
    return lengths + limit


@njit(cache=True, nogil=True)
def add_whole(  # noqa: PLR0913, PLR0917 - kernels take arrays and numbers
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
    of a group that passes it are asked for, as `move_over` will read them.

    Parameters
    ----------
    lane, on_ms, length_ms
        Column, begin and length of each pulse, in order of the begin. [ms]
    begin, end
        Positions to add; all of one bin.
    safe_ms
        Pulses up to this length end within the bin. [ms]
    cells
        One for each lane, changed in place.
    at
        Room for the positions that are listed.
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
def move_over(  # noqa: PLR0913, PLR0917 - kernels take arrays and numbers
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
    """Move what lies beyond the edge into the next bin; note the pulses that reach past it.

    Parameters
    ----------
    lane, on_ms, length_ms
        As for `add_whole`.
    at, found
        Positions that it listed, and how many.
    edge_ms, room_ms
        End of the bin in the clock of `on_ms`, and length of the next one. [ms]
    cells, carry
        Cells of this bin, and covered time of the next one [ms]; changed in place.
    far, far_count
        Positions of pulses that reach further, and how many so far; changed in place.

    Returns
    -------
    int
        How many reach further now.
    """
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
def add_late(  # noqa: PLR0913, PLR0917 - kernels take arrays and numbers
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
    """Add pulses close to the edge to both of their bins; note those that reach further.

    Parameters
    ----------
    lane, on_ms, length_ms, begin, end
        As for `add_whole`.
    edge_ms, room_ms, cells, carry, far, far_count
        As for `move_over`.

    Returns
    -------
    int
        How many reach further now.
    """
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
def empty_cells(cells: Cells, count: Counts, occupied_ms: Ints) -> None:
    """Add cells to the sums of a bin, and begin them anew.

    Parameters
    ----------
    cells
        One for each lane, changed in place.
    count, occupied_ms
        Sums of the bin by lane, changed in place. [veh], [ms]
    """
    for lane in range(len(cells)):
        cell = cells[lane]
        count[lane] += np.int32(cell >> _TIME_SHIFT)
        occupied_ms[lane] += np.int64(cell & _TIME)
        cells[lane] = _NOTHING


@njit(cache=True, nogil=True)
def empty_carry(carry: Cells, occupied_ms: Ints) -> None:
    """Add covered time that was carried into a bin to its sums, and begin anew.

    Parameters
    ----------
    carry
        One for each lane, changed in place. [ms]
    occupied_ms
        Sums of the bin by lane, changed in place. [ms]
    """
    for lane in range(len(carry)):
        occupied_ms[lane] += np.int64(carry[lane])
        carry[lane] = _NOTHING
