"""Mutated replies to the manager: no crash, no hang, no SET that was not meant.

Everything runs in virtual time over sockets of loopback: the manager is the one that works on the
street, its waits pass at once.
"""

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar

from benchmarks._forged_replies import Forger, Witness
from benchmarks._mutated_replies import (
    Chances,
    DefectiveResponder,
    Mutants,
    MutatingSocket,
    defective,
)
from benchmarks._virtual_time import run_virtually
from benchmarks._virtual_units import SPARE, spare_plan, virtual_unit
from citybrain.controllers.ntcip import objects
from citybrain.controllers.ntcip.link import NtcipLink
from citybrain.controllers.ntcip.patience import Patience
from citybrain.controllers.ntcip.secrets import V3, Credentials, Secret, V2c
from citybrain.controllers.ntcip.session import SnmpSession
from citybrain.controllers.ntcip.syntax import Value
from citybrain.controllers.ntcip.wire import Wires
from citybrain.controllers.polling.poller import Poll, Poller, Target
from citybrain.controllers.virtual.responder import Access
from citybrain.ports.controllers import (
    ControllerError,
    Former,
    Outcome,
    Receipt,
    UnitPlan,
    UnitStatus,
)

Result = TypeVar("Result")
SEED = 20
BATCH = 5_000
"""Mutants that one engine of the manager meets; then another seed, another engine."""
BEFORE = (0.05, 0.15, 0.5)
"""Share of replies that their mutants come before; one of these for each batch. [0-1]"""
POLLER_MUTANTS = 100
"""Mutants that follow each reply to the poller, which has no retries to wait for."""
HANG_S = 3600.0
"""An operation that takes longer hangs; in virtual time. [s]"""
LONGEST_S = 0.5
"""Most work for one message. [s]"""
_COMMAND = objects.SYSTEM_PATTERN_CONTROL.at()
_STUCK_S = 30
"""Work for one message after which it is given up. [s]"""
_PATIENCE = Patience(timeout_s=1.0, retries=3, poll_s=1.0, return_s=10.0)


class Way(Enum):
    """How replies come to be wrong."""

    NETWORK = "v3, changed, forged or old on the network"
    SIGNED = "v3, signed by a defective agent"
    OPEN = "v2c"

    @property
    def share(self) -> float:
        """Share of all mutated replies that come this way. [0-1]."""
        return {Way.NETWORK: 0.4, Way.SIGNED: 0.3, Way.OPEN: 0.3}[self]


@dataclass(slots=True)
class Fuzz:
    """What came of it.

    Parameters
    ----------
    what
        Which path.
    replies
        Mutated replies that reached the manager.
    let_in
        Messages that its door let in, true ones among them; of the poller, those that it took.
    seconds
        Work of one core. [s]
    operations
        Reads, pushes and roll-backs that ended as they should, with a result or a typed error.
    outcomes
        How often pushes and roll-backs ended how.
    crashes, hangs, unintended
        What must not be: other errors, operations that did not end, SETs that were not meant.
    believed, lies
        What must not be, either: answers that were never signed; receipts that tell of a plan that
        the unit does not hold.
    longest_s
        Most work for one message. [s]
    """

    what: str
    replies: int = 0
    let_in: int = 0
    seconds: float = 0.0
    operations: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    crashes: list[str] = field(default_factory=list)
    hangs: int = 0
    unintended: list[str] = field(default_factory=list)
    believed: list[str] = field(default_factory=list)
    lies: list[str] = field(default_factory=list)
    longest_s: float = 0.0

    @property
    def fault(self) -> str:
        """What went wrong first, nothing if nothing did."""
        told = {
            "crashes": self.crashes,
            "SETs not meant": self.unintended,
            "answers believed that were never signed": self.believed,
            "receipts that are not true": self.lies,
        }
        for what, found in told.items():
            if found:
                return f"{self.what}: {len(found)} {what}, first: {found[0]}"
        if self.hangs:
            return f"{self.what}: {self.hangs} operations did not end"
        is_slow = self.longest_s > LONGEST_S
        return f"{self.what}: {self.longest_s:.2f} s of work for one message" if is_slow else ""

    def content(self) -> dict[str, object]:
        """Return it for programs."""
        return asdict(self)


