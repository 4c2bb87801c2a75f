"""The poller believes what a unit signed, and nothing else."""

import asyncio
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysnmp.entity.config import USM_AUTH_HMAC192_SHA256
from pysnmp.proto.rfc1902 import OctetString
from pysnmp.proto.secmod.rfc3414.service import SnmpUSMSecurityModel

from citybrain.controllers.ntcip.secrets import V3, Secret
from citybrain.controllers.ntcip.status import STATUS
from citybrain.controllers.polling import ber
from citybrain.controllers.polling.introduction import MOST_NAMES
from citybrain.controllers.polling.messages import Question, opened, sealed
from citybrain.controllers.polling.poller import ANSWER_S, Place, Poll, Poller, Target
from citybrain.controllers.polling.usm import WINDOW_S, EngineClock, Keys, localised
from tests.controllers import snmpd_kit as kit

NOW = datetime(2026, 1, 1, tzinfo=UTC)
READER = V3(user="reader", auth_key=Secret("a-secret-of-auth"), priv_key=Secret("a-secret-of-priv"))
ENGINE, ADDRESS = bytes.fromhex("80001f8880aabbccdd"), ("127.0.0.1", 161)
FORGED = bytes.fromhex("80001f8880ffffffff")


class Pipe:
    """Keeps what the poller sends."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def sendto(self, data: bytes, _place: Place) -> None:
        self.sent.append(data)


class Agent(Question):
    """Answers as a unit does: the request's number back, with values."""

    def __init__(self, kind: int = ber.RESPONSE) -> None:
        values = [ber.sequence(ber.object_id(each.oid), ber.integer(7)) for each in STATUS]
        self.kind, self.rest = kind, ber.integer(0) * 2 + ber.sequence(*values)

    def scoped(self, engine_id: bytes, number: int) -> bytes:
        pdu = ber.tagged(self.kind, ber.four_bytes(number) + self.rest)
        return ber.sequence(ber.octets(engine_id), ber.octets(b""), pdu)


class Scene:
    """A poller that has asked a unit who it is, and for its status once they have met."""

    def __init__(self) -> None:
        target = Target(unit="k1", address=ADDRESS[0], port=ADDRESS[1])
        self.pipe, self.polls = Pipe(), list[Poll]()
        self.poller = Poller([target], READER, lambda: NOW, self.polls.append, random.Random(1))
        self.poller.send_over(self.pipe)
        self.keys = Keys(READER, ENGINE, 1)
        self.poller._ask(self.poller._stations[0], 0.0)

    @classmethod
    def met(cls) -> "Scene":
        scene = cls()
        scene.take(scene.report())
        scene.take(scene.answer())
        return scene

    def take(self, message: bytes, place: Place = ADDRESS) -> None:
        self.poller.take(message, place, 0.0)

    @property
    def number(self) -> int:
        return opened(self.pipe.sent[-1]).number

    def report(self, engine: bytes = ENGINE, number: int = 0) -> bytes:
        """Return the unsigned report that tells a unit's engine and clock: boot 3, 1000 s."""
        security = ber.octets(engine) + ber.integer(3) + ber.integer(1000) + ber.octets(b"") * 3
        header = ber.four_bytes(number or self.number) + ber.integer(65507)
        header += ber.octets(b"\0") + ber.integer(3)
        scoped = Agent(ber.REPORT).scoped(ENGINE, self.number)
        inner = ber.octets(ber.sequence(security))
        return ber.sequence(ber.integer(3), ber.sequence(header), inner, scoped)

    def answer(self, clock: tuple[int, int] = (3, 1000), agent: Question | None = None) -> bytes:
        return sealed(agent or Agent(), self.number, b"reader", self.keys, clock)


def test_a_signed_answer_to_the_open_question_is_believed_once() -> None:
    scene = Scene.met()
    answer = scene.answer()
    scene.take(answer)
    scene.take(answer)
    assert [poll.status.pattern for poll in scene.polls if poll.status] == [7]
    assert scene.poller.dropped == 1


