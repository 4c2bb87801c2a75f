"""Mutated requests to a virtual controller: nothing crashes, hangs, or is set unasked."""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pyasn1.codec.ber import decoder
from pyasn1.error import PyAsn1Error
from pysnmp.proto.api import v2c

from benchmarks._mutated_replies import Mutator
from benchmarks._virtual_units import made_up, virtual_unit
from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.secrets import Secret, V2c
from citybrain.controllers.ntcip.syntax import Value
from citybrain.controllers.virtual import ber, usm
from citybrain.controllers.virtual.pdu import GET, GET_BULK, GET_NEXT, SET
from citybrain.controllers.virtual.responder import Access, Responder
from citybrain.controllers.virtual.unit import VirtualUnit

READER, WRITER = b"fuzz-reader", b"fuzz-writer"
KINDS = ("v2c", "v2c signed for", "v3", "v3 signed")
"""A reader's community, a writer's, v3 on the wire, and v3 mutated before it is signed."""
_NUMBERS = ("1.3.6.1.4.1.1206.4.2.1.4.7.1.2.1", "1.3.6.1.4.1.1206.4.2.1.4.9.1.3.1.2")
_OCTETS = objects.SEQUENCE_DATA.at(1, 1)
_STATE = objects.DB_CREATE_TRANSACTION.at()
_COMMAND = objects.SYSTEM_PATTERN_CONTROL.at()
_ACTION = objects.DAY_PLAN_ACTION_NUMBER_OID.at(1, 1)
_SALT = b"\x01" * 8


@dataclass(slots=True)
class Tally:
    """What a fuzzing run found."""

    requests: int = 0
    answered: int = 0
    changed: int = 0
    crashes: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)
    longest_s: float = 0.0


def fuzz_agent(requests: int, seed: int) -> Tally:
    """Send mutated requests to a unit and judge each.

    Parameters
    ----------
    requests
        How many.
    seed
        Seed of the dice.
    """
    rng = random.Random(seed)
    mutator, tally = Mutator(rng), Tally()
    responder = _responder()
    unit = responder.unit
    bases = _pdus()
    genuine = {_wrapped(responder, kind, base) for kind in KINDS for base in bases}
    for _ in range(requests):
        kind, base = rng.choice(KINDS), rng.choice(bases)
        if kind in {"v2c", "v3"}:
            message = mutator.mutated(_wrapped(responder, kind, base))
        else:
            message = _wrapped(responder, kind, mutator.mutated(base))
        before = _memory(unit)
        _send(tally, responder, message)
        after = _memory(unit)
        if after != before:
            tally.changed += 1
            if message not in genuine and not _asked_for(responder, kind, message, unit):
                tally.unasked.append(f"{kind}: {message.hex()}")
            _restore(unit)
    return tally


def _responder() -> Responder:
    accesses = [
        Access(credentials=V2c(community=Secret(READER.decode())), may_write=False),
        Access(credentials=V2c(community=Secret(WRITER.decode())), may_write=True),
        Access(credentials=made_up(), may_write=True),
    ]
    return Responder(virtual_unit("fuzzed"), accesses)


def _pdus() -> tuple[bytes, ...]:
    numbers = [(oid, ber.encoded_integer(45)) for oid in _NUMBERS]
    others = [(_OCTETS, ber.encoded_octets(b"\x01\x02\x03\x04")), (_STATE, ber.encoded_integer(2))]
    others += [(_COMMAND, ber.encoded_integer(1)), (_ACTION, ber.encoded_oid((1, 3, 6, 1, 4, 1)))]
    nothing = [(oid, b"\x05\x00") for oid, _ in (*numbers, *others)]
    parts = [(SET, [one]) for one in (*numbers, *others)]
    parts += [(GET, nothing), (GET_NEXT, nothing[:3]), (GET_BULK, nothing[:2]), (SET, numbers)]
    return tuple(_pdu(tag, pairs) for tag, pairs in parts)


