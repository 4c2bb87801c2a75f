"""Stretches that detectors hold: which lanes ask for more of a second, and for how long.

Where detectors lie, and when vehicles are over them, is as in SUMO's actuated programs.
"""

import numpy as np
from numba import njit

from citybrain.ports.tables import PERMISSIVE, PROTECTED, RED
from sim.queue_model.arrays import Arrays, Whole

CALLEES = "73ee027afe5de0d6"
"""Digest of what is compiled in of other files; Numba's cache would not notice it change."""

_STANDING_M, _NOSE_M, _BODY = 7.5, 1.0, 0.7
WAVE_S, _FOLLOWING = 1.0, 3.0
"""Drivers of a queue begin to move one after another, in SUMO's steps of a second, and gain a third
of the speed that they could: a car stood with its front 0.7 m behind a detector, five places from
the stop line of ``cologne1``, reached it 5.0 s after the green's begin, give or take 0.15 s."""

_UNEVEN_S = 0.75
"""A gap between vehicles is longer in SUMO than here by this at times, as drivers dawdle; of 0,
0.5, 0.75 and 1 s that under which plans that follow detectors rank best on ``cologne1``,
``cologne3`` and ``ingolstadt1``."""

LAUNCHED = 12
"""How many of a queue still accelerate when they cross."""

_PASSING_S = 1.9
"""A place in a queue, the gap in it, and how far before the stop line the first one stands, as
SUMO's standard car stands; time in which one passes, by which SUMO places detectors."""


@njit(cache=True, nogil=True, error_model="numpy")
def stop_lines(
    group_of: Arrays, from_lane: Arrays, lanes: Whole, signals: Arrays, signal: Arrays
) -> Arrays:
    """Return the lanes before each signal, and the groups that let vehicles out of each lane.

    Returns
    -------
    first_lane, lane
        Where each signal's lanes begin, and lanes.
    first_group, group
        Where each lane's groups begin, and groups.
    is_served
        For each lane of ``lane``, whether it may ask for more; see ``is_held``.
    """
    lane_of = np.where((group_of >= 0) & (from_lane < lanes), from_lane, -1)
    first_group, links = _sorted_by(lane_of, lanes)
    group = group_of[links]
    signal_of = np.full(lanes, -1, np.int64)
    for lane in range(lanes):
        if first_group[lane] < first_group[lane + 1]:
            signal_of[lane] = signal[group[first_group[lane]]]
    first_lane, lane = _sorted_by(signal_of, len(signals[0]))
    return first_lane, lane, first_group, group, np.zeros(len(lane), np.bool_)


@njit(cache=True, nogil=True, error_model="numpy")
def _sorted_by(place: Arrays, count: Whole) -> Arrays:
    """Return where each place's numbers begin, and the numbers; those at -1 have none."""
    first = np.zeros(count + 1, np.int64)
    for at in place:
        if at >= 0:
            first[at + 1] += 1
    for at in range(count):
        first[at + 1] += first[at]
    filled = first.copy()
    number = np.empty(first[count], np.int64)
    for each in range(len(place)):
        if place[each] >= 0:
            number[filled[place[each]]] = each
            filled[place[each]] += 1
    return first, number


@njit(cache=True, nogil=True, error_model="numpy")
def place_detectors(
    signals: Arrays, shown: Arrays, detector_s: Arrays, heads: Arrays, speed_mps: Arrays
) -> Arrays:
    """Return how far before its stop line each lane's detector lies [m].

    SUMO puts it at its travel time, and no farther than the queue that the shortest stretch of
    the lane clears, at 1.9 s for each vehicle (``passing-time`` of its actuated programs).
    """
    cycle, hold = signals[0], signals[3]
    colour = shown[0]
    first_lane, lane_of = heads[:2]
    reach_m = np.zeros(len(speed_mps))
    for i in range(len(cycle)):
        for at in range(first_lane[i], first_lane[i + 1]):
            reach_m[lane_of[at]] = detector_s[i] * speed_mps[lane_of[at]]
        since = 0
        for k in range(cycle[i] if hold[i] >= 0 else 0):
            if _changes(k, i, signals, shown):
                since = k
            if colour[hold[i] + k] == 0:
                continue
            cleared_m = ((k + 1 - since) / _PASSING_S + 0.5) * _STANDING_M
            for at in range(first_lane[i], first_lane[i + 1]):
                lane = lane_of[at]
                if _shown_to(lane, k, shown, heads) > RED:
                    reach_m[lane] = min(reach_m[lane], cleared_m)
    return reach_m


@njit(cache=True, nogil=True, error_model="numpy")
def _shown_to(lane: Whole, k: Whole, shown: Arrays, heads: Arrays) -> int:
    """Return the best green that a lane is shown if all its ways are green, red otherwise."""
    colour, cell = shown
    first_group, group_of = heads[2:4]
    best = RED
    for at in range(first_group[lane], first_group[lane + 1]):
        now = colour[cell[group_of[at]] + k]
        if now == PROTECTED:
            best = PROTECTED
        elif now != PERMISSIVE:
            return RED
        elif best == RED:
            best = PERMISSIVE
    return best


