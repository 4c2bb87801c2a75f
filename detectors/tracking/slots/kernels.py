"""The slots of tracks by their identity: a table that is open to the next free place.

Identities are any whole numbers; they are spread by Fibonacci hashing (Knuth, The Art of Computer
Programming 3, 6.4).
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Records = NDArray[np.void]
Slots = NDArray[np.int32]
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@njit(cache=True, nogil=True)
def _hash(track: int, size: int) -> int:
    return int((np.uint64(track) * _GOLDEN) >> np.uint64(32)) & (size - 1)


@njit(cache=True, nogil=True)
def find_slot(track: int, tracks: Records, table: Slots) -> int:
    """Return the slot of a track, -1 if it is new."""
    at = _hash(track, len(table))
    while table[at] >= 0:
        if tracks[table[at]].id == track:
            return int(table[at])
        at = (at + 1) & (len(table) - 1)
    return -1


@njit(cache=True, nogil=True)
def enter_slot(track: int, slot: int, table: Slots) -> None:
    """Write the slot of a new track into the table, which has free places."""
    at = _hash(track, len(table))
    while table[at] >= 0:
        at = (at + 1) & (len(table) - 1)
    table[at] = slot


@njit(cache=True, nogil=True)
def enter_all(tracks: Records, count: int, table: Slots) -> None:
    """Write the slots of all tracks into an emptied table.

    Parameters
    ----------
    tracks
        Tracks, the first `count` of them in use.
    count
        Number of them.
    table
        Slots by hash of the identity; its length is a power of 2.
    """
    table[:] = -1
    for slot in range(count):
        enter_slot(tracks[slot].id, slot, table)
