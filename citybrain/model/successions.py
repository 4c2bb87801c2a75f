"""Which green follows which: the intergreens and red clearances that a pattern shows."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

from citybrain.model.aspects import Aspect
from citybrain.model.intersection import pair
from citybrain.model.pattern import Pattern
from citybrain.model.signals import Green, GroupTiming, Window
from citybrain.units import RESOLUTION_S, rounded_s, same_time

Pairs = Collection[tuple[str, str]]
"""Unordered pairs of groups that are never green together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Succession:
    """One green of a group ends, and a conflicting group turns green next.

    Parameters
    ----------
    ending, starting
        The two groups.
    end_s
        Local time at which the green ends, in [0, cycle). [s]
    shown_s
        Time from that end to the next start. [s]
    is_direct
        The one is the last of the other's conflicts to end, and the other the first of the one's
        conflicts to start: no third green lies between, so that this time is what lets the
        ending group clear, and nothing else.
    """

    ending: str
    starting: str
    end_s: float
    shown_s: float
    is_direct: bool


def time_until_s(from_s: float, to_s: float, cycle_s: float) -> float:
    """Return the time from one local instant to the next occurrence of another, in [0, cycle).

    Parameters
    ----------
    from_s, to_s, cycle_s
        Local instants and cycle length. [s]
    """
    return time_until_first_s(from_s, (to_s,), cycle_s)


def time_until_first_s(from_s: float, to_s: Sequence[float], cycle_s: float) -> float:
    """Return the time from one local instant to the next of several, in [0, cycle).

    Parameters
    ----------
    from_s, to_s, cycle_s
        Local instants and cycle length. [s]

    Returns
    -------
    float
        Infinite if there is none. [s]
    """
    if not to_s:
        return inf
    dust_s = RESOLUTION_S / 2
    return rounded_s(min([(at_s - from_s + dust_s) % cycle_s for at_s in to_s]) - dust_s)


def conflicting_groups(conflicts: Pairs) -> dict[str, list[str]]:
    """Return group → the groups that conflict with it, in order of their names."""
    foes: dict[str, list[str]] = defaultdict(list)
    for first, second in sorted(conflicts):
        foes[first].append(second)
        foes[second].append(first)
    return foes


def successions(pattern: Pattern, conflicts: Pairs) -> Iterator[Succession]:
    """Yield what follows every green of a pattern, one for each conflicting group with a green.

    Parameters
    ----------
    pattern
        Pattern in which conflicting groups are never green together.
    conflicts
        Pairs of groups.
    """
    cycle_s = pattern.cycle_s
    greens = {timing.group: timing.greens(cycle_s) for timing in pattern.groups}
    starts_s = {group: [green.start_s for green in shown] for group, shown in greens.items()}
    foes = conflicting_groups(conflicts)
    for ending, others in foes.items():
        for green in greens[ending]:
            gaps_s = {
                other: time_until_first_s(green.end_s, starts_s[other], cycle_s)
                for other in others
                if starts_s[other]
            }
            for starting, gap_s in gaps_s.items():
                since_s = _since_green_s(green.end_s + gap_s, greens, foes[starting], cycle_s)
                yield Succession(
                    ending=ending,
                    starting=starting,
                    end_s=rounded_s(green.end_s % cycle_s),
                    shown_s=gap_s,
                    is_direct=same_time(gap_s, min(gaps_s.values())) and same_time(gap_s, since_s),
                )


def protected_gaps_s(pattern: Pattern, pairs: Pairs) -> dict[tuple[str, str], float]:
    """Return how long protected greens of two groups lie apart, for both orders of every pair.

    Parameters
    ----------
    pattern
        What is shown.
    pairs
        Pairs of groups whose protected greens may not overlap.

    Returns
    -------
    dict
        (group ending, group starting) → shortest time from the end of a protected green to the
        next protected green of the other; pairs without both are left out. [s]
    """
    cycle_s = pattern.cycle_s
    protected = {
        timing.group: [
            run
            for run in timing.runs(cycle_s)
            if run.aspect is Aspect.PROTECTED and run.duration_s < cycle_s
        ]
        for timing in pattern.groups
    }
    gaps_s = {}
    for first, second in sorted(pairs):
        for ending, starting in ((first, second), (second, first)):
            starts_s = [run.start_s for run in protected[starting]]
            if starts_s and protected[ending]:
                gaps_s[ending, starting] = min(
                    time_until_first_s(run.start_s + run.duration_s, starts_s, cycle_s)
                    for run in protected[ending]
                )
    return gaps_s


def with_red_clearances(
    pattern: Pattern, intergreens_s: Mapping[tuple[str, str], float]
) -> Pattern:
    """Return the pattern with the red clearance of every window as far as the pattern shows it.

    Parameters
    ----------
    pattern
        Pattern read from somewhere that knows colours only.
    intergreens_s
        (group ending, group starting) → intergreen, for every pair in conflict. [s]

    Returns
    -------
    Pattern
        The red clearance of a window is the red from its end to the start of the conflicting
        green that follows directly, no longer than the intergreen asks for; 0 where none
        follows. [s]
    """
    direct_s: dict[tuple[str, float], float] = {}
    for succession in successions(pattern, {pair(*key) for key in intergreens_s}):
        if succession.is_direct:
            key = (succession.ending, succession.end_s)
            limit_s = intergreens_s[succession.ending, succession.starting]
            direct_s[key] = min(succession.shown_s, limit_s, direct_s.get(key, inf))
    timings = tuple(_cleared(timing, direct_s, pattern.cycle_s) for timing in pattern.groups)
    return replace(pattern, groups=timings)


def _since_green_s(
    at_s: float, greens: Mapping[str, Collection[Green]], groups: Collection[str], cycle_s: float
) -> float:
    return min(
        time_until_s(green.end_s, at_s, cycle_s) for group in groups for green in greens[group]
    )


def _cleared(
    timing: GroupTiming, direct_s: Mapping[tuple[str, float], float], cycle_s: float
) -> GroupTiming:
    windows = list(timing.windows)
    for green in timing.greens(cycle_s):
        shown_s = direct_s.get((timing.group, rounded_s(green.end_s % cycle_s)))
        position = next(
            (i for i, window in enumerate(windows) if _ends_with(window, green, cycle_s)), None
        )
        if shown_s is not None and position is not None:
            red_s = max(0.0, rounded_s(shown_s - green.yellow_s))
            windows[position] = replace(windows[position], red_clearance_s=red_s)
    return replace(timing, windows=tuple(windows))


def _ends_with(window: Window, green: Green, cycle_s: float) -> bool:
    """Tell whether a window ends with a green and its yellow."""
    gap_s = time_until_s(green.end_s + green.yellow_s, window.end_s, cycle_s)
    return same_time(gap_s, 0.0)