@given(place=st.floats(min_value=0, max_value=1, exclude_max=True), bit=st.integers(0, 7))
def test_an_answer_with_any_bit_changed_is_dropped(place: float, bit: int) -> None:
    scene = Scene.met()
    message = bytearray(scene.answer())
    message[int(place * len(message))] ^= 1 << bit
    scene.take(bytes(message))
    assert not any(poll.status for poll in scene.polls)


@given(st.binary(max_size=300))
def test_bytes_that_are_no_message_are_dropped(data: bytes) -> None:
    scene = Scene.met()
    scene.take(data)
    assert scene.polls == []
    assert scene.poller.dropped == 1


@pytest.mark.parametrize("clock", [(2, 1000), (3, 1000 - WINDOW_S - 1), (2**31 - 1, 1000)])
def test_an_old_answer_is_dropped(clock: tuple[int, int]) -> None:
    scene = Scene.met()
    scene.take(scene.answer(clock))
    assert scene.polls == []


def test_an_answer_from_another_address_or_to_another_question_is_dropped() -> None:
    scene = Scene.met()
    scene.take(scene.answer(), ("127.0.0.2", 161))
    other = sealed(Agent(), scene.number + 1, b"reader", scene.keys, (3, 1000))
    scene.take(other)
    assert scene.polls == []


def test_an_unsigned_answer_is_dropped() -> None:
    scene = Scene.met()
    scene.take(scene.report())
    assert scene.polls == []


def test_the_pollers_own_question_sent_back_is_dropped() -> None:
    scene = Scene.met()
    scene.take(scene.pipe.sent[-1])
    assert (scene.polls, scene.poller.dropped) == ([], 1)
    scene.take(scene.answer())
    assert len(scene.polls) == 1


def test_a_signed_report_sets_the_clock_and_the_question_is_sent_again() -> None:
    scene = Scene.met()
    scene.take(scene.answer((4, 5), Agent(ber.REPORT)))
    again = opened(scene.pipe.sent[-1])
    assert (again.boots, again.seconds) == (4, 5)
    scene.take(scene.answer((4, 5)))
    assert len(scene.polls) == 1


def test_a_forged_name_costs_one_message_and_the_unit_is_met_in_the_same_poll() -> None:
    scene = Scene()
    asked = scene.report()
    scene.take(scene.report(FORGED))
    assert opened(scene.pipe.sent[-1]).engine_id == FORGED
    scene.take(asked)
    scene.take(scene.answer())
    scene.take(scene.answer())
    assert [poll.status.pattern for poll in scene.polls if poll.status] == [7]
    assert len(scene.pipe.sent) == 4


def test_a_name_is_not_believed_before_its_engine_has_signed() -> None:
    scene = Scene()
    scene.take(scene.report(FORGED))
    scene.take(scene.report())
    station = scene.poller._stations[0]
    assert (station.keys, station.clock, scene.polls) == (None, None, [])


@pytest.mark.parametrize("name", [FORGED, ENGINE], ids=["another", "its own"])
def test_the_pollers_own_question_sent_back_proves_no_engine(name: bytes) -> None:
    scene = Scene()
    scene.take(scene.report(name))
    scene.take(scene.pipe.sent[-1])
    assert scene.poller._stations[0].keys is None
    assert scene.poller.dropped == 1


def test_what_meets_a_unit_is_used_and_all_else_is_counted_as_dropped() -> None:
    scene = Scene()
    named = scene.report()
    scene.take(named)
    assert scene.poller.dropped == 0
    scene.take(named)
    scene.take(scene.report(b"cut"))
    scene.take(scene.pipe.sent[-1])
    assert scene.poller.dropped == 3
    scene.take(scene.answer())
    assert scene.poller._stations[0].keys is not None
    assert scene.poller.dropped == 3


