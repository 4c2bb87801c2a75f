"""Wake-ups of lanes: a calendar of whole seconds, and lists of lanes that wait for room.

A lane has at most one wake-up; those of a second are a list that can lose any member.
"""

from numba import njit

from sim.queue_model.arrays import Ints, Whole


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def wake(  # noqa: PLR0913, PLR0917 - the calendar is four arrays
    lane: Whole,
    tick: Whole,
    horizon: Whole,
    bucket: Ints,
    scheduled: Ints,
    before: Ints,
    after: Ints,
) -> None:
    """Set the lane's wake-up to a second, in place of the one that it has."""
    pending = scheduled[lane]
    if pending == tick:
        return
    if pending >= 0:
        if before[lane] >= 0:
            after[before[lane]] = after[lane]
        else:
            bucket[pending] = after[lane]
        if after[lane] >= 0:
            before[after[lane]] = before[lane]
    if tick >= horizon:
        scheduled[lane] = -1
        return
    scheduled[lane] = tick
    after[lane] = bucket[tick]
    before[lane] = -1
    if bucket[tick] >= 0:
        before[bucket[tick]] = lane
    bucket[tick] = lane
