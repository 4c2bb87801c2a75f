"""Pushes, what became of every unit, what runs where, and alarms."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, select

from citybrain.errors import UnsafePlanError
from citybrain.model.audit import canonical_json, parsed_json
from citybrain.store.ledger.schema import ALARMS, AUDIT, PUSHES, RECEIPTS, RUNNING
from citybrain.store.ledger.writing import Row, Writing

_RUNS = "runs"
"""What the audit log calls it when a unit is known to run something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What a unit was proven to run.

    Parameters
    ----------
    plan_hash
        Plan of the ledger; empty where it is none of the ledger.
    push_id
        Push that brought it there.
    pattern
        Pattern that the gate keeps commanding; 0 where the unit follows its own schedule.
    scheduled
        Pattern in which the plan waits for its time in the unit's own schedule, or may wait, where
        nothing proved that it was taken back; 0 where it is commanded.
    """

    plan_hash: str
    push_id: str
    pattern: int
    scheduled: int = 0


def begin_push(writing: Writing, push_id: str, plan_hash: str, kind: str) -> None:
    """Note that an order is carried out from now on.

    Parameters
    ----------
    writing
        Transaction of the person who ordered it.
    push_id
        SHA-256 of the signed order.
    plan_hash
        Plan to push.
    kind
        ``push`` or ``roll back``.

    Raises
    ------
    UnsafePlanError
        The order was carried out before.
    """
    known = select(PUSHES.c.id).where(PUSHES.c.id == push_id)
    if writing.connection.execute(known).first() is not None:
        msg = f"order {push_id[:12]} was carried out before; sign a new one"
        raise UnsafePlanError(msg)
    row = {
        "id": push_id,
        "plan_hash": plan_hash,
        "kind": kind,
        "ordered_by": writing.who,
        "started_at": writing.at,
        "ended_at": "",
    }
    writing.insert(PUSHES, row, f"{kind} began", plan_hash)


def end_push(writing: Writing, push_id: str, plan_hash: str) -> None:
    """Note that every unit of a push has its receipt."""
    writing.update(PUSHES, push_id, {"ended_at": writing.at}, "push ended", plan_hash)


def unfinished_pushes(connection: Connection) -> tuple[str, ...]:
    """Return pushes that never ended: the gate died in them, and their units must be looked at."""
    query = select(PUSHES.c.id).where(PUSHES.c.ended_at == "").order_by(PUSHES.c.record)
    return tuple(connection.scalars(query))


def push_of(connection: Connection, push_id: str) -> Mapping[str, Any]:
    """Return one push with the receipts of its units."""
    row = connection.execute(select(PUSHES).where(PUSHES.c.id == push_id)).mappings().one()
    query = select(RECEIPTS).where(RECEIPTS.c.push_id == push_id).order_by(RECEIPTS.c.record)
    return {**row, "receipts": [dict(r) for r in connection.execute(query).mappings()]}


def pushes_of(connection: Connection, plan_hash: str) -> list[Mapping[str, Any]]:
    """Return the pushes of a plan with their receipts, the oldest first."""
    query = select(PUSHES.c.id).where(PUSHES.c.plan_hash == plan_hash).order_by(PUSHES.c.record)
    return [push_of(connection, key) for key in connection.scalars(query).all()]


def add_receipt(writing: Writing, push_id: str, unit: str, outcome: str, detail: object) -> None:
    """Keep what became of one unit.

    Parameters
    ----------
    writing
        Transaction.
    push_id
        Push that it belongs to.
    unit
        Unit.
    outcome
        One word or two.
    detail
        What JSON can hold: objects before and after, steps, errors.
    """
    row = {
        "push_id": push_id,
        "unit": unit,
        "outcome": outcome,
        "detail": canonical_json(detail),
        "at": writing.at,
    }
    writing.insert(RECEIPTS, row, outcome, unit)


def set_running(writing: Writing, unit: str, runs: Running) -> None:
    """Note what a unit was proven to run from now on."""
    changes: Row = {**asdict(runs), "since": writing.at}
    known = select(RUNNING.c.unit).where(RUNNING.c.unit == unit)
    if writing.connection.execute(known).first() is None:
        writing.insert(RUNNING, {"unit": unit, **changes}, _RUNS, unit)
    else:
        writing.update(RUNNING, unit, changes, _RUNS, unit)


def running(connection: Connection) -> dict[str, Running]:
    """Return what each unit runs, as far as the ledger knows."""
    rows = connection.execute(select(RUNNING).order_by(RUNNING.c.unit))
    return {
        row.unit: Running(
            plan_hash=row.plan_hash,
            push_id=row.push_id,
            pattern=row.pattern,
            scheduled=row.scheduled,
        )
        for row in rows
    }


def running_histories(connection: Connection) -> dict[str, list[Running]]:
    """Return by unit all that it was known to run, the oldest first, as the audit log has it.

    Whoever may write to the ledger may call a note of his own ``runs``, too: only records of a
    change of the table count.
    """
    query = select(AUDIT.c.subject, AUDIT.c.detail).where(AUDIT.c.what == _RUNS)
    found: dict[str, list[Running]] = defaultdict(list)
    for unit, detail in connection.execute(query.order_by(AUDIT.c.number)):
        if (runs := _running_of(_content(detail))) is not None:
            found[unit].append(runs)
    return dict(found)


def _content(detail: str) -> Any:  # noqa: ANN401 - whatever somebody noted
    try:
        return parsed_json(detail)
    except ValueError:
        return None


def _running_of(detail: Any) -> Running | None:  # noqa: ANN401 - whatever somebody noted
    """Return what a record wrote into the table of what runs; none if it did not."""
    match detail:
        case {"insert": RUNNING.name, "row": row} | {"update": RUNNING.name, "row": row}:
            pass
        case _:
            return None
    match row:
        case {"plan_hash": str(plan_hash), "push_id": str(push_id)}:
            # a ledger of version 1 kept no patterns
            return Running(plan_hash=plan_hash, push_id=push_id, pattern=row.get("pattern", 0))
    return None


def is_written_since(connection: Connection, unit: str, record: int, refused: str) -> bool:
    """Tell whether a later order has written to a unit.

    Parameters
    ----------
    connection
        Any.
    unit
        Name of the unit.
    record
        Number of the receipt from which on.
    refused
        Outcome of receipts that tell of nothing written.
    """
    query = (
        select(RECEIPTS.c.record)
        .where(RECEIPTS.c.unit == unit, RECEIPTS.c.record > record)
        .where(RECEIPTS.c.outcome != refused)
    )
    return connection.execute(query.limit(1)).first() is not None


def first_opening(connection: Connection, unit: str, push_id: str, outcome: str) -> str | None:
    """Return the detail of a unit's first receipt with an outcome in a push; none without one.

    What is added later is not what the push began with.

    Parameters
    ----------
    connection
        Any.
    unit, push_id
        Unit and push.
    outcome
        Outcome of the receipt.
    """
    query = (
        select(RECEIPTS.c.detail)
        .where(
            RECEIPTS.c.unit == unit, RECEIPTS.c.push_id == push_id, RECEIPTS.c.outcome == outcome
        )
        .order_by(RECEIPTS.c.record)
    )
    detail: str | None = connection.scalars(query).first()
    return detail


def raise_alarm(writing: Writing, unit: str, kind: str, text: str) -> int:
    """Keep something that somebody must look at, and return its number.

    Parameters
    ----------
    writing
        Transaction.
    unit
        Unit that it is about.
    kind
        What it is called, the same for all of its kind.
    text
        What happened, for people.
    """
    row = {
        "at": writing.at,
        "unit": unit,
        "kind": kind,
        "text": text,
        "cleared_at": "",
        "cleared_by": "",
    }
    return writing.insert(ALARMS, row, f"alarm: {kind}", unit)


def clear_alarm(writing: Writing, number: int, unit: str) -> None:
    """Note that somebody has looked at an alarm.

    Parameters
    ----------
    writing
        Tells who, and when.
    number, unit
        The alarm, and the unit that it is about.
    """
    changes = {"cleared_at": writing.at, "cleared_by": writing.who}
    writing.update(ALARMS, number, changes, "alarm cleared", unit)


def open_alarms(connection: Connection) -> list[Mapping[str, object]]:
    """Return the alarms that nobody has cleared, the oldest first."""
    query = select(ALARMS).where(ALARMS.c.cleared_at == "").order_by(ALARMS.c.record)
    return [dict(row) for row in connection.execute(query).mappings()]


def is_alarmed(connection: Connection, unit: str, kind: str) -> bool:
    """Tell whether an alarm of this kind about a unit is open."""
    return any((row["unit"], row["kind"]) == (unit, kind) for row in open_alarms(connection))
