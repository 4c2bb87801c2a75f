"""Proposing, approving and rejecting plans: the steps between a verdict and the gate."""

from dataclasses import dataclass

from citybrain.controllers.signatures import SigningKey
from citybrain.engine.approval.checks import (
    check_automatic,
    check_intact,
    check_proposed,
    check_state,
    dossier,
)
from citybrain.engine.street.desk import Desk, find_plan, proposed_schedule, signed_by
from citybrain.engine.street.schedules import check_own_patterns
from citybrain.errors import InputError, UnsafePlanError
from citybrain.model.approval import State, approval_faults, may_become, proof_faults
from citybrain.model.audit import sha256_hex
from citybrain.model.persons import person_of
from citybrain.model.plan import Plan
from citybrain.model.schedule import read_schedule
from citybrain.model.statements import Act, Signed
from citybrain.model.verdict import Verdict
from citybrain.store.ledger import Writing
from citybrain.store.ledger.plans import (
    KeptPlan,
    add_plan,
    add_signature,
    find_hashes,
    kept_plan,
    set_state,
    set_verdict,
)
from citybrain.store.ledger.pushes import running
from citybrain.store.plans import plan_text
from citybrain.store.verdicts import verdict_text

LONGEST_NAME = 64
"""Characters that the name of a plan may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What is brought to the desk.

    Parameters
    ----------
    plan
        The plan.
    verdict
        Its proof; none to propose a plan that is proven later.
    reference
        What persons last let run, for the bounds of automatic approval.
    schedule
        When the units' own clocks are to run it; empty for a plan that is commanded.
    """

    plan: Plan
    verdict: Verdict | None
    reference: Plan
    schedule: str = ""


def check_plan_name(name: str, where: object) -> None:
    """Raise unless people can read the name of a plan, type it and tell it from others.

    Parameters
    ----------
    name
        Name of the plan.
    where
        File that it is from, for errors.

    Raises
    ------
    InputError
        It is empty, too long, of several lines, or holds what cannot be seen.
    """
    if not (name.isprintable() and 0 < len(name.strip()) == len(name) <= LONGEST_NAME):
        shape = f"1 to {LONGEST_NAME} printable characters, without spaces around them"
        mend = "write another name, and prove the plan anew with citybrain validate"
        raise InputError(where, f"its name is no line of {shape}", mend)


def propose(desk: Desk, proposal: Proposal, key: SigningKey, comment: str) -> KeptPlan:
    """Keep a plan with its verdict; it is proven at once if the verdict accepts it.

    A plan that was proposed without a verdict is proven by proposing it again with one, and with
    the same schedule.  The caller has had the rules look at the plan.

    Parameters
    ----------
    desk
        Ledger and register.
    proposal
        Plan and verdict.
    key
        Key of the proposer.
    comment
        Why.

    Raises
    ------
    UnsafePlanError
        The plan has no pattern, the verdict does not accept it, the key may not propose, the
        schedule runs what nobody has proven, or it is not the one that was proposed first.
    InputError
        The plan is in the ledger already, or its name is no name.
    """
    check_plan_name(proposal.plan.name, "plan")
    text = plan_text(proposal.plan)
    if not proposal.plan.patterns:
        msg = f"plan {proposal.plan.name} has no pattern; there is nothing to prove and to push"
        raise UnsafePlanError(msg)
    verdict = verdict_text(proposal.verdict) if proposal.verdict else ""
    if proposal.schedule:
        check_own_patterns(read_schedule(proposal.schedule), desk.street)
    draft = _draft(proposal, text, verdict)
    _check_same_schedule(desk, proposal, draft.hash)
    if verdict and (faults := proof_faults(dossier(desk, draft))):
        msg = f"plan {proposal.plan.name} is not proven: {'; '.join(faults)}"
        raise UnsafePlanError(msg)
    signed = signed_by(desk, key, Act.PROPOSE, draft, (comment, ()), proposal.schedule)
    with desk.ledger.writing(_person(desk, signed)) as writing:
        if not (verdict and set_verdict(writing, draft.hash, verdict)):
            add_plan(writing, proposal.plan.name, text, verdict)
        add_signature(writing, draft.hash, signed, "signed: propose")
        if verdict:
            set_state(writing, draft.hash, State.PROVEN, "its verdict accepts it")
    return find_plan(desk, draft.hash)


def approve(desk: Desk, beginning: str, key: SigningKey, comment: str) -> KeptPlan:
    """Sign a person's approval; with the last one that is needed, the plan is approved.

    Parameters
    ----------
    desk
        Ledger and register.
    beginning
        First characters of the plan's hash, or its name.
    key
        Key of the approver.
    comment
        Why.

    Raises
    ------
    UnsafePlanError
        The plan is not proven, was rejected, or the key may not approve it.
    InputError
        There is no such plan, more than one, or its text in the ledger describes none.
    """
    plan = find_plan(desk, beginning)
    check_intact(plan)
    check_state(plan, (State.PROVEN, State.APPROVED))
    check_proposed(desk, plan)
    signed = signed_by(desk, key, Act.APPROVE, plan, (comment, ()))
    person = _person(desk, signed)
    is_own = person_of(person) in dossier(desk, plan).proposers
    if is_own and not desk.street.rules.proposer_may_approve:
        msg = f"plan {plan.name} was proposed by {person}; somebody else must approve it"
        raise UnsafePlanError(msg)
    return _added(desk, plan, signed)


