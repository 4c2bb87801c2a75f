"""What a push would do, does and did to one controller."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from citybrain.ports.controller_values import UnitStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A value that a push writes: object with its row (``splitTime.2.4``), before and after."""

    object_name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What a push would do.

    Parameters
    ----------
    changes
        Values that would change, in the order in which they are written.
    differences
        Safety times and structure in which the unit differs from the plan (old: the unit,
        new: the plan); any stops the push.
    obstacles
        Other reasons for which the push would not begin.
    """

    changes: tuple[Change, ...]
    differences: tuple[Change, ...]
    obstacles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """What a unit held before a push; enough to go back to it.

    Parameters
    ----------
    unit
        Name of the controller.
    values
        Object identifier and value of everything that the push may write.
    system_pattern
        What the system commanded; 0 nothing, the unit followed its own schedule.
    pattern
        What ran: 0 none, 1–253, 254 free, 255 flash.
    cycle_s
        Cycle of what ran, which the way back to it is timed by; 0 if it has none. [s]
    """

    unit: str
    values: tuple[tuple[str, int | str], ...]
    system_pattern: int
    pattern: int
    cycle_s: int = 0


class Step(Enum):
    """Steps of a push and of a roll-back, in their order; noted before each begins."""

    READ = "read what the unit holds"
    RECOVER = "close what a former client left open"
    OPEN = "open the transaction"
    WRITE = "write the values"
    VERIFY = "let the unit verify"
    STORE = "store the values"
    READ_BACK = "read back and compare"
    ACTIVATE = "activate"
    PROVE = "prove that it runs"
    ABORT = "discard what was written"
    ROLL_BACK = "go back to the former plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepNote:
    """A step that is about to begin.

    Parameters
    ----------
    unit
        Name of the controller.
    step
        Which.
    at
        When. [UTC]
    former
        What the unit held; from ``OPEN`` on, so that it can be kept before the first write.
    """

    unit: str
    step: Step
    at: datetime
    former: Former | None = None


Listener = Callable[[StepNote], Awaitable[None] | None]
"""Hears each step before it begins; what it raises ends the push as any other failure does.

A step begins only when what it returns, if anything, has been awaited.
"""


class Outcome(Enum):
    """How a push or roll-back ended; always the truth as last read from the unit."""

    RUNS = "the plan runs, proven"
    SCHEDULED = "the plan is stored and scheduled; it is not its time yet"
    KEPT = "nothing changed; the former plan is as it was"
    ROLLED_BACK = "the former plan is back, proven"
    FALLBACK = "the unit runs its own local control"
    UNKNOWN = "the unit does not answer; its own backup timer ends system control"
    FAILED = "the former plan could not be put back; a person must look"


class Holding(Enum):
    """Whose values a unit holds in a pattern."""

    PLAN = "the whole plan"
    FORMER = "the whole former plan"
    MIXED = "neither as a whole"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a push or a roll-back did.

    Parameters
    ----------
    unit
        Name of the controller.
    outcome
        How it ended.
    reason
        Why it did not end as asked; empty if it did.  After a roll-back it also names values of
        a pattern that does not run and could not be restored.
    changes
        What was to change.
    former
        What the unit held before.
    status
        What the unit said last; none if it fell silent.
    steps
        Steps that began, with their times.
    """

    unit: str
    outcome: Outcome
    reason: str
    changes: tuple[Change, ...]
    former: Former
    status: UnitStatus | None
    steps: tuple[StepNote, ...]


def no_listener(note: StepNote) -> None:
    """Hear nothing."""
