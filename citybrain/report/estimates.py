"""Means with 95 % intervals of the few paired runs that a proof rests on."""

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist, fmean, stdev

from citybrain.model.verdict import Estimate, Outcome

STUDENT_975 = (
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
    2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860,
    2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
)  # fmt: skip
"""97.5 % quantile of Student's t for 1 to 30 degrees of freedom."""


def student_quantile(freedom: int) -> float:
    """Return the 97.5 % quantile of Student's t distribution.

    Parameters
    ----------
    freedom
        Degrees of freedom, at least 1. [-]

    Returns
    -------
    float
        From the table up to 30, beyond it from the expansion in 1/freedom. [-]

    References
    ----------
    M. Abramowitz and I. A. Stegun, "Handbook of Mathematical Functions", 1964, 26.7.5.
    """
    if freedom <= len(STUDENT_975):
        return STUDENT_975[freedom - 1]
    z = NormalDist().inv_cdf(0.975)
    first = (z**3 + z) / (4 * freedom)
    second = (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    return z + first + second


def estimate(values: Sequence[float]) -> Estimate:
    """Return the mean and its 95 % interval; an endless interval for a single value."""
    mean = fmean(values) if values else math.nan
    if len(values) < 2:  # noqa: PLR2004 - a spread needs two values
        return Estimate(mean=mean, low=-math.inf, high=math.inf)
    half = student_quantile(len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return Estimate(mean=mean, low=mean - half, high=mean + half)


def paired_change(
    running: Sequence[Outcome], proposed: Sequence[Outcome], value: Callable[[Outcome], float]
) -> Estimate:
    """Return the mean of the paired differences, proposed minus running, with its interval.

    Parameters
    ----------
    running, proposed
        Runs under both plans, paired by position.
    value
        What is compared; the change has its unit.
    """
    pairs = zip(running, proposed, strict=True)
    return estimate([value(after) - value(before) for before, after in pairs])
