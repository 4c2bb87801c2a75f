"""As much of BER as SNMP messages need (X.690; RFC 3417, 8).

Encoders return bytes; ``Reader`` walks through bytes from outside and raises ``BerError`` on
anything that is not what it should be, never another error.
"""

from collections.abc import Iterator
from functools import lru_cache

INTEGER, OCTETS, NULL, OBJECT_ID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
COUNTER, GAUGE, TICKS = 0x41, 0x42, 0x43
ABSENT = frozenset({0x80, 0x81, 0x82})
"""``noSuchObject``, ``noSuchInstance``, ``endOfMibView`` (RFC 3416, 3)."""
GET, RESPONSE, REPORT = 0xA0, 0xA2, 0xA8

_LONG = 0x80
_MOST_LENGTH_BYTES = 3
_MOST_INTEGER_BYTES = 5
_CONTINUED = 0x80
_MOST_ARCS = 128
_FIRST_ARCS = 40


class BerError(ValueError):
    """The bytes are not what they should be."""


def tagged(tag: int, content: bytes) -> bytes:
    """Return content with its tag and length."""
    length = len(content)
    if length < _LONG:
        return bytes((tag, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, _LONG | len(size))) + size + content


def integer(value: int) -> bytes:
    """Return a number in as few bytes as it needs."""
    return tagged(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def four_bytes(value: int) -> bytes:
    """Return a number of 2²⁴–2³¹−1, always in four bytes so that its place is known."""
    return bytes((INTEGER, 4)) + value.to_bytes(4, "big")


def octets(value: bytes) -> bytes:
    """Return an octet string."""
    return tagged(OCTETS, value)


def sequence(*parts: bytes) -> bytes:
    """Return a sequence."""
    return tagged(SEQUENCE, b"".join(parts))


@lru_cache(maxsize=4096)
def object_id(dotted: str) -> bytes:
    """Return an object identifier."""
    first, second, *rest = (int(part) for part in dotted.split("."))
    content = bytearray((first * _FIRST_ARCS + second,))
    for arc in rest:
        groups = [arc & (_CONTINUED - 1)]
        while arc := arc >> 7:
            groups.append(arc & (_CONTINUED - 1) | _CONTINUED)
        content.extend(reversed(groups))
    return tagged(OBJECT_ID, bytes(content))


@lru_cache(maxsize=4096)
def dotted_form(content: bytes) -> str:
    """Return an object identifier as a person writes it.

    Raises
    ------
    BerError
        It is empty, too long, or ends within an arc.
    """
    if not content or len(content) > _MOST_ARCS or content[-1] & _CONTINUED:
        msg = "no object identifier"
        raise BerError(msg)
    first = min(content[0] // _FIRST_ARCS, 2)
    arcs, arc = [first, content[0] - first * _FIRST_ARCS], 0
    for byte in content[1:]:
        arc = arc << 7 | byte & (_CONTINUED - 1)
        if not byte & _CONTINUED:
            arcs.append(arc)
            arc = 0
    return ".".join(map(str, arcs))


class Reader:
    """Walks through encoded values.

    Parameters
    ----------
    data
        A whole message.
    start, end
        The part to walk through.
    """

    __slots__ = ("at", "data", "end")

    def __init__(self, data: bytes, start: int, end: int) -> None:
        self.data, self.at, self.end = data, start, end

    def enter(self, tag: int) -> "Reader":
        """Go past a value of this tag and return a reader of its content.

        Raises
        ------
        BerError
            There is none, it has another tag, or it is cut.
        """
        found, start, end = self._next()
        if found != tag:
            msg = f"tag {found:#x} where {tag:#x} should be"
            raise BerError(msg)
        return Reader(self.data, start, end)

    def any(self) -> tuple[int, bytes]:
        """Return tag and content of the next value.

        Raises
        ------
        BerError
            There is none, or it is cut.
        """
        tag, start, end = self._next()
        return tag, self.data[start:end]

    def content(self, tag: int) -> bytes:
        """Return the content of the next value, which must have this tag.

        Raises
        ------
        BerError
            It has not, or it is cut.
        """
        found, start, end = self._next()
        if found != tag:
            msg = f"tag {found:#x} where {tag:#x} should be"
            raise BerError(msg)
        return self.data[start:end]

    def integer(self) -> int:
        """Return the next value, a number.

        Raises
        ------
        BerError
            It is none, or longer than SNMP knows.
        """
        return whole(self.content(INTEGER))

    def _next(self) -> tuple[int, int, int]:
        found = header(self.data, self.at, self.end)
        self.at = found[2]
        return found


def header(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Return the tag of a value, and where its content begins and ends.

    Parameters
    ----------
    data
        A whole message.
    at, end
        Where the value begins, and where it ends at the latest.

    Raises
    ------
    BerError
        There is none, or it is cut.
    """
    if at + 2 > end:
        msg = "cut"
        raise BerError(msg)
    length, start = data[at + 1], at + 2
    if length & _LONG:
        size = length & (_LONG - 1)
        if not 1 <= size <= _MOST_LENGTH_BYTES or start + size > end:
            msg = "length of lengths"
            raise BerError(msg)
        length, start = int.from_bytes(data[start : start + size], "big"), start + size
    if start + length > end:
        msg = "cut"
        raise BerError(msg)
    return data[at], start, start + length


def bindings(data: bytes, at: int, end: int) -> Iterator[tuple[str, int, bytes]]:
    """Yield identifier, tag and content of each object of a message.

    Parameters
    ----------
    data
        A whole message.
    at, end
        Where the list of bindings begins and ends.

    Raises
    ------
    BerError
        They are no pairs of an identifier and a value.
    """
    while at < end:
        pair, name_at, at = header(data, at, end)
        name, start, stop = header(data, name_at, at)
        tag, value_at, value_end = header(data, stop, at)
        if pair != SEQUENCE or name != OBJECT_ID or value_end != at:
            msg = "no identifier with a value"
            raise BerError(msg)
        yield dotted_form(data[start:stop]), tag, data[value_at:value_end]


def whole(content: bytes) -> int:
    """Return a number.

    Raises
    ------
    BerError
        It is empty, or longer than SNMP knows.
    """
    if not 1 <= len(content) <= _MOST_INTEGER_BYTES:
        msg = "length of a number"
        raise BerError(msg)
    return int.from_bytes(content, "big", signed=True)
