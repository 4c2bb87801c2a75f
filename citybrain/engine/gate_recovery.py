"""After a gate that died: look at every unit that it was writing to, and keep the truth."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from citybrain.controllers.ntcip.proof import shows_former, wanted_after
from citybrain.engine.approval_desk import Desk, proposed_schedule
from citybrain.engine.gate import Fleet
from citybrain.engine.pushing import UnitResult
from citybrain.engine.pushing_records import (
    GATE,
    NOTHING,
    OPENED,
    Opening,
    brought,
    known_to_run,
    note_receipt,
    opening_of,
    settle_states,
)
from citybrain.engine.pushing_schedules import unit_schedules
from citybrain.errors import CitybrainError
from citybrain.model.approval import Act
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
    openings, key = _left_open(desk, push), push["plan_hash"]
    is_push = push["kind"] == Act.PUSH.value
    aims = _aims(desk, fleet, push, tuple(openings)) if is_push and openings else {}
    results = []
    async with fleet.links(tuple(openings)) as links:
        for unit, opening in openings.items():
            link, aim = links[unit], aims.get(unit)
            results.append(await _settle_unit(desk, push, link, aim, opening))
    touched = {key, *(opening.ran.plan_hash for opening in openings.values())} - {""}
    settle_states(desk, dict.fromkeys(touched, f"order {push['id'][:12]} was cut off"))
    if all(result.is_kept for result in results):
        with desk.ledger.writing(GATE) as writing:
            end_push(writing, push["id"], key)
    return results


@dataclass(frozen=True, slots=True, kw_only=True)
class _Aim:
    """What a push was to bring to a unit: its plan, what starts it, what it runs then."""

    plan: UnitPlan
    schedule: DaySchedule | None
    runs: Running


def _aims(
    desk: Desk, fleet: Fleet, push: Mapping[str, Any], units: tuple[str, ...]
) -> dict[str, _Aim]:
    """Return what the units were to run."""
    key = push["plan_hash"]
    with desk.ledger.reading() as connection:
        kept = kept_plan(connection, key)
        plan = plan_of(kept.text, f"plan {key[:12]}")
        plans = fleet.unit_plans(plan, running(connection), units)
    schedules = unit_schedules(proposed_schedule(kept), plans, desk.street)
    return {
        unit: _Aim(
            plan=plan,
            schedule=schedules.get(unit),
            runs=brought(plan, plan_hash=key, push_id=push["id"], is_scheduled=unit in schedules),
        )
        for unit, plan in plans.items()
    }


def _left_open(desk: Desk, push: Mapping[str, Any]) -> dict[str, Opening]:
    """Return the units of a push that were opened and have no last receipt."""
    last = {receipt["unit"]: receipt["outcome"] for receipt in push["receipts"]}
    opened = sorted(unit for unit, outcome in last.items() if outcome == OPENED)
    found = {unit: opening_of(desk, unit, push["id"]) for unit in opened}
    return {unit: opening for unit, opening in found.items() if opening is not None}


async def _settle_unit(
    desk: Desk,
    push: Mapping[str, Any],
    link: ControllerLink,
    aim: _Aim | None,
    opening: Opening,
) -> UnitResult:
    """Look at one unit, which is between what it held and what the order was to bring."""
    unit = opening.former.unit
    try:
        receipt = await _settled(link, aim, opening.former)
    except CitybrainError as error:
        with desk.ledger.writing(GATE) as writing:
            raise_alarm(writing, unit, "unsettled", str(error))
        outcome = Outcome.UNKNOWN.name
        return UnitResult(unit=unit, outcome=outcome, reason=str(error), is_kept=False)
    reason = receipt.reason or f"the gate died in the {push['kind']}: {receipt.outcome.value}"
    runs = NOTHING
    if aim is not None and receipt.outcome in {Outcome.RUNS, Outcome.SCHEDULED}:
        runs = aim.runs
    elif receipt.outcome in {Outcome.KEPT, Outcome.ROLLED_BACK}:
        runs = known_to_run(opening.former, opening.ran)
    note_receipt(desk, push["id"], replace(receipt, reason=reason), runs)
    return UnitResult(unit=unit, outcome=receipt.outcome.name, reason=reason)


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