def approve_automatically(
    desk: Desk, proposal: Proposal, key: SigningKey, comment: str
) -> KeptPlan:
    """Sign an automatic approval, if the settings allow one and the plan lies inside their bounds.

    Parameters
    ----------
    desk
        Ledger and register.
    proposal
        A plan of the ledger with its verdict, and what its bounds count from.
    key
        Key with the role ``automatic``.
    comment
        Why.

    Raises
    ------
    UnsafePlanError
        Automatic approval is off, the plan is not proven or lies outside the bounds, or the key
        may not approve it.
    InputError
        The plan is not in the ledger.
    """
    plan = find_plan(desk, sha256_hex(plan_text(proposal.plan)))
    check_state(plan, (State.PROVEN,))
    check_proposed(desk, plan)
    check_automatic(desk, plan, proposal.reference)
    signed = signed_by(desk, key, Act.APPROVE_AUTOMATICALLY, plan, (comment, ()))
    with desk.ledger.writing(_person(desk, signed)) as writing:
        add_signature(writing, plan.hash, signed, "signed: approve automatically")
        set_state(writing, plan.hash, State.APPROVED, "inside the bounds of the settings")
    return find_plan(desk, plan.hash)


def reject(desk: Desk, beginning: str, key: SigningKey, comment: str) -> KeptPlan:
    """Sign a rejection; the plan never comes back under this hash.

    Parameters
    ----------
    desk
        Ledger and register.
    beginning
        First characters of the plan's hash, or its name.
    key
        Key of a person who may approve.
    comment
        Why.

    Raises
    ------
    UnsafePlanError
        The plan runs on the street, was rejected before, or the key may not reject it.
    InputError
        There is no such plan, or more than one.
    """
    plan = find_plan(desk, beginning)
    with desk.ledger.reading() as connection:
        rows = running(connection).items()
    units = sorted(unit for unit, row in rows if row.plan_hash == plan.hash)
    if units or not may_become(plan.state, State.REJECTED):
        present = f"runs in {', '.join(units)}" if units else f"is {plan.state.value}"
        msg = f"plan {plan.name} {present}; roll back what runs, then reject it"
        raise UnsafePlanError(msg)
    signed = signed_by(desk, key, Act.REJECT, plan, (comment, ()))
    with desk.ledger.writing(_person(desk, signed)) as writing:
        add_signature(writing, plan.hash, signed, "signed: reject")
        set_state(writing, plan.hash, State.REJECTED, comment)
    return find_plan(desk, plan.hash)


def _added(desk: Desk, plan: KeptPlan, signed: Signed) -> KeptPlan:
    """Keep an approval, and bring the plan to approved if it was the last that is needed."""
    with desk.ledger.writing(_person(desk, signed)) as writing:
        add_signature(writing, plan.hash, signed, "signed: approve")
        _complete(desk, writing, plan.hash)
    return find_plan(desk, plan.hash)


def _complete(desk: Desk, writing: Writing, key: str) -> None:
    plan = kept_plan(writing.connection, key)
    if plan.state is State.PROVEN and not approval_faults(
        dossier(desk, plan), desk.street.rules, desk.clock()
    ):
        set_state(writing, key, State.APPROVED, "every approval that is needed is signed")


def _check_same_schedule(desk: Desk, proposal: Proposal, key: str) -> None:
    """Raise if a plan was proposed before to run at other times: nothing turns one into another."""
    with desk.ledger.reading() as connection:
        if not find_hashes(connection, key):
            return
        before = proposed_schedule(kept_plan(connection, key))
    if before != proposal.schedule:
        said, now = (words or "by command" for words in (before, proposal.schedule))
        msg = (
            f"plan {proposal.plan.name} was proposed to run {said}, not {now}; say the same, or "
            "propose it under another name"
        )
        raise UnsafePlanError(msg)


def _draft(proposal: Proposal, text: str, verdict: str) -> KeptPlan:
    """Return the plan as the ledger would keep it."""
    return KeptPlan(
        hash=sha256_hex(text),
        name=proposal.plan.name,
        text=text,
        state=State.PROPOSED,
        verdict_hash=sha256_hex(verdict) if verdict else "",
        verdict=verdict,
        proposed_by="",
        proposed_at="",
        signed=(),
    )


def _person(desk: Desk, signed: Signed) -> str:
    return desk.register.vouch(signed).person
