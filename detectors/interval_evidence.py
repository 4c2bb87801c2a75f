"""What the pulses of a feed tell about the interval of their counts.

Which of them cannot be a vehicle of their own, how bunched vehicles come in windows as long as a
gap, and what the bins before and after say about a bin that was covered in part.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from detectors.bins import Bins
from detectors.pulses import Floats, Ints, Pulses

SHORTEST_GAP_S = 0.2
"""No vehicle follows another by less than this from back to front [s]..."""
SHORTEST_HEADWAY_S = 0.8
"""... nor by less than this from front to front [s]."""
FEWEST_WINDOWS = 12
"""Windows, or bins, that a dispersion is told from at least."""
UNKNOWN_DISPERSION = 3.0
"""Index of dispersion where too little was seen to know it [-]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Neighbours:
    """What the bins before and after tell about each bin, arrays ``[bin, lane]``.

    Parameters
    ----------
    level_veh
        Mean of them; 0 where neither was covered. [veh]
    variance_veh
        Mean square by which whole bins of the lane differ from it. [veh²]
    """

    level_veh: Floats
    variance_veh: Floats


def neighbours_of(count_veh: Floats, coverage: Floats) -> Neighbours:
    """Return what the bins before and after each bin tell about it.

    Parameters
    ----------
    count_veh, coverage
        Vehicles counted [veh] and share covered [0-1], arrays ``[bin, lane]``.

    Returns
    -------
    Neighbours
        The variance is that of whole bins between whole bins, in proportion to their mean, and
        twice as large where only one side is known.  Where too few bins of a lane show it, those
        of all lanes do.
    """
    edge = np.zeros((1, count_veh.shape[1]))
    is_whole: Floats = np.vstack((edge, (coverage >= 1).astype(np.float64), edge))
    padded = np.vstack((edge, count_veh, edge)) * is_whole
    sides: Floats = is_whole[:-2] + is_whole[2:]
    level_veh = (padded[:-2] + padded[2:]) / np.maximum(sides, 1)
    shown = (coverage >= 1) & (sides == 2)  # noqa: PLR2004 - both sides
    squares = np.where(shown, count_veh - level_veh, 0.0) ** 2
    totals = np.where(shown, count_veh, 0.0)
    index = _index(squares.sum(axis=0), totals.sum(axis=0), shown.sum(axis=0))
    of_all = _index(*(np.array([np.sum(part)]) for part in (squares, totals, shown)))
    index = np.where(np.isfinite(index), index, of_all)
    variance_veh: Floats = index * np.maximum(level_veh, 1.0) * np.where(sides == 1, 2.0, 1.0)
    return Neighbours(level_veh=level_veh, variance_veh=np.where(sides > 0, variance_veh, np.inf))


def _index(square: Floats, total: Floats, count: Floats | Ints) -> Floats:
    """Return variance over mean, raised by its own error; infinite where too few bins show it."""
    error = 1 + np.sqrt(2 / np.maximum(count, 1))
    known = (count >= FEWEST_WINDOWS) & (total > 0)
    return np.where(known, square / np.maximum(total, 1.0) * error, np.inf)


def suspects(pulses: Pulses, lane_of: Ints, bins: Bins, lane_count: int) -> Floats:
    """Count the pulses that follow too soon to be a vehicle of their own.

    Parameters
    ----------
    pulses
        Pulses of a feed.
    lane_of
        Detector of the feed → column, shape (detectors,); negative for one that is not counted.
    bins
        Rows of the result.
    lane_count
        Columns of the result.

    Returns
    -------
    array of shape (bins, lanes)
        Pulses. [veh]
    """
    order = np.argsort(pulses.detector, kind="stable")
    detector, on_s = pulses.detector[order], pulses.on_s[order]
    same = detector[1:] == detector[:-1]
    gap_s = on_s[1:] - pulses.off_s[order][:-1]
    # an end that a repair put in says nothing about the gap
    soon = (gap_s < SHORTEST_GAP_S) & ~pulses.repaired[order][:-1]
    soon |= np.diff(on_s) < SHORTEST_HEADWAY_S
    rows = np.flatnonzero(same & soon) + 1
    lane = lane_of[detector[rows]]
    row = np.floor((on_s[rows] - bins.start_s) / bins.bin_s).astype(np.int64)
    inside = (lane >= 0) & (row >= 0) & (row < bins.count)
    cell = row[inside] * lane_count + lane[inside]
    counts = np.bincount(cell, minlength=bins.count * lane_count)
    return counts.reshape(bins.count, lane_count).astype(np.float64)


def dispersions(pulses: Pulses, lane_of: Ints, bins: Bins, coverage: Floats) -> Floats:
    """Return how bunched each lane's vehicles are, in windows as long as what is not covered.

    The variance is taken between neighbouring windows, so that the change of traffic over the day
    does not count as bunching, and raised by its own error.

    Parameters
    ----------
    pulses
        Pulses of a feed.
    lane_of
        Detector of the feed → column, shape (detectors,); negative for one that is not counted.
    bins
        Rows of the result.
    coverage
        Share covered ``[bin, lane]``. [0-1]

    Returns
    -------
    array of shape (bins, lanes)
        Variance over mean, at least 1; only where a bin is covered in part. [-]
    """
    found = np.ones(coverage.shape)
    partial = (coverage > 0) & (coverage < 1)
    if not partial.any():
        return found
    power = np.zeros(coverage.shape, np.int64)
    power[partial] = np.floor(np.log2(np.maximum((1 - coverage[partial]) * bins.bin_s, 1.0)))
    lane_of_pulse = lane_of[pulses.detector]
    spans_s = {int(lane_of[at]): pulses.spans_of(name) for at, name in enumerate(pulses.names)}
    for lane in np.flatnonzero(partial.any(axis=0)).tolist():
        on_s = pulses.on_s[lane_of_pulse == lane]
        own, own_s = partial[:, lane], spans_s.get(lane, pulses.spans_s)
        for exponent in np.unique(power[own, lane]):
            widths_s = (2.0**exponent, 2.0 ** (exponent + 1))
            known = [_dispersion(on_s, own_s, width_s) for width_s in widths_s]
            index = max((each for each in known if each is not None), default=UNKNOWN_DISPERSION)
            found[own & (power[:, lane] == exponent), lane] = index
    return found


def _dispersion(on_s: Floats, spans_s: Floats, width_s: float) -> float | None:
    """Return half the mean square step between neighbouring windows over the mean count.

    None where too few windows of that width show it.
    """
    steps, counts = [], []
    for windows in _windows(on_s, spans_s, width_s):
        counts.append(windows)
        steps.append(np.diff(windows))
    step = np.concatenate(steps) if steps else np.empty(0)
    if len(step) < FEWEST_WINDOWS:
        return None
    mean_veh = float(np.concatenate(counts).mean())
    if mean_veh <= 0:
        return 1.0
    index = float(np.mean(step.astype(np.float64) ** 2)) / 2 / mean_veh
    return max(index * (1 + float(np.sqrt(2 / len(step)))), 1.0)


def _windows(on_s: Floats, spans_s: Floats, width_s: float) -> Iterator[Ints]:
    for begin_s, end_s in spans_s:
        count = int((end_s - begin_s) // width_s)
        if count > 1:
            edges_s = begin_s + np.arange(count + 1) * width_s
            yield np.diff(np.searchsorted(on_s, edges_s))
