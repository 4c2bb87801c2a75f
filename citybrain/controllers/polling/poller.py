"""Asks every unit for its status at a steady rate, with one socket and one question for all."""

import asyncio
import random
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from citybrain.controllers.ntcip.secrets import V3
from citybrain.controllers.ntcip.status import STATUS, Clock, status_of
from citybrain.controllers.polling import ber
from citybrain.controllers.polling.ber import BerError
from citybrain.controllers.polling.messages import (
    AUTHENTIC,
    PRIVATE,
    Envelope,
    Question,
    Told,
    discovery,
    opened,
    sealed,
    told,
)
from citybrain.controllers.polling.usm import MAC_BYTES, EngineClock, Keys
from citybrain.ports.controllers import UnitStatus

SLICE_S = 0.02
"""Units are asked in slices of this length, so that no burst fills a buffer. [s]"""
ANSWER_S = 2.5
"""Time for an answer; a unit that takes longer than its period misses turns meanwhile. [s]"""
MOST_LOST = 3
"""Lost polls in a row after which a unit's engine is asked for anew."""
_NUMBERS = (2**24, 2**31 - 1)
_SECURED = AUTHENTIC | PRIVATE
_BUFFER_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a unit's agent listens."""

    unit: str
    address: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """One poll of one unit.

    Parameters
    ----------
    unit
        Name of the controller.
    status
        What it said; none if nothing usable came in time.
    took_s
        From question to answer; 0 without one. [s]
    """

    unit: str
    status: UnitStatus | None
    took_s: float


class _Station:
    """What the poller knows of one unit."""

    __slots__ = ("clock", "keys", "lost", "number", "sent_s", "target")

    def __init__(self, target: Target) -> None:
        self.target = target
        self.keys: Keys | None = None
        self.clock: EngineClock | None = None
        self.number = 0
        self.sent_s = 0.0
        self.lost = 0


