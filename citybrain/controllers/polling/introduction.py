"""Learning which engine answers at an address: one is believed once it has signed an answer.

The first answer of a unit is never signed (RFC 3414, 4), so anybody on the network can give it.
Here every engine that is named is asked for a signed answer, and the one that gives it is the unit:
a forged name costs one message, and holds up nothing.  Both ends sign with the same keys, so a
question that comes back is signed, too; it is no answer, and proves nothing.
"""

import random
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from citybrain.controllers.ntcip.secrets import V3
from citybrain.controllers.polling import ber
from citybrain.controllers.polling.messages import (
    AUTHENTIC,
    PRIVATE,
    Envelope,
    Question,
    discovery,
    kind_of,
    sealed,
    told,
)
from citybrain.controllers.polling.usm import MAC_BYTES, Keys

MOST_NAMES = 32
"""Engines that are asked to sign for one question who answers; others are not listened to."""
NUMBERS = (2**24, 2**31 - 1)
"""Numbers of messages that take four bytes: the first, and the one after the last."""
_MOST_WAITING = 4 * (MOST_NAMES + 1)
_SHORTEST_NAME, _LONGEST_NAME = 5, 32
_LATEST = 2**31
_UP_TIME = Question(["1.3.6.1.2.1.1.3.0"])
_ANSWERS = frozenset({ber.RESPONSE, ber.REPORT})
_REFUSALS = frozenset(f"1.3.6.1.6.3.15.1.1.{which}.0" for which in (1, 3, 5, 6))
"""Unsupported level, unknown user, wrong digest, decryption error (RFC 3414, 5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """An engine that has signed an answer.

    Parameters
    ----------
    keys
        The user's there; they hold its name.
    boots, seconds
        Its clock, as it was signed. [-, s]
    """

    keys: Keys
    boots: int
    seconds: int


class Introduction:
    """Finds out which engine answers for one unit.

    Parameters
    ----------
    credentials
        Who asks.
    send
        Sends a message to the unit.
    rng
        Draws numbers and salts; one that cannot be foretold, or old answers could be sent again.
    """

    def __init__(self, credentials: V3, send: Callable[[bytes], None], rng: random.Random) -> None:
        self.is_refused = False
        """Whether somebody has said, unsigned, that user or keys are wrong."""
        self.dropped = 0
        """Messages that neither named a new engine nor proved which one it is."""
        self._credentials, self._user = credentials, credentials.user.encode()
        self._send, self._rng = send, rng
        self._waiting = OrderedDict[int, Keys | None]()
        self._named = set[bytes]()

    def ask(self) -> int:
        """Ask who answers, and return the message's number; late answers to former ones count."""
        self.is_refused = False
        self._named.clear()
        number = self._number_for(None)
        self._send(discovery(number))
        return number

    def knows(self, number: int) -> bool:
        """Tell whether a message of this number answers one that was sent here."""
        return number in self._waiting

    def take(self, envelope: Envelope) -> Met | None:
        """Take a message from the unit's address; return the engine if it proves which one it is.

        Raises
        ------
        BerError
            It is not what it should be.
        """
        keys = self._waiting.get(envelope.number)
        if not envelope.flags & (AUTHENTIC | PRIVATE):
            self.dropped += not self._hear(envelope)
            return None
        if keys is None or not is_answer(envelope, keys, self._user):
            self.dropped += 1
            return None
        return Met(keys=keys, boots=envelope.boots, seconds=envelope.seconds)

    def _hear(self, envelope: Envelope) -> bool:
        """Ask the engine that an unsigned report names to sign; return whether it names a new one.

        No more than so many are asked.
        """
        report, name = told(envelope, None), envelope.engine_id
        if report.kind != ber.REPORT or envelope.number not in self._waiting:
            return False
        self.is_refused = self.is_refused or not _REFUSALS.isdisjoint(report.values)
        is_name = _SHORTEST_NAME <= len(name) <= _LONGEST_NAME and _is_clock(envelope)
        if not is_name or name in self._named or len(self._named) >= MOST_NAMES:
            return False
        self._named.add(name)
        keys = Keys(self._credentials, name, self._rng.getrandbits(64))
        number, clock = self._number_for(keys), (envelope.boots, envelope.seconds)
        self._send(sealed(_UP_TIME, number, self._user, keys, clock))
        return True

    def _number_for(self, keys: Keys | None) -> int:
        number = self._rng.randrange(*NUMBERS)
        self._waiting[number] = keys
        if len(self._waiting) > _MOST_WAITING:
            self._waiting.popitem(last=False)
        return number


def is_answer(envelope: Envelope, keys: Keys, user: bytes) -> bool:
    """Tell whether a message is signed as in ``is_signed``, and an answer: no question sent back.

    Raises
    ------
    BerError
        It is signed, and not what it should be.
    """
    if not is_signed(envelope, keys, user):
        return False
    return kind_of(envelope, keys if envelope.flags & PRIVATE else None) in _ANSWERS


def is_signed(envelope: Envelope, keys: Keys, user: bytes) -> bool:
    """Tell whether a message is signed with a user's keys, at the engine that they are for."""
    return (
        envelope.flags & AUTHENTIC != 0
        and envelope.engine_id == keys.engine_id
        and envelope.user == user
        and len(envelope.signature) == MAC_BYTES
        and _is_clock(envelope)
        and keys.is_signed(envelope.unsigned, envelope.signature)
    )


def _is_clock(envelope: Envelope) -> bool:
    return 0 <= envelope.boots < _LATEST and 0 <= envelope.seconds < _LATEST
