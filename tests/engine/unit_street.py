"""A street for tests: three virtual units on loopback, and the settings of everybody."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks._street_kit import agent_thread, two_phase_unit, write_secret
from citybrain.controllers.virtual.faults import Fault
from citybrain.controllers.virtual.responder import Responder
from citybrain.controllers.virtual.unit import VirtualUnit
from citybrain.controllers.virtual.unit_file import accesses, unit_file
from citybrain.controllers.virtual.unit_programming import unit_settings
from citybrain.store.plans import read_plan
from citybrain.store.verdicts import write_verdict
from tests.engine.approval_kit import verdict_on, write_office

CORRIDOR = Path(__file__).parents[2] / "scenarios" / "corridor"
JUNCTIONS = ("J1", "J2", "J3")
SPEED = 20
"""Seconds of the units' clocks in a real one: proofs that take cycles take less."""
BACKUP_S = 60_000
"""Backup time by the units' clocks; 50 minutes in which nobody has to be quick. [s]"""
MIDNIGHT_S = 1_000_080_000.0 - 1_000_080_000.0 % 86_400

STREET = f"""
safety = "{CORRIDOR / "safety.toml"}"
running = "{CORRIDOR / "running.json"}"
patterns = [2, 3]
"""
PLACES = """
[schedule]
entry = 2
day_plan = 2
first_action = 9
"""
CREDENTIALS = """
[credentials.watch]
user = "citybrain-read"
auth_file = "read.secret"
priv_file = "read.secret"
{more}
[patience]
timeout_s = 10.0
retries = 2
poll_s = 0.05
prove_least_s = 20.0
"""
WRITING = """
[credentials.gate]
user = "citybrain-write"
auth_file = "write.secret"
priv_file = "write.secret"
"""


@dataclass(slots=True)
class SteadyResponder(Responder):
    """Counts real seconds for SNMP, though its unit's go faster.

    A message may be 150 s old (RFC 3414, 2.2.3): by the unit's clock that would be 7.5 s, which a
    busy machine needs.
    """

    began_s: float = field(default_factory=time.monotonic)

    @property
    def time_s(self) -> int:
        return int(time.monotonic() - self.began_s)


@dataclass
class UnitStreet:
    """Units at work, and the folder with everything that the commands need."""

    folder: Path
    units: dict[str, VirtualUnit]

    def fault(self, unit: str, fault: Fault, *, is_on: bool = True) -> None:
        self.units[unit].switch(fault, is_on=is_on)


def table(name: str) -> dict[str, object]:
    """Return a unit of two phases that runs 80 s in pattern 1 by its own schedule."""
    blank = {"cycle_s": 0, "splits_s": {2: 0, 4: 0}}
    patterns = [{"number": number} | blank for number in range(1, 9)]
    patterns[0] |= {"cycle_s": 80, "splits_s": {2: 40, 4: 40}}
    secrets = {"auth_file": "read.secret", "priv_file": "read.secret"}
    writing = {"auth_file": "write.secret", "priv_file": "write.secret"}
    credentials = {
        "read": {"user": "citybrain-read"} | secrets,
        "write": {"user": "citybrain-write", "may_write": True} | writing,
    }
    return two_phase_unit(
        name,
        patterns,
        schedule=[{"hour": 0, "pattern": 1}],
        backup_time_s=BACKUP_S,
        credentials=credentials,
    )


@contextmanager
def unit_street(folder: Path) -> Iterator[UnitStreet]:
    """Start three units, and write the settings, keys and secrets of everybody."""
    street = write_office(folder)
    street.write_text(STREET + street.read_text() + PLACES)
    for name in ("read", "write"):
        write_secret(folder / f"{name}.secret")
    responders = [_responder(folder, name) for name in JUNCTIONS]
    began_s = time.monotonic()

    def clock() -> float:
        return MIDNIGHT_S + SPEED * (time.monotonic() - began_s)

    with agent_thread(clock, responders) as ports:
        _write_controllers(folder, ports)
        plan = read_plan(CORRIDOR / "plan.json")
        write_verdict(verdict_on(plan), folder / "verdict.json")
        units = {responder.unit.settings.name: responder.unit for responder in responders}
        yield UnitStreet(folder, units)


def _responder(folder: Path, name: str) -> SteadyResponder:
    where = folder / f"{name}.toml"
    file = unit_file(table(name), where)
    unit = VirtualUnit(unit_settings(file, where), MIDNIGHT_S)
    return SteadyResponder(unit, accesses(file, where))


def _write_controllers(folder: Path, ports: Mapping[str, int]) -> None:
    for file, more, write in (
        ("controllers.toml", "", ""),
        ("gate-controllers.toml", WRITING, 'write = "gate"\n'),
    ):
        units = "".join(
            f'[units.{name}]\naddress = "127.0.0.1"\nport = {port}\n'
            f'intersection = "{name}"\nread = "watch"\n{write}'
            for name, port in ports.items()
        )
        (folder / file).write_text(CREDENTIALS.format(more=more) + units)
    gate = 'street = "street.toml"\ncontrollers = "gate-controllers.toml"\n'
    (folder / "gate.toml").write_text(gate)
