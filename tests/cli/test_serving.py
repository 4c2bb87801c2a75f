"""A service ends when it is told to, wherever the signal finds it."""

import asyncio
import os
import signal
import time

import pytest

from citybrain.cli.serving import run_until_told


class ToldWhileItDies:
    """Has the process told to end while an exception would be lost: in a destructor."""

    def __init__(self, number: signal.Signals) -> None:
        self.number = number

    def __del__(self) -> None:
        os.kill(os.getpid(), self.number)
        sum(range(1000))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_comes_within_a_destructor_is_not_lost(number: signal.Signals) -> None:
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
