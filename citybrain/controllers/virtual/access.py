"""GET and SET on a unit: what each object shows, and what a SET of it does.

A SET of several objects is judged as a whole before anything changes (RFC 3416, 4.2.5).
"""

from collections.abc import Callable, Iterable, Sequence

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.states import Flash, Free, Transaction, Verify
from citybrain.controllers.ntcip.syntax import Kind, Value
from citybrain.controllers.virtual.database import (
    GENERAL_ERROR,
    INCONSISTENT_VALUE,
    NOT_WRITABLE,
    WRONG_VALUE,
    RefusedError,
)
from citybrain.controllers.virtual.faults import Fault
from citybrain.controllers.virtual.rings import Interval
from citybrain.controllers.virtual.schema import Role, Slot, feeds_watchdog
from citybrain.controllers.virtual.timing import TENTHS_PER_S
from citybrain.controllers.virtual.unit import VirtualUnit

_PHASES_PER_GROUP = 8
_NOT_READY_SETS = 2
WRONG_TYPE = 7
WRONG_LENGTH = 8
"""Error statuses (RFC 3416, 3)."""
_GAPS = {
    Fault.MISSING_OBJECTS: frozenset(
        {"splitCoordPhase", "sequenceData", "maxDayPlans", "maxDayPlanEvents", "dayPlanHour"}
        | {"dayPlanMinute", "dayPlanActionNumberOID", "dayPlanNumber", "dayPlanEventNumber"}
    ),
    Fault.MISSING_TRANSACTION: frozenset(
        {"dbCreateTransaction", "dbVerifyStatus", "dbVerifyError"}
    ),
    Fault.MISSING_STATUS: frozenset({"localFreeStatus", "unitControlStatus"}),
}
_SHOWN_OLD = frozenset({"patternCycleTime", "patternOffsetTime", "splitTime"})
_SHORTER_RED_DS = 10


def has_object(unit: VirtualUnit, slot: Slot) -> bool:
    """Tell whether the unit has an object; some faults hide some."""
    return not unit.faults or not any(
        fault in unit.faults and slot.object_type.name in names for fault, names in _GAPS.items()
    )


def read(unit: VirtualUnit, slot: Slot) -> Value:
    """Return what a slot shows."""
    name = slot.object_type.name
    status = _STATUS.get(name)
    if status is not None:
        return status(unit, slot.row[0] if slot.row else 0)
    value = unit.database.values[slot.index]
    if unit.faults:
        if Fault.LYING_READBACK in unit.faults and name in _SHOWN_OLD:
            return unit.frozen[slot.index]
        if Fault.OTHER_SAFETY_TIMES in unit.faults and name == "phaseRedClear":
            return max(int(value) - _SHORTER_RED_DS, 0)
        if Fault.NO_WATCHDOG in unit.faults and name == "unitBackupTime":
            return 0
    return value


def write(unit: VirtualUnit, pairs: Sequence[tuple[Slot, Value]]) -> None:
    """Set values: all of them or none.

    Numbers of 32 bits that came as a signed INTEGER are taken as they were meant: SNMP has no
    INTEGER beyond 2³¹ − 1, and ``timeBaseScheduleDate`` needs bit 31.

    Raises
    ------
    SetRefusedError
        Names the first value that is refused.
    """
    pairs = [(slot, _meant(slot, value)) for slot, value in pairs]
    for at, (slot, value) in enumerate(pairs, 1):
        status = _objection(unit, slot, value)
        if status:
            raise SetRefusedError(status, at)
    _obey(unit, pairs)


def _meant(slot: Slot, value: Value) -> Value:
    meant = slot.object_type.syntax.unwrapped(value)
    return value if meant is None else meant


class SetRefusedError(Exception):
    """A SET that was refused.

    Parameters
    ----------
    status
        SNMP error status (RFC 3416).
    index
        Which value is at fault, from 1.
    """

    def __init__(self, status: int, index: int) -> None:
        super().__init__(status, index)
        self.status = status
        self.index = index


def _objection(unit: VirtualUnit, slot: Slot, value: Value) -> int:
    if slot.role is Role.STATUS or Fault.READ_ONLY in unit.faults:
        return NOT_WRITABLE
    if Fault.GENERAL_ERROR in unit.faults:
        return GENERAL_ERROR
    if slot.object_type is objects.DB_CREATE_TRANSACTION:
        return _misfit(slot, value) or _turn_objection(unit, value)
    if not unit.database.may_write(slot):
        return GENERAL_ERROR if slot.role is Role.STRUCTURE else INCONSISTENT_VALUE
    return _misfit(slot, value)


