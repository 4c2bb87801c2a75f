"""The files of the controllers' demonstration: keys, settings of street and gate, units."""

import json
import secrets
from pathlib import Path

from citybrain.cli.demo_commands import Show
from citybrain.files import atomic_write_text
from citybrain.reading import read_text

UNITS = ("J1", "J2", "J3")
PEOPLE = {
    "anna": ("Anna Ng", "propose"),
    "berta": ("Berta Oz", "approve"),
    "carl": ("Carl Pohl", "approve"),
    "dora": ("Dora Quist", "push,stop"),
}

_STREET = """\
safety = "safety.toml"
running = "{scenario}/running.json"
patterns = [2, 3]

[approval]
persons = 2
"""
_GATE = 'street = "street.toml"\ncontrollers = "gate-controllers.toml"\n'
_CREDENTIALS = """\
[credentials.{name}]
user = "citybrain-{name}"
auth_file = "{name}.secret"
priv_file = "{name}.secret"
"""
_PATIENCE = """\
[patience]          # the units' clocks run faster than ours, so proofs need less of our time
prove_cycles = 0.1
prove_least_s = 12.0
"""
_UNIT = """\
name = "{name}"
port = 0
phase_maps = "{scenario}/phases.toml"
intersection = "{name}"
backup_time_s = 7200
schedule = [{{ hour = 0, pattern = 1 }}]
"""


def write_people(show: Show, scenario: Path) -> None:
    """Make keys, their register, and the settings that everybody shares."""
    folder = show.folder
    show.say("Four people get keys; the register says what each may sign.")
    parts = []
    for name, (person, roles) in PEOPLE.items():
        (folder / f"{name}.key").unlink(missing_ok=True)
        key = show.ask("keys", "new", name, "--person", person, "--roles", roles)["key"]
        fields = [f"{field} = {json.dumps(value)}" for field, value in key.items()]
        parts.append("\n".join(["[[key]]", *fields]))
    atomic_write_text(folder / "keys.toml", "\n\n".join(parts) + "\n")
    atomic_write_text(folder / "street.toml", _STREET.format(scenario=scenario))
    # The gate believes no safety data that others than their owner may change; a clone may be so.
    atomic_write_text(folder / "safety.toml", read_text(scenario / "safety.toml"))
    atomic_write_text(folder / "gate.toml", _GATE)
    for stale in ("ledger.db", "ledger.db-wal", "ledger.db-shm", "audit.head", "KILL"):
        (folder / stale).unlink(missing_ok=True)
    show.run("keys", "list")
    for name in ("read", "write"):
        path = folder / f"{name}.secret"
        path.unlink(missing_ok=True)
        path.touch(0o600)
        path.write_text(secrets.token_urlsafe(24))


def write_controllers(folder: Path, ports: dict[str, int]) -> None:
    """Write the units once for everybody, and once with the credentials of the gate."""
    reading = _CREDENTIALS.format(name="read") + _PATIENCE
    for file, credentials, write in (
        ("controllers.toml", reading, ""),
        ("gate-controllers.toml", reading + _CREDENTIALS.format(name="write"), 'write = "write"\n'),
    ):
        units = [
            f'[units.{name}]\naddress = "127.0.0.1"\nport = {port}\nintersection = "{name}"\n'
            f'read = "read"\n{write}'
            for name, port in ports.items()
        ]
        atomic_write_text(folder / file, "\n".join([credentials, *units]))


def write_units(folder: Path, scenario: Path) -> list[str]:
    """Write a file for each virtual unit, and return the names of the files."""
    may_write = "may_write = true\n"
    credentials = _CREDENTIALS.format(name="read") + _CREDENTIALS.format(name="write") + may_write
    for name in UNITS:
        unit = _UNIT.format(name=name, scenario=scenario)
        atomic_write_text(folder / f"{name}.toml", f"{unit}\n{credentials}")
    return [f"{name}.toml" for name in UNITS]
