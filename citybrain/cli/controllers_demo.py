"""The command ``controllers demo``: a plan reaches three virtual units that drive a SUMO corridor.

Every step is one of citybrain's own commands, run as a person would run it.
"""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from citybrain.cli.console import OUTPUT, print_json
from citybrain.cli.demo_commands import Show, Street, running_gate, street_of
from citybrain.cli.demo_files import UNITS, write_controllers, write_people, write_units
from citybrain.cli.sources import find_scenario
from citybrain.store.plans import read_plan

EVALUATIONS = "12"
"""Simulation runs of the search."""
NEAREST = "nearest.plan.json"
_RETIMED, _PROOF = ("retimed/plan.json", "retimed/verdict.json"), "proof/verdict.json"
BROKEN, FAULT = "J2", "ignores-pattern"
END_S = 1800.0
"""Length of the corridor's simulation. [s]"""


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


def run(request: Request) -> int:
    """Run the demonstration; 0 if the street ended as it should."""
    scenario = find_scenario(Path("corridor")).absolute()
    request.out.mkdir(parents=True, exist_ok=True)
    show = Show(request.out, request.is_json)
    write_people(show, scenario)
    made = _made(show, scenario, request.seeds)
    show.say("Anna proposes it; two others approve it, by name.")
    proof = ("--verdict", made.verdict)
    show.must("plan", "propose", made.plan, *proof, key="anna", comment="less delay")
    show.must("plan", "approve", made.name, key="berta", comment="walks are kept")
    show.must("plan", "approve", made.name, key="carl", comment="checked on site")
    with ExitStack() as stack:
        show.say("Three virtual units drive the corridor; a second corridor is left alone.")
        street, alone = _streets(stack, request, scenario)
        until_s = time.monotonic() + END_S / 2 / request.speed
        write_controllers(request.out, street.ports)
        stack.enter_context(running_gate(request.out))
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
    is_alone = _runs(show) == set(UNITS) - {BROKEN}
    show.run("controllers", "status")
    show.say(f"{BROKEN} went back to what it held; it is mended, and pushed alone.")
    street.order(f"fault {BROKEN} {FAULT} off")
    is_done = show.run(*order, "--units", BROKEN, key="dora", comment="mended") == 0
    show.run("controllers", "status")
    return is_refused and is_alone and is_done and _runs(show) == set(UNITS)


def _runs(show: Show) -> set[str]:
    """Return the units that run the plan: there is no other in the ledger."""
    return {unit for unit, plan in show.ask("plan", "history")["running"].items() if plan}


def _roll_back(show: Show, name: str) -> bool:
    show.say("A queue at the station: Dora rolls the plan back, and everything is kept.")
    order = ("plan", "rollback", name, "--really")
    code = show.run(*order, key="dora", comment="queue at the station")
    show.run("controllers", "status")
    show.run("plan", "history", name)
    show.run("audit", "show", "--last", "12")
    return code == 0 and not _runs(show) and show.run("audit", "verify") == 0


def _told(show: Show, measured: dict[str, dict[str, Any]]) -> bool:
    show.say("What the simulated street did, colours by the units, the same 30 minutes:")
    for name, text in (("alone", "without the plan"), ("pushed", "with it for a while")):
        one = measured[name]
        line = f"{text:<26} {one['delay_s_per_veh']:6.1f} s per vehicle, {one['vehicles']} vehicles"
        if not show.is_quiet:
            OUTPUT.print(f"{line}, {one['collisions']} collisions")
    tripped = [unit["monitor"] for one in measured.values() for unit in one["units"].values()]
    return not any(tripped) and not any(one["collisions"] for one in measured.values())


def _figures(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name != "units"}


def _streets(stack: ExitStack, request: Request, scenario: Path) -> tuple[Street, Street]:
    """Start two corridors of three units each, the second to be left alone."""
    files = write_units(request.out, scenario)
    drive = ("--drive", str(scenario / "corridor.sumocfg"), "--speed", str(request.speed))
    first, second = (
        stack.enter_context(street_of(request.out, files, drive)) for _ in ("pushed", "alone")
    )
    return first, second


def _wait_for(alone: Street, until_s: float) -> None:
    """Let the plan run to the middle of the corridor's half hour, at most until its end."""
    while time.monotonic() < until_s and alone.process.poll() is None:
        time.sleep(0.2)
