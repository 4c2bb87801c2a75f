"""One SNMP message and its answer, over pysnmp.

One ``Wires`` holds one SNMP engine for one set of credentials.  The engine keeps the keys of every
unit that has proven which one it is, so that a unit costs two extra messages once and none later.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from pyasn1.type import univ
from pysnmp.entity.rfc3413.cmdgen import (
    CommandGenerator,
    GetCommandGenerator,
    SetCommandGenerator,
)
from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch.asyncio import (
    USM_AUTH_HMAC192_SHA256,
    USM_PRIV_CFB128_AES,
    CommunityData,
    SnmpEngine,
    UdpTransportTarget,
    UsmUserData,
)
from pysnmp.hlapi.v3arch.asyncio.lcd import CommandGeneratorLcdConfigurator
from pysnmp.proto import errind, rfc1902, rfc1905

from citybrain.controllers.ntcip.door import Address, Door
from citybrain.controllers.ntcip.library import Acquaintances, Carrier, Dispatcher
from citybrain.controllers.ntcip.meeting import Meetings
from citybrain.controllers.ntcip.patience import has_come
from citybrain.controllers.ntcip.secrets import V3, Credentials, V2c
from citybrain.controllers.ntcip.syntax import Instance, Kind, Value
from citybrain.controllers.ntcip.trouble import NoAnswerError, Trouble, trouble_of
from citybrain.controllers.polling.introduction import Met

Pair = tuple[Instance, Value]


IN_FLIGHT = 24
"""Messages of one engine that wait for their answers at the same time; with more of them, answers
lie unread until the time for them is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back.

    Parameters
    ----------
    error
        Name of the error status (RFC 3416), empty for none.
    index
        Which object the error is about, from 1; 0 for none.
    oids, values
        What is told; none for an object that the unit lacks.
    """

    error: str
    index: int
    oids: tuple[str, ...]
    values: tuple[Value | None, ...]

    def is_about(self, asked: Sequence[Instance]) -> bool:
        """Tell whether it answers for what was asked, with values of their kind."""
        if self.oids != tuple(each.oid for each in asked):
            return False
        return all(each.fits(value) for each, value in zip(asked, self.values, strict=True))


class Wire(Protocol):
    """Sends one message to one unit and returns the answer.

    Both raise ``NoAnswerError`` when the time is over or the answer is none.
    """

    async def get(self, instances: Sequence[Instance], timeout_s: float) -> Answer:
        """Ask for values."""

    async def set(self, pairs: Sequence[Pair], timeout_s: float) -> Answer:
        """Write values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Peer:
    """One unit as the engine knows it.

    Parameters
    ----------
    name_for
        Returns the engine's name for it, given the time for an answer.
    meet
        Sees to it that the engine knows it, within the time for an answer; raises as a wire does.
    part
        Is told, after each message, whether it was answered.
    """

    name_for: Callable[[float], str]
    meet: Callable[[float], Awaitable[None]]
    part: Callable[[bool], None]


class Wires:
    """One engine for many units that share credentials; to be closed in the loop that used it.

    Parameters
    ----------
    credentials
        Who asks.
    """

    def __init__(self, credentials: Credentials) -> None:
        self._door = Door(credentials)
        self._meetings: Meetings | None = None
        if isinstance(credentials, V3):
            self._meetings = Meetings(credentials, self._send, self._hear)
        self._engine = SnmpEngine(msgAndPduDsp=Dispatcher(self._door, self._meetings))
        self._known = Acquaintances(self._engine)
        self._user = _user_of(credentials)
        self._configurator = CommandGeneratorLcdConfigurator()
        self._turns = asyncio.Semaphore(IN_FLIGHT)

    async def to(self, address: str, port: int) -> "PysnmpWire":
        """Return the wire to one unit."""
        if self._engine.transport_dispatcher is None:
            self._engine.register_transport_dispatcher(Carrier(self._door))
        target = await UdpTransportTarget.create((address, port), retries=0)
        place = tuple(target.transport_address)
        peer = _Peer(
            name_for=partial(self._named, target),
            meet=partial(self._meet, place),
            part=partial(self._part, place),
        )
        return PysnmpWire(self._engine, peer, self._turns)

    @property
    def refused(self) -> int:
        """How many messages were not let in to the library."""
        return self._door.refused + (self._meetings.heard if self._meetings is not None else 0)

    def _named(self, target: UdpTransportTarget, timeout_s: float) -> str:
        """Return the engine's name for a target with this time for an answer."""
        target.timeout = timeout_s
        name, _ = self._configurator.configure(self._engine, self._user, target)
        return str(name)

    def _send(self, address: Address, message: bytes) -> None:
        self._engine.transport_dispatcher.send_past(address, message)

    def _hear(self, address: Address, met: Met) -> None:
        self._known.add(address, met)

    async def _meet(self, address: Address, timeout_s: float) -> None:
        if self._meetings is not None and address not in self._known:
            await self._meetings.meet(address, timeout_s)

    def _part(self, address: Address, is_answered: bool) -> None:
        """Have a unit met anew that did not answer while somebody told of another one there."""
        if self._door.takes_doubt(address) and not is_answered:
            self._known.remove(address)

    def close(self) -> None:
        """Close the socket, if any was opened."""
        if self._engine.transport_dispatcher is not None:
            self._engine.close_dispatcher()


