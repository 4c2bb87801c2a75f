"""A whole check of a plan against the safety data of its intersections.

The rules are numbered in ``docs/safety.md``; a second checker, written from that text, shares no
code with this one.
"""

from collections.abc import Iterator, Mapping
from itertools import groupby
from math import remainder
from typing import NamedTuple

from citybrain.model.actuation import as_shown
from citybrain.model.aspects import GREENS, Aspect
from citybrain.model.intersection import Intersection
from citybrain.model.nema.encoding import Refusal, encode
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan
from citybrain.model.rules import check_pattern, unknown
from citybrain.model.safety import USUAL_CHANGES, SafetyData
from citybrain.model.signals import GroupTiming
from citybrain.model.successions import (
    Pairs,
    conflicting_groups,
    time_until_first_s,
    time_until_s,
)
from citybrain.model.violations import Rule, Violation
from citybrain.units import RESOLUTION_S, rounded_s

_EXACT_S = 1e-6


class Clearance(NamedTuple):
    """How long something was shown at an instant of local cycle time [s]."""

    at_s: float
    shown_s: float


def check_plan_safety(plan: Plan, safety: Mapping[str, SafetyData]) -> tuple[Violation, ...]:
    """Return everything in a plan that breaks a rule of the safety data; nothing if it may run.

    Parameters
    ----------
    plan
        Plan for some or all intersections.
    safety
        Intersection → its safety data.
    """
    if not plan.patterns:
        what = "it has no pattern"
        return (Violation(intersection="plan", rule=Rule.INTERSECTION, what=what),)
    found: list[Violation] = []
    for pattern in plan.patterns:
        data = safety.get(pattern.intersection)
        if data is None:
            found.append(unknown(pattern))
        else:
            found.extend(check_safety(pattern, data))
    return tuple(found)


def check_safety(pattern: Pattern, safety: SafetyData) -> tuple[Violation, ...]:
    """Return everything in a pattern that breaks a rule of its intersection's safety data.

    Parameters
    ----------
    pattern
        Pattern that can exist.  Of one that follows the traffic, what ``check_pattern`` does not
        ask is asked of fixed times that it may show.
    safety
        What the intersection asks for.
    """
    found = check_pattern(pattern, safety.intersection)
    if any(violation.rule is Rule.GROUPS for violation in found):
        return found
    shown = as_shown(pattern)
    more = (
        violation
        for rule in (_steps, _overlaps, _clearances, _changes)
        for violation in rule(shown, safety)
    )
    found = (*found, *more)
    return found or tuple(_controller(pattern, safety))


def _steps(pattern: Pattern, safety: SafetyData) -> Iterator[Violation]:
    """Check that the numbers of the plan are multiples of what the controller keeps."""

    def off(time_s: float, step_s: float) -> bool:
        return abs(remainder(time_s, step_s)) > _EXACT_S

    def breach(group: str, at_s: float, shown_s: float, limit_s: float) -> Violation:
        return Violation(
            intersection=pattern.intersection,
            rule=Rule.STEP,
            group=group,
            at_s=at_s,
            shown_s=shown_s,
            limit_s=limit_s,
        )

    for shown_s in (pattern.cycle_s, pattern.offset_s):
        if off(shown_s, safety.plan_step_s):
            yield breach("", 0.0, shown_s, safety.plan_step_s)
    step_s = safety.change_step_s
    for timing in pattern.groups:
        for window in timing.windows:
            if off(window.start_s, step_s):
                yield breach(timing.group, window.start_s, window.start_s, step_s)
            for segment in window.segments:
                if off(segment.duration_s, step_s):
                    yield breach(timing.group, window.start_s, segment.duration_s, step_s)


def together_s(pattern: Pattern, pair: tuple[str, str]) -> list[tuple[float, float]]:
    """Return begin and length of each time in which two groups are protected both [s].

    Parameters
    ----------
    pattern
        What is shown.
    pair
        Two groups.
    """
    places = _places(pattern, pair)
    both = [
        all(interval.aspects[at] is Aspect.PROTECTED for at in places)
        for interval in pattern.intervals()
    ]
    return _stretches(pattern, both)


def _overlaps(pattern: Pattern, safety: SafetyData) -> Iterator[Violation]:
    """Check how long two groups whose ways meet are protected both."""
    for pair, limit_s in safety.overlaps_s.items():
        for at_s, shown_s in together_s(pattern, pair):
            if shown_s > limit_s + RESOLUTION_S / 2:
                yield Violation(
                    intersection=pattern.intersection,
                    rule=Rule.OVERLAP,
                    group=pair[0],
                    other=pair[1],
                    at_s=at_s,
                    shown_s=shown_s,
                    limit_s=limit_s,
                )


def _places(pattern: Pattern, pair: tuple[str, str]) -> tuple[int, ...]:
    names = [timing.group for timing in pattern.groups]
    return tuple(names.index(group) for group in pair)


