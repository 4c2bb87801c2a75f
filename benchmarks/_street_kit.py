"""What every made-up street needs: people with keys, an approval, a unit, its agent, a gate."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from citybrain.controllers.signatures import SigningKey, new_key, read_key
from citybrain.controllers.virtual.agent import Agent
from citybrain.controllers.virtual.responder import Responder
from citybrain.engine.approval.acts import Proposal, approve, propose
from citybrain.engine.street.desk import Desk
from citybrain.model.plan import Plan
from citybrain.model.verdict import PROPOSED_PLAN, Decision, Estimate, Outcome, Verdict
from citybrain.store.plans import plan_hash
from sim.judgement import judge

CITYBRAIN = Path(sys.executable).with_name("citybrain")
READY_S = 120.0
"""Longest time for a process or a thread to begin or to end. [s]"""
PEOPLE = {"anna": '"propose", "push"', "berta": '"approve"', "carl": '"approve"'}
_PHASE = {"yellow_s": 3.0, "red_clear_s": 2.0, "recall": "maximum"}


def two_phase_unit(
    name: str, patterns: Sequence[Mapping[str, object]], **more: object
) -> dict[str, Any]:
    """Return the table of a unit as it stands in the bundled corridor.

    Parameters
    ----------
    name
        Name of the unit.
    patterns
        What it holds; all of them coordinate phase 2.
    more
        Other keys of a unit file.
    """
    return {
        "name": name,
        "port": 0,
        "rings": [[2, 4]],
        "barriers": [[2], [4]],
        "phases": [
            {"number": 2, "minimum_green_s": 8, **_PHASE},
            {"number": 4, "minimum_green_s": 5, **_PHASE},
        ],
        "patterns": [{**pattern, "coordinated": [2]} for pattern in patterns],
        **more,
    }


def write_secret(path: Path) -> None:
    """Write a secret into a file of its owner alone."""
    path.write_text(f"{path.stem}-only-on-loopback", encoding="utf-8")
    path.chmod(0o600)


def write_people(folder: Path) -> None:
    """Make the keys of some people, and the register that names them."""
    lines = []
    for name, roles in PEOPLE.items():
        public = new_key(folder / f"{name}.key").public
        lines += ["[[key]]", f'name = "{name}"', f'person = "{name.title()}"']
        lines += [f'public = "{public}"', f"roles = [{roles}]"]
    (folder / "keys.toml").write_text("\n".join(lines), encoding="utf-8")


def read_people(folder: Path) -> dict[str, SigningKey]:
    """Return the keys of these people."""
    return {name: read_key(folder / f"{name}.key") for name in PEOPLE}


def approved(desk: Desk, keys: Mapping[str, SigningKey], plan: Plan) -> str:
    """Have a plan proposed, with a verdict that is made up, and approved by two persons."""
    proposal = Proposal(plan=plan, verdict=_verdict_on(plan), reference=Plan(name="", patterns=()))
    key = propose(desk, proposal, keys["anna"], "rehearsal").hash
    for person in ("berta", "carl"):
        approve(desk, key, keys[person], "rehearsal")
    return key


@contextmanager
def gate_process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a gate as a process until the block ends; it has looked at what a former one left.

    Parameters
    ----------
    folder
        With ``gate.toml``.
    """
    process = subprocess.Popen(
        [CITYBRAIN, "gate", "run", "--config", folder / "gate.toml"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "takes orders" in line, line + process.stdout.read()
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=READY_S)


@contextmanager
def agent_thread(
    clock: Callable[[], float], responders: Sequence[Responder]
) -> Iterator[Mapping[str, int]]:
    """Let units answer and run in a thread, and yield their ports on loopback by their names.

    Parameters
    ----------
    clock
        Clock of the units. [s since 1970]
    responders
        One for each unit.
    """
    loop = asyncio.new_event_loop()
    is_ready = threading.Event()
    ports: dict[str, int] = {}

    async def main() -> None:
        agent = Agent(clock)
        for responder in responders:
            agent.add(responder, "127.0.0.1", 0)
        ports.update(agent.ports)
        is_ready.set()
        try:
            await agent.run()
        finally:
            agent.close()

    task = loop.create_task(main())

    def run() -> None:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert is_ready.wait(READY_S)
    try:
        yield ports
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()


def processor_s(process: subprocess.Popen[str]) -> float:
    """Return the processor time that a process at work has had. [s]."""
    text = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8")
    user, system = text.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _verdict_on(plan: Plan) -> Verdict:
    running, proposed = (
        tuple(
            Outcome(
                seed=seed,
                vehicle_count=1,
                delay_s=delay_s,
                unfinished_veh=0,
                never_inserted_veh=0,
                teleports=0,
                collisions=0,
                stops=0,
            )
            for seed in (1, 2)
        )
        for delay_s in (2.0, 1.0)
    )
    exactly = {mean: Estimate(mean=mean, low=mean, high=mean) for mean in (-1.0, 0.5, 1.0, 2.0)}
    return Verdict(
        decision=Decision.ACCEPT,
        reasons=judge(running, proposed).reasons,
        scenario="rehearsal",
        running_plan="running",
        proposed_plan=plan.name,
        begin_s=0.0,
        end_s=1.0,
        running=running,
        proposed=proposed,
        delay_before_s=exactly[2.0],
        delay_after_s=exactly[1.0],
        delay_change_s=exactly[-1.0],
        saving=exactly[0.5],
        worst_seed=1,
        movements=(),
        approaches=(),
        demand="none",
        caveats=("Made up for a rehearsal.",),
        hashes={PROPOSED_PLAN: plan_hash(plan)},
    )
