"""User-based security of SNMP v3: keys, signatures, ciphers; HMAC-SHA-256 and AES-128 only.

References
----------
RFC 3414 (keys, clocks), RFC 7860 (HMAC-SHA-256 cut to 192 bits), RFC 3826 (AES-128 in CFB mode).
"""

import hmac
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import count

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from citybrain.controllers.ntcip.secrets import V3

MAC_BYTES = 24
"""192 bits of HMAC-SHA-256 (RFC 7860)."""
NO_MAC = bytes(MAC_BYTES)
WINDOW_S = 150
"""How far a unit's clock may be off (RFC 3414, 2.2.3). [s]"""
LAST_BOOT = 2**31 - 1
"""With so many boots no message is fresh any more (RFC 3414, 3.2, 7b)."""
_MEBIBYTE = 2**20
_AES_BYTES = 16


@dataclass(slots=True, kw_only=True)
class EngineClock:
    """What is known of a unit's clock: boots and seconds since, and when that was heard [s]."""

    boots: int
    seconds: int
    heard_s: float

    def now(self, at_s: float) -> int:
        """Return the unit's seconds since its last boot. [s]."""
        return self.seconds + int(at_s - self.heard_s)

    def accepts(self, boots: int, seconds: int, at_s: float) -> bool:
        """Tell whether an authentic message is fresh (RFC 3414, 3.2, 7b), and learn from it."""
        if boots == LAST_BOOT or boots < self.boots:
            return False
        if boots == self.boots and seconds < self.now(at_s) - WINDOW_S:
            return False
        if (boots, seconds) > (self.boots, self.now(at_s)):
            self.boots, self.seconds, self.heard_s = boots, seconds, at_s
        return True


class Keys:
    """Signs and ciphers for one user at one unit.

    Parameters
    ----------
    credentials
        User and passphrases.
    engine_id
        Names the unit's SNMP engine; keys are made for it alone.
    salt
        Where the counter of salts begins; to be drawn at random, as no pair of key and salt may be
        used twice.
    """

    def __init__(self, credentials: V3, engine_id: bytes, salt: int) -> None:
        self.engine_id = engine_id
        auth = localised(credentials.auth_key.reveal(), engine_id)
        self._privacy = AES(localised(credentials.priv_key.reveal(), engine_id)[:_AES_BYTES])
        self._signing = hmac.new(auth, digestmod=sha256)
        self._salts = count(salt)

    def signature(self, message: bytes) -> bytes:
        """Return the signature of a message in which its place holds zeros."""
        signing = self._signing.copy()
        signing.update(message)
        return signing.digest()[:MAC_BYTES]

    def is_signed(self, message: bytes, signature: bytes) -> bool:
        """Tell whether a signature is that of a message in which its place holds zeros."""
        return hmac.compare_digest(self.signature(message), signature)

    def enciphered(self, text: bytes, boots: int, seconds: int) -> tuple[bytes, bytes]:
        """Return the cipher of a text and the salt that it needs."""
        salt = (next(self._salts) % 2**64).to_bytes(8, "big")
        encryptor = Cipher(self._privacy, _mode(boots, seconds, salt)).encryptor()
        return encryptor.update(text) + encryptor.finalize(), salt

    def deciphered(self, cipher: bytes, boots: int, seconds: int, salt: bytes) -> bytes:
        """Return the text of a cipher."""
        decryptor = Cipher(self._privacy, _mode(boots, seconds, salt)).decryptor()
        return decryptor.update(cipher) + decryptor.finalize()


def localised(passphrase: str, engine_id: bytes) -> bytes:
    """Return a user's key at one unit (RFC 3414, 2.6 and A.2, with SHA-256).

    Parameters
    ----------
    passphrase
        The user's secret.
    engine_id
        The unit's.
    """
    user_key = _user_key(passphrase)
    return sha256(user_key + engine_id + user_key).digest()


@lru_cache(maxsize=64)
def _user_key(passphrase: str) -> bytes:
    """Return the digest of the passphrase repeated up to 2²⁰ bytes; costly on purpose."""
    text = passphrase.encode()
    return sha256((text * (_MEBIBYTE // len(text) + 1))[:_MEBIBYTE]).digest()


def _mode(boots: int, seconds: int, salt: bytes) -> CFB:
    return CFB(boots.to_bytes(4, "big") + seconds.to_bytes(4, "big") + salt)
