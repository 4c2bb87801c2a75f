"""One fault at one step of one order: what the street showed, what was said, how long it took."""

import asyncio
import random
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from benchmarks._reliability_faults import GateKilled, Place, Trouble
from benchmarks._reliability_judging import OPEN, Ended, settled_faults
from benchmarks._reliability_office import UNIT, fleet_of, ordered
from benchmarks._reliability_scene import Scene, Start, desk_of, scene_of, watching
from benchmarks._reliability_unit import MIXED
from benchmarks._virtual_time import run_virtually
from citybrain.controllers.ntcip.watchdog import LOOK_S, TURNING_S
from citybrain.engine.gate.gate import Carried, Gate
from citybrain.engine.gate.pushing import UnitResult
from citybrain.engine.gate.records import CHANGED, NOT_RUNNING
from citybrain.engine.gate.recovery import settle_unfinished
from citybrain.engine.gate.watch import LOST
from citybrain.engine.street.desk import Desk
from citybrain.errors import CitybrainError
from citybrain.model.statements import Act
from citybrain.ports.controllers import Outcome, Step
from citybrain.store.ledger.pushes import is_alarmed

HEAL_S = 30.0
"""Time until somebody repairs what lasts, once an order has ended without a last word. [s]"""
_SETTLED_S = 5.0
_TRIPS, _WRITES = "conflict", "other-manager-writes"
"""Faults that trip the monitor, and that change a plan, by themselves."""
_LAST_LOOK_S = 0.5
"""Longest time between two looks at a unit that is as it should be, and for their answers. [s]"""
_WATCHED_S = TURNING_S + 3 * LOOK_S
"""Time in which the watch must tell of a unit that has left its plan. [s]"""
_MOST_MESSAGES = 8
_MOST_WAIT_S = 90.0


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
    async with scene_of(start.unit, start.office) as scene:
        trial = Trial(scene, start.whole, when, rng.randrange(_MOST_MESSAGES) if seed else 0)
        return await trial.run(wait_s)


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
        scene: Scene,
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
        self._late = ""

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
        with desk_of(scene, self._error_s) as desk:
            self._place = self._place_of(desk)
            gate = Gate(desk=desk, fleet=fleet_of(desk, scene.office.folder))
            with suppress(GateKilled):
                async with watching(gate):
                    await asyncio.sleep(wait_s)
                    unit.forget()
                    is_settled = await self._ordered(gate)
                    self._left, took_s = -1, self._passed_s()
                    if is_settled:
                        self._judge_report(desk, before)
                        await self._hear_watch(desk)
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
        return told.is_kept and told.outcome not in OPEN

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
        with desk_of(self._scene, lambda: 0.0) as desk:
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

    async def _hear_watch(self, desk: Desk) -> None:
        """Let a word stand that was true at the gate's last look, if the watch tells the rest.

        No gate can tell what a unit does after it was looked at.  What it must do is look again,
        and raise an alarm.
        """
        unit = self._scene.unit
        left_s = unit.seen.shows[-1][0] if unit.seen.shows else unit.now_s
        is_late = self._said[-1] == Outcome.RUNS.name and unit.now_s - left_s <= _LAST_LOOK_S
        if not (self._faults and is_late):
            return
        shown = unit.shows()
        end_s = asyncio.get_running_loop().time() + _WATCHED_S
        while asyncio.get_running_loop().time() < end_s:
            with desk.ledger.reading() as connection:
                told = [
                    kind
                    for kind in (NOT_RUNNING, CHANGED, LOST)
                    if is_alarmed(connection, UNIT, kind)
                ]
            if told:
                self._late = f"{shown}, alarm: {told[0]}"
                self._faults.clear()
                return
            await asyncio.sleep(LOOK_S)

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
            late=self._late,
        )

    def _good_s(self, took_s: float) -> float:
        if self._said[-1] not in OPEN:
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