class PysnmpWire:
    """A wire over pysnmp; retries are left to the session.

    Parameters
    ----------
    engine
        Keeps keys and clocks of the units.
    peer
        The unit.
    turns
        Shared by all units of the engine; a message waits for its turn before its time runs.
    """

    def __init__(self, engine: SnmpEngine, peer: _Peer, turns: asyncio.Semaphore) -> None:
        self._engine = engine
        self._peer = peer
        self._turns = turns
        self._names: dict[float, str] = {}

    async def get(self, instances: Sequence[Instance], timeout_s: float) -> Answer:
        """Ask for values."""
        asked = [(rfc1902.ObjectName(each.oid), _NOTHING) for each in instances]
        async with self._turns:
            return await self._exchange(GetCommandGenerator(), asked, timeout_s)

    async def set(self, pairs: Sequence[Pair], timeout_s: float) -> Answer:
        """Write values."""
        written = [(rfc1902.ObjectName(one.oid), _encoded(one, value)) for one, value in pairs]
        async with self._turns:
            return await self._exchange(SetCommandGenerator(), written, timeout_s)

    async def _exchange(
        self, generator: CommandGenerator, bindings: Sequence[tuple[Any, Any]], timeout_s: float
    ) -> Answer:
        if timeout_s not in self._names:
            self._names[timeout_s] = self._peer.name_for(timeout_s)
        future: asyncio.Future[tuple[Any, ...]] = asyncio.get_running_loop().create_future()

        def hear(_engine: object, _handle: object, *answer: Any) -> None:  # noqa: ANN401
            self._engine.message_dispatcher.heard += 1
            if not future.done():
                future.set_result(answer)

        name, indication = self._names[timeout_s], errind.requestTimedOut
        try:
            await self._peer.meet(timeout_s)
            generator.send_varbinds(self._engine, name, None, b"", bindings, hear)
            if not await has_come(future, timeout_s + _GRACE_S):
                raise NoAnswerError(Trouble.SILENT)
            indication, status, index, answered, _ = future.result()
        except (PySnmpError, OSError):
            raise NoAnswerError(Trouble.SILENT) from None
        finally:
            self._peer.part(not indication)
        if indication:
            raise NoAnswerError(trouble_of(indication))
        return Answer(
            error=_ERRORS.get(int(status), "genErr"),
            index=int(index),
            oids=tuple(str(oid) for oid, _ in answered),
            values=tuple(_decoded(value) for _, value in answered),
        )


_NOTHING = rfc1902.Null("")
_GRACE_S = 0.5
"""More than a tick of the library's own timer; only a message that tripped it waits so long."""
_ERRORS = dict(
    enumerate(
        (
            "",
            "tooBig",
            "noSuchName",
            "badValue",
            "readOnly",
            "genErr",
            "noAccess",
            "wrongType",
            "wrongLength",
            "wrongEncoding",
            "wrongValue",
            "noCreation",
            "inconsistentValue",
            "resourceUnavailable",
            "commitFailed",
            "undoFailed",
            "authorizationError",
            "notWritable",
            "inconsistentName",
        )
    )
)
"""Error status → name (RFC 3416, 3)."""
_WRAP = 2**32


def _user_of(credentials: Credentials) -> CommunityData | UsmUserData:
    if isinstance(credentials, V2c):
        return CommunityData(credentials.community.reveal(), mpModel=1)
    return UsmUserData(
        credentials.user,
        credentials.auth_key.reveal(),
        credentials.priv_key.reveal(),
        authProtocol=USM_AUTH_HMAC192_SHA256,
        privProtocol=USM_PRIV_CFB128_AES,
    )


def _encoded(instance: Instance, value: Value) -> object:
    if instance.kind is Kind.OBJECT_ID:
        return rfc1902.ObjectIdentifier(value)
    if instance.kind is Kind.OCTETS:
        return rfc1902.OctetString(value)
    if instance.kind is Kind.COUNTER:
        return rfc1902.Counter32(value)
    number = int(value)
    return rfc1902.Integer32(number - _WRAP if number >= _WRAP // 2 else number)


def _decoded(value: object) -> Value | None:
    """Return a plain value; none for what the unit lacks, an empty OID for what has no place."""
    if isinstance(value, rfc1905.NoSuchObject | rfc1905.NoSuchInstance | rfc1905.EndOfMibView):
        return None
    if isinstance(value, univ.Integer):
        return int(value)
    if isinstance(value, univ.ObjectIdentifier):
        return str(value)
    if isinstance(value, univ.OctetString):
        return bytes(value)
    return ""
