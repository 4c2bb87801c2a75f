"""After a gate that died: look at every unit that it was writing to, and keep the truth."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from citybrain.controllers.ntcip.proof import shows_former, wanted_after
from citybrain.engine.gate.fleet import Fleet
from citybrain.engine.gate.openings import OPENED, Opening, opening_of, order_of
from citybrain.engine.gate.pushing import UnitResult
from citybrain.engine.gate.records import (
    GATE,
    REFUSED,
    brought,
    known_of,
    known_to_run,
    left_waiting,
    note_receipt,
    settle_states,
)
from citybrain.engine.street.desk import Desk
from citybrain.engine.street.schedules import unit_schedules
from citybrain.errors import CitybrainError, InputError
from citybrain.model.audit import sha256_hex
from citybrain.model.statements import Act, Statement
from citybrain.ports.controllers import (
    ControllerLink,
    DaySchedule,
    Former,
    Holding,
    Outcome,
    Receipt,
    UnitPlan,
    UnitStatus,
)
from citybrain.store.ledger.plans import kept_plan
from citybrain.store.ledger.pushes import (
    Running,
    end_push,
    is_alarmed,
    is_written_since,
    push_of,
    raise_alarm,
    running,
    set_running,
    unfinished_pushes,
)
from citybrain.store.plans import plan_of

UNSETTLED = "unsettled"
"""Kind of the alarm about a unit of which nobody knows what it holds since a gate died."""


async def settle_unfinished(desk: Desk, fleet: Fleet) -> tuple[UnitResult, ...]:
    """Close what a dead gate left open in the units, and keep what each of them holds and runs.

    Parameters
    ----------
    desk
        The gate's, with its seal.
    fleet
        The units.

    Returns
    -------
    tuple of UnitResult
        One for each unit that was opened and had no last receipt.
    """
    with desk.ledger.reading() as connection:
        pushes = [push_of(connection, key) for key in unfinished_pushes(connection)]
    if not pushes:
        return ()
    results = [await _settle(desk, fleet, push) for push in pushes]
    return tuple(result for of_one in results for result in of_one)


async def _settle(desk: Desk, fleet: Fleet, push: Mapping[str, Any]) -> list[UnitResult]:
    results, touched = [], {push["plan_hash"]}
    for unit in _left_open(desk, push):
        try:
            order, opening = _order(desk, push), opening_of(desk, unit, push["id"])
        except CitybrainError as error:
            results.append(_unsettled(desk, unit, error))
            continue
        if opening is not None:
            results.append(await _settle_unit(desk, fleet, order, opening))
            touched.add(opening.ran.plan_hash)
    settle_states(desk, dict.fromkeys(touched - {""}, f"order {push['id'][:12]} was cut off"))
    if all(result.is_kept for result in results):
        with desk.ledger.writing(GATE) as writing:
            end_push(writing, push["id"], push["plan_hash"])
    return results


def _unsettled(
    desk: Desk, unit: str, error: CitybrainError, runs: Running | None = None
) -> UnitResult:
    """Tell that a unit stays open, and that its clock may still start what was written."""
    with desk.ledger.writing(GATE) as writing:
        if not is_alarmed(writing.connection, unit, UNSETTLED):
            raise_alarm(writing, unit, UNSETTLED, str(error))
        if runs is not None and runs.scheduled:
            set_running(writing, unit, runs)
    return UnitResult(unit=unit, outcome=Outcome.UNKNOWN.name, reason=str(error), is_kept=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Aim:
    """What a push was to bring to a unit: its plan, what starts it, what it runs then."""

    plan: UnitPlan
    schedule: DaySchedule | None
    runs: Running


def _aim(desk: Desk, fleet: Fleet, order: Statement, unit: str) -> _Aim:
    """Return what a unit was to run, as it was ordered."""
    key = order.plan_hash
    with desk.ledger.reading() as connection:
        plan = plan_of(kept_plan(connection, key).text, f"plan {key[:12]}")
        plans = fleet.unit_plans(plan, running(connection), (unit,))
    schedule = unit_schedules(order.schedule, plans, desk.street).get(unit)
    runs = brought(
        plans[unit],
        plan_hash=key,
        push_id=sha256_hex(order.text),
        is_scheduled=schedule is not None,
    )
    return _Aim(plan=plans[unit], schedule=schedule, runs=runs)


def _order(desk: Desk, push: Mapping[str, Any]) -> Statement:
    """Return the order that began a push.

    Raises
    ------
    InputError
        There is none of this kind about this plan.
    """
    order = order_of(desk, push["plan_hash"], push["id"])
    if order.act.value != push["kind"]:
        where, what = f"order {push['id'][:12]}", f"is no {push['kind']}"
        raise InputError(where, what, "run citybrain audit verify")
    return order


def _left_open(desk: Desk, push: Mapping[str, Any]) -> list[str]:
    """Return the units that were opened by a push, and have no other receipt of it.

    Whom a later order has written to is as that one left it.
    """
    closed = {receipt["unit"] for receipt in push["receipts"] if receipt["outcome"] != OPENED}
    opened = {receipt["unit"]: receipt["record"] for receipt in reversed(push["receipts"])}
    with desk.ledger.reading() as connection:
        return sorted(
            unit
            for unit, record in opened.items()
            if unit not in closed and not is_written_since(connection, unit, record, REFUSED)
        )


async def _settle_unit(desk: Desk, fleet: Fleet, order: Statement, opening: Opening) -> UnitResult:
    """Look at one unit, which is between what it held and what the order was to bring.

    What fails here leaves this unit open and no other: the next start looks at it again.
    """
    unit, aim = opening.former.unit, None
    try:
        if order.act is Act.PUSH:
            aim = _aim(desk, fleet, order, unit)
        async with fleet.links((unit,)) as links:
            receipt = await _settled(links[unit], aim, opening.former)
    except CitybrainError as error:
        return _unsettled(desk, unit, error, _now_running(desk, aim, opening, Outcome.UNKNOWN))
    reason = receipt.reason or f"the gate died in the {order.act.value}: {receipt.outcome.value}"
    runs = _now_running(desk, aim, opening, receipt.outcome)
    note_receipt(desk, sha256_hex(order.text), replace(receipt, reason=reason), runs)
    return UnitResult(unit=unit, outcome=receipt.outcome.name, reason=reason)


def _now_running(desk: Desk, aim: _Aim | None, opening: Opening, outcome: Outcome) -> Running:
    """Return what a unit is known to run, or what its own clock may start."""
    if aim is not None and outcome in {Outcome.RUNS, Outcome.SCHEDULED}:
        return aim.runs
    if outcome in {Outcome.KEPT, Outcome.ROLLED_BACK}:
        return known_to_run(opening.former, opening.ran)
    written = aim.runs if aim is not None else known_of(desk, opening.former.unit)
    return left_waiting(outcome, written, opening.ran)


async def _settled(link: ControllerLink, aim: _Aim | None, former: Former) -> Receipt:
    """Return what is true of the unit; where that is no whole plan it is brought back.

    Without an aim it was on its way back, by order, and goes on.
    """
    if aim is not None:
        holding, status = await link.settle(aim.plan, former, aim.schedule)
        receipt = _receipt(holding, status, aim, former)
        if receipt is not None:
            return receipt
    return await link.rollback(former)


def _receipt(holding: Holding, status: UnitStatus, aim: _Aim, former: Former) -> Receipt | None:
    """Return what is true of the unit, where that is a whole plan; none where it must go back."""
    wanted = wanted_after(aim.plan, aim.schedule, status)
    if holding is Holding.PLAN and wanted.holds(status):
        outcome = Outcome.RUNS if wanted.is_due else Outcome.SCHEDULED
    elif holding is Holding.FORMER and shows_former(status, former):
        outcome = Outcome.KEPT
    elif holding is Holding.FORMER and status.control != "SYSTEM_CONTROL":
        outcome = Outcome.FALLBACK
    else:
        return None
    return Receipt(
        unit=former.unit,
        outcome=outcome,
        reason="",
        changes=(),
        former=former,
        status=status,
        steps=(),
    )