def test_no_flood_of_names_makes_it_send_without_end() -> None:
    scene = Scene()
    first = scene.number
    for name in range(10 * MOST_NAMES):
        scene.take(scene.report(FORGED + bytes([name // 256, name % 256]), first))
    assert len(scene.pipe.sent) == 1 + MOST_NAMES


def test_a_unit_that_loses_polls_is_met_anew() -> None:
    scene = Scene.met()
    for number in range(1, 4):
        scene.poller._ask(scene.poller._stations[0], number * ANSWER_S)
    assert [poll.status for poll in scene.polls] == [None] * 3
    assert opened(scene.pipe.sent[-1]).engine_id == b""


def test_a_slow_unit_is_not_asked_again_before_its_time_is_over() -> None:
    scene = Scene.met()
    sent = len(scene.pipe.sent)
    scene.poller._ask(scene.poller._stations[0], ANSWER_S * 0.9)
    assert (len(scene.pipe.sent), scene.poller.skipped) == (sent, 1)
    scene.take(scene.answer())
    assert len(scene.polls) == 1


def test_keys_are_those_of_another_library() -> None:
    authority = SnmpUSMSecurityModel.AUTH_SERVICES[USM_AUTH_HMAC192_SHA256]
    master = authority.hash_passphrase("a-secret-of-auth")
    key = authority.localize_key(master, OctetString(ENGINE))
    assert localised("a-secret-of-auth", ENGINE) == bytes(key)


@given(st.binary(max_size=200), st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1))
def test_what_is_enciphered_is_deciphered(text: bytes, boots: int, seconds: int) -> None:
    keys = Keys(READER, ENGINE, 5)
    cipher, salt = keys.enciphered(text, boots, seconds)
    assert keys.deciphered(cipher, boots, seconds, salt) == text
    assert keys.enciphered(text, boots, seconds)[1] != salt


def test_the_clock_only_goes_forward() -> None:
    clock = EngineClock(boots=1, seconds=100, heard_s=0.0)
    assert clock.accepts(1, 130, 10.0)
    assert clock.now(10.0) == 130
    assert clock.accepts(1, 129, 10.0)
    assert clock.now(10.0) == 130


@given(st.integers(-(2**31), 2**32 - 1))
def test_numbers_survive_encoding(value: int) -> None:
    data = ber.integer(value)
    assert ber.Reader(data, 0, len(data)).integer() == value


@given(st.lists(st.integers(0, 2**32 - 1), max_size=12))
def test_identifiers_survive_encoding(arcs: list[int]) -> None:
    dotted = ".".join(map(str, [1, 3, *arcs]))
    data = ber.object_id(dotted)
    assert ber.dotted_form(ber.Reader(data, 0, len(data)).content(ber.OBJECT_ID)) == dotted


def test_the_only_request_it_can_make_reads() -> None:
    text = Question([each.oid for each in STATUS]).scoped(ENGINE, 2**24)
    scoped = ber.Reader(text, 0, len(text)).enter(ber.SEQUENCE)
    assert [scoped.any()[0] for _ in range(3)] == [ber.OCTETS, ber.OCTETS, ber.GET]


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[kit.Agent]:
    with kit.running(tmp_path) as running:
        yield running


@pytest.mark.integration
@pytest.mark.skipif(kit.SNMPD is None, reason=kit.ABSENT)
def test_it_polls_net_snmps_agent(agent: kit.Agent) -> None:
    credentials = V3(user=kit.USER, auth_key=Secret(kit.AUTH), priv_key=Secret(kit.PRIV))
    target = Target(unit="peer", address="127.0.0.1", port=agent.port)
    polls = list[Poll]()

    async def act() -> None:
        end = asyncio.Event()
        asyncio.get_running_loop().call_later(1.5, end.set)
        await Poller([target], credentials, lambda: NOW, polls.append).run(0.5, end)

    asyncio.run(act())
    told_statuses = [poll.status for poll in polls if poll.status]
    assert told_statuses
    assert all(each.runs(1) and each.backup_time_s == 60 for each in told_statuses)