def fuzz_manager(way: Way, replies: int, longest_s: float, seed: int = SEED) -> Fuzz:
    """Read, push and roll back while replies are mutated.

    Parameters
    ----------
    way
        How replies come to be wrong.
    replies
        Mutated replies to send.
    longest_s
        Work after which it ends, whatever was sent. [s]
    seed
        Of the dice of the first batch; each batch has the next.
    """
    fuzz, begun_s = Fuzz(what=f"manager over {way.value}"), time.process_time()
    while fuzz.replies < replies and fuzz.seconds < longest_s:
        wanted = min(replies, fuzz.replies + BATCH)
        with _given_up_when_stuck():
            try:
                run_virtually(_Fuzzing(way, fuzz, seed).carry_out(wanted))
            except _StuckError:
                fuzz.hangs += 1
                break
        fuzz.seconds, seed = time.process_time() - begun_s, seed + 1
    return fuzz


class _StuckError(BaseException):
    """One message takes too long."""


@contextmanager
def _given_up_when_stuck() -> Iterator[None]:
    def give_up(*_: object) -> None:
        raise _StuckError

    before = signal.signal(signal.SIGVTALRM, give_up)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


class _Fuzzing:
    """One batch: a unit, a manager, and dice of its own."""

    def __init__(self, way: Way, fuzz: Fuzz, seed: int) -> None:
        self._fuzz, self._seed, self._rng = fuzz, seed, random.Random(seed)
        self._way, self._credentials = way, _credentials(way, seed)
        access = Access(credentials=self._credentials, may_write=True)
        self._responder = defective(virtual_unit("k1"), [access], self._rng)
        self._allowed = dict[str, set[Value | None]]()

    async def carry_out(self, replies: int) -> None:
        """Work until as many mutants as wanted have arrived in all batches together."""
        fuzz, loop = self._fuzz, asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, found: fuzz.crashes.append(str(found)[:300]))
        plans = await self._plans()
        self._allowed = _allowed(plans)
        chances = Chances(before=BEFORE[self._seed % len(BEFORE)])
        unit, wires = MutatingSocket(self._responder, self._mutants(), chances), self._wires()
        before, let_in = fuzz.replies, fuzz.let_in
        heard = _watched(wires, fuzz)
        while fuzz.replies < replies:
            wire = Witness(
                await wires.to("127.0.0.1", unit.port), self._responder, self._note_belief
            )
            await self._work(NtcipLink(SnmpSession("k1", wire, _PATIENCE)), plans)
            fuzz.unintended += _unintended(self._responder, self._allowed)
            fuzz.replies = before + heard[0] - unit.genuine
            fuzz.let_in = let_in + heard[0] - wires.refused
        unit.close()
        wires.close()

    def _wires(self) -> Wires:
        return Wires(self._credentials)

    async def _plans(self) -> list[UnitPlan]:
        """Read the unit's plans while nothing is wrong, and make others."""
        unit, wires = MutatingSocket(self._responder, None, Chances()), self._wires()
        link = NtcipLink(SnmpSession("k1", await wires.to("127.0.0.1", unit.port), _PATIENCE))
        own, former = await link.read_plan(1), await link.read_plan(SPARE)
        unit.close()
        wires.close()
        return [former, *(spare_plan(own, number) for number in range(1, 7))]

    def _mutants(self) -> Mutants:
        responder = self._responder
        if isinstance(self._credentials, V3) and self._way is Way.NETWORK:
            return Forger(responder, self._credentials.user).wrong
        if self._way is Way.SIGNED:
            return lambda request, _: responder.wrong_answer(request)

        def either(request: bytes, answer: bytes) -> bytes | None:
            if self._rng.random() < 1 / 2:
                return responder.wrong_answer(request)
            return responder.mutator.mutated(answer)

        return either

    def _note_belief(self, what: str) -> None:
        if self._way is Way.NETWORK:
            self._fuzz.believed.append(what)

    async def _work(self, link: NtcipLink, plans: list[UnitPlan]) -> None:
        fuzz, plan = self._fuzz, self._rng.choice(plans)
        await _bounded(fuzz, link.status())
        await _bounded(fuzz, link.probe())
        await _bounded(fuzz, link.dry_run(plan))
        receipt = await _bounded(fuzz, link.push(plan))
        if receipt is None:
            return
        self._note(receipt, plan)
        await _bounded(fuzz, link.settle(plan, receipt.former))
        await _bounded(fuzz, link.keep_control(SPARE))
        back = await _bounded(fuzz, link.rollback(receipt.former))
        if back is not None:
            self._note(back, plan)

    def _note(self, receipt: Receipt, plan: UnitPlan) -> None:
        self._fuzz.outcomes[receipt.outcome.name] += 1
        lie = _lie(self._responder, receipt, plan)
        if lie:
            self._fuzz.lies.append(lie)


