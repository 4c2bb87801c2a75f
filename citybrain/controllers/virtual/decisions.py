"""What follows from the state of a signal machine: who waits, which green may end, what is next.

Nothing here changes anything; ``machine`` acts upon it.

References
----------
NEMA TS 2 (2003), section 3.5; FHWA, Signal Timing Manual, 2nd edition (2015), chapters 4 to 7.
"""

from collections.abc import Sequence
from enum import Enum, auto

from citybrain.controllers.ntcip.states import Correction
from citybrain.controllers.virtual.coordinator import Coordinator
from citybrain.controllers.virtual.force_offs import (
    NEVER_DS,
    is_open,
    left_until_force_ds,
    may_yield,
)
from citybrain.controllers.virtual.layout import Layout
from citybrain.controllers.virtual.rings import Interval, Ring
from citybrain.controllers.virtual.timing import (
    TENTHS_PER_S,
    PhaseOption,
    SignalSettings,
    bit_of,
    mask_of,
    phases_in,
)

STARTUP_RED_DS = 60
"""All faces red after power-up and after flash, before the first green. [0.1 s]"""


class Mode(Enum):
    """What the machine is doing as a whole."""

    STARTING = auto()
    RUNNING = auto()
    GOING_TO_FLASH = auto()
    FLASHING = auto()


