"""Keeping control: units fall back to their own plans when nobody commands them any more.

And looking on: a unit that ceases to run what was proven is an alarm, not an old success.
"""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress

from citybrain.controllers.ntcip.watchdog import LOOK_S, Beat, Kept, keep_alive
from citybrain.engine.approval_desk import Desk
from citybrain.engine.pushing_records import GATE, NOT_RUNNING, NOTHING
from citybrain.errors import CitybrainError
from citybrain.ports.controllers import ControllerLink
from citybrain.store.ledger.pushes import is_alarmed, raise_alarm, running, set_running

LOST = "control lost"
_MOST_LOOKS_PER_S = 20
"""Looks at all units together, so that a gate with many has time for orders; each takes 5 ms."""
AGAIN = "runs again"
"""What the audit log calls it when a unit does what it is commanded once more."""


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
    """

    def __init__(self, desk: Desk, links: Mapping[str, ControllerLink]) -> None:
        self._desk = desk
        self._links = links
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def follow(self) -> None:
        """Begin to keep every unit that the ledger knows to run a commanded pattern."""
        with self._desk.ledger.reading() as connection:
            wanted = {unit: row.pattern for unit, row in running(connection).items() if row.pattern}
        for unit in sorted(set(wanted) & set(self._links) - set(self._tasks)):
            self._ends[unit] = asyncio.Event()
            self._tasks[unit] = asyncio.create_task(self._keep(unit, wanted[unit]))

    async def let_go(self, units: Iterable[str]) -> None:
        """Cease to command some units, so that an order can."""
        kept = [unit for unit in units if unit in self._tasks]
        for unit in kept:
            self._ends[unit].set()
        for unit in kept:
            await self._tasks.pop(unit)

    async def let_all_go(self) -> None:
        """Cease to command any unit; each falls back when its backup time has passed."""
        await self.let_go(tuple(self._tasks))

    async def _keep(self, unit: str, pattern: int) -> None:
        idle = ""

        def hear(beat: Beat) -> None:
            nonlocal idle
            if not beat.trouble and bool(beat.idle) != bool(idle):
                with suppress(CitybrainError):  # told at the next look
                    self._note_idle(unit, beat.idle)
                    idle = beat.idle

        try:
            look_s = max(LOOK_S, len(self._links) / _MOST_LOOKS_PER_S)
            link, end = self._links[unit], self._ends[unit]
            kept = await keep_alive(link, pattern, end, hear, look_s=look_s)
            trouble = "" if kept is Kept.TOLD_TO_END else kept.value
        except CitybrainError as error:
            trouble = str(error)
        if trouble:
            with suppress(CitybrainError):  # a ledger that fails now is told at the next order
                self._note(unit, trouble)
            self._tasks.pop(unit, None)

    def _note(self, unit: str, trouble: str) -> None:
        with self._desk.ledger.writing(GATE) as writing:
            raise_alarm(writing, unit, LOST, trouble)
            set_running(writing, unit, NOTHING)

    def _note_idle(self, unit: str, idle: str) -> None:
        """Tell that a unit does not run what it is commanded, or does so again.

        What the ledger knows of it stays, so that it can still be rolled back.
        """
        with self._desk.ledger.writing(GATE) as writing:
            if not idle:
                writing.note(AGAIN, unit, {})
            elif not is_alarmed(writing.connection, unit, NOT_RUNNING):
                raise_alarm(writing, unit, NOT_RUNNING, idle)
