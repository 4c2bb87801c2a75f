"""Sparse least squares with a floor of zero, and what its rows can tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import lsq_linear
from scipy.sparse import csr_array, diags_array, vstack
from scipy.sparse.linalg import lsmr

from detectors.pulses import Flags, Floats

PROBES = 3
"""Random vectors of the null space that each sum is held against."""
PROBE_TOLERANCE = 1e-3
"""A sum of a vector's entries below this has vanished [-]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measurement: a sum of unknowns, what it should be, and how surely.

    Parameters
    ----------
    factors
        Position of an unknown → its factor.
    value_vph
        What the sum should be. [veh/h]
    deviation_vph
        Standard deviation of that. [veh/h]
    """

    factors: Mapping[int, float]
    value_vph: float
    deviation_vph: float


def solve(
    rows: Sequence[Row], prior_vph: Floats, prior_deviation_vph: Floats, *, prior_weight: float
) -> Floats:
    """Return the flows, none below 0, that fit the rows best and the prior where rows are silent.

    Minimises Σ ((a·x - b)/σ)² + λ² Σ ((x - p)/τ)² over x ≥ 0.

    Parameters
    ----------
    rows
        Measurements a·x = b with deviation σ.
    prior_vph, prior_deviation_vph
        p and τ of each unknown, shape (unknowns,) each. [veh/h]
    prior_weight
        λ, small: the prior is to settle only what the rows leave open.

    Returns
    -------
    array of shape (unknowns,)
        Flows. [veh/h]
    """
    if not len(prior_vph):
        return prior_vph
    values = np.array([row.value_vph for row in rows])
    precision = 1 / np.array([row.deviation_vph for row in rows])
    pull = prior_weight / prior_deviation_vph
    system = vstack(
        [diags_array(precision) @ _matrix(rows, len(prior_vph)), diags_array(pull)], format="csr"
    )
    target = np.concatenate((values * precision, prior_vph * pull))
    answer = lsq_linear(system, target, bounds=(0, np.inf), method="trf", tol=1e-12, max_iter=300)
    return np.asarray(answer.x, dtype=np.float64)


def determined(rows: Sequence[Row], groups: Sequence[Sequence[int]], unknowns: int) -> Flags:
    """Tell which sums of unknowns the rows determine, whatever the prior.

    A sum is determined if it is the same for all solutions of the rows, that is, if it vanishes
    on their null space.  A few random vectors of that space show it (one would do, but for
    chance); they come from a fixed seed.

    Parameters
    ----------
    rows
        Measurements.
    groups
        Positions of the unknowns that make up each sum.
    unknowns
        Number of unknowns.

    Returns
    -------
    array of bool, shape (groups,)
        One answer for each group.
    """
    matrix = _matrix(rows, unknowns)
    dice = np.random.default_rng(0)
    fixed = np.ones(len(groups), dtype=np.bool_)
    for _ in range(PROBES):
        probe = dice.standard_normal(unknowns)
        null = probe
        if len(rows):
            reached = lsmr(matrix, matrix @ probe, atol=1e-12, btol=1e-12, maxiter=8 * unknowns)[0]
            null = probe - reached
        sums = np.array([null[list(group)].sum() for group in groups])
        fixed &= np.abs(sums) < PROBE_TOLERANCE
    return fixed


def _matrix(rows: Sequence[Row], unknowns: int) -> csr_array:
    at = np.repeat(np.arange(len(rows)), [len(row.factors) for row in rows])
    column = np.fromiter((column for row in rows for column in row.factors), dtype=np.int64)
    factor = np.fromiter((f for row in rows for f in row.factors.values()), dtype=np.float64)
    return csr_array((factor, (at, column)), shape=(len(rows), unknowns))
