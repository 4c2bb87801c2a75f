"""Writing into the ledger: every change of a row is one record of the audit log, or neither is."""

from collections.abc import Mapping
from typing import TypeAlias

from sqlalchemy import Connection, Table, select

from citybrain.model.audit import EMPTY, AuditHead, Entry, chained, sha256_hex
from citybrain.store.ledger.schema import AUDIT, AUDIT_HEAD, DOCUMENTS

Value: TypeAlias = str | int | bool
Row: TypeAlias = Mapping[str, Value]


class Writing:
    """One transaction of one writer; several records may be written in it.

    Parameters
    ----------
    connection
        Inside a transaction that is kept or dropped as a whole.
    who
        Person or process whose doing it is.
    at
        UTC instant of the transaction.
    """

    def __init__(self, connection: Connection, who: str, at: str) -> None:
        self.connection = connection
        self.who = who
        self.at = at
        self.head: AuditHead = EMPTY

    def note(self, what: str, subject: str, detail: object) -> int:
        """Append one record to the audit log, and return its number.

        The first record of a transaction waits for every other writer to end.

        Parameters
        ----------
        what
            What was done, a few words.
        subject
            What it was done to.
        detail
            Everything else; what JSON can hold.
        """
        entry = Entry(at=self.at, who=self.who, what=what, subject=subject, detail=detail)
        record = chained(entry, self._end())
        values = {name: getattr(record, name) for name in AUDIT.c.keys()}  # noqa: SIM118
        self.connection.execute(AUDIT.insert(), values)
        self.connection.execute(
            AUDIT_HEAD.update().where(AUDIT_HEAD.c.id == 1),
            {"number": record.number, "hash": record.hash},
        )
        self.head = record.head
        return record.number

    def insert(self, table: Table, row: Row, what: str, subject: str) -> int:
        """Add a row and its record; a column ``record`` is filled with the record's number.

        Parameters
        ----------
        table
            One of the recorded tables.
        row
            Column → value.
        what, subject
            As in ``note``.
        """
        number = self.note(what, subject, {"insert": table.name, "row": dict(row)})
        numbered = {"record": number} if "record" in table.c else {}
        self.connection.execute(table.insert(), {**row, **numbered})
        return number

    def update(self, table: Table, key: Value, changes: Row, what: str, subject: str) -> int:
        """Change one row and write its record.

        Parameters
        ----------
        table
            One of the recorded tables.
        key
            Value of its primary key.
        changes
            Column → new value.
        what, subject
            As in ``note``.
        """
        detail = {"update": table.name, "key": key, "row": dict(changes)}
        number = self.note(what, subject, detail)
        (column,) = table.primary_key.columns
        self.connection.execute(table.update().where(column == key), dict(changes))
        return number

    def wait_for_others(self) -> None:
        """Wait until no other transaction writes; what is read from now on stays true."""
        self.head = self._end()

    def keep(self, content: str) -> str:
        """Keep a text by its hash, and return the hash; a text that is kept already stays."""
        key = sha256_hex(content)
        found = select(DOCUMENTS.c.hash).where(DOCUMENTS.c.hash == key)
        if self.connection.execute(found).first() is None:
            self.connection.execute(DOCUMENTS.insert(), {"hash": key, "content": content})
        return key

    def _end(self) -> AuditHead:
        """Return the log's end, locked against other writers until this transaction ends."""
        if self.head.number:
            return self.head
        row = self.connection.execute(
            select(AUDIT_HEAD.c.number, AUDIT_HEAD.c.hash)
            .where(AUDIT_HEAD.c.id == 1)
            .with_for_update()
        ).one()
        return AuditHead(number=row.number, hash=row.hash)
