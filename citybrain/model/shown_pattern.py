"""A pattern as the rules look at it: its greens, the times that are protected, and which meet."""

from dataclasses import dataclass
from typing import NamedTuple

from citybrain.model.aspects import Aspect
from citybrain.model.intersection import Intersection
from citybrain.model.pattern import Pattern
from citybrain.model.signals import Green
from citybrain.model.successions import time_until_s
from citybrain.model.violations import Rule, Violation
from citybrain.units import RESOLUTION_S, rounded_s


@dataclass(frozen=True, slots=True)
class ShownPattern:
    """A pattern with its greens worked out once.

    Parameters
    ----------
    pattern, intersection
        The pattern, and what it is judged by.
    greens
        Group → its greens in order of their start.
    """

    pattern: Pattern
    intersection: Intersection
    greens: dict[str, tuple[Green, ...]]

    @classmethod
    def of(cls, pattern: Pattern, intersection: Intersection) -> "ShownPattern":
        """Work out the greens of a pattern that times the groups of its intersection."""
        greens = {timing.group: timing.greens(pattern.cycle_s) for timing in pattern.groups}
        return cls(pattern, intersection, greens)

    @property
    def cycle_s(self) -> float:
        """Cycle length [s]."""
        return self.pattern.cycle_s

    def breach(
        self, rule: Rule, groups: tuple[str, ...], at_s: float, *, shown_s: float, limit_s: float
    ) -> Violation:
        """Return a violation at a local time; several may lie at one [s]."""
        return Violation(
            intersection=self.intersection.name,
            rule=rule,
            group=groups[0],
            other="".join(groups[1:]),
            at_s=rounded_s(at_s % self.cycle_s),
            shown_s=shown_s,
            limit_s=limit_s,
        )

    def protected(self, group: str) -> list["Span"]:
        """Return the protected times of a group."""
        return [
            Span(run.start_s, run.start_s + run.duration_s)
            for run in self.pattern.timing(group).runs(self.cycle_s)
            if run.aspect is Aspect.PROTECTED
        ]

    def ending(self, group: str) -> list["Span"]:
        """Return the protected times of a group, but one that never ends."""
        return [
            span
            for span in self.protected(group)
            if falls_short(span.end_s - span.start_s, self.cycle_s)
        ]


class Span(NamedTuple):
    """A time in local cycle time; its end may lie past the cycle's end [s]."""

    start_s: float
    end_s: float


def falls_short(shown_s: float, limit_s: float) -> bool:
    """Tell whether a time is shorter than its limit by more than rounding [s]."""
    return shown_s < limit_s - RESOLUTION_S / 2


def meeting_s(one: Green | Span, other: Green | Span, cycle_s: float) -> float | None:
    """Return the instant at which two spans begin to overlap; none if they never do [s]."""
    if falls_short(time_until_s(one.start_s, other.start_s, cycle_s), one.end_s - one.start_s):
        return other.start_s
    if falls_short(time_until_s(other.start_s, one.start_s, cycle_s), other.end_s - other.start_s):
        return one.start_s
    return None
