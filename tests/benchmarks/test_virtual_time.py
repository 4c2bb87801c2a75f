"""Virtual time moves by the waits alone, however late this machine hands things over."""

import asyncio
import selectors
import socket
import time
from typing import Any

import pytest

from benchmarks import _virtual_time
from benchmarks._virtual_time import run_virtually

LATE_S = 0.01


class _Late(selectors.DefaultSelector):
    """Tells of what has arrived some time after it has."""

    def __init__(self) -> None:
        super().__init__()
        self._until_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(timeout)
        self._until_s = self._until_s or (time.monotonic() + LATE_S if found else 0.0)
        left_s = self._until_s - time.monotonic()
        if timeout is not None and left_s > timeout:
            time.sleep(timeout)
            return []
        time.sleep(max(0.0, left_s))
        self._until_s = 0.0
        return super().select(0)


async def _asked_and_answered(sleep_s: float) -> tuple[bytes, float]:
    """Send a datagram while a task sleeps again and again; return it and when it was read."""
    loop = asyncio.get_running_loop()
    arrived: asyncio.Future[tuple[bytes, float]] = loop.create_future()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here,
    ):
        for end in (there, here):
            end.setblocking(False)
            end.bind(("127.0.0.1", 0))
        loop.add_reader(
            there, lambda: arrived.set_result((there.recvfrom(100)[0], loop.time())) or None
        )
        asleep = asyncio.create_task(_asleep(sleep_s))
        await asyncio.sleep(1.0)
        here.sendto(b"question", there.getsockname())
        found = await arrived
        loop.remove_reader(there)
        asleep.cancel()
    return found


async def _asleep(sleep_s: float) -> None:
    while True:
        await asyncio.sleep(sleep_s)


def test_an_hour_takes_no_time() -> None:
    async def an_hour() -> float:
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    began_s = time.process_time()
    assert run_virtually(an_hour()) == pytest.approx(3600)
    assert time.process_time() - began_s < 5


def test_no_time_passes_while_a_datagram_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_virtual_time.selectors, "DefaultSelector", _Late)
    assert run_virtually(_asked_and_answered(0.3)) == (b"question", pytest.approx(1.0))


def test_a_datagram_that_nobody_reads_does_not_stop_the_clock() -> None:
    async def lost() -> float:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
            here.sendto(b"question", ("127.0.0.1", 9))
            await asyncio.sleep(60)
        return asyncio.get_running_loop().time()

    assert run_virtually(lost()) == pytest.approx(60)


def test_no_time_passes_while_a_thread_would_work() -> None:
    async def worked() -> tuple[Any, float]:
        asleep = asyncio.create_task(_asleep(0.3))
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(None, divmod, 7, 2)
        asleep.cancel()
        return found, loop.time()

    assert run_virtually(worked()) == ((3, 1), 0.0)


def test_what_a_thread_would_raise_is_raised() -> None:
    async def worked() -> None:
        await asyncio.get_running_loop().run_in_executor(None, divmod, 7, 0)

    with pytest.raises(ZeroDivisionError):
        run_virtually(worked())
