"""Moves of one intersection's timing: blind to its bounds, which whoever draws them checks."""

import random
from collections.abc import Sequence
from dataclasses import replace

from optimizer.timing import Timing

_STEPS_S = (1, 2, 3, 5, 8, 13)
LONGEST_REACH_S, SHORTEST_REACH_S = 13.0, 2.0
"""Largest step of a move where a search begins, and where it ends. [s]"""

_OWN_CYCLE, _OWN_CYCLE_ALONE = 0.3, 2.0


def cycle_weight(*, is_isolated: bool) -> float:
    """Return the weight of another cycle for one intersection, of some 13 of all its moves [-].

    Beside others such a move may gain at once, and costs the step with them; the way back is
    long, so it is a rare one.
    """
    return _OWN_CYCLE_ALONE if is_isolated else _OWN_CYCLE


def one_moved(timing: Timing, rng: random.Random, reach_s: float) -> Timing:
    """Move one event by no more than a reach [s]: a group takes or gives up green on its own."""
    times_s = list(timing.times_s)
    times_s[rng.randrange(len(times_s))] += signed_step_s(rng, reach_s)
    return Timing.of(times_s, timing.cycle_s, timing.offset_s, timing.option)


def band_moved(timing: Timing, rng: random.Random, reach_s: float) -> Timing:
    """Move all events between two instants: seconds go from one stage to another."""
    first_s, last_s = rng.choice(timing.times_s), rng.choice(timing.times_s)
    step_s = signed_step_s(rng, reach_s)
    width_s = (last_s - first_s) % timing.cycle_s
    times_s = [
        time_s + step_s if (time_s - first_s) % timing.cycle_s <= width_s else time_s
        for time_s in timing.times_s
    ]
    return Timing.of(times_s, timing.cycle_s, timing.offset_s, timing.option)


def lengthened(timing: Timing, rng: random.Random, step_s: int) -> Timing:
    """Put some seconds into the cycle at one instant, or take them out."""
    if timing.cycle_s + step_s < 1:
        return timing
    at_s = rng.choice(timing.times_s)
    times_s = [time_s + step_s if time_s >= at_s else time_s for time_s in timing.times_s]
    return Timing.of(times_s, timing.cycle_s + step_s, timing.offset_s, timing.option)


def swapped(timing: Timing, rng: random.Random) -> Timing:
    """Exchange two neighbouring parts of the cycle: another sequence."""
    first_s, middle_s, last_s = sorted(rng.choices(timing.times_s, k=3))

    def swapped_s(time_s: float) -> float:
        if not first_s <= time_s < last_s:
            return time_s
        return time_s + (last_s - middle_s if time_s < middle_s else first_s - middle_s)

    times_s = [swapped_s(time_s) for time_s in timing.times_s]
    return Timing.of(times_s, timing.cycle_s, timing.offset_s, timing.option)


def shifted(timing: Timing, rng: random.Random, reach_s: float) -> Timing:
    """Move the offset by no more than twice a reach [s]."""
    later_s = timing.offset_s + signed_step_s(rng, 2 * reach_s)
    return replace(timing, offset_s=later_s % timing.cycle_s)


def pieces(step_s: int, count: int) -> Sequence[int]:
    """Split some seconds into a number of pieces."""
    whole, rest = divmod(abs(step_s), count)
    sign = 1 if step_s > 0 else -1
    return [sign * (whole + (index < rest)) for index in range(count)]


def signed_step_s(rng: random.Random, reach_s: float) -> int:
    """Draw a step of either sign, no longer than a reach [s] but for one second."""
    sign = rng.choice((-1, 1))
    return sign * rng.choice([step_s for step_s in _STEPS_S if step_s <= max(reach_s, 1)])
