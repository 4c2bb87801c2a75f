"""The state of one ring: which phase it times, and how far that phase has come."""

from dataclasses import dataclass
from enum import IntEnum

from citybrain.controllers.virtual.timing import PhaseTiming


class Interval(IntEnum):
    """What a ring shows on the phase that it times."""

    RED = 0
    GREEN = 1
    YELLOW = 2
    RED_CLEAR = 3


class Walking(IntEnum):
    """What the pedestrians of the phase are shown."""

    DONT_WALK = 0
    WALK = 1
    CLEAR = 2


@dataclass(slots=True, kw_only=True)
class Ring:
    """One ring, changed in place ten times a second.

    Parameters
    ----------
    phase
        Phase that the ring times, 0 for none.
    interval, elapsed_ds
        Current interval, and how long it has lasted. [0.1 s]
    walking, walking_ds
        What pedestrians are shown, and for how long yet. [0.1 s]
    unused_ds
        Time since the last actuation in green. [0.1 s]
    waited_ds
        Green during which a conflicting phase has waited. [0.1 s]
    is_forced
        The phase has passed its force-off, or its yield point.
    next_phase
        Phase that follows in the same group; 0 where the ring crosses the barrier.
    across
        Phase that follows behind the barrier; 0 while that is not decided.
    """

    phase: int = 0
    interval: Interval = Interval.RED
    elapsed_ds: int = 0
    walking: Walking = Walking.DONT_WALK
    walking_ds: int = 0
    unused_ds: int = 0
    waited_ds: int = 0
    is_forced: bool = False
    next_phase: int = 0
    across: int = 0

    def begin(self, phase: int, walk_ds: int) -> None:
        """Begin the green of a phase; with a walk unless ``walk_ds`` is 0 [0.1 s]."""
        self.phase = phase
        self.interval = Interval.GREEN
        self.elapsed_ds = self.unused_ds = self.waited_ds = 0
        self.is_forced = False
        self.next_phase = self.across = 0
        self.walk(walk_ds)

    def walk(self, walk_ds: int) -> None:
        """Show walk for a time; 0 shows don't walk [0.1 s]."""
        self.walking = Walking.WALK if walk_ds else Walking.DONT_WALK
        self.walking_ds = walk_ds

    def end_green(self, next_phase: int, across: int = 0) -> None:
        """Begin yellow; name the phase that follows, in the same group or behind the barrier."""
        self.interval = Interval.YELLOW
        self.elapsed_ds = 0
        self.walking = Walking.DONT_WALK
        self.next_phase, self.across = next_phase, across

    def rest_in_red(self) -> None:
        """Time nothing."""
        self.phase = self.next_phase = self.across = self.elapsed_ds = 0
        self.interval = Interval.RED
        self.walking = Walking.DONT_WALK

    def pass_tenth(self, timing: PhaseTiming) -> None:
        """Let a tenth of a second pass; the clearances follow one another by themselves."""
        self.elapsed_ds += 1
        if self.interval is Interval.GREEN:
            self.unused_ds += 1
            if self.walking:
                self._pass_walking(timing)
        elif self.interval is Interval.YELLOW and self.elapsed_ds >= timing.yellow_ds:
            self.interval = Interval.RED_CLEAR
            self.elapsed_ds = 0

    def _pass_walking(self, timing: PhaseTiming) -> None:
        self.walking_ds -= 1
        if self.walking_ds <= 0:
            is_over = self.walking is Walking.CLEAR or not timing.pedestrian_clear_ds
            self.walking = Walking.DONT_WALK if is_over else Walking.CLEAR
            self.walking_ds = 0 if is_over else timing.pedestrian_clear_ds

    def is_clear(self, timing: PhaseTiming) -> bool:
        """Tell whether the red clearance is over."""
        return self.interval is Interval.RED_CLEAR and self.elapsed_ds >= timing.red_clear_ds

    def clearing_left_ds(self, timing: PhaseTiming) -> int:
        """Return the time until the red clearance of an ended green is over [0.1 s]."""
        if self.interval is Interval.YELLOW:
            return timing.clear_ds - self.elapsed_ds
        if self.interval is Interval.RED_CLEAR:
            return max(timing.red_clear_ds - self.elapsed_ds, 0)
        return 0

    def green_needed_ds(self, timing: PhaseTiming) -> int:
        """Return the green that vehicles and people on foot must still get [0.1 s]."""
        walking_ds = self.walking_ds if self.walking else 0
        if self.walking is Walking.WALK:
            walking_ds += timing.pedestrian_clear_ds
        return max(timing.minimum_green_ds - self.elapsed_ds, walking_ds, 0)
