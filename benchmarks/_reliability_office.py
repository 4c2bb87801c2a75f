"""Where the faults are played: people with keys, approved plans, one unit, a gate before it.

The verdicts are made up: what is tried is the way from an approved plan to the unit.
"""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks._reliability_unit import WatchedUnit
from benchmarks._street_kit import (
    approved,
    read_people,
    two_phase_unit,
    write_people,
    write_secret,
)
from citybrain.cli.sources import find_scenario
from citybrain.controllers.settings import read_controllers
from citybrain.controllers.signatures import read_key
from citybrain.controllers.virtual.responder import Access
from citybrain.controllers.virtual.unit_file import accesses, unit_file
from citybrain.controllers.virtual.unit_programming import unit_settings
from citybrain.engine.gate.street_fleet import StreetFleet
from citybrain.engine.street.desk import Desk, find_plan, open_desk, signed_by
from citybrain.engine.street.rules import open_rules
from citybrain.engine.street.settings import read_street
from citybrain.model.statements import Act, Signed
from citybrain.store.plans import read_plan

UNIT = "J1"
BACKUP_S = 120
"""``unitBackupTime`` of the unit. [s]"""
PATTERNS = (2, 3)
"""Patterns that citybrain writes; the unit's own schedule runs pattern 1."""
DAY_S = 86_400
EPOCH_S = time.time() // DAY_S * DAY_S - DAY_S
"""Yesterday's midnight, so that a gate on this machine's clock finds the approvals valid."""
FORMER, NEW = "plan", "running"
"""Plans of the bundled corridor: one of 60 s that runs already, and one of 80 s that is pushed."""
_SECRET = {"auth_file": "street.secret", "priv_file": "street.secret"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A folder with everything that the gate needs, and the plans that are approved there.

    Parameters
    ----------
    folder
        Settings, keys, secrets, ledger.
    former, new
        Hashes of the two plans.
    """

    folder: Path
    former: str
    new: str

    def copied(self, folder: Path) -> "Office":
        """Return the same office in another folder, as it stands now."""
        shutil.copytree(self.folder, folder)
        return replace(self, folder=folder)


def unit_table() -> dict[str, Any]:
    """Return a unit of two phases whose patterns all hold something that could run."""
    splits = {1: (70, {2: 35, 4: 35}), 2: (90, {2: 50, 4: 40}), 3: (100, {2: 55, 4: 45})}
    patterns = [
        {"number": number, "cycle_s": cycle_s, "splits_s": each}
        for number, (cycle_s, each) in splits.items()
    ]
    return two_phase_unit(
        UNIT,
        patterns,
        schedule=[{"hour": 0, "pattern": 1}],
        backup_time_s=BACKUP_S,
        credentials={"gate": {"user": "citybrain-write", "may_write": True} | _SECRET},
    )


def new_unit(folder: Path) -> WatchedUnit:
    """Return the unit as it is delivered, its power coming on at the epoch."""
    file = unit_file(unit_table(), folder)
    return WatchedUnit(unit_settings(file, folder), EPOCH_S)


def allowed(folder: Path) -> tuple[Access, ...]:
    """Return who may ask the unit."""
    return accesses(unit_file(unit_table(), folder), folder / "unit.toml")


def open_office(folder: Path) -> Office:
    """Write settings, keys and secrets, and have both plans approved by two persons.

    Parameters
    ----------
    folder
        An empty folder.
    """
    corridor = find_scenario(Path("corridor"))
    _write_settings(folder, corridor)
    street = read_street(folder / "street.toml")
    with open_desk(street, lambda: datetime.fromtimestamp(EPOCH_S, UTC)) as desk:
        keys = read_people(folder)
        hashes = [approved(desk, keys, read_plan(corridor / f"{n}.json")) for n in (FORMER, NEW)]
    return Office(folder=folder, former=hashes[0], new=hashes[1])


def write_port(folder: Path, port: int) -> None:
    """Tell the gate where the unit listens."""
    (folder / "controllers.toml").write_text(
        f'[credentials.gate]\nuser = "citybrain-write"\nauth_file = "street.secret"\n'
        f'priv_file = "street.secret"\n[units.{UNIT}]\naddress = "127.0.0.1"\nport = {port}\n'
        f'intersection = "{UNIT}"\nread = "gate"\nwrite = "gate"\n[patience]\nbatch = 40\n',
        encoding="utf-8",
    )


def fleet_of(desk: Desk, folder: Path) -> StreetFleet:
    """Return the unit as a gate sees it: real links, real safety data."""
    settings = read_controllers(folder / "controllers.toml")
    return StreetFleet(rules=open_rules(desk.street, settings), settings=settings)


def desk_clock(now_s: Callable[[], float]) -> Callable[[], datetime]:
    """Return a clock of the gate that runs with the unit's.

    Parameters
    ----------
    now_s
        Seconds since the epoch of the unit. [s]
    """
    return lambda: datetime.fromtimestamp(EPOCH_S, UTC) + timedelta(seconds=now_s())


def ordered(desk: Desk, folder: Path, act: Act, key: str) -> Signed:
    """Return an order for the unit, signed now."""
    signer = read_key(folder / "anna.key")
    return signed_by(desk, signer, act, find_plan(desk, key), ("rehearsal", (UNIT,)))


def _write_settings(folder: Path, corridor: Path) -> None:
    write_people(folder)
    write_secret(folder / "street.secret")
    (folder / "street.toml").write_text(
        f'safety = "{corridor / "safety.toml"}"\npatterns = {list(PATTERNS)}\n',
        encoding="utf-8",
    )
    gate = 'street = "street.toml"\ncontrollers = "controllers.toml"\n'
    (folder / "gate.toml").write_text(gate, encoding="utf-8")
