"""What a running plan breaks: mended where it can be, named where it cannot."""

import math

from citybrain.errors import InfeasibleError
from citybrain.model.pattern import Pattern
from citybrain.units import RESOLUTION_S
from optimizer.contradiction import find_contradiction
from optimizer.greens import scaled_gaps, shortest_gaps
from optimizer.skeleton import Gaps, Skeleton
from optimizer.timetable import Timetable


def mended(skeleton: Skeleton, cycle_range_s: tuple[float, float]) -> Gaps:
    """Return the gaps nearest to the running ones that keep every bound, the cycle's too.

    Parameters
    ----------
    skeleton
        Events of the running pattern, and their bounds.
    cycle_range_s
        Shortest and longest cycle. [s]

    Raises
    ------
    InfeasibleError
        No gaps do; the smallest set of bounds in conflict is named.
    """
    if is_sound(skeleton, cycle_range_s):
        return skeleton.running
    contradiction = find_contradiction(skeleton, cycle_range_s)
    if contradiction is not None:
        raise InfeasibleError(str(contradiction))
    low_s, high_s = math.ceil(cycle_range_s[0]), cycle_range_s[1]
    shortest = shortest_gaps(skeleton, low_s)
    if shortest is None or sum(shortest) > high_s:
        msg = f"{skeleton.intersection}: its bounds leave no pattern in whole seconds"
        raise InfeasibleError(msg)
    nearest_s = max(math.ceil(sum(skeleton.running)), round(sum(shortest)))
    cycle_s = math.floor(min(high_s, nearest_s))
    return scaled_gaps(skeleton, skeleton.running, cycle_s) or shortest


def is_sound(skeleton: Skeleton, cycle_range_s: tuple[float, float]) -> bool:
    """Tell whether the running gaps keep every bound, the cycle's too."""
    low_s, high_s = cycle_range_s
    is_usual = low_s - RESOLUTION_S < sum(skeleton.running) < high_s + RESOLUTION_S
    return is_usual and skeleton.is_safe(skeleton.running)


def check_runnable(
    pattern: Pattern, timetable: Timetable, cycle_range_s: tuple[float, float]
) -> None:
    """Raise where what a unit shows breaks a bound; other times of it are not looked for.

    Parameters
    ----------
    pattern
        The nearest to the running one that the unit can show.
    timetable
        Bounds of its event times.
    cycle_range_s
        Shortest and longest cycle. [s]

    Raises
    ------
    InfeasibleError
        It breaks one, which is named.
    """
    low_s, high_s = cycle_range_s
    broken = timetable.broken(timetable.running_s, pattern.cycle_s)
    told = f"group {' and '.join(broken.groups)}: '{broken.reason}'" if broken else ""
    if not low_s <= pattern.cycle_s <= high_s:
        told = f"its cycle of {pattern.cycle_s:g} s is outside {low_s:g} to {high_s:g} s"
    if told:
        msg = (
            f"{pattern.intersection}: the nearest to the running plan that its unit can show "
            f"breaks a bound: {told}"
        )
        raise InfeasibleError(msg)
