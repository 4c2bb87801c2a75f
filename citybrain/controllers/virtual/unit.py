"""One virtual unit: memory, clock, watchdog, signal machine and monitor, and its faults."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.states import (
    LAST_PATTERN,
    PATTERN_FLASH,
    PATTERN_FREE,
    Correction,
    Flash,
    Free,
    Transaction,
    UnitControl,
)
from citybrain.controllers.ntcip.syntax import ObjectType, Value
from citybrain.controllers.virtual.configuration import Tables, structure_error
from citybrain.controllers.virtual.database import Database
from citybrain.controllers.virtual.detectors import DetectorRack
from citybrain.controllers.virtual.faults import Fault
from citybrain.controllers.virtual.layout import CannotRunError, Layout, lay_out
from citybrain.controllers.virtual.machine import Mode, SignalMachine
from citybrain.controllers.virtual.monitor import ConflictMonitor, MonitorCard
from citybrain.controllers.virtual.schema import Schema
from citybrain.controllers.virtual.shown import Shown
from citybrain.controllers.virtual.timebase import Timebase, local_datetime
from citybrain.controllers.virtual.timing import TENTHS_PER_S, SignalSettings, mask_of
from citybrain.errors import InfeasibleError

DAY_DS = 864_000
LONGEST_GAP_DS = 1200
"""A unit that was not called for longer than this skips the rest. [0.1 s]"""
POWER_OFF_DS = 30
FOREIGN_PERIOD_DS = 50
DRIFT = 0.01
JUMP_S = 37.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSettings:
    """What a virtual unit is built from.

    Parameters
    ----------
    name
        Name of the unit.
    schema, values
        Its objects, and what they hold when it is delivered.
    card
        Programming of its conflict monitor.
    checks_patterns
        Whether verify refuses a pattern that cannot run.  Most units accept it and run Free.
    transaction_timeout_s
        An open transaction that nobody touches for so long is dropped; 0 for never. [s]
    faults
        Faults from the start.
    """

    name: str
    schema: Schema
    values: Sequence[Value]
    card: MonitorCard
    checks_patterns: bool = False
    transaction_timeout_s: int = 0
    faults: frozenset[Fault] = frozenset()


class VirtualUnit:
    """A controller that lives in memory.

    Parameters
    ----------
    settings
        What it is built from.
    now_s
        Time at which power comes on. [s since 1970, UTC]
    """

    def __init__(self, settings: UnitSettings, now_s: float) -> None:
        self.settings = settings
        self.schema = settings.schema
        self.faults: set[Fault] = set()
        timeout_ds = settings.transaction_timeout_s * TENTHS_PER_S
        self.database = Database(settings.values, self._check, timeout_ds)
        self.boots = 0
        self.now_s = now_s
        self.started_s = now_s
        self.off_ds = 0
        self.sets = self.sets_in_transaction = 0
        self.frozen: Mapping[int, Value] = {}
        self.rack = DetectorRack(settings.schema.sizes.detectors)
        self._clock_error_s = 0.0
        self._done_ds = round(now_s * TENTHS_PER_S)
        self._start()
        for fault in settings.faults:
            self.switch(fault, is_on=True)

    def _start(self) -> None:
        """Begin as after power-up: stored values, nothing commanded, nothing seen."""
        self.boots += 1
        self.started_s = self.now_s
        self.database.lose_power()
        self._read_tables()
        self.machine = SignalMachine(self._tables.settings())
        self.monitor = ConflictMonitor(self.settings.card)
        self.control = UnitControl.SYSTEM_STANDBY
        self.free = Free.COORD_FREE
        self.commanded = 0
        self.silence_ds = 0
        self.is_backup = False
        self.shown = self.machine.shown
        self._target: tuple[int, int] | None = None
        self._running: Layout | None = None
        self._put(objects.SYSTEM_PATTERN_CONTROL, 0)

    # Faults

    def switch(self, fault: Fault, *, is_on: bool) -> None:
        """Switch a fault on or off."""
        if is_on and fault is Fault.LYING_READBACK:
            self.frozen = dict(enumerate(self.database.values))
        if fault is Fault.CLOCK_JUMP and is_on != (fault in self.faults):
            self._clock_error_s += JUMP_S if is_on else -JUMP_S
        if is_on:
            self.faults.add(fault)
        else:
            self.faults.discard(fault)
        self.database.verify_ds = None if Fault.STUCK_VERIFY in self.faults else 3
        self._target = None

    def lose_power(self) -> None:
        """Switch power off for some seconds; what was not stored is lost."""
        self.off_ds = POWER_OFF_DS
        self.database.lose_power()

    @property
    def has_power(self) -> bool:
        """Whether the unit is on."""
        return self.off_ds == 0

    # Time

    @property
    def utc_s(self) -> float:
        """What the unit takes for the time [s since 1970, UTC]."""
        return self.now_s + self._clock_error_s

    def set_clock(self, utc_s: float) -> None:
        """Set the unit's clock [s since 1970, UTC]."""
        self._clock_error_s = utc_s - self.now_s

    @property
    def local_s(self) -> float:
        """The unit's local time [s since 1970, local]."""
        return self.utc_s + self._zone_s

    @property
    def master_ds(self) -> int:
        """Time since the reference of all patterns: midnight, or the minute after it [0.1 s]."""
        return (round(self.local_s * TENTHS_PER_S) - self._reference_ds) % DAY_DS

    def advance(self, now_s: float) -> None:
        """Run until an instant; never backwards [s since 1970, UTC]."""
        until_ds = round(now_s * TENTHS_PER_S)
        self._done_ds = max(self._done_ds, until_ds - LONGEST_GAP_DS)
        while self._done_ds < until_ds:
            self._done_ds += 1
            self.now_s = self._done_ds / TENTHS_PER_S
            self._tick()

    def _tick(self) -> None:
        if self.off_ds:
            self.off_ds -= 1
            self.shown = Shown(is_flashing=True)
            if self.off_ds == 0:
                self._start()
            return
        if self.faults:
            self._suffer()
        self.database.tick()
        if self.database.commits != self._seen_commits:
            self._read_tables()
            self._target = None
        if self._done_ds % TENTHS_PER_S == 0 or self._target is None:
            self._choose()
        self._drive()

    def _suffer(self) -> None:
        if Fault.CLOCK_DRIFT in self.faults:
            self._clock_error_s += DRIFT / TENTHS_PER_S
        is_time = self._done_ds % FOREIGN_PERIOD_DS == 0 and self.transaction is Transaction.NORMAL
        if Fault.FOREIGN_TRANSACTION in self.faults and is_time:
            self.database.turn(Transaction.TRANSACTION)

    def _drive(self) -> None:
        actuated, pedestrians = self._calls()
        self.rack.tick()
        self.machine.tick(self.master_ds, actuated, pedestrians)
        shown = self.machine.shown
        if Fault.CONFLICT in self.faults and not shown.is_flashing:
            shown = replace(shown, greens=self.enabled, yellows=0)
        if self.monitor.watch(shown):
            self.machine.flash(is_urgent=True)
            shown = self.machine.shown
        self.shown = shown

    def _calls(self) -> tuple[int, int]:
        actuated, pedestrians = 0, self.rack.pedestrians
        if Fault.DEAD_DETECTORS in self.faults:
            return 0, 0
        for detector in self.rack.active:
            actuated |= self._called_by.get(detector, 0)
        if self.commanded:
            number = self._tables.number
            actuated |= number(objects.PHASE_CONTROL_GROUP_VEH_CALL, 1)
            pedestrians |= number(objects.PHASE_CONTROL_GROUP_PED_CALL, 1)
        return actuated, pedestrians

    # What to run

    def command(self) -> None:
        """Note that a system has written a command: the watchdog starts anew."""
        self.silence_ds = 0
        self.is_backup = False
        self._target = None

    def _read_tables(self) -> None:
        """Take over what is stored; everything that every tenth needs is kept at hand."""
        self._seen_commits = self.database.commits
        self._tables = Tables(self.schema, self.database.values)
        self._timebase = Timebase(self.schema, self.database.values)
        self._settings: dict[int, SignalSettings | None] = {}
        self._schedule = (-1, 0)
        number = self._tables.number
        self._zone_s = number(objects.CONTROLLER_STANDARD_TIME_ZONE)
        self._reference_ds = number(objects.TIMEBASE_ASC_PATTERN_SYNC) * 600 % DAY_DS
        self._called_by = {
            detector: mask_of([phase])
            for detector in range(1, self.schema.sizes.detectors + 1)
            if (phase := number(objects.VEHICLE_DETECTOR_CALL_PHASE, detector))
        }

    def _choose(self) -> None:
        """Decide once a second which pattern is asked for, and by whom."""
        self._watch_silence()
        self.commanded = self._command_held()
        pattern, self.control = self._asked()
        if self._rebuilds(pattern):
            return
        if (pattern, self.database.commits) != self._target:
            self._target = (pattern, self.database.commits)
            self._run(pattern)

    def _command_held(self) -> int:
        value = self.database.values[self.schema.slot(objects.SYSTEM_PATTERN_CONTROL).index]
        return int(value) if isinstance(value, int) else 0

    def _watch_silence(self) -> None:
        self.silence_ds += TENTHS_PER_S
        backup_s = self._tables.number(objects.UNIT_BACKUP_TIME)
        if Fault.NO_WATCHDOG in self.faults or not backup_s or not self.commanded:
            return
        if self.silence_ds > backup_s * TENTHS_PER_S:
            self.is_backup = True
            self._put(objects.SYSTEM_PATTERN_CONTROL, 0)

    def _asked(self) -> tuple[int, UnitControl]:
        if Fault.MANUAL in self.faults:
            return PATTERN_FREE, UnitControl.LOCAL_MANUAL_CONTROL
        manual = self._tables.number(objects.COORD_OPERATIONAL_MODE)
        if manual:
            return manual, UnitControl.MANUAL
        if self.commanded and Fault.IGNORES_PATTERN not in self.faults:
            return self.commanded, UnitControl.SYSTEM_CONTROL
        pattern = self._scheduled()
        if self.is_backup:
            return pattern, UnitControl.BACKUP_MODE
        return pattern, UnitControl.TIMEBASE if pattern else UnitControl.SYSTEM_STANDBY

    def _rebuilds(self, pattern: int) -> bool:
        """Restart the machine by way of flash where its phases or rings have changed."""
        settings = self._settings_for(self._sequence(pattern))
        if settings is None or settings == self.machine.settings:
            return False
        if self.machine.mode is not Mode.FLASHING:
            self.machine.flash(is_urgent=False)
        else:
            self.machine = SignalMachine(replace(settings, startup_flash_s=0))
            self.machine.settings = settings
            self._target = None
        return True

    def _settings_for(self, sequence: int) -> SignalSettings | None:
        """Return what the tables make of the machine; none where they make no sense."""
        if sequence not in self._settings:
            try:
                self._settings[sequence] = self._tables.settings(sequence)
            except InfeasibleError:
                self._settings[sequence] = None
        return self._settings[sequence]

    def _scheduled(self) -> int:
        """Return the pattern that the schedule asks for; it is looked up once a minute."""
        minute = int(self.local_s // 60)
        if self._schedule[0] != minute:
            self._schedule = (minute, self._timebase.pattern(local_datetime(self.local_s)))
        return self._schedule[1]

    def _sequence(self, pattern: int) -> int:
        if not 1 <= pattern <= self.schema.sizes.patterns:
            return 1
        sequence = self._tables.number(objects.PATTERN_SEQUENCE_NUMBER, pattern)
        return sequence if 1 <= sequence <= self.schema.sizes.sequences else 1

    def _run(self, pattern: int) -> None:
        if pattern == PATTERN_FLASH or Fault.FLASH in self.faults:
            self.machine.flash(is_urgent=False)
            return
        if self.monitor.tripped is None:
            self.machine.leave_flash()
        try:
            layout = self._layout(pattern)
        except CannotRunError as error:
            self.free = error.reason
            self._running = None
            self.machine.run_free()
            return
        self.free = Free.NOT_FREE
        if layout != self._running:
            if self._running is not None and self._running.number == layout.number:
                self.machine.run_free()
            self._running = layout
            self.machine.run_pattern(layout, self._correction())

    def _correction(self) -> Correction:
        return Correction(self._tables.number(objects.COORD_CORRECTION_MODE))

    def _layout(self, pattern: int) -> Layout:
        if Fault.FREE in self.faults:
            raise CannotRunError(Free.INPUT_FREE, "a switch asks for Free")
        if Fault.LYING_STATUS in self.faults and self.commanded:
            raise CannotRunError(Free.OTHER, "it only says that it runs what is commanded")
        if Fault.FAILED_COORDINATION in self.faults:
            raise CannotRunError(Free.FAILED, "coordination has failed")
        if pattern == PATTERN_FREE:
            raise CannotRunError(Free.COMMAND_FREE, "Free is commanded")
        if pattern == 0:
            raise CannotRunError(Free.COORD_FREE, "nobody asks for a pattern")
        return self._layout_of(self._tables, pattern)

    def _layout_of(self, tables: Tables, pattern: int) -> Layout:
        if pattern > min(self.schema.sizes.patterns, LAST_PATTERN):
            raise CannotRunError(Free.BAD_PLAN, f"there is no pattern {pattern}")
        return lay_out(self.machine.settings, tables.pattern(pattern))

    # Memory

    def _check(self, values: Sequence[Value]) -> str:
        """Return what verify finds wrong with a set of values."""
        if Fault.FAILING_VERIFY in self.faults:
            return "phase 1: consistency check failed"
        error = structure_error(self.schema, values)
        if error or not self.settings.checks_patterns:
            return error
        tables = Tables(self.schema, values)
        for pattern in range(1, self.schema.sizes.patterns + 1):
            try:
                self._layout_of(tables, pattern)
            except CannotRunError as found:
                if found.reason is not Free.COORD_FREE:
                    return f"pattern {pattern}: {found}"[:255]
        return ""

    def _put(self, object_type: ObjectType, value: Value) -> None:
        self.database.values[self.schema.slot(object_type).index] = value

    # Status

    @property
    def pattern_status(self) -> int:
        """``coordPatternStatus``: the pattern that runs, 254 for Free, 255 for flash."""
        if Fault.LYING_STATUS in self.faults and self.commanded:
            return self.commanded
        if self.machine.is_flashing:
            return PATTERN_FLASH
        running = self.machine.coordinator
        return running.layout.number if running is not None else PATTERN_FREE

    @property
    def free_status(self) -> Free:
        """``localFreeStatus``: whether coordination is active, else why it is not."""
        if Fault.LYING_STATUS in self.faults or self.machine.coordinator is not None:
            return Free.NOT_FREE
        if self.machine.pending_pattern:
            return Free.TRANSITION_FREE
        return self.free if self.free is not Free.NOT_FREE else Free.OTHER

    @property
    def flash_status(self) -> Flash:
        """``unitFlashStatus``: whether the unit flashes, and why."""
        if not self.machine.is_flashing:
            return Flash.NOT_FLASH
        if self.monitor.tripped is not None:
            return Flash.MMU
        if self.machine.mode is Mode.STARTING:
            return Flash.STARTUP
        return Flash.LOCAL_MANUAL if Fault.FLASH in self.faults else Flash.AUTOMATIC

    @property
    def enabled(self) -> int:
        """Mask of the phases that the unit serves."""
        return sum(self.machine.settings.group_masks)

    @property
    def day_plan_status(self) -> tuple[int, int]:
        """Schedule entry and day plan of today; 0 for none."""
        return self._timebase.day_plan(local_datetime(self.local_s))

    @property
    def action_status(self) -> int:
        """Timebase action that the schedule asks for now; 0 for none."""
        return self._timebase.action(local_datetime(self.local_s))

    @property
    def transaction(self) -> Transaction:
        """State of the download."""
        return self.database.state

    def reset_monitor(self) -> None:
        """Press the reset button of the conflict monitor."""
        self.monitor.reset()
        self.machine.leave_flash()
        self._target = None
