"""The objects of NTCIP 1201 and 1202 that citybrain reads, writes and simulates.

One constant per object: name, place in the tree, syntax, range, access and table index.

References
----------
NTCIP 1201 (global objects) and NTCIP 1202 (actuated signal controllers), object definitions.
"""

from enum import IntEnum

from citybrain.controllers.ntcip.states import (
    Correction,
    Flash,
    ForceMode,
    Free,
    MaximumMode,
    PatternTable,
    PhaseStartup,
    SplitMode,
    Transaction,
    UnitControl,
    Verify,
)
from citybrain.controllers.ntcip.syntax import Instance, Kind, ObjectType, Syntax

ROOT = "1.3.6.1.4.1.1206.4.2"
"""NEMA's node of transportation devices: 1 is the signal controller, 6 the global objects."""


def _whole(low: int, high: int) -> Syntax:
    return Syntax(kind=Kind.INTEGER, low=low, high=high)


def _of(states: type[IntEnum]) -> Syntax:
    numbers = [int(state) for state in states]
    return Syntax(kind=Kind.INTEGER, low=min(numbers), high=max(numbers), states=states)


def _read(name: str, node: str, syntax: Syntax, *index: str) -> ObjectType:
    return _noted(name, node, syntax, index, is_writable=False)


def _written(name: str, node: str, syntax: Syntax, *index: str) -> ObjectType:
    return _noted(name, node, syntax, index, is_writable=True)


def _noted(
    name: str, node: str, syntax: Syntax, index: tuple[str, ...], *, is_writable: bool
) -> ObjectType:
    oid = f"{ROOT}.{node}"
    noted = ObjectType(name=name, oid=oid, syntax=syntax, is_writable=is_writable, index=index)
    _BY_OID[oid] = noted
    return noted


def instance_of(oid: str) -> Instance:
    """Return the instance that an identifier names.

    Raises
    ------
    KeyError
        It names no known object.
    """
    parts = oid.split(".")
    for length in range(len(parts), 0, -1):
        known = _BY_OID.get(".".join(parts[:length]))
        if known is not None:
            return Instance(object_type=known, oid=oid)
    raise KeyError(oid)


def named(oid: str) -> str:
    """Return an instance as a person reads it, such as ``splitTime.2.4``; the OID if unknown."""
    try:
        return instance_of(oid).name
    except KeyError:
        return oid


def known_objects() -> tuple[ObjectType, ...]:
    """Return every object of this module, in the order in which they stand."""
    return tuple(_BY_OID.values())


_BY_OID: dict[str, ObjectType] = {}

BYTE = _whole(0, 255)
WORD = _whole(0, 65535)
NUMBER = _whole(1, 255)
COUNTER = Syntax(kind=Kind.COUNTER, high=2**32 - 1)
TEXT = Syntax(kind=Kind.OCTETS, high=255)
OBJECT_ID = Syntax(kind=Kind.OBJECT_ID)

_PHASE = "phaseNumber"
_STATUS_GROUP = "phaseStatusGroupNumber"
_CONTROL_GROUP = "phaseControlGroupNumber"
_PATTERN = "patternNumber"
_SPLIT = "splitNumber"
_SPLIT_PHASE = "splitPhase"
_ACTION = "timebaseAscActionNumber"
_SEQUENCE = "sequenceNumber"
_RING = "sequenceRingNumber"
_RING_GROUP = "ringControlGroupNumber"
_CHANNEL = "channelNumber"
_CHANNEL_GROUP = "channelStatusGroupNumber"
_DETECTOR = "vehicleDetectorNumber"
_DETECTOR_GROUP = "vehicleDetectorStatusGroupNumber"
_ALARM_GROUP = "alarmGroupNumber"
_MODULE = "moduleNumber"
_ENTRY = "timeBaseScheduleNumber"
_DAY_PLAN = "dayPlanNumber"
_EVENT = "dayPlanEventNumber"

