"""After a gate that died: look at every unit that it was writing to, and keep the truth."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from citybrain.engine.approval_desk import Desk
from citybrain.engine.gate import Fleet
from citybrain.engine.pushing import UnitResult
from citybrain.engine.pushing_records import (
    GATE,
    NOTHING,
    OPENED,
    Opening,
    note_receipt,
    opening_of,
    settle_states,
)
from citybrain.errors import CitybrainError
from citybrain.ports.controllers import (
    ControllerLink,
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
    push_of,
    raise_alarm,
    running,
    unfinished_pushes,
)
from citybrain.store.plans import plan_of


async def settle_unfinished(desk: Desk, fleet: Fleet) -> tuple[UnitResult, ...]:
    """Close what a dead gate left open in the units, and keep what each of them holds and runs.

    Parameters
    ----------
    desk
        Ledger and settings.
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
    openings = _left_open(desk, push)
    with desk.ledger.reading() as connection:
        kept = kept_plan(connection, push["plan_hash"])
        ran = running(connection)
    plan = plan_of(kept.text, f"plan {kept.hash[:12]}")
    plans = fleet.unit_plans(plan, ran, tuple(openings)) if openings else {}
    results = []
    async with fleet.links(tuple(openings)) as links:
        for unit, opening in openings.items():
            runs = Running(plan_hash=kept.hash, push_id=push["id"], pattern=plans[unit].pattern)
            results.append(await _settle_unit(desk, links[unit], plans[unit], (opening, runs)))
    touched = {kept.hash, *(opening.ran.plan_hash for opening in openings.values())} - {""}
    settle_states(desk, dict.fromkeys(touched, f"order {push['id'][:12]} was cut off"))
    if all(result.is_kept for result in results):
        with desk.ledger.writing(GATE) as writing:
            end_push(writing, push["id"], kept.hash)
    return results


def _left_open(desk: Desk, push: Mapping[str, Any]) -> dict[str, Opening]:
    """Return the units of a push that were opened and have no last receipt."""
    last = {receipt["unit"]: receipt["outcome"] for receipt in push["receipts"]}
    opened = sorted(unit for unit, outcome in last.items() if outcome == OPENED)
    found = {unit: opening_of(desk, unit, push["id"]) for unit in opened}
    return {unit: opening for unit, opening in found.items() if opening is not None}


async def _settle_unit(
    desk: Desk, link: ControllerLink, plan: UnitPlan, between: tuple[Opening, Running]
) -> UnitResult:
    """Look at one unit, which is between what it held and what was pushed."""
    opening, runs = between
    unit = opening.former.unit
    before = replace(opening.ran, pattern=opening.former.system_pattern)
    try:
        holding, status = await link.settle(plan, opening.former)
        receipt = _receipt(holding, status, plan, opening.former)
        if receipt is None:
            receipt = await link.rollback(opening.former)
    except CitybrainError as error:
        with desk.ledger.writing(GATE) as writing:
            raise_alarm(writing, unit, "unsettled", str(error))
        outcome = Outcome.UNKNOWN.name
        return UnitResult(unit=unit, outcome=outcome, reason=str(error), is_kept=False)
    reason = receipt.reason or f"the gate died in the push: {receipt.outcome.value}"
    now = {Outcome.RUNS: runs, Outcome.KEPT: before, Outcome.ROLLED_BACK: before}
    note_receipt(
        desk, runs.push_id, replace(receipt, reason=reason), now.get(receipt.outcome, NOTHING)
    )
    return UnitResult(unit=unit, outcome=receipt.outcome.name, reason=reason)


def _receipt(
    holding: Holding, status: UnitStatus, plan: UnitPlan, former: Former
) -> Receipt | None:
    """Return what is true of the unit, where that is a whole plan; none where it must go back."""
    if holding is Holding.PLAN and status.runs(plan.pattern):
        outcome = Outcome.RUNS
    elif holding is Holding.FORMER:
        outcome = Outcome.KEPT if status.pattern == former.pattern else Outcome.FALLBACK
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
