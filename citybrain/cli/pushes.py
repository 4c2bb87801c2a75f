"""The commands ``plan push`` and ``plan rollback``: shown first, done by the gate."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from citybrain.cli.console import OUTPUT, Stages, print_json
from citybrain.cli.controllers import asked, named
from citybrain.cli.escaping import visible
from citybrain.cli.push_display import Course, print_results
from citybrain.cli.street import SHORT, signing_key
from citybrain.engine.approval.checks import check_approved, check_may_return
from citybrain.engine.approval.reference_plans import reference_plans
from citybrain.engine.gate.client import send
from citybrain.engine.gate.openings import opening_of
from citybrain.engine.gate.pushing import UnitResult, check_not_stopped
from citybrain.engine.gate.records import plain
from citybrain.engine.street.desk import (
    Desk,
    find_plan,
    open_desk,
    proposed_schedule,
    signed_by,
)
from citybrain.engine.street.rules import StreetRules, open_rules
from citybrain.engine.street.schedules import check_replaceable, unit_schedules
from citybrain.engine.street.settings import read_street
from citybrain.errors import CitybrainError, InputError, UnsafePlanError
from citybrain.model.statements import Act, Signed, read_statement
from citybrain.ports.controllers import ControllerReader, DaySchedule, DryRun, UnitPlan
from citybrain.store.ledger.plans import KeptPlan
from citybrain.store.ledger.pushes import running
from citybrain.store.plans import plan_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Options of both commands."""

    plan: str
    units: str | None
    key: Path | None
    comment: str
    street: Path
    is_json: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Units that are named; nothing for all."""
        return named(self.units)


def dry_run(request: Request) -> int:
    """Print the exact objects and values that a push would change; nothing is written."""
    with open_desk(read_street(request.street)) as desk:
        rules = open_rules(desk.street)
        kept = find_plan(desk, request.plan)
        plan = plan_of(kept.text, f"plan {kept.hash[:SHORT]}")
        rules.check(plan)
        hindrance = _hindrance(desk, kept, rules)
        with desk.ledger.reading() as connection:
            runs = running(connection)
        plans = rules.unit_plans(plan, runs, request.names)
        schedules = unit_schedules(proposed_schedule(kept), plans, desk.street)
        check_replaceable(schedules, {unit: runs[unit] for unit in plans if unit in runs})
    found = _looked(rules, plans, schedules)
    stuck = sorted(unit for unit, one in found.items() if not _may_go(one))
    if request.is_json:
        print_json({"plan": kept.hash, "hindrance": hindrance, "units": _content(found)})
    else:
        _print_dry_run(found)
        OUTPUT.print(f"nothing was written; {_what_follows(hindrance, stuck)}")
    return 1 if hindrance or stuck else 0


def push(request: Request) -> int:
    """Have the gate push a plan."""
    return _ordered(request, Act.PUSH)


def roll_back(request: Request) -> int:
    """Have the gate bring units back to what they held before a plan."""
    return _ordered(request, Act.ROLL_BACK)


def show_former(request: Request) -> int:
    """Print what the units that run a plan would go back to."""
    with open_desk(read_street(request.street)) as desk:
        kept = find_plan(desk, request.plan)
        with desk.ledger.reading() as connection:
            rows = running(connection).items()
        runs = {unit: row.push_id for unit, row in rows if row.plan_hash == kept.hash}
        openings = {unit: opening_of(desk, unit, key) for unit, key in runs.items()}
        found = {unit: opening for unit, opening in openings.items() if opening is not None}
        if request.names:
            found = dict(_named(found, request.names))
        hindrance = _hindrance_of_return(desk, {u: one.ran.plan_hash for u, one in found.items()})
    code = 0 if found and not hindrance else 1
    if request.is_json:
        units = {unit: plain(opening) for unit, opening in found.items()}
        print_json({"plan": kept.hash, "hindrance": hindrance, "units": units})
        return code
    for unit, opening in sorted(found.items()):
        former = opening.former
        what = opening.ran.plan_hash[:SHORT] or "what it held before citybrain"
        OUTPUT.print(f"{unit:<12} back to pattern {former.pattern}, {what}")
    follows = f"the gate would refuse: {hindrance}" if hindrance else "--really has the gate do it"
    OUTPUT.print(f"nothing was written; {follows}" if found else "no unit runs this plan")
    return code


def _ordered(request: Request, act: Act) -> int:
    if request.key is None:
        where = "plan push" if act is Act.PUSH else "plan rollback"
        raise InputError(where, "needs your key to be done", "add --key and --comment")
    key = signing_key(request.key)
    with open_desk(read_street(request.street)) as desk:
        kept = find_plan(desk, request.plan)
        order = signed_by(desk, key, act, kept, (request.comment, request.names))
        socket = desk.street.gate_socket
        count = len(request.names) or _count(desk, act, kept)
    with Stages() as stages:
        stages.begin(act.value, visible(kept.name))
        results = _sent(socket, order, Course(count, stages))
    if request.is_json:
        print_json({"units": [asdict(result) for result in results]})
    else:
        print_results(results)
    return 0 if all(result.is_done for result in results) else 1


def _sent(socket: Path, order: Signed, course: Course) -> tuple[UnitResult, ...]:
    """Send an order; an interruption ends the waiting for it, not what the gate does."""
    is_sent = False

    def sent() -> None:
        nonlocal is_sent
        is_sent = True

    try:
        return send(socket, order, course.hear, sent)
    except KeyboardInterrupt:
        if not is_sent:
            raise
        key = read_statement(order.statement).plan_hash[:SHORT]
        where, what = f"plan {key}", "interrupted here, but the gate goes on with its order"
        mend = f"see how it ended with citybrain plan history {key}"
        raise InputError(where, what, mend) from None


def _count(desk: Desk, act: Act, kept: KeptPlan) -> int:
    """Return how many units an order is about: those of the plan, or those that run it."""
    if act is Act.PUSH:
        return len(plan_of(kept.text, kept.name).patterns)
    with desk.ledger.reading() as connection:
        return sum(row.plan_hash == kept.hash for row in running(connection).values())


def _hindrance(desk: Desk, kept: KeptPlan, rules: StreetRules) -> str:
    """Return why the gate would refuse the plan now; empty if it would not."""
    try:
        check_not_stopped(desk)
        check_approved(desk, kept, lambda: rules.with_running(reference_plans(desk)))
    except UnsafePlanError as refusal:
        return str(refusal)
    return ""


def _hindrance_of_return(desk: Desk, former: Mapping[str, str]) -> str:
    """Return why the gate would not bring units back to their former plans; empty if it would."""
    try:
        check_not_stopped(desk)
        check_may_return(desk, former)
    except UnsafePlanError as refusal:
        return str(refusal)
    return ""


def _looked(
    rules: StreetRules, plans: Mapping[str, UnitPlan], schedules: Mapping[str, DaySchedule]
) -> dict[str, DryRun | CitybrainError]:
    async def look(reader: ControllerReader) -> DryRun:
        return await reader.dry_run(plans[reader.unit], schedules.get(reader.unit))

    return asked(rules.settings, tuple(plans), look, "reading")


def _named(found: Mapping[str, Any], names: tuple[str, ...]) -> Mapping[str, Any]:
    if unknown := sorted(set(names) - set(found)):
        known = ", ".join(sorted(found)) or "none"
        where = f"unit {unknown[0]}"
        raise InputError(where, "has no part in this plan", f"choose among {known}")
    return {name: found[name] for name in names} if names else found


def _may_go(found: DryRun | CitybrainError) -> bool:
    return isinstance(found, DryRun) and not found.differences and not found.obstacles


def _what_follows(hindrance: str, stuck: Sequence[str]) -> str:
    """Return what would become of an order now: refused, not for some units, or carried out."""
    if hindrance:
        return f"the gate would refuse: {hindrance}"
    if stuck:
        return f"the gate would not push it to {', '.join(stuck)}"
    return "--really has the gate push it"


def _content(found: Mapping[str, DryRun | CitybrainError]) -> dict[str, object]:
    return {
        unit: {"error": str(one)} if isinstance(one, CitybrainError) else plain(one)
        for unit, one in found.items()
    }


def _print_dry_run(found: Mapping[str, DryRun | CitybrainError]) -> None:
    for unit, one in sorted(found.items()):
        if isinstance(one, CitybrainError):
            OUTPUT.print(f"{unit}: {one}")
            continue
        OUTPUT.print(f"{unit}: {len(one.changes)} values would change")
        for change in one.changes:
            line = f"  {change.object_name:<32} {change.old:>6} → {change.new}"
            OUTPUT.print(line)
        for change in one.differences:
            line = f"  {change.object_name} is {change.old}, proven with {change.new}"
            OUTPUT.print(f"{line}: stops the push")
        for obstacle in one.obstacles:
            OUTPUT.print(f"  stops the push: {obstacle}")
