"""A virtual unit as its file programs it: the values of its objects, and its monitor's card."""

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import combinations
from typing import Protocol

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.states import Correction, SplitMode
from citybrain.controllers.ntcip.syntax import ObjectType, Value
from citybrain.controllers.virtual.configuration import structure_error
from citybrain.controllers.virtual.monitor import MonitorCard
from citybrain.controllers.virtual.schema import Schema, Sizes, blank_values, schema_of
from citybrain.controllers.virtual.timing import PhaseOption, bit_of
from citybrain.controllers.virtual.unit_file import EventPart, PatternPart, PhasePart, UnitFile
from citybrain.controllers.virtual.unit_settings import UnitSettings
from citybrain.errors import InputError

_RECALLS = {
    "none": PhaseOption(0),
    "minimum": PhaseOption.MINIMUM_RECALL,
    "maximum": PhaseOption.MAXIMUM_RECALL,
    "pedestrian": PhaseOption.PEDESTRIAN_RECALL,
    "maximum and pedestrian": PhaseOption.MAXIMUM_RECALL | PhaseOption.PEDESTRIAN_RECALL,
}
_CORRECTIONS = {
    "dwell": Correction.DWELL,
    "shortway": Correction.SHORTWAY,
    "add": Correction.ADD_ONLY,
    "subtract": Correction.SUBTRACT_ONLY,
}
_IDENTITY = (
    (objects.MODULE_MAKE, "citybrain"),
    (objects.MODULE_MODEL, "virtual controller"),
    (objects.MODULE_VERSION, "1"),
)
_EVERY = 0x1FFE
"""Every month, and in its lowest octet every weekday; bit 0 stands for none."""


class Put(Protocol):
    """Stores one value."""

    def __call__(self, value: Value, object_type: ObjectType, *row: int) -> None:
        """Store it."""


@cache
def standard_schema() -> Schema:
    """Return the schema that all units from files share."""
    return schema_of(Sizes())


def unit_settings(file: UnitFile, where: object) -> UnitSettings:
    """Return a unit as it is delivered.

    Parameters
    ----------
    file
        Its description.
    where
        The file, for errors.

    Raises
    ------
    InputError
        Rings, barriers and phases do not fit together.
    """
    schema = standard_schema()
    values = _values(file, schema)
    error = structure_error(schema, values)
    if error:
        element = f"{where}: rings, barriers"
        raise InputError(element, error, "make the rings meet at the barriers")
    return UnitSettings(
        name=file.name,
        schema=schema,
        values=values,
        card=_card(file),
        checks_patterns=file.checks_patterns,
        transaction_timeout_s=file.transaction_timeout_s,
        faults=frozenset(file.faults),
    )


def _values(file: UnitFile, schema: Schema) -> list[Value]:
    values = blank_values(schema)

    def put(value: Value, object_type: ObjectType, *row: int) -> None:
        values[schema.slot(object_type, *row).index] = value

    for phase in file.phases:
        _put_phase(put, file, phase)
    for pattern in file.patterns:
        _put_pattern(put, pattern)
    if file.schedule:
        _put_schedule(put, file.schedule)
    for sequence in range(1, schema.sizes.sequences + 1):
        for ring, phases in enumerate(file.rings[: schema.sizes.rings], 1):
            put(bytes(phases), objects.SEQUENCE_DATA, sequence, ring)
    for detector, called in file.detectors.items():
        put(called, objects.VEHICLE_DETECTOR_CALL_PHASE, detector)
    put(file.backup_time_s, objects.UNIT_BACKUP_TIME)
    put(file.startup_flash_s, objects.UNIT_START_UP_FLASH)
    put(file.time_zone_s, objects.CONTROLLER_STANDARD_TIME_ZONE)
    put(int(_CORRECTIONS[file.correction]), objects.COORD_CORRECTION_MODE)
    put(1, objects.GLOBAL_MAX_MODULES)
    for column, text in _IDENTITY:
        put(text.encode(), column, 1)
    return values