def _pdu(tag: int, pairs: Sequence[tuple[str, bytes]]) -> bytes:
    bindings = b"".join(
        ber.element(ber.SEQUENCE, ber.encoded_oid(tuple(map(int, oid.split(".")))) + value)
        for oid, value in pairs
    )
    head = (ber.encoded_integer(7), ber.encoded_integer(0), ber.encoded_integer(5))
    return ber.sequence((*head, ber.element(ber.SEQUENCE, bindings)), tag)


def _wrapped(responder: Responder, kind: str, pdu: bytes) -> bytes:
    if kind.startswith("v2c"):
        community = READER if kind == "v2c" else WRITER
        return ber.sequence((ber.encoded_integer(1), ber.encoded_octets(community), pdu))
    user = responder.users[made_up().user.encode()]
    context = ber.encoded_octets(responder.engine) + ber.encoded_octets(b"")
    sealing = usm.Sealing(
        engine=responder.engine,
        boots=responder.unit.boots,
        time_s=responder.time_s,
        user=user,
        flags=usm.AUTHENTICATED | usm.PRIVATE,
        salt=_SALT,
    )
    return usm.sealed(9, ber.element(ber.SEQUENCE, context + pdu), sealing)


def _send(tally: Tally, responder: Responder, message: bytes) -> None:
    tally.requests += 1
    began_s = time.process_time()
    try:
        tally.answered += responder.answer(message) is not None
    except Exception as error:
        tally.crashes.append(f"{error!r}: {message.hex()}")
    tally.longest_s = max(tally.longest_s, time.process_time() - began_s)


def _memory(unit: VirtualUnit) -> tuple[object, ...]:
    return (tuple(unit.database.values), unit.database.pending(), unit.transaction)


def _restore(unit: VirtualUnit) -> None:
    unit.database.lose_power()
    unit.database.values[:] = unit.settings.values


def _asked_for(responder: Responder, kind: str, message: bytes, unit: VirtualUnit) -> bool:
    """Tell whether an independent decoder finds exactly what was changed in a writer's SET."""
    if kind in {"v2c", "v3"}:
        return False
    asked = dict(_decoded(_unsealed(responder, message) if kind == "v3 signed" else message))
    changed = {
        slot.oid: value
        for slot, value, former in zip(
            unit.schema.slots, unit.database.values, unit.settings.values, strict=True
        )
        if value != former
    }
    changed |= {unit.schema.slots[at].oid: value for at, value in unit.database.pending().items()}
    return all(asked.get(oid) == value for oid, value in changed.items()) and bool(asked)


def _unsealed(responder: Responder, message: bytes) -> bytes:
    """Return a v3 message as if it were one of v2c, for the independent decoder."""
    at, end = ber.header(message, 0, ber.SEQUENCE, len(message))
    _, at = ber.integer(message, at, end)
    envelope = usm.read_envelope(message, at, end)
    begin, stop = ber.header(message, envelope.body_at, ber.OCTETS, end)
    user = responder.users[envelope.user]
    scoped = user.cipher(envelope.boots, envelope.time_s, envelope.salt).decryptor()
    plain = scoped.update(message[begin:stop]) + scoped.finalize()
    inner, inner_end = ber.header(plain, 0, ber.SEQUENCE, len(plain))
    _, inner = ber.octets(plain, inner, inner_end)
    _, inner = ber.octets(plain, inner, inner_end)
    community = ber.encoded_octets(WRITER)
    return ber.sequence((ber.encoded_integer(1), community, plain[inner:inner_end]))


def _decoded(message: bytes) -> Iterator[tuple[tuple[int, ...], Value]]:
    try:
        whole, rest = decoder.decode(message, asn1Spec=v2c.Message())
    except PyAsn1Error:
        return
    pdu = v2c.apiMessage.get_pdu(whole)
    if rest or bytes(whole["community"]) != WRITER or not isinstance(pdu, v2c.SetRequestPDU):
        return
    for oid, value in v2c.apiPDU.get_varbinds(pdu):
        yield tuple(oid), _plain(value)


def _plain(value: object) -> Value:
    if isinstance(value, v2c.OctetString):
        return bytes(value)
    return str(value) if isinstance(value, v2c.ObjectIdentifier) else int(value)  # type: ignore[call-overload]
