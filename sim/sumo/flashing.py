"""Signals that flash or are dark for a part of their cycle: no rule tells what is safe then."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from citybrain.model.aspects import UNCONTROLLED, Aspect
from citybrain.model.pattern import Pattern


def why_flashing(
    shown: Sequence[Pattern], groups: Collection[str], conflicting: Iterable[tuple[str, str]]
) -> str:
    """Return why a signal cannot be retimed because of what it shows beside its colours.

    Where a group is dark or flashes at times, its vehicles go without a green.  While everybody
    does, priority holds, and nothing in a cycle tells that it also does beside somebody's green.
    The same is true of a stop that is asked of conflicting groups at once; an arrow that may be
    turned on after a stop is shown beside greens every day.

    Parameters
    ----------
    shown
        Patterns that the signal may show.
    groups
        Signal groups that control somebody.
    conflicting
        Pairs of groups that are never green together.

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
    return next((told for pattern in shown for told in _stopping(pattern, conflicting)), "")


def _stopping(pattern: Pattern, conflicting: Iterable[tuple[str, str]]) -> Iterator[str]:
    names, pairs = [timing.group for timing in pattern.groups], sorted(conflicting)
    for interval in pattern.intervals():
        shown = zip(names, interval.aspects, strict=True)
        stopping = {name for name, aspect in shown if aspect is Aspect.STOP_THEN_GO}
        for first, second in pairs:
            if {first, second} <= stopping:
                yield f"groups {first} and {second} stop, then go for a part of the cycle"
