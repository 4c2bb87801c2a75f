"""What a unit answers to a PDU: GET, GETNEXT, GETBULK and SET over its slots.

References
----------
RFC 3416, section 4.2.
"""

from dataclasses import dataclass

from citybrain.controllers.ntcip.syntax import Value
from citybrain.controllers.virtual import ber
from citybrain.controllers.virtual.access import SetRefusedError, has_object, read, write
from citybrain.controllers.virtual.ber import MalformedError, Oid
from citybrain.controllers.virtual.faults import Fault
from citybrain.controllers.virtual.schema import Slot
from citybrain.controllers.virtual.unit import VirtualUnit

GET, GET_NEXT, RESPONSE, SET, GET_BULK, REPORT = 0xA0, 0xA1, 0xA2, 0xA3, 0xA5, 0xA8
ANSWERED = frozenset({GET, GET_NEXT, SET, GET_BULK})
TOO_BIG, NO_ACCESS, WRONG_TYPE, NO_CREATION = 1, 6, 7, 11
"""Error statuses (RFC 3416, 3)."""
MOST_BINDINGS = 128
"""Bindings of one request; more are answered with tooBig."""
MOST_OCTETS = 8192
"""Octets of one answer's bindings; more are answered with tooBig."""
_SMALL = 2
_WORD = 1 << 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A PDU that arrived.

    Parameters
    ----------
    tag
        Kind of the PDU.
    number
        Number of the request.
    fields
        Error status and index; of GETBULK, non-repeaters and repetitions.
    bindings
        Identifier and value; no value for a kind that no object has.
    raw
        The bindings as they arrived.
    """

    tag: int
    number: int
    fields: tuple[int, int]
    bindings: tuple[tuple[Oid, Value | None], ...]
    raw: bytes


def read_request(data: bytes, at: int, limit: int) -> Request:
    """Return the PDU that stands in a message.

    Raises
    ------
    MalformedError
        It is not well formed, or octets follow it.
    """
    begin, end, tag = ber.any_header(data, at, limit)
    if tag not in ANSWERED or end != limit:
        msg = f"PDU {tag:#x} is not answered"
        raise MalformedError(msg)
    number, at = ber.integer(data, begin, end)
    first, at = ber.integer(data, at, end)
    second, at = ber.integer(data, at, end)
    if not (-_WORD <= number < _WORD and 0 <= first < _WORD and 0 <= second < _WORD):
        msg = "number of the request, or what follows it, is out of range"
        raise MalformedError(msg)
    list_at, list_end = ber.header(data, at, ber.SEQUENCE, end)
    bindings = []
    raw = data[list_at:list_end]
    while list_at < list_end:
        inner, inner_end = ber.header(data, list_at, ber.SEQUENCE, list_end)
        oid_at, oid_end = ber.header(data, inner, ber.OBJECT_ID, inner_end)
        value, value_end = ber.value_at(data, oid_end, inner_end)
        if value_end != inner_end:
            msg = "a binding has more than two parts"
            raise MalformedError(msg)
        bindings.append((ber.oid_from(data[oid_at:oid_end]), value))
        list_at = inner_end
    if list_end != end:
        msg = "octets follow the bindings"
        raise MalformedError(msg)
    return Request(
        tag=tag, number=number, fields=(first, second), bindings=tuple(bindings), raw=raw
    )


def answer(unit: VirtualUnit, request: Request, *, may_write: bool) -> bytes:
    """Return the RESPONSE PDU to a request."""
    number = request.number ^ (Fault.WRONG_REQUEST_ID in unit.faults)
    count = len(request.bindings)
    if count > MOST_BINDINGS or (count > _SMALL and Fault.TOO_BIG in unit.faults):
        return _response(number, TOO_BIG, 0, b"")
    if request.tag == SET:
        status, index = _set(unit, request, may_write=may_write)
        return _response(number, status, index, request.raw)
    told = {GET: _get, GET_NEXT: _get_next, GET_BULK: _get_bulk}[request.tag](unit, request)
    if len(told) > MOST_OCTETS:
        return _response(number, TOO_BIG, 0, b"")
    return _response(number, 0, 0, told)


def _response(number: int, status: int, index: int, bindings: bytes) -> bytes:
    parts = (
        ber.encoded_integer(number),
        ber.encoded_integer(status),
        ber.encoded_integer(index),
        ber.element(ber.SEQUENCE, bindings),
    )
    return ber.sequence(parts, RESPONSE)


def _set(unit: VirtualUnit, request: Request, *, may_write: bool) -> tuple[int, int]:
    pairs: list[tuple[Slot, Value]] = []
    for at, (oid, value) in enumerate(request.bindings, 1):
        slot = unit.schema.by_oid.get(oid)
        if not may_write:
            return NO_ACCESS, at
        if slot is None or not has_object(unit, slot):
            return NO_CREATION, at
        if value is None:
            return WRONG_TYPE, at
        pairs.append((slot, value))
    try:
        write(unit, pairs)
    except SetRefusedError as error:
        return error.status, error.index
    return 0, 0


def _told(unit: VirtualUnit, slot: Slot) -> bytes:
    value = ber.encoded_value(slot.object_type.syntax.kind, read(unit, slot))
    return ber.element(ber.SEQUENCE, ber.encoded_oid(slot.oid) + value)


def _get(unit: VirtualUnit, request: Request) -> bytes:
    parts = []
    for oid, _ in request.bindings:
        slot = unit.schema.by_oid.get(oid)
        if slot is not None and has_object(unit, slot):
            parts.append(_told(unit, slot))
        else:
            absent = ber.NO_SUCH_INSTANCE if _is_column(unit, oid) else ber.NO_SUCH_OBJECT
            parts.append(ber.element(ber.SEQUENCE, ber.encoded_oid(oid) + absent))
    return b"".join(parts)


def _is_column(unit: VirtualUnit, oid: Oid) -> bool:
    """Tell whether the unit has another instance of the object that an identifier names."""
    return any(oid[:-cut] in unit.schema.columns for cut in (1, 2) if len(oid) > cut)


def _next(unit: VirtualUnit, oid: Oid) -> Slot | None:
    slot = unit.schema.after(oid)
    while slot is not None and not has_object(unit, slot):
        slot = unit.schema.after(slot.oid)
    return slot


def _next_told(unit: VirtualUnit, oid: Oid) -> tuple[bytes, Oid | None]:
    slot = _next(unit, oid)
    if slot is None:
        return ber.element(ber.SEQUENCE, ber.encoded_oid(oid) + ber.END_OF_MIB), None
    return _told(unit, slot), slot.oid


def _get_next(unit: VirtualUnit, request: Request) -> bytes:
    return b"".join(_next_told(unit, oid)[0] for oid, _ in request.bindings)


def _get_bulk(unit: VirtualUnit, request: Request) -> bytes:
    once, repetitions = (max(each, 0) for each in request.fields)
    parts = [_next_told(unit, oid)[0] for oid, _ in request.bindings[:once]]
    following: list[Oid] = [oid for oid, _ in request.bindings[once:]]
    left = MOST_BINDINGS - len(parts)
    for _ in range(min(repetitions, MOST_BINDINGS)):
        if len(following) > left or not following:
            break
        left -= len(following)
        row = [_next_told(unit, oid) for oid in following]
        parts += [told for told, _ in row]
        if all(oid is None for _, oid in row):
            break
        following = [oid or last for (_, oid), last in zip(row, following, strict=True)]
        if sum(map(len, parts)) > MOST_OCTETS // 2:
            break
    return b"".join(parts)
