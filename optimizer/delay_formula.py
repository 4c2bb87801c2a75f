"""Delay of one intersection from a formula: good enough to rank starting plans."""

import math

from optimizer.demand_ratios import GroupRatios
from optimizer.effective_green import EffectiveGreen
from optimizer.skeleton import Gaps, Skeleton

_ANALYSIS_H = 0.25
_INCREMENTAL_FACTOR = 0.5
_SATURATION_VPH = 1800.0


def intersection_delay_s(skeleton: Skeleton, gaps_s: Gaps, ratios: GroupRatios) -> float:
    """Return the delay per hour of all vehicles that pass an intersection, without coordination.

    Parameters
    ----------
    skeleton
        Events and courses of the intersection.
    gaps_s
        Gaps to judge. [s]
    ratios
        Flow ratios and flows of its groups.

    Returns
    -------
    float
        Control delay summed over an hour's vehicles. [s/h]
    """
    cycle_s = sum(gaps_s)
    total_s = 0.0
    for course in skeleton.courses:
        flow_vph = ratios.flows_vph.get(course.group, 0.0)
        if flow_vph > 0 and not course.is_constant:
            green = EffectiveGreen.of(skeleton, course, ratios.permissive_worth(course.group))
            ratio = ratios.protected[course.group]
            total_s += flow_vph * control_delay_s(cycle_s, green.seconds(gaps_s), ratio)
    return total_s


def control_delay_s(cycle_s: float, green_s: float, flow_ratio: float) -> float:
    """Return the mean control delay of a lane group.

    Parameters
    ----------
    cycle_s, green_s
        Cycle and effective green. [s]
    flow_ratio
        Demand ÷ saturation flow. [-]

    Returns
    -------
    float
        Uniform and incremental delay, d = d1 + d2. [s/veh]

    References
    ----------
    Highway Capacity Manual, 6th ed., chapter 19: d1 without progression, d2 with k = 0.5, I = 1,
    T = 0.25 h.
    """
    share = max(green_s, 1.0) / cycle_s
    saturation = flow_ratio / share
    capacity_vph = _SATURATION_VPH * share
    uniform_s = 0.5 * cycle_s * (1 - share) ** 2 / (1 - min(1.0, saturation) * share)
    over = saturation - 1
    spread = 8 * _INCREMENTAL_FACTOR * saturation / (capacity_vph * _ANALYSIS_H)
    return uniform_s + 900 * _ANALYSIS_H * (over + math.sqrt(over**2 + spread))
