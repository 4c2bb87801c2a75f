"""The lane that a vehicle takes behind a junction, if there is room for it."""

from numba import njit

from sim.queue_model.arrays import Whole
from sim.queue_model.inputs import RouteArrays, StreetArrays
from sim.queue_model.room.kernels import FAR, opening, release
from sim.queue_model.state import Queues, Rings, Signs, Trips, Waiting
from sim.queue_model.yielding.kernels import is_green

CALLEES = "37b780b49dcabdfc"
"""Digest of what is compiled in of other files; Numba's cache would not notice it change."""

_TINY = 1.0e-6
_NOSE_M = 2.0
"""Room that a vehicle asks for at a waiting place inside a junction. [m]"""
_BESIDE_M = 15.0
"""Queue that a driver accepts rather than to stand on the lane beside its own. [m]"""
_MOVES_S = 3.0
"""Who may cross this soon moves on. [s]"""


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def lane_behind(  # noqa: PLR0913, PLR0917 - what stands where
    here: Whole,
    space_m: float,
    now_s: float,
    is_patient: bool,
    street_lanes: Whole,
    streets: StreetArrays,
    routes: RouteArrays,
    signs: Signs,
    queues: Queues,
    waiting: Waiting,
    rings: Rings,
    trips: Trips,
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
    street_lanes
        How many lanes belong to streets; waiting places and sources follow.
    streets, routes, signs, queues, waiting, rings, trips
        What the words say.

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
    for each in range(routes.pair_start[here], routes.pair_start[here + 1]):
        after = routes.pair_option[each]
        if routes.pair_start[after] == routes.pair_start[after + 1]:
            pair = each
            break
        lane = routes.lane[after]
        release(lane, now_s, rings)
        room_m = streets.store_m[lane] - rings.occupied_m[lane]
        score_m = rings.occupied_m[lane] + routes.pair_cost_m[each]
        is_inner = lane >= street_lanes
        asked_m = _NOSE_M if is_inner else min(space_m, streets.store_m[lane]) - _TINY
        link = routes.pair_link[each]
        fits = room_m >= asked_m or not is_patient
        if not fits and (is_inner or streets.keeps_clear[link]):
            fits = _moves_on(
                lane, now_s, space_m, is_inner, streets, routes, signs, queues, waiting, trips
            )
        if fits:
            if score_m < least_m:
                least_m = score_m
                pair = each
                beside = -1
            continue
        landing = streets.onto[link]
        if landing >= 0 and landing != lane:
            release(landing, now_s, rings)
            room_there_m = streets.store_m[landing] - rings.occupied_m[landing]
            fits_there = room_there_m >= min(space_m, streets.store_m[landing]) - _TINY
            if fits_there and score_m + _BESIDE_M < least_m:
                least_m = score_m + _BESIDE_M
                pair = each
                beside = landing
                continue
        soon_s = opening(lane, now_s, room_m, asked_m, rings)
        if soon_s < opens_s or full < 0:
            opens_s = soon_s
            full = lane
    return pair, beside, full, opens_s


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _moves_on(  # noqa: PLR0913, PLR0917 - what stands where
    lane: Whole,
    now_s: float,
    space_m: float,
    is_inner: bool,
    streets: StreetArrays,
    routes: RouteArrays,
    signs: Signs,
    queues: Queues,
    waiting: Waiting,
    trips: Trips,
) -> bool:
    """Tell whether who is first on a full lane moves on: a junction is not kept clear of him."""
    does = not queues.gives_way[lane] and waiting.full[lane] < 0 and queues.since_s[lane] < 0.0
    first = queues.head[lane]
    if does and not is_inner and first >= 0:
        is_short = streets.length_m[lane] < 2.0 * space_m
        does = trips.ready_s[first] >= now_s or (
            is_short and queues.free_s[lane] < now_s + _MOVES_S
        )
        does = does and is_green(routes.link[trips.option[first]], streets, signs)
    return does
