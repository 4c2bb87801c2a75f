"""What a controller holds and says: patterns, day plans, status, capabilities."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseSplit:
    """Green, yellow and red clearance of a phase together. [whole s]."""

    phase: int
    split_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseSafety:
    """Times of a phase that citybrain compares and does not write.

    Parameters
    ----------
    phase
        Number of the phase.
    minimum_green_s, walk_s, pedestrian_clear_s
        Whole seconds; no walk and no clearance are 0. [s]
    yellow_s, red_clear_s
        Tenths. [s]
    """

    phase: int
    minimum_green_s: int
    walk_s: int
    pedestrian_clear_s: int
    yellow_s: float
    red_clear_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPlan:
    """One pattern as a controller holds it.

    Parameters
    ----------
    pattern
        Number of the pattern, 1–253.
    cycle_s, offset_s
        Whole seconds. [s]
    splits
        Split of each phase, by phase.  A phase that does not stand here has split 0.
    safety
        Safety times that the plan was proven with; compared, never written.
    rings
        Order of the phases of each ring; compared, never written.  Nothing if not known.
    coordinated
        Phases that the offset refers to; compared, never written.  Nothing if not known.
    """

    pattern: int
    cycle_s: int
    offset_s: int
    splits: tuple[PhaseSplit, ...]
    safety: tuple[PhaseSafety, ...] = ()
    rings: tuple[tuple[int, ...], ...] = ()
    coordinated: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternAt:
    """A pattern that begins at a time of the day, local time of the unit."""

    hour: int
    minute: int
    pattern: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySchedule:
    """A day plan in the unit's own timebase.

    Parameters
    ----------
    entry
        Row of the unit's schedule that is written.
    day_plan
        Number of the day plan that is written.
    events
        What begins when; at least one.  Event *n* uses timebase action ``first_action + n``.
    first_action
        First of the timebase actions that are written.
    weekdays
        Days on which it holds, Monday 0.
    """

    entry: int
    day_plan: int
    events: tuple[PatternAt, ...]
    first_action: int = 1
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitStatus:
    """What a unit says of itself at one moment.

    Parameters
    ----------
    unit
        Name of the controller.
    read_at
        When it answered. [UTC]
    pattern
        ``coordPatternStatus``: 0 none, 1–253, 254 free, 255 flash.
    system_pattern
        ``systemPatternControl``: what a system last commanded; 0 nothing.
    control, free, flash
        ``unitControlStatus``, ``localFreeStatus``, ``unitFlashStatus``, by name such as
        ``SYSTEM_CONTROL`` and ``NOT_FREE``.
    cycle_s, sync_s
        Where the unit is in its cycle and in its master's. [s]
    backup_time_s
        ``unitBackupTime``: silence after which it leaves system control; 0 for never. [s]
    transaction
        ``dbCreateTransaction``, by name.
    alarms
        ``shortAlarmStatus``.
    local_time_s
        The unit's local clock, seconds since 1970 in local time. [s]
    missing
        Objects that the unit lacks; their fields are 0 or ``UNKNOWN``.
    """

    unit: str
    read_at: datetime
    pattern: int
    system_pattern: int
    control: str
    free: str
    flash: str
    cycle_s: int
    sync_s: int
    backup_time_s: int
    transaction: str
    alarms: int
    local_time_s: int
    missing: tuple[str, ...] = ()

    def runs(self, pattern: int) -> bool:
        """Tell whether the pattern runs in coordination, whoever commands it."""
        return self.pattern == pattern and self.free == "NOT_FREE" and self.is_lit

    @property
    def is_lit(self) -> bool:
        """Whether it shows colours and does not flash, as far as it tells."""
        return self.flash in {"NOT_FLASH", "UNKNOWN"}

    @property
    def is_well(self) -> bool:
        """Whether it is in step and tells of nothing that somebody must look at."""
        return self.free == "NOT_FREE" and self.is_lit and not self.alarms

    def runs_by_system(self, pattern: int) -> bool:
        """Tell whether the pattern runs in coordination because the system commands it."""
        return self.runs(pattern) and self.control == "SYSTEM_CONTROL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limitation:
    """An object that a unit lacks, and what citybrain cannot do there."""

    object_name: str
    consequence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a unit is and can do.

    Parameters
    ----------
    unit
        Name of the controller.
    make, model, version
        Of its first module; empty if it does not say.
    phases, rings, patterns, splits, day_plans
        How many it holds; 0 if it does not say.
    limitations
        What it lacks.
    """

    unit: str
    make: str
    model: str
    version: str
    phases: int
    rings: int
    patterns: int
    splits: int
    day_plans: int
    limitations: tuple[Limitation, ...]
