"""Asks every unit for its status at a steady rate, with one socket and one question for all."""

import asyncio
import random
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeAlias

from citybrain.controllers.ntcip.secrets import V3
from citybrain.controllers.ntcip.status import STATUS, Clock, status_of
from citybrain.controllers.polling import ber
from citybrain.controllers.polling.ber import BerError
from citybrain.controllers.polling.introduction import NUMBERS, Introduction, is_signed
from citybrain.controllers.polling.messages import (
    AUTHENTIC,
    PRIVATE,
    Envelope,
    Question,
    Told,
    opened,
    sealed,
    told,
)
from citybrain.controllers.polling.usm import EngineClock, Keys
from citybrain.ports.controllers import UnitStatus

Place: TypeAlias = tuple[str, int]
"""Address and port."""
SLICE_S = 0.02
"""Units are asked in slices of this length, so that no burst fills a buffer; what has arrived is
taken once a slice, so an answer seems to take up to this much longer. [s]"""
ANSWER_S = 2.5
"""Time for an answer; a unit that takes longer than its period misses turns meanwhile. [s]"""
MOST_LOST = 3
"""Lost polls in a row after which a unit's engine is asked for anew."""
_SECURED = AUTHENTIC | PRIVATE
_BUFFER_BYTES = 4 * 2**20
_BURST = 500
"""Messages that are taken in one slice; more wait for the next."""
_LARGEST_BYTES = 65535


class Way(Protocol):
    """What messages are sent over: a socket, or what stands for one."""

    def sendto(self, data: bytes, place: Place, /) -> object:
        """Send a message."""


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

    __slots__ = ("clock", "introduction", "keys", "lost", "number", "place", "sent_s", "target")

    def __init__(self, target: Target, introduction: Introduction) -> None:
        self.target, self.place = target, (target.address, target.port)
        self.introduction = introduction
        self.keys: Keys | None = None
        self.clock: EngineClock | None = None
        self.number = 0
        self.sent_s = 0.0
        self.lost = 0


class Poller:
    """Polls units that share credentials.

    A message is believed only if it answers the open question of the unit at that address, is
    signed with the unit's key, fresh and deciphered; ``skipped`` counts the turns at which an
    answer was still awaited.

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
        self.skipped = self._dropped = 0
        rng = rng or random.SystemRandom()
        self._user, self._now = credentials.user.encode(), now
        self._question = Question([each.oid for each in STATUS])
        self._open: dict[int, _Station] = {}
        self._strangers: dict[Place, _Station] = {}
        self._number = rng.randrange(*NUMBERS)
        self._hear = hear
        self._way: Way | None = None
        self._stations = []
        for target in targets:
            send = partial(self._send_to, (target.address, target.port))
            self._stations.append(_Station(target, Introduction(credentials, send, rng)))

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
        slices = max(1, round(every_s / SLICE_S))
        begun_s, turn = loop.time(), 0
        with _opened() as way:
            self.send_over(way)
            while not end.is_set():
                for station in self._stations[turn % slices :: slices]:
                    self._ask(station, loop.time())
                turn += 1
                await asyncio.sleep(max(0.0, begun_s + turn * every_s / slices - loop.time()))
                self._drain(way)

    @property
    def dropped(self) -> int:
        """Messages that were not believed and named no new engine of a unit that is to be met."""
        return self._dropped + sum(each.introduction.dropped for each in self._stations)

    def send_over(self, way: Way) -> None:
        """Say what messages are sent over."""
        self._way = way

    def ask_all(self) -> None:
        """Ask every unit whose last question is answered or lost."""
        at_s = asyncio.get_running_loop().time()
        for station in self._stations:
            self._ask(station, at_s)

    def take(self, data: bytes, place: Place, at_s: float) -> None:
        """Take a message that came from a place; ``at_s`` is the loop's clock. [s]."""
        try:
            self._take(opened(data), place, at_s)
        except BerError:
            self._dropped += 1

    def _drain(self, way: socket.socket) -> None:
        """Take what has arrived in the last slice, together: a wake for each costs more than it."""
        loop = asyncio.get_running_loop()
        for _ in range(_BURST):
            try:
                data, place = way.recvfrom(_LARGEST_BYTES)
            except OSError:  # nothing more, or a message that could not be delivered: a lost poll
                return
            self.take(data, place, loop.time())

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
        station.sent_s = at_s
        if station.keys is None or station.clock is None:
            self._strangers[station.place] = station
            station.number = station.introduction.ask()
        else:
            low, high = NUMBERS
            self._number = self._number + 1 if self._number + 1 < high else low
            station.number = self._number
            clock = (station.clock.boots, station.clock.now(at_s))
            message = sealed(self._question, station.number, self._user, station.keys, clock)
            self._send_to(station.place, message)
        self._open[station.number] = station

    def _send_to(self, place: Place, message: bytes) -> None:
        if self._way is not None:
            with suppress(OSError):  # what cannot be sent is lost like any other poll
                self._way.sendto(message, place)

    def _take(self, envelope: Envelope, place: Place, at_s: float) -> None:
        stranger = self._strangers.get(place)
        if stranger is not None and stranger.introduction.knows(envelope.number):
            self._meet(stranger, envelope, at_s)
            return
        station = self._open.get(envelope.number)
        is_asked = station is not None and place == station.place
        if station is not None and is_asked and self._is_authentic(station, envelope, at_s):
            self._believe(station, envelope, at_s)
        else:
            self._dropped += 1

    def _meet(self, station: _Station, envelope: Envelope, at_s: float) -> None:
        """Learn which engine a unit has, once one has signed; then ask what was to be asked."""
        met = station.introduction.take(envelope)
        if met is None:
            return
        del self._strangers[station.place]
        station.keys = met.keys
        station.clock = EngineClock(boots=met.boots, seconds=met.seconds, heard_s=at_s)
        if station.number in self._open:
            self._again(station, at_s)

    def _is_authentic(self, station: _Station, envelope: Envelope, at_s: float) -> bool:
        keys, clock = station.keys, station.clock
        return (
            keys is not None
            and clock is not None
            and is_signed(envelope, keys, self._user)
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
            self._dropped += 1

    def _again(self, station: _Station, at_s: float) -> None:
        """Ask once more within the same poll; its time goes on."""
        begun_s = station.sent_s
        self._open.pop(station.number, None)
        self._send(station, at_s)
        station.sent_s = begun_s

    def _tell(self, station: _Station, tale: Told, at_s: float) -> None:
        held = _held(tale)
        if held is None:
            self._dropped += 1
            return
        self._open.pop(station.number, None)
        station.lost = 0
        status = status_of(station.target.unit, held, self._now())
        took_s = at_s - station.sent_s
        self._hear(Poll(unit=station.target.unit, status=status, took_s=took_s))


def _opened() -> socket.socket:
    """Return a socket that never waits, with room for the answers of many units."""
    way = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    way.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
    way.setblocking(False)
    way.bind(("0.0.0.0", 0))
    return way


def _held(tale: Told) -> Mapping[str, int | bytes | str | None] | None:
    """Return the values of a whole answer; none if it is not one."""
    if tale.error or len(tale.values) != len(STATUS):
        return None
    fit = all(each.oid in tale.values and each.fits(tale.values[each.oid]) for each in STATUS)
    return tale.values if fit else None
