"""One fault at one step of one order: what the street showed, what was said, how long it took."""

import asyncio
import random
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, event

from benchmarks._reliability_faults import GateKilled, Place, Trouble
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
from benchmarks._reliability_unit import MIXED, WatchedUnit
from benchmarks._virtual_time import run_virtually
from citybrain.controllers.virtual.agent import Agent, Peer
from citybrain.controllers.virtual.responder import Responder
from citybrain.engine.approval_desk import Desk, open_desk
from citybrain.engine.approval_settings import read_street
from citybrain.engine.gate import Carried, Gate
from citybrain.engine.gate_recovery import settle_unfinished
from citybrain.engine.gate_watch import Watch
from citybrain.engine.pushing import UnitResult
from citybrain.errors import CitybrainError
from citybrain.model.approval import Act
from citybrain.ports.controllers import Outcome, Step
from citybrain.store.ledger.pushes import running

Wholes = tuple[tuple[int, ...], tuple[int, ...]]
ANSWER_S = 0.02
"""How long the unit takes for an answer. [s]"""
IN_STEP_S = 300.0
HEAL_S = 30.0
"""Time until somebody repairs what lasts, once an order has ended without a last word. [s]"""
_SETTLED_S = 5.0
STEPS = (
    Step.READ,
    Step.OPEN,
    Step.WRITE,
    Step.VERIFY,
    Step.STORE,
    Step.READ_BACK,
    Step.ACTIVATE,
    Step.PROVE,
    Step.ABORT,
)
"""Steps at which a fault begins; at the last one an ordered roll-back begins."""
_OPEN = frozenset({Outcome.UNKNOWN.name, Outcome.FAILED.name, "ERROR", "killed"})
"""Words after which it is the unit itself that ends in a good state."""
_SHOWN = {
    Outcome.RUNS.name: "new",
    Outcome.KEPT.name: "former",
    Outcome.ROLLED_BACK.name: "former",
    "REFUSED": "former",
}
_TRIPS, _WRITES = "conflict", "other-manager-writes"
"""Faults that trip the monitor, and that change a plan, by themselves."""
_MOST_MESSAGES = 8
_MOST_WAIT_S = 90.0


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What one trial came to.

    Parameters
    ----------
    is_reached
        Whether the fault began before the order had ended.
    said
        What the gate said of the unit first, and after its next start if there was one.
    reason
        The gate's first words for it.
    showed
        What the street showed from the fault on, in turn.
    trips
        What the conflict monitor latched.
    good_s
        From the fault until a state that is known to be good: the gate's last word where it is
        a plan or local control; else until the unit was back on its own schedule. [s]
    faults
        What must not be, and was.
    idle
        A pattern that does not run and holds neither plan as a whole; empty if there is none.
    """

    is_reached: bool
    said: tuple[str, ...]
    reason: str
    showed: tuple[str, ...]
    trips: tuple[str, ...]
    good_s: float
    faults: tuple[str, ...]
    idle: str = ""


@dataclass(slots=True, kw_only=True)
class _Scene:
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
    async with _scene_of(unit, office) as scene:
        with _desk_of(scene, lambda: 0.0) as desk:
            gate = Gate(desk=desk, fleet=fleet_of(desk, office.folder))
            async with _watching(gate):
                order = ordered(desk, office.folder, Act.PUSH, key)
                carried = await gate.carry_out(order, lambda unit, what, result=None: None)
                await asyncio.sleep(IN_STEP_S)
        assert carried.is_done, carried
    unit.learn(name)


def play(start: Start, trouble: Trouble, step: Step, seed: int) -> Ended:
    """Carry out an order during which a fault begins, and judge what became of it.

    Parameters
    ----------
    start
        What stands before the order.
    trouble
        The fault.
    step
        When it begins; ``ABORT`` for a roll-back, else a push.
    seed
        Decides the second of the cycle, and after which message of the step it begins; 0 for
        the beginning of both.
    """
    with tempfile.TemporaryDirectory() as folder:
        office = start.office.copied(Path(folder) / "office")
        start = replace(start, unit=start.unit.copied(), office=office)
        return run_virtually(_play(start, (trouble, step), seed))


async def _play(start: Start, when: tuple[Trouble, Step], seed: int) -> Ended:
    rng = random.Random(f"{when[0].name} {when[1].name} {seed}")
    wait_s = rng.uniform(0.0, _MOST_WAIT_S) if seed else 0.0
    async with _scene_of(start.unit, start.office) as scene:
        trial = Trial(scene, start.whole, when, rng.randrange(_MOST_MESSAGES) if seed else 0)
        return await trial.run(wait_s)


class _SceneOf:
    """Serves a unit as long as the block lasts."""

    def __init__(self, unit: WatchedUnit, office: Office) -> None:
        self._unit = unit
        self._office = office

    async def __aenter__(self) -> _Scene:
        began_s = self._unit.now_s
        loop = asyncio.get_running_loop()
        self._from_s = loop.time()
        agent = Agent(lambda: began_s + loop.time() - self._from_s)
        self._agent = agent
        boots_before = int(began_s - EPOCH_S)
        responder = Responder(self._unit, allowed(self._office.folder), boots_before=boots_before)
        port = agent.add(responder, "127.0.0.1", 0)
        write_port(self._office.folder, port)
        post = agent.posts[UNIT]
        post.send = partial(_send_later, loop, post.send)
        self._running = asyncio.create_task(agent.run())
        return _Scene(
            unit=self._unit, office=self._office, agent=agent, began_s=began_s - self._from_s
        )

    async def __aexit__(self, *_: object) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        self._agent.close()


def _scene_of(unit: WatchedUnit, office: Office) -> _SceneOf:
    return _SceneOf(unit, office)


@asynccontextmanager
async def _watching(gate: Gate) -> AsyncIterator[None]:
    """Have the gate keep its units under control as long as the block lasts; then it is gone."""
    async with gate.fleet.links((UNIT,)) as links:
        gate.watch = Watch(gate.desk, links)
        gate.watch.follow()
        try:
            yield
        finally:
            await gate.watch.let_all_go()


def settled_faults(connection: Connection, office: Office, found: tuple[str, str]) -> Iterator[str]:
    """Yield where the gate's word or its ledger is not what the street shows.

    Parameters
    ----------
    connection
        To the gate's ledger.
    office
        Knows the plans.
    found
        What the gate said last of a push, what the street shows, and what it showed when the
        gate had read the unit and wrote nothing yet.
    """
    said, shown, held = found
    wanted = _SHOWN.get(said)
    wanted = held if wanted == "former" else wanted
    if wanted and shown != wanted:
        yield f"said {said}, shows {shown}"
    row = running(connection).get(UNIT)
    names = {office.new: "new", office.former: "former"}
    known = names.get(row.plan_hash if row else "")
    if known and known != shown:
        yield f"the ledger says {known}, the street shows {shown}"


def _send_later(
    loop: asyncio.AbstractEventLoop,
    send: Callable[[bytes, Peer], None],
    data: bytes,
    peer: Peer,
) -> None:
    loop.call_later(ANSWER_S, send, data, peer)


@contextmanager
def _desk_of(scene: _Scene, error_s: Callable[[], float]) -> Iterator[Desk]:
    """Open the gate's desk on the unit's clock; nobody waits for a locked ledger."""
    street = read_street(scene.office.folder / "street.toml")
    clock = desk_clock(lambda: scene.now_s() + error_s())
    with open_desk(street, clock) as desk:
        engine = desk.ledger._engine
        engine.dispose()
        event.listen(engine, "connect", _hurry)
        yield desk


def _hurry(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA busy_timeout = 20")


class Trial:
    """One order with one fault.

    Parameters
    ----------
    scene
        Where.
    whole
        What pattern 3 holds before and after the new plan is stored.
    when
        The fault, and the step at which it begins.
    messages
        After how many messages of that step.
    """

    def __init__(
        self,
        scene: _Scene,
        whole: tuple[tuple[int, ...], ...],
        when: tuple[Trouble, Step],
        messages: int,
    ) -> None:
        self._scene = scene
        self._whole = whole
        self._trouble, self._step = when
        self._left = -1
        self._messages = messages
        self._place: Place | None = None
        self._began_s: float | None = None
        self._held = "former"
        self._order: asyncio.Task[Carried] | None = None
        self._said: list[str] = []
        self._reason = ""
        self._faults: list[str] = []

    async def run(self, wait_s: float) -> Ended:
        """Carry the order out, repair what lasts, start the gate anew where it has to be.

        Parameters
        ----------
        wait_s
            Time before the order. [s]
        """
        scene, unit = self._scene, self._scene.unit
        before = {number: unit.pattern_values(number) for number in (1, 2, 3)}
        post = scene.agent.posts[UNIT]
        clock, post.clock = post.clock, lambda: self._counted(clock)
        took_s, is_settled = 0.0, False
        with _desk_of(scene, self._error_s) as desk:
            self._place = self._place_of(desk)
            gate = Gate(desk=desk, fleet=fleet_of(desk, scene.office.folder))
            with suppress(GateKilled):
                async with _watching(gate):
                    await asyncio.sleep(wait_s)
                    unit.forget()
                    is_settled = await self._ordered(gate)
                    self._left, took_s = -1, self._passed_s()
                    if is_settled:
                        self._judge_report(desk, before)
                    await asyncio.sleep(_SETTLED_S if is_settled else HEAL_S)
                    self._place.heal()
                    await asyncio.sleep(_SETTLED_S if is_settled else HEAL_S)
            self._place.heal()
        if not is_settled:
            took_s = await self._restart(before) or took_s
            await asyncio.sleep(_SETTLED_S)  # the witness looks on
        return self._ended(took_s, before)

    def _place_of(self, desk: Desk) -> Place:
        loop = asyncio.get_running_loop()
        return Place(
            unit=self._scene.unit,
            folder=self._scene.office.folder,
            desk=desk,
            later=loop.call_later,
        )

    def _error_s(self) -> float:
        return self._place.clock_error_s if self._place else 0.0

    async def _ordered(self, gate: Gate) -> bool:
        """Carry the order out; tell whether the gate had a last word about the unit."""
        office = self._scene.office
        act = Act.ROLL_BACK if self._step is Step.ABORT else Act.PUSH
        order = ordered(gate.desk, office.folder, act, office.new)
        self._order = asyncio.create_task(gate.carry_out(order, self._told))
        try:
            carried = await self._order
        except (GateKilled, asyncio.CancelledError):
            self._said.append("killed")
            raise GateKilled from None
        except CitybrainError as error:
            self._said.append("ERROR")
            self._reason = str(error)
            return False
        (told,) = carried.results
        self._said.append(told.outcome)
        self._reason = told.reason
        return told.is_kept and told.outcome not in _OPEN

    def _told(self, unit: str, what: str, result: UnitResult | None = None) -> None:
        if what == Step.OPEN.value:
            self._held = self._scene.unit.shows()
        if what == self._step.value and self._began_s is None:
            self._left = self._messages
            if not self._left:
                self._begin()

    def _counted(self, clock: Callable[[], float]) -> float:
        """Count the messages that arrive at the unit; the fault begins after some."""
        if self._left > 0:
            self._left -= 1
            if self._left == 0:
                self._begin_between()
        return clock()

    def _begin_between(self) -> None:
        try:
            self._begin()
        except GateKilled:
            if self._order is not None:
                self._order.cancel()

    def _begin(self) -> None:
        assert self._place is not None
        self._left = -1
        self._began_s = asyncio.get_running_loop().time()
        self._scene.unit.forget()
        self._trouble.begin(self._place)

    def _passed_s(self) -> float:
        now_s = asyncio.get_running_loop().time()
        return now_s - self._began_s if self._began_s is not None else 0.0

    async def _restart(self, before: dict[int, tuple[int, ...]]) -> float:
        """Start the gate anew: it looks at every unit of an order that was cut off.

        Whether there was one or not, what the ledger says then is held against the street.
        """
        with _desk_of(self._scene, lambda: 0.0) as desk:
            fleet = fleet_of(desk, self._scene.office.folder)
            results = await settle_unfinished(desk, fleet)
            for result in results:
                self._said.append(result.outcome)
            self._judge_report(desk, before)
            return self._passed_s() if results else 0.0

    def _judge_report(self, desk: Desk, before: dict[int, tuple[int, ...]]) -> None:
        """Hold the gate's word and the ledger's against what the unit itself holds and shows."""
        unit, said = self._scene.unit, self._said[-1]
        shown = unit.shows()
        if said == Outcome.KEPT.name and unit.pattern_values(3) != before[3]:
            self._faults.append("said KEPT, and values have changed")
        if said == Outcome.FALLBACK.name and unit.commanded and shown in {"new", "former"}:
            self._faults.append(f"said FALLBACK, runs {shown} by command")
        if said in {Outcome.KEPT.name, "REFUSED"} and self._step is Step.ABORT:
            said = Outcome.RUNS.name
        with desk.ledger.reading() as connection:
            found = said, shown, self._held
            self._faults += settled_faults(connection, self._scene.office, found)

    def _ended(self, took_s: float, before: dict[int, tuple[int, ...]]) -> Ended:
        unit = self._scene.unit
        showed = tuple(name for _, name in unit.seen.shows)
        if MIXED in showed and self._trouble.name != _WRITES:
            self._faults.append("a mixture ran")
        if unit.seen.trips and self._trouble.name != _TRIPS:
            self._faults.append(f"the monitor tripped: {unit.seen.trips[0]}")
        return Ended(
            is_reached=self._began_s is not None,
            said=tuple(self._said),
            reason=self._reason,
            showed=showed,
            trips=tuple(unit.seen.trips),
            good_s=self._good_s(took_s),
            faults=tuple(dict.fromkeys(self._faults)),
            idle=self._idle(before),
        )

    def _good_s(self, took_s: float) -> float:
        if self._said[-1] not in _OPEN:
            return took_s
        at_s = self._scene.unit.seen.shows[-1][0] - self._scene.began_s
        return max(0.0, at_s - (self._began_s or 0.0))

    def _idle(self, before: dict[int, tuple[int, ...]]) -> str:
        """Return which pattern holds neither what it held nor what was pushed."""
        unit, whole = self._scene.unit, set(self._whole)
        if unit.pattern_values(3) not in whole:
            return f"pattern 3 holds {unit.pattern_values(3)}"
        for number in (1, 2):
            if unit.pattern_values(number) != before[number]:
                return f"pattern {number} holds {unit.pattern_values(number)}"
        return ""
