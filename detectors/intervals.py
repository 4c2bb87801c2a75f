"""The interval of the vehicles that really passed, given what a detector counted.

It answers for one bin of one lane: how many vehicles really passed within the bin?  Three things
are not known, and each widens the interval by what it may hide:

- Vehicles that the detector missed or counted twice.  Their shares are unknown, up to an
  allowance.  The upper end is the largest number of vehicles of which a detector that misses the
  allowed share still counts so few with 2.5 % probability; the lower end is the smallest number
  of which one that doubles the allowed share counts so many.  As counts grow with the number of
  vehicles and fall with the share missed, this covers for every share up to the allowance.
- Pulses that cannot be a vehicle of their own, as they follow the one before too soon: they are
  in the count, and the lower end does without them.
- Time that was not covered.  The vehicles of that time are foretold from those that were counted;
  for random arrivals they are negative binomial.  Behind a signal vehicles come in platoons, so
  the variance is raised by the index of dispersion that the lane itself shows in windows as long
  as what is missing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc
from scipy.stats import nbinom

from detectors.bins import Bins
from detectors.pulses import Flags, Floats, Ints, Pulses

SHORTEST_GAP_S = 0.2
"""No vehicle follows another by less than this from back to front [s]..."""
SHORTEST_HEADWAY_S = 0.8
"""... nor by less than this from front to front [s]."""
CLOSEST_VEHICLES_S = 1.0
"""Headway at the densest flow that a lane can carry for longer [s]."""
UNKNOWN_DISPERSION = 3.0
"""Index of dispersion where too little was seen to know it [-]."""
FEWEST_WINDOWS = 12
MOST_STEPS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class CountErrors:
    """How far a detector in good order may miscount.

    Parameters
    ----------
    missed, doubled
        Largest share of vehicles that it misses, and that it counts twice. [0-1]
    confidence
        Rate at which the interval covers. [0-1]

    References
    ----------
    Klein, Mills, Gibson, "Traffic Detector Handbook", FHWA-HRT-06-108, 2006: inductive loops in
    good order count within a few percent.
    """

    missed: float = 0.03
    doubled: float = 0.03
    confidence: float = 0.95

    @property
    def tail(self) -> float:
        """Probability left out on each side [0-1]."""
        return (1 - self.confidence) / 2


def count_interval(
    count_veh: Floats,
    coverage: Floats,
    *,
    suspect_veh: Floats | float = 0.0,
    dispersion: Floats | float = UNKNOWN_DISPERSION,
    errors: CountErrors | None = None,
) -> tuple[Floats, Floats]:
    """Return the interval of the vehicles that really passed in each bin.

    Parameters
    ----------
    count_veh
        Vehicles counted, of any shape. [veh]
    coverage
        Share of the bin that was covered. [0-1]
    suspect_veh
        Pulses among them that follow too soon to be a vehicle of their own. [veh]
    dispersion
        Variance over mean of the vehicles in windows as long as the time not covered. [-]
    errors
        Allowance for miscounts, and the rate of coverage.

    Returns
    -------
    low_veh, high_veh
        Ends of the interval; 0 and infinity where nothing was covered. [veh]
    """
    errors = errors or CountErrors()
    sure_veh = np.maximum(np.floor(count_veh - suspect_veh), 0.0)
    low_veh = _each(sure_veh, lambda n: _fewest(n, errors))
    high_veh = _each(np.ceil(count_veh), lambda n: _most(n, errors))
    partial = (coverage > 0) & (coverage < 1)
    if np.any(partial):
        spread = np.broadcast_to(np.maximum(dispersion, 1.0), count_veh.shape)[partial]
        share = coverage[partial]
        fewest = sure_veh[partial] / (1 + errors.doubled)
        most = count_veh[partial] / (1 - errors.missed)
        low_veh[partial] += _unseen(fewest, share, spread, errors.tail)
        high_veh[partial] += _unseen(most, share, spread, 1 - errors.tail)
    known = coverage > 0
    return np.where(known, low_veh, 0.0), np.where(known, high_veh, np.inf)


def pulse_interval(
    pulses: Pulses, lane_of: Ints, bins: Bins, count_veh: Floats, coverage: Floats
) -> tuple[Floats, Floats]:
    """Return the interval for counted pulses, with what the pulses tell about themselves.

    Parameters
    ----------
    pulses
        Pulses that were counted.
    lane_of
        Detector of the feed → column; negative for one that is not counted.
    bins
        Rows of the arrays.
    count_veh, coverage
        Vehicles counted [veh] and share covered [0-1], arrays ``[bin, lane]``.

    Returns
    -------
    low_veh, high_veh
        As `count_interval`; no higher than the lane can carry in the time not covered. [veh]
    """
    suspect_veh = suspects(pulses, lane_of, bins, count_veh.shape[1])
    dispersion = dispersions(pulses, lane_of, bins, coverage)
    low_veh, high_veh = count_interval(
        count_veh, coverage, suspect_veh=suspect_veh, dispersion=dispersion
    )
    whole_veh = count_interval(count_veh, np.ones_like(coverage))[1]
    unseen_veh = np.ceil((1 - coverage) * bins.bin_s / CLOSEST_VEHICLES_S)
    possible_veh = np.where(coverage > 0, whole_veh + unseen_veh, np.inf)
    return np.minimum(low_veh, possible_veh), np.minimum(high_veh, possible_veh)


def suspects(pulses: Pulses, lane_of: Ints, bins: Bins, lane_count: int) -> Floats:
    """Count the pulses that follow too soon to be a vehicle of their own.

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
    for lane in np.flatnonzero(partial.any(axis=0)):
        on_s = pulses.on_s[lane_of_pulse == lane]
        own = partial[:, lane]
        for exponent in np.unique(power[own, lane]):
            widths_s = (2.0**exponent, 2.0 ** (exponent + 1))
            index = max(_dispersion(on_s, pulses.spans_s, width_s) for width_s in widths_s)
            found[own & (power[:, lane] == exponent), lane] = index
    return found


