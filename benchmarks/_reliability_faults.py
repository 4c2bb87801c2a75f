"""What can go wrong on the way to a unit: faults of the unit, of the gate, of those around them."""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks._reliability_office import BACKUP_S, PATTERNS
from benchmarks._reliability_unit import WatchedUnit
from citybrain.controllers.ntcip import objects
from citybrain.controllers.virtual.access import SetRefusedError, write
from citybrain.controllers.virtual.faults import MEANING, Fault
from citybrain.engine.street.desk import Desk
from citybrain.ports.controllers import Step
from citybrain.store.ledger.stops import stop_by_file

JUMP_S = 7200.0
_LEAST_PAGES = 1
STEPS = (
    Step.READ,
    Step.OPEN,
    Step.WRITE,
    Step.VERIFY,
    Step.STORE,
    Step.READ_BACK,
    Step.ACTIVATE,
    Step.PROVE,
    Step.ABORT,
)
"""Steps at which a fault begins; at the last one an ordered roll-back begins."""


class GateKilled(BaseException):
    """The gate's process ends here, without another word to anybody."""


@dataclass(slots=True, kw_only=True)
class Place:
    """Where a fault happens.

    Parameters
    ----------
    unit
        The unit.
    folder
        Settings and ledger of the gate.
    desk
        The gate's desk.
    later
        Does something after a time [s].
    """

    unit: WatchedUnit
    folder: Path
    desk: Desk
    later: Callable[[float, Callable[[], None]], object]
    clock_error_s: float = 0.0
    undo: list[Callable[[], None]] = field(default_factory=list)

    def heal(self) -> None:
        """Undo everything that lasts."""
        while self.undo:
            self.undo.pop()()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A fault that can be played.

    Parameters
    ----------
    name, meaning
        For people.
    begin
        Lets it happen; what lasts is undone by ``Place.heal``.
    """

    name: str
    meaning: str
    begin: Callable[[Place], None]


def _of_unit(fault: Fault) -> Trouble:
    def begin(place: Place) -> None:
        place.unit.switch(fault, is_on=True)
        place.undo.append(lambda: _repair(place.unit, fault))

    return Trouble(name=fault.value, meaning=MEANING[fault], begin=begin)


def _repair(unit: WatchedUnit, fault: Fault) -> None:
    unit.switch(fault, is_on=False)
    if fault is Fault.CONFLICT:
        unit.reset_monitor()


def _cut_for(name: str, meaning: str, duration_s: float) -> Trouble:
    def begin(place: Place) -> None:
        place.unit.switch(Fault.SILENT, is_on=True)
        place.later(duration_s, lambda: place.unit.switch(Fault.SILENT, is_on=False))

    return Trouble(name=name, meaning=meaning, begin=begin)


def _power_cut(place: Place) -> None:
    place.unit.lose_power()


def _command_elsewhere(place: Place) -> None:
    slot = place.unit.schema.slot(objects.SYSTEM_PATTERN_CONTROL)
    write(place.unit, [(slot, 1)])


def _write_elsewhere(place: Place) -> None:
    """Move three seconds between the phases of the pattern that is pushed; may be refused."""
    unit, number = place.unit, PATTERNS[1]
    values = unit.pattern_values(number)
    slots = [unit.schema.slot(objects.SPLIT_TIME, number, phase) for phase in (2, 4)]
    with suppress(SetRefusedError):
        write(unit, list(zip(slots, (values[3] + 3, values[5] - 3), strict=True)))


def _open_elsewhere(place: Place) -> None:
    """Set ``dbCreateTransaction`` as another manager would; may be refused."""
    slot = place.unit.schema.slot(objects.DB_CREATE_TRANSACTION)
    with suppress(SetRefusedError):
        write(place.unit, [(slot, 2)])


def _discard_elsewhere(place: Place) -> None:
    """Close whatever is open, as another manager would at its start."""
    slot = place.unit.schema.slot(objects.DB_CREATE_TRANSACTION)
    with suppress(SetRefusedError):
        write(place.unit, [(slot, 1)])


def _kill(_: Place) -> None:
    raise GateKilled


def _stop(place: Place) -> None:
    stop_by_file(place.desk.street.kill_file, "rehearsal", "smoke in the tunnel", place.desk.now())
    place.undo.append(lambda: place.desk.street.kill_file.unlink(missing_ok=True))


def _lock(place: Place) -> None:
    """Hold the ledger's write lock, and let nobody wait for it."""
    other = sqlite3.connect(place.folder / "ledger.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    place.undo.append(other.close)


def _fill(place: Place) -> None:
    """Let the ledger have no more pages than it has, which is what a full disk means to it."""
    with place.desk.ledger.reading() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {_LEAST_PAGES}")

    def empty() -> None:
        with place.desk.ledger.reading() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1073741823")

    place.undo.append(empty)


def _set_clock(place: Place) -> None:
    place.clock_error_s += JUMP_S


def _all() -> tuple[Trouble, ...]:
    return (
        *(_of_unit(fault) for fault in Fault),
        _cut_for("network-cut-5s", "answers nothing for 5 s", 5.0),
        _cut_for("network-cut-40s", "answers nothing for 40 s", 40.0),
        _cut_for(
            "backup-time-expired",
            "answers nothing until its unitBackupTime is over, then again",
            BACKUP_S + 20.0,
        ),
        Trouble(name="power-cut", meaning="loses power for 3 s", begin=_power_cut),
        Trouble(
            name="other-manager-commands",
            meaning="somebody else commands pattern 1",
            begin=_command_elsewhere,
        ),
        Trouble(
            name="other-manager-writes",
            meaning="somebody else moves 3 s in the pattern that is pushed",
            begin=_write_elsewhere,
        ),
        Trouble(
            name="other-manager-opens",
            meaning="somebody else opens a transaction and goes away",
            begin=_open_elsewhere,
        ),
        Trouble(
            name="other-manager-discards",
            meaning="somebody else closes the open transaction",
            begin=_discard_elsewhere,
        ),
        Trouble(name="gate-killed", meaning="the gate's process ends", begin=_kill),
        Trouble(name="kill-switch", meaning="somebody stops all pushes", begin=_stop),
        Trouble(name="ledger-locked", meaning="the ledger cannot be written to", begin=_lock),
        Trouble(name="disk-full", meaning="the ledger has no room left", begin=_fill),
        Trouble(name="gate-clock", meaning="the gate's clock jumps by 2 h", begin=_set_clock),
    )


TROUBLES: Mapping[str, Trouble] = {each.name: each for each in _all()}
"""Name → fault."""