class Poller(asyncio.DatagramProtocol):
    """Polls units that share credentials.

    A message is believed only if it answers the open question of the unit at that address, is
    signed with the unit's key, fresh and deciphered; ``dropped`` counts the others, ``skipped``
    the turns at which an answer was still awaited.

    Parameters
    ----------
    targets
        The units.
    credentials
        Who asks; SNMP v3 only.
    now
        The clock of what is told. [UTC]
    hear
        Hears every poll, in the order in which they end; must be quick.
    rng
        Draws where numbers and salts begin; by default a source that cannot be foretold.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        credentials: V3,
        now: Clock,
        hear: Callable[[Poll], None],
        rng: random.Random | None = None,
    ) -> None:
        self.dropped = self.skipped = 0
        self._stations = [_Station(target) for target in targets]
        self._credentials, self._user = credentials, credentials.user.encode()
        self._now, self._rng = now, rng or random.SystemRandom()
        self._question = Question([each.oid for each in STATUS])
        self._open: dict[int, _Station] = {}
        self._number = self._rng.randrange(*_NUMBERS)
        self._hear = hear
        self._transport: asyncio.DatagramTransport | None = None

    async def run(self, every_s: float, end: asyncio.Event) -> None:
        """Poll until told to end.

        Parameters
        ----------
        every_s
            Time between two polls of one unit. [s]
        end
            Set to end.
        """
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: self,
            local_addr=("0.0.0.0", 0),
        )
        widen(transport)
        slices = max(1, round(every_s / SLICE_S))
        begun_s, turn = loop.time(), 0
        try:
            while not end.is_set():
                for station in self._stations[turn % slices :: slices]:
                    self._ask(station, loop.time())
                turn += 1
                await asyncio.sleep(max(0.0, begun_s + turn * every_s / slices - loop.time()))
        finally:
            transport.close()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """Take what messages are sent over."""
        self._transport = transport

    def ask_all(self) -> None:
        """Ask every unit whose last question is answered or lost."""
        at_s = asyncio.get_running_loop().time()
        for station in self._stations:
            self._ask(station, at_s)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Take a message from the network."""
        try:
            self._take(opened(data), addr, asyncio.get_running_loop().time())
        except BerError:
            self.dropped += 1

    def error_received(self, exc: Exception) -> None:
        """Take note that a message could not be delivered; the poll is lost like any other."""

    def _ask(self, station: _Station, at_s: float) -> None:
        """Ask, unless an answer may still come: more questions make a slow unit no quicker."""
        if station.number in self._open:
            if at_s - station.sent_s < ANSWER_S:
                self.skipped += 1
                return
            del self._open[station.number]
            self._lose(station)
        self._send(station, at_s)

    def _lose(self, station: _Station) -> None:
        station.lost += 1
        if station.lost >= MOST_LOST:
            station.keys = station.clock = None
        self._hear(Poll(unit=station.target.unit, status=None, took_s=0.0))

    def _send(self, station: _Station, at_s: float) -> None:
        low, high = _NUMBERS
        self._number = self._number + 1 if self._number + 1 < high else low
        station.number, station.sent_s = self._number, at_s
        self._open[station.number] = station
        if station.keys is None or station.clock is None:
            message = discovery(station.number)
        else:
            clock = (station.clock.boots, station.clock.now(at_s))
            message = sealed(self._question, station.number, self._user, station.keys, clock)
        if self._transport is not None:
            self._transport.sendto(message, (station.target.address, station.target.port))

    def _take(self, envelope: Envelope, addr: tuple[str | Any, int], at_s: float) -> None:
        station = self._open.get(envelope.number)
        if station is None or addr != (station.target.address, station.target.port):
            self.dropped += 1
        elif not envelope.flags & _SECURED:
            self._meet(station, envelope, at_s)
        elif self._is_authentic(station, envelope, at_s):
            self._believe(station, envelope, at_s)
        else:
            self.dropped += 1

    def _meet(self, station: _Station, envelope: Envelope, at_s: float) -> None:
        """Learn a unit's engine from its unsigned report; what it then signs must fit."""
        is_wanted = station.keys is None and told(envelope, None).kind == ber.REPORT
        if not is_wanted or not 5 <= len(envelope.engine_id) <= 32:  # noqa: PLR2004 (RFC 3411)
            self.dropped += 1
            return
        if not 0 <= envelope.boots < 2**31 or not 0 <= envelope.seconds < 2**31:
            self.dropped += 1
            return
        salt = self._rng.getrandbits(64)
        station.keys = Keys(self._credentials, envelope.engine_id, salt)
        station.clock = EngineClock(boots=envelope.boots, seconds=envelope.seconds, heard_s=at_s)
        self._again(station, at_s)

    def _is_authentic(self, station: _Station, envelope: Envelope, at_s: float) -> bool:
        keys, clock = station.keys, station.clock
        return (
            keys is not None
            and clock is not None
            and envelope.engine_id == keys.engine_id
            and envelope.user == self._user
            and len(envelope.signature) == MAC_BYTES
            and keys.is_signed(envelope.unsigned, envelope.signature)
            and clock.accepts(envelope.boots, envelope.seconds, at_s)
        )

    def _believe(self, station: _Station, envelope: Envelope, at_s: float) -> None:
        """Take what an authentic message tells; a report has set the clock, so ask again."""
        is_private = envelope.flags & _SECURED == _SECURED
        tale = told(envelope, station.keys if is_private else None)
        if tale.kind == ber.REPORT:
            self._again(station, at_s)
        elif is_private and tale.kind == ber.RESPONSE and tale.number == station.number:
            self._tell(station, tale, at_s)
        else:
            self.dropped += 1

    def _again(self, station: _Station, at_s: float) -> None:
        """Ask once more within the same poll; its time goes on."""
        begun_s = station.sent_s
        self._open.pop(station.number, None)
        self._send(station, at_s)
        station.sent_s = begun_s

    def _tell(self, station: _Station, tale: Told, at_s: float) -> None:
        held = _held(tale)
        if held is None:
            self.dropped += 1
            return
        self._open.pop(station.number, None)
        station.lost = 0
        status = status_of(station.target.unit, held, self._now())
        took_s = at_s - station.sent_s
        self._hear(Poll(unit=station.target.unit, status=status, took_s=took_s))


def widen(transport: asyncio.DatagramTransport) -> None:
    """Ask the system for room for the answers of many units."""
    opened_socket: socket.socket = transport.get_extra_info("socket")
    opened_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)


def _held(tale: Told) -> Mapping[str, int | bytes | str | None] | None:
    """Return the values of a whole answer; none if it is not one."""
    if tale.error or len(tale.values) != len(STATUS):
        return None
    fit = all(each.oid in tale.values and each.fits(tale.values[each.oid]) for each in STATUS)
    return tale.values if fit else None
