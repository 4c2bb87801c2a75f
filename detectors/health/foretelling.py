"""Foretell a detector from its neighbours, second by second.

The pulses that neighbours begin up to 20 s before or after a second raise or lower the rate at
which a detector begins its own; how much is learned by ridge regression.  A detector and its
neighbours see the same vehicles, or vehicles of the same green, so this tells far more than flows
of a quarter of an hour do, and it does not mind that traffic changes over the day.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.health.headways import headways_of
from detectors.pulses import Flags, Floats, Ints

Small = NDArray[np.float32]

LAGS_S = np.array([-20, -12, -8, -5, -3, -2, -1, 0, 1, 2, 3, 4, 6, 9, 13, 21])
"""Borders of the lags at which a neighbour's pulses are counted; later ones are positive [s]."""
LAGS = len(LAGS_S) - 1
"""Number of ranges of lags."""
REACH_S = 32
"""More than the longest lag [s]."""
PARTNERS = 5
"""Neighbours that a detector is foretold from, at most."""
RIDGES = (3.0, 30.0, 300.0, 1000.0)
"""Penalties that are tried; the one that foretells best what it was not learned from is taken."""
FIRST_RIDGE = 30.0
"""Penalty while it is told which neighbours tell most."""
FOLD_S = 600
"""Length of the pieces of time that are dealt out to the folds [s]."""
FOLDS = 3
"""Folds of the cross-validation."""
FLOOR = 0.1
"""No second is foretold to have less than this share of the mean rate [0-1]."""
FEWEST_VEH = 40
"""A detector with fewer pulses while it is learned cannot be foretold [veh]."""
FEWEST_PARTNER_VEH = 20
"""A detector with fewer pulses while others are learned foretells none [veh]."""
DISPERSION_S = (300, 900)
"""Windows in which counts are held against what was foretold; the worse of both is believed [s]."""
PRIOR_WINDOWS = 6.0
"""Windows of dispersion 1 that count beside those seen."""
LEAST_DISPERSION = 0.5
"""So exactly does no neighbour foretell that less would be believed [-]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Habit:
    """How one detector follows from its neighbours.

    Parameters
    ----------
    partners
        The neighbours that tell most, as positions in the feed.
    weights
        Row 0: with all partners; row k: without partner k − 1.  Column 0 is the rate that no
        neighbour explains, then `LAGS` columns for each partner. [1/s]
    mean_ps
        Mean rate of pulses. [1/s]
    loose
        Share of the rate that no neighbour explains, shape (rows of `weights`,). [0-1]
    dispersion
        Variance over mean of counts around what was foretold, for each row of `weights`; below 1
        where neighbours tell nearly every vehicle. [-]
    headways
        How its vehicles followed one another, shape as of `headways_of`. [veh]
    """

    partners: tuple[int, ...]
    weights: Floats
    mean_ps: float
    loose: Floats
    dispersion: Floats
    headways: Floats


def lagged(series: Floats) -> Floats:
    """Return the pulses at each lag, of a series with `REACH_S` more on either side.

    Parameters
    ----------
    series
        Pulses in each second, shape (rows, seconds). [veh]

    Returns
    -------
    array of shape (rows, seconds - 2 * REACH_S, LAGS)
        Pulses in each range of lags. [veh]
    """
    sums = np.concatenate((np.zeros((len(series), 1)), np.cumsum(series, axis=1)), axis=1)
    at = np.arange(REACH_S, series.shape[1] - REACH_S)[:, None]
    late, soon = at - LAGS_S[None, 1:] + 1, at - LAGS_S[None, :-1] + 1
    small = sums.astype(np.float32)
    return np.asarray(np.take(small, soon, axis=1) - np.take(small, late, axis=1))


def habits_of(series: Floats, known: Flags, usable: Flags) -> dict[int, Habit]:
    """Learn how the detectors of a group follow from one another.

    Parameters
    ----------
    series
        Pulses in each second, shape (detectors, seconds). [veh]
    known
        Seconds to learn from, shape (seconds,).
    usable
        Detectors that were believed, shape (detectors,).

    Returns
    -------
    dict
        Row → habit, for those with enough pulses.
    """
    features = lagged(np.pad(series, ((0, 0), (REACH_S, REACH_S))))[:, known]
    seen = series[:, known]
    total_veh = seen.sum(axis=1)
    pool = np.flatnonzero(usable & (total_veh >= FEWEST_PARTNER_VEH))
    fold = (np.flatnonzero(known) // FOLD_S) % FOLDS
    gains = _gains(features[pool], seen)
    found = {}
    for row in np.flatnonzero(usable & (total_veh >= FEWEST_VEH)):
        gain = np.where(pool == row, -np.inf, gains[:, row])
        best = np.argsort(-gain, kind="stable")[:PARTNERS]
        partners = pool[best[gain[best] > 0]]
        found[int(row)] = _habit(partners, features, seen[row], fold)
    return found


def rates(habit: Habit, features: Floats) -> Floats:
    """Return the rate of pulses that each model of a habit foretells.

    Parameters
    ----------
    habit
        What was learned.
    features
        Lagged pulses ``[detector, second, lag]`` of the whole feed or group. [veh]

    Returns
    -------
    array of shape (models, seconds)
        Rates. [1/s]
    """
    weights = habit.weights.astype(features.dtype)
    rate_ps = np.repeat(habit.weights[:, :1], features.shape[1], axis=1)
    for k, partner in enumerate(habit.partners):
        own = weights[:, 1 + k * LAGS : 1 + (k + 1) * LAGS]
        # the threads of a matrix library cost more than so small a product, most beside others
        rate_ps += np.einsum("ml,sl->ms", own, features[partner])
    return np.maximum(rate_ps, FLOOR * habit.mean_ps)


def _gains(features: Floats, seen: Floats) -> Floats:
    """Return how much of each detector's squares each neighbour alone explains."""
    wide = np.pad(features, ((0, 0), (0, 0), (1, 0)), constant_values=1.0)
    moments = wide.transpose(0, 2, 1) @ seen.T.astype(np.float32)
    gram = wide.transpose(0, 2, 1) @ wide + FIRST_RIDGE * np.diag([1e-6] + [1.0] * LAGS)
    weights = np.linalg.solve(gram, moments)
    mean = seen.sum(axis=1) ** 2 / max(seen.shape[1], 1)
    return np.asarray(np.sum(weights * moments, axis=1) - mean)


