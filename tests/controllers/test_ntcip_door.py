"""Nothing but answers to open questions reaches the library of SNMP."""

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysnmp.carrier.asyncio.dgram.udp import DOMAIN_NAME

from benchmarks._forged_replies import Forger
from benchmarks._mutated_replies import Chances, DefectiveResponder, MutatingSocket, defective
from benchmarks._virtual_time import run_virtually
from benchmarks._virtual_units import virtual_unit
from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.door import MOST_WAITING, Door
from citybrain.controllers.ntcip.patience import Patience
from citybrain.controllers.ntcip.secrets import V3, Credentials, Secret, V2c
from citybrain.controllers.ntcip.session import SnmpSession
from citybrain.controllers.ntcip.wire import Wires
from citybrain.controllers.polling.messages import Question, discovery, sealed
from citybrain.controllers.polling.usm import Keys
from citybrain.controllers.virtual import ber
from citybrain.controllers.virtual.pdu import GET
from citybrain.controllers.virtual.responder import Access

UNIT, ELSEWHERE = ("127.0.0.1", 161), ("127.0.0.2", 161)
USER = V3(user="door", auth_key=Secret("door-auth"), priv_key=Secret("door-priv"))
NUMBER = 2**24 + 5
_USM = _V3 = 3
CYCLE = "1.3.6.1.4.1.1206.4.2.1.4.7.1.2.1"


def responder_for(credentials: Credentials) -> DefectiveResponder:
    access = Access(credentials=credentials, may_write=True)
    return defective(virtual_unit("door"), [access], random.Random(1))


RESPONDER = responder_for(USER)


def question(number: int = NUMBER) -> bytes:
    keys = Keys(USER, RESPONDER.engine, 0)
    clock = (RESPONDER.boots, RESPONDER.time_s)
    return sealed(Question([CYCLE]), number, USER.user.encode(), keys, clock)


def asked(message: bytes) -> tuple[Door, bytes]:
    door, answer = Door(USER), RESPONDER.answer(message)
    assert answer is not None
    door.note(message, UNIT)
    return door, answer


def open_question(community: str) -> bytes:
    binding = ber.sequence([ber.encoded_oid((1, 3, 6)), b"\x05\x00"])
    head = (ber.encoded_integer(7), ber.encoded_integer(0), ber.encoded_integer(0))
    pdu = ber.sequence((*head, ber.element(ber.SEQUENCE, binding)), GET)
    return ber.sequence((ber.encoded_integer(1), ber.encoded_octets(community.encode()), pdu))


def test_the_answer_to_an_open_question_is_let_in_once() -> None:
    door, answer = asked(question())
    assert door.admits(answer, UNIT)
    door.close_for(answer)
    assert not door.admits(answer, UNIT)
    assert door.refused == 1


def test_an_answer_from_elsewhere_or_to_nothing_is_refused() -> None:
    door, answer = asked(question())
    other = RESPONDER.answer(question(NUMBER + 1))
    assert other is not None
    assert not door.admits(answer, ELSEWHERE)
    assert not door.admits(other, UNIT)


def test_the_managers_own_question_sent_back_is_refused_though_it_is_signed() -> None:
    door, answer = asked(question())
    assert not door.admits(question(), UNIT)
    assert door.admits(answer, UNIT)


@given(st.integers(min_value=0), st.integers(0, 7))
def test_an_answer_of_which_one_bit_is_changed_is_refused(place: int, bit: int) -> None:
    door, answer = asked(question())
    changed = bytearray(answer)
    changed[place % len(answer)] ^= 1 << bit
    assert not door.admits(bytes(changed), UNIT)


def test_an_unsigned_report_is_refused_and_raises_a_doubt_once() -> None:
    message = question()
    door, _ = asked(message)
    report = RESPONDER.answer(discovery(NUMBER))
    assert report is not None
    assert not door.takes_doubt(UNIT)
    assert not door.admits(report, UNIT)
    assert door.takes_doubt(UNIT)
    assert not door.takes_doubt(UNIT)


def test_no_forgery_is_let_in() -> None:
    message = question()
    door, answer = asked(message)
    forger = Forger(RESPONDER, USER.user)
    forgeries = [forger.wrong(message, answer) for _ in range(500)]
    assert {each for each in forgeries if door.admits(each, UNIT)} <= {answer}
    assert door.refused > 100


def test_any_bytes_are_refused_and_trip_nothing() -> None:
    rng = random.Random(2)
    for credentials in (USER, V2c(community=Secret("door"))):
        door = Door(credentials)
        assert not any(door.admits(rng.randbytes(rng.randrange(80)), UNIT) for _ in range(500))


@pytest.mark.parametrize("community", ["door", "doors"])
def test_over_v2c_the_community_must_be_ours(community: str) -> None:
    responder = responder_for(V2c(community=Secret(community)))
    door = Door(V2c(community=Secret("door")))
    door.note(open_question("door"), UNIT)
    answer = responder.answer(open_question(community))
    assert answer is not None
    assert door.admits(answer, UNIT) == (community == "door")


def test_refused_replies_leave_nothing_in_the_library() -> None:
    wires = Wires(USER)
    kept = wires._engine.security_models[_USM]._cache

    async def ask() -> None:
        chances = Chances(mutants=100, before=0.0, lost=0.0)
        unit = MutatingSocket(RESPONDER, Forger(RESPONDER, USER.user).wrong, chances)
        session = SnmpSession("door", await wires.to("127.0.0.1", unit.port), Patience())
        await session.get([objects.MAX_PATTERNS.of()])
        await asyncio.sleep(1)
        unit.close()
        wires.close()

    run_virtually(ask())
    assert wires.refused > 100
    assert kept.is_empty()


def test_the_library_forgets_an_engine_that_it_noted_by_itself_without_a_trip() -> None:
    """A signed report that comes late makes it note one, to be forgotten at a tick of its timer."""
    wires = Wires(USER)
    model = wires._engine.message_processing_subsystems[_V3]
    place, other = ((DOMAIN_NAME, address) for address in (UNIT, ELSEWHERE))
    for each in (place, other):
        model._SnmpV3MessageProcessingModel__engineIdCache[each] = {}
    model._SnmpV3MessageProcessingModel__engineIdCacheExpQueue[0] = [place, other]
    wires._known.remove(UNIT)
    assert UNIT not in wires._known
    assert ELSEWHERE in wires._known
    model.receive_timer_tick(wires._engine, 0)
    assert ELSEWHERE not in wires._known


def test_questions_without_an_answer_are_forgotten_in_the_end() -> None:
    door = Door(USER)
    numbers = range(NUMBER, NUMBER + MOST_WAITING + 1)
    for number in numbers:
        door.note(question(number), UNIT)
    answers = [RESPONDER.answer(question(number)) for number in (numbers[0], numbers[-1])]
    assert [each is not None and door.admits(each, UNIT) for each in answers] == [False, True]
