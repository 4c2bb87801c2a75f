"""An event loop whose clock jumps over every wait: hours of a street pass in seconds of work.

Sockets are real: a datagram over loopback has arrived when ``sendto`` returns, so there is nothing
to wait for as long as both ends live in the loop.
"""

import asyncio
import runpy
import selectors
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace
from typing import Any, TypeVar

from pysnmp.proto.secmod.rfc3414 import localkey, service

Result = TypeVar("Result")


class _Jumping(selectors.BaseSelector):
    """Looks for what has arrived; where nothing has, the time to wait passes at once."""

    def __init__(self, passed: Callable[[float], None]) -> None:
        self._real = selectors.DefaultSelector()
        self._passed = passed

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:  # noqa: ANN401
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:  # noqa: ANN401
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:  # noqa: ANN401
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = self._real.select(0)
        if found:
            return found
        if timeout is None:
            return self._real.select(None)
        self._passed(timeout)
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop whose ``time`` begins at 0 and moves only where nothing is left to do [s]."""

    def __init__(self) -> None:
        self._now_s = 0.0
        super().__init__(_Jumping(self._pass))

    def time(self) -> float:
        return self._now_s

    def _pass(self, duration_s: float) -> None:
        self._now_s += duration_s


def run_virtually(main: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine in virtual time, with the library of SNMP on the same clock.

    Parameters
    ----------
    main
        What to run; what it leaves behind is cancelled.
    """
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        loop = runner.get_loop()
        with _clock_of_snmp(loop.time), _prepared_once():
            return runner.run(main)


@contextmanager
def _clock_of_snmp(now: Callable[[], float]) -> Iterator[None]:
    """Have pysnmp count the seconds of SNMP engines by another clock than this machine's."""
    real = service.time
    service.time = SimpleNamespace(time=now)
    try:
        yield
    finally:
        service.time = real


_compiled = cache(runpy._get_code_from_file)  # type: ignore[attr-defined]
_stretched = cache(localkey.hash_passphrase)


@contextmanager
def _prepared_once() -> Iterator[None]:
    """Have pysnmp compile its modules and stretch a passphrase once, not for every engine."""
    compiled, stretched = runpy._get_code_from_file, localkey.hash_passphrase  # type: ignore[attr-defined]
    runpy._get_code_from_file, localkey.hash_passphrase = _compiled, _stretched  # type: ignore[attr-defined]
    try:
        yield
    finally:
        runpy._get_code_from_file, localkey.hash_passphrase = compiled, stretched  # type: ignore[attr-defined]
