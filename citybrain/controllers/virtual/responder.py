"""From a datagram to its answer: SNMP v2c and v3 for one unit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from citybrain.controllers.ntcip.secrets import V3, Credentials, V2c
from citybrain.controllers.virtual import ber, usm
from citybrain.controllers.virtual.ber import MalformedError
from citybrain.controllers.virtual.faults import Fault
from citybrain.controllers.virtual.pdu import REPORT, SET, answer, read_request
from citybrain.controllers.virtual.unit import VirtualUnit

ENTERPRISE = 1206
"""NEMA's number, with which engine identifiers begin (RFC 3411, SnmpEngineID)."""
V2C, V3_VERSION = 1, 3
_TEXT_FORMAT = 4
_SALT_OCTETS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Credentials, and whether they may write."""

    credentials: Credentials
    may_write: bool


def engine_of(name: str) -> bytes:
    """Return the engine identifier of a unit, made of its name."""
    head = (0x80000000 | ENTERPRISE).to_bytes(4, "big") + bytes([_TEXT_FORMAT])
    return head + sha256(name.encode()).hexdigest()[:16].encode()


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a responder has done."""

    answered: int = 0
    dropped: int = 0
    reports: int = 0
    sets: int = 0


@dataclass(slots=True)
class Responder:
    """Answers for one unit.

    Parameters
    ----------
    unit
        The unit.
    accesses
        Who may ask.
    engine
        Identifier of the SNMP engine; made of the unit's name if it is left out.
    tally
        What it has done.
    boots_before
        Starts of the engine before this process; a number that grows from process to process lets a
        manager notice that the unit was started anew (RFC 3414, 2.2).
    users
        Those of v3, by name; made of the accesses.
    wall_s
        Time, where the unit lives in the time of a simulation. [s since 1970, UTC]
    """

    unit: VirtualUnit
    accesses: Sequence[Access]
    engine: bytes = b""
    tally: Tally = field(default_factory=Tally)
    wall_s: float | None = None
    boots_before: int = 0
    users: Mapping[bytes, usm.User] = field(default_factory=dict)
    _communities: Mapping[bytes, bool] = field(default_factory=dict)
    _salt: int = 0
    _start: tuple[int, float] = (0, 0.0)

    def __post_init__(self) -> None:
        """Make the keys for this engine."""
        self.engine = self.engine or engine_of(self.unit.settings.name)
        users, communities = {}, {}
        for access in self.accesses:
            credentials = access.credentials
            if isinstance(credentials, V3):
                user = usm.User.of(credentials, self.engine, may_write=access.may_write)
                users[user.name] = user
            elif isinstance(credentials, V2c):
                communities[credentials.community.reveal().encode()] = access.may_write
        self.users, self._communities = users, communities

    def answer(self, data: bytes) -> bytes | None:
        """Return the answer to a datagram; none where SNMP keeps silent."""
        try:
            told = self._answer(data)
        except MalformedError:
            told = None
        if told is None:
            self.tally.dropped += 1
        else:
            self.tally.answered += 1
        return told

    def _answer(self, data: bytes) -> bytes | None:
        at, end = ber.header(data, 0, ber.SEQUENCE, len(data))
        if end != len(data):
            msg = "octets follow the message"
            raise MalformedError(msg)
        version, at = ber.integer(data, at, end)
        if version == V2C:
            return self._answer_v2c(data, at, end)
        return self._answer_v3(data, at, end) if version == V3_VERSION else None

    def _answer_v2c(self, data: bytes, at: int, end: int) -> bytes | None:
        community, at = ber.octets(data, at, end)
        may_write = self._communities.get(community)
        if may_write is None or Fault.WRONG_CREDENTIALS in self.unit.faults:
            return None
        told = self._pdu(data, at, end, may_write=may_write)
        parts = (ber.encoded_integer(V2C), ber.encoded_octets(community), told)
        return ber.sequence(parts)

    def _pdu(self, data: bytes, at: int, end: int, *, may_write: bool) -> bytes:
        request = read_request(data, at, end)
        self.tally.sets += request.tag == SET
        return answer(self.unit, request, may_write=may_write)

    # Version 3

    @property
    def boots(self) -> int:
        """How often this engine was started."""
        return self.boots_before + self.unit.boots

    @property
    def time_s(self) -> int:
        """Time since this engine was started [s]."""
        if self.wall_s is None:
            return int(self.unit.now_s - self.unit.started_s)
        if self._start[0] != self.unit.boots:
            self._start = (self.unit.boots, self.wall_s)
        return max(int(self.wall_s - self._start[1]), 0)

    def _answer_v3(self, data: bytes, at: int, end: int) -> bytes | None:
        envelope = usm.read_envelope(data, at, end)
        trouble, user = self._trouble(data, envelope)
        if trouble:
            return self._report(envelope, trouble, user)
        assert user is not None
        begin, body_end = ber.header(data, envelope.body_at, ber.OCTETS, end)
        if body_end != end or len(envelope.salt) != _SALT_OCTETS:
            return self._report(envelope, usm.DECRYPTION_ERROR, user)
        cipher = user.cipher(envelope.boots, envelope.time_s, envelope.salt).decryptor()
        scoped = cipher.update(data[begin:body_end]) + cipher.finalize()
        context, told = self._scoped(scoped, user)
        return self._seal(envelope, context, told, user)

    def _scoped(self, scoped: bytes, user: usm.User) -> tuple[bytes, bytes]:
        """Return the context of a scoped PDU and the answer to it."""
        at, end = ber.header(scoped, 0, ber.SEQUENCE, len(scoped))
        engine_at = at
        engine, at = ber.octets(scoped, at, end)
        _, pdu_at = ber.octets(scoped, at, end)
        if engine not in {self.engine, b""}:
            msg = "the context is of another engine"
            raise MalformedError(msg)
        told = self._pdu(scoped, pdu_at, end, may_write=user.may_write)
        return scoped[engine_at:pdu_at], told

    def _trouble(self, data: bytes, envelope: usm.Envelope) -> tuple[int, usm.User | None]:
        """Return which counter of RFC 3414 a message raises, 0 for none, and its user."""
        if envelope.engine != self.engine:
            return usm.UNKNOWN_ENGINE, None
        user = self.users.get(envelope.user)
        if user is None:
            return usm.UNKNOWN_USER, None
        if envelope.flags & 3 != usm.AUTHENTICATED | usm.PRIVATE:
            return usm.UNSUPPORTED_LEVEL, None
        is_foreign = Fault.WRONG_CREDENTIALS in self.unit.faults
        if is_foreign or not usm.is_genuine(data, envelope, user):
            return usm.WRONG_DIGEST, None
        is_late = abs(envelope.time_s - self.time_s) > usm.TIME_WINDOW_S
        if is_late or envelope.boots != self.boots:
            return usm.NOT_IN_TIME_WINDOW, user
        return (usm.NOT_IN_TIME_WINDOW if self._is_timeless else 0), user

    @property
    def _is_timeless(self) -> bool:
        return Fault.WRONG_ENGINE_TIME in self.unit.faults

    def _report(self, envelope: usm.Envelope, which: int, user: usm.User | None) -> bytes | None:
        if not envelope.flags & usm.REPORTABLE:
            return None
        self.tally.reports += 1
        counter = ber.encoded_oid(usm.statistic(which))
        counter += ber.encoded_integer(self.tally.reports, ber.COUNTER)
        bindings = ber.element(ber.SEQUENCE, ber.element(ber.SEQUENCE, counter))
        zero = ber.encoded_integer(0)
        pdu = ber.sequence((zero, zero, zero, bindings), REPORT)
        context = ber.encoded_octets(self.engine) + ber.encoded_octets(b"")
        return self._seal(envelope, context, pdu, user, flags=usm.AUTHENTICATED)

    def _seal(
        self,
        envelope: usm.Envelope,
        context: bytes,
        pdu: bytes,
        user: usm.User | None,
        *,
        flags: int = usm.AUTHENTICATED | usm.PRIVATE,
    ) -> bytes:
        self._salt = (self._salt + 1) & 0xFFFFFFFF
        salt = self.boots.to_bytes(4, "big") + self._salt.to_bytes(4, "big")
        sealing = usm.Sealing(
            engine=self.engine,
            boots=self.boots,
            time_s=self.time_s,
            user=user,
            flags=flags if user is not None else 0,
            salt=salt,
        )
        return usm.sealed(envelope.number, ber.element(ber.SEQUENCE, context + pdu), sealing)
