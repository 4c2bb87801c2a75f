"""Fill the counts of lanes that cannot be believed, from neighbours and from their own history.

Each lane that was counted in the same bin foretells the missing count by the usual ratio of the
two; the lane's own bins nearby do so too.  Foretellings are weighed by how well they did where the
truth is known: stretches as long as the one that is missing are hidden, one after the other, and
foretold.  The errors found there, not a formula, make the interval.  Filling from neighbours and
history follows Chen, Kwon, Rice, Skabardonis, Varaiya, "Detecting Errors and Imputing Missing Data
for Single-Loop Surveillance Systems", Transportation Research Record 1855, 2003.
"""

from dataclasses import replace

import numpy as np
from scipy.stats import t as student

from citybrain.model.flows import FlowSnapshot, Quality
from detectors.pulses import Flags, Floats, Ints

FEWEST_BINS = 6
"""With fewer believed bins nothing is known about a lane."""
NEIGHBOURS = 5
"""Foretellers, neighbours and history alike, that are heard at most."""
NEAR_S = 3600.0
"""Own bins count less by a factor of e for each of these that they are away [s]."""
CONFIDENCE = 0.95
"""Rate at which the interval covers [0-1]."""
TRIAL_DEGREES = 2
"""Degrees of freedom that each hidden stretch is worth: its errors are much alike."""
FEWEST_TRIALS = 0.5
"""A lane that foretold a smaller share of the trials has no say [0-1]."""
LEAST_SQUARE = 0.25
"""Mean square error below which foretellers are equally good [veh²]."""
LAST_RESORT = 1e-6
"""Weight of a lane's history where no better foreteller was heard."""


def imputed(flows: FlowSnapshot, spoiled: Flags) -> FlowSnapshot:
    """Return flows in which spoiled bins hold what neighbours and history foretell.

    Parameters
    ----------
    flows
        Flows.
    spoiled
        Bins of which the count is not believed ``[bin, lane]``.

    Returns
    -------
    FlowSnapshot
        `imputed` tells the filled bins, `heard_veh` what was heard in them.  Their occupancy is
        kept as heard, their speed is unknown.
        A lane with filled bins is doubted.  One of which fewer than `FEWEST_BINS` are believed is
        not filled: it is dead, and nothing is said of its spoiled bins, 0 to infinity.
    """
    coverage = np.asarray(flows.coverage, dtype=np.float64)
    spoiled = spoiled & (coverage > 0)
    if not spoiled.any():
        return flows
    heard = np.asarray(flows.count_veh, dtype=np.float64)
    count_veh, low_veh, high_veh = heard.copy(), *_ends(flows)
    believed = ~spoiled & (coverage >= 1)
    filled = np.zeros(spoiled.shape, np.bool_)
    for lane in np.flatnonzero(spoiled.any(axis=0)):
        rows = np.flatnonzero(spoiled[:, lane])
        if believed[:, lane].sum() < FEWEST_BINS:
            low_veh[rows, lane], high_veh[rows, lane] = 0.0, np.inf
            continue
        mean, low, high = foretold(heard, believed, int(lane), rows, flows.bin_s)
        count_veh[rows, lane] = mean * coverage[rows, lane]
        low_veh[rows, lane], high_veh[rows, lane] = low, high
        filled[rows, lane] = True
    speed_mps = np.where(spoiled, np.nan, np.asarray(flows.speed_mps, dtype=np.float64))
    return replace(
        flows,
        count_veh=count_veh,
        low_veh=low_veh,
        high_veh=high_veh,
        speed_mps=speed_mps,
        quality=_answers(flows.quality, spoiled, filled),
        imputed=filled if filled.any() else None,
        heard_veh=heard if filled.any() else None,
    )


def _ends(flows: FlowSnapshot) -> tuple[Floats, Floats]:
    low_veh = np.array(flows.low_veh, dtype=np.float64)
    return low_veh, np.array(flows.high_veh, dtype=np.float64)


def _answers(answers: tuple[Quality, ...], spoiled: Flags, filled: Flags) -> tuple[Quality, ...]:
    lost = np.any(spoiled & ~filled, axis=0).tolist()
    has_filled = np.any(filled, axis=0).tolist()
    return tuple(
        Quality.DEAD
        if answer is Quality.DEAD or is_lost
        else Quality.DOUBTED
        if is_filled
        else answer
        for answer, is_lost, is_filled in zip(answers, lost, has_filled, strict=True)
    )


