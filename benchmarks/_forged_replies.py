"""What somebody on the network without the keys sends, and whether any of it was believed."""

import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks._mutated_replies import DefectiveResponder
from benchmarks._wild_answers import wild
from citybrain.controllers.ntcip.secrets import V3, Secret
from citybrain.controllers.ntcip.syntax import Instance, Value
from citybrain.controllers.ntcip.wire import Answer, Pair, Wire
from citybrain.controllers.polling.ber import (
    ABSENT,
    NULL,
    OBJECT_ID,
    OCTETS,
    SEQUENCE,
    Reader,
    dotted_form,
    whole,
)
from citybrain.controllers.virtual import ber, usm
from citybrain.controllers.virtual.pdu import REPORT

FORGED, REPLAYED = 0.1, 0.1
"""Shares of forged and of old messages among all that is wrong. [0-1]"""
_KEPT = 500
_LATEST_S = 2**31 - 1


@dataclass(slots=True)
class Forger:
    """Sees every message and has no key.

    Parameters
    ----------
    responder
        The unit that he speaks for; forgeries hold its true answers too, and their numbers.
    user
        The manager's name, which anybody can read.
    """

    responder: DefectiveResponder
    user: str
    _heard: deque[bytes] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _stranger: usm.User = field(init=False)

    def __post_init__(self) -> None:
        """Give the stranger keys of his own."""
        keys = V3(user=self.user, auth_key=Secret("forger-auth"), priv_key=Secret("forger-priv"))
        self._stranger = usm.User.of(keys, self.responder.engine, may_write=True)

    def wrong(self, request: bytes, answer: bytes) -> bytes:
        """Return a forged, an old or a mutated message."""
        rng = self.responder.mutator.rng
        if not self._heard or self._heard[-1] != answer:
            self._heard.append(answer)
        drawn = rng.random()
        if drawn < FORGED:
            return self._forged(request, rng)
        if drawn < FORGED + REPLAYED:
            return rng.choice(self._heard)
        return self.responder.mutator.mutated(answer)

    def _forged(self, request: bytes, rng: random.Random) -> bytes:
        at, end = ber.header(request, 0, ber.SEQUENCE, len(request))
        _, at = ber.integer(request, at, end)
        envelope, responder = usm.read_envelope(request, at, end), self.responder
        self.responder.mutator.count += 1
        engine = rng.choice((responder.engine, responder.engine, rng.randbytes(12), b""))
        context = ber.encoded_octets(engine) + ber.encoded_octets(b"")
        sealing = usm.Sealing(
            engine=engine,
            boots=rng.choice((responder.boots, responder.boots + 1, _LATEST_S)),
            time_s=rng.choice((responder.time_s, 0, _LATEST_S)),
            user=rng.choice((self._stranger, self._stranger, None)),
            flags=rng.choice((0, usm.AUTHENTICATED, usm.AUTHENTICATED | usm.PRIVATE)),
            salt=rng.randbytes(8),
        )
        scoped = ber.element(ber.SEQUENCE, context + self._pdu(rng))
        return usm.sealed(envelope.number, scoped, sealing)

    def _pdu(self, rng: random.Random) -> bytes:
        if self.responder.given and rng.random() < 1 / 2:
            return wild(self.responder.given[-1], rng)
        counter = ber.encoded_oid(usm.statistic(rng.randrange(1, 7)))
        counter += ber.encoded_integer(rng.randrange(100), ber.COUNTER)
        bindings = ber.element(ber.SEQUENCE, ber.element(ber.SEQUENCE, counter))
        zero = ber.encoded_integer(0)
        return ber.sequence((zero, zero, zero, bindings), REPORT)


class Witness:
    """A wire that notes every answer which the unit has not signed.

    Parameters
    ----------
    wire
        Sends and hears.
    responder
        Knows what was signed.
    note
        Hears what was believed and never signed.
    """

    def __init__(
        self, wire: Wire, responder: DefectiveResponder, note: Callable[[str], None]
    ) -> None:
        self._wire, self._responder, self._note = wire, responder, note

    async def get(self, instances: Sequence[Instance], timeout_s: float) -> Answer:
        """Ask for values."""
        self._responder.given.clear()
        return self._judged(await self._wire.get(instances, timeout_s))

    async def set(self, pairs: Sequence[Pair], timeout_s: float) -> Answer:
        """Write values."""
        self._responder.given.clear()
        return self._judged(await self._wire.set(pairs, timeout_s))

    def _judged(self, answer: Answer) -> Answer:
        told = (bool(answer.error), answer.index, answer.oids, answer.values)
        if told not in map(signed_content, self._responder.given):
            self._note(str(answer))
        return answer


def signed_content(pdu: bytes) -> tuple[bool, int, tuple[str, ...], tuple[Value | None, ...]]:
    """Return what an answer says: whether it is an error, its index, identifiers, values."""
    inner = Reader(pdu, 0, len(pdu)).enter(pdu[0])
    _, error, index = inner.integer(), inner.integer(), inner.integer()
    walk, oids, values = inner.enter(SEQUENCE), list[str](), list[Value | None]()
    while walk.at < walk.end:
        one = walk.enter(SEQUENCE)
        oids.append(dotted_form(one.content(OBJECT_ID)))
        values.append(_value(*one.any()))
    return bool(error), index, tuple(oids), tuple(values)


def _value(tag: int, content: bytes) -> Value | None:
    if tag in ABSENT:
        return None
    if tag in {OCTETS, OBJECT_ID}:
        return content if tag == OCTETS else dotted_form(content)
    return "" if tag == NULL else whole(content)
