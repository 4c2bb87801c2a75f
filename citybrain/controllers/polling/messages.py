"""SNMP v3 messages of a reader: a question made once and sent many times, and its answers.

The only request that this module can make is ``GetRequest``.

References
----------
RFC 3412 (messages), RFC 3414 (security parameters), RFC 3416 (requests and responses).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from citybrain.controllers.polling import ber
from citybrain.controllers.polling.ber import BerError, Reader
from citybrain.controllers.polling.usm import MAC_BYTES, NO_MAC, Keys

Held = int | bytes | str | None
AUTHENTIC, PRIVATE, REPORTABLE = 1, 2, 4
_VERSION = 3
_LARGEST = 65507
_USM = 3
_NUMBERS = frozenset({ber.INTEGER, ber.COUNTER, ber.GAUGE, ber.TICKS})
_SALT_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The outer parts of a message, before anything in it is believed.

    Parameters
    ----------
    number
        Number of the message.
    flags
        Authentic, private, reportable.
    engine_id, boots, seconds
        The sender's engine and clock.
    user
        Whose keys it claims.
    signature, salt
        As sent.
    unsigned
        The message with zeros in place of its signature.
    data
        The rest: a cipher, or the plain scoped PDU.
    """

    number: int
    flags: int
    engine_id: bytes
    boots: int
    seconds: int
    user: bytes
    signature: bytes
    salt: bytes
    unsigned: bytes
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a response or report tells: kind, number of the request, error, OID → value."""

    kind: int
    number: int
    error: int
    values: dict[str, Held]


class Question:
    """A ``GetRequest`` that is encoded once.

    Parameters
    ----------
    oids
        What is asked for.
    """

    def __init__(self, oids: Sequence[str]) -> None:
        bindings = (ber.sequence(ber.object_id(oid), bytes((ber.NULL, 0))) for oid in oids)
        self._rest = ber.integer(0) + ber.integer(0) + ber.sequence(*bindings)

    def scoped(self, engine_id: bytes, number: int) -> bytes:
        """Return the scoped PDU with a request number."""
        request = ber.tagged(ber.GET, ber.four_bytes(number) + self._rest)
        return ber.sequence(ber.octets(engine_id), ber.octets(b""), request)


def discovery(number: int) -> bytes:
    """Return a message that makes a unit tell its engine and its clock (RFC 3414, 4)."""
    security = _security(b"", 0, 0, b"", 2 * ber.octets(b""))
    return _message(number, _OPEN, security, Question(()).scoped(b"", number))


def sealed(
    question: Question, number: int, user: bytes, keys: Keys, clock: tuple[int, int]
) -> bytes:
    """Return a question, enciphered and signed.

    Parameters
    ----------
    question
        What is asked.
    number
        Of the message and of the request, 2²⁴–2³¹−1.
    user
        Whose keys.
    keys
        The user's at this unit.
    clock
        The unit's boots and seconds since. [-, s]
    """
    boots, seconds = clock
    cipher, salt = keys.enciphered(question.scoped(keys.engine_id, number), boots, seconds)
    body, last = ber.octets(cipher), ber.octets(salt)
    security = _security(keys.engine_id, boots, seconds, user, ber.octets(NO_MAC) + last)
    message = _message(number, _SEALED, security, body)
    place = len(message) - len(body) - len(last) - MAC_BYTES
    return message[:place] + keys.signature(message) + message[place + MAC_BYTES :]


def opened(message: bytes) -> Envelope:
    """Return the outer parts of a message.

    Raises
    ------
    BerError
        It is none of SNMP v3 with user-based security.
    """
    outer = Reader(message, 0, len(message)).enter(ber.SEQUENCE)
    if outer.integer() != _VERSION:
        msg = "another version"
        raise BerError(msg)
    header = outer.enter(ber.SEQUENCE)
    number, _, flags, model = (
        header.integer(),
        header.integer(),
        header.content(4),
        header.integer(),
    )
    if model != _USM or len(flags) != 1:
        msg = "another security model"
        raise BerError(msg)
    inner = outer.enter(ber.OCTETS).enter(ber.SEQUENCE)
    engine_id, boots, seconds = inner.content(ber.OCTETS), inner.integer(), inner.integer()
    user, signature = inner.content(ber.OCTETS), inner.content(ber.OCTETS)
    place = inner.at - len(signature)
    salt = inner.content(ber.OCTETS)
    return Envelope(
        number=number,
        flags=flags[0],
        engine_id=engine_id,
        boots=boots,
        seconds=seconds,
        user=user,
        signature=signature,
        salt=salt,
        unsigned=message[:place] + bytes(len(signature)) + message[place + len(signature) :],
        data=message[outer.at : outer.end],
    )


def told(envelope: Envelope, keys: Keys | None) -> Told:
    """Return what a message tells; a private one is deciphered.

    Parameters
    ----------
    envelope
        Its outer parts; the signature was checked by the caller.
    keys
        The user's at this unit; none if the message is not private.

    Raises
    ------
    BerError
        It is not what it should be.
    """
    scoped = _scoped(envelope, keys)
    return _pdu(_kind(scoped), scoped)


def kind_of(envelope: Envelope, keys: Keys | None) -> int:
    """Return what kind of PDU a message holds; parameters and errors as those of ``told``."""
    return _kind(_scoped(envelope, keys))


def _scoped(envelope: Envelope, keys: Keys | None) -> Reader:
    """Return a reader that stands before the PDU of a message."""
    data = envelope.data
    if keys is not None:
        cipher = Reader(data, 0, len(data)).content(ber.OCTETS)
        if len(envelope.salt) != _SALT_BYTES or not _is_clock(envelope.boots, envelope.seconds):
            msg = "no salt"
            raise BerError(msg)
        data = keys.deciphered(cipher, envelope.boots, envelope.seconds, envelope.salt)
    scoped = Reader(data, 0, len(data)).enter(ber.SEQUENCE)
    scoped.content(ber.OCTETS)
    scoped.content(ber.OCTETS)
    return scoped


def _kind(scoped: Reader) -> int:
    return scoped.data[scoped.at] if scoped.at < scoped.end else ber.NULL


def _pdu(kind: int, scoped: Reader) -> Told:
    pdu = scoped.enter(kind)
    number, error, _ = pdu.integer(), pdu.integer(), pdu.integer()
    pairs = pdu.enter(ber.SEQUENCE)
    found = ber.bindings(pairs.data, pairs.at, pairs.end)
    values = {oid: _value(tag, content) for oid, tag, content in found}
    return Told(kind=kind, number=number, error=error, values=values)


def _value(tag: int, content: bytes) -> Held:
    if tag in _NUMBERS:
        return ber.whole(content)
    if tag == ber.OCTETS:
        return content
    if tag == ber.OBJECT_ID:
        return ber.dotted_form(content)
    if tag in ber.ABSENT:
        return None
    msg = f"a value of tag {tag:#x}"
    raise BerError(msg)


def _header(flags: int) -> bytes:
    """Return what follows a message's number: its largest answer, flags and security model."""
    return ber.integer(_LARGEST) + ber.octets(bytes((flags,))) + ber.integer(_USM)


_OPEN, _SEALED = _header(REPORTABLE), _header(AUTHENTIC | PRIVATE | REPORTABLE)
_THIRD_VERSION = ber.integer(_VERSION)


def _message(number: int, header: bytes, security: bytes, data: bytes) -> bytes:
    numbered = ber.sequence(ber.four_bytes(number), header)
    return ber.sequence(_THIRD_VERSION, numbered, ber.octets(security), data)


def _security(engine_id: bytes, boots: int, seconds: int, user: bytes, proof: bytes) -> bytes:
    """Return the security parameters; ``proof`` is signature and salt, each with its length."""
    named, who = ber.octets(engine_id), ber.octets(user)
    return ber.sequence(named, ber.integer(boots), ber.integer(seconds), who, proof)


def _is_clock(boots: int, seconds: int) -> bool:
    return 0 <= boots < 2**31 and 0 <= seconds < 2**31
