"""Questions to many units at once; nothing is written, and each unit's failure is its own."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from citybrain.engine.gate.pushing import AT_ONCE
from citybrain.errors import CitybrainError
from citybrain.ports.controllers import ControllerReader

Answer = TypeVar("Answer")


async def ask_units(
    readers: Mapping[str, ControllerReader],
    question: Callable[[ControllerReader], Awaitable[Answer]],
    progress: Callable[[str], None],
) -> dict[str, Answer | CitybrainError]:
    """Ask every unit the same, some of them side by side.

    Parameters
    ----------
    readers
        Unit → link that can read.
    question
        What is asked.
    progress
        Hears the name of each unit that has answered or failed.

    Returns
    -------
    dict
        Unit → its answer, or why there is none.
    """
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(unit: str) -> Answer | CitybrainError:
        async with turns:
            try:
                return await question(readers[unit])
            except CitybrainError as error:
                return error
            finally:
                progress(unit)

    units = sorted(readers)
    found = await asyncio.gather(*(one(unit) for unit in units))
    return dict(zip(units, found, strict=True))
