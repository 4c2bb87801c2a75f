"""Load on the manager: verified pushes one after another and to many units, and steady polling."""

import asyncio
import time
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path

from benchmarks._virtual_time import run_virtually
from benchmarks._virtual_units import made_up, serving, spare_plan, virtual_unit
from citybrain.controllers.ntcip.link import NtcipLink
from citybrain.controllers.ntcip.patience import Patience
from citybrain.controllers.ntcip.secrets import V3
from citybrain.controllers.ntcip.session import SnmpSession
from citybrain.controllers.ntcip.wire import Wires
from citybrain.controllers.polling.poller import Poll, Poller, Target
from citybrain.controllers.virtual.agent import Agent
from citybrain.controllers.virtual.responder import Access, Responder
from citybrain.engine.gate.pushing import AT_ONCE
from citybrain.ports.controllers import ControllerError, Outcome, Step, UnitPlan

WARM_UP_S = 5.0
"""Polling until every unit was met, which is not measured. [s]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushes:
    """Verified pushes.

    Parameters
    ----------
    verified_s
        From the first question to values that are stored, read back, compared and commanded, of
        each push that ended with the plan running. [s]
    proven_s
        The same until the unit was seen to run the plan; it may wait for its coordinated green
        and get into step first, which is the unit's own time. [s]
    others
        How the others ended.
    broken
        How those ended that were broken on purpose.
    wall_s
        All of them together. [s]
    work_s, units_work_s
        Processor time of the manager for them, and of the units where they are apart. [s]
    """

    verified_s: tuple[float, ...]
    proven_s: tuple[float, ...]
    others: dict[str, int] = field(default_factory=dict)
    broken: dict[str, int] = field(default_factory=dict)
    wall_s: float = 0.0
    work_s: float = 0.0
    units_work_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Polling:
    """Steady polling.

    Parameters
    ----------
    units, seconds
        How many units, for how long. [-, s]
    answered, missed
        Polls with an answer; turns without one, lost or late.
    p50_s, p99_s
        From question to answer. [s]
    cores
        Processor time of the poller per second.
    growth_mb
        Growth of its memory. [MB]
    """

    units: int
    seconds: float
    answered: int
    missed: int
    p50_s: float
    p99_s: float
    cores: float
    growth_mb: float

    @property
    def loss(self) -> float:
        """Share of turns without an answer of their own."""
        return self.missed / max(1, self.answered + self.missed)

    @property
    def rate(self) -> float:
        """Answers per second."""
        return self.answered / self.seconds


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of all do not exceed; infinite if there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("inf")


def measure_pushes(count: int) -> Pushes:
    """Push one plan after another to one coordinated unit.

    Parameters
    ----------
    count
        How many.
    """
    credentials = made_up()
    with serving(1, credentials) as ports:
        return asyncio.run(_one_by_one(ports[0], credentials, count))


def measure_virtual_fleet(units: int) -> Pushes:
    """Push one plan to each of many units in virtual time, units and manager in one process.

    What it takes is then the units' own time: waits for a coordinated green, getting into step,
    pauses between looks.  The processor time is that of manager and units together.

    Parameters
    ----------
    units
        How many.
    """
    return run_virtually(_to_all_virtually(units))


def measure_polling(units: int, seconds: float) -> Polling:
    """Poll units once a second.

    Parameters
    ----------
    units
        How many; they run in a process of their own.
    seconds
        For how long, after the warm-up. [s]
    """
    credentials = made_up()
    with serving(units, credentials) as ports:
        return asyncio.run(_poll(ports, credentials, seconds))


async def _one_by_one(port: int, credentials: V3, count: int) -> Pushes:
    wires = Wires(credentials)
    link = await _linked(wires, port)
    own = await link.read_plan(1)
    await link.push(spare_plan(own, 0))
    begun_s, work_s = _loop_s(), time.process_time()
    ended = [await _timed(link, spare_plan(own, number)) for number in range(1, count + 1)]
    wires.close()
    return _pushes(ended, _loop_s() - begun_s, time.process_time() - work_s)


async def _to_all_virtually(units: int) -> Pushes:
    credentials, began_s = made_up(), time.time()
    agent = Agent(lambda: began_s + _loop_s())
    access = Access(credentials=credentials, may_write=True)
    responders = [Responder(virtual_unit(f"u{index}"), [access]) for index in range(units)]
    ports = [agent.add(each, "127.0.0.1", 0) for each in responders]
    running = asyncio.create_task(agent.run())
    try:
        return await _to_all(ports, credentials)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        agent.close()


async def _to_all(ports: Sequence[int], credentials: V3) -> Pushes:
    wires, gate = Wires(credentials), asyncio.Semaphore(AT_ONCE)
    links = [await _linked(wires, port) for port in ports]
    own = await links[0].read_plan(1)

    async def one(link: NtcipLink, number: int) -> _Ended:
        async with gate:
            return await _timed(link, spare_plan(own, number))

    await asyncio.gather(*(one(link, 0) for link in links))
    begun_s, work_s = _loop_s(), time.process_time()
    ended = await asyncio.gather(*(one(link, number) for number, link in enumerate(links, 1)))
    wires.close()
    return _pushes(ended, _loop_s() - begun_s, time.process_time() - work_s)


def _loop_s() -> float:
    return asyncio.get_running_loop().time()


def _loop_clock() -> datetime:
    return datetime.fromtimestamp(_loop_s(), UTC)


async def _linked(wires: Wires, port: int) -> NtcipLink:
    wire = await wires.to("127.0.0.1", port)
    return NtcipLink(SnmpSession(f"u{port}", wire, Patience(timeout_s=2.0)), _loop_clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """How one push ended, and how long it took until verified and until proven. [s]."""

    outcome: str
    verified_s: float
    proven_s: float


async def _timed(link: NtcipLink, plan: UnitPlan) -> _Ended:
    begun_s = _loop_s()
    try:
        receipt = await link.push(plan)
    except ControllerError as error:
        return _Ended(outcome=type(error).__name__, verified_s=0.0, proven_s=0.0)
    proven_s = _loop_s() - begun_s
    at = {note.step: note.at for note in receipt.steps}
    verified_s = (at.get(Step.PROVE, at[Step.READ]) - at[Step.READ]).total_seconds()
    return _Ended(outcome=receipt.outcome.name, verified_s=verified_s, proven_s=proven_s)


def _pushes(ended: Sequence[_Ended], wall_s: float, work_s: float) -> Pushes:
    good = [each for each in ended if each.outcome == Outcome.RUNS.name]
    others = Counter(each.outcome for each in ended if each.outcome != Outcome.RUNS.name)
    return Pushes(
        verified_s=tuple(each.verified_s for each in good),
        proven_s=tuple(each.proven_s for each in good),
        others=dict(others),
        wall_s=wall_s,
        work_s=work_s,
    )


async def _poll(ports: Sequence[int], credentials: V3, seconds: float) -> Polling:
    targets = [Target(unit=f"u{port}", address="127.0.0.1", port=port) for port in ports]
    polls, end = list[Poll](), asyncio.Event()
    poller = Poller(targets, credentials, lambda: datetime.now(UTC), polls.append)
    running = asyncio.create_task(poller.run(1.0, end))
    await asyncio.sleep(WARM_UP_S)
    polls.clear()
    poller.skipped = 0
    # written once before memory is looked at, so that what is measured takes no more of it
    kept_s, answered, lost = array("d", repeat(0.0, int(len(ports) * (seconds + 60.0)))), 0, 0
    memory_mb, busy_s, begun_s = _memory_mb(), time.process_time(), time.monotonic()
    while (passed_s := time.monotonic() - begun_s) < seconds:
        await asyncio.sleep(min(1.0, seconds - passed_s))
        for poll in polls:
            if poll.status is None:
                lost += 1
            else:
                kept_s[answered] = poll.took_s
                answered += 1
        polls.clear()
    growth_mb = _memory_mb() - memory_mb
    busy_s = time.process_time() - busy_s
    end.set()
    await running
    took_s = kept_s[:answered]
    return Polling(
        units=len(ports),
        seconds=passed_s,
        answered=answered,
        missed=lost + poller.skipped,
        p50_s=quantile(took_s, 0.5),
        p99_s=quantile(took_s, 0.99),
        cores=busy_s / passed_s,
        growth_mb=growth_mb,
    )


def _memory_mb() -> float:
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
