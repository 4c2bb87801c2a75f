"""What speaks for or against a plan: nothing that the ledger says is believed unchecked."""

from collections.abc import Callable, Mapping
from contextlib import suppress

from citybrain.engine.street.desk import Desk, proposed_schedule
from citybrain.errors import CitybrainError, InputError, UnsafePlanError
from citybrain.model.approval import (
    Dossier,
    State,
    approval_faults,
    automatic_approvals,
    is_proposed,
    is_rejected,
    is_young,
    proof_faults,
    proposal_faults,
)
from citybrain.model.audit import sha256_hex
from citybrain.model.automatic import automatic_faults
from citybrain.model.plan import Plan
from citybrain.model.statements import Vouched
from citybrain.model.verdict import PROPOSED_PLAN
from citybrain.store.ledger.audit import head_hash
from citybrain.store.ledger.plans import KeptPlan, kept_plan
from citybrain.store.plans import plan_of, plan_text
from citybrain.store.verdicts import verdict_of
from sim.judgement import contradictions


def check_approved(desk: Desk, plan: KeptPlan, reference: Callable[[], Plan]) -> None:
    """Raise unless a plan may go to the street: nothing that the ledger says is believed.

    Parameters
    ----------
    desk
        Ledger, register and settings.
    plan
        A plan as it stands in the ledger.
    reference
        Gives what persons last let run; asked only where a plan was approved automatically.

    Raises
    ------
    UnsafePlanError
        Names everything that is missing.
    InputError
        The ledger cannot be read, or a text in it is not what it should be.
    """
    check_intact(plan)
    check_state(plan, (State.APPROVED, State.ACTIVE, State.RETIRED))
    found = dossier(desk, plan)
    rules, now = desk.street.rules, desk.clock()
    faults = approval_faults(found, rules, now)
    automatic = automatic_approvals(found)
    if faults and automatic and not (proof_faults(found) or proposal_faults(found)):
        if any(is_young(statement, rules, now) for statement in automatic):
            check_automatic(desk, plan, reference())
            return
        faults += (f"its automatic approval is older than {rules.valid_days:g} days",)
    if faults:
        msg = f"plan {plan.name} ({plan.hash[:12]}) is not approved: {'; '.join(faults)}"
        raise UnsafePlanError(msg)


def check_proposed(desk: Desk, plan: KeptPlan) -> None:
    """Raise unless somebody who may propose has signed for a plan.

    Raises
    ------
    UnsafePlanError
        Nobody has: whose approval would be the proposer's own, nobody could tell.
    InputError
        The ledger cannot be read, or what it holds as a statement is none.
    """
    if not is_proposed(dossier(desk, plan)):
        told = "nobody who may propose has signed for it; propose it under another name"
        msg = f"plan {plan.name} ({plan.hash[:12]}) cannot be approved: {told}"
        raise UnsafePlanError(msg)


def check_may_return(desk: Desk, former: Mapping[str, str]) -> None:
    """Raise if a person has rejected a plan that units are to go back to.

    Neither the age of its approvals counts here nor who of those that signed is still there: a
    plan that ran is what units go back to, unless somebody said that it must not.

    Parameters
    ----------
    desk
        Ledger and register.
    former
        Unit → hash of the plan that it goes back to; empty for what it held before citybrain.

    Raises
    ------
    UnsafePlanError
        Somebody has.
    InputError
        The ledger cannot be read, or has no such plan.
    """
    for key in sorted({*former.values()} - {""}):
        with desk.ledger.reading() as connection:
            plan = kept_plan(connection, key)
        if plan.state is State.REJECTED or is_rejected(_vouched(desk, plan), key):
            units = ", ".join(sorted(unit for unit, own in former.items() if own == key))
            msg = (
                f"{units} would go back to plan {plan.name} ({key[:12]}), which was rejected; "
                "push an approved plan there instead"
            )
            raise UnsafePlanError(msg)


