"""Wake-ups of lanes: a calendar of whole seconds.

A lane has at most one wake-up; those of a second are a list that can lose any member.  All is one
array: the first lane of every second, then of every lane its second and the lanes before and
after it in the list of that second; -1 for none.  One array and not four, because Numba counts
references to an array at every call, which took a third of the model's time.
"""

import numpy as np
from numba import njit

from sim.queue_model.arrays import Ints, Whole

_OF_LANE = 3
_BEFORE, _AFTER = 1, 2


@njit(cache=True, nogil=True, error_model="numpy")
def empty_calendar(horizon: Whole, lanes: Whole) -> Ints:
    """Return a calendar of so many seconds in which no lane is to be woken."""
    return np.full(horizon + _OF_LANE * lanes, -1, np.int32)


@njit(cache=True, nogil=True, error_model="numpy")
def wake(lane: Whole, tick: Whole, horizon: Whole, calendar: Ints) -> None:
    """Set the lane's wake-up to a second, in place of the one that it has."""
    own = horizon + _OF_LANE * lane
    pending = calendar[own]
    if pending != tick:
        if pending >= 0:
            _leave(own, pending, horizon, calendar)
        if tick >= horizon:
            calendar[own] = -1
        else:
            first = calendar[tick]
            calendar[own] = tick
            calendar[own + _BEFORE] = -1
            calendar[own + _AFTER] = first
            if first >= 0:
                calendar[horizon + _OF_LANE * first + _BEFORE] = lane
            calendar[tick] = lane


@njit(cache=True, nogil=True, error_model="numpy")
def next_awake(tick: Whole, horizon: Whole, calendar: Ints) -> int:
    """Return a lane that is to be woken in this second, and take it out; -1 if there is none."""
    lane = calendar[tick]
    if lane < 0:
        return -1
    own = horizon + _OF_LANE * lane
    _leave(own, tick, horizon, calendar)
    calendar[own] = -1
    return int(lane)


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def _leave(own: Whole, tick: Whole, horizon: Whole, calendar: Ints) -> None:
    """Take a lane, by the place of what is known of it, out of the list of its second."""
    before, after = calendar[own + _BEFORE], calendar[own + _AFTER]
    if before >= 0:
        calendar[horizon + _OF_LANE * before + _AFTER] = after
    else:
        calendar[tick] = after
    if after >= 0:
        calendar[horizon + _OF_LANE * after + _BEFORE] = before