# Phases.
MAX_PHASES = _read("maxPhases", "1.1.1", _whole(2, 255))
PHASE_NUMBER = _read("phaseNumber", "1.1.2.1.1", NUMBER, _PHASE)
PHASE_WALK = _written("phaseWalk", "1.1.2.1.2", BYTE, _PHASE)
PHASE_PEDESTRIAN_CLEAR = _written("phasePedestrianClear", "1.1.2.1.3", BYTE, _PHASE)
PHASE_MINIMUM_GREEN = _written("phaseMinimumGreen", "1.1.2.1.4", BYTE, _PHASE)
PHASE_PASSAGE = _written("phasePassage", "1.1.2.1.5", BYTE, _PHASE)
PHASE_MAXIMUM1 = _written("phaseMaximum1", "1.1.2.1.6", BYTE, _PHASE)
PHASE_MAXIMUM2 = _written("phaseMaximum2", "1.1.2.1.7", BYTE, _PHASE)
PHASE_YELLOW_CHANGE = _written("phaseYellowChange", "1.1.2.1.8", BYTE, _PHASE)
PHASE_RED_CLEAR = _written("phaseRedClear", "1.1.2.1.9", BYTE, _PHASE)
PHASE_STARTUP = _written("phaseStartup", "1.1.2.1.20", _of(PhaseStartup), _PHASE)
PHASE_OPTIONS = _written("phaseOptions", "1.1.2.1.21", WORD, _PHASE)
PHASE_RING = _written("phaseRing", "1.1.2.1.22", BYTE, _PHASE)
PHASE_CONCURRENCY = _written("phaseConcurrency", "1.1.2.1.23", TEXT, _PHASE)

# What the phases show; one bit per phase, eight phases per group
MAX_PHASE_GROUPS = _read("maxPhaseGroups", "1.1.3", NUMBER)
PHASE_STATUS_GROUP_REDS = _read("phaseStatusGroupReds", "1.1.4.1.2", BYTE, _STATUS_GROUP)
PHASE_STATUS_GROUP_YELLOWS = _read("phaseStatusGroupYellows", "1.1.4.1.3", BYTE, _STATUS_GROUP)
PHASE_STATUS_GROUP_GREENS = _read("phaseStatusGroupGreens", "1.1.4.1.4", BYTE, _STATUS_GROUP)
PHASE_STATUS_GROUP_DONT_WALKS = _read("phaseStatusGroupDontWalks", "1.1.4.1.5", BYTE, _STATUS_GROUP)
PHASE_STATUS_GROUP_PED_CLEARS = _read("phaseStatusGroupPedClears", "1.1.4.1.6", BYTE, _STATUS_GROUP)
PHASE_STATUS_GROUP_WALKS = _read("phaseStatusGroupWalks", "1.1.4.1.7", BYTE, _STATUS_GROUP)
PHASE_STATUS_GROUP_VEH_CALLS = _read("phaseStatusGroupVehCalls", "1.1.4.1.8", BYTE, _STATUS_GROUP)
PHASE_STATUS_GROUP_PED_CALLS = _read("phaseStatusGroupPedCalls", "1.1.4.1.9", BYTE, _STATUS_GROUP)
PHASE_STATUS_GROUP_PHASE_ONS = _read("phaseStatusGroupPhaseOns", "1.1.4.1.10", BYTE, _STATUS_GROUP)
PHASE_STATUS_GROUP_PHASE_NEXTS = _read(
    "phaseStatusGroupPhaseNexts", "1.1.4.1.11", BYTE, _STATUS_GROUP
)

# Phase control by a system; counts as control for unitBackupTime
PHASE_CONTROL_GROUP_PHASE_OMIT = _written(
    "phaseControlGroupPhaseOmit", "1.1.5.1.2", BYTE, _CONTROL_GROUP
)
PHASE_CONTROL_GROUP_PED_OMIT = _written(
    "phaseControlGroupPedOmit", "1.1.5.1.3", BYTE, _CONTROL_GROUP
)
PHASE_CONTROL_GROUP_HOLD = _written("phaseControlGroupHold", "1.1.5.1.4", BYTE, _CONTROL_GROUP)
PHASE_CONTROL_GROUP_FORCE_OFF = _written(
    "phaseControlGroupForceOff", "1.1.5.1.5", BYTE, _CONTROL_GROUP
)
PHASE_CONTROL_GROUP_VEH_CALL = _written(
    "phaseControlGroupVehCall", "1.1.5.1.6", BYTE, _CONTROL_GROUP
)
PHASE_CONTROL_GROUP_PED_CALL = _written(
    "phaseControlGroupPedCall", "1.1.5.1.7", BYTE, _CONTROL_GROUP
)

