"""What the records of the log make of the tables, and which changes no record may make."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
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
    rows: Rows = {name: dict(before[name]) for name in _KEYS}
    for change in filter(None, map(_change, records)):
        own = rows[change.table]
        own[change.key] = change.row if change.is_new else own.get(change.key, {}) | change.row
    return rows


_KEYS = {table.name: next(iter(table.primary_key.columns)).name for table in RECORDED}
_NUMBERED = {table.name for table in RECORDED if "record" in table.c}
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
    known = {name: set(rows) for name, rows in before.items()}
    states = {key: row.get("state") for key, row in before[PLANS.name].items()}
    for change in filter(None, map(_change, records)):
        table, row, told = change.table, change.row, f"record {change.number}"
        if change.is_new and change.key in known[table]:
            yield f"{told} puts a row into table {table} that it has already"
        elif not change.is_new and table in _CHANGED and not set(row) <= _CHANGED[table]:
            yield f"{told} changes what is never changed in table {table}"
        elif not change.is_new and table == PUSHES.name and not row.get("ended_at"):
            yield f"{told} begins a push anew that has ended"
        known[table].add(change.key)
        if table == PLANS.name and "state" in row:
            present = None if change.is_new else states.get(change.key)
            if not _may_follow(present, row["state"], is_new=change.is_new):
                way = f"as {row['state']}" if change.is_new else f"from {present} to {row['state']}"
                yield f"{told} brings plan {str(change.key)[:12]} {way}, which no plan may do"
            states[change.key] = row["state"]


def _may_follow(present: Any, following: Any, *, is_new: bool) -> bool:  # noqa: ANN401 - noted
    try:
        if is_new:
            return State(following) is State.PROPOSED
        return may_become(State(present), State(following))
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What one record does to one row."""

    number: int
    table: str
    key: object
    row: dict[str, Any]
    is_new: bool


def _change(record: AuditRecord) -> _Change | None:
    """Return the change of a record; none of one that notes something else."""
    detail = _detail(record)
    row = _row(detail)
    if (table := _table(detail, "insert")) in _KEYS:
        number = {"record": record.number} if table in _NUMBERED else {}
        row = {**_LATER_COLUMNS.get(table, {}), **row, **number}
        key, is_new = _key(row.get(_KEYS[table])), True
    elif (table := _table(detail, "update")) in _KEYS:
        key, is_new = _key(detail.get("key")), False
    else:
        return None
    return _Change(number=record.number, table=table, key=key, row=row, is_new=is_new)


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
