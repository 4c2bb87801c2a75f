"""How long yellow, red clearance and pedestrian clearance must be, from speed and geometry.

References
----------
ITE, "Guidelines for Determining Traffic Signal Change and Clearance Intervals", 2020;
MUTCD 2009, sections 4D.26 (yellow 3 to 6 s, red clearance at most 6 s) and 4E.06 (walk at least
7 s, walking speed 3.5 ft/s = 1.07 m/s).
"""

from math import ceil

REACTION_S = 1.0
"""Time to perceive and react, t (ITE). [s]"""
DECELERATION_MPS2 = 3.05
"""10 ft/s², comfortable braking, a (ITE). [m/s²]"""
GRAVITY_MPS2 = 9.81
"""Acceleration of free fall, g. [m/s²]"""
SHORTEST_YELLOW_S, LONGEST_YELLOW_S = 3.0, 6.0
"""Range of the yellow (MUTCD 2009, 4D.26). [s]"""
LONGEST_RED_CLEARANCE_S = 6.0
"""Longest red clearance (MUTCD 2009, 4D.26). [s]"""
VEHICLE_LENGTH_M = 5.0
"""Length of the vehicle that clears, L: SUMO's passenger car; ITE 2020 takes 20 ft (6.1 m). [m]"""
WALKING_SPEED_MPS = 1.07
"""3.5 ft/s (MUTCD 2009, 4E.06). [m/s]"""
SHORTEST_WALK_S = 7.0
"""Shortest walk (MUTCD 2009, 4E.06). [s]"""


def yellow_s(speed_mps: float, grade: float = 0.0) -> float:
    """Return the yellow that lets a driver stop, or reach the stop line: t + v / (2a + 2gG) [s].

    v is the speed, G the grade; t, a and g are constants of this module.

    Parameters
    ----------
    speed_mps
        Speed of approach. [m/s]
    grade
        Slope, positive uphill. [-]

    Returns
    -------
    float
        Rounded up to 0.1 s, within 3 to 6 s. [s]
    """
    braking_mps2 = max(DECELERATION_MPS2 + GRAVITY_MPS2 * grade, 0.1)
    asked_s = tenths_up(REACTION_S + speed_mps / (2 * braking_mps2))
    return min(max(asked_s, SHORTEST_YELLOW_S), LONGEST_YELLOW_S)


def red_clearance_s(way_m: float, speed_mps: float) -> float:
    """Return the red that lets a vehicle leave the way of another: (W + L) / v [s].

    W is the way, v the speed; L is a constant of this module.

    Parameters
    ----------
    way_m
        From the stop line to the point where the two ways meet. [m]
    speed_mps
        Speed of clearing. [m/s]

    Returns
    -------
    float
        Rounded up to 0.1 s, at most 6 s. [s]
    """
    return min(LONGEST_RED_CLEARANCE_S, tenths_up((way_m + VEHICLE_LENGTH_M) / speed_mps))


def pedestrian_clearance_s(way_m: float, speed_mps: float = WALKING_SPEED_MPS) -> float:
    """Return the time to walk across [s], rounded up to 0.1 s.

    Parameters
    ----------
    way_m
        Length of the crossing. [m]
    speed_mps
        Walking speed. [m/s]
    """
    return tenths_up(way_m / speed_mps)


def tenths_up(time_s: float) -> float:
    """Return a time rounded up to 0.1 s, the step in which controllers keep clearances [s]."""
    return ceil(round(time_s * 10, 6)) / 10
