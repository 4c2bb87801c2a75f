"""A gate in a process of its own, really killed (SIGKILL) at each step, and started anew."""

import os
import random
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks._reliability_judging import Ended, settled_faults
from benchmarks._reliability_office import UNIT, allowed, ordered, write_port
from benchmarks._reliability_scene import Start
from benchmarks._reliability_unit import WatchedUnit
from benchmarks._street_kit import agent_thread, gate_process
from citybrain.controllers.virtual.responder import Responder
from citybrain.engine.gate.client import send
from citybrain.engine.street.desk import open_desk
from citybrain.engine.street.settings import read_street
from citybrain.errors import CitybrainError
from citybrain.model.statements import Act
from citybrain.ports.controllers import Step
from citybrain.store.ledger.pushes import pushes_of

KILLED = "gate-process"
SPEED = 2
"""Seconds of the unit in a real one."""
LATEST_S = 0.3
"""Longest time from the begin of a step until the gate is killed. [s]"""


def kill_gate(start: Start, step: Step, seed: int) -> Ended:
    """Kill a gate at a step, start it anew, and look at unit and ledger.

    Parameters
    ----------
    start
        What stands before the order.
    step
        When it is killed; ``ABORT`` in a roll-back, else in a push.
    seed
        Decides how long the gate goes on after the step has begun; 0 for not at all.
    """
    later_s = random.Random(f"{KILLED} {step.name} {seed}").uniform(0.0, LATEST_S) if seed else 0.0
    with tempfile.TemporaryDirectory() as own:
        office = start.office.copied(Path(own) / "g")
        unit = start.unit.copied()
        unit.forget()
        with _served(unit, office.folder):
            at_s = _order_and_kill(replace(start, office=office), step, later_s)
            killed_s = unit.now_s
            with gate_process(office.folder):
                good_s = unit.now_s - killed_s
                shown = unit.shows()
        street = read_street(office.folder / "street.toml")
        with open_desk(street) as desk, desk.ledger.reading() as connection:
            receipts = pushes_of(connection, office.new)[-1]["receipts"]
            said = receipts[-1]["outcome"] if receipts else "REFUSED"
            faults = list(settled_faults(connection, office, (said, shown, "former")))
    return Ended(
        is_reached=at_s > 0.0,
        said=("killed", said),
        reason="",
        showed=tuple(name for _, name in unit.seen.shows),
        trips=tuple(unit.seen.trips),
        good_s=good_s,
        faults=tuple(faults),
    )


def _order_and_kill(start: Start, step: Step, later_s: float) -> float:
    """Order a push or a roll-back, kill the gate soon after it says the step; return when [s]."""
    folder = start.office.folder
    act = Act.ROLL_BACK if step is Step.ABORT else Act.PUSH
    killed_at_s = 0.0
    with gate_process(folder) as process:

        def heard(line: dict[str, Any]) -> None:
            nonlocal killed_at_s
            if line.get("step") == step.value and not killed_at_s:
                time.sleep(later_s)
                os.kill(process.pid, signal.SIGKILL)
                killed_at_s = time.monotonic()

        street = read_street(folder / "street.toml")
        with open_desk(street) as desk:
            order = ordered(desk, folder, act, start.office.new)
        with suppress(CitybrainError):
            send(street.gate_socket, order, heard)
    return killed_at_s


@contextmanager
def _served(unit: WatchedUnit, folder: Path) -> Iterator[None]:
    """Let a unit answer and run in a thread, its clock faster than ours."""
    began_s, from_s = unit.now_s, time.monotonic()
    responder = Responder(unit, allowed(folder), boots_before=int(time.time() % 2**24))

    def clock() -> float:
        return began_s + SPEED * (time.monotonic() - from_s)

    with agent_thread(clock, [responder]) as ports:
        write_port(folder, ports[UNIT])
        yield
