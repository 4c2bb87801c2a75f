"""A unit is known once it has signed an answer: whoever answers before it holds nothing up."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from benchmarks._mutated_replies import (
    Chances,
    DefectiveResponder,
    Mutants,
    MutatingSocket,
    defective,
)
from benchmarks._street_kit import agent_thread
from benchmarks._virtual_time import run_virtually
from benchmarks._virtual_units import spare_plan, virtual_unit
from citybrain.controllers.ntcip.link import NtcipLink
from citybrain.controllers.ntcip.patience import Patience
from citybrain.controllers.ntcip.secrets import V3, Secret
from citybrain.controllers.ntcip.session import SnmpSession
from citybrain.controllers.ntcip.wire import Wires
from citybrain.controllers.polling.messages import opened
from citybrain.controllers.virtual import ber, usm
from citybrain.controllers.virtual.faults import Fault
from citybrain.controllers.virtual.pdu import REPORT
from citybrain.controllers.virtual.responder import Access
from citybrain.ports.controllers import CredentialsError, Outcome, UnreachableError

Result = TypeVar("Result")
USER = V3(user="meeting", auth_key=Secret("meet-auth"), priv_key=Secret("meet-priv"))
FIRST = Chances(mutants=1, before=1.0, lost=0.0)
"""What is forged arrives before what is true."""
BLOCKED_S = 300.0
"""How long the library alone believes the first report. [s]"""


def unit_named(name: str) -> DefectiveResponder:
    access = Access(credentials=USER, may_write=True)
    return defective(virtual_unit(name), [access], random.Random(1))


def forged(request: bytes, engine: bytes, which: int = usm.UNKNOWN_ENGINE) -> bytes:
    """Return an unsigned report from somebody who has heard the request and has no key."""
    counter = ber.encoded_oid(usm.statistic(which)) + ber.encoded_integer(1, ber.COUNTER)
    bindings = ber.element(ber.SEQUENCE, ber.element(ber.SEQUENCE, counter))
    zero = ber.encoded_integer(0)
    pdu = ber.sequence((zero, zero, zero, bindings), REPORT)
    context = ber.encoded_octets(engine) + ber.encoded_octets(b"")
    sealing = usm.Sealing(
        engine=engine, boots=2**31 - 1, time_s=2**31 - 1, user=None, flags=0, salt=bytes(8)
    )
    return usm.sealed(opened(request).number, ber.element(ber.SEQUENCE, context + pdu), sealing)


def at_first(request: bytes, _: bytes) -> bytes | None:
    """Forge the answer to the very first question alone."""
    return None if opened(request).engine_id else forged(request, b"forged-engine")


def always(request: bytes, _: bytes) -> bytes | None:
    """Forge an answer to every message."""
    return forged(request, b"forged-engine")


def mirrored(request: bytes, engine: bytes) -> bytes:
    """Name an engine, and send back what it is asked: the manager's signature is the unit's."""
    return request if opened(request).engine_id else forged(request, engine)


def mirroring(request: bytes, _: bytes) -> bytes:
    return mirrored(request, b"forged-engine")


def mirroring_in_its_name(request: bytes, _: bytes) -> bytes:
    return mirrored(request, unit_named("k1").engine)


def refusing(request: bytes, _: bytes) -> bytes | None:
    """Say to every message, in the unit's own name, that its user is unknown."""
    return forged(request, unit_named("k1").engine, usm.UNKNOWN_USER)


def operated(
    unit: DefectiveResponder, mutants: Mutants | None, act: Callable[[NtcipLink], Awaitable[Result]]
) -> tuple[Result, float]:
    """Return what an operation brings and how long it takes, in virtual time [s]."""

    async def operate() -> tuple[Result, float]:
        end, wires = MutatingSocket(unit, mutants, FIRST), Wires(USER)
        try:
            wire = await wires.to("127.0.0.1", end.port)
            result = await act(NtcipLink(SnmpSession("k1", wire, Patience())))
            return result, asyncio.get_running_loop().time()
        finally:
            end.close()
            wires.close()

    return run_virtually(operate())


