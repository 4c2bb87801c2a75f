"""Runs: aspects shown without a break, joined over the end of the cycle."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from citybrain.model.aspects import Aspect
from citybrain.units import RESOLUTION_S, rounded_s, same_time


class Run(NamedTuple):
    """One aspect shown without a break; the last run of a cycle may pass the cycle's end [s]."""

    start_s: float
    duration_s: float
    aspect: Aspect


def cyclic_runs(timeline: Sequence[tuple[float, Aspect]], cycle_s: float) -> tuple[Run, ...]:
    """Turn changes within one cycle into runs, joining the last to the first where they agree.

    Parameters
    ----------
    timeline
        (start, aspect) in order of time; the first starts at 0. [s]
    cycle_s
        Cycle length. [s]

    Returns
    -------
    tuple of Run
        Neighbours differ, the last and the first too unless there is only one.
    """
    bounds = [*timeline, (cycle_s, timeline[-1][1])]
    runs: list[Run] = []
    for (start_s, aspect), (end_s, _) in pairwise(bounds):
        if runs and runs[-1].aspect is aspect:
            last = runs.pop()
            runs.append(Run(last.start_s, rounded_s(end_s - last.start_s), aspect))
        else:
            runs.append(Run(start_s, rounded_s(end_s - start_s), aspect))
    if len(runs) > 1 and runs[0].aspect is runs[-1].aspect:
        first, last = runs[0], runs[-1]
        joined = Run(last.start_s, rounded_s(last.duration_s + first.duration_s), last.aspect)
        runs = [*runs[1:-1], joined]
    return tuple(runs)


def within_cycle(
    start_s: float, end_s: float, aspect: Aspect, cycle_s: float
) -> Iterator[tuple[float, float, Aspect]]:
    """Yield a showing (start, end, aspect) cut at the cycle's end, all parts in [0, cycle] [s]."""
    if start_s >= cycle_s - RESOLUTION_S / 2:
        yield rounded_s(start_s - cycle_s), rounded_s(end_s - cycle_s), aspect
    elif end_s > cycle_s + RESOLUTION_S / 2:
        yield start_s, cycle_s, aspect
        yield 0.0, rounded_s(end_s - cycle_s), aspect
    else:
        yield start_s, end_s, aspect


def with_red_between(
    marks: list[tuple[float, float, Aspect]], cycle_s: float
) -> Iterator[tuple[float, Aspect]]:
    """Yield the changes (start, aspect) of a cycle from its showings, red between them [s]."""
    shown: Aspect | None = None
    at_s = 0.0
    for start_s, end_s, aspect in marks:
        if not same_time(start_s, at_s):
            if shown is not Aspect.RED:
                yield at_s, Aspect.RED
            shown = Aspect.RED
        if aspect is not shown:
            yield start_s, aspect
        shown, at_s = aspect, end_s
    if not same_time(at_s, cycle_s) and shown is not Aspect.RED:
        yield at_s, Aspect.RED
