"""Bridging: a green that ends and comes again without need goes on instead.

Many programs take a green away at the change between two stages that both serve it: the group
shows yellow while others clear, and turns green again beside what comes next.  Nobody who waited
is let in by that; the group's own queue starts up twice.  Such a gap is closed: a controller with
overlaps holds the green (Signal Timing Manual, 2nd ed., NCHRP Report 812, 2015, chapter 5).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from citybrain.model.actuation import as_shown
from citybrain.model.aspects import GREENS, Aspect
from citybrain.model.intersection import Intersection
from citybrain.model.network import Network
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan
from citybrain.model.rules import check_pattern
from citybrain.model.runs import Run, cyclic_runs
from citybrain.model.signals import GroupTiming
from citybrain.model.successions import time_until_s, with_red_clearances
from citybrain.model.violations import Rule
from citybrain.units import RESOLUTION_S, rounded_s


def bridged_plan(running: Plan, network: Network) -> Plan:
    """Return a plan without its needless gaps, in fixed times.

    Parameters
    ----------
    running
        Plan that runs today; a pattern that follows the traffic counts as it stands, for its
        stretches need not be intervals of what is bridged.
    network
        Its intersections.
    """
    patterns = tuple(
        bridged(as_shown(pattern), network.intersections[pattern.intersection])
        for pattern in running.patterns
    )
    return replace(running, patterns=patterns)


def bridged(pattern: Pattern, intersection: Intersection) -> Pattern:
    """Return a pattern in which no green is taken away only to be given again.

    A gap between two greens of a group is closed if it is no longer than a change of stages, if no
    green of another group begins inside it, if the greens around it are both protected or both
    permissive, and if no rule of the intersection asks for it.  A longer red, and that of a group
    with one green, stays, whoever it is for.

    Parameters
    ----------
    pattern
        What is shown, in fixed times.
    intersection
        What must be kept.

    Returns
    -------
    Pattern
        The pattern itself where there is no such gap.
    """
    for group in intersection.groups:
        for gap in list(_gaps(pattern, group.name, _longest_change_s(group.name, intersection))):
            closed = _closed(pattern, group.name, gap)
            closed = with_red_clearances(closed, intersection.intergreens_s)
            if _broken(closed, intersection) <= _broken(pattern, intersection):
                pattern = closed
    return pattern


def _longest_change_s(group: str, intersection: Intersection) -> float:
    """Return how long a change from one stage to the next may take a green away [s]."""
    clear_s = (s for pair, s in intersection.intergreens_s.items() if group in pair)
    return intersection.yellows_s.get(group, 0.0) + max(clear_s, default=0.0)


def _broken(pattern: Pattern, intersection: Intersection) -> set[tuple[Rule, str, str]]:
    return {(v.rule, v.group, v.other) for v in check_pattern(pattern, intersection)}


@dataclass(frozen=True, slots=True)
class _Gap:
    """Time between two greens of one group, and what would be shown there instead [s]."""

    start_s: float
    duration_s: float
    aspect: Aspect


def _gaps(pattern: Pattern, group: str, longest_s: float) -> Iterator[_Gap]:
    """Yield short gaps between greens of one kind in which nobody else's green begins."""
    starts_s = [
        green.start_s
        for timing in pattern.groups
        if timing.group != group
        for green in timing.greens(pattern.cycle_s)
        if green.before is not None
    ]
    greens = pattern.timing(group).greens(pattern.cycle_s)
    if len(greens) < 2 or greens[0].before is None:  # noqa: PLR2004 - a gap is between two greens
        return
    for ending, starting in pairwise([*greens, greens[0]]):
        gap = _Gap(
            start_s=rounded_s(ending.end_s % pattern.cycle_s),
            duration_s=time_until_s(ending.end_s, starting.start_s, pattern.cycle_s),
            aspect=ending.segments[-1].aspect,
        )
        begun_s = (time_until_s(gap.start_s, at_s, pattern.cycle_s) for at_s in starts_s)
        is_empty = not any(since_s < gap.duration_s - RESOLUTION_S / 2 for since_s in begun_s)
        is_empty &= gap.duration_s < longest_s + RESOLUTION_S / 2
        if is_empty and starting.segments[0].aspect is gap.aspect:
            yield gap


def _closed(pattern: Pattern, group: str, gap: _Gap) -> Pattern:
    """Show a green in a gap."""
    cycle_s = pattern.cycle_s
    runs = pattern.timing(group).runs(cycle_s)
    shown = [(run.start_s, run.aspect) for run in runs if not _is_in(run, gap, cycle_s)]
    shown = sorted([*shown, (gap.start_s, gap.aspect)])
    if shown[0][0] > 0:
        shown = [(0.0, shown[-1][1]), *shown]
    timing = GroupTiming.from_runs(group, cyclic_runs(shown, cycle_s), cycle_s)
    timings = (timing if other.group == group else other for other in pattern.groups)
    return replace(pattern, groups=tuple(timings))


def _is_in(run: Run, gap: _Gap, cycle_s: float) -> bool:
    since_s = time_until_s(gap.start_s, run.start_s, cycle_s)
    return run.aspect not in GREENS and since_s < gap.duration_s - RESOLUTION_S / 2
