"""Offsets along the heavy streams: a platoon should meet green."""

from collections.abc import Mapping, Sequence

from citybrain.model.network import Movement
from citybrain.model.pattern import Pattern
from citybrain.model.signals import Green
from citybrain.units import same_time
from optimizer.streams import Stream

_QUEUE_LEAD_S = 3.0
"""Green opens this much before the platoon so that waiting vehicles are gone. [s]"""


def offsets_along(patterns: Mapping[str, Pattern], tree: Sequence[Stream]) -> dict[str, float]:
    """Return offsets that let the stream of each branch of a tree arrive on green.

    Parameters
    ----------
    patterns
        Intersection → pattern; branches between different cycles are passed over.
    tree
        Streams, each touching an intersection that an earlier one has placed.

    Returns
    -------
    dict
        Intersection → offset in [0, cycle), in whole seconds. [s]
    """
    offsets_s = {name: pattern.offset_s for name, pattern in patterns.items()}
    placed: set[str] = set()
    for stream in tree:
        first, second = stream.upstream.intersection, stream.downstream.intersection
        cycle_s = patterns[first].cycle_s
        lag_s = _wanted_lag_s(stream, patterns[first], patterns[second])
        if lag_s is not None and second not in placed:
            offsets_s[second] = float(round(offsets_s[first] + lag_s) % cycle_s)
        elif lag_s is not None:
            offsets_s[first] = float(round(offsets_s[second] - lag_s) % cycle_s)
        placed |= {first, second}
    return offsets_s


def _wanted_lag_s(stream: Stream, upstream: Pattern, downstream: Pattern) -> float | None:
    """Return the difference of offsets at which the platoon meets the beginning green [s].

    There is none between different cycles, or where a movement has no green.
    """
    leaving, opening = main_green(upstream, stream.upstream), None
    if same_time(upstream.cycle_s, downstream.cycle_s):
        opening = main_green(downstream, stream.downstream)
    if leaving is None or opening is None:
        return None
    return leaving.start_s + stream.travel_s - _QUEUE_LEAD_S - opening.start_s


def main_green(pattern: Pattern, movement: Movement) -> Green | None:
    """Return the longest green of a movement."""
    greens = [
        green
        for group in movement.groups
        for green in pattern.timing(group).greens(pattern.cycle_s)
    ]
    return max(greens, key=lambda green: (green.duration_s, -green.start_s), default=None)
