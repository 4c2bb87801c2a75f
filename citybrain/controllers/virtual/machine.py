"""The signal machine: rings that serve phases between barriers, Free or in coordination.

The logic is that of a NEMA dual-ring controller, simplified where a fixed-time plan does not
need more; `docs/controllers.md` names what is left out.

References
----------
NEMA TS 2 (2003), section 3.5; FHWA, Signal Timing Manual, 2nd edition (2015), chapters 4 to 7.
"""

from citybrain.controllers.ntcip.states import Correction
from citybrain.controllers.virtual.coordinator import Coordinator
from citybrain.controllers.virtual.decisions import STARTUP_RED_DS, Decisions, Mode
from citybrain.controllers.virtual.force_offs import left_until_force_ds, note_forces
from citybrain.controllers.virtual.layout import Layout
from citybrain.controllers.virtual.rings import Interval, Ring, Walking
from citybrain.controllers.virtual.shown import Shown
from citybrain.controllers.virtual.timing import bit_of, mask_of


class SignalMachine(Decisions):
    """Runs the signal of one intersection, a tenth of a second at a time.

    Parameters
    ----------
    settings
        Phases, rings and barriers.
    """

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
        """Leave flash: all faces red, then the first green; on the way to it nothing is cut."""
        if self.mode is Mode.FLASHING:
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

    def _cross_into(self, group: int, demand: int) -> None:
        self._group, self._target = group, None
        wanted = self._open_demand(demand)
        for ring, phases in zip(self.rings, self.settings.groups[group], strict=True):
            chosen = ring.across or self._first_of(phases, wanted)
            if chosen:
                self._begin(ring, chosen)
            else:
                ring.rest_in_red()

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
