"""The counting kernel: pulses in order of time become counts, covered time and speeds."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from detectors.pulses import Floats, Ints


@njit(cache=True, nogil=True)
def tally_pulses(  # noqa: PLR0913, PLR0917 - kernels take arrays and numbers
    detector: NDArray[np.int32],
    on_s: Floats,
    off_s: Floats,
    speed_mps: Floats,
    lane_of: Ints,
    start_s: float,
    bin_s: float,
    count: Ints,
    occupied_s: Floats,
    speed_sum_mps: Floats,
    speed_count: Ints,
) -> None:
    """Add pulses to running sums per bin and lane; a pulse counts in the bin of its on time.

    The cost is linear in pulses: as they come in order of the on time, the bin moves on with
    them and nothing is divided.  A batch may follow another one on the same sums.

    Parameters
    ----------
    detector
        Detector of each pulse.
    on_s, off_s
        Begin and end of each, in order of the begin. [s]
    speed_mps
        Speed; NaN where unknown. [m/s]
    lane_of
        Detector → column of the sums; negative for one that is not counted.
    start_s, bin_s
        Begin of the first bin and length of every bin. [s]
    count, occupied_s, speed_sum_mps, speed_count
        Sums ``[bin, lane]``, changed in place. [veh], [s], [m/s], [veh]
    """
    bin_count = count.shape[0]
    at = 0
    edge_s = start_s + bin_s
    for i in range(len(on_s)):
        on = on_s[i]
        while on >= edge_s and at < bin_count:
            at += 1
            edge_s = start_s + (at + 1) * bin_s
        if at == bin_count:
            return
        lane = lane_of[detector[i]]
        if lane < 0:
            continue
        if on >= start_s:
            count[at, lane] += 1
            if not math.isnan(speed_mps[i]):
                speed_sum_mps[at, lane] += speed_mps[i]
                speed_count[at, lane] += 1
        off, begin, reached, end = off_s[i], max(on, start_s), at, edge_s
        while off > end and reached < bin_count:
            occupied_s[reached, lane] += end - begin
            reached += 1
            begin, end = end, start_s + (reached + 1) * bin_s
        if off > begin and reached < bin_count:
            occupied_s[reached, lane] += off - begin