@pytest.mark.parametrize("mutants", [at_first, always, refusing, mirroring, mirroring_in_its_name])
def test_what_is_forged_before_the_units_answer_costs_no_time(mutants: Mutants) -> None:
    status, took_s = operated(unit_named("k1"), mutants, lambda link: link.status())
    assert (status.unit, status.backup_time_s, status.missing) == ("k1", 600, ())
    assert took_s < Patience().timeout_s


@pytest.mark.parametrize("mutants", [at_first, always, mirroring])
def test_a_push_ends_as_without_the_forger_and_nothing_else_is_written(mutants: Mutants) -> None:
    async def push(link: NtcipLink) -> Outcome:
        own = await link.read_plan(1)
        return (await link.push(spare_plan(own, 1))).outcome

    disturbed, quiet = unit_named("k1"), unit_named("k1")
    assert operated(disturbed, mutants, push)[0] is Outcome.RUNS
    assert operated(quiet, None, push)[0] is Outcome.RUNS
    assert disturbed.written == quiet.written
    assert disturbed.unit.database.values == quiet.unit.database.values


@pytest.mark.parametrize("mutants", [always, mirroring])
def test_a_forger_alone_is_not_believed_and_the_wait_is_bounded(mutants: Mutants) -> None:
    unit = unit_named("k1")
    silent = Chances(mutants=1, before=1.0, lost=1.0)

    async def operate() -> float:
        end, wires = MutatingSocket(unit, mutants, silent), Wires(USER)
        wire = await wires.to("127.0.0.1", end.port)
        with pytest.raises(UnreachableError):
            await NtcipLink(SnmpSession("k1", wire, Patience())).status()
        end.close()
        wires.close()
        return asyncio.get_running_loop().time()

    assert run_virtually(operate()) == pytest.approx(sum(Patience().timeouts_s()), abs=1.0)
    assert unit.written == []


def test_wrong_credentials_are_told_once_no_answer_can_come() -> None:
    unit = unit_named("k1")
    unit.unit.faults.add(Fault.WRONG_CREDENTIALS)

    async def refused(link: NtcipLink) -> None:
        with pytest.raises(CredentialsError):
            await link.status()

    _, took_s = operated(unit, None, refused)
    assert took_s == pytest.approx(sum(Patience().timeouts_s()), abs=0.5)


class Tardy(DefectiveResponder):
    """Is met only when it is asked a fourth time: its answers to earlier questions are lost."""

    asked = 0

    def answer(self, message: bytes) -> bytes | None:
        self.asked += not opened(message).engine_id
        return super().answer(message) if self.asked == len(Patience().timeouts_s()) else b""


def test_refusals_of_a_forger_do_not_shorten_the_time_of_a_unit_that_answers_late() -> None:
    access = Access(credentials=USER, may_write=True)
    unit = Tardy(virtual_unit("k1"), [access])
    status, took_s = operated(unit, refusing, lambda link: link.status())
    assert status.backup_time_s == 600
    assert took_s > sum(Patience().timeouts_s()[:-1])


def test_another_device_at_the_address_is_met_within_the_operation() -> None:
    """It has the user's keys, so it is one of ours; only its engine is new."""
    former, new = unit_named("k1"), unit_named("k2")

    async def operate() -> float:
        loop, wires = asyncio.get_running_loop(), Wires(USER)
        end = MutatingSocket(former, None, FIRST)
        link = NtcipLink(SnmpSession("k1", await wires.to("127.0.0.1", end.port), Patience()))
        await link.status()
        end._responder, began_s = new, loop.time()
        await link.status()
        end.close()
        wires.close()
        return loop.time() - began_s

    assert run_virtually(operate()) <= Patience().timeout_s + 1.0 < BLOCKED_S


def test_an_answer_that_lay_unread_while_this_process_was_held_up_counts() -> None:
    hurried = Patience(timeout_s=0.2, retries=0)

    async def operate(port: int) -> int:
        loop, wires = asyncio.get_running_loop(), Wires(USER)
        wire = await wires.to("127.0.0.1", port)
        await NtcipLink(SnmpSession("k1", wire, Patience())).status()
        loop.call_soon(time.sleep, 3 * (hurried.timeout_s + 0.5))
        status = await NtcipLink(SnmpSession("k1", wire, hurried)).status()
        wires.close()
        return status.backup_time_s

    with agent_thread(time.time, [unit_named("k1")]) as ports:
        assert asyncio.run(operate(ports["k1"])) == 600
