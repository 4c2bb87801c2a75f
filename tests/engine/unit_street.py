"""A street for tests: three virtual units on loopback, a gate in a process of its own."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from citybrain.controllers.virtual.agent import Agent
from citybrain.controllers.virtual.faults import Fault
from citybrain.controllers.virtual.responder import Responder
from citybrain.controllers.virtual.unit import VirtualUnit
from citybrain.controllers.virtual.unit_file import accesses, unit_file, unit_settings
from citybrain.store.plans import read_plan
from citybrain.store.verdicts import write_verdict
from tests.engine.approval_kit import verdict_on, write_office

CORRIDOR = Path(__file__).parents[2] / "scenarios" / "corridor"
JUNCTIONS = ("J1", "J2", "J3")
SPEED = 20
"""Seconds of the units' clocks in a real one: proofs that take cycles take less."""
MIDNIGHT_S = 1_000_080_000.0 - 1_000_080_000.0 % 86_400

STREET = f"""
safety = "{CORRIDOR / "safety.toml"}"
running = "{CORRIDOR / "running.json"}"
patterns = [2, 3]
"""
CREDENTIALS = """
[credentials.watch]
user = "citybrain-read"
auth_file = "read.secret"
priv_file = "read.secret"
{more}
[patience]
timeout_s = 1.0
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


@dataclass
class UnitStreet:
    """Units at work, and the folder with everything that the commands need."""

    folder: Path
    units: dict[str, VirtualUnit]

    def fault(self, unit: str, fault: Fault, *, is_on: bool = True) -> None:
        self.units[unit].switch(fault, is_on=is_on)


def table(name: str) -> dict[str, object]:
    """Return a unit of two phases that runs 80 s in pattern 1."""
    phase = {"minimum_green_s": 5, "yellow_s": 3.0, "red_clear_s": 2.0, "recall": "minimum"}
    blank = {"cycle_s": 0, "splits_s": {2: 0, 4: 0}, "coordinated": [2]}
    patterns = [{"number": number} | blank for number in range(1, 9)]
    patterns[0] |= {"cycle_s": 80, "splits_s": {2: 40, 4: 40}}
    secrets = {"auth_file": "read.secret", "priv_file": "read.secret"}
    writing = {"auth_file": "write.secret", "priv_file": "write.secret"}
    return {
        "name": name,
        "port": 0,
        "rings": [[2, 4]],
        "barriers": [[2], [4]],
        "phases": [
            {"number": 2} | phase | {"minimum_green_s": 8},
            {"number": 4} | phase,
        ],
        "patterns": patterns,
        "backup_time_s": 3600,
        "credentials": {
            "read": {"user": "citybrain-read"} | secrets,
            "write": {"user": "citybrain-write", "may_write": True} | writing,
        },
    }


@contextmanager
def unit_street(folder: Path) -> Iterator[UnitStreet]:
    """Start three units, and write the settings, keys and secrets of everybody."""
    street = write_office(folder)
    street.write_text(STREET + street.read_text())
    for name in ("read", "write"):
        (folder / f"{name}.secret").write_text(f"{name}-only-on-loopback")
        (folder / f"{name}.secret").chmod(0o600)
    began_s = time.monotonic()
    with _agent(folder, lambda: MIDNIGHT_S + SPEED * (time.monotonic() - began_s)) as agent:
        _write_controllers(folder, agent.ports)
        plan = read_plan(CORRIDOR / "plan.json")
        write_verdict(verdict_on(plan), folder / "verdict.json")
        yield UnitStreet(folder, {name: post.responder.unit for name, post in agent.posts.items()})


@contextmanager
def _agent(folder: Path, clock: Callable[[], float]) -> Iterator[Agent]:
    loop = asyncio.new_event_loop()
    agents: list[Agent] = []
    is_ready = threading.Event()

    async def main() -> None:
        agent = Agent(clock)
        for name in JUNCTIONS:
            where = folder / f"{name}.toml"
            file = unit_file(table(name), where)
            unit = VirtualUnit(unit_settings(file, where), MIDNIGHT_S)
            agent.add(Responder(unit, accesses(file, where)), "127.0.0.1", 0)
        agents.append(agent)
        is_ready.set()
        try:
            await agent.run()
        except asyncio.CancelledError:
            agent.close()

    task = loop.create_task(main())

    def run() -> None:
        loop.run_until_complete(task)
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert is_ready.wait(20)
    try:
        yield agents[0]
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(20)


def _write_controllers(folder: Path, ports: dict[str, int]) -> None:
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


@contextmanager
def gate_process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the gate as a process, and end it as Ctrl-C does."""
    citybrain = Path(sys.executable).with_name("citybrain")
    process = subprocess.Popen(
        [citybrain, "gate", "run", "--config", folder / "gate.toml"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    assert "takes orders" in first, first + process.stdout.read()
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)
