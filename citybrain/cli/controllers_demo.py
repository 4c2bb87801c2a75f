"""The command ``controllers demo``: a plan reaches three virtual units that drive a SUMO corridor.

Every step is one of citybrain's own commands, run as a person would run it.
"""

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from citybrain.cli.console import OUTPUT, print_json
from citybrain.cli.sources import find_scenario
from citybrain.errors import SimulationError
from citybrain.files import atomic_write_text
from citybrain.store.plans import read_plan

UNITS = ("J1", "J2", "J3")
EVALUATIONS = "12"
"""Simulation runs of the search."""
NEAREST = "nearest.plan.json"
_RETIMED, _PROOF = ("retimed/plan.json", "retimed/verdict.json"), "proof/verdict.json"
BROKEN, FAULT = "J2", "ignores-pattern"
PEOPLE = {
    "anna": ("Anna Ng", "propose"),
    "berta": ("Berta Oz", "approve"),
    "carl": ("Carl Pohl", "approve"),
    "dora": ("Dora Quist", "push,stop"),
}
END_S = 1800.0
"""Length of the corridor's simulation. [s]"""
_READY_S = 120.0
_CITYBRAIN = Path(sys.executable).with_name("citybrain")

_STREET = """\
safety = "{scenario}/safety.toml"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Options of the command.

    Parameters
    ----------
    out
        Folder for keys, settings, ledger and proof; must not hold a ledger yet.
    speed
        Simulated seconds for each real one.
    seeds
        Paired seeds of the proof.
    is_json
        Print the outcome as JSON.
    """

    out: Path
    speed: float
    seeds: int
    is_json: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A plan that was made, with its proof.

    Parameters
    ----------
    name
        Of the plan.
    plan, verdict
        Files in the folder of the demonstration.
    """

    name: str
    plan: str
    verdict: str


@dataclass(slots=True)
class Show:
    """Runs commands and shows them with what they print.

    Parameters
    ----------
    folder
        Where everything is kept.
    is_quiet
        Show nothing; for programs.
    """

    folder: Path
    is_quiet: bool

    def say(self, text: str) -> None:
        """Tell what comes next."""
        if not self.is_quiet:
            OUTPUT.print(f"\n[bold]{text}[/bold]")

    def run(self, *words: str, key: str = "", comment: str = "") -> int:
        """Run a command of citybrain in the folder, and return its exit code."""
        return self._shown(words, key, comment)[0]

    def must(self, *words: str, key: str = "", comment: str = "") -> None:
        """Run a command without which there is nothing to go on with.

        Raises
        ------
        SimulationError
            With the last line of what the command says, where its exit code is not 0.
        """
        code, told = self._shown(words, key, comment)
        if code:
            last = told.rstrip().rpartition("\n")[2].removeprefix("citybrain: ")
            msg = f"citybrain {' '.join(words)}: {last or f'exit code {code}'}"
            raise SimulationError(msg)

    def _shown(self, words: Sequence[str], key: str, comment: str) -> tuple[int, str]:
        """Run a command, show it and what it prints, and return its exit code and that."""
        signed = ("--key", f"{key}.key") if key else ()
        said = ("--comment", comment) if comment else ()
        line = [*words, *signed, *said]
        if not self.is_quiet:
            shown = " ".join(f'"{word}"' if " " in word else word for word in line)
            OUTPUT.print(f"$ citybrain {shown}", markup=False, style="dim")
        done = subprocess.run(
            [_CITYBRAIN, *line], cwd=self.folder, capture_output=True, text=True, check=False
        )
        told = done.stdout + "".join(
            part for part in done.stderr.splitlines(keepends=True) if part.startswith("citybrain:")
        )
        if not self.is_quiet:
            OUTPUT.print(told.rstrip(), markup=False)
        return done.returncode, told

    def ask(self, *words: str) -> dict[str, Any]:
        """Run a command, and return what it tells as JSON."""
        done = subprocess.run(
            [_CITYBRAIN, *words, "--json"],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        try:
            answer: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            msg = f"citybrain {' '.join(words)}: {done.stderr.strip()}"
            raise SimulationError(msg) from None
        return answer


@dataclass(slots=True)
class Street:
    """A process with three units that drive a running simulation."""

    process: subprocess.Popen[str]
    ports: dict[str, int]

    def order(self, words: str) -> None:
        """Give an order such as ``fault J2 slow on``, and wait for its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{words}\n")
        self.process.stdin.flush()
        self.process.stdout.readline()

    def outcome(self) -> dict[str, Any]:
        """Wait for the end of the simulation, and return what it told last."""
        output, _ = self.process.communicate()
        last: dict[str, Any] = json.loads(output.splitlines()[-1])
        return last


