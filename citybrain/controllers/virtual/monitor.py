"""A conflict monitor: watches colours, knows nothing of patterns, rings or barriers.

References
----------
NEMA TS 2 (2003), section 4: conflict, red failure, shortest yellow, shortest clearance.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from citybrain.controllers.virtual.shown import Shown
from citybrain.controllers.virtual.timing import bit_of, phases_in


class Trip(StrEnum):
    """Why a monitor puts the cabinet into flash."""

    CONFLICT = "conflict"
    SHORT_YELLOW = "short yellow"
    SKIPPED_YELLOW = "skipped yellow"
    SHORT_CLEARANCE = "short clearance"
    DUAL_INDICATION = "dual indication"


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorCard:
    """The monitor's own programming, kept apart from the controller's tables.

    Parameters
    ----------
    conflicts
        Phase → mask of the phases that may not show green, yellow or walk with it.
    minimum_yellow_ds
        Shortest yellow (NEMA TS 2: 2.7 s). [0.1 s]
    minimum_clearance_ds
        Shortest time from the end of a green to a conflicting green. [0.1 s]
    """

    conflicts: Mapping[int, int]
    minimum_yellow_ds: int = 27
    minimum_clearance_ds: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Tripped:
    """A latched fault: what was seen, on which phase, and when, in 0.1 s."""

    trip: Trip
    phase: int
    other: int
    at_ds: int

    def __str__(self) -> str:
        """Return one line for a log."""
        beside = f" with {self.other}" if self.other else ""
        return f"{self.trip} of phase {self.phase}{beside} at {self.at_ds / 10:.1f} s"


class ConflictMonitor:
    """Watches what is shown and latches the first fault.

    Parameters
    ----------
    card
        Its programming.
    """

    def __init__(self, card: MonitorCard) -> None:
        self.card = card
        self.tripped: Tripped | None = None
        self._now_ds = 0
        self._last = Shown()
        self._green_end_ds: dict[int, int] = {}
        self._yellow_begin_ds: dict[int, int] = {}

    def reset(self) -> None:
        """Forget the fault and all that was seen."""
        self.tripped = None
        self._last = Shown()
        self._green_end_ds.clear()
        self._yellow_begin_ds.clear()

    def watch(self, shown: Shown) -> bool:
        """Look at the colours of the next tenth of a second.

        Returns
        -------
        bool
            The cabinet must flash.
        """
        self._now_ds += 1
        if self.tripped is not None:
            return True
        if shown == self._last:
            return False
        if shown.is_flashing:
            self._green_end_ds.clear()
        else:
            self.tripped = self._fault(shown)
        self._last = shown
        return self.tripped is not None

    def _fault(self, shown: Shown) -> Tripped | None:
        if shown.greens & shown.yellows:
            return self._tell(Trip.DUAL_INDICATION, shown.greens & shown.yellows)
        return self._conflict(shown) or self._clearance(shown)

    def _conflict(self, shown: Shown) -> Tripped | None:
        active = shown.greens | shown.yellows | shown.walks | shown.pedestrian_clears
        for phase in phases_in(active):
            beside = active & self.card.conflicts.get(phase, 0)
            if beside:
                return self._tell(Trip.CONFLICT, bit_of(phase), beside)
        return None

    def _clearance(self, shown: Shown) -> Tripped | None:
        last = self._last
        if last.is_flashing:
            return None
        for phase in phases_in(last.greens & ~shown.greens):
            self._green_end_ds[phase] = self._now_ds
            if not shown.yellows & bit_of(phase):
                return self._tell(Trip.SKIPPED_YELLOW, bit_of(phase))
        for phase in phases_in(shown.yellows & ~last.yellows):
            self._yellow_begin_ds[phase] = self._now_ds
        for phase in phases_in(last.yellows & ~shown.yellows):
            if self._now_ds - self._yellow_begin_ds[phase] < self.card.minimum_yellow_ds:
                return self._tell(Trip.SHORT_YELLOW, bit_of(phase))
        return self._early_green(shown.greens & ~last.greens)

    def _early_green(self, beginning: int) -> Tripped | None:
        for phase in phases_in(beginning):
            for other in phases_in(self.card.conflicts.get(phase, 0)):
                ended_ds = self._green_end_ds.get(other, -self.card.minimum_clearance_ds)
                if self._now_ds - ended_ds < self.card.minimum_clearance_ds:
                    return self._tell(Trip.SHORT_CLEARANCE, bit_of(phase), bit_of(other))
        return None

    def _tell(self, trip: Trip, phases: int, others: int = 0) -> Tripped:
        return Tripped(
            trip=trip,
            phase=next(phases_in(phases)),
            other=next(phases_in(others), 0),
            at_ds=self._now_ds,
        )
