"""Virtual units as TOML describes them.

Example::

    name = "k101"
    port = 16101
    rings = [[1, 2, 3, 4], [5, 6, 7, 8]]
    barriers = [[1, 2, 5, 6], [3, 4, 7, 8]]
    detectors = { 1 = 2, 2 = 6, 3 = 4 }          # detector -> phase that it calls

    [[phases]]
    number = 2
    minimum_green_s = 7
    maximum_green_s = 40
    yellow_s = 3.5
    red_clear_s = 1.5
    recall = "maximum"

    [[patterns]]
    number = 1
    cycle_s = 90
    offset_s = 0
    splits_s = { 1 = 15, 2 = 35, 3 = 15, 4 = 25, 5 = 20, 6 = 30, 7 = 20, 8 = 20 }
    coordinated = [2, 6]

    [credentials.read]                           # as in the settings of controllers
    user = "citybrain-read"
    auth_file = "secrets/read.auth"
    priv_file = "secrets/read.priv"

    [credentials.write]
    may_write = true
    user = "citybrain-write"
    auth_file = "secrets/write.auth"
    priv_file = "secrets/write.priv"
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field

from citybrain.controllers.credentials import CredentialsPart, fetched
from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.states import Correction, SplitMode
from citybrain.controllers.ntcip.syntax import ObjectType, Value
from citybrain.controllers.virtual.configuration import structure_error
from citybrain.controllers.virtual.faults import Fault
from citybrain.controllers.virtual.monitor import MonitorCard
from citybrain.controllers.virtual.responder import Access
from citybrain.controllers.virtual.schema import Schema, Sizes, blank_values, schema_of
from citybrain.controllers.virtual.timing import PhaseOption, bit_of
from citybrain.controllers.virtual.unit_settings import UnitSettings
from citybrain.errors import InputError
from citybrain.reading import FilePart, checked


class Put(Protocol):
    """Stores one value."""

    def __call__(self, value: Value, object_type: ObjectType, *row: int) -> None:
        """Store it."""


Phase = Annotated[int, Field(ge=1, le=16)]
Whole = Annotated[int, Field(ge=0, le=255)]
_RECALLS = {
    "none": PhaseOption(0),
    "minimum": PhaseOption.MINIMUM_RECALL,
    "maximum": PhaseOption.MAXIMUM_RECALL,
    "pedestrian": PhaseOption.PEDESTRIAN_RECALL,
    "maximum and pedestrian": PhaseOption.MAXIMUM_RECALL | PhaseOption.PEDESTRIAN_RECALL,
}


class PhasePart(FilePart):
    """Times of a phase."""

    number: Phase
    minimum_green_s: Whole
    maximum_green_s: Whole = 40
    passage_s: Annotated[float, Field(ge=0, le=25.5)] = 3.0
    yellow_s: Annotated[float, Field(ge=0, le=25.5)]
    red_clear_s: Annotated[float, Field(ge=0, le=25.5)]
    walk_s: Whole = 0
    pedestrian_clear_s: Whole = 0
    rests_in_walk: bool = False
    recall: Literal["none", "minimum", "maximum", "pedestrian", "maximum and pedestrian"] = "none"


class PatternPart(FilePart):
    """A pattern."""

    number: Annotated[int, Field(ge=1, le=16)]
    cycle_s: Whole
    offset_s: Whole = 0
    splits_s: dict[Phase, Whole]
    coordinated: list[Phase]
    recall: Literal["none", "maximum"] = "maximum"
    walks: list[Phase] = Field(default_factory=list)


class EventPart(FilePart):
    """A pattern that the unit's own schedule runs from a time of every day, local time."""

    hour: Annotated[int, Field(ge=0, le=23)]
    minute: Annotated[int, Field(ge=0, le=59)] = 0
    pattern: Annotated[int, Field(ge=0, le=255)]


class MonitorPart(FilePart):
    """Programming of the conflict monitor; left out, it follows rings and barriers."""

    conflicts: list[tuple[Phase, Phase]] | None = None
    minimum_yellow_s: Annotated[float, Field(ge=0)] = 2.7
    minimum_clearance_s: Annotated[float, Field(ge=0)] = 3.0


class AccessPart(CredentialsPart):
    """Who may ask, and whether he may also write."""

    may_write: bool = False


class UnitFile(FilePart):
    """A whole file."""

    name: Annotated[str, Field(min_length=1)]
    address: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)]
    rings: list[list[Phase]]
    barriers: list[list[Phase]]
    phases: Annotated[list[PhasePart], Field(min_length=1)]
    patterns: list[PatternPart] = Field(default_factory=list)
    schedule: Annotated[list[EventPart], Field(max_length=8)] = Field(default_factory=list)
    detectors: dict[Annotated[int, Field(ge=1, le=32)], Phase] = Field(default_factory=dict)
    monitor: MonitorPart = MonitorPart()
    credentials: dict[str, AccessPart] = Field(default_factory=dict)
    intersection: str | None = None
    backup_time_s: Annotated[int, Field(ge=0, le=65535)] = 600
    startup_flash_s: Whole = 0
    time_zone_s: Annotated[int, Field(ge=-43200, le=43200)] = 0
    correction: Literal["dwell", "shortway", "add", "subtract"] = "shortway"
    checks_patterns: bool = False
    transaction_timeout_s: Annotated[int, Field(ge=0, le=65535)] = 0
    faults: list[Fault] = Field(default_factory=list)


def unit_file(table: Mapping[str, Any], where: object) -> UnitFile:
    """Return a checked description of a virtual unit.

    Raises
    ------
    InputError
        An element is unknown, missing or out of range.
    """
    return checked(UnitFile, table, where, "mend it by docs/controllers.md")


def accesses(file: UnitFile, where: Path) -> tuple[Access, ...]:
    """Fetch the credentials of those who may ask a unit.

    Parameters
    ----------
    file
        Description of the unit.
    where
        Its file; paths of secrets are relative to its folder.

    Raises
    ------
    InputError
        A secret is absent, too short, or open to others than its owner.
    """
    return tuple(
        Access(credentials=fetched(part, name, where), may_write=part.may_write)
        for name, part in file.credentials.items()
    )


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


_EVERY = 0x1FFE
"""Every month, and in its lowest octet every weekday; bit 0 stands for none."""


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
