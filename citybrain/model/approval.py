"""Who may let a plan onto the street: how far it has come, and the rules of approval."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from citybrain.model.persons import is_same_person, person_of
from citybrain.model.statements import ROLE_OF, Act, Statement, Vouched
from citybrain.model.verdict import Decision


class State(StrEnum):
    """How far a plan has come."""

    PROPOSED = "proposed"
    PROVEN = "proven"
    APPROVED = "approved"
    ACTIVE = "active"
    RETIRED = "retired"
    REJECTED = "rejected"


_NEXT: Mapping[State, frozenset[State]] = {
    State.PROPOSED: frozenset({State.PROVEN, State.REJECTED}),
    State.PROVEN: frozenset({State.APPROVED, State.REJECTED}),
    State.APPROVED: frozenset({State.ACTIVE, State.REJECTED}),
    State.ACTIVE: frozenset({State.RETIRED}),
    State.RETIRED: frozenset({State.ACTIVE, State.REJECTED}),
    State.REJECTED: frozenset(),
}
"""Which state may follow; a retired plan comes back by a roll-back, or by an order while its
approvals are valid: the plan of the morning runs every morning."""


def may_become(state: State, following: State) -> bool:
    """Tell whether a plan in one state may come to another."""
    return following in _NEXT[state]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRules:
    """What an approval asks for.

    Parameters
    ----------
    persons
        Different persons who must approve.
    proposer_may_approve
        Whether the person who proposed a plan counts among them.
    valid_days
        Age at which an approval is void. [d]
    """

    persons: int = 1
    proposer_may_approve: bool = False
    valid_days: float = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """All that speaks for or against a plan.

    Parameters
    ----------
    plan_hash, verdict_hash
        SHA-256 of the texts that were judged.
    decision
        Answer of the proof; none where there is none.
    proven_hash
        Hash of the plan that the verdict is about.
    state
        How far the plan has come.
    statements
        Every statement about it, signatures checked.
    schedule
        When it is to run, as it was proposed; empty for a plan that is commanded.
    contradictions
        Where the verdict does not follow from its own runs.
    """

    plan_hash: str
    verdict_hash: str
    decision: Decision | None
    proven_hash: str
    state: State
    statements: tuple[Vouched, ...]
    schedule: str = ""
    contradictions: tuple[str, ...] = ()

    @property
    def proposers(self) -> frozenset[str]:
        """Persons who proposed the plan, told apart as ``person_of`` tells them."""
        said = (v for v in self.statements if v.statement.act is Act.PROPOSE)
        return frozenset(person_of(vouched.person) for vouched in said)


def proof_faults(dossier: Dossier) -> tuple[str, ...]:
    """Return why a plan is not proven; nothing if it is."""
    if dossier.decision is None:
        return ("it was not proven",)
    faults = [f"its verdict was changed: {each}" for each in dossier.contradictions]
    if dossier.decision is not Decision.ACCEPT:
        faults.append(f"its verdict is '{dossier.decision.value}'")
    if dossier.proven_hash != dossier.plan_hash:
        faults.append("its verdict is about another plan")
    return tuple(faults)


def proposal_faults(dossier: Dossier) -> tuple[str, ...]:
    """Return why nobody is known to have proposed a plan; nothing if somebody signed for it.

    Without it nobody could tell whose approval is that of the proposer.  Who may propose is asked
    when a plan is approved, not again while it runs: a proposer may leave.
    """
    said = (each for each in dossier.statements if each.statement.act is Act.PROPOSE)
    if any(not _subject_faults(each, dossier) for each in said):
        return ()
    return ("nobody has signed for its proposal",)


def is_proposed(dossier: Dossier) -> bool:
    """Tell whether somebody who may propose today has signed for a plan."""
    return bool(_counting(dossier, Act.PROPOSE))


def statement_faults(vouched: Vouched, dossier: Dossier) -> tuple[str, ...]:
    """Return why a statement does not count for a plan; nothing if it does."""
    return (*_role_faults(vouched), *_subject_faults(vouched, dossier))


def _subject_faults(vouched: Vouched, dossier: Dossier) -> list[str]:
    """Return why a statement is not about this plan, this proof and these times of this person."""
    statement, who = vouched.statement, _who(vouched.statement)
    faults = _signer_faults(vouched, dossier.plan_hash)
    if statement.act is not Act.REJECT and statement.verdict_hash != dossier.verdict_hash:
        faults.append(f"{who} rests on another verdict")
    if statement.act is not Act.REJECT and statement.schedule != dossier.schedule:
        said, proposed = (words or "by command" for words in (statement.schedule, dossier.schedule))
        faults.append(f"{who} lets it run {said}, it was proposed to run {proposed}")
    return faults


def _role_faults(vouched: Vouched) -> list[str]:
    role = ROLE_OF[vouched.statement.act]
    if role in vouched.roles:
        return []
    return [f"{_who(vouched.statement)} needs a key with the role '{role.value}'"]


def _signer_faults(vouched: Vouched, plan_hash: str) -> list[str]:
    statement, who, faults = vouched.statement, _who(vouched.statement), []
    if not is_same_person(vouched.person, statement.person):
        faults.append(f"{who} is signed with a key of {vouched.person}")
    if statement.plan_hash != plan_hash:
        faults.append(f"{who} is about another plan")
    return faults


def _who(statement: Statement) -> str:
    return f"the statement '{statement.act.value}' of {statement.person}"


def approval_faults(dossier: Dossier, rules: ApprovalRules, now: datetime) -> tuple[str, ...]:
    """Return why a plan may not go to the street; nothing if it is approved.

    Automatic approvals do not count here: see ``automatic_approvals`` and ``automatic``.

    Parameters
    ----------
    dossier
        All that speaks for or against it.
    rules
        What an approval asks for.
    now
        UTC instant.
    """
    if dossier.state is State.REJECTED or _rejected(dossier):
        return ("it was rejected",)
    faults = [*proof_faults(dossier), *proposal_faults(dossier)]
    persons = approvers(dossier, rules, now)
    if len(persons) < rules.persons:
        given = ", ".join(sorted(persons)) or "nobody"
        faults.append(f"{rules.persons} approvals are needed, given by {given}")
    return tuple(faults)


def approvers(dossier: Dossier, rules: ApprovalRules, now: datetime) -> frozenset[str]:
    """Return the persons whose approval counts: valid, young enough, and not the proposer's own."""
    return _approvers(dossier, rules, _oldest(rules, now))


