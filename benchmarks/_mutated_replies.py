"""Replies of a virtual controller, mutated on the network or by an agent that signs them."""

import asyncio
import random
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from benchmarks._wild_answers import wild
from citybrain.controllers.ntcip.syntax import Value
from citybrain.controllers.virtual import ber
from citybrain.controllers.virtual.pdu import SET, read_request
from citybrain.controllers.virtual.responder import Access, Responder
from citybrain.controllers.virtual.unit import VirtualUnit

Mutation = Callable[[bytearray, random.Random, bytes], bytes]
WELL_ENCODED = 0.7
"""Share of a defective agent's wrong answers that can be decoded and say the wrong thing. [0-1]"""
_TAGS = (0x02, 0x04, 0x05, 0x06, 0x30, 0x41, 0x80, 0x81, 0xA0, 0xA2, 0xA3, 0xA8)
_LENGTHS = (0, 1, 0x7F, 0x80, 0x81, 0x82, 0x84, 0xFF)


def _bits(data: bytearray, rng: random.Random, last: bytes) -> bytes:
    for _ in range(rng.choice((1, 1, 2, 8))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def _byte(data: bytearray, rng: random.Random, last: bytes) -> bytes:
    data[rng.randrange(len(data))] = rng.choice((*_TAGS, *_LENGTHS, rng.randrange(256)))
    return bytes(data)


def _cut(data: bytearray, rng: random.Random, last: bytes) -> bytes:
    return bytes(data[: rng.randrange(len(data))])


def _longer(data: bytearray, rng: random.Random, last: bytes) -> bytes:
    return bytes(data) + rng.randbytes(rng.randrange(1, 64))


def _moved(data: bytearray, rng: random.Random, last: bytes) -> bytes:
    a, b = sorted(rng.randrange(len(data)) for _ in range(2))
    return bytes(data[:a] + data[b:] + data[a:b])


def _doubled(data: bytearray, rng: random.Random, last: bytes) -> bytes:
    a, b = sorted(rng.randrange(len(data)) for _ in range(2))
    return bytes(data[:b] + data[a:b] + data[b:])


def _blanked(data: bytearray, rng: random.Random, last: bytes) -> bytes:
    a, b = sorted(rng.randrange(len(data)) for _ in range(2))
    data[a:b] = bytes((rng.choice((0, 0x7F, 0x80, 0xFF)),)) * (b - a)
    return bytes(data)


def _spliced(data: bytearray, rng: random.Random, last: bytes) -> bytes:
    at = rng.randrange(len(data))
    return bytes(data[:at]) + last[at:]


def _replayed(data: bytearray, rng: random.Random, last: bytes) -> bytes:
    return last


def _noise(data: bytearray, rng: random.Random, last: bytes) -> bytes:
    return rng.randbytes(rng.randrange(1, 2 * len(data)))


MUTATIONS: tuple[Mutation, ...] = (
    _bits,
    _bits,
    _byte,
    _byte,
    _cut,
    _longer,
    _moved,
    _doubled,
    _blanked,
    _spliced,
    _replayed,
    _noise,
)


@dataclass(slots=True)
class Mutator:
    """Mutates byte strings with its own dice.

    Parameters
    ----------
    rng
        The dice.
    """

    rng: random.Random
    count: int = 0
    _last: bytes = b"\x30\x00"

    def mutated(self, reply: bytes) -> bytes:
        """Return a mutated copy."""
        self.count += 1
        mutation = self.rng.choice(MUTATIONS)
        changed = mutation(bytearray(reply), self.rng, self._last)
        self._last = reply
        return changed


@dataclass(slots=True)
class DefectiveResponder(Responder):
    """An agent with the right keys that can sign answers that are wrong.

    It notes every SET that reaches it and every true answer that it gave.
    """

    mutator: Mutator = field(default_factory=lambda: Mutator(random.Random(0)))
    written: list[tuple[str, Value | None]] = field(default_factory=list)
    given: list[bytes] = field(default_factory=list)
    _is_wrong: bool = False

    def wrong_answer(self, request: bytes) -> bytes | None:
        """Return another answer to the request that was answered last: signed, and wrong."""
        self._is_wrong = True
        try:
            return self.answer(request)
        finally:
            self._is_wrong = False

    def _pdu(self, data: bytes, at: int, end: int, *, may_write: bool) -> bytes:
        if self._is_wrong:
            return self._wrong()
        request = read_request(data, at, end)
        if request.tag == SET:
            told = ((".".join(map(str, oid)), value) for oid, value in request.bindings)
            self.written.extend(told)
        self.given.append(Responder._pdu(self, data, at, end, may_write=may_write))
        return self.given[-1]

    def _wrong(self) -> bytes:
        if not self.given:
            return b"\xa2\x00"
        told, rng = self.given[-1], self.mutator.rng
        if rng.random() < WELL_ENCODED:
            return wild(told, rng)
        begin, end, _ = ber.any_header(told, 0, len(told))
        return ber.element(told[0], self.mutator.mutated(told[begin:end]))


Mutants = Callable[[bytes, bytes], bytes | None]
"""Returns something wrong, given a request and the answer to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """How much goes wrong on the way.

    Parameters
    ----------
    mutants
        How many mutants there are of each answer.
    before
        Share of answers that the mutants come before, not after. [0-1]
    lost
        Share of answers that are lost. [0-1]
    """

    mutants: int = 8
    before: float = 0.15
    lost: float = 0.05


class MutatingSocket:
    """A unit on loopback whose answers come with mutants of them.

    Parameters
    ----------
    responder
        Answers for the unit.
    mutants
        Makes the mutants; none for a unit in order.
    chances
        How much goes wrong.
    """

    def __init__(
        self, responder: DefectiveResponder, mutants: Mutants | None, chances: Chances
    ) -> None:
        self.genuine = 0
        self._responder, self._mutants, self._chances = responder, mutants, chances
        self._began_s = responder.unit.now_s
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._drain)

    def close(self) -> None:
        """Close the socket."""
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _drain(self) -> None:
        data, peer = self._socket.recvfrom(65535)
        self._responder.unit.advance(self._began_s + self._loop.time())
        answer, rng = self._responder.answer(data), self._responder.mutator.rng
        if answer is None:
            return
        wrong, many = list[bytes | None](), self._chances.mutants
        if self._mutants is not None:
            wrong = [self._mutants(data, answer) for _ in range(many)]
        is_lost = bool(wrong) and rng.random() < self._chances.lost
        self.genuine += not is_lost
        ordered = [None if is_lost else answer, *wrong]
        if rng.random() < self._chances.before:
            ordered.reverse()
        for message in ordered:
            if message:
                self._send(message, peer)

    def _send(self, data: bytes, peer: tuple[str, int]) -> None:
        with suppress(OSError):
            self._socket.sendto(data, peer)


def defective(
    unit: VirtualUnit, accesses: Sequence[Access], rng: random.Random
) -> DefectiveResponder:
    """Return a responder for a unit, with a mutator of its own."""
    return DefectiveResponder(unit, accesses, mutator=Mutator(rng))
