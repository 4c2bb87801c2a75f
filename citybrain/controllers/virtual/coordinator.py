"""The local cycle clock of a unit: in step with the master, or on its way there."""

from citybrain.controllers.ntcip.states import Correction
from citybrain.controllers.virtual.layout import SLOW_SPEED, Layout
from citybrain.controllers.virtual.timing import phases_in

FULL_SPEED = 100
"""A local clock in step. [% of the master clock]"""
LEAST_SHORTENING = 103
"""A local clock that gains less than this is not worth starting. [% of the master clock]"""


class Coordinator:
    """The cycle clock of one pattern.

    The clock counts hundredths of a tenth of a second, so that it can run at 80 % or 120 % of the
    master's speed without a fraction.

    Parameters
    ----------
    layout
        The pattern.
    correction
        How the clock gets in step.
    """

    def __init__(self, layout: Layout, correction: Correction) -> None:
        self.layout = layout
        self.correction = correction
        self.local = 0
        self.speed = FULL_SPEED
        self.is_in_step = False
        self._cycle = layout.cycle_ds * FULL_SPEED

    def take_over(self, green_ds: int) -> None:
        """Start the clock while all coordinated phases are green.

        Parameters
        ----------
        green_ds
            How long the youngest of these greens has lasted. [0.1 s]
        """
        cycle_ds, yield_ds = self.layout.cycle_ds, self.layout.yield_ds
        latest_ds = max(
            (self.layout.start_ds[phase] - yield_ds) % cycle_ds
            for phase in phases_in(self.layout.coordinated)
        )
        room_ds = cycle_ds - latest_ds
        passed_ds = latest_ds + min(green_ds, room_ds - 1)
        self.local = (yield_ds + passed_ds) * FULL_SPEED % self._cycle
        self.is_in_step = False

    def advance(self, master_ds: int, *, may_dwell: bool) -> None:
        """Let a tenth of a second pass.

        Parameters
        ----------
        master_ds
            Master clock after it. [0.1 s]
        may_dwell
            All coordinated phases are green, so that the local clock may stand.
        """
        target = (master_ds - self.layout.offset_ds) * FULL_SPEED % self._cycle
        behind = (target - FULL_SPEED - self.local) % self._cycle
        self.speed = self._speed(behind, may_dwell=may_dwell) if behind else FULL_SPEED
        gain = self.speed - FULL_SPEED
        self.is_in_step = 0 <= behind <= gain or self._cycle - behind <= -gain
        if self.is_in_step:
            self.local, self.speed = target, FULL_SPEED
        else:
            self.local = (self.local + self.speed) % self._cycle

    def _speed(self, behind: int, *, may_dwell: bool) -> int:
        if self.correction is Correction.DWELL:
            return 0 if may_dwell and self.local_ds == self.layout.dwell_ds else FULL_SPEED
        fastest = self.layout.fastest
        can_shorten = fastest >= LEAST_SHORTENING
        if self.correction is Correction.ADD_ONLY or not can_shorten:
            return SLOW_SPEED
        if self.correction is Correction.SUBTRACT_ONLY:
            return fastest
        adding = (self._cycle - behind) / (FULL_SPEED - SLOW_SPEED)
        return SLOW_SPEED if adding <= behind / (fastest - FULL_SPEED) else fastest

    def since_yield_ds(self) -> int:
        """Return the time since the yield point on the local clock [0.1 s]."""
        return (self.local // FULL_SPEED - self.layout.yield_ds) % self.layout.cycle_ds

    @property
    def is_predictable(self) -> bool:
        """Whether force-offs come when the local clock says: not while it waits to stand still."""
        return self.is_in_step or self.correction is not Correction.DWELL

    @property
    def local_ds(self) -> int:
        """Local cycle time [0.1 s]."""
        return self.local // FULL_SPEED
