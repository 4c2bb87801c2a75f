"""Plans, their states and what was signed about them."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from citybrain.errors import InputError, UnsafePlanError
from citybrain.model.approval import State, may_become
from citybrain.model.statements import Signed
from citybrain.store.ledger.schema import DOCUMENTS, PLANS, SIGNATURES
from citybrain.store.ledger.writing import Writing

SHORTEST_HASH = 6
"""Characters of a hash that name a plan: fewer are as soon a slip of the finger."""
_TOLD = 12
"""Characters of a hash that a message tells."""
_ABSENT = "is not in the ledger"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPlan:
    """A plan of the ledger, as it stands there; nothing of it is believed until it is checked.

    Parameters
    ----------
    hash, name
        SHA-256 of the plan's text, and the plan's name.
    text
        The plan's text.
    state
        How far it has come.
    verdict_hash, verdict
        SHA-256 and text of its verdict; empty where there is none.
    proposed_by, proposed_at
        Who brought it, when (UTC).
    signed
        What was signed about it, the oldest first.
    """

    hash: str
    name: str
    text: str
    state: State
    verdict_hash: str
    verdict: str
    proposed_by: str
    proposed_at: str
    signed: tuple[Signed, ...]


def add_plan(writing: Writing, name: str, text: str, verdict: str) -> str:
    """Keep a proposed plan with its verdict, and return its hash.

    Parameters
    ----------
    writing
        Transaction of the proposer.
    name
        Name of the plan.
    text, verdict
        Texts of plan and verdict; an empty text where there is no verdict.

    Raises
    ------
    InputError
        The plan is in the ledger already.
    """
    writing.wait_for_others()
    key = writing.keep(text)
    if find_hashes(writing.connection, key):
        raise _refused(key, "is in the ledger already")
    row = {
        "hash": key,
        "name": name,
        "state": State.PROPOSED.value,
        "verdict_hash": writing.keep(verdict) if verdict else "",
        "proposed_by": writing.who,
        "proposed_at": writing.at,
    }
    writing.insert(PLANS, row, "proposed", key)
    return key


def set_verdict(writing: Writing, key: str, verdict: str) -> bool:
    """Give a plan that waits for its proof a verdict; tell whether there is such a plan.

    Parameters
    ----------
    writing
        Transaction of the proposer.
    key
        Whole hash of the plan.
    verdict
        Text of the verdict.
    """
    writing.wait_for_others()
    waits = (PLANS.c.hash == key) & (PLANS.c.state == State.PROPOSED.value)
    if writing.connection.execute(select(PLANS.c.hash).where(waits)).first() is None:
        return False
    changes = {"verdict_hash": writing.keep(verdict)}
    writing.update(PLANS, key, changes, "verdict given", key)
    return True


def set_state(writing: Writing, key: str, state: State, why: str) -> None:
    """Bring a plan to another state.

    Parameters
    ----------
    writing
        Transaction; nobody else changes the plan until it ends.
    key
        Whole hash of the plan.
    state
        Where it is to come.
    why
        For the log.

    Raises
    ------
    UnsafePlanError
        From where it is now, it may not come there.
    """
    writing.wait_for_others()
    query = select(PLANS.c.state).where(PLANS.c.hash == key)
    present = _state(key, writing.connection.scalars(query).one())
    if not may_become(present, state):
        msg = f"plan {key[:12]} is {present.value} and cannot become {state.value}"
        raise UnsafePlanError(msg)
    writing.update(PLANS, key, {"state": state.value}, f"{state.value}: {why}", key)


def add_signature(writing: Writing, key: str, signed: Signed, what: str) -> None:
    """Keep what was signed about a plan."""
    row = {
        "plan_hash": key,
        "statement": signed.statement,
        "key": signed.key,
        "signature": signed.signature,
    }
    writing.insert(SIGNATURES, row, what, key)


def find_hashes(connection: Connection, beginning: str) -> tuple[str, ...]:
    """Return the hashes of all plans that begin like this."""
    query = select(PLANS.c.hash).where(PLANS.c.hash.startswith(beginning, autoescape=True))
    return tuple(connection.scalars(query.order_by(PLANS.c.hash)))


def one_hash(connection: Connection, beginning: str) -> str:
    """Return the hash of the one plan whose hash, or whose name, is given.

    Parameters
    ----------
    connection
        Any.
    beginning
        First characters of its hash, at least ``SHORTEST_HASH``, or its name; that of a rejected
        plan only where no other plan has it.

    Raises
    ------
    InputError
        There is no such plan, or more than one.
    """
    begun = find_hashes(connection, beginning) if len(beginning) >= SHORTEST_HASH else ()
    if beginning in begun:
        return beginning
    named = _named(connection, beginning, but=State.REJECTED) or _named(connection, beginning)
    found = {*named, *begun}
    if len(found) == 1:
        return found.pop()
    if found:
        told = ", ".join(key[:_TOLD] for key in sorted(found))
        raise _refused(beginning, f"means more than one plan: {told}", "give one of these")
    mend = f"give its name or {SHORTEST_HASH} characters of its hash; see citybrain plan history"
    raise _refused(beginning, _ABSENT, mend)


def _named(connection: Connection, name: str, but: State | None = None) -> tuple[str, ...]:
    """Return the hashes of all plans of a name, but for those in a state."""
    query = select(PLANS.c.hash).where(PLANS.c.name == name)
    if but is not None:
        query = query.where(PLANS.c.state != but.value)
    return tuple(connection.scalars(query.order_by(PLANS.c.record)))


def kept_plan(connection: Connection, key: str) -> KeptPlan:
    """Return a plan by its whole hash.

    Raises
    ------
    InputError
        It is not in the ledger, or its text or that of its verdict is missing there.
    """
    row = connection.execute(select(PLANS).where(PLANS.c.hash == key)).mappings().first()
    if row is None:
        raise _refused(key, _ABSENT)
    signed = connection.execute(
        select(SIGNATURES).where(SIGNATURES.c.plan_hash == key).order_by(SIGNATURES.c.record)
    ).mappings()
    return KeptPlan(
        hash=row["hash"],
        name=row["name"],
        text=_document(connection, row["hash"]),
        state=_state(key, row["state"]),
        verdict_hash=row["verdict_hash"],
        verdict=_document(connection, row["verdict_hash"]) if row["verdict_hash"] else "",
        proposed_by=row["proposed_by"],
        proposed_at=row["proposed_at"],
        signed=tuple(
            Signed(statement=s["statement"], key=s["key"], signature=s["signature"]) for s in signed
        ),
    )


def all_plans(connection: Connection) -> tuple[KeptPlan, ...]:
    """Return every plan, the oldest first.

    Raises
    ------
    InputError
        The text of a plan, or of its verdict, is missing in the ledger.
    """
    keys = connection.scalars(select(PLANS.c.hash).order_by(PLANS.c.record)).all()
    return tuple(kept_plan(connection, key) for key in keys)


def _state(key: str, text: str) -> State:
    try:
        return State(text)
    except ValueError:
        mend = "run citybrain audit verify"
        raise _refused(key, f"is in no state that there is ({text!r})", mend) from None


def _document(connection: Connection, key: str) -> str:
    query = select(DOCUMENTS.c.content).where(DOCUMENTS.c.hash == key)
    content: str | None = connection.scalars(query).first()
    if content is None:
        raise _refused(key, "has lost a text in the ledger", "run citybrain audit verify")
    return content


def _refused(key: str, what: str, mend: str = "see citybrain plan history") -> InputError:
    where = f"plan {key[:12]}"
    return InputError(where, what, mend)
