"""Time for the last vehicle or walker to leave the way of a conflicting movement."""

from citybrain.model import kinematics
from citybrain.model.intersection import LinkKind
from sim.sumo.geometry import way_to_meeting_m
from sim.sumo.signal_links import LinkPath


def red_clearance_s(leaving: LinkPath, entering: LinkPath, walking_speed_mps: float) -> float:
    """Return the red that lets a leaving link clear the way of an entering one.

    Vehicles: (W + L) / v, at most 6 s, with the way W from the stop line to the point where the
    two paths meet (the whole way inside the junction if they do not), the vehicle's length L and
    the speed limit v.  Walkers: length of the crossing over the walking speed.

    Parameters
    ----------
    leaving, entering
        The link whose green ended and the one whose green is to start.
    walking_speed_mps
        Speed of clearance on a crossing. [m/s]

    Returns
    -------
    float
        Red clearance, rounded up to 0.1 s. [s]

    References
    ----------
    ITE, "Guidelines for Determining Traffic Signal Change and Clearance Intervals", 2020;
    MUTCD 2009, section 4E.06.
    """
    if leaving.link.kind is LinkKind.CROSSING:
        return kinematics.pedestrian_clearance_s(leaving.link.length_m, walking_speed_mps)
    way_m = way_to_meeting_m(leaving.shape, entering.shape)
    if way_m is None:
        way_m = leaving.link.length_m
    return kinematics.red_clearance_s(way_m, leaving.clearing_speed_mps)
