"""The lane that a vehicle takes behind a junction, if there is room for it."""

from numba import njit

from sim.queue_model.arrays import Whole
from sim.queue_model.room.kernels import FAR, opening, release
from sim.queue_model.state import Given, State
from sim.queue_model.yielding.kernels import held_until, is_green

CALLEES = "c6833360f374a777"
"""Digest of what is compiled in of other files; Numba's cache would not notice it change."""

_TINY = 1.0e-6
_NOSE_M = 2.0
"""Room that a vehicle asks for at a waiting place inside a junction. [m]"""
_BESIDE_M = 15.0
"""Queue that a driver accepts rather than to stand on the lane beside its own. [m]"""
_MOVES_S = 3.0
"""Who may cross this soon moves on. [s]"""
_PASSES_S = 2.0
"""Who leaves a waiting place this soon is not in the way. [s]"""


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def lane_behind(
    here: Whole, space_m: float, now_s: float, is_patient: bool, given: Given, state: State
) -> tuple[int, int, int, float]:
    """Choose a lane by its queue, and by how well it serves what comes behind.

    Parameters
    ----------
    here
        Option of the vehicle before the junction.
    space_m
        Room that it asks for. [m]
    now_s
        When it crosses. [s]
    is_patient
        Whether it waits for room; it takes any lane if not.
    given, state
        The run.

    Returns
    -------
    pair
        The pair of the option that is taken; -1 if there is no room.
    beside
        Lane beside whose room it takes; -1 if it stands on its own.
    full
        A lane that is full; -1 if there is none.
    opens_s
        When that one has room; ``FAR`` if nothing is on its way. [s]
    """
    pair = beside = full = -1
    least_m = opens_s = FAR
    in_way = _in_way(given.options[here].lane, now_s, given, state) if is_patient else -1
    for each in range(given.options[here].first_pair, given.options[here].end_pair):
        way = given.pairs[each]
        after = given.options[way.option]
        lane = after.lane
        if in_way >= 0 and lane != in_way:
            full = in_way
            continue
        if after.first_pair == after.end_pair:
            pair = each
            break
        release(lane, now_s, given, state)
        store_m = given.lanes[lane].store_m
        room_m = store_m - state.queues[lane].occupied_m
        score_m = state.queues[lane].occupied_m + way.cost_m
        is_inner = lane >= given.street_lanes
        asked_m = _NOSE_M if is_inner else min(space_m, store_m) - _TINY
        fits = room_m >= asked_m or not is_patient
        if not fits and (is_inner or given.links[way.link].keeps_clear):
            fits = _moves_on(lane, now_s, space_m, given, state)
        if fits:
            if score_m < least_m:
                least_m = score_m
                pair = each
                beside = -1
            continue
        landing = given.links[way.link].onto
        if landing >= 0 and landing != lane:
            release(landing, now_s, given, state)
            store_m = given.lanes[landing].store_m
            fits_there = store_m - state.queues[landing].occupied_m >= min(space_m, store_m) - _TINY
            if fits_there and score_m + _BESIDE_M < least_m:
                least_m = score_m + _BESIDE_M
                pair = each
                beside = landing
                continue
        soon_s = opening(lane, now_s, room_m, asked_m, given, state)
        if soon_s < opens_s or full < 0:
            opens_s = soon_s
            full = lane
    return pair, beside, full, opens_s


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _in_way(lane: Whole, now_s: float, given: Given, state: State) -> int:
    """Return where inside the junction one waits in the way of a lane; -1 if nobody does."""
    place = given.lanes[lane].in_way
    while place >= 0:
        queue = state.queues[place]
        if queue.head >= 0:
            goes_s = max(state.trips[queue.head].ready_s, queue.free_s)
            if queue.gives_way or queue.full >= 0 or goes_s > now_s + _PASSES_S:
                break
        place = given.lanes[place].in_way
    return int(place)


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _moves_on(lane: Whole, now_s: float, space_m: float, given: Given, state: State) -> bool:
    """Tell whether who is first on a full lane moves on: a junction is not kept clear of him."""
    queue = state.queues[lane]
    does = not queue.gives_way and queue.full < 0 and queue.since_s < 0.0
    if does and lane < given.street_lanes and queue.head >= 0:
        first = state.trips[queue.head]
        is_short = given.lanes[lane].length_m < 2.0 * space_m
        does = first.ready_s >= now_s or (is_short and queue.free_s < now_s + _MOVES_S)
        does = does and is_green(given.options[first.option].link, given, state)
        if does and is_short:
            at_s = max(now_s, first.ready_s, queue.free_s)
            does = not _stands_inside(first.option, at_s, given, state)
    return does


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _stands_inside(here: Whole, now_s: float, given: Given, state: State) -> bool:
    """Tell whether one who crosses now comes to a waiting place, and has to stand before it."""
    stands = False
    if given.options[here].first_pair < given.options[here].end_pair:
        place = given.pairs[given.options[here].first_pair].option
        lane = given.options[place].lane
        if lane >= given.street_lanes:
            stands = state.queues[lane].head >= 0
            until_s, _ = held_until(given.options[place].link, now_s, given, state)
            stands = stands or until_s > now_s
    return stands
