"""Whatever arrives at a unit: it answers, keeps silent, and sets nothing that nobody asked for."""

import asyncio
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks._request_fuzz import fuzz_agent
from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.secrets import V3, Credentials, Secret, V2c
from citybrain.controllers.ntcip.syntax import Instance, Value
from citybrain.controllers.ntcip.trouble import NoAnswerError, Trouble
from citybrain.controllers.ntcip.wire import Answer, Wires
from citybrain.controllers.virtual import ber, usm
from citybrain.controllers.virtual.agent import Agent, Post
from citybrain.controllers.virtual.ber import MalformedError
from citybrain.controllers.virtual.faults import Fault
from citybrain.controllers.virtual.pdu import GET_BULK, GET_NEXT
from citybrain.controllers.virtual.responder import Access, Responder
from citybrain.errors import InputError
from tests.controllers.virtual_units_kit import MIDNIGHT_S, unit_of

READER = V2c(community=Secret("reader-of-tests"))
WRITER = V3(user="writer", auth_key=Secret("auth of tests"), priv_key=Secret("priv of tests"))
STRANGER = V3(user="writer", auth_key=Secret("another auth"), priv_key=Secret("priv of tests"))
ACCESSES = (
    Access(credentials=READER, may_write=False),
    Access(credentials=WRITER, may_write=True),
)
CYCLE = objects.PATTERN_CYCLE_TIME.of(1)


def exchange(
    credentials: Credentials,
    *faults: Fault,
    pairs: Sequence[tuple[Instance, Value]] = (),
    asked: Sequence[Instance] = (CYCLE,),
) -> Answer:
    """Ask, or set, over a socket; the manager is pysnmp."""

    async def talk() -> Answer:
        agent = Agent(time.time)
        port = agent.add(Responder(unit_of(*faults), ACCESSES), "127.0.0.1", 0)
        wires = Wires(credentials)
        try:
            wire = await wires.to("127.0.0.1", port)
            return await (wire.set(pairs, 1.0) if pairs else wire.get(asked, 1.0))
        finally:
            wires.close()
            agent.close()

    return asyncio.run(talk())


@pytest.mark.parametrize("credentials", [READER, WRITER])
def test_another_implementation_of_snmp_reads_values_and_their_absence(
    credentials: Credentials,
) -> None:
    answer = exchange(credentials, asked=(CYCLE, objects.PHASE_WALK.of(99)))
    assert answer.values == (90, None)


def test_a_writer_sets_and_a_reader_does_not() -> None:
    assert exchange(WRITER, pairs=[(CYCLE, 100)]).error == ""
    assert exchange(READER, pairs=[(CYCLE, 100)]).error == "noAccess"


@pytest.mark.parametrize(
    ("credentials", "faults", "trouble"),
    [
        (STRANGER, (), Trouble.CREDENTIALS),
        (WRITER, (Fault.WRONG_CREDENTIALS,), Trouble.CREDENTIALS),
        (WRITER, (Fault.SILENT,), Trouble.SILENT),
        (WRITER, (Fault.SLOW,), Trouble.SILENT),
        (WRITER, (Fault.WRONG_REQUEST_ID,), Trouble.GARBLED),
    ],
)
def test_no_usable_answer(
    credentials: Credentials, faults: tuple[Fault, ...], trouble: Trouble
) -> None:
    with pytest.raises(NoAnswerError) as caught:
        exchange(credentials, *faults)
    assert caught.value.trouble is trouble


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault.GENERAL_ERROR, "genErr"), (Fault.READ_ONLY, "notWritable")],
)
def test_a_refusing_agent_says_so(fault: Fault, error: str) -> None:
    assert exchange(WRITER, fault, pairs=[(CYCLE, 100)]).error == error


def test_a_set_of_several_values_is_obeyed_whole_or_not_at_all() -> None:
    unit = unit_of()
    responder = Responder(unit, ACCESSES)
    before = list(unit.database.values)
    pairs = [(CYCLE, 100), (objects.SPLIT_MODE.of(1, 1), 99)]
    parts = [ber.element(ber.SEQUENCE, _oid(one) + ber.encoded_integer(value))
             for one, value in pairs]  # fmt: skip
    reply = responder.answer(_v2c(0xA3, b"".join(parts), community=b"reader-of-tests"))
    assert reply is not None
    assert unit.database.values == before


def _oid(instance: Instance) -> bytes:
    return ber.encoded_oid(tuple(int(part) for part in instance.oid.split(".")))


def _v2c(tag: int, bindings: bytes, *, community: bytes, fields: tuple[int, int] = (0, 0)) -> bytes:
    head = [ber.encoded_integer(each) for each in (1, *fields)]
    pdu = ber.sequence((*head, ber.element(ber.SEQUENCE, bindings)), tag)
    return ber.sequence((ber.encoded_integer(1), ber.encoded_octets(community), pdu))


