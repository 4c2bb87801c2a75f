"""Turns: how many units are written to side by side, on their way there and on their way back."""

import asyncio
from typing import Self


class Turn:
    """A unit's turn to be written to; it ends before the unit needs minutes to get into step.

    A unit whose proof fails then has to be written to again, on its way back.  It waits for a turn
    of its own kind, so that many that fail together go back a few at a time, and none of them
    behind a unit that is yet to be pushed to.

    Parameters
    ----------
    ways_there, ways_back
        How many may go each way.
    """

    def __init__(self, ways_there: asyncio.Semaphore, ways_back: asyncio.Semaphore) -> None:
        self._ways_there = ways_there
        self._ways_back = ways_back
        self._held: asyncio.Semaphore | None = None

    async def __aenter__(self) -> Self:
        """Wait for the turn."""
        await self._take(self._ways_there)
        return self

    async def __aexit__(self, *_: object) -> None:
        """End it, if it has not ended yet."""
        self.end()

    @property
    def is_over(self) -> bool:
        """Whether the next unit may have been let in."""
        return self._held is None

    def end(self) -> None:
        """Let the next unit in."""
        if self._held is not None:
            self._held.release()
            self._held = None

    async def go_back(self) -> None:
        """Wait for a turn to go back."""
        await self._take(self._ways_back)

    async def _take(self, ways: asyncio.Semaphore) -> None:
        await ways.acquire()
        self._held = ways
