"""The signal machine: rings that serve phases between barriers, Free or in coordination.

The logic is that of a NEMA dual-ring controller, simplified where a fixed-time plan does not
need more; `docs/controllers.md` names what is left out.

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
    note_forces,
)
from citybrain.controllers.virtual.layout import Layout
from citybrain.controllers.virtual.rings import Interval, Ring, Walking
from citybrain.controllers.virtual.shown import Shown
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


class SignalMachine:
    """Runs the signal of one intersection, a tenth of a second at a time.

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

    # What a system may ask for

    def run_pattern(self, layout: Layout, correction: Correction = Correction.SHORTWAY) -> None:
        """Change to a pattern; it takes over when all of its coordinated phases are green."""
        self._pending = (layout, correction)
        running = self.coordinator
        if running is not None and running.layout.coordinated != layout.coordinated:
            self.coordinator = None

    def run_free(self) -> None:
        """Leave coordination."""
        self.coordinator = None
        self._pending = None

    def flash(self, *, is_urgent: bool) -> None:
        """Go to flash: at once after a fault, else once every green has been cleared."""
        if is_urgent:
            self._stop_all(Mode.FLASHING)
        elif self.mode is not Mode.FLASHING:
            self.mode = Mode.GOING_TO_FLASH

    def leave_flash(self) -> None:
        """Leave flash, or the way to it: all faces red, then the first green."""
        if self.mode in {Mode.FLASHING, Mode.GOING_TO_FLASH}:
            self._stop_all(Mode.STARTING)
            self._left_ds = STARTUP_RED_DS

    def _stop_all(self, mode: Mode) -> None:
        self.mode = mode
        self._target = None
        for ring in self.rings:
            ring.rest_in_red()
        if self.coordinator is not None and self._pending is None:
            self._pending = (self.coordinator.layout, self.coordinator.correction)
        self.coordinator = None

    # What it shows

    @property
    def shown(self) -> Shown:
        """What all phases show now."""
        if self.is_flashing:
            return Shown(is_flashing=True)
        greens = yellows = walks = clears = 0
        for ring in self.rings:
            if ring.interval is Interval.GREEN:
                bit = bit_of(ring.phase)
                greens |= bit
                if ring.walking is Walking.WALK:
                    walks |= bit
                elif ring.walking is Walking.CLEAR:
                    clears |= bit
            elif ring.interval is Interval.YELLOW:
                yellows |= bit_of(ring.phase)
        return Shown(greens=greens, yellows=yellows, walks=walks, pedestrian_clears=clears)

    @property
    def is_flashing(self) -> bool:
        """Whether the cabinet flashes."""
        is_starting = self.mode is Mode.STARTING and self._left_ds > STARTUP_RED_DS
        return is_starting or self.mode is Mode.FLASHING

    @property
    def phases_on(self) -> int:
        """Mask of the phases that are timed."""
        return sum(bit_of(ring.phase) for ring in self.rings if ring.phase)

    @property
    def phases_next(self) -> int:
        """Mask of the phases that are known to follow."""
        following = (ring.next_phase or ring.across for ring in self.rings)
        return mask_of(phase for phase in following if phase)

    @property
    def pending_pattern(self) -> int:
        """Pattern that waits to take over; 0 for none."""
        return self._pending[0].number if self._pending else 0

    # A tenth of a second

    def tick(self, master_ds: int, actuated: int = 0, pedestrians: int = 0) -> None:
        """Let a tenth of a second pass.

        Parameters
        ----------
        master_ds
            Master clock after it. [0.1 s]
        actuated
            Mask of the phases whose detectors are covered.
        pedestrians
            Mask of the phases whose push buttons are pressed.
        """
        if self.mode is Mode.FLASHING:
            return
        if self.mode is Mode.STARTING:
            self._start()
            return
        self._latch(actuated, pedestrians)
        for ring in self.rings:
            if ring.phase:
                if ring.walking is Walking.WALK and self._rest_in_walk & bit_of(ring.phase):
                    self._prolong_walk(ring)
                ring.pass_tenth(self._timings[ring.phase])
                if actuated & bit_of(ring.phase):
                    ring.unused_ds = 0
        self._keep_time(master_ds)
        demand = self._demand(actuated)
        self._walk_again(demand)
        self._end_greens(demand)
        self._begin_greens(demand)

    def _prolong_walk(self, ring: Ring) -> None:
        """Hold a walk that rests until only its clearance is left before the force-off."""
        running = self.coordinator
        if running is None or not running.is_in_step or ring.is_forced or ring.walking_ds > 1:
            return
        clear_ds = self._timings[ring.phase].pedestrian_clear_ds
        if left_until_force_ds(running, ring.phase) - 1 > clear_ds:
            ring.walking_ds = 2

    def _start(self) -> None:
        self._left_ds -= 1
        if self._left_ds <= 0:
            self.mode = Mode.RUNNING
            self._group = 0
            self._cross_into(0, self._demand(0))

    def _latch(self, actuated: int, pedestrians: int) -> None:
        greens = 0
        for ring in self.rings:
            if ring.interval is Interval.GREEN:
                greens |= bit_of(ring.phase)
        self.calls = (self.calls | actuated & self._lock_memory) & ~greens & self._enabled
        self.pedestrian_calls |= pedestrians & self._enabled

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

    # Coordination

    def _keep_time(self, master_ds: int) -> None:
        running = self.coordinator
        if running is not None:
            before_ds = running.since_yield_ds()
            are_green = self._are_green(running.layout.coordinated)
            running.advance(master_ds, may_dwell=are_green)
            note_forces(running, self.rings, before_ds)
        if self._pending is not None and self.mode is Mode.RUNNING:
            layout, correction = self._pending
            if self._are_green(layout.coordinated):
                self._take_over(layout, correction)

    def _are_green(self, phases: int) -> bool:
        on = 0
        for ring in self.rings:
            if ring.interval is Interval.GREEN:
                on |= bit_of(ring.phase)
        return phases & ~on == 0

    def _take_over(self, layout: Layout, correction: Correction) -> None:
        greens = [r for r in self.rings if r.phase and layout.coordinated & bit_of(r.phase)]
        self.coordinator = Coordinator(layout, correction)
        self.coordinator.take_over(min(ring.elapsed_ds for ring in greens))
        self._pending = None
        for ring in self.rings:
            ring.is_forced = False

    # Ends of greens

    def _end_greens(self, demand: int) -> None:
        if self.mode is Mode.GOING_TO_FLASH:
            self._end_for_flash()
            return
        conflicts = self._conflicts
        for ring in self.rings:
            if ring.interval is Interval.GREEN and demand & conflicts[ring.phase]:
                ring.waited_ds += 1
        ending = [ring for ring in self.rings if self._may_end(ring, demand)]
        for ring in ending:
            following = self._following(ring, demand)
            if following:
                ring.end_green(following)
            elif self._meets_others(ring, demand):
                ring.end_green(0, self._across(ring, demand))

    def _across(self, ring: Ring, demand: int) -> int:
        """Decide which phase follows behind the barrier; the first ring decides where to."""
        clear_ds = self._timings[ring.phase].clear_ds
        if self._target is None:
            self._target = self._next_group(demand, clear_ds)
        phases = self.settings.groups[self._target][self.settings.ring_of[ring.phase]]
        return self._first_of(phases, self._open_demand(demand, clear_ds))

    def _end_for_flash(self) -> None:
        for ring in self.rings:
            timing = self._timings.get(ring.phase)
            if timing is None:
                continue
            if ring.interval is Interval.GREEN and not ring.green_needed_ds(timing):
                ring.end_green(0)
        if self._target is None and all(
            not ring.phase or (ring.is_clear(self._timings[ring.phase]) and not ring.next_phase)
            for ring in self.rings
        ):
            self._stop_all(Mode.FLASHING)

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

    def _is_crossing(self) -> bool:
        """Tell whether a ring is on its way over the barrier, so that all must follow."""
        return any(
            ring.interval in {Interval.YELLOW, Interval.RED_CLEAR} and not ring.next_phase
            for ring in self.rings
        )

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

    # Begins of greens

    def _begin_greens(self, demand: int) -> None:
        at_barrier = 0
        for ring in self.rings:
            if ring.phase and ring.is_clear(self._timings[ring.phase]):
                if ring.next_phase:
                    self._begin(ring, ring.next_phase)
                else:
                    at_barrier += 1
            elif not ring.phase:
                at_barrier += 1
        if at_barrier == len(self.rings) and (self._target is not None or self._is_running()):
            target = self._next_group(demand) if self._target is None else self._target
            self._cross_into(target, demand)

    def _is_running(self) -> bool:
        return self.mode is Mode.RUNNING

    def _next_group(self, demand: int, clear_ds: int = 0) -> int:
        masks = self.settings.group_masks
        for step in range(1, len(masks) + 1):
            group = (self._group + step) % len(masks)
            if self._open_demand(demand & masks[group], clear_ds):
                return group
        return self._group

    def _open_demand(self, demand: int, clear_ds: int = 0) -> int:
        running = self.coordinator
        if running is None:
            return demand
        return mask_of(n for n in phases_in(demand) if is_open(running, n, clear_ds))

    def _cross_into(self, group: int, demand: int) -> None:
        self._group, self._target = group, None
        wanted = self._open_demand(demand)
        for ring, phases in zip(self.rings, self.settings.groups[group], strict=True):
            chosen = ring.across or self._first_of(phases, wanted)
            if chosen:
                self._begin(ring, chosen)
            else:
                ring.rest_in_red()

    def _first_of(self, phases: Sequence[int], wanted: int) -> int:
        """Return the phase with which a ring begins a group; 0 if it has none there."""
        served = [n for n in phases if not self._omits(n)]
        chosen = next((n for n in served if wanted & bit_of(n)), 0)
        chosen = chosen or next((n for n in served if self._dual_entry & bit_of(n)), 0)
        return chosen or (served[-1] if served else 0)

    def _omits(self, phase: int) -> bool:
        omitted = self.omitted
        if self.coordinator is not None:
            omitted |= self.coordinator.layout.omitted
        return bool(omitted & bit_of(phase))

    def _begin(self, ring: Ring, phase: int) -> None:
        ring.begin(phase, self._walk_ds(phase))
        self.calls &= ~bit_of(phase)

    def _walk_ds(self, phase: int) -> int:
        """Return the walk that a beginning green shows, and answer the push button [0.1 s]."""
        asked = self.pedestrian_calls | self._pedestrian_recall
        if self.coordinator is not None:
            asked |= self.coordinator.layout.pedestrian_recall
        if not asked & bit_of(phase):
            return 0
        self.pedestrian_calls &= ~bit_of(phase)
        return self._timings[phase].walk_ds

    def _walk_again(self, demand: int) -> None:
        """Answer push buttons of phases that are already green, where time is left for it."""
        if self.mode is not Mode.RUNNING or not self.pedestrian_calls or self._is_crossing():
            return
        for ring in self.rings:
            if ring.interval is not Interval.GREEN or ring.walking is not Walking.DONT_WALK:
                continue
            if self.pedestrian_calls & bit_of(ring.phase) and self._has_time_to_walk(ring, demand):
                ring.walk(self._walk_ds(ring.phase))

    def _has_time_to_walk(self, ring: Ring, demand: int) -> bool:
        timing = self._timings[ring.phase]
        running = self.coordinator
        if running is None:
            return not demand & self._conflicts[ring.phase]
        if ring.is_forced or not running.is_predictable:
            return False
        walk_ds = timing.walk_ds + timing.pedestrian_clear_ds
        return left_until_force_ds(running, ring.phase) >= walk_ds
