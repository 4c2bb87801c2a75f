"""One virtual unit: memory, clock, watchdog, signal machine and monitor, and its faults."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.states import (
    PATTERN_FLASH,
    PATTERN_FREE,
    Flash,
    Free,
    Transaction,
    UnitControl,
)
from citybrain.controllers.ntcip.syntax import ObjectType, Value
from citybrain.controllers.virtual.configuration import structure_error
from citybrain.controllers.virtual.database import VERIFY_DS, Database
from citybrain.controllers.virtual.decisions import Mode
from citybrain.controllers.virtual.detectors import DetectorRack
from citybrain.controllers.virtual.faults import Fault
from citybrain.controllers.virtual.layout import CannotRunError, Layout
from citybrain.controllers.virtual.machine import SignalMachine
from citybrain.controllers.virtual.monitor import ConflictMonitor
from citybrain.controllers.virtual.shown import Shown
from citybrain.controllers.virtual.stored import DAY_DS, Stored, pattern_error
from citybrain.controllers.virtual.timing import TENTHS_PER_S
from citybrain.controllers.virtual.unit_settings import UnitSettings

LONGEST_GAP_DS = 1200
"""A unit that was not called for longer than this skips the rest. [0.1 s]"""
POWER_OFF_DS = 30
"""How long a loss of power lasts. [0.1 s]"""
FOREIGN_PERIOD_DS = 50
"""Time between two tries under ``Fault.FOREIGN_TRANSACTION``. [0.1 s]"""
DRIFT = 0.01
"""What the clock gains under ``Fault.CLOCK_DRIFT``. [-]"""
JUMP_S = 37.0
"""How far the clock is ahead under ``Fault.CLOCK_JUMP``. [s]"""


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
        self.machine = SignalMachine(self._stored.first_settings())
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
        self.database.verify_ds = None if Fault.STUCK_VERIFY in self.faults else VERIFY_DS
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
        return self.utc_s + self._stored.zone_s

    @property
    def master_ds(self) -> int:
        """Time since the reference of all patterns: midnight, or the minute after it [0.1 s]."""
        return (round(self.local_s * TENTHS_PER_S) - self._stored.reference_ds) % DAY_DS

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
            actuated |= self._stored.called_by.get(detector, 0)
        if self.commanded:
            number = self._stored.number
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
        self._stored = Stored(self.schema, self.database.values)

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
        backup_s = self._stored.number(objects.UNIT_BACKUP_TIME)
        if Fault.NO_WATCHDOG in self.faults or not backup_s or not self.commanded:
            return
        if self.silence_ds > backup_s * TENTHS_PER_S:
            self.is_backup = True
            self._put(objects.SYSTEM_PATTERN_CONTROL, 0)

    def _asked(self) -> tuple[int, UnitControl]:
        if Fault.MANUAL in self.faults:
            return PATTERN_FREE, UnitControl.LOCAL_MANUAL_CONTROL
        manual = self._stored.number(objects.COORD_OPERATIONAL_MODE)
        if manual:
            return manual, UnitControl.MANUAL
        if self.commanded and Fault.IGNORES_PATTERN not in self.faults:
            return self.commanded, UnitControl.SYSTEM_CONTROL
        pattern = self._stored.scheduled(self.local_s)
        if self.is_backup:
            return pattern, UnitControl.BACKUP_MODE
        return pattern, UnitControl.TIMEBASE if pattern else UnitControl.SYSTEM_STANDBY

    def _rebuilds(self, pattern: int) -> bool:
        """Restart the machine by way of flash where its phases or rings have changed."""
        settings = self._stored.settings_for(pattern)
        if settings is None or settings == self.machine.settings:
            return False
        if self.machine.mode is not Mode.FLASHING:
            self.machine.flash(is_urgent=False)
        else:
            self.machine = SignalMachine(replace(settings, startup_flash_s=0))
            self.machine.settings = settings
            self._target = None
        return True

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
            self.machine.run_pattern(layout, self._stored.correction)

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
        return self._stored.layout(pattern, self.machine.settings)

    # Memory

    def _check(self, values: Sequence[Value]) -> str:
        """Return what verify finds wrong with a set of values."""
        if Fault.FAILING_VERIFY in self.faults:
            return "phase 1: consistency check failed"
        error = structure_error(self.schema, values)
        if error or not self.settings.checks_patterns:
            return error
        return pattern_error(self.schema, values, self.machine.settings)

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
        return self._stored.day_plan(self.local_s)

    @property
    def action_status(self) -> int:
        """Timebase action that the schedule asks for now; 0 for none."""
        return self._stored.action(self.local_s)

    @property
    def transaction(self) -> Transaction:
        """State of the download."""
        return self.database.state

    def reset_monitor(self) -> None:
        """Press the reset button of the conflict monitor."""
        self.monitor.reset()
        self.machine.leave_flash()
        self._target = None