def _stretches(pattern: Pattern, holds: list[bool]) -> list[tuple[float, float]]:
    """Return begin and length of the times in which something holds, over the cycle's end [s]."""
    intervals = pattern.intervals()
    found = []
    for does_hold, part in groupby(range(len(holds)), holds.__getitem__):
        numbers = list(part)
        if does_hold:
            length_s = sum(intervals[number].duration_s for number in numbers)
            found.append((intervals[numbers[0]].start_s, rounded_s(length_s)))
    if len(found) > 1 and holds[0] and holds[-1]:
        (_, first_s), (start_s, last_s) = found[0], found[-1]
        found = [*found[1:-1], (start_s, rounded_s(first_s + last_s))]
    return found


def shown_red_clearances_s(pattern: Pattern, conflicts: Pairs) -> dict[str, list[Clearance]]:
    """Return how long each group has been red whenever a conflicting group turns green [s].

    Parameters
    ----------
    pattern
        What is shown.
    conflicts
        Pairs of groups.
    """
    cycle_s = pattern.cycle_s
    foes = conflicting_groups(conflicts)
    starts_s = {t.group: [g.start_s for g in t.greens(cycle_s)] for t in pattern.groups}
    return {
        timing.group: [
            Clearance(at_s, _red_before_s(timing, at_s, cycle_s))
            for foe in foes.get(timing.group, ())
            for at_s in starts_s[foe]
        ]
        for timing in pattern.groups
    }


def _clearances(pattern: Pattern, safety: SafetyData) -> Iterator[Violation]:
    """Check the red, and the time after a walk, before any conflicting group turns green."""
    cycle_s = pattern.cycle_s
    reds_s = shown_red_clearances_s(pattern, safety.intersection.conflicts)
    for timing in pattern.groups:
        limit_s = safety.red_clearances_s.get(timing.group, 0.0)
        for shown in reds_s[timing.group]:
            if shown.shown_s < limit_s - RESOLUTION_S / 2:
                found = (Rule.RED_CLEARANCE, timing.group, shown.at_s)
                yield _clearance_breach(pattern, found, shown.shown_s, limit_s)
        walk_s = safety.pedestrian_clearances_s.get(timing.group, 0.0)
        starts_s = [shown.at_s for shown in reds_s[timing.group]]
        for green in timing.greens(cycle_s) if walk_s else ():
            shown_s = time_until_first_s(green.end_s, starts_s, cycle_s)
            if shown_s < walk_s - RESOLUTION_S / 2:
                found = (Rule.PEDESTRIAN_CLEARANCE, timing.group, green.end_s % cycle_s)
                yield _clearance_breach(pattern, found, shown_s, walk_s)


def _clearance_breach(
    pattern: Pattern, found: tuple[Rule, str, float], shown_s: float, limit_s: float
) -> Violation:
    rule, group, at_s = found
    return Violation(
        intersection=pattern.intersection,
        rule=rule,
        group=group,
        at_s=rounded_s(at_s),
        shown_s=shown_s,
        limit_s=limit_s,
    )


def _red_before_s(timing: GroupTiming, at_s: float, cycle_s: float) -> float:
    """Return how long a group has been red at an instant; 0 if it is not [s]."""
    waits_s = [
        (time_until_s(window.start_s, at_s, cycle_s) or cycle_s) - window.duration_s
        for window in timing.windows
    ]
    return rounded_s(max(0.0, min(waits_s, default=cycle_s)))


def changes_of(timing: GroupTiming, cycle_s: float) -> Iterator[tuple[float, str]]:
    """Yield when a group changes its colour, and the two colours as letters [s].

    A group of one colour yields that colour twice, unless it is a green or red.
    """
    runs = timing.runs(cycle_s)
    if len(runs) == 1 and runs[0].aspect in {*GREENS, Aspect.RED}:
        return
    for before, after in zip(runs, (*runs[1:], runs[0]), strict=True):
        yield after.start_s, before.aspect.value + after.aspect.value


def allowed_changes(group: str, intersection: Intersection) -> frozenset[str]:
    """Return the changes of colour that road users know; without a yellow, green turns red."""
    has_yellow = intersection.yellows_s.get(group, 0.0) > 0
    return USUAL_CHANGES if has_yellow else USUAL_CHANGES | {"Gr", "gr"}


def _changes(pattern: Pattern, safety: SafetyData) -> Iterator[Violation]:
    """Check that every change of colour is one that road users know."""
    for timing in pattern.groups:
        allowed = allowed_changes(timing.group, safety.intersection) | safety.changes
        for at_s, change in changes_of(timing, pattern.cycle_s):
            if change not in allowed:
                yield Violation(
                    intersection=pattern.intersection,
                    rule=Rule.CHANGE,
                    group=timing.group,
                    at_s=at_s,
                    what=f"'{change[1]}' after '{change[0]}'",
                )


def _controller(pattern: Pattern, safety: SafetyData) -> Iterator[Violation]:
    """Check that the controller can show the pattern exactly: rings, barriers, splits, bytes."""
    if safety.phase_map is None:
        return
    found = encode(pattern, safety.phase_map)
    if isinstance(found, Refusal):
        yield Violation(
            intersection=pattern.intersection,
            rule=Rule.CONTROLLER,
            group=found.group,
            at_s=found.at_s,
            what=found.what,
        )