def foretold(
    heard: Floats, believed: Flags, lane: int, rows: Ints, bin_s: float
) -> tuple[Floats, Floats, Floats]:
    """Return what neighbours and history say of some bins of a lane.

    Parameters
    ----------
    heard
        Counts ``[bin, lane]``. [veh]
    believed
        Counts that hold ``[bin, lane]``; at least one of the lane.
    lane, rows
        Column, and bins to foretell, shape (rows,).
    bin_s
        Length of a bin. [s]

    Returns
    -------
    mean, low, high
        Vehicles in each bin, and the ends of the 95 % interval, shape (rows,) each. [veh]
    """
    known = np.flatnonzero(believed[:, lane])
    length = min(_longest_run(rows), max(len(known) // 3, 1))
    blocks = [known[at : at + length] for at in range(0, len(known), length)]
    blocks = [block for block in blocks if len(known) - len(block) >= 1]
    trial = np.full((heard.shape[1], len(known)), np.nan)
    for block in blocks:
        shown = believed.copy()
        shown[block, lane] = False
        trial[:, np.isin(known, block)] = _each(heard, shown, lane, block, bin_s)
    truth = heard[known, lane]
    weights = _weights(trial, truth)
    weights[lane] = max(weights[lane], LAST_RESORT)
    error = _weighed(trial, weights) - truth
    mean = _weighed(_each(heard, believed, lane, rows, bin_s), weights)
    spread = float(np.mean(error**2 / np.maximum(_weighed(trial, weights), 1.0)))
    deviation = np.sqrt(max(spread, 1.0) * np.maximum(mean, 1.0) * (1 + 1 / len(known)))
    reach = student.ppf((1 + CONFIDENCE) / 2, TRIAL_DEGREES * len(blocks)) * deviation
    return mean, np.floor(np.maximum(mean - reach, 0.0)), np.ceil(mean + reach)


def _each(heard: Floats, shown: Flags, lane: int, rows: Ints, bin_s: float) -> Floats:
    """Return what every lane foretells of some bins; in the place of the lane itself, its history.

    Returns
    -------
    array of shape (lanes, rows)
        NaN where a lane says nothing. [veh]
    """
    both = shown & shown[:, [lane]]
    own_veh = np.where(both, heard[:, [lane]], 0.0).sum(axis=0)
    other_veh = np.where(both, heard, 0.0).sum(axis=0)
    is_known = (both.sum(axis=0) >= min(FEWEST_BINS, int(shown[:, lane].sum()))) & (other_veh > 0)
    ratio = np.where(is_known, own_veh / np.maximum(other_veh, 1.0), np.nan)
    each: Floats = np.where(shown[rows], heard[rows] * ratio, np.nan).T
    own = np.flatnonzero(shown[:, lane])
    nearness = np.exp(-np.abs(rows[:, None] - own[None, :]) * bin_s / NEAR_S)
    each[lane] = nearness @ heard[own, lane] / np.maximum(nearness.sum(axis=1), 1e-12)
    return each


def _weights(trial: Floats, truth: Floats) -> Floats:
    """Return the weights of the best foretellers: one over their mean square error."""
    tried = np.isfinite(trial)
    is_used = tried.mean(axis=1) >= FEWEST_TRIALS
    squares = np.where(tried, (trial - truth) ** 2, 0.0).sum(axis=1) / np.maximum(
        tried.sum(axis=1), 1
    )
    squares = np.where(is_used, squares, np.inf)
    best = np.argsort(squares, kind="stable")[:NEIGHBOURS]
    weights = np.zeros(len(trial))
    weights[best] = 1.0 / np.maximum(squares[best], LEAST_SQUARE)
    return weights


def _weighed(each: Floats, weights: Floats) -> Floats:
    known = np.isfinite(each) & (weights > 0)[:, None]
    share = np.where(known, weights[:, None], 0.0)
    total = share.sum(axis=0)
    summed = np.where(known, each, 0.0) * share
    return np.asarray(summed.sum(axis=0) / np.where(total > 0, total, 1.0))


def _longest_run(rows: Ints) -> int:
    breaks = np.flatnonzero(np.diff(rows) > 1)
    ends = np.concatenate(([-1], breaks, [len(rows) - 1]))
    return int(np.max(np.diff(ends)))