def _put_phase(put: Put, file: UnitFile, phase: PhasePart) -> None:
    n = phase.number
    ring = next((at for at, phases in enumerate(file.rings, 1) if n in phases), 0)
    group = next((set(g) for g in file.barriers if n in g), set())
    beside = sorted(group - set(file.rings[ring - 1])) if ring else []
    put(phase.minimum_green_s, objects.PHASE_MINIMUM_GREEN, n)
    put(phase.maximum_green_s, objects.PHASE_MAXIMUM1, n)
    put(phase.maximum_green_s, objects.PHASE_MAXIMUM2, n)
    put(round(phase.passage_s * 10), objects.PHASE_PASSAGE, n)
    put(round(phase.yellow_s * 10), objects.PHASE_YELLOW_CHANGE, n)
    put(round(phase.red_clear_s * 10), objects.PHASE_RED_CLEAR, n)
    put(phase.walk_s, objects.PHASE_WALK, n)
    put(phase.pedestrian_clear_s, objects.PHASE_PEDESTRIAN_CLEAR, n)
    rest = PhaseOption.REST_IN_WALK if phase.rests_in_walk else PhaseOption(0)
    put(int(PhaseOption.ENABLED | _RECALLS[phase.recall] | rest), objects.PHASE_OPTIONS, n)
    put(ring, objects.PHASE_RING, n)
    put(bytes(beside), objects.PHASE_CONCURRENCY, n)


def _put_pattern(put: Put, pattern: PatternPart) -> None:
    n = pattern.number
    put(pattern.cycle_s, objects.PATTERN_CYCLE_TIME, n)
    put(pattern.offset_s, objects.PATTERN_OFFSET_TIME, n)
    for phase, split_s in pattern.splits_s.items():
        put(split_s, objects.SPLIT_TIME, n, phase)
        put(int(_split_mode(pattern, phase)), objects.SPLIT_MODE, n, phase)
        put(int(phase in pattern.coordinated), objects.SPLIT_COORD_PHASE, n, phase)


def _put_schedule(put: Put, schedule: Sequence[EventPart]) -> None:
    """Fill entry 1 and day plan 1, for every day; event n starts action n."""
    put(_EVERY, objects.TIME_BASE_SCHEDULE_MONTH, 1)
    put(_EVERY & 0xFF, objects.TIME_BASE_SCHEDULE_DAY, 1)
    put(0xFFFFFFFE, objects.TIME_BASE_SCHEDULE_DATE, 1)
    put(1, objects.TIME_BASE_SCHEDULE_DAY_PLAN, 1)
    for n, event in enumerate(schedule, 1):
        put(event.hour, objects.DAY_PLAN_HOUR, 1, n)
        put(event.minute, objects.DAY_PLAN_MINUTE, 1, n)
        action = objects.TIMEBASE_ASC_ACTION_NUMBER.at(n)
        put(action, objects.DAY_PLAN_ACTION_NUMBER_OID, 1, n)
        put(event.pattern, objects.TIMEBASE_ASC_PATTERN, n)


def _split_mode(pattern: PatternPart, phase: int) -> SplitMode:
    is_called = pattern.recall == "maximum"
    if phase in pattern.walks:
        both, walk = SplitMode.MAXIMUM_VEHICLE_AND_PEDESTRIAN_RECALL, SplitMode.PEDESTRIAN_RECALL
        return both if is_called else walk
    return SplitMode.MAXIMUM_VEHICLE_RECALL if is_called else SplitMode.NONE


def _card(file: UnitFile) -> MonitorCard:
    pairs = file.monitor.conflicts
    conflicts: dict[int, int] = {phase.number: 0 for phase in file.phases}
    for one, other in pairs if pairs is not None else _structural_conflicts(file):
        conflicts[one] = conflicts.get(one, 0) | bit_of(other)
        conflicts[other] = conflicts.get(other, 0) | bit_of(one)
    return MonitorCard(
        conflicts=conflicts,
        minimum_yellow_ds=round(file.monitor.minimum_yellow_s * 10),
        minimum_clearance_ds=round(file.monitor.minimum_clearance_s * 10),
    )


def _structural_conflicts(file: UnitFile) -> Iterable[tuple[int, int]]:
    for one, other in combinations([phase.number for phase in file.phases], 2):
        is_same_ring = any(one in ring and other in ring for ring in file.rings)
        is_same_group = any(one in group and other in group for group in file.barriers)
        if is_same_ring or not is_same_group:
            yield one, other
