"""The rules that every pattern keeps before it may go near a street."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain, product
from math import inf
from typing import NamedTuple

from citybrain.model.actuation import ActuatedPattern
from citybrain.model.aspects import ENDS_AT_RED, STARTS_AT_RED, Aspect
from citybrain.model.intersection import Intersection
from citybrain.model.network import Network
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan
from citybrain.model.signals import Green
from citybrain.model.successions import (
    conflicting_groups,
    time_until_first_s,
    time_until_s,
)
from citybrain.units import RESOLUTION_S, rounded_s


class Rule(StrEnum):
    """What a pattern can break."""

    INTERSECTION = "known intersection"
    GROUPS = "every signal group once"
    CYCLE = "cycle"
    CONFLICT = "no conflicting greens"
    INTERGREEN = "intergreen"
    YIELDING = "one of two meeting greens yields"
    PROTECTION = "separation of protected greens"
    MINIMUM_GREEN = "minimum green"
    YELLOW = "yellow"
    RED_AMBER = "red-amber"
    RED_CLEARANCE = "red clearance"
    MAXIMUM_RED = "maximum red"
    STEP = "steps of time"
    OVERLAP = "overlap of protected greens"
    PEDESTRIAN_CLEARANCE = "pedestrian clearance"
    CHANGE = "changes of colour"
    CONTROLLER = "what the controller can run"


_LONGEST = frozenset({Rule.CYCLE, Rule.MAXIMUM_RED})
"""Rules that a shorter realisation of an actuated pattern cannot speak of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One rule broken at one place.

    Parameters
    ----------
    intersection
        Where.
    rule
        Which rule.
    group
        Signal group; empty where the whole intersection is meant.
    other
        The group that it meets; empty for most rules.
    at_s
        Local cycle time. [s]
    shown_s, limit_s
        What the pattern shows and what the rule asks for. [s]
    what
        What is wrong, in words, where times do not tell.
    """

    intersection: str
    rule: Rule
    group: str = ""
    other: str = ""
    at_s: float = 0.0
    shown_s: float = 0.0
    limit_s: float = 0.0
    what: str = ""

    def __str__(self) -> str:
        """Say what, where, and which limit."""
        who = " to ".join(name for name in (self.group, self.other) if name)
        group = f" group {who}" if who else ""
        what = self.what or f"{self.shown_s:g} s, limit {self.limit_s:g} s"
        return (
            f"{self.intersection}:{group} breaks the rule '{self.rule.value}' at "
            f"{self.at_s:g} s of the cycle: {what}"
        )


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

    An actuated pattern is judged as it stands, and as it runs when every stretch is at its
    shortest and at its longest; the bounds of the cycle are asked of it as it stands.

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
            *_check_fixed(pattern, intersection),
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
    cycle_s = pattern.cycle_s
    greens = {timing.group: timing.greens(cycle_s) for timing in pattern.groups}
    shown = _Shown(pattern, intersection, greens)
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


@dataclass(frozen=True, slots=True)
class _Shown:
    """A pattern with its greens worked out once."""

    pattern: Pattern
    intersection: Intersection
    greens: dict[str, tuple[Green, ...]]

    @property
    def cycle_s(self) -> float:
        """Cycle length [s]."""
        return self.pattern.cycle_s

    def breach(
        self, rule: Rule, groups: tuple[str, ...], at_s: float, *, shown_s: float, limit_s: float
    ) -> Violation:
        """Return a violation at a local time; several may lie at one."""
        return Violation(
            intersection=self.intersection.name,
            rule=rule,
            group=groups[0],
            other="".join(groups[1:]),
            at_s=rounded_s(at_s % self.cycle_s),
            shown_s=shown_s,
            limit_s=limit_s,
        )


def _falls_short(shown_s: float, limit_s: float) -> bool:
    return shown_s < limit_s - RESOLUTION_S / 2


def _cycle(shown: _Shown) -> Iterator[Violation]:
    for is_broken, limit_s in (
        (
            _falls_short(shown.cycle_s, shown.intersection.minimum_cycle_s),
            shown.intersection.minimum_cycle_s,
        ),
        (
            _falls_short(shown.intersection.maximum_cycle_s, shown.cycle_s),
            shown.intersection.maximum_cycle_s,
        ),
    ):
        if is_broken:
            yield shown.breach(Rule.CYCLE, ("",), 0.0, shown_s=shown.cycle_s, limit_s=limit_s)


def _pairs(shown: _Shown) -> Iterator[Violation]:
    """Check conflicting groups: never green together, and intergreens both ways."""
    for first, second in sorted(shown.intersection.conflicts):
        together = [
            meeting
            for one, other in product(shown.greens[first], shown.greens[second])
            if (meeting := _meeting_s(one, other, shown.cycle_s)) is not None
        ]
        for at_s in together:
            breach = shown.breach(Rule.CONFLICT, (first, second), at_s, shown_s=0.0, limit_s=0.0)
            yield replace(breach, what="both are green")
        if not together:
            yield from _intergreens(shown, first, second)
            yield from _intergreens(shown, second, first)


def _intergreens(shown: _Shown, ending: str, starting: str) -> Iterator[Violation]:
    limit_s = shown.intersection.intergreens_s.get((ending, starting), 0.0)
    starts_s = [green.start_s for green in shown.greens[starting]]
    for green in shown.greens[ending]:
        gap_s = time_until_first_s(green.end_s, starts_s, shown.cycle_s)
        if _falls_short(gap_s, limit_s):
            groups = (ending, starting)
            yield shown.breach(Rule.INTERGREEN, groups, green.end_s, shown_s=gap_s, limit_s=limit_s)


def _yielding(shown: _Shown) -> Iterator[Violation]:
    meeting = sorted(shown.intersection.yielding)
    protected = {
        group: _protected(shown, group) for group in sorted({name for p in meeting for name in p})
    }
    for first, second in meeting:
        for one, other in product(protected[first], protected[second]):
            at_s = _meeting_s(one, other, shown.cycle_s)
            if at_s is not None:
                groups = (first, second)
                breach = shown.breach(Rule.YIELDING, groups, at_s, shown_s=0.0, limit_s=0.0)
                yield replace(breach, what="both are protected")


def _protected(shown: _Shown, group: str) -> list["_Span"]:
    runs = shown.pattern.timing(group).runs(shown.cycle_s)
    return [
        _Span(run.start_s, run.start_s + run.duration_s)
        for run in runs
        if run.aspect is Aspect.PROTECTED
    ]


def _greens(shown: _Shown) -> Iterator[Violation]:
    for group in shown.intersection.groups:
        for green in shown.greens[group.name]:
            if _falls_short(green.duration_s, group.minimum_green_s):
                yield shown.breach(
                    Rule.MINIMUM_GREEN,
                    (group.name,),
                    green.start_s,
                    shown_s=green.duration_s,
                    limit_s=group.minimum_green_s,
                )


def _changes(shown: _Shown) -> Iterator[Violation]:
    """Check yellow between green and red, and red-amber between red and green."""
    for name, greens in shown.greens.items():
        yellow_s = shown.intersection.yellows_s.get(name, 0.0)
        red_amber_s = shown.intersection.red_ambers_s.get(name, 0.0)
        for green in greens:
            if green.after in ENDS_AT_RED and _falls_short(green.yellow_s, yellow_s):
                yield shown.breach(
                    Rule.YELLOW, (name,), green.end_s, shown_s=green.yellow_s, limit_s=yellow_s
                )
            if green.before in STARTS_AT_RED and _falls_short(green.red_amber_s, red_amber_s):
                yield shown.breach(
                    Rule.RED_AMBER,
                    (name,),
                    green.start_s,
                    shown_s=green.red_amber_s,
                    limit_s=red_amber_s,
                )


def _protections(shown: _Shown) -> Iterator[Violation]:
    for (ending, starting), limit_s in shown.intersection.protections_s.items():
        starts_s = [span.start_s for span in _ending_spans(shown, starting)]
        for span in _ending_spans(shown, ending):
            gap_s = time_until_first_s(span.end_s, starts_s, shown.cycle_s)
            if _falls_short(gap_s, limit_s):
                yield shown.breach(
                    Rule.PROTECTION,
                    (ending, starting),
                    span.end_s,
                    shown_s=gap_s,
                    limit_s=limit_s,
                )


def _ending_spans(shown: _Shown, group: str) -> list["_Span"]:
    """Return the protected times of a group, but one that never ends."""
    spans = _protected(shown, group)
    return [span for span in spans if _falls_short(span.end_s - span.start_s, shown.cycle_s)]


def _red_clearances(shown: _Shown) -> Iterator[Violation]:
    foes = conflicting_groups(shown.intersection.conflicts)
    for timing in shown.pattern.groups:
        starts_s = [g.start_s for foe in foes.get(timing.group, ()) for g in shown.greens[foe]]
        for window in timing.windows:
            gap_s = time_until_first_s(window.end_s, starts_s, shown.cycle_s)
            if _falls_short(gap_s, window.red_clearance_s):
                yield shown.breach(
                    Rule.RED_CLEARANCE,
                    (timing.group,),
                    window.end_s,
                    shown_s=gap_s,
                    limit_s=window.red_clearance_s,
                )


def _reds(shown: _Shown) -> Iterator[Violation]:
    for name, greens in shown.greens.items():
        limit_s = shown.intersection.maximum_reds_s.get(name, inf)
        red_s = longest_red_s(greens, shown.cycle_s)
        if _falls_short(limit_s, red_s):
            at_s = greens[-1].end_s if greens else 0.0
            yield shown.breach(Rule.MAXIMUM_RED, (name,), at_s, shown_s=red_s, limit_s=limit_s)


def _counted(names: Sequence[str], name: str) -> str:
    """Tell how often a group stands among others, and in which place it first does."""
    times = names.count(name)
    return f"it in place {names.index(name) + 1}" if times == 1 else f"it {times} times"


class _Span(NamedTuple):
    """A time in local cycle time; its end may lie past the cycle's end."""

    start_s: float
    end_s: float


def _meeting_s(one: Green | _Span, other: Green | _Span, cycle_s: float) -> float | None:
    """Return the instant at which two spans begin to overlap; none if they never do."""
    if _falls_short(time_until_s(one.start_s, other.start_s, cycle_s), one.end_s - one.start_s):
        return other.start_s
    if _falls_short(time_until_s(other.start_s, one.start_s, cycle_s), other.end_s - other.start_s):
        return one.start_s
    return None
