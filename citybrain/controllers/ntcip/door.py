"""What is let in to the library of SNMP: answers that were asked for and, over v3, are signed.

The library decodes whatever arrives, keeps a little of every message that it refuses, answers some
of them, takes the clock of an old signed message for the unit's, and the engine and clock of the
first unsigned report.  So a message is looked at here before: it must come from the unit that was
asked, carry the number of a question that waits and, over v3, be an answer with the unit's
signature: both ends sign alike, so a question that somebody sends back is signed, too.  An unsigned
report, which may tell a wrong user or another engine, only makes the unit one to be met anew, if
nothing signed follows.

References
----------
RFC 3412, 7.2.10 (numbers of messages); RFC 3414, 3.2 (signatures).
"""

from collections import OrderedDict
from dataclasses import dataclass

from citybrain.controllers.ntcip.secrets import V3, Credentials
from citybrain.controllers.polling import ber
from citybrain.controllers.polling.ber import BerError, Reader
from citybrain.controllers.polling.introduction import is_answer
from citybrain.controllers.polling.messages import AUTHENTIC, PRIVATE, kind_of, opened
from citybrain.controllers.polling.usm import Keys

Address = tuple[str, int]
MOST_WAITING = 1024
"""Questions whose numbers are kept; the oldest are forgotten."""
_V2C = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A question that waits: who was asked, and by which engine's name; empty over v2c."""

    address: Address
    engine_id: bytes


class Door:
    """Knows the questions of one manager and lets in what answers them.

    Parameters
    ----------
    credentials
        Who asks.
    """

    def __init__(self, credentials: Credentials) -> None:
        self.refused = 0
        self._credentials = credentials
        self._waiting = OrderedDict[int, _Asked]()
        self._keys: dict[bytes, Keys] = {}
        self._doubted = set[Address]()

    def note(self, question: bytes, address: Address) -> None:
        """Take note of a question that is sent.

        Parameters
        ----------
        question
            The message.
        address
            To whom.
        """
        engine_id = opened(question).engine_id if self._is_v3 else b""
        self._waiting[self._number(question)] = _Asked(address=address, engine_id=engine_id)
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)

    def admits(self, message: bytes, address: Address) -> bool:
        """Tell whether a message is the answer to a question that waits.

        Parameters
        ----------
        message
            As it arrived.
        address
            From whom.
        """
        try:
            is_answer = self._is_answer(message, address)
        except BerError:
            is_answer = False
        self.refused += not is_answer
        return is_answer

    def close_for(self, message: bytes) -> None:
        """Forget the question that a message has answered."""
        self._waiting.pop(self._number(message), None)

    def takes_doubt(self, address: Address) -> bool:
        """Tell, once, whether an unsigned report has answered a question to a unit."""
        is_doubted = address in self._doubted
        self._doubted.discard(address)
        return is_doubted

    @property
    def _is_v3(self) -> bool:
        return isinstance(self._credentials, V3)

    def _number(self, message: bytes) -> int:
        return opened(message).number if self._is_v3 else _open_parts(message)[1]

    def _is_answer(self, message: bytes, address: Address) -> bool:
        if not isinstance(self._credentials, V3):
            community, number = _open_parts(message)
            asked = self._waiting.get(number)
            is_ours = community == self._credentials.community.reveal().encode()
            return is_ours and asked is not None and asked.address == address
        envelope = opened(message)
        asked = self._waiting.get(envelope.number)
        if asked is None or asked.address != address:
            return False
        if not envelope.flags & (AUTHENTIC | PRIVATE):
            self._doubted |= {address} if kind_of(envelope, None) == ber.REPORT else set()
            return False
        if asked.engine_id not in self._keys:
            self._keys[asked.engine_id] = Keys(self._credentials, asked.engine_id, 0)
        user = self._credentials.user.encode()
        return is_answer(envelope, self._keys[asked.engine_id], user)


def _open_parts(message: bytes) -> tuple[bytes, int]:
    """Return community and number of a message of v2c."""
    outer = Reader(message, 0, len(message)).enter(ber.SEQUENCE)
    if outer.integer() != _V2C:
        msg = "another version"
        raise BerError(msg)
    community = outer.content(ber.OCTETS)
    _, content = outer.any()
    return community, Reader(content, 0, len(content)).integer()
