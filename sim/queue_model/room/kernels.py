"""Room on lanes, and who waits for it.

The room that a vehicle leaves comes free when the backward wave has come by.
"""

from numba import njit

from sim.queue_model.arrays import Floats, Ints, Whole
from sim.queue_model.state import Rings, Waiting

CALLEES = "ef6c23cc4889d6ee"
"""Digest of what is compiled in of other files; Numba's cache would not notice it change."""

FAR = 1.0e9
"""Later than any time. [s]"""


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def release(lane: Whole, now_s: float, rings: Rings) -> None:
    """Give back the room of vehicles that have left, as far as the wave has travelled back."""
    while rings.filled[lane] > 0:
        place = rings.start[lane] + rings.oldest[lane]
        if rings.free_s[place] > now_s:
            break
        _forget_oldest(lane, rings)


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def leave_room(lane: Whole, back_s: float, space_m: float, rings: Rings) -> None:
    """Note that the room of a vehicle that leaves is free from an instant on.

    A full ring gives back its oldest room at once.
    """
    size = rings.start[lane + 1] - rings.start[lane]
    if rings.filled[lane] == size:
        _forget_oldest(lane, rings)
    place = rings.oldest[lane] + rings.filled[lane]
    if place >= size:
        place -= size
    rings.free_s[rings.start[lane] + place] = back_s
    rings.space_m[rings.start[lane] + place] = space_m
    rings.filled[lane] += 1


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _forget_oldest(lane: Whole, rings: Rings) -> None:
    rings.occupied_m[lane] -= rings.space_m[rings.start[lane] + rings.oldest[lane]]
    rings.oldest[lane] += 1
    if rings.oldest[lane] == rings.start[lane + 1] - rings.start[lane]:
        rings.oldest[lane] = 0
    rings.filled[lane] -= 1


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def opening(lane: Whole, now_s: float, room_m: float, asked_m: float, rings: Rings) -> float:
    """Return when a lane has so much room, by what is on its way back; ``FAR`` if it never has.

    Room comes free in the order of the ring: not before what is ahead of it.
    """
    opens_s = FAR
    freed_s = now_s
    size = rings.start[lane + 1] - rings.start[lane]
    for number in range(rings.filled[lane]):
        place = rings.oldest[lane] + number
        if place >= size:
            place -= size
        freed_s = max(freed_s, rings.free_s[rings.start[lane] + place])
        room_m += rings.space_m[rings.start[lane] + place]
        if room_m >= asked_m:
            opens_s = freed_s
            break
    return opens_s


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def wait_for(lane: Whole, full: Whole, waiting: Waiting) -> None:
    """List a lane among those that wait for room on another."""
    waiting.full[lane] = full
    waiting.after[lane] = waiting.first[full]
    waiting.first[full] = lane


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def wait_no_longer(lane: Whole, waiting: Waiting) -> None:
    """Take a lane out of the list in which it stands."""
    full = waiting.full[lane]
    other = waiting.first[full]
    if other == lane:
        waiting.first[full] = waiting.after[lane]
    else:
        while waiting.after[other] != lane:
            other = waiting.after[other]
        waiting.after[other] = waiting.after[lane]
    waiting.full[lane] = -1


@njit(cache=True, nogil=True, error_model="numpy")
def queue_by(instant: float, v: Whole, ready: Floats, nxt: Ints) -> int:
    """Return how many from a vehicle on have come to the stop line or the queue by an instant."""
    count = 0
    while v >= 0 and ready[v] <= instant:
        count += 1
        v = nxt[v]
    return count
