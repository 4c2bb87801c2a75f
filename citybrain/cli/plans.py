"""The commands ``plan propose``, ``approve``, ``reject`` and ``history``."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from citybrain.cli.alarms import told
from citybrain.cli.console import OUTPUT, print_json
from citybrain.cli.escaping import visible
from citybrain.cli.street import SHORT, plan_content, print_plan, print_times, signing_desk
from citybrain.cli.street_options import Signer
from citybrain.cli.verdicts import print_verdict
from citybrain.engine.approval.acts import (
    Proposal,
    approve,
    approve_automatically,
    check_plan_name,
    propose,
    reject,
)
from citybrain.engine.approval.reference_plans import reference_plans
from citybrain.engine.street.desk import Desk, find_plan, open_desk
from citybrain.engine.street.rules import UNKNOWN, open_checkers, open_rules
from citybrain.engine.street.settings import read_street
from citybrain.model.schedule import read_schedule
from citybrain.model.statements import read_statement
from citybrain.store.ledger.audit import read_audit
from citybrain.store.ledger.plans import KeptPlan, all_plans
from citybrain.store.ledger.pushes import open_alarms, pushes_of, running
from citybrain.store.plans import read_plan
from citybrain.store.verdicts import read_verdict, verdict_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Propose:
    """Options of ``plan propose``."""

    signer: Signer
    plan: Path
    verdict: Path | None
    is_automatic: bool
    schedule: str


def run_propose(request: Propose) -> int:
    """Bring a plan to the desk; both checkers look at it first."""
    plan = read_plan(request.plan)
    check_plan_name(plan.name, request.plan)
    verdict = read_verdict(request.verdict) if request.verdict else None
    with signing_desk(request.signer) as (desk, key):
        open_checkers(desk.street).check(plan)
        reference = UNKNOWN
        if request.is_automatic:
            reference = open_rules(desk.street).with_running(reference_plans(desk))
        words = read_schedule(request.schedule).words if request.schedule else ""
        proposal = Proposal(plan=plan, verdict=verdict, reference=reference, schedule=words)
        kept = propose(desk, proposal, key, request.signer.comment)
        if request.is_automatic:
            kept = approve_automatically(desk, proposal, key, request.signer.comment)
    print_plan(kept, is_json=request.signer.is_json)
    return 0


def run_approve(signer: Signer, plan: str) -> int:
    """Sign an approval; what is signed is shown first."""
    with signing_desk(signer) as (desk, key):
        if not signer.is_json:
            found = find_plan(desk, plan)
            print_times(found)
            _print_evidence(found)
        print_plan(approve(desk, plan, key, signer.comment), is_json=signer.is_json)
    return 0


def _print_evidence(plan: KeptPlan) -> None:
    """Print what a plan was proven to do."""
    if plan.verdict:
        verdict = verdict_of(plan.verdict, f"verdict of {plan.hash[:SHORT]}")
        scenario, running_plan = visible(verdict.scenario), visible(verdict.running_plan)
        OUTPUT.print(f"proof     in {scenario}, against {running_plan}")
        print_verdict(verdict)


def run_reject(signer: Signer, plan: str) -> int:
    """Sign a rejection."""
    with signing_desk(signer) as (desk, key):
        print_plan(reject(desk, plan, key, signer.comment), is_json=signer.is_json)
    return 0


def run_history(street: Path, plan: str | None, *, is_json: bool) -> int:
    """Print all plans and what runs where, or everything that became of one plan."""
    with open_desk(read_street(street)) as desk:
        if plan is None:
            return _all(desk, is_json=is_json)
        return _one(desk, find_plan(desk, plan), is_json=is_json)


def _all(desk: Desk, *, is_json: bool) -> int:
    with desk.ledger.reading() as connection:
        plans = all_plans(connection)
        where = {unit: row.plan_hash for unit, row in running(connection).items()}
        alarms = open_alarms(connection)
    if is_json:
        content = [plan_content(plan) for plan in plans]
        print_json({"plans": content, "running": where, "alarms": alarms})
        return 0
    for plan in plans:
        units = ", ".join(unit for unit, key in where.items() if key == plan.hash)
        line = f"{plan.hash[:SHORT]}  {plan.state.value:<9} {visible(plan.name):<20} {units}"
        OUTPUT.print(line)
    for alarm in alarms:
        OUTPUT.print(told(alarm))
    return 0


def _one(desk: Desk, plan: KeptPlan, *, is_json: bool) -> int:
    with desk.ledger.reading() as connection:
        pushes = pushes_of(connection, plan.hash)
    statements = [read_statement(signed.statement) for signed in plan.signed]
    log = read_audit(desk.ledger, subject=plan.hash)
    if is_json:
        said = [
            {"act": s.act.value, "person": s.person, "comment": s.comment, "at": s.at}
            for s in statements
        ]
        print_json({**plan_content(plan), "statements": said, "pushes": pushes})
        return 0
    print_plan(plan, is_json=False)
    _print_evidence(plan)
    for statement in statements:
        line = f"{statement.at[:19]}Z  {statement.person}: {statement.act.value}"
        OUTPUT.print(f"  {line}: {visible(statement.comment)}")
    for record in log:
        OUTPUT.print(f"  {record.at[:19]}Z  record {record.number}: {visible(record.what)}")
    for push in pushes:
        _print_push(push)
    return 0


def _print_push(push: Mapping[str, Any]) -> None:
    ended = push["ended_at"][:19] or "has not ended"
    line = f"{push['started_at'][:19]}Z  {push['kind']} ordered by {push['ordered_by']} ({ended})"
    OUTPUT.print(f"  {line}")
    for receipt in push["receipts"]:
        OUTPUT.print(f"    {receipt['unit']:<12} {receipt['outcome']}")
