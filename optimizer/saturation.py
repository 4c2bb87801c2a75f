"""Saturation flows: what a lane discharges under green, protected or yielding."""

import math

BASE_SATURATION_VPH = 1800.0
"""Discharge of one through lane.  HCM 6th ed., chapter 19, starts from 1,900 passenger cars an hour
for a metropolitan area before its adjustments; 1,800 is that less the usual ones. [veh/h]"""

_TURN_FACTOR = {"through": 1.0, "left": 0.95, "right": 0.85, "u_turn": 0.8}
"""HCM 6th ed., chapter 19: 1/1.05 for protected left turns, 1/1.18 for right turns [-]."""

_CRITICAL_GAP_S = 4.5
_FOLLOW_UP_S = 2.5
"""HCM 6th ed., chapter 31: permissive left turns accept 4.5 s and follow at 2.5 s."""


def protected_saturation_vph(turn: str) -> float:
    """Return the saturation flow of one lane for one kind of turn [veh/h]."""
    return BASE_SATURATION_VPH * _TURN_FACTOR.get(turn, 1.0)


def permissive_saturation_vph(opposing_vph: float) -> float:
    """Return the saturation flow of a lane that yields to an opposing flow.

    Parameters
    ----------
    opposing_vph
        Flow that has priority, while it discharges. [veh/h]

    Returns
    -------
    float
        q exp(-q t_c) / (1 - exp(-q t_f)), q the opposing flow per second. [veh/h]

    References
    ----------
    Highway Capacity Manual, 6th ed., chapter 31: permitted left turns by gap acceptance.
    """
    flow_vps = opposing_vph / 3600.0
    if flow_vps <= 0:
        return BASE_SATURATION_VPH
    share = math.exp(-flow_vps * _CRITICAL_GAP_S) / -math.expm1(-flow_vps * _FOLLOW_UP_S)
    return min(BASE_SATURATION_VPH, opposing_vph * share)
