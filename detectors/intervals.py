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
- Time that was not covered.  The vehicles of that time are foretold from those that were counted
  in the bin, or in the bins before and after it where these tell more; for random arrivals they
  are negative binomial.  Behind a signal vehicles come in platoons, so
  the variance is raised by the index of dispersion that the lane itself shows in windows as long
  as what is missing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc
from scipy.stats import nbinom

from citybrain.errors import InfeasibleError
from detectors.bins import Bins
from detectors.interval_evidence import (
    UNKNOWN_DISPERSION,
    Neighbours,
    dispersions,
    neighbours_of,
    suspects,
)
from detectors.pulses import Flags, Floats, Ints, Pulses

CLOSEST_VEHICLES_S = 1.0
"""Headway at the densest flow that a lane can carry for longer [s]."""
MOST_MORE_VEH = 64
"""The upper end is looked for up to twice the count and so many vehicles more [veh]."""
MORE_THAN_MEAN = 1.000001
"""The variance of a negative binomial lies above its mean [-]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountErrors:
    """How far a detector in good order may miscount.

    Parameters
    ----------
    missed, doubled
        Largest share of vehicles that it misses, and that it counts twice. [0-1]
    confidence
        Rate at which the interval covers. [0-1]

    Raises
    ------
    InfeasibleError
        A share is not in [0, 1), or the rate not between 0 and 1.

    References
    ----------
    Klein, Mills, Gibson, "Traffic Detector Handbook", FHWA-HRT-06-108, 2006: inductive loops in
    good order count within a few percent.
    """

    missed: float = 0.03
    doubled: float = 0.03
    confidence: float = 0.95

    def __post_init__(self) -> None:
        """Refuse what is no share and no rate."""
        if not (0 <= self.missed < 1 and 0 <= self.doubled < 1 and 0 < self.confidence < 1):
            msg = (
                f"missed {self.missed:g}, doubled {self.doubled:g}, confidence "
                f"{self.confidence:g}: the shares are at least 0 and below 1, the rate between"
            )
            raise InfeasibleError(msg)

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
    neighbours: Neighbours | None = None,
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
    neighbours
        What the bins before and after tell.
    errors
        Allowance for miscounts, and the rate of coverage.

    Returns
    -------
    low_veh, high_veh
        Ends of the interval, of the same shape; 0 and infinity where nothing was covered. [veh]
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
        near = None
        if neighbours is not None:
            near = neighbours.level_veh[partial], neighbours.variance_veh[partial]
        low_veh[partial] += _unseen(fewest, share, spread, near, errors.tail)
        high_veh[partial] += _unseen(most, share, spread, near, 1 - errors.tail)
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
        Detector of the feed → column, shape (detectors,); negative for one that is not counted.
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
        count_veh,
        coverage,
        suspect_veh=suspect_veh,
        dispersion=dispersion,
        neighbours=neighbours_of(count_veh, coverage),
    )
    whole_veh = count_interval(count_veh, np.ones_like(coverage))[1]
    unseen_veh = np.ceil((1 - coverage) * bins.bin_s / CLOSEST_VEHICLES_S)
    possible_veh = np.where(coverage > 0, whole_veh + unseen_veh, np.inf)
    return np.minimum(low_veh, possible_veh), np.minimum(high_veh, possible_veh)


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

    return _bisect(counted, 2 * counted + MOST_MORE_VEH, is_possible)


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


def _unseen(
    passed_veh: Floats,
    coverage: Floats,
    dispersion: Floats,
    near: tuple[Floats, Floats] | None,
    chance: float,
) -> Floats:
    """Return how many vehicles at most passed in the time not covered, with some probability [veh].

    Given n random arrivals over a share c of the bin, the vehicles of the rest are negative
    binomial with mean m = (n + 1/2) (1 − c) / c and variance m + m² / (n + 1/2).  Where the
    neighbouring bins foretell with less variance, they do.
    """
    known = passed_veh + 0.5
    mean = known * (1 - coverage) / coverage
    variance = dispersion * (mean + mean**2 / known)
    if near is not None:
        level_veh, spread_veh = near
        near_mean = (level_veh + 0.5) * (1 - coverage)
        near_variance = dispersion * near_mean + spread_veh * (1 - coverage) ** 2
        is_better = near_variance < variance
        mean = np.where(is_better, near_mean, mean)
        variance = np.where(is_better, near_variance, variance)
    share = mean / np.maximum(variance, MORE_THAN_MEAN * mean)
    return np.asarray(nbinom.ppf(chance, mean * share / (1 - share), share))