def _misfit(slot: Slot, value: Value) -> int:
    syntax = slot.object_type.syntax
    expected = {Kind.OCTETS: bytes, Kind.OBJECT_ID: str}.get(syntax.kind, int)
    if not isinstance(value, expected):
        return WRONG_TYPE
    if not syntax.allows(value):
        return WRONG_LENGTH if syntax.kind is Kind.OCTETS else WRONG_VALUE
    return 0


def _turn_objection(unit: VirtualUnit, value: Value) -> int:
    is_stuck = Fault.STUCK_TRANSACTION in unit.faults and unit.transaction is not Transaction.NORMAL
    if is_stuck and value == Transaction.NORMAL:
        return GENERAL_ERROR
    return 0 if unit.database.allows_turn(int(value)) else WRONG_VALUE


def _obey(unit: VirtualUnit, pairs: Iterable[tuple[Slot, Value]]) -> None:
    for slot, value in pairs:
        if slot.object_type is objects.DB_CREATE_TRANSACTION:
            _turn(unit, int(value))
        elif slot.object_type is objects.GLOBAL_TIME:
            unit.set_clock(int(value))
        elif not (Fault.DEAF_SPLITS in unit.faults and slot.object_type is objects.SPLIT_TIME):
            unit.database.write(slot, value)
            if feeds_watchdog(slot):
                unit.command()
        if slot.object_type is objects.VOLUME_OCCUPANCY_PERIOD:
            unit.rack.period_s = int(value)
    _suffer(unit, pairs)


def _turn(unit: VirtualUnit, wanted: int) -> None:
    database = unit.database
    is_storing = database.verdict is Verify.DONE_WITH_NO_ERROR and wanted == Transaction.NORMAL
    if Fault.HALF_STORED in unit.faults and is_storing and database.state is Transaction.DONE:
        database.keep_part(0.5)
        database.lose_power()
        return
    try:
        database.turn(wanted)
    except RefusedError as error:
        raise SetRefusedError(error.status, 1) from None


def _suffer(unit: VirtualUnit, pairs: Iterable[tuple[Slot, Value]]) -> None:
    """Let the faults happen that a SET sets off."""
    if not unit.faults:
        return
    unit.sets += 1
    is_open = unit.transaction is Transaction.TRANSACTION
    unit.sets_in_transaction = unit.sets_in_transaction + 1 if is_open else 0
    if Fault.FORGETS_TRANSACTION in unit.faults and unit.sets_in_transaction > _NOT_READY_SETS:
        unit.database.lose_power()
    commands = any(slot.object_type is objects.SYSTEM_PATTERN_CONTROL for slot, _ in pairs)
    if (
        (Fault.REBOOT_ON_SET in unit.faults and unit.sets % 5 == 0)
        or (Fault.POWER_LOSS_IN_TRANSACTION in unit.faults and unit.sets_in_transaction == 3)  # noqa: PLR2004
        or (Fault.REBOOT_ON_ACTIVATION in unit.faults and commands)
    ):
        unit.lose_power()


Status = Callable[[VirtualUnit, int], Value]


def _group(mask: int, group: int) -> int:
    return mask >> (group - 1) * _PHASES_PER_GROUP & 0xFF


def _reds(unit: VirtualUnit, group: int) -> int:
    lit = unit.shown.greens | unit.shown.yellows
    return 0 if unit.shown.is_flashing else _group(unit.enabled & ~lit, group)


def _dont_walks(unit: VirtualUnit, group: int) -> int:
    walking = unit.shown.walks | unit.shown.pedestrian_clears
    return 0 if unit.shown.is_flashing else _group(unit.enabled & ~walking, group)


def _cycle_s(unit: VirtualUnit, _: int) -> int:
    running = unit.machine.coordinator
    if running is None:
        return 0
    return (running.layout.cycle_ds - running.local_ds + TENTHS_PER_S - 1) // TENTHS_PER_S


def _sync_s(unit: VirtualUnit, _: int) -> int:
    running = unit.machine.coordinator
    return 0 if running is None else unit.master_ds % running.layout.cycle_ds // TENTHS_PER_S


