"""An event loop whose clock jumps over every wait: hours of a street pass in seconds of work.

Sockets are real.  A datagram over loopback has mostly arrived when ``sendto`` returns, but a busy
machine may hand it over later, when thousands of waits would have been jumped over.  So datagrams
are counted, and no wait is jumped over while one is on its way.
"""

import asyncio
import runpy
import selectors
import socket
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import cache
from types import CodeType, SimpleNamespace
from typing import Any, TypeVar, TypeVarTuple

from pysnmp.proto.secmod.rfc3414 import localkey, service
from pysnmp.smi.builder import DirMibSource

Result = TypeVar("Result")
Values = TypeVarTuple("Values")


_DELIVERED_S = 0.1
"""After this real time a datagram that nobody has read never will be: its socket is closed. [s]"""


class _Jumping(selectors.BaseSelector):
    """Looks for what has arrived; where nothing has, the time to wait passes at once.

    Parameters
    ----------
    passed
        Is told how much time passes.
    """

    under_way = 0
    """Datagrams that were sent and not read."""

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
        if not found and self.under_way > 0:
            found = self._real.select(_DELIVERED_S)
            self.under_way = self.under_way if found else 0
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
        self.jumping = _Jumping(self._pass)
        super().__init__(self.jumping)

    def time(self) -> float:
        return self._now_s

    def run_in_executor(
        self,
        executor: Executor | None,
        func: Callable[[*Values], Result],
        *args: *Values,
    ) -> asyncio.Future[Result]:
        """Call at once: a thread would take real time, and this clock would run away from it."""
        called: asyncio.Future[Result] = self.create_future()
        try:
            called.set_result(func(*args))
        except Exception as error:
            called.set_exception(error)
        return called

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
        assert isinstance(loop, VirtualTimeLoop)
        with _counted(loop.jumping), _clock_of_snmp(loop.time), _prepared_once():
            return runner.run(main)


@contextmanager
def _counted(jumping: _Jumping) -> Iterator[None]:
    """Count the datagrams that are on their way."""
    sendto, recvfrom = socket.socket.sendto, socket.socket.recvfrom

    def sent(sock: socket.socket, *args: Any) -> int:  # noqa: ANN401
        octets = sendto(sock, *args)
        jumping.under_way += 1
        return octets

    def read(sock: socket.socket, *args: Any) -> tuple[bytes, Any]:  # noqa: ANN401
        found = recvfrom(sock, *args)
        jumping.under_way -= 1
        return found

    socket.socket.sendto, socket.socket.recvfrom = sent, read  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        del socket.socket.sendto, socket.socket.recvfrom


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
_read = DirMibSource.read


@cache
def _read_from(folder: str, module: str) -> tuple[CodeType, str]:
    found: tuple[CodeType, str] = _read(DirMibSource(folder).init(), module)
    return found


@contextmanager
def _prepared_once() -> Iterator[None]:
    """Have pysnmp compile its modules and stretch a passphrase once, not for every engine."""
    compiled, stretched = runpy._get_code_from_file, localkey.hash_passphrase  # type: ignore[attr-defined]
    runpy._get_code_from_file, localkey.hash_passphrase = _compiled, _stretched  # type: ignore[attr-defined]
    DirMibSource.read = lambda source, module: _read_from(source.full_path(), module)
    try:
        yield
    finally:
        runpy._get_code_from_file, localkey.hash_passphrase = compiled, stretched  # type: ignore[attr-defined]
        DirMibSource.read = _read