def _habit(partners: Ints, features: Floats, seen: Floats, fold: Ints) -> Habit:
    columns = np.concatenate(
        [np.ones((len(seen), 1), np.float32), *features[partners]], axis=1, dtype=np.float32
    )
    learning = _Learning.of(columns, seen, fold)
    everything = np.arange(columns.shape[1])
    ridge = _best_ridge(learning, everything)
    weights = np.zeros((len(partners) + 1, columns.shape[1]))
    dispersion = np.empty(len(weights))
    for left_out in range(len(weights)):
        without = (everything - 1) // LAGS == left_out - 1 if left_out else everything < 0
        at = everything[~without | (everything == 0)]
        weights[left_out, at] = learning.solved(at, ridge)
        dispersion[left_out] = _dispersion(seen, learning.foretold(at, ridge))
    rate = np.maximum(columns @ weights.T, learning.least_ps)
    mean_ps = float(seen.mean())
    weights *= (mean_ps / rate.mean(axis=0))[:, None]
    return Habit(
        partners=tuple(int(partner) for partner in partners),
        weights=weights,
        mean_ps=mean_ps,
        loose=np.clip(weights[:, 0] / mean_ps, 0.0, 1.0),
        dispersion=dispersion,
        headways=headways_of(seen),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Learning:
    """Columns of neighbours, what was seen, and their squares, in folds of the time."""

    columns: list[Small]
    seconds: list[Ints]
    grams: list[Floats]
    moments: list[Floats]
    seen: Floats
    least_ps: float

    @classmethod
    def of(cls, columns: Small, seen: Floats, fold: Ints) -> "_Learning":
        seconds = [np.flatnonzero(fold == k) for k in range(FOLDS)]
        parts = [columns[own] for own in seconds]
        return cls(
            columns=parts,
            seconds=seconds,
            grams=[(part.T @ part).astype(np.float64) for part in parts],
            moments=[part.T @ seen[own] for part, own in zip(parts, seconds, strict=True)],
            seen=seen,
            least_ps=FLOOR * float(seen.mean()),
        )

    def solved(self, at: Ints, ridge: float, without: int | None = None) -> Floats:
        """Return the weights of some columns, learned from all folds or from all but one."""
        kept = [k for k in range(FOLDS) if k != without]
        gram: Floats = np.sum([self.grams[k] for k in kept], axis=0)
        moments: Floats = np.sum([self.moments[k] for k in kept], axis=0)
        penalty = np.full(len(at), ridge)
        penalty[0] = 1e-9
        return np.asarray(np.linalg.solve(gram[np.ix_(at, at)] + np.diag(penalty), moments[at]))

    def foretold(self, at: Ints, ridge: float) -> Floats:
        """Return the rate that was not learned from the fold in which it is foretold [1/s]."""
        rate_ps = np.empty(len(self.seen))
        for k, own in enumerate(self.seconds):
            foretold_ps = self.columns[k][:, at] @ self.solved(at, ridge, without=k)
            rate_ps[own] = np.maximum(foretold_ps, self.least_ps)
        return rate_ps


def _best_ridge(learning: _Learning, at: Ints) -> float:
    """Return the ridge that foretells best what it was not learned from."""

    def fit(ridge: float) -> float:
        foretold_ps = learning.foretold(at, ridge)
        return float(np.sum(learning.seen * np.log(foretold_ps) - foretold_ps))

    return max(RIDGES, key=fit)


def _dispersion(seen: Floats, foretold: Floats) -> float:
    worst = LEAST_DISPERSION
    for length_s in DISPERSION_S:
        window = np.arange(len(seen)) // length_s
        count, expected = np.bincount(window, seen), np.bincount(window, foretold)
        squares = float(np.sum((count - expected) ** 2 / expected))
        worst = max(worst, (squares + PRIOR_WINDOWS) / (len(count) + PRIOR_WINDOWS))
    return worst
