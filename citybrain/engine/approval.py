"""Proposing, approving and rejecting plans: the steps between a verdict and the gate."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from citybrain.controllers.signatures import Register, SigningKey, read_register
from citybrain.engine.approval_settings import Street
from citybrain.errors import InputError, UnsafePlanError
from citybrain.model.approval import (
    ROLE_OF,
    Act,
    Dossier,
    Signed,
    State,
    Statement,
    approval_faults,
    may_become,
    proof_faults,
    statement_faults,
)
from citybrain.model.audit import sha256_hex
from citybrain.model.automatic import automatic_faults
from citybrain.model.plan import Plan
from citybrain.model.verdict import PROPOSED_PLAN, Verdict
from citybrain.store.ledger import Ledger, Writing, open_ledger
from citybrain.store.ledger.audit import head_hash, present_head
from citybrain.store.ledger.plans import (
    KeptPlan,
    add_plan,
    add_signature,
    kept_plan,
    one_hash,
    set_state,
)
from citybrain.store.plans import plan_of, plan_text
from citybrain.store.verdicts import verdict_of, verdict_text


def utc_now() -> datetime:
    """Return the present instant, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every step of an approval works with.

    Parameters
    ----------
    street
        The settings.
    ledger
        Where everything is kept.
    register
        Public keys that count.
    clock
        Tells the time, in UTC.
    """

    street: Street
    ledger: Ledger
    register: Register
    clock: Callable[[], datetime]

    def now(self) -> str:
        """Return the present instant as it is written."""
        return self.clock().isoformat(timespec="milliseconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What is brought to the desk.

    Parameters
    ----------
    plan
        The plan.
    verdict
        Its proof; none to propose a plan that is proven later.
    running
        What runs now, for automatic approval.
    """

    plan: Plan
    verdict: Verdict | None
    running: Plan


@contextmanager
def open_desk(street: Street, clock: Callable[[], datetime] = utc_now) -> Iterator[Desk]:
    """Open ledger and register.

    Parameters
    ----------
    street
        The settings.
    clock
        Tells the time, in UTC.

    Raises
    ------
    InputError
        One of them cannot be used.
    """
    register = read_register(street.keys)
    with open_ledger(street.ledger, street.head_file, clock) as ledger:
        yield Desk(street=street, ledger=ledger, register=register, clock=clock)


def signed_by(
    desk: Desk, key: SigningKey, act: Act, about: KeptPlan | None, said: tuple[str, tuple[str, ...]]
) -> Signed:
    """Sign a statement with a key that is registered for it.

    Parameters
    ----------
    desk
        Ledger and register.
    key
        Private key.
    act
        What the statement does.
    about
        The plan; none for the kill switch.
    said
        Comment, and the units that an order is for.

    Raises
    ------
    UnsafePlanError
        The key is not registered, or not for this act.
    """
    registered = desk.register.key(key.name)
    if registered is None or registered.public != key.public:
        msg = f"key {key.name} is not the one of that name in {desk.street.keys}"
        raise UnsafePlanError(msg)
    if ROLE_OF[act] not in registered.roles:
        msg = f"key {key.name} of {registered.person} may not {act.value}"
        raise UnsafePlanError(msg)
    with desk.ledger.reading() as connection:
        log = present_head(connection)
    comment, units = said
    return key.sign(
        Statement(
            act=act,
            plan_hash=about.hash if about else "",
            verdict_hash=about.verdict_hash if about else "",
            person=registered.person,
            comment=comment,
            at=desk.now(),
            log=log,
            units=units,
        )
    )


def propose(desk: Desk, proposal: Proposal, key: SigningKey, comment: str) -> KeptPlan:
    """Keep a plan with its verdict; it is proven at once if the verdict accepts it.

    The caller has had both checkers look at the plan.

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
        The verdict does not accept this plan, or the key may not propose.
    InputError
        The plan is in the ledger already.
    """
    text = plan_text(proposal.plan)
    verdict = verdict_text(proposal.verdict) if proposal.verdict else ""
    draft = _draft(proposal, text, verdict)
    if verdict and (faults := proof_faults(dossier(desk, draft))):
        msg = f"plan {proposal.plan.name} is not proven: {'; '.join(faults)}"
        raise UnsafePlanError(msg)
    signed = signed_by(desk, key, Act.PROPOSE, draft, (comment, ()))
    with desk.ledger.writing(_person(desk, signed)) as writing:
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
    """
    plan = find_plan(desk, beginning)
    _check_intact(plan)
    _check_state(plan, (State.PROVEN, State.APPROVED))
    signed = signed_by(desk, key, Act.APPROVE, plan, (comment, ()))
    person = _person(desk, signed)
    if person in dossier(desk, plan).proposers and not desk.street.rules.proposer_may_approve:
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
        A plan of the ledger with its verdict, and what runs now.
    key
        Key with the role ``automatic``.
    comment
        Why.

    Raises
    ------
    UnsafePlanError
        Automatic approval is off, or the plan lies outside the bounds.
    """
    plan = find_plan(desk, sha256_hex(plan_text(proposal.plan)))
    _check_state(plan, (State.PROVEN,))
    check_automatic(desk, plan, proposal.running)
    signed = signed_by(desk, key, Act.APPROVE_AUTOMATICALLY, plan, (comment, ()))
    with desk.ledger.writing(_person(desk, signed)) as writing:
        add_signature(writing, plan.hash, signed, "signed: approve automatically")
        set_state(writing, plan.hash, State.APPROVED, "inside the bounds of the settings")
    return find_plan(desk, plan.hash)


