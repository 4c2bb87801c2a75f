"""Replies of a virtual controller, mutated on the network or by an agent that signs them."""

import asyncio
import random
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from citybrain.controllers.ntcip.syntax import Value
from citybrain.controllers.virtual import ber
from citybrain.controllers.virtual.pdu import SET, read_request
from citybrain.controllers.virtual.responder import Access, Responder
from citybrain.controllers.virtual.unit import VirtualUnit

Mutation = Callable[[bytearray, random.Random, bytes], bytes]
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
    """An agent with the right keys whose answers are mutated before they are signed.

    It notes every SET that reaches it.
    """

    mutator: Mutator | None = None
    share: float = 0.0
    written: list[tuple[str, Value | None]] = field(default_factory=list)

    def _pdu(self, data: bytes, at: int, end: int, *, may_write: bool) -> bytes:
        request = read_request(data, at, end)
        if request.tag == SET:
            told = ((".".join(map(str, oid)), value) for oid, value in request.bindings)
            self.written.extend(told)
        answer = Responder._pdu(self, data, at, end, may_write=may_write)
        if self.mutator is not None and self.mutator.rng.random() < self.share:
            return ber.element(answer[0], self._inner(answer))
        return answer

    def _inner(self, answer: bytes) -> bytes:
        assert self.mutator is not None
        begin, end, _ = ber.any_header(answer, 0, len(answer))
        return self.mutator.mutated(answer[begin:end])


class MutatingSocket:
    """A unit on loopback whose replies are mutated, and followed by more mutants of them.

    Parameters
    ----------
    responder
        Answers for the unit.
    mutator
        Makes the mutants.
    share
        Share of replies of which only a mutant is sent. [0-1]
    mutants
        How many mutants follow each reply.
    """

    def __init__(
        self, responder: DefectiveResponder, mutator: Mutator, share: float, mutants: int
    ) -> None:
        self._responder, self._mutator = responder, mutator
        self._share, self._mutants = share, mutants
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
        self._responder.unit.advance(self._responder.unit.now_s + 0.05)
        reply = self._responder.answer(data)
        if reply is None:
            return
        is_lost = self._mutator.rng.random() < self._share
        self._send(self._mutator.mutated(reply) if is_lost else reply, peer)
        for _ in range(self._mutants):
            self._send(self._mutator.mutated(reply), peer)

    def _send(self, data: bytes, peer: tuple[str, int]) -> None:
        try:
            self._socket.sendto(data, peer)
        except OSError:
            return


def defective(unit: VirtualUnit, accesses: Sequence[Access], seed: int) -> DefectiveResponder:
    """Return a responder for a unit, with a mutator of its own."""
    mutator = Mutator(random.Random(seed))
    return DefectiveResponder(unit, accesses, mutator=mutator)
