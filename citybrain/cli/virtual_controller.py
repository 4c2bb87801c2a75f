"""The command ``virtual-controller``: virtual units on loopback, alone or driving a SUMO run.

While it runs it takes orders on standard input, one a line, and answers each with one line::

    status
    fault k101 slow on
    power k101              switch the power off for three seconds
    reset k101              press the reset button of the conflict monitor
"""

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from citybrain.cli.console import OUTPUT, print_json
from citybrain.cli.serving import run_until_told
from citybrain.config import SafetyLimits
from citybrain.controllers.virtual.agent import Agent
from citybrain.controllers.virtual.faults import MEANING
from citybrain.controllers.virtual.unit import VirtualUnit
from citybrain.engine.area import open_area
from citybrain.engine.virtual_units import (
    Drive,
    Installed,
    live_street,
    midnight_before,
    open_agent,
    read_installed,
    switch,
)
from citybrain.errors import InputError
from sim.sumo.live_junction import LiveSettings

MOST_ORDER = 4096
COPIES, ORDER = "--copies", "order"
_FAULT_WORDS, _UNIT_WORDS = 4, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Options of the command.

    Parameters
    ----------
    units
        Unit files.
    copies
        How many of each; names and ports count up.
    drive
        Scenario whose junctions the units drive; none to run alone.
    period
        Period of the scenario.
    speed
        Simulated seconds for each real one.
    seconds
        Time after which to end; none to run until interrupted. [s], of the simulation where
        there is one
    settings
        Step and seed of the simulation.
    is_json
        Print results as JSON.
    """

    units: tuple[Path, ...]
    copies: int
    drive: Path | None
    period: str | None
    speed: float
    seconds: float | None
    settings: LiveSettings
    is_json: bool


def run(request: Request) -> int:
    """Run units until the time is over or somebody interrupts; both are a good end."""
    with contextlib.suppress(KeyboardInterrupt):
        if request.drive is None:
            run_until_told(_alone(request))
        else:
            run_until_told(_driving(request))
    return 0


def show_faults(*, is_json: bool) -> int:
    """Print every fault with its meaning."""
    if is_json:
        print_json({"faults": {fault.value: meaning for fault, meaning in MEANING.items()}})
        return 0
    for fault, meaning in MEANING.items():
        OUTPUT.print(f"{fault.value:<26} {meaning}")
    return 0


async def _alone(request: Request) -> None:
    now_s = time.time()
    installed = [one for path in request.units for one in _copies(path, request.copies, now_s)]
    agent = open_agent(installed, time.time)
    try:
        _tell(_ready(agent))
        _listen(agent)
        async with asyncio.timeout(request.seconds):
            await agent.run()
    except TimeoutError:
        _tell(_status(agent))
    finally:
        agent.close()


def _copies(path: Path, copies: int, now_s: float) -> list[Installed]:
    first = read_installed(path, now_s)
    if copies == 1:
        return [first]
    return [_renamed(first, at, now_s) for at in range(copies)]


def _renamed(first: Installed, at: int, now_s: float) -> Installed:
    name = f"{first.file.name}-{at + 1}"
    port = first.file.port + at if first.file.port else 0
    unit = VirtualUnit(replace(first.unit.settings, name=name), now_s)
    file = first.file.model_copy(update={"name": name, "port": port})
    return replace(first, file=file, unit=unit)


async def _driving(request: Request) -> None:
    if request.copies != 1 or request.drive is None:
        raise InputError(COPIES, "a junction has one unit", "leave --copies out with --drive")
    area = open_area(request.drive, request.period, SafetyLimits())
    epoch_s = midnight_before(time.time())
    installed = [read_installed(path, epoch_s, area) for path in request.units]
    with live_street(area, installed, request.settings) as street:
        agent = open_agent(installed, time.time)
        drive = Drive(street, installed, epoch_s)
        until_s = area.scenario.begin_s + (request.seconds or float("inf"))
        try:
            _tell(_ready(agent))
            _listen(agent)
            await drive.run(speed=request.speed, until_s=min(until_s, area.scenario.end_s))
        finally:
            agent.close()
        outcome = street.outcome()
        _tell(
            _status(agent)
            | {
                "vehicles": outcome.vehicle_count,
                "delay_s_per_veh": round(outcome.delay_s / max(outcome.vehicle_count, 1), 2),
                "unfinished_veh": outcome.unfinished_veh,
                "never_inserted_veh": outcome.never_inserted_veh,
                "collisions": street.collisions,
                "simulated_s": street.time_s,
            }
        )


def _tell(content: Mapping[str, object]) -> None:
    """Print one line of JSON, at once: whoever started the process waits for it."""
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()


def _ready(agent: Agent) -> dict[str, object]:
    return {"ready": dict(agent.ports)}


def _status(agent: Agent) -> dict[str, object]:
    return {"units": {name: _told(agent, name) for name in agent.posts}}


def _told(agent: Agent, name: str) -> dict[str, object]:
    post = agent.posts[name]
    unit, tally = post.responder.unit, post.responder.tally
    return {
        "pattern": unit.pattern_status,
        "free": unit.free_status.name,
        "control": unit.control.name,
        "flash": unit.flash_status.name,
        "transaction": unit.transaction.name,
        "monitor": str(unit.monitor.tripped) if unit.monitor.tripped else "",
        "faults": sorted(unit.faults),
        "answered": tally.answered,
        "dropped": tally.dropped,
    }


def _listen(agent: Agent) -> None:
    """Take orders on standard input, where it is one that can be waited for."""
    loop, descriptor = asyncio.get_running_loop(), sys.stdin.fileno()
    begun = bytearray()

    def hear() -> None:
        data = os.read(descriptor, MOST_ORDER)
        if not data:
            loop.remove_reader(descriptor)
        begun.extend(data)
        *lines, rest = begun.split(b"\n")
        begun[:] = rest[-MOST_ORDER:]
        for line in lines:
            if line.strip():
                _tell(_obeyed(agent, line.decode("utf-8", "replace").split()))

    with contextlib.suppress(OSError, ValueError):
        loop.add_reader(descriptor, hear)


def _obeyed(agent: Agent, words: list[str]) -> dict[str, object]:
    try:
        return _obey(agent, words)
    except InputError as error:
        return {"error": str(error)}


def _obey(agent: Agent, words: list[str]) -> dict[str, object]:
    if words == ["status"]:
        return _status(agent)
    if len(words) == _FAULT_WORDS and words[0] == "fault" and words[3] in {"on", "off"}:
        switch(_unit(agent, words[1]), words[2], is_on=words[3] == "on")
        return {"done": " ".join(words)}
    orders: dict[str, Callable[[VirtualUnit], None]] = {
        "power": VirtualUnit.lose_power,
        "reset": VirtualUnit.reset_monitor,
    }
    if len(words) == _UNIT_WORDS and words[0] in orders:
        orders[words[0]](_unit(agent, words[1]))
        return {"done": " ".join(words)}
    what = f"does not know {' '.join(words)[:80]!r}"
    raise InputError(ORDER, what, "write status, fault UNIT FAULT on|off, power UNIT, reset UNIT")


def _unit(agent: Agent, name: str) -> VirtualUnit:
    if name not in agent.posts:
        known = ", ".join(agent.posts)
        raise InputError(ORDER, f"there is no unit {name}", f"choose one of: {known}")
    return agent.posts[name].responder.unit
