"""One command that pushes a plan to many units: a gate's process, and units in another one."""

import json
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from benchmarks._manager_load import Pushes
from benchmarks._street_kit import (
    CITYBRAIN,
    approved,
    gate_process,
    processor_s,
    read_people,
    two_phase_unit,
    write_people,
    write_secret,
)
from citybrain.cli.sources import find_scenario
from citybrain.controllers.virtual.faults import Fault
from citybrain.engine.street.desk import open_desk
from citybrain.engine.street.settings import read_street
from citybrain.model.plan import Plan
from citybrain.ports.controllers import Outcome, Step
from citybrain.store.ledger.pushes import pushes_of
from citybrain.store.plans import read_plan
from citybrain.store.safety import read_safety, write_safety

UNIT = "K"
BREAK_EVERY = 20
"""One unit of so many is broken before the push."""
FAULTS = (
    Fault.SILENT,
    Fault.WRONG_CREDENTIALS,
    Fault.READ_ONLY,
    Fault.OTHER_SAFETY_TIMES,
    Fault.FAILING_VERIFY,
    Fault.HALF_STORED,
)
"""How units are broken, in turn; none of these ends with the plan running."""
_STREET = 'safety = "safety.toml"\npatterns = [2, 3]\n'
_GATE = 'street = "street.toml"\ncontrollers = "controllers.toml"\n'
_CREDENTIALS = (
    '[credentials.gate]\nuser = "citybrain-write"\n'
    'auth_file = "write.secret"\npriv_file = "write.secret"\n'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What the ledger keeps of one unit: its outcome, and when each step began. [s]."""

    unit: str
    outcome: str
    steps_s: Mapping[str, float]
    ended_s: float


def measure_fleet(units: int) -> Pushes:
    """Push one plan to many units with one ``citybrain plan push``, some of them broken.

    Every unit gets a pattern of its own (another offset).  All is real: the command, the gate's
    process with ledger, signatures and both checkers, the units in a process of their own, SNMP v3
    over loopback, and time.  The approval rests on a verdict that is made up.

    Parameters
    ----------
    units
        How many.
    """
    names = [f"{UNIT}-{number}" for number in range(1, units + 1)]
    broken = {name: FAULTS[at % len(FAULTS)] for at, name in enumerate(names[::BREAK_EVERY])}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _write_street(place, names)
        with _units_at_work(place, len(names)) as (process, ports):
            _break(process, broken)
            _write_controllers(place, ports)
            return _pushed(place, names, (broken, process))


def _pushed(
    folder: Path, names: Sequence[str], units: tuple[Mapping[str, Fault], subprocess.Popen[str]]
) -> Pushes:
    broken, process = units
    street = read_street(folder / "street.toml")
    with open_desk(street) as desk:
        key = approved(desk, read_people(folder), _plan(names))
    with gate_process(folder) as gate:
        before_s = processor_s(gate), processor_s(process)
        begun_s = time.monotonic()
        command = [str(CITYBRAIN), "plan", "push", key, "--really", "--json"]
        more = ["--comment", "rehearsal", "--key", str(folder / "anna.key")]
        more += ["--street", str(street.path)]
        subprocess.run([*command, *more], check=False, stdout=subprocess.DEVNULL)
        wall_s = time.monotonic() - begun_s
        gate_s, units_s = processor_s(gate) - before_s[0], processor_s(process) - before_s[1]
    with open_desk(street) as desk, desk.ledger.reading() as connection:
        told = [_told(receipt) for receipt in pushes_of(connection, key)[-1]["receipts"]]
    return _judged({each.unit: each for each in told}, broken, (wall_s, gate_s, units_s))


def _judged(
    told: Mapping[str, _Told], broken: Mapping[str, Fault], took_s: tuple[float, float, float]
) -> Pushes:
    """Return times of the units that run the plan, and how the others ended."""
    whole = [each for name, each in told.items() if name not in broken]
    good = [each for each in whole if each.outcome == Outcome.RUNS.name]
    wall_s, work_s, units_work_s = took_s
    return Pushes(
        verified_s=tuple(_since_read(each, each.steps_s[Step.PROVE.value]) for each in good),
        proven_s=tuple(_since_read(each, each.ended_s) for each in good),
        others=dict(Counter(each.outcome for each in whole if each not in good)),
        broken=dict(
            Counter(f"{fault.value}: {told[name].outcome}" for name, fault in broken.items())
        ),
        wall_s=wall_s,
        work_s=work_s,
        units_work_s=units_work_s,
    )


def _since_read(told: _Told, instant_s: float) -> float:
    return instant_s - told.steps_s[Step.READ.value]


def _told(receipt: Mapping[str, str]) -> _Told:
    steps = json.loads(receipt["detail"]).get("steps", ())
    return _Told(
        unit=receipt["unit"],
        outcome=receipt["outcome"],
        steps_s={each["step"]: _instant_s(each["at"]) for each in steps},
        ended_s=_instant_s(receipt["at"]),
    )


def _instant_s(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _plan(names: Sequence[str]) -> Plan:
    first = read_plan(find_scenario(Path("corridor")) / "plan.json").patterns[0]
    return Plan(
        name="fleet",
        patterns=tuple(
            replace(first, intersection=name, offset_s=float(7 * at % int(first.cycle_s)))
            for at, name in enumerate(names)
        ),
    )


def _write_street(folder: Path, names: Sequence[str]) -> None:
    write_people(folder)
    write_secret(folder / "write.secret")
    first = read_safety(find_scenario(Path("corridor")) / "safety.toml")["J1"]
    junctions = {name: replace(first.intersection, name=name) for name in names}
    safety = {name: replace(first, intersection=each) for name, each in junctions.items()}
    write_safety(safety, folder / "safety.toml")
    (folder / "street.toml").write_text(_STREET, encoding="utf-8")
    (folder / "gate.toml").write_text(_GATE, encoding="utf-8")
    splits = [(70, {2: 35, 4: 35}), (90, {2: 50, 4: 40}), (100, {2: 55, 4: 45})]
    patterns = [
        {"number": number, "cycle_s": cycle_s, "splits_s": each}
        for number, (cycle_s, each) in enumerate(splits, 1)
    ]
    table = two_phase_unit(UNIT, patterns, schedule=[{"hour": 0, "pattern": 1}])
    text = "".join(f"{key} = {_toml(value)}\n" for key, value in table.items())
    (folder / "unit.toml").write_text(f"{text}{_CREDENTIALS}may_write = true\n", encoding="utf-8")


def _toml(value: object) -> str:
    """Return a value as TOML writes it on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_toml(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(part) for part in value) + "]"
    return json.dumps(value)


def _write_controllers(folder: Path, ports: Mapping[str, int]) -> None:
    units = "".join(
        f'[units.{name}]\naddress = "127.0.0.1"\nport = {port}\n'
        f'intersection = "{name}"\nread = "gate"\nwrite = "gate"\n'
        for name, port in ports.items()
    )
    (folder / "controllers.toml").write_text(_CREDENTIALS + units, encoding="utf-8")


@contextmanager
def _units_at_work(
    folder: Path, count: int
) -> Iterator[tuple[subprocess.Popen[str], Mapping[str, int]]]:
    """Run units as a process, and yield it with their ports."""
    copies = ["--copies", str(count)]
    process = subprocess.Popen(
        [CITYBRAIN, "virtual-controller", "run", folder / "unit.toml", *copies],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())["ready"]
    finally:
        process.terminate()
        process.communicate()


def _break(process: subprocess.Popen[str], broken: Mapping[str, Fault]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    for name, fault in broken.items():
        process.stdin.write(f"fault {name} {fault.value} on\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        assert "done" in answer, answer