def test_a_walk_meets_every_instance_once_in_order() -> None:
    unit = unit_of()
    responder = Responder(unit, ACCESSES)
    oid, met = (1, 3, 6), []
    while True:
        binding = ber.element(ber.SEQUENCE, ber.encoded_oid(oid) + b"\x05\x00")
        reply = responder.answer(_v2c(GET_NEXT, binding, community=b"reader-of-tests"))
        assert reply is not None
        if ber.END_OF_MIB in reply:
            break
        at = reply.rfind(b"\x06", 0, reply.index(b"\x2b\x06\x01\x04\x01"))
        oid = ber.oid_from(reply[at + 2 : at + 2 + reply[at + 1]])
        met.append(oid)
    assert met == [slot.oid for slot in unit.schema.slots]


def test_a_bulk_request_stays_within_its_bounds() -> None:
    binding = ber.element(ber.SEQUENCE, ber.encoded_oid((1, 3, 6)) + b"\x05\x00")
    request = _v2c(GET_BULK, binding, community=b"reader-of-tests", fields=(0, 2**31 - 1))
    reply = Responder(unit_of(), ACCESSES).answer(request)
    assert reply is not None
    assert 1000 < len(reply) < 9000


@pytest.mark.parametrize(
    "content", [b"", b"\x80", b"\x2b\x80", b"\x2b\x80\x01", b"\x2b" + b"\xff" * 9 + b"\x01"]
)
def test_identifiers_that_are_none_are_refused(content: bytes) -> None:
    with pytest.raises(MalformedError):
        ber.oid_from(content)


def test_a_message_of_another_time_is_not_obeyed() -> None:
    unit = unit_of()
    responder = Responder(unit, ACCESSES)
    user = responder.users[b"writer"]
    sealing = usm.Sealing(
        engine=responder.engine, boots=unit.boots, time_s=9999, user=user, flags=7, salt=b"8" * 8
    )
    pdu = ber.sequence(
        (*(ber.encoded_integer(0),) * 3, ber.element(ber.SEQUENCE, ber.element(
            ber.SEQUENCE, _oid(CYCLE) + ber.encoded_integer(100)))), 0xA3)  # fmt: skip
    context = ber.encoded_octets(responder.engine) + ber.encoded_octets(b"")
    reply = responder.answer(usm.sealed(1, ber.element(ber.SEQUENCE, context + pdu), sealing))
    assert reply is None
    assert responder.tally.sets == 0


@pytest.mark.parametrize(
    ("fault", "replies"),
    [
        (None, 6), (Fault.SILENT, 0), (Fault.LOST_REQUESTS, 4), (Fault.LOST_REPLIES, 4),
        (Fault.DOUBLED_REPLIES, 12), (Fault.LATE_REPLIES, 3), (Fault.SLOW, 0),
    ],
)  # fmt: skip
def test_the_way_to_the_unit_loses_doubles_and_delays(fault: Fault | None, replies: int) -> None:
    sent: list[bytes] = []
    unit = unit_of(*([fault] if fault else []))
    post = Post(
        Responder(unit, ACCESSES), lambda: MIDNIGHT_S, lambda data, _: sent.append(data),
        lambda _, __: None,
    )  # fmt: skip
    request = _v2c(0xA0, ber.element(ber.SEQUENCE, _oid(CYCLE) + b"\x05\x00"),
                   community=b"reader-of-tests")  # fmt: skip
    for _ in range(6):
        post.receive(request, ("127.0.0.1", 1))
    assert len(sent) == replies


@pytest.mark.integration
def test_net_snmp_walks_a_unit_whole(tmp_path: Path) -> None:
    program = shutil.which("snmpbulkwalk")
    if program is None:
        pytest.skip("snmpbulkwalk is not installed; apt-get install snmp")
    secrets = ("-A", "auth of tests", "-X", "priv of tests")
    options = ("-v3", "-l", "authPriv", "-u", "writer", "-a", "SHA-256", "-x", "AES", *secrets)

    async def walk() -> bytes:
        agent = Agent(time.time)
        port = agent.add(Responder(unit_of(), ACCESSES), "127.0.0.1", 0)
        process = await asyncio.create_subprocess_exec(
            program, *options, "-On", f"127.0.0.1:{port}", "1.3.6.1.4.1.1206",
            stdout=subprocess.PIPE, env={"SNMPCONFPATH": str(tmp_path)},
        )  # fmt: skip
        told, _ = await process.communicate()
        agent.close()
        return told

    lines = asyncio.run(walk()).decode().splitlines()
    assert len(lines) == len(unit_of().schema.slots) + 1
    assert f".{CYCLE.oid} = INTEGER: 90" in lines


def test_a_process_that_starts_anew_is_known_by_its_boots() -> None:
    unit = unit_of()
    first = Responder(unit, ACCESSES, boots_before=5)
    assert first.boots == 6
    unit.lose_power()
    unit.advance(unit.now_s + 5)
    assert first.boots == 7


def test_only_loopback_is_listened_on() -> None:
    async def listen() -> None:
        Agent(time.time).add(Responder(unit_of(), ACCESSES), "0.0.0.0", 0)

    with pytest.raises(InputError, match="not loopback"):
        asyncio.run(listen())


def test_mutated_requests_crash_nothing_hang_nothing_and_set_nothing_unasked() -> None:
    tally = fuzz_agent(4000, seed=11)
    assert tally.requests == 4000
    assert not tally.crashes
    assert not tally.unasked
    assert tally.answered > 300
    assert tally.changed > 50
    assert tally.longest_s < 0.25