class Decisions:
    """State of a signal machine, and what follows from it.

    Parameters
    ----------
    settings
        Phases, rings and barriers.
    """

    def __init__(self, settings: SignalSettings) -> None:
        self.settings = settings
        self.rings = [Ring() for _ in range(settings.ring_count)]
        self.mode = Mode.STARTING
        self.calls = 0
        self.pedestrian_calls = 0
        self.omitted = 0
        self.coordinator: Coordinator | None = None
        self._pending: tuple[Layout, Correction] | None = None
        self._group = 0
        self._target: int | None = None
        self._left_ds = settings.startup_flash_s * TENTHS_PER_S + STARTUP_RED_DS
        self._lock_memory = ~settings.with_option(PhaseOption.NON_LOCK_MEMORY)
        self._minimum_recall = settings.with_option(PhaseOption.MINIMUM_RECALL)
        self._maximum_recall = settings.with_option(PhaseOption.MAXIMUM_RECALL)
        self._pedestrian_recall = settings.with_option(PhaseOption.PEDESTRIAN_RECALL)
        self._rest_in_walk = settings.with_option(PhaseOption.REST_IN_WALK)
        self._dual_entry = settings.with_option(PhaseOption.DUAL_ENTRY)
        self._timings = settings.timings
        self._conflicts = settings.conflicts
        self._enabled = sum(settings.group_masks)

    # Who waits

    def _demand(self, actuated: int) -> int:
        """Return the mask of the phases that somebody or a recall asks for."""
        demand = self.calls | actuated | self.pedestrian_calls
        demand |= self._minimum_recall | self._maximum_recall | self._pedestrian_recall
        omitted = self.omitted
        if self.coordinator is not None:
            layout = self.coordinator.layout
            demand |= layout.minimum_recall | layout.maximum_recall | layout.pedestrian_recall
            demand |= layout.coordinated
            omitted |= layout.omitted
        if self._pending is not None:
            demand |= self._pending[0].coordinated
            omitted &= ~self._pending[0].coordinated
        return demand & self._enabled & ~omitted

    def _open_demand(self, demand: int, clear_ds: int = 0) -> int:
        running = self.coordinator
        if running is None:
            return demand
        return mask_of(n for n in phases_in(demand) if is_open(running, n, clear_ds))

    def _omits(self, phase: int) -> bool:
        omitted = self.omitted
        if self.coordinator is not None:
            omitted |= self.coordinator.layout.omitted
        return bool(omitted & bit_of(phase))

    def _has_time_to_walk(self, ring: Ring, demand: int) -> bool:
        timing = self._timings[ring.phase]
        running = self.coordinator
        if running is None:
            return not demand & self._conflicts[ring.phase]
        if ring.is_forced or not running.is_predictable:
            return False
        walk_ds = timing.walk_ds + timing.pedestrian_clear_ds
        return left_until_force_ds(running, ring.phase) >= walk_ds

    # Which green may end

    def _are_green(self, phases: int) -> bool:
        on = 0
        for ring in self.rings:
            if ring.interval is Interval.GREEN:
                on |= bit_of(ring.phase)
        return phases & ~on == 0

    def _is_crossing(self) -> bool:
        """Tell whether a ring is on its way over the barrier, so that all must follow."""
        return any(
            ring.interval in {Interval.YELLOW, Interval.RED_CLEAR} and not ring.next_phase
            for ring in self.rings
        )

    def _may_end(self, ring: Ring, demand: int) -> bool:
        if ring.interval is not Interval.GREEN:
            return False
        timing = self._timings[ring.phase]
        if ring.green_needed_ds(timing) or not demand & self._conflicts[ring.phase]:
            return False
        if self._is_crossing():
            return True
        running = self.coordinator
        if running is not None:
            return self._may_end_coordinated(ring, demand, running)
        if self._pending is not None and self._pending[0].coordinated & bit_of(ring.phase):
            return False
        return self._is_gapped_out(ring, 0) or ring.waited_ds >= timing.maximum_green_ds

    def _may_end_coordinated(self, ring: Ring, demand: int, running: Coordinator) -> bool:
        if running.layout.coordinated & bit_of(ring.phase):
            return ring.is_forced and may_yield(running, self.settings, ring.phase, demand)
        return ring.is_forced or self._is_gapped_out(ring, running.layout.maximum_recall)

    def _is_gapped_out(self, ring: Ring, more_recall: int) -> bool:
        if (self._maximum_recall | more_recall) & bit_of(ring.phase):
            return False
        return ring.unused_ds >= self._timings[ring.phase].passage_ds

    def _meets_others(self, ring: Ring, demand: int) -> bool:
        """Tell whether the other rings reach the barrier no later than this one if it ends now.

        All rings cross at once, so a ring that is early stays green rather than red.
        """
        clear_ds = self._timings[ring.phase].clear_ds
        return all(
            self._barrier_ds(other, demand) <= clear_ds
            for other in self.rings
            if other is not ring and other.phase
        )

    def _barrier_ds(self, ring: Ring, demand: int) -> int:
        """Return the time until a ring stands at the barrier, red clearance over [0.1 s]."""
        timing = self._timings[ring.phase]
        if ring.interval is not Interval.GREEN:
            return NEVER_DS if ring.next_phase else ring.clearing_left_ds(timing)
        if self._following(ring, demand):
            return NEVER_DS
        if self._may_end(ring, demand):
            return timing.clear_ds
        needed_ds = ring.green_needed_ds(timing)
        running = self.coordinator
        if self._is_crossing():
            return needed_ds + timing.clear_ds
        if running is None or ring.is_forced:
            return NEVER_DS if running is None else needed_ds + timing.clear_ds
        return max(needed_ds, left_until_force_ds(running, ring.phase)) + timing.clear_ds

    # What is next

    def _following(self, ring: Ring, demand: int) -> int:
        """Return the phase that follows in the same group; 0 if the barrier is next."""
        if self._is_crossing():
            return 0
        phases = self.settings.groups[self._group][self.settings.ring_of[ring.phase]]
        at = phases.index(ring.phase)
        clear_ds = self._timings[ring.phase].clear_ds
        later = demand & mask_of(phases[at + 1 :])
        for phase in phases[at + 1 :] if later else ():
            if self._open_demand(later & bit_of(phase), clear_ds):
                return phase
        if demand & ~self.settings.group_masks[self._group]:
            return 0
        return next((phase for phase in phases[:at] if demand & bit_of(phase)), 0)

    def _next_group(self, demand: int, clear_ds: int = 0) -> int:
        masks = self.settings.group_masks
        for step in range(1, len(masks) + 1):
            group = (self._group + step) % len(masks)
            if self._open_demand(demand & masks[group], clear_ds):
                return group
        return self._group

    def _first_of(self, phases: Sequence[int], wanted: int) -> int:
        """Return the phase with which a ring begins a group; 0 if it has none there."""
        served = [n for n in phases if not self._omits(n)]
        chosen = next((n for n in served if wanted & bit_of(n)), 0)
        chosen = chosen or next((n for n in served if self._dual_entry & bit_of(n)), 0)
        return chosen or (served[-1] if served else 0)
