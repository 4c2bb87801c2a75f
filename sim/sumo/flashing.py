"""Signals that flash or are dark for a part of their cycle: no rule tells what is safe then."""

from collections.abc import Collection, Iterable

from citybrain.model.aspects import UNCONTROLLED, Aspect
from citybrain.model.pattern import Pattern


def why_flashing(shown: Iterable[Pattern], groups: Collection[str]) -> str:
    """Return why a signal cannot be retimed because of what it shows beside its colours.

    Where a group is dark or flashes at times, its vehicles go without a green.  While everybody
    does, priority holds, and nothing in a cycle tells that it also does beside somebody's green.
    The same is true of a stop that all signs ask for at once; a single arrow that may be turned
    on after a stop is shown beside greens every day.

    Parameters
    ----------
    shown
        Patterns that the signal may show.
    groups
        Signal groups that control somebody.

    Returns
    -------
    str
        Empty if it can.
    """
    for pattern in shown:
        for name in sorted(groups):
            timeline = pattern.timing(name).timeline(pattern.cycle_s)
            aspects = {aspect for _, aspect in timeline}
            if aspects & UNCONTROLLED and len(aspects) > 1:
                return f"group {name} flashes or is dark for a part of the cycle"
        places = [at for at, timing in enumerate(pattern.groups) if timing.group in groups]
        for interval in pattern.intervals():
            if len(places) > 1 and {interval.aspects[at] for at in places} == {Aspect.STOP_THEN_GO}:
                return "everybody stops, then goes for a part of the cycle"
    return ""