# The unit
UNIT_START_UP_FLASH = _written("unitStartUpFlash", "1.3.1", BYTE)
UNIT_AUTO_PEDESTRIAN_CLEAR = _written("unitAutoPedestrianClear", "1.3.2", _whole(1, 2))
UNIT_BACKUP_TIME = _written("unitBackupTime", "1.3.3", WORD)
UNIT_RED_REVERT = _written("unitRedRevert", "1.3.4", BYTE)
UNIT_CONTROL_STATUS = _read("unitControlStatus", "1.3.5", _of(UnitControl))
UNIT_FLASH_STATUS = _read("unitFlashStatus", "1.3.6", _of(Flash))
UNIT_ALARM_STATUS1 = _read("unitAlarmStatus1", "1.3.8", BYTE)
UNIT_ALARM_STATUS2 = _read("unitAlarmStatus2", "1.3.7", BYTE)
UNIT_ALARM_STATUS3 = _read("unitAlarmStatus3", "1.3.26", BYTE)
UNIT_ALARM_STATUS4 = _read("unitAlarmStatus4", "1.3.27", BYTE)
SHORT_ALARM_STATUS = _read("shortAlarmStatus", "1.3.9", BYTE)
UNIT_CONTROL = _written("unitControl", "1.3.10", BYTE)
MAX_ALARM_GROUPS = _read("maxAlarmGroups", "1.3.11", NUMBER)
ALARM_GROUP_STATE = _read("alarmGroupState", "1.3.12.1.2", BYTE, _ALARM_GROUP)

# Coordination: patterns, splits, status, system control
COORD_OPERATIONAL_MODE = _written("coordOperationalMode", "1.4.1", BYTE)
COORD_CORRECTION_MODE = _written("coordCorrectionMode", "1.4.2", _of(Correction))
COORD_MAXIMUM_MODE = _written("coordMaximumMode", "1.4.3", _of(MaximumMode))
COORD_FORCE_MODE = _written("coordForceMode", "1.4.4", _of(ForceMode))
MAX_PATTERNS = _read("maxPatterns", "1.4.5", _whole(1, 253))
PATTERN_TABLE_TYPE = _read("patternTableType", "1.4.6", _of(PatternTable))
PATTERN_NUMBER = _read("patternNumber", "1.4.7.1.1", _whole(1, 253), _PATTERN)
PATTERN_CYCLE_TIME = _written("patternCycleTime", "1.4.7.1.2", BYTE, _PATTERN)
PATTERN_OFFSET_TIME = _written("patternOffsetTime", "1.4.7.1.3", BYTE, _PATTERN)
PATTERN_SPLIT_NUMBER = _read("patternSplitNumber", "1.4.7.1.4", NUMBER, _PATTERN)
PATTERN_SEQUENCE_NUMBER = _written("patternSequenceNumber", "1.4.7.1.5", NUMBER, _PATTERN)
MAX_SPLITS = _read("maxSplits", "1.4.8", NUMBER)
SPLIT_NUMBER = _read("splitNumber", "1.4.9.1.1", NUMBER, _SPLIT, _SPLIT_PHASE)
SPLIT_PHASE = _read("splitPhase", "1.4.9.1.2", NUMBER, _SPLIT, _SPLIT_PHASE)
SPLIT_TIME = _written("splitTime", "1.4.9.1.3", BYTE, _SPLIT, _SPLIT_PHASE)
SPLIT_MODE = _written("splitMode", "1.4.9.1.4", _of(SplitMode), _SPLIT, _SPLIT_PHASE)
SPLIT_COORD_PHASE = _written("splitCoordPhase", "1.4.9.1.5", _whole(0, 1), _SPLIT, _SPLIT_PHASE)
COORD_PATTERN_STATUS = _read("coordPatternStatus", "1.4.10", BYTE)
LOCAL_FREE_STATUS = _read("localFreeStatus", "1.4.11", _of(Free))
COORD_CYCLE_STATUS = _read("coordCycleStatus", "1.4.12", _whole(0, 510))
COORD_SYNC_STATUS = _read("coordSyncStatus", "1.4.13", _whole(0, 510))
SYSTEM_PATTERN_CONTROL = _written("systemPatternControl", "1.4.14", BYTE)
SYSTEM_SYNC_CONTROL = _written("systemSyncControl", "1.4.15", BYTE)
PATTERN_COORD_SYNC_POINT = _written("patternCoordSyncPoint", "1.4.7.1.6", _whole(1, 8), _PATTERN)
PATTERN_OPTIONS = _written("patternOptions", "1.4.7.1.7", _whole(1, 6), _PATTERN)

