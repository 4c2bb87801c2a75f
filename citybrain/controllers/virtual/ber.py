"""The part of BER that SNMP needs, over bytes, refusing whatever is not well formed.

References
----------
ITU-T X.690; RFC 3416 and RFC 3417, section 8, for what SNMP uses of it.
"""

from collections.abc import Iterable
from functools import lru_cache

from citybrain.controllers.ntcip.syntax import Kind, Value

INTEGER = 0x02
OCTETS = 0x04
NULL = 0x05
OBJECT_ID = 0x06
SEQUENCE = 0x30
COUNTER = 0x41
NO_SUCH_OBJECT = b"\x80\x00"
NO_SUCH_INSTANCE = b"\x81\x00"
END_OF_MIB = b"\x82\x00"
_MOST_LENGTH_OCTETS = 3
_MOST_ARCS = 128
_LONG_FORM = 0x80
_MOST_INTEGER = 9
_WRAP = 2**32
"""SNMP has no INTEGER of more than 31 bits and a sign (RFC 2578, 7.1.1)."""
_HIGHEST_ARC = 0xFFFFFFFF

Oid = tuple[int, ...]


class MalformedError(Exception):
    """Octets that are no message."""


def header(data: bytes, at: int, tag: int, limit: int) -> tuple[int, int]:
    """Return where the content of an element begins and ends.

    Parameters
    ----------
    data, at
        Octets, and where the element begins.
    tag
        The tag that it must have.
    limit
        Where the enclosing element ends.

    Raises
    ------
    MalformedError
        It has another tag, or does not end within its limit.
    """
    begin, end, found = any_header(data, at, limit)
    if found != tag:
        msg = f"tag {found:#x} where {tag:#x} belongs"
        raise MalformedError(msg)
    return begin, end


def any_header(data: bytes, at: int, limit: int) -> tuple[int, int, int]:
    """Return where the content of an element begins and ends, and its tag.

    Raises
    ------
    MalformedError
        It does not end within its limit.
    """
    if at + 2 > limit:
        msg = "element is cut off"
        raise MalformedError(msg)
    length, begin = data[at + 1], at + 2
    if length & _LONG_FORM:
        octets = length & 0x7F
        if not 1 <= octets <= _MOST_LENGTH_OCTETS or begin + octets > limit:
            msg = "length is cut off, indefinite or too long"
            raise MalformedError(msg)
        length = int.from_bytes(data[begin : begin + octets], "big")
        begin += octets
    if begin + length > limit:
        msg = "element is longer than what encloses it"
        raise MalformedError(msg)
    return begin, begin + length, data[at]


def integer(data: bytes, at: int, limit: int) -> tuple[int, int]:
    """Return an INTEGER and where it ends.

    Raises
    ------
    MalformedError
        There is none.
    """
    begin, end = header(data, at, INTEGER, limit)
    if not 1 <= end - begin <= _MOST_INTEGER:
        msg = "integer of no octets, or too many"
        raise MalformedError(msg)
    return int.from_bytes(data[begin:end], "big", signed=True), end


def octets(data: bytes, at: int, limit: int) -> tuple[bytes, int]:
    """Return an OCTET STRING and where it ends.

    Raises
    ------
    MalformedError
        There is none.
    """
    begin, end = header(data, at, OCTETS, limit)
    return data[begin:end], end


@lru_cache(maxsize=65536)
def oid_from(content: bytes) -> Oid:
    """Return the arcs of an object identifier.

    Raises
    ------
    MalformedError
        The last arc is cut off, or an arc or their number is too great.
    """
    if not content or content[-1] & _LONG_FORM or len(content) > 4 * _MOST_ARCS:
        msg = "object identifier is cut off"
        raise MalformedError(msg)
    arcs: list[int] = []
    arc = 0
    is_begin = True
    for octet in content:
        if is_begin and octet == _LONG_FORM:
            msg = "arc of an object identifier begins with nothing"
            raise MalformedError(msg)
        is_begin = not octet & _LONG_FORM
        arc = arc << 7 | octet & 0x7F
        if arc > _HIGHEST_ARC:
            msg = "arc of an object identifier is too great"
            raise MalformedError(msg)
        if not octet & _LONG_FORM:
            arcs.append(arc)
            arc = 0
    if len(arcs) > _MOST_ARCS:
        msg = "object identifier has too many arcs"
        raise MalformedError(msg)
    first = min(arcs[0] // 40, 2)
    return (first, arcs[0] - 40 * first, *arcs[1:])


def element(tag: int, content: bytes) -> bytes:
    """Return an element."""
    length = len(content)
    if length < _LONG_FORM:
        return bytes((tag, length)) + content
    size = (length.bit_length() + 7) // 8
    return bytes((tag, _LONG_FORM | size)) + length.to_bytes(size, "big") + content


@lru_cache(maxsize=4096)
def encoded_integer(value: int, tag: int = INTEGER) -> bytes:
    """Return an INTEGER, or what else is encoded like one."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return element(tag, value.to_bytes(size, "big", signed=True))


def encoded_octets(value: bytes) -> bytes:
    """Return an OCTET STRING."""
    return element(OCTETS, value)


@lru_cache(maxsize=65536)
def encoded_oid(oid: Oid) -> bytes:
    """Return an OBJECT IDENTIFIER."""
    content = bytearray()
    for arc in (oid[0] * 40 + oid[1], *oid[2:]):
        parts = [arc & 0x7F]
        while arc := arc >> 7:
            parts.append(arc & 0x7F | _LONG_FORM)
        content += bytes(reversed(parts))
    return element(OBJECT_ID, bytes(content))


def sequence(parts: Iterable[bytes], tag: int = SEQUENCE) -> bytes:
    """Return a SEQUENCE of elements, or a PDU of them."""
    return element(tag, b"".join(parts))


def encoded_value(kind: Kind, value: Value) -> bytes:
    """Return a value as its object encodes it."""
    if isinstance(value, bytes):
        return encoded_octets(value)
    if isinstance(value, str):
        return encoded_oid(tuple(int(arc) for arc in value.split(".")))
    if kind is Kind.COUNTER:
        return encoded_integer(value, COUNTER)
    return encoded_integer(value - _WRAP if value >= _WRAP // 2 else value)


def value_at(data: bytes, at: int, limit: int) -> tuple[Value | None, int]:
    """Return the value of a binding and where it ends; none for a kind that no object has.

    Raises
    ------
    MalformedError
        It is not well formed.
    """
    begin, end, tag = any_header(data, at, limit)
    if tag == INTEGER:
        return integer(data, at, limit)
    if tag == COUNTER:
        if not 1 <= end - begin <= _MOST_INTEGER:
            msg = "counter of no octets, or too many"
            raise MalformedError(msg)
        return int.from_bytes(data[begin:end], "big"), end
    if tag == OCTETS:
        return data[begin:end], end
    if tag == OBJECT_ID:
        return ".".join(map(str, oid_from(data[begin:end]))), end
    return None, end
