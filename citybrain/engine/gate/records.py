"""What a push leaves in the ledger: what a unit held before, how it ended, what runs where."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from enum import Enum

from citybrain.engine.street.desk import Desk
from citybrain.model.approval import State, may_become
from citybrain.ports.controllers import Former, Outcome, Receipt, UnitPlan
from citybrain.store.ledger import Writing
from citybrain.store.ledger.plans import kept_plan, set_state
from citybrain.store.ledger.pushes import (
    Running,
    add_receipt,
    open_alarms,
    raise_alarm,
    running,
    set_running,
)

REFUSED = "REFUSED"
"""Outcome of a unit where the push did not begin: the reason says why."""
NOT_RUNNING = "not running"
"""Kind of the alarm about a unit that does not run the pattern that the gate commands."""
CHANGED = "values changed"
"""Kind of the alarm about a unit that holds other values than the plan that it is known to run."""
REJECTED = "rejected plan"
"""Kind of the alarm about a unit that runs a plan which was rejected while it was pushed."""
ORDERED = "ordered"
"""What the audit log calls the record with the order that a push began with."""
GATE = "gate"
NOTHING = Running(plan_hash="", push_id="", pattern=0)
"""What a unit runs as far as the ledger knows, where no push has brought anything."""


def brought(plan: UnitPlan, *, plan_hash: str, push_id: str, is_scheduled: bool) -> Running:
    """Return what a unit runs once a push has brought it a plan.

    Parameters
    ----------
    plan
        What it holds.
    plan_hash
        Hash of the plan.
    push_id
        SHA-256 of the signed order that brings it.
    is_scheduled
        Whether its own clock starts the plan.
    """
    pattern, scheduled = (0, plan.pattern) if is_scheduled else (plan.pattern, 0)
    return Running(plan_hash=plan_hash, push_id=push_id, pattern=pattern, scheduled=scheduled)


def known_of(desk: Desk, unit: str) -> Running:
    """Return what the ledger knows a unit to run."""
    with desk.ledger.reading() as connection:
        return running(connection).get(unit, NOTHING)


def known_to_run(former: Former, ran: Running) -> Running:
    """Return what a unit is known to run once it is as it was before an order.

    Parameters
    ----------
    former
        What it held, commanded and ran then.
    ran
        What the ledger knew it to run then.

    Returns
    -------
    Running
        The same, if the unit was commanded the pattern of the ledger and ran it.  A unit that
        was commanded it and did not run it keeps the command and runs no plan of the ledger; one
        that somebody else commanded runs nothing that is known.
    """
    if former.system_pattern != ran.pattern:
        return NOTHING
    if ran.scheduled:
        return ran
    return ran if former.pattern == ran.pattern else replace(NOTHING, pattern=ran.pattern)


def left_waiting(outcome: Outcome, written: Running, former: Running) -> Running:
    """Return which plan a unit's own clock may still start after an order that did not succeed.

    Such a unit takes no commanded plan until its day plan is rolled back or replaced.

    Parameters
    ----------
    outcome
        How the order ended, if not as asked and not with what was there before.
    written
        What the order was to end there, or to bring.
    former
        What the unit was to go back to.

    Returns
    -------
    Running
        Under local control the time base was seen to be the former one, or to start nothing of
        what was written; where nothing was proven, both may stand, and the one that was written is
        told.  Nothing where neither was by the unit's clock.
    """
    may_stand = {
        Outcome.FALLBACK: (former,),
        Outcome.FAILED: (written, former),
        Outcome.UNKNOWN: (written, former),
    }
    return next((each for each in may_stand.get(outcome, ()) if each.scheduled), NOTHING)


def note_receipt(desk: Desk, push_id: str, receipt: Receipt, runs: Running) -> None:
    """Keep how a push or a roll-back ended in one unit, and what the unit runs now.

    Parameters
    ----------
    desk
        Ledger.
    push_id
        Push that it belongs to.
    receipt
        What the link told.
    runs
        What the unit is known to run now.

    Raises
    ------
    InputError
        The ledger cannot be written.
    """
    detail = {
        "reason": receipt.reason,
        "changes": plain(receipt.changes),
        "status": plain(receipt.status),
        "steps": [{"step": note.step.value, "at": plain(note.at)} for note in receipt.steps],
    }
    with desk.ledger.writing(GATE) as writing:
        add_receipt(writing, push_id, receipt.unit, receipt.outcome.name, detail)
        if running(writing.connection).get(receipt.unit, NOTHING) != runs:
            set_running(writing, receipt.unit, runs)
        if runs.pattern and not runs.plan_hash:
            text = f"pattern {runs.pattern} was commanded and did not run; its command is kept"
            raise_alarm(writing, receipt.unit, NOT_RUNNING, text)
        if receipt.reason or receipt.outcome in {Outcome.FALLBACK, Outcome.UNKNOWN}:
            text = f"{receipt.outcome.value}: {receipt.reason}"
            raise_alarm(writing, receipt.unit, receipt.outcome.name.lower(), text)


def note_failure(desk: Desk, push_id: str, unit: str, reason: str) -> None:
    """Keep why nothing was written to a unit.

    Raises
    ------
    InputError
        The ledger cannot be written.
    """
    with desk.ledger.writing(GATE) as writing:
        add_receipt(writing, push_id, unit, REFUSED, {"reason": reason})


def settle_states(desk: Desk, touched: Mapping[str, str]) -> None:
    """Bring plans to active or retired by what the units run.

    Parameters
    ----------
    desk
        Ledger.
    touched
        Hashes of plans that may have begun or ceased to run → why, for the log.

    Raises
    ------
    InputError
        The ledger cannot be written, or has no such plan.
    """
    with desk.ledger.writing(GATE) as writing:
        writing.wait_for_others()
        runs = running(writing.connection)
        for key, why in sorted(touched.items()):
            units = sorted(unit for unit, row in runs.items() if row.plan_hash == key)
            _settle(writing, key, why, units)


def _settle(writing: Writing, key: str, why: str, units: Sequence[str]) -> None:
    """Bring one plan to what the units that run it say, or tell that it must not run there."""
    plan, state = kept_plan(writing.connection, key), State.ACTIVE if units else State.RETIRED
    if plan.state is not state and may_become(plan.state, state):
        set_state(writing, key, state, why)
    elif plan.state is State.REJECTED:
        text = f"runs plan {plan.name} ({key[:12]}), which was rejected meanwhile: push another one"
        told = {alarm["unit"] for alarm in open_alarms(writing.connection) if alarm["text"] == text}
        for unit in sorted(set(units) - told):
            raise_alarm(writing, unit, REJECTED, text)


def plain(value: object) -> object:
    """Return a value of the port as what JSON can hold."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [plain(part) for part in value]
    if hasattr(value, "__dataclass_fields__"):
        return plain(asdict(value))  # type: ignore[call-overload]
    return value
