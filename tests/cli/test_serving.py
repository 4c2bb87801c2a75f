"""A service ends when it is told to, wherever the signal finds it."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator

import pytest

from citybrain.cli.serving import run_until_told


class ToldWhileItDies:
    """Has the process told to end while an exception would be lost: in a destructor."""

    def __init__(self, number: signal.Signals) -> None:
        self.number = number

    def __del__(self) -> None:
        os.kill(os.getpid(), self.number)
        sum(range(1000))


@pytest.fixture
def deaf() -> Iterator[None]:
    """Ignore Ctrl-C, as a process does that a script started in the background."""
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_comes_within_a_destructor_is_not_lost(number: signal.Signals) -> None:
    told_to_end(number)


@pytest.mark.usefixtures("deaf")
def test_a_service_without_an_ear_for_ctrl_c_can_be_told_to_end() -> None:
    told_to_end(signal.SIGTERM)


def told_to_end(number: signal.Signals) -> None:
    """Tell a service to end, and assert that it does so in its own way."""
    ended = []

    async def service() -> None:
        try:
            ToldWhileItDies(number)
            await asyncio.sleep(20)
        finally:
            ended.append("in its own way")

    former, begun_s = signal.getsignal(signal.SIGTERM), time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_until_told(service())
    assert time.monotonic() - begun_s < 10
    assert ended == ["in its own way"]
    assert signal.getsignal(signal.SIGTERM) is former