def run(request: Request) -> int:
    """Run the demonstration; 0 if the street ended as it should."""
    scenario = find_scenario(Path("corridor")).absolute()
    request.out.mkdir(parents=True, exist_ok=True)
    show = Show(request.out, request.is_json)
    _write_people(show, scenario)
    made = _made(show, scenario, request.seeds)
    show.say("Anna proposes it; two others approve it, by name.")
    proof = ("--verdict", made.verdict)
    show.must("plan", "propose", made.plan, *proof, key="anna", comment="less delay")
    show.must("plan", "approve", made.name, key="berta", comment="walks are kept")
    show.must("plan", "approve", made.name, key="carl", comment="checked on site")
    with ExitStack() as stack:
        show.say("Three virtual units drive the corridor; a second corridor is left alone.")
        street, alone = _streets(stack, request.out, scenario, request.speed)
        until_s = time.monotonic() + END_S / 2 / request.speed
        _write_controllers(request.out, street.ports)
        stack.enter_context(_gate(request.out))
        is_well = _push(show, street, made.name)
        _wait_for(alone, until_s)
        is_well = _roll_back(show, made.name) and is_well
        measured = {"pushed": street.outcome(), "alone": alone.outcome()}
    is_well = _told(show, measured) and is_well
    if request.is_json:
        print_json({"is_well": is_well, **{k: _figures(v) for k, v in measured.items()}})
    return 0 if is_well else 1


def _made(show: Show, scenario: Path, seeds: int) -> Made:
    """Have a plan made and proven; where units cannot show it, prove the nearest that they can.

    Raises
    ------
    SimulationError
        No plan was made, found or accepted that could be pushed.
    """
    for stale in (*_RETIMED, NEAREST, _PROOF):
        (show.folder / stale).unlink(missing_ok=True)
    corridor, safety = str(scenario / "corridor.sumocfg"), str(scenario / "safety.toml")
    proven = ("--seeds", str(seeds))
    show.say("A plan is made from what is driven, and proven in SUMO with seeds nobody has seen.")
    search = ("--evaluations", EVALUATIONS, "--safety", safety)
    show.must("retime", corridor, *search, "--out", "retimed", *proven)
    show.say("Can the units show it exactly? If not, the nearest that they can is proven anew.")
    plan, verdict = _RETIMED
    show.must("safety", "nearest", plan, "--safety", safety, "--out", NEAREST)
    if (show.folder / NEAREST).exists():
        show.must("validate", corridor, "--plan", NEAREST, "--out", "proof", *proven)
        plan, verdict = NEAREST, _PROOF
    return Made(name=read_plan(show.folder / plan).name, plan=plan, verdict=verdict)


def _push(show: Show, street: Street, name: str) -> bool:
    """Push with one unit broken, mend it, push again; tell whether all came as it should."""
    show.run("controllers", "status")
    show.say("A dry run: every object that would change, old and new.")
    show.run("plan", "push", name)
    show.say(f"Unit {BROKEN} is broken on purpose: it accepts commands and does nothing.")
    street.order(f"fault {BROKEN} {FAULT} on")
    order = ("plan", "push", name, "--really")
    is_refused = show.run(*order, key="dora", comment="agreed for today") == 1
    show.run("controllers", "status")
    show.say(f"{BROKEN} went back to what it held; it is mended, and pushed alone.")
    street.order(f"fault {BROKEN} {FAULT} off")
    is_done = show.run(*order, "--units", BROKEN, key="dora", comment="mended") == 0
    show.run("controllers", "status")
    runs = show.ask("plan", "history")["running"]
    return is_refused and is_done and set(runs) == set(UNITS) and len(set(runs.values())) == 1


