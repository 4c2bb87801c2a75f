"""Virtual units as TOML describes them.

Example::

    name = "k101"
    port = 16101
    rings = [[1, 2, 3, 4], [5, 6, 7, 8]]
    barriers = [[1, 2, 5, 6], [3, 4, 7, 8]]
    detectors = { 1 = 2, 2 = 6, 3 = 4 }          # detector -> phase that it calls

    [[phases]]                                   # one for each phase of rings and barriers
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

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from citybrain.controllers.credentials import CredentialsPart, fetched
from citybrain.controllers.virtual.faults import Fault
from citybrain.controllers.virtual.responder import Access
from citybrain.errors import InputError
from citybrain.reading import FilePart, checked

Phase = Annotated[int, Field(ge=1, le=16)]
Whole = Annotated[int, Field(ge=0, le=255)]


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
        An element is unknown, missing or out of range, names a phase that is not described, or
        leaves one out.
    """
    file = checked(UnitFile, table, where, "mend it by docs/controllers.md")
    _check_phases(file, where)
    return file


def _check_phases(file: UnitFile, where: object) -> None:
    """Raise unless each phase is described once, in one ring, between two barriers."""
    phases = [phase.number for phase in file.phases]
    for element, named in _named(file):
        if unknown := sorted(set(named) - set(phases)):
            place, what = f"{where}, {element}", f"names phase {unknown[0]}, which is not in phases"
            raise InputError(place, what, "describe it there or name another")
    for element, once in (
        ("phases", phases),
        ("rings", [*chain(*file.rings)]),
        ("barriers", [*chain(*file.barriers)]),
    ):
        for phase in phases:
            if once.count(phase) != 1:
                place, times = f"{where}, {element}", once.count(phase)
                raise InputError(place, f"names phase {phase} {times} times", "name each once")


def _named(file: UnitFile) -> Iterator[tuple[str, Iterable[int]]]:
    """Yield each element that names phases, and those that it names."""
    yield "rings", chain(*file.rings)
    yield "barriers", chain(*file.barriers)
    yield "detectors", file.detectors.values()
    yield "monitor.conflicts", chain(*(file.monitor.conflicts or ()))
    for index, pattern in enumerate(file.patterns):
        yield f"patterns.{index}.splits_s", pattern.splits_s
        yield f"patterns.{index}.coordinated", pattern.coordinated
        yield f"patterns.{index}.walks", pattern.walks


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
