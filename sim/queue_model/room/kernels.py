"""Room on lanes: a ring of spaces that are left, each free when the backward wave has come by."""

from numba import njit

from sim.queue_model.arrays import Floats, Ints, Whole

FAR = 1.0e9
"""Later than any time. [s]"""


@njit(cache=True, nogil=True, inline="always", error_model="numpy")
def release(  # noqa: PLR0913, PLR0917 - a lane's room is six arrays
    lane: Whole,
    now_s: float,
    occupied: Floats,
    ring_start: Ints,
    ring_at: Floats,
    ring_m: Floats,
    ring_first: Ints,
    ring_count: Ints,
) -> None:
    """Give back the room of vehicles that have left, as far as the wave has travelled back."""
    while ring_count[lane] > 0:
        place = ring_start[lane] + ring_first[lane]
        if ring_at[place] > now_s:
            break
        occupied[lane] -= ring_m[place]
        ring_first[lane] += 1
        if ring_first[lane] == ring_start[lane + 1] - ring_start[lane]:
            ring_first[lane] = 0
        ring_count[lane] -= 1


@njit(cache=True, nogil=True, error_model="numpy")
def queue_by(instant: float, v: Whole, ready: Floats, nxt: Ints) -> int:
    """Return how many from a vehicle on have come to the stop line or the queue by an instant."""
    count = 0
    while v >= 0 and ready[v] <= instant:
        count += 1
        v = nxt[v]
    return count
