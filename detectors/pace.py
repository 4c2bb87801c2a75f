"""Kernels for what lies between pulses, and in them: headways and speeds per bin and lane."""

import numpy as np
from numba import njit

from detectors.cells import Counts, Whole, Words
from detectors.kernels import first_at
from detectors.pulses import Ints

CALLEES = "20232e19d6a14f90"
"""Digest of what is compiled in of other files; Numba's cache would not notice it change."""

NEVER_MS = -(1 << 62)
"""Stands for the last begin on a lane on which nothing was heard [ms]."""


@njit(cache=True, nogil=True)
def tally_speeds(  # noqa: PLR0913, PLR0917 - kernels take arrays and numbers
    lane: Words,
    on_ms: Ints,
    speed_mmps: Ints,
    start_ms: Whole,
    bin_ms: Whole,
    speed_sum_mmps: Ints,
    speed_count: Counts,
) -> None:
    """Add the known speeds of pulses to running sums per bin and lane.

    Parameters
    ----------
    lane, on_ms
        Column and begin of each pulse, in order of the begin. [ms]
    speed_mmps
        Speed; negative where unknown. [mm/s]
    start_ms, bin_ms
        Begin of the first bin and length of every bin. [ms]
    speed_sum_mmps, speed_count
        Sums ``[bin, lane]``, changed in place. [mm/s], [veh]
    """
    begin = first_at(on_ms, 0, len(lane), start_ms)
    row, edge_ms = 0, start_ms + bin_ms
    for k in range(begin, len(lane)):
        if on_ms[k] >= edge_ms:
            row = (np.int64(on_ms[k]) - start_ms) // bin_ms
            edge_ms = start_ms + (row + 1) * bin_ms
        if row >= speed_count.shape[0]:
            return
        if speed_mmps[k] >= 0:
            speed_sum_mmps[row, lane[k]] += speed_mmps[k]
            speed_count[row, lane[k]] += 1


@njit(cache=True, nogil=True)
def tally_headways(  # noqa: PLR0913, PLR0917 - kernels take arrays and numbers
    lane: Words,
    on_ms: Words,
    start_ms: Whole,
    bin_ms: Whole,
    before_ms: Ints,
    headway_sum_ms: Ints,
    headway_count: Counts,
) -> None:
    """Add front-to-front times to running sums; a headway belongs to the bin in which it ends.

    Parameters
    ----------
    lane, on_ms
        Column and begin of each pulse, in order of the begin. [ms]
    start_ms, bin_ms
        Begin of the first bin and length of every bin. [ms]
    before_ms
        Last begin on each lane since the begin of the first bin, `NEVER_MS` where there was
        none; changed in place, so that a headway may reach from batch to batch. [ms]
    headway_sum_ms, headway_count
        Sums ``[bin, lane]``, changed in place. [ms], [veh]
    """
    for k in range(len(lane)):
        begin_ms = np.int64(on_ms[k]) - start_ms
        row = begin_ms // bin_ms
        if row >= headway_count.shape[0]:
            return
        before = before_ms[lane[k]]
        before_ms[lane[k]] = begin_ms
        if row >= 0 and before != NEVER_MS:
            headway_sum_ms[row, lane[k]] += begin_ms - before
            headway_count[row, lane[k]] += 1
