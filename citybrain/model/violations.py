"""What a plan can break, and where it does."""

from dataclasses import dataclass
from enum import StrEnum


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
