"""The kill switch: a file that needs no database, and a row that tells who, when and why.

Pushes are stopped while *either* says so, and also while either cannot be read.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from citybrain.errors import CitybrainError, InputError
from citybrain.files import atomic_write_text
from citybrain.model.audit import parsed_json
from citybrain.store.ledger.opening import Ledger
from citybrain.store.ledger.schema import KILL_SWITCH as _TABLE
from citybrain.store.ledger.writing import Row

KILL_SWITCH, STOPPED = "kill switch", "kill switch on"
"""What the audit log calls the switch, and the record that stops all pushes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Whether pushes are stopped, and who said so.

    Parameters
    ----------
    is_on
        Whether all pushes are stopped.
    who, why, at
        Person, reason and UTC instant of the last change; empty if it was never used.
    """

    is_on: bool
    who: str = ""
    why: str = ""
    at: str = ""


def stop_by_file(path: Path, who: str, why: str, at: str) -> None:
    """Stop all pushes by a file; no database is needed.

    Parameters
    ----------
    path
        The kill file.
    who, why, at
        Person, reason, UTC instant.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    atomic_write_text(path, json.dumps({"who": who, "why": why, "at": at}) + "\n")


def stop_in_file(path: Path) -> Stop:
    """Return what the kill file says; a file that is there stops, whatever it holds."""
    try:
        content = parsed_json(path.read_text(encoding="utf-8"))
        return Stop(is_on=True, **{key: str(content[key]) for key in ("who", "why", "at")})
    except FileNotFoundError:
        return Stop(is_on=False)
    except OSError as error:
        return Stop(is_on=True, why=f"the kill file cannot be read ({error.strerror})")
    except (ValueError, KeyError, TypeError):
        return Stop(is_on=True, why="the kill file is there, without who and why")


def stop_in_ledger(ledger: Ledger) -> Stop:
    """Return what the ledger says; one that cannot be read stops."""
    try:
        with ledger.reading() as connection:
            row = connection.execute(select(_TABLE)).mappings().first()
    except CitybrainError as error:
        return Stop(is_on=True, why=f"the ledger cannot be read: {error}")
    if row is None:
        return Stop(is_on=False)
    return Stop(is_on=row["is_on"], who=row["who"], why=row["why"], at=row["at"])


def present_stop(ledger: Ledger, path: Path) -> Stop:
    """Return what holds now: file first, since it needs no database."""
    stop = stop_in_file(path)
    return stop if stop.is_on else stop_in_ledger(ledger)


def set_stop(ledger: Ledger, who: str, why: str, *, is_on: bool) -> None:
    """Change the ledger's row, with its audit record.

    Parameters
    ----------
    ledger
        Where.
    who, why
        Person and reason.
    is_on
        Whether all pushes are stopped from now on.

    Raises
    ------
    InputError
        The ledger cannot be written.
    """
    with ledger.writing(who) as writing:
        changes: Row = {"is_on": is_on, "who": who, "why": why, "at": writing.at}
        what = STOPPED if is_on else "kill switch off"
        if writing.connection.execute(select(_TABLE.c.id)).first() is None:
            writing.insert(_TABLE, {"id": 1, **changes}, what, KILL_SWITCH)
        else:
            writing.update(_TABLE, 1, changes, what, KILL_SWITCH)


def release_file(path: Path) -> None:
    """Remove the kill file.

    Raises
    ------
    InputError
        It cannot be removed; pushes stay stopped.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        what = f"cannot be removed ({error.strerror})"
        raise InputError(path, what, "check the rights of its folder") from None