def _credentials(way: Way, seed: int) -> Credentials:
    if way is Way.OPEN:
        return V2c(community=Secret("benchmark"))
    return _v3(seed)


def _v3(seed: int) -> V3:
    auth, priv = (Secret(f"made up for {use} {seed}") for use in ("signing", "ciphering"))
    return V3(user="benchmark", auth_key=auth, priv_key=priv)


def _watched(wires: Wires, fuzz: Fuzz) -> list[int]:
    """Note the work for each message that arrives; return a list that holds how many did."""
    dispatcher, heard = wires._engine.message_dispatcher, [0]
    receive: Callable[..., Any] = dispatcher.receive_message

    def timed(*arguments: Any) -> Any:  # noqa: ANN401 (the library's signature)
        heard[0] += 1
        signal.setitimer(signal.ITIMER_VIRTUAL, _STUCK_S)
        began_s = time.process_time()
        told = receive(*arguments)
        fuzz.longest_s = max(fuzz.longest_s, time.process_time() - began_s)
        return told

    dispatcher.receive_message = timed
    return heard


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


def _lie(responder: DefectiveResponder, receipt: Receipt, plan: UnitPlan) -> str:
    """Return in what a receipt and the unit's memory differ; nothing if they agree."""
    former = receipt.former
    if receipt.outcome is Outcome.RUNS:
        wanted = dict(_values_of(plan)) | {_COMMAND: SPARE}
    elif receipt.outcome in {Outcome.KEPT, Outcome.ROLLED_BACK}:
        wanted = _before(former)
    else:
        return ""
    unit = responder.unit
    held = {
        ".".join(map(str, slot.oid)): value
        for slot, value in zip(unit.schema.slots, unit.database.values, strict=True)
    }
    if receipt.reason:
        wanted = {oid: value for oid, value in wanted.items() if oid == _COMMAND}
    apart = [
        f"{objects.named(oid)} is {held.get(oid)!r}, not {value!r}"
        for oid, value in wanted.items()
        if held.get(oid) != value
    ]
    return f"{receipt.outcome.name}: {'; '.join(apart)}" if apart else ""


def _before(former: Former) -> dict[str, Value]:
    return dict(former.values) | {_COMMAND: former.system_pattern}


def _values_of(plan: UnitPlan) -> Iterator[tuple[str, Value]]:
    yield objects.PATTERN_CYCLE_TIME.at(SPARE), plan.cycle_s
    yield objects.PATTERN_OFFSET_TIME.at(SPARE), plan.offset_s
    for each in plan.splits:
        yield objects.SPLIT_TIME.at(SPARE, each.phase), each.split_s


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


def fuzz_poller(replies: int, longest_s: float, seed: int = SEED) -> Fuzz:
    """Mutate the replies to a poller; nothing that a unit did not sign may be believed.

    Parameters
    ----------
    replies
        Mutated replies to send.
    longest_s
        Time after which it ends, whatever was sent. [s]
    seed
        Of the dice.
    """
    return asyncio.run(_fuzz_poller(replies, longest_s, seed))


async def _fuzz_poller(replies: int, longest_s: float, seed: int) -> Fuzz:
    fuzz, begun_s = Fuzz(what="poller over v3"), time.process_time()
    credentials, rng = _v3(seed), random.Random(seed)
    access = Access(credentials=credentials, may_write=True)
    responder = defective(virtual_unit("k1"), [access], rng)
    mutator = responder.mutator
    target, polls = Target(unit="k1", address="127.0.0.1", port=161), list[Poll]()
    pipe = _Pipe()
    poller = Poller([target], credentials, _fixed, polls.append, rng)
    poller.connection_made(pipe)
    true_statuses = set[UnitStatus]()
    while fuzz.replies < replies and time.process_time() - begun_s < longest_s:
        poller.ask_all()
        while pipe.sent:
            reply = responder.answer(pipe.sent.pop(0)) or b"\x30\x00"
            for _ in range(POLLER_MUTANTS if true_statuses else 0):
                _fed(fuzz, poller, mutator.mutated(reply))
            _fed(fuzz, poller, reply)
        told = {poll.status for poll in polls if poll.status}
        true_statuses = true_statuses or told
        fuzz.believed += [str(status) for status in told - true_statuses]
        fuzz.replies, fuzz.operations = mutator.count, fuzz.operations + len(told)
        fuzz.unintended += _unintended(responder, {})
        polls.clear()
        await asyncio.sleep(0)
    fuzz.seconds, fuzz.let_in = time.process_time() - begun_s, fuzz.operations
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
