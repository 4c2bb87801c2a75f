"""The scene of a trial: the gate's office and a watched unit that answers on loopback."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import event

from benchmarks._reliability_office import (
    EPOCH_S,
    PATTERNS,
    UNIT,
    Office,
    allowed,
    desk_clock,
    fleet_of,
    new_unit,
    open_office,
    ordered,
    write_port,
)
from benchmarks._reliability_unit import WatchedUnit
from benchmarks._virtual_time import run_virtually
from citybrain.controllers.virtual.agent import Agent, Peer
from citybrain.controllers.virtual.responder import Responder
from citybrain.engine.gate.gate import Gate
from citybrain.engine.gate.watch import Watch
from citybrain.engine.street.desk import Desk, open_desk
from citybrain.engine.street.seals import open_seal
from citybrain.engine.street.settings import read_street
from citybrain.model.statements import Act

Wholes = tuple[tuple[int, ...], tuple[int, ...]]
ANSWER_S = 0.02
"""How long the unit takes for an answer. [s]"""
IN_STEP_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The unit and the office as they stand before an order.

    Parameters
    ----------
    unit
        In its state.
    office
        With its ledger.
    whole
        What pattern 3 holds before and after the new plan is stored.
    """

    unit: WatchedUnit
    office: Office
    whole: Wholes


@dataclass(slots=True, kw_only=True)
class Scene:
    """A running agent with its unit, and the gate's folder."""

    unit: WatchedUnit
    office: Office
    agent: Agent
    began_s: float

    def now_s(self) -> float:
        return self.began_s - EPOCH_S + asyncio.get_running_loop().time()


def prepare(folder: Path) -> tuple[Start, Start]:
    """Return what stands before a push, and what stands before a roll-back.

    Parameters
    ----------
    folder
        An empty folder.
    """
    (folder / "office").mkdir()
    office = open_office(folder / "office")
    unit = new_unit(office.folder)
    run_virtually(_put_to_work(unit, office))
    before = unit.copied(), office.copied(folder / "pushing")
    run_virtually(_pushed(unit, office, office.new, "new"))
    whole = before[0].pattern_values(PATTERNS[1]), unit.pattern_values(PATTERNS[1])
    before[0].known = unit.known
    pushing = Start(unit=before[0], office=before[1], whole=whole)
    return pushing, Start(unit=unit, office=office.copied(folder / "going-back"), whole=whole)


async def _put_to_work(unit: WatchedUnit, office: Office) -> None:
    unit.advance(EPOCH_S + IN_STEP_S)
    unit.learn("own")
    await _pushed(unit, office, office.former, "former")


async def _pushed(unit: WatchedUnit, office: Office, key: str, name: str) -> None:
    async with scene_of(unit, office) as scene:
        with desk_of(scene, lambda: 0.0) as desk:
            gate = Gate(desk=desk, fleet=fleet_of(desk, office.folder))
            async with watching(gate):
                order = ordered(desk, office.folder, Act.PUSH, key)
                carried = await gate.carry_out(order, lambda unit, what, result=None: None)
                await asyncio.sleep(IN_STEP_S)
        assert carried.is_done, carried
    unit.learn(name)


@asynccontextmanager
async def scene_of(unit: WatchedUnit, office: Office) -> AsyncIterator[Scene]:
    """Serve a unit as long as the block lasts."""
    loop = asyncio.get_running_loop()
    began_s, from_s = unit.now_s, loop.time()
    agent = Agent(lambda: began_s + loop.time() - from_s)
    responder = Responder(unit, allowed(office.folder), boots_before=int(began_s - EPOCH_S))
    write_port(office.folder, agent.add(responder, "127.0.0.1", 0))
    post = agent.posts[UNIT]
    post.send = partial(_send_later, loop, post.send)
    running = asyncio.create_task(agent.run())
    try:
        yield Scene(unit=unit, office=office, agent=agent, began_s=began_s - from_s)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        agent.close()


def _send_later(
    loop: asyncio.AbstractEventLoop,
    send: Callable[[bytes, Peer], None],
    data: bytes,
    peer: Peer,
) -> None:
    loop.call_later(ANSWER_S, send, data, peer)


@asynccontextmanager
async def watching(gate: Gate) -> AsyncIterator[None]:
    """Have the gate keep its units under control as long as the block lasts; then it is gone."""
    async with gate.fleet.links((UNIT,)) as links:
        gate.watch = Watch(gate.desk, links, gate.fleet)
        gate.watch.follow()
        try:
            yield
        finally:
            await gate.watch.let_all_go()


@contextmanager
def desk_of(scene: Scene, error_s: Callable[[], float]) -> Iterator[Desk]:
    """Open the gate's desk on the unit's clock; nobody waits for a locked ledger."""
    street = read_street(scene.office.folder / "street.toml")
    clock = desk_clock(lambda: scene.now_s() + error_s())
    seal = open_seal(scene.office.folder / "gate.seal")
    with open_desk(street, clock, seal) as desk:
        engine = desk.ledger._engine
        engine.dispose()
        event.listen(engine, "connect", _hurry)
        yield desk


def _hurry(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA busy_timeout = 20")