@njit(cache=True, nogil=True, error_model="numpy")
def _changes(k: Whole, i: Whole, signals: Arrays, shown: Arrays) -> bool:
    """Tell whether some face of a signal is another one than in the second before."""
    colour, cell = shown
    if k == 0 or colour[signals[3][i] + k - 1] > 0:
        return True
    for group in range(signals[2][i], signals[2][i + 1]):
        if colour[cell[group] + k] != colour[cell[group] + k - 1]:
            return True
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def is_held(  # noqa: PLR0913, PLR0917 - what stands where
    i: Whole, signals: Arrays, shown: Arrays, gap_s: float, heads: Arrays, lanes: Arrays, now: Whole
) -> bool:
    """Tell whether a signal's clock stays where it is, as a lane that it serves asks for more.

    Parameters
    ----------
    i
        The signal; the second that it shows may be held, and for longer than it has been.
    signals
        See ``clocks.kernels.signal_rows``.
    shown
        Pool of colours, and first cell of each group.
    gap_s
        Longest gap of the signal. [s]
    heads
        See ``stop_lines``; which lanes may ask is written when the second has just begun.
    lanes
        What stands and moves on the lanes; see ``_is_asked``.
    now
        The second that begins. [s]
    """
    first_lane, lane_of, _, _, is_served = heads
    if signals[4][i] == 0 or signals[5][i] > 0:  # in step, nobody is asked before the end may come
        _note_served(i, signals[1][i], shown, heads)
    for at in range(first_lane[i], first_lane[i + 1]):
        if is_served[at] and _is_asked(lane_of[at], now, gap_s, lanes):
            return True
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def _note_served(i: Whole, k: Whole, shown: Arrays, heads: Arrays) -> None:
    """Note which lanes may ask for more of a second.

    As in SUMO those whose ways are all green, one of them protected, be they served in the next
    stretch or not; a lane one of whose ways waits would only tell of who stands for that.
    """
    first_lane, lane_of, _, _, is_served = heads
    for at in range(first_lane[i], first_lane[i + 1]):
        is_served[at] = _shown_to(lane_of[at], k, shown, heads) == PROTECTED


@njit(cache=True, nogil=True, error_model="numpy")
def _is_asked(lane: Whole, now: Whole, gap_s: float, lanes: Arrays) -> bool:
    """Tell whether a lane's detector sees somebody, or has within the gap.

    One after another, those of the queue and those who arrive behind it.
    """
    passed_s, reach_m, streets, queues, trips, drivers = lanes
    gap_s -= _UNEVEN_S
    if passed_s[lane] + gap_s > now:
        return True
    queue, far_m, pace = queues[lane], reach_m[lane], streets[lane].per_speed
    v = queue.head
    order = queue.launched
    crosses = queue.free_s
    while v >= 0:
        trip, driver = trips[v], drivers[v]
        crosses = max(crosses, trip.ready_s)
        if order >= LAUNCHED or crosses <= trip.ready_s:
            begin = crosses - far_m * pace
            end = begin + driver.space_m * _BODY * pace
        else:
            starts = queue.moves_s + order * WAVE_S + driver.jitter_s
            begin, end = touches(
                order, trip.ready_s, starts, far_m, pace, driver.space_m, driver.accel
            )
        if begin > now:
            return False
        if end + gap_s > now:
            return True
        crosses += _PASSING_S
        order += 1
        v = trip.next
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def touches(  # noqa: PLR0913, PLR0917 - plain numbers
    order: Whole,
    arrived: float,
    starts: float,
    reach_m: float,
    pace_s: float,
    space_m: float,
    accel: float,
) -> Arrays:
    """Return when one of a queue is over a lane's detector, first and last [s].

    Who stood between it and the stop line passed it before he stood.  Who stood over it or behind
    it follows whom he drives up to, with a third of his acceleration.

    Parameters
    ----------
    order
        How many of the queue cross before him in this green.
    arrived
        When he would have come to the stop line. [s]
    starts
        When he begins to move. [s]
    reach_m
        How far the detector is from the stop line. [m]
    pace_s
        Time that free traffic needs for a metre. [s/m]
    space_m, accel
        Place that he takes in a queue, and acceleration. [m], [m/s²]
    """
    length_m = space_m * _BODY
    front_m = _NOSE_M + order * space_m
    if front_m + length_m < reach_m:
        at = arrived - reach_m * pace_s
        return at, at + length_m * pace_s
    begin = arrived
    if front_m >= reach_m:
        begin = starts + np.sqrt((front_m - reach_m) * _FOLLOWING / accel)
    return begin, starts + np.sqrt((front_m + length_m - reach_m) * _FOLLOWING / accel)