def _dispersion(on_s: Floats, spans_s: Floats, width_s: float) -> float:
    """Return half the mean square step between neighbouring windows over the mean count."""
    steps, counts = [], []
    for windows in _windows(on_s, spans_s, width_s):
        counts.append(windows)
        steps.append(np.diff(windows))
    step = np.concatenate(steps) if steps else np.empty(0)
    if len(step) < FEWEST_WINDOWS:
        return UNKNOWN_DISPERSION
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


def _each(values: Floats, end: Callable[[Floats], Floats]) -> Floats:
    unique, at = np.unique(values, return_inverse=True)
    return np.asarray(end(unique)[at].reshape(values.shape))


def _most(counted: Floats, errors: CountErrors) -> Floats:
    """Return the largest number of vehicles of which so few may be counted.

    P(counted or fewer of N, each with 1 − missed) = I_missed(N − counted, counted + 1).
    """

    def is_possible(vehicles: Floats) -> Flags:
        missed = np.maximum(vehicles - counted, 0.5)
        chance = betainc(missed, counted + 1, errors.missed)
        return np.asarray((vehicles <= counted) | (chance >= errors.tail))

    return _bisect(counted, 2 * counted + MOST_STEPS, is_possible)


def _fewest(counted: Floats, errors: CountErrors) -> Floats:
    """Return the smallest number of vehicles that may be counted as so many.

    P(counted or more of N, each once and with `doubled` twice)
    = I_doubled(counted − N, 2 N − counted + 1).
    """

    def is_possible(fewer: Floats) -> Flags:
        vehicles = counted - fewer
        left = 2 * vehicles - counted + 1
        chance = betainc(np.maximum(fewer, 0.5), np.maximum(left, 0.5), errors.doubled)
        return np.asarray((fewer <= 0) | ((left > 0) & (chance >= errors.tail)))

    return counted - _bisect(np.zeros_like(counted), counted, is_possible)


def _bisect(low: Floats, high: Floats, is_possible: Callable[[Floats], Flags]) -> Floats:
    """Return the last whole number from low to high that is possible; low always is."""
    low, high = low.copy(), high + 1.0
    while np.any(high - low > 1):
        middle = np.floor((low + high) / 2)
        possible = is_possible(middle) & (high - low > 1)
        low = np.where(possible, middle, low)
        high = np.where(~possible & (high - low > 1), middle, high)
    return np.asarray(low)


def _unseen(passed_veh: Floats, coverage: Floats, dispersion: Floats, chance: float) -> Floats:
    """Return how many vehicles at most passed in the time not covered, with some probability [veh].

    Given n random arrivals over a share c of the bin, the vehicles of the rest are negative
    binomial with mean m = (n + 1/2) (1 − c) / c and variance m + m² / (n + 1/2).
    """
    known = passed_veh + 0.5
    mean = known * (1 - coverage) / coverage
    variance = dispersion * (mean + mean**2 / known)
    share = mean / variance
    return np.asarray(nbinom.ppf(chance, mean * share / (1 - share), share))
