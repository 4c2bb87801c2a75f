"""Reading the audit log, and finding out whether log and tables are still what was written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from citybrain.errors import InputError
from citybrain.model.audit import (
    EMPTY,
    AuditHead,
    AuditRecord,
    chain_faults,
    sha256_hex,
)
from citybrain.store.ledger.heads import kept_head
from citybrain.store.ledger.opening import Ledger
from citybrain.store.ledger.replay import Rows, change_faults, replayed
from citybrain.store.ledger.schema import (
    AUDIT,
    AUDIT_HEAD,
    DOCUMENTS,
    RECORDED,
)

_BATCH = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What became of a look through the whole log.

    Parameters
    ----------
    head
        End of the log as it was found.
    faults
        One sentence each; none for a log that is whole.
    """

    head: AuditHead
    faults: tuple[str, ...]


def read_audit(
    ledger: Ledger, *, subject: str = "", last: int | None = None
) -> tuple[AuditRecord, ...]:
    """Return records of the log, the oldest first.

    Parameters
    ----------
    ledger
        Where.
    subject
        Only those whose subject begins with this.
    last
        Only so many, the newest.

    Raises
    ------
    InputError
        The ledger cannot be read.
    """
    query = select(AUDIT).order_by(AUDIT.c.number.desc())
    if subject:
        query = query.where(AUDIT.c.subject.startswith(subject, autoescape=True))
    with ledger.reading() as connection:
        found = tuple(_records(connection, query.limit(last) if last else query))
    return tuple(reversed(found))


def verify_audit(ledger: Ledger, kept: Sequence[AuditHead] = ()) -> Verification:
    """Look through the whole log, and compare every table with what the log says.

    Found are records that were changed, taken out, put in or reordered; a log cut before a kept
    head; rows and documents that were changed, taken out or put in past the log.  Not found is
    what nobody kept a head of: whoever may write the database *and* the head's file can cut both,
    or write the whole log anew.

    Parameters
    ----------
    ledger
        Where.
    kept
        Heads that were kept elsewhere; that of the ledger's own head file is always compared.

    Raises
    ------
    InputError
        The ledger cannot be read; a head's file that cannot is a fault.
    """
    return LogWatch().look(ledger, kept)


class LogWatch:
    """Verifies a log again and again, and reads only what is new of it.

    What was verified is remembered, so that not even the beginning of the log can be exchanged
    between two looks.
    """

    def __init__(self) -> None:
        self._head = EMPTY
        self._rows: Rows = {table.name: {} for table in RECORDED}

    def look(self, ledger: Ledger, kept: Sequence[AuditHead] = ()) -> Verification:
        """Look at what is new in the log, and at every row of the tables.

        Parameters
        ----------
        ledger
            Always the same one.
        kept
            Heads that were kept elsewhere.

        Returns
        -------
        Verification
            As of ``verify_audit``; after a fault, the next look begins at the same place.

        Raises
        ------
        InputError
            As for ``verify_audit``.
        """
        start = self._head
        query = select(AUDIT).where(AUDIT.c.number > start.number).order_by(AUDIT.c.number)
        with ledger.reading() as connection:
            records = tuple(_records(connection, query))
            head = records[-1].head if records else start
            heads, faults = _with_own_head(ledger, kept)
            faults += _start_faults(connection, start)
            faults += chain_faults(records, heads, start)
            faults += _head_faults(connection, head)
            rows = replayed(records, self._rows)
            faults += change_faults(records, self._rows)
            faults += _row_faults(connection, rows)
            faults += _document_faults(connection, rows)
        if not faults:
            self._head, self._rows = head, rows
        return Verification(head=head, faults=tuple(faults))


def present_head(connection: Connection) -> AuditHead:
    """Return the log's end."""
    query = select(AUDIT.c.number, AUDIT.c.hash).order_by(AUDIT.c.number.desc()).limit(1)
    row = connection.execute(query).first()
    return AuditHead(number=row.number, hash=row.hash) if row else EMPTY


def head_hash(connection: Connection, number: int) -> str:
    """Return the hash of one record; empty where the log has no such record."""
    if number == EMPTY.number:
        return EMPTY.hash
    query = select(AUDIT.c.hash).where(AUDIT.c.number == number)
    return str(connection.scalars(query).first() or "")


def _records(connection: Connection, query: Select[Any]) -> Iterator[AuditRecord]:
    for row in connection.execute(query.execution_options(yield_per=_BATCH)).mappings():
        yield AuditRecord(**row)


def _start_faults(connection: Connection, start: AuditHead) -> Iterator[str]:
    if head_hash(connection, start.number) != start.hash:
        yield f"record {start.number} is not what it was when the log was last verified"


def _head_faults(connection: Connection, head: AuditHead) -> Iterator[str]:
    stored = connection.execute(select(AUDIT_HEAD.c.number, AUDIT_HEAD.c.hash)).all()
    if [(row.number, row.hash) for row in stored] != [(head.number, head.hash)]:
        yield "the log does not end where its own table of heads says"


def _row_faults(connection: Connection, wanted: Rows) -> Iterator[str]:
    """Compare the rows of the recorded tables with those that the log gives."""
    for table in RECORDED:
        (key,) = table.primary_key.columns
        query = select(table).execution_options(yield_per=_BATCH)
        rows = {row[key.name]: dict(row) for row in connection.execute(query).mappings()}
        logged = wanted[table.name]
        for name in sorted({*rows, *logged}, key=str):
            if name not in rows:
                yield f"table {table.name}: row {name} is missing, the log has it"
            elif name not in logged:
                yield f"table {table.name}: row {name} is not from the log"
            elif rows[name] != logged[name]:
                yield f"table {table.name}: row {name} was changed past the log"


def _document_faults(connection: Connection, rows: Rows) -> Iterator[str]:
    """Compare every document with its hash, and look for those that plans name."""
    plans = rows["plans"].values()
    named = {str(row.get(column, "")) for row in plans for column in ("hash", "verdict_hash")} - {
        ""
    }
    query = select(DOCUMENTS).execution_options(yield_per=_BATCH)
    for row in connection.execute(query):
        named.discard(row.hash)
        if sha256_hex(row.content) != row.hash:
            yield f"document {row.hash[:12]} was changed after it was kept"
    for missing in sorted(named):
        yield f"document {missing[:12]} is missing"


def _with_own_head(
    ledger: Ledger, kept: Sequence[AuditHead]
) -> tuple[tuple[AuditHead, ...], list[str]]:
    """Return the kept heads with that of the ledger's own file, or what is wrong with the file."""
    try:
        return (*kept, kept_head(ledger.head_file)), []
    except InputError as error:
        return tuple(kept), [str(error)]
