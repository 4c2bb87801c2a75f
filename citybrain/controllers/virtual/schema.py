"""Which objects a virtual unit holds: one slot for each instance, in the order of the tree."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import product

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.syntax import Kind, ObjectType, Value


class Role(Enum):
    """What a SET does (the types C, P, P2 and S of NTCIP 1202)."""

    STATUS = auto()
    CONTROL = auto()
    PARAMETER = auto()
    STRUCTURE = auto()


_CONTROL = frozenset(
    each.name
    for each in (
        objects.SYSTEM_PATTERN_CONTROL,
        objects.SYSTEM_SYNC_CONTROL,
        objects.PHASE_CONTROL_GROUP_PHASE_OMIT,
        objects.PHASE_CONTROL_GROUP_PED_OMIT,
        objects.PHASE_CONTROL_GROUP_HOLD,
        objects.PHASE_CONTROL_GROUP_FORCE_OFF,
        objects.PHASE_CONTROL_GROUP_VEH_CALL,
        objects.PHASE_CONTROL_GROUP_PED_CALL,
        objects.RING_CONTROL_GROUP_STOP_TIME,
        objects.RING_CONTROL_GROUP_FORCE_OFF,
        objects.UNIT_CONTROL,
        objects.ACTION_PLAN_CONTROL,
    )
)
"""Commands of a system: they take effect at once and feed the watchdog of ``unitBackupTime``."""
_AT_ONCE = frozenset({objects.GLOBAL_TIME.name, objects.DB_CREATE_TRANSACTION.name})
_STRUCTURE = frozenset(
    each.name
    for each in (
        objects.PHASE_STARTUP,
        objects.PHASE_OPTIONS,
        objects.PHASE_RING,
        objects.PHASE_CONCURRENCY,
        objects.SEQUENCE_DATA,
        objects.CHANNEL_CONTROL_SOURCE,
        objects.CHANNEL_CONTROL_TYPE,
        objects.CHANNEL_GREEN_TYPE,
    )
)
"""Parameters that may be set only inside a transaction (type P2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How many rows the tables have."""

    phases: int = 16
    rings: int = 2
    patterns: int = 16
    sequences: int = 2
    detectors: int = 32
    channels: int = 16
    actions: int = 16
    day_plans: int = 4
    events: int = 8
    entries: int = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Slot:
    """One instance of an object.

    Parameters
    ----------
    index
        Its place in the list of values.
    oid
        Its identifier.
    object_type, row
        The object, and the row of its table.
    role
        What a SET does.
    """

    index: int
    oid: tuple[int, ...]
    object_type: ObjectType
    row: tuple[int, ...]
    role: Role

    @property
    def name(self) -> str:
        """Name of the object with its row."""
        return ".".join([self.object_type.name, *map(str, self.row)])


@dataclass(frozen=True, kw_only=True)
class Schema:
    """All slots of a unit; units of one shape share one schema.

    Parameters
    ----------
    sizes
        How many rows the tables have.
    slots
        In lexicographic order of their identifiers.
    by_oid
        Identifier → slot.
    columns
        Identifiers of the objects, without a row.
    """

    sizes: Sizes
    slots: tuple[Slot, ...]
    by_oid: Mapping[tuple[int, ...], Slot] = field(repr=False)
    columns: frozenset[tuple[int, ...]] = field(repr=False)
    _order: tuple[tuple[int, ...], ...] = field(repr=False)
    _by_row: Mapping[tuple[str, tuple[int, ...]], Slot] = field(repr=False)

    def after(self, oid: tuple[int, ...]) -> Slot | None:
        """Return the slot that follows an identifier; none behind the last."""
        at = bisect_right(self._order, oid)
        return self.slots[at] if at < len(self.slots) else None

    def slot(self, object_type: ObjectType, *row: int) -> Slot:
        """Return the slot of one instance.

        Raises
        ------
        KeyError
            The unit has no such row.
        """
        return self._by_row[object_type.name, row]


def schema_of(sizes: Sizes) -> Schema:
    """Return the slots of a unit of these sizes."""
    found = []
    for each in objects.known_objects():
        found += [(_numbers(each.at(*row)), each, row) for row in _rows(each, sizes)]
    found.sort(key=lambda entry: entry[0])
    slots = tuple(
        Slot(index=at, oid=oid, object_type=each, row=row, role=_role(each))
        for at, (oid, each, row) in enumerate(found)
    )
    return Schema(
        sizes=sizes,
        slots=slots,
        by_oid={slot.oid: slot for slot in slots},
        columns=frozenset(_numbers(slot.object_type.oid) for slot in slots),
        _order=tuple(slot.oid for slot in slots),
        _by_row={(slot.object_type.name, slot.row): slot for slot in slots},
    )


def _numbers(oid: str) -> tuple[int, ...]:
    return tuple(int(part) for part in oid.split("."))


def _role(each: ObjectType) -> Role:
    if not each.is_writable:
        return Role.STATUS
    if each.name in _CONTROL or each.name in _AT_ONCE:
        return Role.CONTROL
    return Role.STRUCTURE if each.name in _STRUCTURE else Role.PARAMETER


def feeds_watchdog(slot: Slot) -> bool:
    """Tell whether a SET of this slot is a command of a system."""
    return slot.object_type.name in _CONTROL


def _rows(each: ObjectType, sizes: Sizes) -> list[tuple[int, ...]]:
    if not each.index:
        return [()]
    counts = {
        "phaseNumber": sizes.phases,
        "phaseStatusGroupNumber": -(-sizes.phases // 8),
        "phaseControlGroupNumber": -(-sizes.phases // 8),
        "patternNumber": sizes.patterns,
        "splitNumber": sizes.patterns,
        "splitPhase": sizes.phases,
        "timebaseAscActionNumber": sizes.actions,
        "sequenceNumber": sizes.sequences,
        "sequenceRingNumber": sizes.rings,
        "channelNumber": sizes.channels,
        "channelStatusGroupNumber": -(-sizes.channels // 8),
        "vehicleDetectorNumber": sizes.detectors,
        "vehicleDetectorStatusGroupNumber": -(-sizes.detectors // 8),
        "timeBaseScheduleNumber": sizes.entries,
        "dayPlanNumber": sizes.day_plans,
        "dayPlanEventNumber": sizes.events,
    }
    return list(product(*(range(1, counts.get(name, 1) + 1) for name in each.index)))


def blank_values(schema: Schema) -> list[Value]:
    """Return a value for every slot: numbers of rows where they are known, else the least."""
    return [_blank(slot, schema.sizes) for slot in schema.slots]


def _blank(slot: Slot, sizes: Sizes) -> Value:
    name, syntax = slot.object_type.name, slot.object_type.syntax
    if syntax.kind is Kind.OCTETS:
        return b""
    if syntax.kind is Kind.OBJECT_ID:
        return "0.0"
    if name in slot.object_type.index:
        return slot.row[slot.object_type.index.index(name)]
    counts = {
        "maxPhases": sizes.phases,
        "maxPhaseGroups": -(-sizes.phases // 8),
        "maxPatterns": sizes.patterns,
        "patternTableType": 2,
        "patternSplitNumber": slot.row[0] if slot.row else 0,
        "patternSequenceNumber": 1,
        "patternCoordSyncPoint": 2,
        "splitMode": 2,
        "phaseStartup": 2,
        "maxSplits": sizes.patterns,
        "maxTimebaseAscActions": sizes.actions,
        "maxRings": sizes.rings,
        "maxSequences": sizes.sequences,
        "maxChannels": sizes.channels,
        "maxVehicleDetectors": sizes.detectors,
        "activeVolumeOccupancyDetectors": sizes.detectors,
        "maxTimeBaseScheduleEntries": sizes.entries,
        "maxDayPlans": sizes.day_plans,
        "maxDayPlanEvents": sizes.events,
        "coordCorrectionMode": 3,
        "coordMaximumMode": 4,
        "coordForceMode": 3,
        "volumeOccupancyPeriod": 60,
        "globalDaylightSaving": 2,
        "controllerStandardTimeZone": 0,
    }
    return counts.get(name, max(syntax.low, 0))
