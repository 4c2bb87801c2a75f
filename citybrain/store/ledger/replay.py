"""What the records of the log make of the tables, and which changes no record may make."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any, TypeAlias

from citybrain.model.approval import State, may_become
from citybrain.model.audit import AuditRecord, parsed_json
from citybrain.store.ledger.schema import PLANS, PUSHES, RECEIPTS, RECORDED, SIGNATURES

Rows: TypeAlias = dict[str, dict[Any, dict[str, Any]]]
"""Table → primary key → row."""

_CHANGED: Mapping[str, Set[str]] = {
    SIGNATURES.name: frozenset(),
    RECEIPTS.name: frozenset(),
    PUSHES.name: frozenset({"ended_at"}),
    PLANS.name: frozenset({"state", "verdict_hash"}),
}
"""Table → columns that may change after a row was put in; those of other tables all may."""


def replayed(records: Sequence[AuditRecord], before: Rows) -> Rows:
    """Return the rows that the records give, by table and primary key.

    Parameters
    ----------
    records
        The oldest first; a record that is no change of a row gives nothing.
    before
        Rows that earlier records gave; they are left as they are.
    """
    keys = {table.name: next(iter(table.primary_key.columns)).name for table in RECORDED}
    numbered = {table.name for table in RECORDED if "record" in table.c}
    rows: Rows = {name: dict(before[name]) for name in keys}
    for record in records:
        detail = _detail(record)
        row = _row(detail)
        if (table := _table(detail, "insert")) in keys:
            number = {"record": record.number} if table in numbered else {}
            whole = {**_LATER_COLUMNS.get(table, {}), **row, **number}
            rows[table][_key(whole.get(keys[table]))] = whole
        elif (table := _table(detail, "update")) in keys:
            key = _key(detail.get("key"))
            rows[table][key] = rows[table].get(key, {}) | row
    return rows


_LATER_COLUMNS: dict[str, dict[str, Any]] = {
    "alarms": {"cleared_by": ""},
    "running": {"pattern": 0, "scheduled": 0},
}
"""What migrations added to rows that were written before them."""


def change_faults(records: Iterable[AuditRecord], before: Rows) -> Iterator[str]:
    """Look for changes that are never made, whoever says that he made them.

    Parameters
    ----------
    records
        The oldest first.
    before
        Rows that earlier records gave.
    """
    states = {key: row.get("state") for key, row in before[PLANS.name].items()}
    for record in records:
        detail = _detail(record)
        table, row = _table(detail, "update"), _row(detail)
        if table in _CHANGED and not set(row) <= _CHANGED[table]:
            yield f"record {record.number} changes what is never changed in table {table}"
        elif table == PUSHES.name and not row.get("ended_at"):
            yield f"record {record.number} begins a push anew that has ended"
        yield from _step_faults(record, states)


def _step_faults(record: AuditRecord, states: dict[Any, Any]) -> Iterator[str]:
    """Look whether a plan comes to a state that may follow on the one before; keep the new one."""
    detail = _detail(record)
    row = _row(detail)
    if "state" not in row or PLANS.name not in {_table(detail, "insert"), _table(detail, "update")}:
        return
    key = _key(detail.get("key", row.get("hash")))
    present, following = states.get(key), row["state"]
    states[key] = following
    if not (_is_step(present, following) if "update" in detail else following == State.PROPOSED):
        told = f"from {present} to {following}" if "update" in detail else f"as {following}"
        yield f"record {record.number} brings plan {str(key)[:12]} {told}, which no plan may do"


def _is_step(present: Any, following: Any) -> bool:  # noqa: ANN401 - whatever somebody noted
    try:
        return may_become(State(present), State(following))
    except ValueError:
        return False


def _detail(record: AuditRecord) -> dict[str, Any]:
    """Return a record's detail; a damaged one is told by its hash, and gives nothing here."""
    try:
        detail = parsed_json(record.detail)
    except ValueError:
        return {}
    return detail if isinstance(detail, dict) else {}


def _table(detail: Mapping[str, Any], change: str) -> str:
    """Return the table that a record changes; empty where it says none, for notes say anything."""
    table = detail.get(change)
    return table if isinstance(table, str) else ""


def _row(detail: Mapping[str, Any]) -> dict[str, Any]:
    row = detail.get("row")
    return row if isinstance(row, dict) else {}


def _key(key: object) -> object:
    """Return the key of a row; none where nothing can be a key, so that it is no row of a table."""
    return key if isinstance(key, str | int) else None
