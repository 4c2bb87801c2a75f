"""Mutated replies to the manager: no crash, no hang, no SET that was not meant."""

import asyncio
import random
import time
from collections.abc import Awaitable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from benchmarks._mutated_replies import DefectiveResponder, MutatingSocket, Mutator, defective
from benchmarks._virtual_units import SPARE, made_up, spare_plan, virtual_unit
from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.link import NtcipLink
from citybrain.controllers.ntcip.patience import Patience
from citybrain.controllers.ntcip.secrets import Credentials, Secret, V2c
from citybrain.controllers.ntcip.session import SnmpSession
from citybrain.controllers.ntcip.syntax import Value
from citybrain.controllers.ntcip.wire import Wires
from citybrain.controllers.polling.poller import Poll, Poller, Target
from citybrain.controllers.virtual.responder import Access
from citybrain.ports.controllers import ControllerError, UnitPlan, UnitStatus

Result = TypeVar("Result")
SEED = 20
MUTANTS = 12
"""Mutants that follow each reply."""
POLLER_MUTANTS = 100
"""The same for the poller, which has no retries to wait for."""
SHARE = 0.15
"""Share of replies that are mutated instead; the retries get through."""
HANG_S = 120.0
"""An operation that takes longer hangs. [s]"""
_PATIENCE = Patience(
    timeout_s=0.3, retries=4, poll_s=0.01, verify_s=3.0, prove_least_s=2.0, prove_cycles=0.01,
    return_s=1.0,
)  # fmt: skip


@dataclass(slots=True)
class Fuzz:
    """What came of it.

    Parameters
    ----------
    what
        Which path.
    replies
        Mutated replies that were sent.
    seconds
        How long it took. [s]
    operations
        Reads, pushes and roll-backs that ended as they should, with a result or a typed error.
    crashes, hangs, unintended
        What must not be: other errors, operations that did not end, SETs that were not meant.
    """

    what: str
    replies: int = 0
    seconds: float = 0.0
    operations: int = 0
    crashes: list[str] = field(default_factory=list)
    hangs: int = 0
    unintended: list[str] = field(default_factory=list)

    @property
    def fault(self) -> str:
        """What went wrong first, nothing if nothing did."""
        if self.crashes:
            return f"{self.what}: {len(self.crashes)} crashes, first: {self.crashes[0]}"
        if self.hangs:
            return f"{self.what}: {self.hangs} operations did not end within {HANG_S:.0f} s"
        if self.unintended:
            return f"{self.what}: {len(self.unintended)} SETs not meant, first {self.unintended[0]}"
        return ""

    def content(self) -> dict[str, object]:
        """Return it for programs."""
        return asdict(self)


def fuzz_manager(version: str, replies: int, longest_s: float) -> Fuzz:
    """Read, push and roll back while replies are mutated.

    Parameters
    ----------
    version
        ``v2c``: anybody may mutate what is then believed; ``v3``: mutants of the network are
        found out, those of a defective agent are signed.
    replies
        Mutated replies to send.
    longest_s
        Time after which it ends, whatever was sent. [s]
    """
    return asyncio.run(_fuzz_manager(version, replies, longest_s))


async def _fuzz_manager(version: str, replies: int, longest_s: float) -> Fuzz:
    fuzz, begun_s = Fuzz(what=f"manager over {version}"), time.monotonic()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, found: fuzz.crashes.append(str(found)[:300]))
    credentials: Credentials = made_up() if version == "v3" else V2c(community=Secret("benchmark"))
    responder = defective(
        virtual_unit("k1"), [Access(credentials=credentials, may_write=True)], SEED
    )
    mutator = Mutator(random.Random(SEED + 1))
    wires = Wires(credentials)
    clean = MutatingSocket(responder, mutator, 0.0, 0)
    plans = await _plans(wires, clean.port)
    clean.close()
    mutating = MutatingSocket(responder, mutator, SHARE, MUTANTS)
    responder.share = SHARE if version == "v3" else 0.0
    allowed, number = _allowed(plans), 0
    assert responder.mutator is not None
    while fuzz.replies < replies and time.monotonic() - begun_s < longest_s:
        link = NtcipLink(SnmpSession("k1", await wires.to("127.0.0.1", mutating.port), _PATIENCE))
        await _work(fuzz, link, plans[number % len(plans)])
        number += 1
        fuzz.unintended += _unintended(responder, allowed)
        fuzz.replies = mutator.count + responder.mutator.count
    mutating.close()
    wires.close()
    fuzz.seconds = time.monotonic() - begun_s
    return fuzz


