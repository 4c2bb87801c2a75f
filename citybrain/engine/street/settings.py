"""Settings of plans' way to the street, from one TOML file: ledger, keys, rules of approval."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, Field

from citybrain.errors import InputError
from citybrain.model.approval import ApprovalRules
from citybrain.model.automatic import AutomaticBounds
from citybrain.reading import FilePart, checked, read_toml

_SQLITE = "sqlite:///"

Content = TypeVar("Content", bound=BaseModel)
Seconds = Annotated[float, Field(ge=0)]
PatternNumber = Annotated[int, Field(ge=1, le=253)]
Share = Annotated[float, Field(ge=0, le=1)]


class _AutomaticPart(FilePart):
    enabled: bool = False
    junctions: Annotated[tuple[str, ...], Field(min_length=1)]
    cycle_s: Seconds
    offset_s: Seconds
    split_s: Seconds
    seeds: Annotated[int, Field(ge=2)] = 10
    saving: Share = 0.0

    def bounds(self) -> AutomaticBounds | None:
        """Return the bounds; none while automatic approval is off."""
        if not self.enabled:
            return None
        values = self.model_dump(exclude={"enabled", "junctions"})
        return AutomaticBounds(junctions=frozenset(self.junctions), **values)


class _ApprovalPart(FilePart):
    persons: Annotated[int, Field(ge=1, le=10)] = 1
    proposer_may_approve: bool = False
    valid_days: Annotated[float, Field(gt=0, le=3650)] = 90.0
    automatic: _AutomaticPart | None = None

    def rules(self) -> ApprovalRules:
        """Return the rules for people."""
        return ApprovalRules(**self.model_dump(exclude={"automatic"}))


class _SchedulePart(FilePart):
    entry: Annotated[int, Field(ge=1, le=65535)]
    day_plan: Annotated[int, Field(ge=1, le=255)]
    first_action: Annotated[int, Field(ge=1, le=255)]

    def places(self) -> "Places":
        """Return the places."""
        return Places(**self.model_dump())


class _StreetFile(FilePart):
    ledger: str = f"{_SQLITE}ledger.db"
    head_file: Path = Path("audit.head")
    kill_file: Path = Path("KILL")
    keys: Path = Path("keys.toml")
    controllers: Path = Path("controllers.toml")
    safety: Path = Path("safety.toml")
    running: Path | None = None
    patterns: tuple[PatternNumber, PatternNumber] = (1, 2)
    gate_socket: Path = Path("gate.sock")
    approval: _ApprovalPart = _ApprovalPart()
    schedule: _SchedulePart | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where in every unit's time base citybrain may write; all else there is the unit's own.

    Parameters
    ----------
    entry
        Row of the schedule.
    day_plan
        Day plan.
    first_action
        First of the timebase actions, one for each event of the day plan.
    """

    entry: int
    day_plan: int
    first_action: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """Where plans, keys and records are kept on their way to the street, and what is asked for.

    Parameters
    ----------
    path
        The settings file.
    ledger
        Address of the database.
    head_file
        File apart from it that keeps the head of the audit log.
    kill_file
        File that stops all pushes while it is there.
    keys
        Register of public keys.
    controllers
        The units, with credentials that can only read.
    safety
        Safety data of the intersections, signed by a person; with the phases of their units.
    running
        Plan that ran before citybrain, for the bounds of automatic approval; none if not known.
    patterns
        The two patterns of every unit that citybrain writes, in turn.
    gate_socket
        Where the gate listens.
    rules
        What an approval asks for.
    bounds
        Bounds of automatic approval; none while it is off, which is the default.
    places
        Where day plans are written; none where plans are commanded only.
    """

    path: Path
    ledger: str
    head_file: Path
    kill_file: Path
    keys: Path
    controllers: Path
    safety: Path
    running: Path | None
    patterns: tuple[int, int]
    gate_socket: Path
    rules: ApprovalRules
    bounds: AutomaticBounds | None
    places: Places | None


def read_street(path: Path) -> Street:
    """Read the settings; paths in them are relative to the file.

    Parameters
    ----------
    path
        ``street.toml``.

    Raises
    ------
    InputError
        The file is missing, is no TOML, or a value is unknown or impossible.
    """
    file = read_settings(path, _StreetFile)
    first, second = file.patterns
    if first == second:
        where, what = f"{path}, patterns", f"both are {first}"
        raise InputError(where, what, "name two: what runs is never written over")
    folder = path.absolute().parent
    ledger = file.ledger
    if ledger.startswith(_SQLITE):
        ledger = f"{_SQLITE}{folder / ledger.removeprefix(_SQLITE)}"
    return Street(
        path=path,
        ledger=ledger,
        head_file=folder / file.head_file,
        kill_file=folder / file.kill_file,
        keys=folder / file.keys,
        controllers=folder / file.controllers,
        safety=folder / file.safety,
        running=folder / file.running if file.running else None,
        patterns=file.patterns,
        gate_socket=folder / file.gate_socket,
        rules=file.approval.rules(),
        bounds=file.approval.automatic.bounds() if file.approval.automatic else None,
        places=file.schedule.places() if file.schedule else None,
    )


def read_settings(path: Path, kind: type[Content]) -> Content:
    """Read a settings file in TOML.

    Parameters
    ----------
    path
        File to read.
    kind
        What it must hold.

    Raises
    ------
    InputError
        The file is missing, is no TOML, or a value is unknown or impossible.
    """
    if not path.exists():
        mend = "give the path of a settings file; docs/approval.md shows one"
        raise InputError(path, "does not exist", mend)
    return checked(kind, read_toml(path), path, "docs/approval.md lists what may stand here")
