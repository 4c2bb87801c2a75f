"""Room on lanes, and who waits for it.

The room that a vehicle leaves comes free when the backward wave has come by.
"""

from numba import njit

from sim.queue_model.arrays import Whole
from sim.queue_model.state import Given, State

CALLEES = "49e038f2bed4c931"
"""Digest of what is compiled in of other files; Numba's cache would not notice it change."""

FAR = 1.0e9
"""Later than any time. [s]"""


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def release(lane: Whole, now_s: float, given: Given, state: State) -> None:
    """Give back the room of vehicles that have left, as far as the wave has travelled back."""
    queue = state.queues[lane]
    while queue.rooms > 0:
        if state.rooms[given.lanes[lane].first_room + queue.oldest_room].free_s > now_s:
            break
        _forget_oldest(lane, given, state)


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def leave_room(lane: Whole, back_s: float, space_m: float, given: Given, state: State) -> None:
    """Note that the room of a vehicle that leaves is free from an instant on.

    A full ring gives back its oldest room at once.
    """
    queue = state.queues[lane]
    first = given.lanes[lane].first_room
    size = given.lanes[lane].end_room - first
    if queue.rooms == size:
        _forget_oldest(lane, given, state)
    place = queue.oldest_room + queue.rooms
    if place >= size:
        place -= size
    room = state.rooms[first + place]
    room.free_s = back_s
    room.space_m = space_m
    queue.rooms += 1


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _forget_oldest(lane: Whole, given: Given, state: State) -> None:
    queue = state.queues[lane]
    first = given.lanes[lane].first_room
    queue.occupied_m -= state.rooms[first + queue.oldest_room].space_m
    queue.oldest_room += 1
    if queue.oldest_room == given.lanes[lane].end_room - first:
        queue.oldest_room = 0
    queue.rooms -= 1


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def opening(
    lane: Whole, now_s: float, room_m: float, asked_m: float, given: Given, state: State
) -> float:
    """Return when a lane has so much room, by what is on its way back; ``FAR`` if it never has.

    Room comes free in the order of the ring: not before what is ahead of it.
    """
    opens_s = FAR
    freed_s = now_s
    first = given.lanes[lane].first_room
    size = given.lanes[lane].end_room - first
    for number in range(state.queues[lane].rooms):
        place = state.queues[lane].oldest_room + number
        if place >= size:
            place -= size
        freed_s = max(freed_s, state.rooms[first + place].free_s)
        room_m += state.rooms[first + place].space_m
        if room_m >= asked_m:
            opens_s = freed_s
            break
    return opens_s


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def wait_for(lane: Whole, full: Whole, state: State) -> None:
    """List a lane among those that wait for room on another."""
    queues = state.queues
    queues[lane].full = full
    queues[lane].next_waiting = queues[full].first_waiting
    queues[full].first_waiting = lane


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def wait_no_longer(lane: Whole, state: State) -> None:
    """Take a lane out of the list in which it stands."""
    queues = state.queues
    full = queues[lane].full
    other = queues[full].first_waiting
    if other == lane:
        queues[full].first_waiting = queues[lane].next_waiting
    else:
        while queues[other].next_waiting != lane:
            other = queues[other].next_waiting
        queues[other].next_waiting = queues[lane].next_waiting
    queues[lane].full = -1


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def queue_by(instant: float, v: Whole, state: State) -> int:
    """Return how many from a vehicle on have come to the stop line or the queue by an instant."""
    count = 0
    while v >= 0 and state.trips[v].ready_s <= instant:
        count += 1
        v = state.trips[v].next
    return count
