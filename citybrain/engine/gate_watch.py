"""Keeping control: units fall back to their own plans when nobody commands them any more."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from citybrain.engine.approval_desk import Desk
from citybrain.engine.gate import Fleet
from citybrain.engine.pushing_records import GATE
from citybrain.errors import CitybrainError
from citybrain.ports.controllers import ControllerLink
from citybrain.store.ledger.pushes import open_alarms, raise_alarm, running

LOST = "control lost"


async def keep_control(desk: Desk, fleet: Fleet, busy: asyncio.Lock, every_s: float) -> None:
    """Command every unit's running pattern again and again; a unit that is lost raises one alarm.

    Nothing is changed by this: a gate that dies lets every unit fall back to its own control when
    the unit's backup time has passed, which is the safe end.

    Parameters
    ----------
    desk
        Ledger.
    fleet
        The units.
    busy
        Held while an order is carried out; control is kept between orders.
    every_s
        Time between two commands; well below the shortest ``unitBackupTime``. [s]
    """
    wanted: dict[str, int] = {}
    while True:
        await asyncio.sleep(every_s)
        with suppress(CitybrainError):  # without its ledger the gate keeps what it knew
            wanted = _wanted(desk)
        async with busy:
            lost = await _lost(fleet, wanted) if wanted else {}
        with suppress(CitybrainError):
            _alarm(desk, lost)


def _wanted(desk: Desk) -> dict[str, int]:
    with desk.ledger.reading() as connection:
        return {unit: row.pattern for unit, row in running(connection).items() if row.pattern}


async def _lost(fleet: Fleet, wanted: Mapping[str, int]) -> dict[str, str]:
    units = sorted(wanted)
    async with fleet.links() as links:
        told = await asyncio.gather(*(_keep(links, unit, wanted[unit]) for unit in units))
    return {unit: text for unit, text in zip(units, told, strict=True) if text}


def _alarm(desk: Desk, lost: Mapping[str, str]) -> None:
    with desk.ledger.reading() as connection:
        alarmed = {alarm["unit"] for alarm in open_alarms(connection) if alarm["kind"] == LOST}
    new = {unit: text for unit, text in lost.items() if unit not in alarmed}
    if new:
        with desk.ledger.writing(GATE) as writing:
            for unit, text in new.items():
                raise_alarm(writing, unit, LOST, text)


async def _keep(links: Mapping[str, ControllerLink], unit: str, pattern: int) -> str:
    """Command one unit; return what went wrong, or nothing."""
    if unit not in links:
        return f"{unit} is no longer among the controllers of the gate"
    try:
        await links[unit].keep_control(pattern)
    except CitybrainError as error:
        return str(error)
    return ""
