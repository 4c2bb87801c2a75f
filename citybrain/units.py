"""Factors between the units of files and the units of the code (s, m, m/s, veh, veh/h)."""

SECONDS_PER_HOUR = 3600.0
SECONDS_PER_MINUTE = 60.0
DAY_S = 86_400.0
MS_PER_S = 1000.0

RESOLUTION_DIGITS = 3
RESOLUTION_S = 0.001
"""Times are told apart to the millisecond, which is also how SUMO keeps them [s]."""


def same_time(first_s: float, second_s: float) -> bool:
    """Tell whether two instants are the same to within half the resolution [s]."""
    return abs(first_s - second_s) < RESOLUTION_S / 2


def rounded_s(time_s: float) -> float:
    """Return a time rounded to the resolution, free of binary dust [s]."""
    return round(time_s, RESOLUTION_DIGITS)
