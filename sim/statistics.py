"""Means and intervals of paired runs."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit

from citybrain.model.verdict import Estimate

CONFIDENCE = 0.95
"""Rate at which the intervals cover. [0-1]"""


def estimate(values: Sequence[float]) -> Estimate:
    """Return the mean of independent values with its 95 % interval.

    Parameters
    ----------
    values
        One value per seed; for a paired comparison the differences.

    Returns
    -------
    Estimate
        Student's t interval; unbounded where fewer than two values are given.

    References
    ----------
    A. M. Law, "Simulation Modeling and Analysis", 5th ed., section 10.2.1 (paired-t).
    """
    mean = float(np.mean(values))
    if len(values) < 2:  # noqa: PLR2004 - a spread needs two values
        return Estimate(mean=mean, low=-math.inf, high=math.inf)
    standard_error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    half = float(stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2)) * standard_error
    return Estimate(mean=mean, low=mean - half, high=mean + half)


def paired_change(before: Sequence[float], after: Sequence[float]) -> Estimate:
    """Return the mean of ``after - before``, seed by seed, with its 95 % interval."""
    return estimate([b - a for a, b in zip(before, after, strict=True)])