def _vouched(desk: Desk, plan: KeptPlan) -> list[Vouched]:
    """Return what was signed about a plan with keys that still count."""
    vouched = []
    for signed in plan.signed:
        with suppress(CitybrainError):
            vouched.append(desk.register.vouch(signed))
    return vouched


def check_automatic(desk: Desk, plan: KeptPlan, reference: Plan) -> None:
    """Raise unless a plan lies inside the bounds of automatic approval.

    Parameters
    ----------
    desk
        Settings with the bounds.
    plan
        The plan, as it stands in the ledger.
    reference
        What persons last let run, for each of its intersections.

    Raises
    ------
    UnsafePlanError
        Automatic approval is off, the plan is to run by the units' own clocks, or it leaves bounds:
        names every one.
    InputError
        The plan's text, or its verdict's, describes none.
    """
    if proposed_schedule(plan):
        msg = f"plan {plan.name} needs a person: it is to run by the units' own clocks"
        raise UnsafePlanError(msg)
    bounds = desk.street.bounds
    if bounds is None:
        msg = "automatic approval is off in the settings"
        raise UnsafePlanError(msg)
    verdict = verdict_of(plan.verdict, f"verdict of plan {plan.hash[:12]}")
    proposed = plan_of(plan.text, f"plan {plan.hash[:12]}")
    faults = automatic_faults(proposed, reference, verdict, bounds)
    if faults:
        msg = f"plan {plan.name} needs a person: {'; '.join(faults)}"
        raise UnsafePlanError(msg)


def dossier(desk: Desk, plan: KeptPlan) -> Dossier:
    """Return all that speaks for or against a plan, every signature checked.

    Raises
    ------
    UnsafePlanError
        A signature is false, or names a head that the audit log never had.
    InputError
        The ledger cannot be read, or what it holds as a statement or a verdict is none.
    """
    statements = tuple(desk.register.vouch(signed) for signed in plan.signed)
    with desk.ledger.reading() as connection:
        for vouched in statements:
            log = vouched.statement.log
            if head_hash(connection, log.number) != log.hash:
                msg = (
                    f"{vouched.person} signed when record {log.number} of the audit log was "
                    "another one: the log was written anew"
                )
                raise UnsafePlanError(msg)
    verdict = verdict_of(plan.verdict, f"verdict of {plan.name}") if plan.verdict else None
    return Dossier(
        plan_hash=sha256_hex(plan.text),
        verdict_hash=sha256_hex(plan.verdict) if plan.verdict else "",
        decision=verdict.decision if verdict else None,
        proven_hash=verdict.hashes.get(PROPOSED_PLAN, "") if verdict else "",
        state=plan.state,
        statements=statements,
        schedule=proposed_schedule(plan),
        contradictions=contradictions(verdict) if verdict else (),
    )


def check_intact(plan: KeptPlan) -> None:
    """Raise unless the texts are the ones that were judged, to the byte.

    Raises
    ------
    UnsafePlanError
        A text is another one than that of its hash.
    InputError
        The plan's text describes none, or is not in its canonical form.
    """
    for what, text, key in (
        ("plan", plan.text, plan.hash),
        ("verdict", plan.verdict, plan.verdict_hash),
    ):
        if key and sha256_hex(text) != key:
            msg = f"the {what} of {plan.hash[:12]} in the ledger was changed: its approval is void"
            raise UnsafePlanError(msg)
    where = f"plan {plan.hash[:12]}"
    if plan_text(plan_of(plan.text, where)) != plan.text:
        raise InputError(where, "is not in its canonical form", "propose it anew")


def check_state(plan: KeptPlan, wanted: tuple[State, ...]) -> None:
    """Raise unless a plan is in one of some states.

    Raises
    ------
    UnsafePlanError
        It is in another one; names those that it must be in.
    """
    if plan.state not in wanted:
        needed = " or ".join(state.value for state in wanted)
        msg = f"plan {plan.name} ({plan.hash[:12]}) is {plan.state.value}, must be {needed}"
        raise UnsafePlanError(msg)
