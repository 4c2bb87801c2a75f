"""Pushing a plan to many units at once: each unit's failure is its own."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from citybrain.engine.gate.alarms import note_unforeseen
from citybrain.engine.gate.openings import Opening, note_opening, opening_of
from citybrain.engine.gate.records import (
    REFUSED,
    brought,
    known_of,
    known_to_run,
    left_waiting,
    note_failure,
    note_receipt,
)
from citybrain.engine.gate.turns import Turn
from citybrain.engine.street.desk import Desk
from citybrain.errors import CitybrainError, UnsafePlanError, told_of
from citybrain.ports.controllers import (
    ControllerLink,
    DaySchedule,
    Former,
    Listener,
    Outcome,
    Receipt,
    Step,
    StepNote,
    UnitPlan,
)
from citybrain.store.ledger.pushes import Running
from citybrain.store.ledger.stops import present_stop

AT_ONCE = 10
"""Units that are read or written to side by side, unless the gate's settings say otherwise."""
_DONE = frozenset({Outcome.RUNS, Outcome.SCHEDULED})
_BACK = frozenset({Outcome.ROLLED_BACK})
_UNCHANGED = frozenset({Outcome.KEPT, Outcome.ROLLED_BACK})
_GOING_BACK = frozenset({Step.ABORT, Step.ROLL_BACK})
"""From these steps on nothing stops a unit, else it would stay half written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitResult:
    """What became of one unit.

    Parameters
    ----------
    unit
        Name of the unit.
    outcome
        Name of the outcome; ``REFUSED`` where the push did not begin.
    reason
        Why it is not as asked; empty if it is.
    is_kept
        Whether the ledger has it.
    """

    unit: str
    outcome: str
    reason: str
    is_kept: bool = True

    @property
    def is_done(self) -> bool:
        """Whether the unit is as it was asked to be, and the ledger knows."""
        return self.is_kept and self.outcome != REFUSED and not self.reason


class Told(Protocol):
    """Hears what happens to a unit: a step that begins, or the end."""

    def __call__(self, unit: str, what: str, result: UnitResult | None = None) -> None:
        """Take note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A push that is under way.

    Parameters
    ----------
    desk
        Ledger and settings.
    push_id
        SHA-256 of the signed order.
    plan_hash
        Plan of the ledger that is pushed or rolled back.
    told
        Hears what happens.
    schedules
        Unit → the day plan that is to start its plan; nothing for plans that are commanded.
    at_once
        Units that are written to side by side, and as many on their way back after a proof that
        failed; those that are only looked at until they run what they hold do not count.
    """

    desk: Desk
    push_id: str
    plan_hash: str
    told: Told
    schedules: Mapping[str, DaySchedule] = field(default_factory=dict)
    at_once: int = AT_ONCE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Aim:
    """What an order is to bring.

    Parameters
    ----------
    runs
        Unit → what it runs once the aim is reached.
    reached
        Outcomes with which it is.
    """

    runs: Mapping[str, Running]
    reached: frozenset[Outcome]

    def now_running(self, receipt: Receipt, ran: Running) -> Running:
        """Return what a unit is known to run after a receipt, and what it was known to before."""
        if receipt.outcome in self.reached:
            return self.runs[receipt.unit]
        if receipt.outcome in _UNCHANGED:
            return known_to_run(receipt.former, ran)
        aim = self.runs[receipt.unit]
        written, former = (ran, aim) if self.reached == _BACK else (aim, ran)
        return left_waiting(receipt.outcome, written, former)


def check_not_stopped(desk: Desk) -> None:
    """Raise while the kill switch is on, or while nobody can tell whether it is.

    Raises
    ------
    UnsafePlanError
        Names who stopped the pushes and why.
    """
    stop = present_stop(desk.ledger, desk.street.kill_file)
    if stop.is_on:
        who = f" by {stop.who}" if stop.who else ""
        msg = f"all pushes are stopped{who}: {stop.why or 'no reason given'}"
        raise UnsafePlanError(msg)


async def push_units(
    push: Push, plans: Mapping[str, UnitPlan], links: Mapping[str, ControllerLink]
) -> tuple[UnitResult, ...]:
    """Push a plan to every unit.

    Parameters
    ----------
    push
        The push.
    plans
        Unit → what it is to run.
    links
        Unit → link that may write.
    """

    async def one(unit: str, turn: Turn) -> Receipt:
        heard = _listener(push, turn)
        return await links[unit].push(plans[unit], push.schedules.get(unit), heard)

    runs = {
        unit: brought(
            plan,
            plan_hash=push.plan_hash,
            push_id=push.push_id,
            is_scheduled=unit in push.schedules,
        )
        for unit, plan in plans.items()
    }
    return await _each(push, one, _Aim(runs=runs, reached=_DONE))


async def roll_back_units(
    push: Push, openings: Mapping[str, Opening], links: Mapping[str, ControllerLink]
) -> tuple[UnitResult, ...]:
    """Bring every unit back to what it held before a plan was pushed.

    The ledger has where each unit goes back to before the first value is written there, so that
    a gate that dies on the way can go on when it starts anew.

    Parameters
    ----------
    push
        The roll-back.
    openings
        Unit → what it held.
    links
        Unit → link that may write.
    """

    async def one(unit: str, turn: Turn) -> Receipt:
        note_opening(push.desk, push.push_id, openings[unit])
        return await links[unit].rollback(openings[unit].former, _listener(push, turn))

    runs = {unit: known_to_run(opening.former, opening.ran) for unit, opening in openings.items()}
    return await _each(push, one, _Aim(runs=runs, reached=_BACK))


async def _each(
    push: Push, one: Callable[[str, Turn], Awaitable[Receipt]], aim: _Aim
) -> tuple[UnitResult, ...]:
    there, back = asyncio.Semaphore(push.at_once), asyncio.Semaphore(push.at_once)

    async def kept(unit: str) -> UnitResult:
        async with Turn(there, back) as turn:
            result = await _kept(push, unit, lambda unit: one(unit, turn), aim)
        with suppress(Exception):  # who no longer hears of one unit ends no other's push
            push.told(unit, result.outcome, result)
        return result

    return tuple(await asyncio.gather(*(kept(unit) for unit in sorted(aim.runs))))


async def _kept(
    push: Push, unit: str, one: Callable[[str], Awaitable[Receipt]], aim: _Aim
) -> UnitResult:
    """Serve one unit, and keep what became of it."""
    try:
        check_not_stopped(push.desk)
        receipt = await one(unit)
    except CitybrainError as error:
        return _refused(push, unit, str(error))
    except Exception as error:
        return _broken(push, unit, error, aim)
    result = UnitResult(unit=unit, outcome=receipt.outcome.name, reason=receipt.reason)
    return _noted(result, lambda: _note_end(push, receipt, aim))


def _broken(push: Push, unit: str, fault: Exception, aim: _Aim) -> UnitResult:
    """Keep that a unit's order ended for a reason that nobody foresaw.

    If it was opened for writing, nobody knows what it holds.
    """
    result = UnitResult(unit=unit, outcome=Outcome.UNKNOWN.name, reason=told_of(fault))
    try:
        opening = opening_of(push.desk, unit, push.push_id)
        if opening is None:
            note_unforeseen(push.desk, unit, fault, "nothing was written to the unit")
            return _refused(push, unit, result.reason)
    except Exception as error:
        return _unkept(result, error)
    receipt = _unknown(opening.former, result.reason)
    return _noted(result, lambda: _note_end(push, receipt, aim))


def _refused(push: Push, unit: str, reason: str) -> UnitResult:
    """Keep that nothing was written to a unit."""
    result = UnitResult(unit=unit, outcome=REFUSED, reason=reason)
    return _noted(result, lambda: note_failure(push.desk, push.push_id, unit, reason))


def _unknown(former: Former, reason: str) -> Receipt:
    return Receipt(
        unit=former.unit,
        outcome=Outcome.UNKNOWN,
        reason=reason,
        changes=(),
        former=former,
        status=None,
        steps=(),
    )


def _note_end(push: Push, receipt: Receipt, aim: _Aim) -> None:
    ran = known_of(push.desk, receipt.unit)
    note_receipt(push.desk, push.push_id, receipt, aim.now_running(receipt, ran))


def _noted(result: UnitResult, note: Callable[[], None]) -> UnitResult:
    """Keep a result; a ledger that fails now is told, and the other units go on."""
    try:
        note()
    except Exception as error:
        return _unkept(result, error)
    return result


def _unkept(result: UnitResult, error: Exception) -> UnitResult:
    reason = f"{result.reason or 'done'}; but the ledger does not keep it: {told_of(error)}"
    return replace(result, reason=reason, is_kept=False)


def _listener(push: Push, turn: Turn) -> Listener:
    """Return what hears each step: the kill switch, the ledger before the first write, the turn."""
    is_going_back = is_opened = False

    def heard(note: StepNote) -> Awaitable[None] | None:
        nonlocal is_going_back, is_opened
        is_going_back = is_going_back or note.step in _GOING_BACK
        if not is_going_back:
            check_not_stopped(push.desk)
            if note.former is not None and not is_opened:
                ran = known_of(push.desk, note.unit)
                note_opening(push.desk, push.push_id, Opening(former=note.former, ran=ran))
                is_opened = True
        if note.step is Step.PROVE:
            turn.end()
        push.told(note.unit, note.step.value)
        return turn.go_back() if note.step is Step.ABORT and turn.is_over else None

    return heard
