"""Mutated replies to the poller, which nothing but a unit's own signature may convince."""

import asyncio
import random
import time
from datetime import UTC, datetime

from benchmarks._fuzz_tally import Fuzz, unintended
from benchmarks._manager_fuzz import SEED, credentials_v3
from benchmarks._mutated_replies import defective
from benchmarks._virtual_units import virtual_unit
from citybrain.controllers.polling.poller import Place, Poll, Poller, Target
from citybrain.controllers.virtual.responder import Access
from citybrain.ports.controllers import UnitStatus

POLLER_MUTANTS = 100
"""Mutants that follow each reply; there are no retries to wait for."""


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
    credentials, rng = credentials_v3(seed), random.Random(seed)
    access = Access(credentials=credentials, may_write=True)
    responder = defective(virtual_unit("k1"), [access], rng)
    mutator = responder.mutator
    target, polls = Target(unit="k1", address="127.0.0.1", port=161), list[Poll]()
    pipe = _Pipe()
    poller = Poller([target], credentials, _fixed, polls.append, rng)
    poller.send_over(pipe)
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
        fuzz.unintended += unintended(responder, {})
        polls.clear()
        await asyncio.sleep(0)
    fuzz.seconds, fuzz.let_in = time.process_time() - begun_s, fuzz.operations
    return fuzz


class _Pipe:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def sendto(self, data: bytes, _place: Place) -> None:
        self.sent.append(data)


def _fixed() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


def _fed(fuzz: Fuzz, poller: Poller, data: bytes) -> None:
    try:
        poller.take(data, ("127.0.0.1", 161), asyncio.get_running_loop().time())
    except Exception as error:
        fuzz.crashes.append(f"{type(error).__name__}: {error}")
