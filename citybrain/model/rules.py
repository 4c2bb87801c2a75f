"""The rules that every pattern keeps before it may go near a street."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, product
from math import inf

from citybrain.model.actuation import ActuatedPattern
from citybrain.model.aspects import ENDS_AT_RED, STARTS_AT_RED
from citybrain.model.intersection import Intersection
from citybrain.model.network import Network
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan
from citybrain.model.shown_pattern import ShownPattern, falls_short, meeting_s
from citybrain.model.signals import Green
from citybrain.model.successions import conflicting_groups, time_until_first_s
from citybrain.model.violations import Rule, Violation

_LONGEST = frozenset({Rule.CYCLE, Rule.MAXIMUM_RED})
"""Rules that a shorter realisation of an actuated pattern cannot speak of."""


def check_plan(plan: Plan, network: Network) -> tuple[Violation, ...]:
    """Return everything in a plan that breaks a rule; nothing if it may run.

    Parameters
    ----------
    plan
        Plan for some or all retimable intersections.
    network
        Knows what each intersection asks for.
    """
    found: list[Violation] = []
    for pattern in plan.patterns:
        intersection = network.intersections.get(pattern.intersection)
        if intersection is None:
            found.append(unknown(pattern))
        else:
            found.extend(check_pattern(pattern, intersection))
    return tuple(found)


def unknown(pattern: Pattern) -> Violation:
    """Return the violation of a pattern whose intersection nobody knows."""
    what = "nothing is known of this intersection"
    return Violation(intersection=pattern.intersection, rule=Rule.INTERSECTION, what=what)


def check_pattern(pattern: Pattern, intersection: Intersection) -> tuple[Violation, ...]:
    """Return everything in a pattern that breaks a rule of its intersection.

    An actuated pattern is judged as it runs when every stretch is at its shortest and at its
    longest; the bounds of the cycle are asked of the times that it shows in between.

    Parameters
    ----------
    pattern
        Pattern; its windows fit its cycle and its offset lies in the cycle, else it could not
        have been built.
    intersection
        Groups, conflicts, intergreens, minimum greens, yellows and bounds.
    """
    if isinstance(pattern, ActuatedPattern):
        return (
            *_check_fixed(pattern.as_shown(), intersection),
            *(v for v in _check_fixed(pattern.shortest(), intersection) if v.rule not in _LONGEST),
            *(
                v
                for v in _check_fixed(pattern.longest(), intersection)
                if v.rule is Rule.MAXIMUM_RED
            ),
        )
    return _check_fixed(pattern, intersection)


def _check_fixed(pattern: Pattern, intersection: Intersection) -> tuple[Violation, ...]:
    names = [timing.group for timing in pattern.groups]
    if names != [group.name for group in intersection.groups]:
        asked = [group.name for group in intersection.groups]
        counted = (n for n in (*asked, *names) if names.count(n) != asked.count(n))
        moved = (n for n, other in zip(asked, names, strict=False) if n != other)
        odd = next(chain(counted, moved))
        what = f"the plan times {_counted(names, odd)}, the intersection has {_counted(asked, odd)}"
        return (Violation(intersection=intersection.name, rule=Rule.GROUPS, group=odd, what=what),)
    shown = ShownPattern.of(pattern, intersection)
    return tuple(
        violation
        for rule in (
            _cycle,
            _pairs,
            _yielding,
            _protections,
            _greens,
            _changes,
            _red_clearances,
            _reds,
        )
        for violation in rule(shown)
    )


def longest_red_s(greens: Sequence[Green], cycle_s: float) -> float:
    """Return the longest time that a group waits from green to green [s].

    Parameters
    ----------
    greens
        Its greens, in order of their start.
    cycle_s
        Cycle length. [s]

    Returns
    -------
    float
        Infinite for a group that is never green.
    """
    starts_s = [green.start_s for green in greens]
    return max(
        (time_until_first_s(green.end_s, starts_s, cycle_s) for green in greens), default=inf
    )


def _cycle(shown: ShownPattern) -> Iterator[Violation]:
    for is_broken, limit_s in (
        (
            falls_short(shown.cycle_s, shown.intersection.minimum_cycle_s),
            shown.intersection.minimum_cycle_s,
        ),
        (
            falls_short(shown.intersection.maximum_cycle_s, shown.cycle_s),
            shown.intersection.maximum_cycle_s,
        ),
    ):
        if is_broken:
            yield shown.breach(Rule.CYCLE, ("",), 0.0, shown_s=shown.cycle_s, limit_s=limit_s)


def _pairs(shown: ShownPattern) -> Iterator[Violation]:
    """Check conflicting groups: never green together, and intergreens both ways."""
    for first, second in sorted(shown.intersection.conflicts):
        together = [
            meeting
            for one, other in product(shown.greens[first], shown.greens[second])
            if (meeting := meeting_s(one, other, shown.cycle_s)) is not None
        ]
        for at_s in together:
            breach = shown.breach(Rule.CONFLICT, (first, second), at_s, shown_s=0.0, limit_s=0.0)
            yield replace(breach, what="both are green")
        if not together:
            yield from _intergreens(shown, first, second)
            yield from _intergreens(shown, second, first)


def _intergreens(shown: ShownPattern, ending: str, starting: str) -> Iterator[Violation]:
    limit_s = shown.intersection.intergreens_s.get((ending, starting), 0.0)
    starts_s = [green.start_s for green in shown.greens[starting]]
    for green in shown.greens[ending]:
        gap_s = time_until_first_s(green.end_s, starts_s, shown.cycle_s)
        if falls_short(gap_s, limit_s):
            groups = (ending, starting)
            yield shown.breach(Rule.INTERGREEN, groups, green.end_s, shown_s=gap_s, limit_s=limit_s)


def _yielding(shown: ShownPattern) -> Iterator[Violation]:
    meeting = sorted(shown.intersection.yielding)
    protected = {
        group: shown.protected(group) for group in sorted({name for p in meeting for name in p})
    }
    for first, second in meeting:
        for one, other in product(protected[first], protected[second]):
            at_s = meeting_s(one, other, shown.cycle_s)
            if at_s is not None:
                groups = (first, second)
                breach = shown.breach(Rule.YIELDING, groups, at_s, shown_s=0.0, limit_s=0.0)
                yield replace(breach, what="both are protected")


def _greens(shown: ShownPattern) -> Iterator[Violation]:
    for group in shown.intersection.groups:
        for green in shown.greens[group.name]:
            if falls_short(green.duration_s, group.minimum_green_s):
                yield shown.breach(
                    Rule.MINIMUM_GREEN,
                    (group.name,),
                    green.start_s,
                    shown_s=green.duration_s,
                    limit_s=group.minimum_green_s,
                )


def _changes(shown: ShownPattern) -> Iterator[Violation]:
    """Check yellow between green and red, and red-amber between red and green."""
    for name, greens in shown.greens.items():
        yellow_s = shown.intersection.yellows_s.get(name, 0.0)
        red_amber_s = shown.intersection.red_ambers_s.get(name, 0.0)
        for green in greens:
            if green.after in ENDS_AT_RED and falls_short(green.yellow_s, yellow_s):
                yield shown.breach(
                    Rule.YELLOW, (name,), green.end_s, shown_s=green.yellow_s, limit_s=yellow_s
                )
            if green.before in STARTS_AT_RED and falls_short(green.red_amber_s, red_amber_s):
                yield shown.breach(
                    Rule.RED_AMBER,
                    (name,),
                    green.start_s,
                    shown_s=green.red_amber_s,
                    limit_s=red_amber_s,
                )


def _protections(shown: ShownPattern) -> Iterator[Violation]:
    for (ending, starting), limit_s in shown.intersection.protections_s.items():
        starts_s = [span.start_s for span in shown.ending(starting)]
        for span in shown.ending(ending):
            gap_s = time_until_first_s(span.end_s, starts_s, shown.cycle_s)
            if falls_short(gap_s, limit_s):
                yield shown.breach(
                    Rule.PROTECTION,
                    (ending, starting),
                    span.end_s,
                    shown_s=gap_s,
                    limit_s=limit_s,
                )


def _red_clearances(shown: ShownPattern) -> Iterator[Violation]:
    foes = conflicting_groups(shown.intersection.conflicts)
    for timing in shown.pattern.groups:
        starts_s = [g.start_s for foe in foes.get(timing.group, ()) for g in shown.greens[foe]]
        for window in timing.windows:
            gap_s = time_until_first_s(window.end_s, starts_s, shown.cycle_s)
            if falls_short(gap_s, window.red_clearance_s):
                yield shown.breach(
                    Rule.RED_CLEARANCE,
                    (timing.group,),
                    window.end_s,
                    shown_s=gap_s,
                    limit_s=window.red_clearance_s,
                )


def _reds(shown: ShownPattern) -> Iterator[Violation]:
    for name, greens in shown.greens.items():
        limit_s = shown.intersection.maximum_reds_s.get(name, inf)
        red_s = longest_red_s(greens, shown.cycle_s)
        if falls_short(limit_s, red_s):
            at_s = greens[-1].end_s if greens else 0.0
            yield shown.breach(Rule.MAXIMUM_RED, (name,), at_s, shown_s=red_s, limit_s=limit_s)


def _counted(names: Sequence[str], name: str) -> str:
    """Tell how often a group stands among others, and in which place it first does."""
    times = names.count(name)
    return f"it in place {names.index(name) + 1}" if times == 1 else f"it {times} times"