def check_automatic(desk: Desk, plan: KeptPlan, running: Plan) -> None:
    """Raise unless a plan lies inside the bounds of automatic approval.

    Raises
    ------
    UnsafePlanError
        Names every bound that it leaves.
    """
    bounds = desk.street.bounds
    if bounds is None:
        msg = "automatic approval is off in the settings"
        raise UnsafePlanError(msg)
    verdict = verdict_of(plan.verdict, f"verdict of plan {plan.hash[:12]}")
    proposed = plan_of(plan.text, f"plan {plan.hash[:12]}")
    faults = automatic_faults(proposed, running, verdict, bounds)
    if faults:
        msg = f"plan {plan.name} needs a person: {'; '.join(faults)}"
        raise UnsafePlanError(msg)


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
        The plan runs on the street, or was rejected before.
    """
    plan = find_plan(desk, beginning)
    if not may_become(plan.state, State.REJECTED):
        msg = f"plan {plan.name} is {plan.state.value}; roll back what runs, then reject it"
        raise UnsafePlanError(msg)
    signed = signed_by(desk, key, Act.REJECT, plan, (comment, ()))
    with desk.ledger.writing(_person(desk, signed)) as writing:
        add_signature(writing, plan.hash, signed, "signed: reject")
        set_state(writing, plan.hash, State.REJECTED, comment)
    return find_plan(desk, plan.hash)


def check_approved(desk: Desk, plan: KeptPlan, running: Plan) -> None:
    """Raise unless a plan may go to the street: nothing that the ledger says is believed.

    Parameters
    ----------
    desk
        Ledger, register and settings.
    plan
        A plan as it stands in the ledger.
    running
        What runs now, for automatic approval.

    Raises
    ------
    UnsafePlanError
        Names everything that is missing.
    """
    _check_intact(plan)
    _check_state(plan, (State.APPROVED, State.ACTIVE, State.RETIRED))
    found = dossier(desk, plan)
    faults = approval_faults(found, desk.street.rules, desk.clock())
    if faults and _is_automatic(found) and not proof_faults(found):
        check_automatic(desk, plan, running)
        faults = ()
    if faults:
        msg = f"plan {plan.name} ({plan.hash[:12]}) is not approved: {'; '.join(faults)}"
        raise UnsafePlanError(msg)


def dossier(desk: Desk, plan: KeptPlan) -> Dossier:
    """Return all that speaks for or against a plan, every signature checked.

    Raises
    ------
    UnsafePlanError
        A signature is false, or names a head that the audit log never had.
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
    )


def find_plan(desk: Desk, beginning: str) -> KeptPlan:
    """Return a plan by the first characters of its hash, or by its name.

    Raises
    ------
    InputError
        There is no such plan, or more than one.
    """
    with desk.ledger.reading() as connection:
        return kept_plan(connection, one_hash(connection, beginning))


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


def _check_intact(plan: KeptPlan) -> None:
    """Raise unless the texts are the ones that were judged, to the byte."""
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


def _check_state(plan: KeptPlan, wanted: tuple[State, ...]) -> None:
    if plan.state not in wanted:
        needed = " or ".join(state.value for state in wanted)
        msg = f"plan {plan.name} ({plan.hash[:12]}) is {plan.state.value}, must be {needed}"
        raise UnsafePlanError(msg)


def _is_automatic(found: Dossier) -> bool:
    return any(
        vouched.statement.act is Act.APPROVE_AUTOMATICALLY and not statement_faults(vouched, found)
        for vouched in found.statements
    ) and not any(vouched.statement.act is Act.REJECT for vouched in found.statements)


def _person(desk: Desk, signed: Signed) -> str:
    return desk.register.vouch(signed).person