# Timebase actions
TIMEBASE_ASC_PATTERN_SYNC = _written("timebaseAscPatternSync", "1.5.1", WORD)
MAX_TIMEBASE_ASC_ACTIONS = _read("maxTimebaseAscActions", "1.5.2", NUMBER)
TIMEBASE_ASC_ACTION_NUMBER = _read("timebaseAscActionNumber", "1.5.3.1.1", NUMBER, _ACTION)
TIMEBASE_ASC_PATTERN = _written("timebaseAscPattern", "1.5.3.1.2", BYTE, _ACTION)
TIMEBASE_ASC_ACTION_STATUS = _read("timebaseAscActionStatus", "1.5.4", BYTE)
ACTION_PLAN_CONTROL = _written("actionPlanControl", "1.5.5", BYTE)

# Rings and sequences
MAX_RINGS = _read("maxRings", "1.7.1", NUMBER)
MAX_SEQUENCES = _read("maxSequences", "1.7.2", NUMBER)
SEQUENCE_NUMBER = _read("sequenceNumber", "1.7.3.1.1", NUMBER, _SEQUENCE, _RING)
SEQUENCE_RING_NUMBER = _read("sequenceRingNumber", "1.7.3.1.2", NUMBER, _SEQUENCE, _RING)
SEQUENCE_DATA = _written("sequenceData", "1.7.3.1.3", TEXT, _SEQUENCE, _RING)
RING_CONTROL_GROUP_STOP_TIME = _written("ringControlGroupStopTime", "1.7.5.1.2", BYTE, _RING_GROUP)
RING_CONTROL_GROUP_FORCE_OFF = _written("ringControlGroupForceOff", "1.7.5.1.3", BYTE, _RING_GROUP)
RING_STATUS = _read("ringStatus", "1.7.6.1.1", BYTE, _RING)

# Channels
MAX_CHANNELS = _read("maxChannels", "1.8.1", NUMBER)
CHANNEL_CONTROL_SOURCE = _written("channelControlSource", "1.8.2.1.2", BYTE, _CHANNEL)
CHANNEL_CONTROL_TYPE = _written("channelControlType", "1.8.2.1.3", _whole(1, 6), _CHANNEL)
CHANNEL_STATUS_GROUP_REDS = _read("channelStatusGroupReds", "1.8.4.1.2", BYTE, _CHANNEL_GROUP)
CHANNEL_STATUS_GROUP_YELLOWS = _read("channelStatusGroupYellows", "1.8.4.1.3", BYTE, _CHANNEL_GROUP)
CHANNEL_STATUS_GROUP_GREENS = _read("channelStatusGroupGreens", "1.8.4.1.4", BYTE, _CHANNEL_GROUP)
CHANNEL_GREEN_TYPE = _written("channelGreenType", "1.8.2.1.6", _whole(1, 5), _CHANNEL)

# Vehicle detectors
MAX_VEHICLE_DETECTORS = _read("maxVehicleDetectors", "1.2.1", NUMBER)
VEHICLE_DETECTOR_OPTIONS = _written("vehicleDetectorOptions", "1.2.2.1.2", BYTE, _DETECTOR)
VEHICLE_DETECTOR_CALL_PHASE = _written("vehicleDetectorCallPhase", "1.2.2.1.4", BYTE, _DETECTOR)
VEHICLE_DETECTOR_ALARMS = _read("vehicleDetectorAlarms", "1.2.2.1.13", BYTE, _DETECTOR)
VEHICLE_DETECTOR_STATUS_GROUP_ACTIVE = _read(
    "vehicleDetectorStatusGroupActive", "1.2.4.1.2", BYTE, _DETECTOR_GROUP
)
VEHICLE_DETECTOR_STATUS_GROUP_ALARMS = _read(
    "vehicleDetectorStatusGroupAlarms", "1.2.4.1.3", BYTE, _DETECTOR_GROUP
)
VOLUME_OCCUPANCY_SEQUENCE = _read("volumeOccupancySequence", "1.2.5.1", BYTE)
VOLUME_OCCUPANCY_PERIOD = _written("volumeOccupancyPeriod", "1.2.5.2", BYTE)
ACTIVE_VOLUME_OCCUPANCY_DETECTORS = _read("activeVolumeOccupancyDetectors", "1.2.5.3", BYTE)
DETECTOR_VOLUME = _read("detectorVolume", "1.2.5.4.1.1", BYTE, _DETECTOR)
DETECTOR_OCCUPANCY = _read("detectorOccupancy", "1.2.5.4.1.2", BYTE, _DETECTOR)

