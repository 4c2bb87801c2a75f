"""Mutated replies to the manager: no crash, no hang, no SET that was not meant.

Everything runs in virtual time over sockets of loopback: the manager is the one that works on the
street, its waits pass at once.
"""

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any, TypeVar

from benchmarks._forged_replies import Forger, Witness
from benchmarks._fuzz_tally import Fuzz, unintended
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
from citybrain.controllers.virtual.responder import Access
from citybrain.ports.controllers import (
    ControllerError,
    Former,
    Outcome,
    Receipt,
    UnitPlan,
)

Result = TypeVar("Result")
SEED = 20
BATCH = 5_000
"""Mutants that one engine of the manager meets; then another seed, another engine."""
BEFORE = (0.05, 0.15, 0.5)
"""Share of replies that their mutants come before; one of these for each batch. [0-1]"""
HANG_S = 3600.0
"""An operation that takes longer hangs; in virtual time. [s]"""
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
            fuzz.unintended += unintended(self._responder, self._allowed)
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
    return credentials_v3(seed)


def credentials_v3(seed: int) -> V3:
    """Return credentials that a seed decides."""
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
    return {**dict(former.values), _COMMAND: former.system_pattern}


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
        splits_s: set[Value | None] = {0} if phase > 8 else set()
        splits_s |= {each.split_s for plan in plans for each in plan.splits if each.phase == phase}
        allowed[objects.SPLIT_TIME.at(SPARE, phase)] = splits_s
    return allowed
