"""Greens for a given cycle: the split that keeps the largest reserve of capacity."""

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from citybrain.units import RESOLUTION_S
from optimizer.demand_ratios import GroupRatios
from optimizer.effective_green import EffectiveGreen
from optimizer.skeleton import Gaps, Skeleton


def shortest_gaps(skeleton: Skeleton, least_s: float = 0.0) -> Gaps | None:
    """Return the gaps of the shortest cycle that a skeleton allows, none if it allows none [s].

    Parameters
    ----------
    skeleton
        Events and spans of the intersection.
    least_s
        Shortest cycle that is asked for. [s]
    """
    rows, limits_s = _span_rows(skeleton)
    size = rows.shape[1]
    solution = _minimised(
        np.ones(size), np.vstack([rows, -np.ones((1, size))]), np.append(limits_s, -least_s)
    )
    if solution is None:
        return None
    cycle_s = math.ceil(float(np.sum(solution)) - RESOLUTION_S)
    filled = _minimised(np.ones(size), rows, limits_s, sum_of=size, sum_s=cycle_s)
    return _safe_whole(skeleton, solution) or _safe_whole(skeleton, filled)


def balanced_gaps(skeleton: Skeleton, ratios: GroupRatios, cycle_s: float) -> Gaps | None:
    """Return the gaps that leave the fullest group the largest reserve of capacity.

    Parameters
    ----------
    skeleton
        Events and spans of the intersection.
    ratios
        Flow ratios of its groups. [-]
    cycle_s
        Cycle length, in whole seconds. [s]

    Returns
    -------
    tuple of float or None
        Gaps in whole seconds that keep every span, or none if no split of this cycle does.
        Without any demand, the running split in proportion.

    References
    ----------
    R. E. Allsop, "Estimating the traffic capacity of a signalized road junction",
    Transportation Research 6 (1972): capacity factor by linear programming.
    """
    span_rows, span_limits_s = _span_rows(skeleton)
    rows, limits_s = _capacity_rows(skeleton, ratios, cycle_s)
    if not len(rows):
        return scaled_gaps(skeleton, skeleton.running, cycle_s)
    size = span_rows.shape[1]
    solution = _minimised(
        np.append(np.zeros(size), -1.0),
        np.vstack([np.hstack([span_rows, np.zeros((len(span_rows), 1))]), rows]),
        np.concatenate([span_limits_s, limits_s]),
        sum_of=size,
        sum_s=cycle_s,
        lowest=[0.0] * size + [-np.inf],
    )
    return _safe_whole(skeleton, solution)


def scaled_gaps(skeleton: Skeleton, gaps_s: Gaps, cycle_s: float) -> Gaps | None:
    """Return the gaps nearest to given ones, in proportion, that fill another cycle.

    Parameters
    ----------
    skeleton
        Events and spans of the intersection.
    gaps_s
        Gaps to stay close to. [s]
    cycle_s
        Cycle to fill, in whole seconds. [s]

    Returns
    -------
    tuple of float or None
        The least sum of absolute deviations from the proportional gaps; none if no gaps of
        this cycle keep every span.
    """
    span_rows, span_limits_s = _span_rows(skeleton)
    size = len(gaps_s)
    target_s = np.asarray(gaps_s) * (cycle_s / sum(gaps_s))
    eye, zero = np.eye(size), np.zeros((len(span_rows), size))
    solution = _minimised(
        np.concatenate([np.zeros(size), np.ones(size)]),
        np.vstack([np.hstack([span_rows, zero]), np.hstack([eye, -eye]), np.hstack([-eye, -eye])]),
        np.concatenate([span_limits_s, target_s, -target_s]),
        sum_of=size,
        sum_s=cycle_s,
    )
    return _safe_whole(skeleton, solution)


def _minimised(
    cost: NDArray[np.float64],
    rows: NDArray[np.float64],
    limits: NDArray[np.float64],
    *,
    sum_of: int = 0,
    sum_s: float = 0.0,
    lowest: Sequence[float] = (),
) -> NDArray[np.float64] | None:
    """Minimise a linear cost over ``rows @ x <= limits``, a fixed sum of gaps and ``x >= 0``.

    Other lower bounds than 0 are given by ``lowest``.
    """
    total = np.zeros((1, len(cost)))
    total[0, :sum_of] = 1.0
    bounds = [(low, np.inf) for low in (lowest or [0.0] * len(cost))]
    solved = linprog(cost, A_ub=rows, b_ub=limits, A_eq=total, b_eq=[sum_s], bounds=bounds)
    if solved.status != 0 or solved.x is None:
        return None
    return np.asarray(solved.x[:sum_of] if sum_of else solved.x)


def _safe_whole(skeleton: Skeleton, gaps_s: NDArray[np.float64] | None) -> Gaps | None:
    if gaps_s is None:
        return None
    whole_s = _whole(gaps_s)
    return whole_s if skeleton.is_safe(whole_s) else None


def _span_rows(skeleton: Skeleton) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the spans as rows and limits, in whole seconds; see ``_whole``."""
    bounded = np.isfinite(skeleton.maximum_s)
    return (
        np.vstack([-skeleton.matrix, skeleton.matrix[bounded]]),
        np.concatenate(
            [
                -np.ceil(skeleton.minimum_s - RESOLUTION_S),
                np.floor(skeleton.maximum_s[bounded] + RESOLUTION_S),
            ]
        ),
    )


def _capacity_rows(
    skeleton: Skeleton, ratios: GroupRatios, cycle_s: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ask of every group with demand: reserve × needed green ≤ effective green."""
    rows, limits_s = [], []
    for course in skeleton.courses:
        needed = ratios.protected.get(course.group, 0.0)
        if needed > 0 and not course.is_constant:
            green = EffectiveGreen.of(skeleton, course, ratios.permissive_worth(course.group))
            rows.append(np.append(-green.weights, needed * cycle_s))
            limits_s.append(green.constant_s)
    return np.array(rows).reshape(-1, len(skeleton.running) + 1), np.array(limits_s)


def _whole(gaps_s: NDArray[np.float64]) -> Gaps:
    """Round the times of events down to whole seconds.

    Bounds between events are whole, so times that keep them keep them when rounded down
    together: a - b ≥ m implies floor(a) ≥ floor(b) + m.
    """
    cycle_s = round(float(np.sum(gaps_s)), 6)
    times_s = [math.floor(time_s + 1e-6) for time_s in accumulate(gaps_s, initial=0.0)]
    times_s[-1] = math.ceil(cycle_s - 1e-6)
    return tuple(float(after - before) for before, after in pairwise(times_s))