def is_by_persons(dossier: Dossier, rules: ApprovalRules) -> bool:
    """Tell whether enough persons approved a plan, however long ago, and nobody rejected it."""
    if _rejected(dossier) or proposal_faults(dossier):
        return False
    ever = datetime.min.replace(tzinfo=UTC)
    return len(_approvers(dossier, rules, ever)) >= rules.persons


def is_young(statement: Statement, rules: ApprovalRules, now: datetime) -> bool:
    """Tell whether an approval is not void by its age."""
    return _oldest(rules, now) <= statement.instant


def automatic_approvals(dossier: Dossier) -> tuple[Statement, ...]:
    """Return the automatic approvals of a plan that count but for their age; none if rejected."""
    if any(vouched.statement.act is Act.REJECT for vouched in dossier.statements):
        return ()
    return tuple(each.statement for each in _counting(dossier, Act.APPROVE_AUTOMATICALLY))


def _oldest(rules: ApprovalRules, now: datetime) -> datetime:
    return now - timedelta(days=rules.valid_days)


def _approvers(dossier: Dossier, rules: ApprovalRules, oldest: datetime) -> frozenset[str]:
    own = frozenset[str]() if rules.proposer_may_approve else dossier.proposers
    names = {
        person_of(vouched.person): vouched.person
        for vouched in _counting(dossier, Act.APPROVE)
        if oldest <= vouched.statement.instant
    }
    return frozenset(name for person, name in names.items() if person not in own)


def is_rejected(statements: Sequence[Vouched], plan_hash: str) -> bool:
    """Tell whether somebody who may has rejected a plan, whatever else speaks for it.

    Parameters
    ----------
    statements
        What was signed about it, signatures checked.
    plan_hash
        SHA-256 of its text.
    """
    said = (each for each in statements if each.statement.act is Act.REJECT)
    return any(not (_role_faults(each) or _signer_faults(each, plan_hash)) for each in said)


def _rejected(dossier: Dossier) -> bool:
    return is_rejected(dossier.statements, dossier.plan_hash)


def _counting(dossier: Dossier, act: Act) -> Sequence[Vouched]:
    return [
        vouched
        for vouched in dossier.statements
        if vouched.statement.act is act and not statement_faults(vouched, dossier)
    ]
