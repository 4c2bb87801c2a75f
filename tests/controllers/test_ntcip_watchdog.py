"""The watchdog keeps a unit under control, and lets go when it must."""

import asyncio

import pytest

from benchmarks._virtual_time import run_virtually
from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.link import NtcipLink
from citybrain.controllers.ntcip.patience import Patience
from citybrain.controllers.ntcip.session import SnmpSession
from citybrain.controllers.ntcip.states import Free
from citybrain.controllers.ntcip.watchdog import (
    IDLE_S,
    LOOK_S,
    SHARE,
    TURNING_S,
    Beat,
    Kept,
    keep_alive,
)
from citybrain.ports.controllers import LimitationError
from tests.controllers.handler_wire import Fate, HandlerWire
from tests.controllers.snmpd_handler import CYCLE_COUNTER

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


@pytest.mark.parametrize(
    ("free", "counter", "told_after_s", "told"),
    [
        ("INPUT_FREE", 7, IDLE_S, "localFreeStatus INPUT_FREE"),
        ("TRANSITION_FREE", 7, TURNING_S, "localFreeStatus TRANSITION_FREE"),
        ("NOT_FREE", 7, TURNING_S, "cycle counter stands"),
    ],
)
def test_a_unit_that_does_not_do_what_it_is_commanded_is_told(
    free: str, counter: int, told_after_s: float, told: str
) -> None:
    broken = {objects.LOCAL_FREE_STATUS.at(): int(Free[free]), CYCLE_COUNTER: counter}
    begins_s, ends_s = 20.0, 60.0 + told_after_s

    async def act() -> None:
        loop = asyncio.get_running_loop()
        wire, link = commanded(60)
        wire.lie = lambda oid, value: (
            broken.get(oid, value) if begins_s <= loop.time() < ends_s else value
        )
        end, beats = asyncio.Event(), list[tuple[float, Beat]]()
        loop.call_later(ends_s + 20.0, end.set)
        kept = await keep_alive(link, 2, end, lambda beat: beats.append((loop.time(), beat)))
        assert kept is Kept.TOLD_TO_END
        idle = [(at_s, beat.idle) for at_s, beat in beats if beat.idle]
        assert all(told in text for _, text in idle)
        assert abs(idle[0][0] - begins_s - told_after_s) <= LOOK_S
        assert idle[-1][0] <= ends_s
        commands = [at for at in wire.sets if at[0] == PATTERN]
        assert len(commands) >= (ends_s + 20.0) * SHARE / 60 - 1

    run_virtually(act())


def test_looks_that_are_whole_cycles_apart_do_not_make_a_counter_stand() -> None:
    cycle_s = 20

    async def act() -> None:
        loop = asyncio.get_running_loop()
        wire, link = commanded(60)
        wire.lie = lambda oid, value: int(loop.time()) % cycle_s if oid == CYCLE_COUNTER else value
        end, beats = asyncio.Event(), list[Beat]()
        loop.call_later(3 * TURNING_S, end.set)
        kept = await keep_alive(link, 2, end, beats.append, look_s=cycle_s)
        assert kept is Kept.TOLD_TO_END
        assert not any(beat.idle for beat in beats)

    run_virtually(act())


def test_a_unit_without_a_cycle_counter_is_believed_by_its_words() -> None:
    async def act() -> None:
        wire, link = commanded(60)
        del wire.unit.held[CYCLE_COUNTER]
        end, beats = asyncio.Event(), list[Beat]()
        asyncio.get_running_loop().call_later(2 * TURNING_S, end.set)
        assert await keep_alive(link, 2, end, beats.append) is Kept.TOLD_TO_END
        assert not any(beat.idle for beat in beats)

    run_virtually(act())


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
