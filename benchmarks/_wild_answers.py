"""Answers that are well encoded and say the wrong thing: what a defective agent may sign."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from citybrain.controllers.polling import ber

_NUMBERS = (0, 1, -1, 2, 4, 127, 255, 256, 65535, 2**31 - 1, -(2**31), 2**32 - 1, 2**63, -(2**70))
_KINDS = (0xA0, 0xA1, 0xA2, 0xA3, 0xA5, 0xA7, 0xA8)
_NUMERIC = (0x02, 0x41, 0x42, 0x43, 0x46)
_BARE = (0x05, 0x80, 0x81, 0x82)
_DEEP = 60
_LARGE = 0x7FFFFFFF


@dataclass(slots=True)
class _Parts:
    """An answer in its encoded parts."""

    kind: int
    number: bytes
    error: bytes
    index: bytes
    bindings: list[tuple[bytes, bytes]]


def wild(pdu: bytes, rng: random.Random) -> bytes:
    """Return an answer with one to three things wrong in it.

    Parameters
    ----------
    pdu
        The true answer.
    rng
        The dice.
    """
    parts = _taken(pdu)
    for _ in range(rng.choice((1, 1, 2, 3))):
        rng.choice(_CHANGES)(parts, rng)
    bindings = b"".join(ber.sequence(oid, value) for oid, value in parts.bindings)
    head = parts.number + parts.error + parts.index
    return ber.tagged(parts.kind, head + ber.tagged(ber.SEQUENCE, bindings))


def _taken(pdu: bytes) -> _Parts:
    inner = ber.Reader(pdu, 0, len(pdu)).enter(pdu[0])
    number, error, index = (ber.tagged(*inner.any()) for _ in range(3))
    walk, bindings = inner.enter(ber.SEQUENCE), list[tuple[bytes, bytes]]()
    while walk.at < walk.end:
        one = walk.enter(ber.SEQUENCE)
        bindings.append((ber.tagged(*one.any()), ber.tagged(*one.any())))
    return _Parts(pdu[0], number, error, index, bindings)


def _other_kind(parts: _Parts, rng: random.Random) -> None:
    parts.kind = rng.choice(_KINDS)


def _other_number(parts: _Parts, rng: random.Random) -> None:
    parts.number = ber.integer(rng.choice((*_NUMBERS, rng.randrange(_LARGE))))


def _error(parts: _Parts, rng: random.Random) -> None:
    count = len(parts.bindings)
    parts.error = ber.integer(rng.choice((*range(1, 20), *_NUMBERS)))
    parts.index = ber.integer(rng.choice((0, 1, count, count + 1, *_NUMBERS)))


def _reordered(parts: _Parts, rng: random.Random) -> None:
    rng.shuffle(parts.bindings)


def _missing(parts: _Parts, rng: random.Random) -> None:
    at = rng.randrange(len(parts.bindings) + 1)
    del parts.bindings[at : at + rng.choice((1, 2, 99))]


def _doubled(parts: _Parts, rng: random.Random) -> None:
    at = rng.randrange(len(parts.bindings) + 1)
    parts.bindings[at:at] = parts.bindings[at : at + 2] * rng.choice((1, 1, 100))


def _other_oid(parts: _Parts, rng: random.Random) -> None:
    at = _place(parts, rng)
    if at is not None:
        noise = rng.randbytes(rng.choice((0, 1, 14, 200)))
        others = (ber.tagged(ber.OBJECT_ID, noise), rng.choice(parts.bindings)[0])
        parts.bindings[at] = (rng.choice(others), parts.bindings[at][1])


def _other_value(parts: _Parts, rng: random.Random) -> None:
    at = _place(parts, rng)
    if at is not None:
        parts.bindings[at] = (parts.bindings[at][0], _value(rng))


def _next_value(parts: _Parts, rng: random.Random) -> None:
    """Change a number by one: the wrong answer that is hardest to see."""
    at = _place(parts, rng)
    if at is not None and parts.bindings[at][1][0] == ber.INTEGER:
        number = int.from_bytes(parts.bindings[at][1][2:], "big", signed=True)
        parts.bindings[at] = (parts.bindings[at][0], ber.integer(number + rng.choice((-1, 1))))


def _swapped(parts: _Parts, rng: random.Random) -> None:
    a, b = _place(parts, rng), _place(parts, rng)
    if a is not None and b is not None:
        (name, value), (other_name, other) = parts.bindings[a], parts.bindings[b]
        parts.bindings[a], parts.bindings[b] = (name, other), (other_name, value)


def _place(parts: _Parts, rng: random.Random) -> int | None:
    return rng.randrange(len(parts.bindings)) if parts.bindings else None


def _value(rng: random.Random) -> bytes:
    choice = rng.randrange(5)
    if choice == 0:
        content = ber.integer(rng.choice((*_NUMBERS, rng.randrange(_LARGE))))[2:]
        return ber.tagged(rng.choice(_NUMERIC), content)
    if choice == 1:
        return ber.octets(rng.randbytes(rng.choice((0, 1, 4, 17, 300))))
    if choice == 2:
        return bytes((rng.choice(_BARE), 0))
    if choice == 3:
        return ber.tagged(rng.choice((0x06, 0x40, 0x44, 0x45)), rng.randbytes(rng.randrange(12)))
    nested = b""
    for _ in range(rng.choice((1, 2, _DEEP))):
        nested = ber.tagged(rng.choice((0x30, 0x24, 0xA2)), nested)
    return nested


_CHANGES: tuple[Callable[[_Parts, random.Random], None], ...] = (
    _other_kind,
    _other_number,
    _error,
    _reordered,
    _missing,
    _doubled,
    _other_oid,
    _other_value,
    _other_value,
    _next_value,
    _next_value,
    _swapped,
)
