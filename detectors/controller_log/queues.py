"""Longest queue of each cycle by the break-points that it leaves at an advance detector.

When the queue reaches the detector it is covered for long (A: the begin of that).  When the queue
starts to leave, the discharge wave runs from the stop line to the detector, and the vehicle on it
moves off (B: the end of that).  While the queue passes, vehicles follow closely; behind its last
vehicle is the first longer gap (C).  The wave of discharge took from the begin of green to B for
the distance of the detector; the last vehicle of the queue came from the end of the queue to
the detector at the speed of discharge until C.  Both meet at the end of the queue:

    v2 = d / (B − G),   longest queue = d + (C − B) / (1 / v2 + 1 / v3).

References
----------
Liu, Wu, Ma, Hu, "Real-time queue length estimation for congested signalized intersections",
Transportation Research Part C 17, 2009, pages 412-427 (break-points, equations of the basic model,
and the count between B and C times the spacing of a standing queue as the other model).
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from detectors.controller_log.cycles import Cycles, Passages
from detectors.pulses import Floats, Ints

STANDING_S = 3.0
"""A detector covered for longer than this has a standing vehicle on it [s]."""
QUEUE_GAP_S = 2.5
"""A back-to-front gap longer than this follows the last vehicle of the queue [s]."""
SPACING_M = 7.5
"""Front to front of vehicles that stand [m]."""
VEHICLE_M = 5.0
"""Length of a usual vehicle [m]."""
WAVE_MPS = (1.0, 12.0)
"""Discharge waves beyond this were not waves of this queue [m/s]."""


class QueueState(IntEnum):
    """What the break-points of a cycle tell."""

    KNOWN = 0
    SHORT = 1
    """No vehicle stood on the detector: the queue ended before it, its length is unknown."""
    LONG = 2
    """The queue had not passed when green ended: it is longer than can be told."""
    UNCLEAR = 3
    """The detector was covered for long, but not by a queue that began to leave on green."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Queues:
    """Break-points and longest queue of each cycle, shape (n,) each; NaN where there is none.

    Parameters
    ----------
    green_s
        Begin of green of each cycle. [s]
    state
        `QueueState` of each cycle.
    reached_s, left_s, ended_s
        Break-points A, B and C. [s]
    length_m
        Longest queue from the stop line, by shock waves. [m]
    by_count_m
        The same by the vehicles that passed between B and C. [m]
    """

    green_s: Floats
    state: Ints
    reached_s: Floats
    left_s: Floats
    ended_s: Floats
    length_m: Floats
    by_count_m: Floats


def queue_lengths(
    cycles: Cycles, passages: Passages, distance_m: float, detector_m: float = 1.8
) -> Queues:
    """Find the break-points and the longest queue of each cycle.

    Parameters
    ----------
    cycles
        Cycles of the phase.
    passages
        Pulses of an advance detector of one lane.
    distance_m
        From the detector to the stop line. [m]
    detector_m
        Length of the detector; with a usual vehicle it gives the speed of discharge. [m]

    Returns
    -------
    Queues
        Unknown rather than zero where a break-point is missing.
    """
    rows = [_cycle(cycles, k, passages, distance_m, detector_m) for k in range(len(cycles))]
    table = np.array(rows, np.float64).reshape(len(cycles), 6)
    return Queues(
        green_s=cycles.green_s,
        state=table[:, 0].astype(np.int64),
        reached_s=table[:, 1],
        left_s=table[:, 2],
        ended_s=table[:, 3],
        length_m=table[:, 4],
        by_count_m=table[:, 5],
    )


def _cycle(
    cycles: Cycles, k: int, passages: Passages, distance_m: float, detector_m: float
) -> tuple[float, ...]:
    nan = float("nan")
    green_s, end_s = cycles.green_s[k], cycles.end_s[k]
    own = passages.between(cycles.red_s[k] - STANDING_S, end_s)
    standing = np.flatnonzero((own.off_s - own.on_s >= STANDING_S) & (own.off_s > green_s))
    standing = standing[own.on_s[standing] < green_s + distance_m / WAVE_MPS[0]]
    if not len(standing):
        covered = np.any(own.off_s - own.on_s >= STANDING_S)
        state = QueueState.UNCLEAR if covered else QueueState.SHORT
        return (state, nan, nan, nan, nan, nan)
    at = int(standing[0])
    reached_s, left_s = own.on_s[at], own.off_s[at]
    wave_mps = distance_m / max(left_s - green_s, 1e-3)
    if not WAVE_MPS[0] <= wave_mps <= WAVE_MPS[1]:
        return (QueueState.UNCLEAR, reached_s, left_s, nan, nan, nan)
    on_s, off_s = own.on_s[at:], own.off_s[at:]
    gaps_s = np.append(on_s[1:], np.inf if _is_quiet(off_s[-1], end_s) else off_s[-1]) - off_s
    ends = np.flatnonzero(gaps_s > QUEUE_GAP_S)
    if not len(ends):
        return (QueueState.LONG, reached_s, left_s, nan, nan, nan)
    count = int(ends[0])
    ended_s = off_s[count]
    lengths_s = off_s[1 : count + 1] - on_s[1 : count + 1]
    if not count:
        return (QueueState.KNOWN, reached_s, left_s, ended_s, distance_m, distance_m + VEHICLE_M)
    speed_mps = (VEHICLE_M + detector_m) / max(float(np.median(lengths_s)), 0.1)
    beyond_m = (ended_s - left_s) / (1 / wave_mps + 1 / speed_mps)
    by_count_m = count * SPACING_M
    return (
        QueueState.KNOWN,
        reached_s,
        left_s,
        ended_s,
        distance_m + beyond_m,
        distance_m + by_count_m + VEHICLE_M,
    )


def _is_quiet(last_off_s: float, end_s: float) -> bool:
    """Tell whether nothing came for the length of a gap before the next red."""
    return end_s - last_off_s > QUEUE_GAP_S
