"""Virtual controllers for the benchmarks: in this process, or many in one of their own."""

import asyncio
import multiprocessing
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing.connection import Connection

from citybrain.controllers.ntcip.secrets import V3, Secret
from citybrain.controllers.virtual.agent import Agent
from citybrain.controllers.virtual.responder import Access, Responder
from citybrain.controllers.virtual.unit import VirtualUnit
from citybrain.controllers.virtual.unit_file import UnitFile
from citybrain.controllers.virtual.unit_programming import unit_settings
from citybrain.ports.controllers import PhaseSplit, UnitPlan

SPLITS_S = {1: 15, 2: 35, 3: 15, 4: 25, 5: 20, 6: 30, 7: 20, 8: 20}
CYCLE_S = 90
SPARE = 3
"""The pattern that the benchmarks write; 1 and 2 are the unit's own."""
_PHASE = {"minimum_green_s": 6, "yellow_s": 3.5, "red_clear_s": 1.5, "recall": "maximum"}
_PATTERN = {"cycle_s": CYCLE_S, "splits_s": SPLITS_S, "coordinated": [2, 6]}
_LONGEST_START_S = 60.0


def made_up() -> V3:
    """Return credentials that nobody else has."""
    auth, priv = (Secret(secrets.token_urlsafe(16)) for _ in range(2))
    return V3(user="benchmark", auth_key=auth, priv_key=priv)


def virtual_unit(name: str) -> VirtualUnit:
    """Return a unit with eight phases in two rings and two patterns of its own."""
    file = UnitFile.model_validate(
        {
            "name": name,
            "port": 0,
            "rings": [[1, 2, 3, 4], [5, 6, 7, 8]],
            "barriers": [[1, 2, 5, 6], [3, 4, 7, 8]],
            "phases": [{"number": number, **_PHASE} for number in range(1, 9)],
            "patterns": [
                {"number": 1, **_PATTERN},
                {"number": 2, "offset_s": 30, **_PATTERN},
                {"number": SPARE, "offset_s": 45, **_PATTERN},
            ],
        }
    )
    return VirtualUnit(unit_settings(file, name), time.time())


def spare_plan(own: UnitPlan, number: int) -> UnitPlan:
    """Return a plan for the spare pattern, another one for every number.

    Parameters
    ----------
    own
        Pattern 1 as the unit holds it.
    number
        Any; decides offset, and which of two phases gets a few seconds of the other.
    """
    moved_s = number % 7
    change_s = {2: moved_s, 4: -moved_s, 6: moved_s, 8: -moved_s}
    splits = tuple(
        PhaseSplit(phase=each.phase, split_s=each.split_s + change_s.get(each.phase, 0))
        for each in own.splits
    )
    return replace(own, pattern=SPARE, offset_s=number * 11 % CYCLE_S, splits=splits)


@contextmanager
def serving(count: int, credentials: V3) -> Iterator[list[int]]:
    """Run units in a process of their own, and yield their ports on loopback."""
    here, there = multiprocessing.Pipe()
    keys = (credentials.user, credentials.auth_key.reveal(), credentials.priv_key.reveal())
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_serve, args=(there, count), daemon=True)
    process.start()
    try:
        here.send(keys)
        if not here.poll(_LONGEST_START_S):
            msg = "the virtual units do not start"
            raise RuntimeError(msg)
        yield here.recv()
    finally:
        here.close()
        process.join(timeout=10)
        if process.is_alive():
            process.terminate()
            process.join()


def _serve(pipe: Connection, count: int) -> None:
    user, auth, priv = pipe.recv()
    credentials = V3(user=user, auth_key=Secret(auth), priv_key=Secret(priv))
    asyncio.run(_host(pipe, count, credentials))


async def _host(pipe: Connection, count: int, credentials: V3) -> None:
    """Serve until the other end of the pipe is closed."""
    agent = Agent(time.time)
    access = Access(credentials=credentials, may_write=True)
    responders = [Responder(virtual_unit(f"u{index}"), [access]) for index in range(count)]
    ports = [agent.add(responder, "127.0.0.1", 0) for responder in responders]
    running = asyncio.create_task(agent.run())
    pipe.send(ports)
    while not pipe.poll():
        await asyncio.sleep(0.2)
    with suppress(EOFError):
        pipe.recv()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    agent.close()
