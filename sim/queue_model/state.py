"""What a run of the queue model keeps while it lasts; made and changed by kernels only."""

from typing import NamedTuple

import numpy as np

from sim.queue_model.arrays import Arrays, Cells, Floats, Ints
from sim.queue_model.inputs import Constants, Records

QUEUE = np.dtype(
    [
        ("head", np.int32),
        ("tail", np.int32),
        ("free_s", np.float64),
        ("moves_s", np.float64),
        ("since_s", np.float64),
        ("occupied_m", np.float64),
        ("oldest_room", np.int32),
        ("rooms", np.int32),
        ("launched", np.int32),
        ("full", np.int32),
        ("first_waiting", np.int32),
        ("next_waiting", np.int32),
        ("gives_way", np.bool_),
        ("is_asked_for", np.bool_),
    ],
    align=True,
)
"""The queue of a lane.

``head`` and ``tail`` are its first and last vehicle, -1 for none; ``free_s`` is when its stop line
is free, ``moves_s`` when its first vehicle may begin to move, ``since_s`` since when that one finds
no room, -1 if it does; ``occupied_m`` is the room that is taken, and in the ring of rooms on their
way back the oldest one is ``oldest_room`` places behind the first; ``launched`` is how many have
crossed since the queue stood.  Lanes whose first vehicle waits for room stand in a list at the lane
that is ``full``, -1 if it does not wait: ``first_waiting`` is the first of the list at a lane,
``next_waiting`` the next one of the list that a lane stands in.  ``gives_way`` tells that the first
vehicle waits for others to pass, ``is_asked_for`` that routes are chosen by its street's speed.
"""

ROOM = np.dtype([("free_s", np.float64), ("space_m", np.float64)], align=True)
"""Room that was left, and when it is free."""

TRIP = np.dtype(
    [
        ("ready_s", np.float64),
        ("option", np.uint32),
        ("next", np.int32),
        ("stands_on", np.int32),
    ],
    align=True,
)
"""A vehicle: arrival at the stop line, place on its route, who is next in the queue, -1 for none,
and on which lane it has its room, -1 for who is not inserted yet."""

TALLY = np.dtype(
    [
        ("crossed_s", np.float64),
        ("delay_s", np.float64),
        ("kept_out_s", np.float64),
        ("bus_delay_s", np.float64),
        ("count", np.int32),
        ("stops", np.int32),
    ],
    align=True,
)
"""What a run is asked for of a link (see ``Runs``), and when it was crossed last."""


class Signs(NamedTuple):
    """Colours, and what the signals show.

    ``colour`` is the pool.  Per group: ``cell``, its first colour there, ``place``, its first
    entry of ``until_s``, and ``signal``.  Per signal: ``cycle_s``, ``clock``, the second of it that
    is shown, ``hold``, the first cell of the row that tells what may be held, ``held_s``, for how
    long that has been, ``step_s``, the cycle that it keeps in step with, or 0, and ``shift_s``, the
    second of that one at the begin.
    """

    colour: Cells
    cell: Ints
    place: Ints
    signal: Ints
    cycle_s: Ints
    clock: Ints
    hold: Ints
    held_s: Ints
    step_s: Ints
    shift_s: Ints
    until_s: Ints


class Detectors(NamedTuple):
    """What signals that follow the traffic ask, of which there may be none.

    ``is_any`` tells whether there are.  Per lane: when its detector was ``passed_s``, and how far
    before the stop line it lies.  The rest is what ``detecting.kernels.is_held`` takes.
    """

    is_any: bool
    passed_s: Floats
    reach_m: Floats
    gap_s: Floats
    signals: Arrays
    shown: Arrays
    heads: Arrays
    lanes: Arrays


class Given(NamedTuple):
    """What a run reads.

    Tables of ``inputs`` by their names, whom links give way to (see ``StreetArrays``), choices of
    routes, constants, roots of the places in a queue, how many seconds it lasts, and how many lanes
    belong to streets; waiting places inside junctions and sources follow.
    """

    lanes: Records
    links: Records
    yield_link: Ints
    yield_merges: Ints
    options: Records
    pairs: Records
    choices: Arrays
    drivers: Records
    physics: Constants
    root: Floats
    horizon: int
    street_lanes: int


class State(NamedTuple):
    """What a run changes.

    Queues of lanes, rooms on their way back, trips, signs, detectors, the speeds that routes are
    chosen by, the calendar of the lanes' wake-ups; and what the run is asked for: tallies of links,
    the longest queue and how often it was full of every lane, and ``totals``: delay [s], vehicles
    that arrived, stops and those taken on by impatience.
    """

    queues: Records
    rooms: Records
    trips: Records
    signs: Signs
    detectors: Detectors
    edges: Floats
    calendar: Ints
    links: Records
    lane_queue: Ints
    lane_blocked: Floats
    totals: Floats