async def _plans(wires: Wires, port: int) -> list[UnitPlan]:
    link = NtcipLink(SnmpSession("k1", await wires.to("127.0.0.1", port), Patience()))
    own, former = await link.read_plan(1), await link.read_plan(SPARE)
    return [former, *(spare_plan(own, number) for number in range(1, 7))]


async def _work(fuzz: Fuzz, link: NtcipLink, plan: UnitPlan) -> None:
    await _bounded(fuzz, link.status())
    await _bounded(fuzz, link.probe())
    await _bounded(fuzz, link.dry_run(plan))
    receipt = await _bounded(fuzz, link.push(plan))
    if receipt is not None:
        await _bounded(fuzz, link.rollback(receipt.former))


async def _bounded(fuzz: Fuzz, act: Awaitable[Result]) -> Result | None:
    """Await what must end in time, with a result or a typed error."""
    try:
        async with asyncio.timeout(HANG_S):
            result = await act
    except ControllerError:
        fuzz.operations += 1
    except TimeoutError:
        fuzz.hangs += 1
    except Exception as error:
        fuzz.crashes.append(f"{type(error).__name__}: {error}")
    else:
        fuzz.operations += 1
        return result
    return None


def _allowed(plans: list[UnitPlan]) -> dict[str, set[Value | None]]:
    """Return identifier → values that may be set: those of the plans, and the way back."""
    allowed: dict[str, set[Value | None]] = {
        objects.DB_CREATE_TRANSACTION.at(): {1, 2, 3, 6},
        objects.SYSTEM_PATTERN_CONTROL.at(): {0, SPARE},
        objects.PATTERN_CYCLE_TIME.at(SPARE): {plan.cycle_s for plan in plans},
        objects.PATTERN_OFFSET_TIME.at(SPARE): {plan.offset_s for plan in plans},
    }
    for phase in range(1, 17):
        allowed[objects.SPLIT_TIME.at(SPARE, phase)] = {
            each.split_s for plan in plans for each in plan.splits if each.phase == phase
        } | ({0} if phase > 8 else set())
    return allowed


def _unintended(responder: DefectiveResponder, allowed: dict[str, set[Value | None]]) -> list[str]:
    written, responder.written = responder.written, []
    return [
        f"{objects.named(oid)} = {value!r}"
        for oid, value in written
        if value not in allowed.get(oid, set())
    ]


def fuzz_poller(replies: int, longest_s: float) -> Fuzz:
    """Mutate the replies to a poller; nothing that a unit did not sign may be believed.

    Parameters
    ----------
    replies
        Mutated replies to send.
    longest_s
        Time after which it ends, whatever was sent. [s]
    """
    return asyncio.run(_fuzz_poller(replies, longest_s))


async def _fuzz_poller(replies: int, longest_s: float) -> Fuzz:
    fuzz, begun_s = Fuzz(what="poller over v3"), time.monotonic()
    credentials, mutator = made_up(), Mutator(random.Random(SEED + 2))
    access = Access(credentials=credentials, may_write=True)
    responder = defective(virtual_unit("k1"), [access], SEED)
    target, polls = Target(unit="k1", address="127.0.0.1", port=161), list[Poll]()
    pipe = _Pipe()
    poller = Poller([target], credentials, _fixed, polls.append, random.Random(SEED))
    poller.connection_made(pipe)
    true_statuses = set[UnitStatus]()
    while fuzz.replies < replies and time.monotonic() - begun_s < longest_s:
        poller.ask_all()
        while pipe.sent:
            reply = responder.answer(pipe.sent.pop(0)) or b"\x30\x00"
            for _ in range(POLLER_MUTANTS if true_statuses else 0):
                _fed(fuzz, poller, mutator.mutated(reply))
            _fed(fuzz, poller, reply)
        told = {poll.status for poll in polls if poll.status}
        true_statuses = true_statuses or told
        fuzz.crashes += [f"believed {status}" for status in told - true_statuses]
        fuzz.replies, fuzz.operations = mutator.count, fuzz.operations + len(told)
        fuzz.unintended += _unintended(responder, {})
        polls.clear()
        await asyncio.sleep(0)
    fuzz.seconds = time.monotonic() - begun_s
    return fuzz


class _Pipe(asyncio.DatagramTransport):
    """Keeps what is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    def sendto(self, data: bytes, addr: object = None) -> None:
        self.sent.append(bytes(data))


def _fixed() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


def _fed(fuzz: Fuzz, poller: Poller, data: bytes) -> None:
    try:
        poller.datagram_received(data, ("127.0.0.1", 161))
    except Exception as error:
        fuzz.crashes.append(f"{type(error).__name__}: {error}")
