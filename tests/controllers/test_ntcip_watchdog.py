"""The watchdog keeps a unit under control, and lets go when it must."""

import asyncio

import pytest

from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.link import NtcipLink
from citybrain.controllers.ntcip.patience import Patience
from citybrain.controllers.ntcip.session import SnmpSession
from citybrain.controllers.ntcip.watchdog import Beat, Kept, keep_alive
from citybrain.ports.controllers import LimitationError
from tests.controllers.handler_wire import Fate, HandlerWire

PATTERN = objects.SYSTEM_PATTERN_CONTROL.at()


def commanded(backup_s: int) -> tuple[HandlerWire, NtcipLink]:
    """Return a unit that runs pattern 2 by the system."""
    wire = HandlerWire()
    wire.unit.held[objects.UNIT_BACKUP_TIME.at()][1] = backup_s
    wire.unit.set(PATTERN, "integer", "2")
    patience = Patience(timeout_s=0.01, retries=0)
    return wire, NtcipLink(SnmpSession("k1", wire, patience))


def test_it_commands_more_often_than_the_backup_time() -> None:
    async def act() -> None:
        wire, link = commanded(1)
        end, beats = asyncio.Event(), list[Beat]()
        asyncio.get_running_loop().call_later(1.1, end.set)
        assert await keep_alive(link, 2, end, beats.append) is Kept.TOLD_TO_END
        assert wire.sets == [(PATTERN, 2)] * len(beats)
        assert len(beats) >= 3
        assert all(beat == Beat(unit="k1", trouble="") for beat in beats)

    asyncio.run(act())


def test_a_unit_without_backup_timer_is_refused() -> None:
    async def act() -> None:
        wire, link = commanded(0)
        with pytest.raises(LimitationError, match="no backup timer"):
            await keep_alive(link, 2, asyncio.Event())
        assert wire.sets == []

    asyncio.run(act())


def test_it_does_not_fight_who_else_commands() -> None:
    async def act() -> None:
        wire, link = commanded(60)
        wire.unit.set(PATTERN, "integer", "1")
        assert await keep_alive(link, 2, asyncio.Event()) is Kept.TAKEN
        assert wire.sets == []

    asyncio.run(act())


def test_it_gives_up_a_unit_that_is_silent_for_longer_than_its_backup_time() -> None:
    async def act() -> None:
        wire, link = commanded(1)
        wire.fate = lambda number: Fate.LOST if number > 2 else Fate.ARRIVES
        beats = list[Beat]()
        assert await keep_alive(link, 2, asyncio.Event(), beats.append) is Kept.LOST
        assert "does not answer" in beats[-1].trouble

    asyncio.run(act())
