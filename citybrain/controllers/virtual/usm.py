"""The agent's side of SNMP v3's user-based security: SHA-256 and AES-128.

References
----------
RFC 3414 (user-based security), RFC 7860 (HMAC-192-SHA-256), RFC 3826 (AES-128 in CFB mode).
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from citybrain.controllers.ntcip.secrets import V3, Secret
from citybrain.controllers.virtual import ber
from citybrain.controllers.virtual.ber import MalformedError

AUTHENTICATED, PRIVATE, REPORTABLE = 1, 2, 4
DIGEST_OCTETS = 24
"""192 bits of HMAC-SHA-256 (RFC 7860)."""
TIME_WINDOW_S = 150
"""How far a manager's idea of the clock may be off (RFC 3414, 2.2.3). [s]"""
_EXPANDED_OCTETS = 1 << 20
_KEY_OCTETS = 16
_STATISTICS = "1.3.6.1.6.3.15.1.1"
UNSUPPORTED_LEVEL = 1
NOT_IN_TIME_WINDOW = 2
UNKNOWN_USER = 3
UNKNOWN_ENGINE = 4
WRONG_DIGEST = 5
DECRYPTION_ERROR = 6
"""Counters that a report names, by their last number but one (RFC 3414, 5)."""


@lru_cache(maxsize=64)
def _expanded_key(passphrase: Secret) -> bytes:
    """Return the key of a passphrase before it is made that of one engine (RFC 3414, A.2)."""
    text = passphrase.reveal().encode()
    repeated = text * (_EXPANDED_OCTETS // len(text) + 1)
    return hashlib.sha256(repeated[:_EXPANDED_OCTETS]).digest()


def localised_key(passphrase: Secret, engine: bytes) -> bytes:
    """Return the key of a passphrase at one engine (RFC 3414, 2.6)."""
    key = _expanded_key(passphrase)
    return hashlib.sha256(key + engine + key).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who may ask, with keys for one engine.

    Parameters
    ----------
    name
        Name on the wire.
    auth_key, priv_key
        Localised keys.
    may_write
        Whether SETs are obeyed.
    """

    name: bytes
    auth_key: bytes
    priv_key: bytes
    may_write: bool

    @classmethod
    def of(cls, credentials: V3, engine: bytes, *, may_write: bool) -> "User":
        """Return a user from his passphrases."""
        return cls(
            name=credentials.user.encode(),
            auth_key=localised_key(credentials.auth_key, engine),
            priv_key=localised_key(credentials.priv_key, engine)[:_KEY_OCTETS],
            may_write=may_write,
        )

    def digest(self, message: bytes) -> bytes:
        """Return the digest of a message whose digest field is zero."""
        return hmac.digest(self.auth_key, message, "sha256")[:DIGEST_OCTETS]

    def cipher(self, boots: int, time_s: int, salt: bytes) -> "Cipher[CFB]":
        """Return the cipher of one message."""
        start = boots.to_bytes(4, "big") + time_s.to_bytes(4, "big") + salt
        return Cipher(AES(self.priv_key), CFB(start))


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The outside of a v3 message.

    Parameters
    ----------
    number, flags
        Number of the message; authenticated, private, reportable.
    engine, boots, time_s
        The engine that it is meant for and that engine's clock. [s]
    user, digest, salt
        Security parameters.
    digest_at
        Where the digest begins in the message.
    body_at
        Where the scoped PDU, or what it is encrypted into, begins.
    """

    number: int
    flags: int
    engine: bytes
    boots: int
    time_s: int
    user: bytes
    digest: bytes
    salt: bytes
    digest_at: int
    body_at: int


_MOST_31_BIT = 0x7FFFFFFF
_USM = 3


def read_envelope(data: bytes, at: int, end: int) -> Envelope:
    """Return the outside of a v3 message, from behind its version.

    Raises
    ------
    MalformedError
        It is not well formed.
    """
    head, head_end = ber.header(data, at, ber.SEQUENCE, end)
    number, head = ber.integer(data, head, head_end)
    _, head = ber.integer(data, head, head_end)
    flags, head = ber.octets(data, head, head_end)
    model, head = ber.integer(data, head, head_end)
    if len(flags) != 1 or model != _USM or head != head_end:
        msg = "flags or security model are none that this agent knows"
        raise MalformedError(msg)
    outer, body_at = ber.header(data, head_end, ber.OCTETS, end)
    inner, inner_end = ber.header(data, outer, ber.SEQUENCE, body_at)
    engine, inner = ber.octets(data, inner, inner_end)
    boots, inner = ber.integer(data, inner, inner_end)
    time_s, inner = ber.integer(data, inner, inner_end)
    user, inner = ber.octets(data, inner, inner_end)
    digest, salt_at = ber.octets(data, inner, inner_end)
    salt, inner = ber.octets(data, salt_at, inner_end)
    if inner != inner_end or not (0 <= boots <= _MOST_31_BIT and 0 <= time_s <= _MOST_31_BIT):
        msg = "security parameters are out of range"
        raise MalformedError(msg)
    return Envelope(
        number=number,
        flags=flags[0],
        engine=engine,
        boots=boots,
        time_s=time_s,
        user=user,
        digest=digest,
        salt=salt,
        digest_at=salt_at - len(digest),
        body_at=body_at,
    )


def is_genuine(data: bytes, envelope: Envelope, user: User) -> bool:
    """Tell whether the digest of a message is its user's."""
    if len(envelope.digest) != DIGEST_OCTETS:
        return False
    after = envelope.digest_at + DIGEST_OCTETS
    blank = data[: envelope.digest_at] + bytes(DIGEST_OCTETS) + data[after:]
    return hmac.compare_digest(user.digest(blank), envelope.digest)


def statistic(which: int) -> tuple[int, ...]:
    """Return the identifier of the counter that a report names."""
    return tuple(int(arc) for arc in f"{_STATISTICS}.{which}.0".split("."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """What an outgoing message is sealed with.

    Parameters
    ----------
    engine, boots, time_s
        The sending engine and its clock. [s]
    user
        None for a message without user.
    flags
        Authenticated, private.
    salt
        Eight octets that are never used twice.
    """

    engine: bytes
    boots: int
    time_s: int
    user: User | None
    flags: int
    salt: bytes


def sealed(number: int, scoped: bytes, sealing: Sealing) -> bytes:
    """Return a v3 message.

    Parameters
    ----------
    number
        Number of the message.
    scoped
        The scoped PDU.
    sealing
        How it is sealed.
    """
    user = sealing.user
    body, salt = scoped, b""
    if user is not None and sealing.flags & PRIVATE:
        salt = sealing.salt
        encryptor = user.cipher(sealing.boots, sealing.time_s, salt).encryptor()
        body = ber.encoded_octets(encryptor.update(scoped) + encryptor.finalize())
    is_signed = user is not None and sealing.flags & AUTHENTICATED
    zero = bytes(DIGEST_OCTETS) if is_signed else b""
    head: Sequence[bytes] = (
        ber.encoded_integer(number),
        ber.encoded_integer(65507),
        ber.encoded_octets(bytes([sealing.flags & (AUTHENTICATED | PRIVATE)])),
        ber.encoded_integer(_USM),
    )
    before = ber.encoded_octets(sealing.engine) + ber.encoded_integer(sealing.boots)
    before += ber.encoded_integer(sealing.time_s) + ber.encoded_octets(user.name if user else b"")
    security = ber.element(
        ber.SEQUENCE, before + ber.encoded_octets(zero) + ber.encoded_octets(salt)
    )
    rest = ber.encoded_octets(security) + body
    message = ber.element(
        ber.SEQUENCE, ber.encoded_integer(3) + ber.element(ber.SEQUENCE, b"".join(head)) + rest
    )
    if user is None or not is_signed:
        return message
    at = len(message) - len(body) - len(ber.encoded_octets(salt)) - DIGEST_OCTETS
    return message[:at] + user.digest(message) + message[at + DIGEST_OCTETS :]