def _roll_back(show: Show, name: str) -> bool:
    show.say("A queue at the station: Dora rolls the plan back, and everything is kept.")
    order = ("plan", "rollback", name, "--really")
    code = show.run(*order, key="dora", comment="queue at the station")
    show.run("controllers", "status")
    show.run("plan", "history", name)
    show.run("audit", "show", "--last", "12")
    return code == 0 and show.run("audit", "verify") == 0


def _told(show: Show, measured: dict[str, dict[str, Any]]) -> bool:
    show.say("What the simulated street did, colours by the units, the same 30 minutes:")
    for name, text in (("alone", "without the plan"), ("pushed", "with it for a while")):
        one = measured[name]
        line = f"{text:<26} {one['delay_s_per_veh']:6.1f} s per vehicle, {one['vehicles']} vehicles"
        if not show.is_quiet:
            OUTPUT.print(f"{line}, {one['collisions']} collisions", markup=False)
    tripped = [unit["monitor"] for one in measured.values() for unit in one["units"].values()]
    return not any(tripped) and not any(one["collisions"] for one in measured.values())


def _figures(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name != "units"}


def _write_people(show: Show, scenario: Path) -> None:
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
    atomic_write_text(folder / "gate.toml", _GATE)
    for stale in ("ledger.db", "ledger.db-wal", "ledger.db-shm", "audit.head", "KILL"):
        (folder / stale).unlink(missing_ok=True)
    show.run("keys", "list")
    for name in ("read", "write"):
        path = folder / f"{name}.secret"
        path.unlink(missing_ok=True)
        path.touch(0o600)
        path.write_text(secrets.token_urlsafe(24))


def _write_controllers(folder: Path, ports: dict[str, int]) -> None:
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


def _streets(stack: ExitStack, folder: Path, scenario: Path, speed: float) -> tuple[Street, Street]:
    """Start two corridors of three units each, the second to be left alone."""
    may_write = "may_write = true\n"
    credentials = _CREDENTIALS.format(name="read") + _CREDENTIALS.format(name="write") + may_write
    for name in UNITS:
        unit = _UNIT.format(name=name, scenario=scenario)
        atomic_write_text(folder / f"{name}.toml", f"{unit}\n{credentials}")
    first, second = (
        stack.enter_context(_street(folder, scenario, speed)) for _ in ("pushed", "alone")
    )
    return first, second


@contextmanager
def _street(folder: Path, scenario: Path, speed: float) -> Iterator[Street]:
    files = [f"{name}.toml" for name in UNITS]
    drive = ("--drive", str(scenario / "corridor.sumocfg"), "--speed", str(speed))
    process = subprocess.Popen(
        [_CITYBRAIN, "virtual-controller", "run", *files, *drive],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        if not first:
            msg = "the virtual controllers did not start"
            raise SimulationError(msg)
        yield Street(process, json.loads(first)["ready"])
    finally:
        process.terminate()
        process.wait(_READY_S)


@contextmanager
def _gate(folder: Path) -> Iterator[None]:
    process = subprocess.Popen(
        [_CITYBRAIN, "gate", "run", "--config", "gate.toml"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        if "takes orders" not in process.stdout.readline():
            msg = "the gate did not start"
            raise SimulationError(msg)
        yield
    finally:
        process.terminate()
        process.wait(_READY_S)


def _wait_for(alone: Street, until_s: float) -> None:
    """Let the plan run to the middle of the corridor's half hour, at most until its end."""
    while time.monotonic() < until_s and alone.process.poll() is None:
        time.sleep(0.2)