def _alarm1(unit: VirtualUnit, _: int) -> int:
    is_free = unit.free_status is not Free.NOT_FREE
    return (
        (not is_free) << 7
        | is_free << 6
        | (unit.flash_status is Flash.LOCAL_MANUAL) << 5
        | (unit.flash_status is Flash.MMU) << 4
        | (unit.free_status is Free.FAILED) << 2
    )


def _alarm2(unit: VirtualUnit, _: int) -> int:
    running = unit.machine.coordinator
    return (running is not None and not running.is_in_step) << 5 | (unit.boots > 1)


def _short_alarm(unit: VirtualUnit, _: int) -> int:
    is_flashing = unit.flash_status is not Flash.NOT_FLASH
    is_off = bool(unit.commanded) and unit.free_status is not Free.NOT_FREE
    is_critical = unit.flash_status is Flash.MMU
    return is_critical << 7 | is_off << 4 | is_flashing << 1


_RING_STATE = {Interval.RED: 7, Interval.GREEN: 0, Interval.YELLOW: 2, Interval.RED_CLEAR: 3}


def _ring(unit: VirtualUnit, ring: int) -> int:
    if ring > len(unit.machine.rings):
        return 7
    return _RING_STATE[unit.machine.rings[ring - 1].interval]


def _active_detectors(unit: VirtualUnit, group: int) -> int:
    return _group(sum(1 << (detector - 1) for detector in unit.rack.active), group)


_STATUS: dict[str, Status] = {
    "phaseStatusGroupReds": _reds,
    "phaseStatusGroupYellows": lambda unit, group: _group(unit.shown.yellows, group),
    "phaseStatusGroupGreens": lambda unit, group: _group(unit.shown.greens, group),
    "phaseStatusGroupDontWalks": _dont_walks,
    "phaseStatusGroupPedClears": lambda unit, group: _group(unit.shown.pedestrian_clears, group),
    "phaseStatusGroupWalks": lambda unit, group: _group(unit.shown.walks, group),
    "phaseStatusGroupVehCalls": lambda unit, group: _group(unit.machine.calls, group),
    "phaseStatusGroupPedCalls": lambda unit, group: _group(unit.machine.pedestrian_calls, group),
    "phaseStatusGroupPhaseOns": lambda unit, group: _group(unit.machine.phases_on, group),
    "phaseStatusGroupPhaseNexts": lambda unit, group: _group(unit.machine.phases_next, group),
    "channelStatusGroupReds": _reds,
    "channelStatusGroupYellows": lambda unit, group: _group(unit.shown.yellows, group),
    "channelStatusGroupGreens": lambda unit, group: _group(unit.shown.greens, group),
    "ringStatus": _ring,
    "coordPatternStatus": lambda unit, _: unit.pattern_status,
    "localFreeStatus": lambda unit, _: int(unit.free_status),
    "coordCycleStatus": _cycle_s,
    "coordSyncStatus": _sync_s,
    "unitControlStatus": lambda unit, _: int(unit.control),
    "unitFlashStatus": lambda unit, _: int(unit.flash_status),
    "unitAlarmStatus1": _alarm1,
    "unitAlarmStatus2": _alarm2,
    "unitAlarmStatus3": lambda _unit, _row: 0,
    "unitAlarmStatus4": lambda _unit, _row: 0,
    "shortAlarmStatus": _short_alarm,
    "alarmGroupState": lambda _unit, _row: 0,
    "dbCreateTransaction": lambda unit, _: int(unit.transaction),
    "dbVerifyStatus": lambda unit, _: int(unit.database.verdict),
    "dbVerifyError": lambda unit, _: unit.database.error.encode("ascii", "replace"),
    "globalTime": lambda unit, _: int(unit.utc_s),
    "controllerLocalTime": lambda unit, _: int(unit.local_s),
    "dayPlanStatus": lambda unit, _: unit.day_plan_status[1],
    "timeBaseScheduleTableStatus": lambda unit, _: unit.day_plan_status[0],
    "timebaseAscActionStatus": lambda unit, _: unit.action_status,
    "vehicleDetectorStatusGroupActive": _active_detectors,
    "vehicleDetectorStatusGroupAlarms": lambda _unit, _row: 0,
    "vehicleDetectorAlarms": lambda _unit, _row: 0,
    "volumeOccupancySequence": lambda unit, _: unit.rack.sequence,
    "detectorVolume": lambda unit, row: unit.rack.volumes.get(row, 0),
    "detectorOccupancy": lambda unit, row: unit.rack.occupancies.get(row, 0),
}
"""Object → what it shows; everything else is stored."""
