"""Keeping control: units fall back to their own plans when nobody commands them any more.

And looking on: a unit that ceases to run what was proven, or that somebody else has written to, is
an alarm, not an old success.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from citybrain.controllers.ntcip.watchdog import LOOK_S, Beat, Kept, keep_alive
from citybrain.engine.gate.alarms import note_unforeseen
from citybrain.engine.gate.fleet import Planner
from citybrain.engine.gate.records import CHANGED, GATE, NOT_RUNNING, NOTHING
from citybrain.engine.street.desk import Desk, running_plans
from citybrain.errors import CitybrainError
from citybrain.ports.controllers import ControllerLink, UnitPlan
from citybrain.store.ledger.pushes import Running, is_alarmed, raise_alarm, running, set_running

LOST = "control lost"
_MOST_LOOKS_PER_S = 20
"""Looks at all units together, so that a gate with many has time for orders; each takes 5 ms."""
AGAIN = "runs again"
"""What the audit log calls it when a unit does what it is commanded once more."""
RESTORED = "values restored"
"""The same when a unit holds the values of its plan once more."""


class Watch:
    """Commands the running pattern of every unit again and again, each in a task of its own.

    A gate that dies lets every unit fall back to its own control when the unit's backup time has
    passed, which is the safe end.

    Parameters
    ----------
    desk
        Ledger.
    links
        Links that may write, by unit; used by nothing else.
    planner
        Tells what the units are to hold.
    """

    def __init__(self, desk: Desk, links: Mapping[str, ControllerLink], planner: Planner) -> None:
        self._desk = desk
        self._links = links
        self._planner = planner
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def follow(self) -> None:
        """Begin to keep every unit that the ledger knows to run a commanded pattern.

        A unit that is none of the gate's any more, or whose pattern citybrain never writes, is
        not commanded, and an alarm tells of it; should it come back, it is followed again.

        Raises
        ------
        InputError
            The ledger cannot be read.
        """
        with self._desk.ledger.reading() as connection:
            rows = running(connection)
        strange = {unit: told for unit, row in rows.items() if (told := self._strange(unit, row))}
        for unit, told in strange.items():
            with suppress(CitybrainError):  # told when units are followed the next time
                self._note_strange(unit, told)
        wanted = {unit: row for unit, row in rows.items() if row.pattern and unit not in strange}
        begun = sorted(set(wanted) - set(self._tasks))
        plans = self._expected({unit: wanted[unit] for unit in begun})
        for unit in begun:
            self._ends[unit] = asyncio.Event()
            keeping = self._keep(unit, wanted[unit].pattern, plans.get(unit))
            self._tasks[unit] = asyncio.create_task(keeping)

    def _strange(self, unit: str, row: Running) -> str:
        """Return why a unit is not commanded what the ledger says; empty if it is."""
        if unit not in self._links:
            is_left = row.pattern or row.scheduled
            return "the gate's list of units has it no more" if is_left else ""
        if row.pattern and row.pattern not in self._desk.street.patterns:
            known = " and ".join(map(str, self._desk.street.patterns))
            return f"the ledger has it run pattern {row.pattern}; citybrain writes {known} only"
        return ""

    async def let_go(self, units: Iterable[str]) -> None:
        """Cease to command some units, so that an order can."""
        kept = {unit: self._tasks.pop(unit) for unit in units if unit in self._tasks}
        for unit in kept:
            self._ends[unit].set()
        for task in kept.values():
            await task

    async def let_all_go(self) -> None:
        """Cease to command any unit; each falls back when its backup time has passed."""
        await self.let_go(tuple(self._tasks))

    async def _keep(self, unit: str, pattern: int, plan: UnitPlan | None) -> None:
        """Keep a unit; an error that nobody foresaw is told, and ends nothing."""
        look_s = max(LOOK_S, len(self._links) / _MOST_LOOKS_PER_S)
        link, end, hear = self._links[unit], self._ends[unit], self._hearing(unit)
        trouble = ""
        while not (end.is_set() or trouble):
            try:
                kept = await keep_alive(link, pattern, end, hear, look_s=look_s, plan=plan)
                trouble = "" if kept is Kept.TOLD_TO_END else kept.value
            except CitybrainError as error:
                trouble = str(error)
            except Exception as error:
                self._note_unforeseen(unit, error)
                with suppress(TimeoutError):
                    await asyncio.wait_for(end.wait(), look_s)
        if trouble:
            with suppress(Exception):  # the unit is followed, and this told, once more
                self._note(unit, trouble)
            self._tasks.pop(unit, None)

    def _hearing(self, unit: str) -> Callable[[Beat], None]:
        """Return what hears every look at a unit, and notes what is new."""
        idle = changed = ""

        def hear(beat: Beat) -> None:
            nonlocal idle, changed
            if beat.changed is not None and beat.changed != changed:
                with suppress(CitybrainError):  # told at the next comparison
                    self._note_changed(unit, beat.changed)
                    changed = beat.changed
            if not beat.trouble and bool(beat.idle) != bool(idle):
                with suppress(CitybrainError):  # told at the next look
                    self._note_idle(unit, beat.idle)
                    idle = beat.idle

        return hear

    def _note_strange(self, unit: str, told: str) -> None:
        with self._desk.ledger.reading() as connection:
            if is_alarmed(connection, unit, LOST):
                return
        with self._desk.ledger.writing(GATE) as writing:
            raise_alarm(writing, unit, LOST, told)

    def _note(self, unit: str, trouble: str) -> None:
        with self._desk.ledger.writing(GATE) as writing:
            raise_alarm(writing, unit, LOST, trouble)
            set_running(writing, unit, NOTHING)

    def _expected(self, rows: Mapping[str, Running]) -> dict[str, UnitPlan]:
        """Return what units are to hold, as far as they run plans that the ledger can tell.

        Control is kept whether that can be told or not.
        """
        units: dict[str, list[str]] = defaultdict(list)
        for unit, row in rows.items():
            units[row.plan_hash].append(unit)
        units.pop("", None)
        try:
            plans = running_plans(self._desk) if units else {}
            told = [self._planner.unit_plans(plans[of[0]], {}, of) for of in units.values()]
        except CitybrainError:
            return {}
        except Exception as error:
            for unit in rows:
                self._note_unforeseen(unit, error)
            return {}
        return {
            unit: replace(plan, pattern=rows[unit].pattern)
            for of_plan in told
            for unit, plan in of_plan.items()
        }

    def _note_unforeseen(self, unit: str, error: Exception) -> None:
        """Tell that something of which nobody thought has failed."""
        with suppress(Exception):  # told the next time
            note_unforeseen(self._desk, unit, error, "control goes on")

    def _note_changed(self, unit: str, changed: str) -> None:
        """Tell that a unit holds other values than its plan's, or the plan's once more."""
        with self._desk.ledger.writing(GATE) as writing:
            if not changed:
                writing.note(RESTORED, unit, {})
            elif not is_alarmed(writing.connection, unit, CHANGED):
                raise_alarm(writing, unit, CHANGED, changed)

    def _note_idle(self, unit: str, idle: str) -> None:
        """Tell that a unit does not run what it is commanded, or does so again.

        What the ledger knows of it stays, so that it can still be rolled back.
        """
        with self._desk.ledger.writing(GATE) as writing:
            if not idle:
                writing.note(AGAIN, unit, {})
            elif not is_alarmed(writing.connection, unit, NOT_RUNNING):
                raise_alarm(writing, unit, NOT_RUNNING, idle)