# What the unit is.
GLOBAL_MAX_MODULES = _read("globalMaxModules", "6.1.2", NUMBER)
MODULE_MAKE = _read("moduleMake", "6.1.3.1.3", TEXT, _MODULE)
MODULE_MODEL = _read("moduleModel", "6.1.3.1.4", TEXT, _MODULE)
MODULE_VERSION = _read("moduleVersion", "6.1.3.1.5", TEXT, _MODULE)

# A download as a transaction.
DB_CREATE_TRANSACTION = _written("dbCreateTransaction", "6.2.1", _of(Transaction))
DB_VERIFY_STATUS = _read("dbVerifyStatus", "6.2.6", _of(Verify))
DB_VERIFY_ERROR = _read("dbVerifyError", "6.2.7", TEXT)

# The unit's clock.
GLOBAL_TIME = _written("globalTime", "6.3.1", _whole(0, 2**32 - 1))
GLOBAL_DAYLIGHT_SAVING = _written("globalDaylightSaving", "6.3.2", _whole(1, 20))
CONTROLLER_STANDARD_TIME_ZONE = _written(
    "controllerStandardTimeZone", "6.3.5", _whole(-43200, 43200)
)
CONTROLLER_LOCAL_TIME = _read("controllerLocalTime", "6.3.6", COUNTER)

# Schedule and day plans.
MAX_TIME_BASE_SCHEDULE_ENTRIES = _read("maxTimeBaseScheduleEntries", "6.3.3.1", _whole(1, 65535))
TIME_BASE_SCHEDULE_NUMBER = _read("timeBaseScheduleNumber", "6.3.3.2.1.1", _whole(1, 65535), _ENTRY)
TIME_BASE_SCHEDULE_MONTH = _written("timeBaseScheduleMonth", "6.3.3.2.1.2", WORD, _ENTRY)
TIME_BASE_SCHEDULE_DAY = _written("timeBaseScheduleDay", "6.3.3.2.1.3", BYTE, _ENTRY)
TIME_BASE_SCHEDULE_DATE = _written(
    "timeBaseScheduleDate", "6.3.3.2.1.4", _whole(0, 2**32 - 1), _ENTRY
)
TIME_BASE_SCHEDULE_DAY_PLAN = _written("timeBaseScheduleDayPlan", "6.3.3.2.1.5", BYTE, _ENTRY)
MAX_DAY_PLANS = _read("maxDayPlans", "6.3.3.3", NUMBER)
MAX_DAY_PLAN_EVENTS = _read("maxDayPlanEvents", "6.3.3.4", NUMBER)
DAY_PLAN_NUMBER = _read("dayPlanNumber", "6.3.3.5.1.1", NUMBER, _DAY_PLAN, _EVENT)
DAY_PLAN_EVENT_NUMBER = _read("dayPlanEventNumber", "6.3.3.5.1.2", NUMBER, _DAY_PLAN, _EVENT)
DAY_PLAN_HOUR = _written("dayPlanHour", "6.3.3.5.1.3", _whole(0, 23), _DAY_PLAN, _EVENT)
DAY_PLAN_MINUTE = _written("dayPlanMinute", "6.3.3.5.1.4", _whole(0, 59), _DAY_PLAN, _EVENT)
DAY_PLAN_ACTION_NUMBER_OID = _written(
    "dayPlanActionNumberOID", "6.3.3.5.1.5", OBJECT_ID, _DAY_PLAN, _EVENT
)
DAY_PLAN_STATUS = _read("dayPlanStatus", "6.3.3.6", BYTE)
TIME_BASE_SCHEDULE_TABLE_STATUS = _read("timeBaseScheduleTableStatus", "6.3.3.7", WORD)
