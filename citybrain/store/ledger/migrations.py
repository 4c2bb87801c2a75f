"""How a ledger of an earlier version becomes one of today: numbered steps, forwards only.

A step that was released never changes; a new need is a new step.  The statements are plain SQL
that SQLite and PostgreSQL both know.
"""

from sqlalchemy import Connection, inspect, select, text

from citybrain.errors import InputError
from citybrain.store.ledger.schema import SCHEMA_VERSION

_OWN_TABLE = """CREATE TABLE schema_version (
    number BIGINT PRIMARY KEY, applied_at VARCHAR(40) NOT NULL)"""
_FIRST = (
    "CREATE TABLE documents (hash VARCHAR(64) PRIMARY KEY, content TEXT NOT NULL)",
    """CREATE TABLE plans (
        hash VARCHAR(64) PRIMARY KEY, record BIGINT NOT NULL, name TEXT NOT NULL,
        state VARCHAR(16) NOT NULL, verdict_hash VARCHAR(64) NOT NULL, proposed_by TEXT NOT NULL,
        proposed_at VARCHAR(40) NOT NULL)""",
    """CREATE TABLE signatures (
        record BIGINT PRIMARY KEY, plan_hash VARCHAR(64) NOT NULL, statement TEXT NOT NULL,
        "key" TEXT NOT NULL, signature TEXT NOT NULL)""",
    """CREATE TABLE pushes (
        id VARCHAR(64) PRIMARY KEY, record BIGINT NOT NULL, plan_hash VARCHAR(64) NOT NULL,
        kind VARCHAR(16) NOT NULL, ordered_by TEXT NOT NULL, started_at VARCHAR(40) NOT NULL,
        ended_at VARCHAR(40) NOT NULL)""",
    """CREATE TABLE receipts (
        record BIGINT PRIMARY KEY, push_id VARCHAR(64) NOT NULL REFERENCES pushes (id),
        unit TEXT NOT NULL, outcome VARCHAR(32) NOT NULL, detail TEXT NOT NULL,
        at VARCHAR(40) NOT NULL)""",
    """CREATE TABLE running (
        unit TEXT PRIMARY KEY, plan_hash VARCHAR(64) NOT NULL, push_id VARCHAR(64) NOT NULL,
        since VARCHAR(40) NOT NULL)""",
    """CREATE TABLE alarms (
        record BIGINT PRIMARY KEY, at VARCHAR(40) NOT NULL, unit TEXT NOT NULL,
        kind VARCHAR(32) NOT NULL, text TEXT NOT NULL, cleared_at VARCHAR(40) NOT NULL)""",
    """CREATE TABLE kill_switch (
        id BIGINT PRIMARY KEY, is_on BOOLEAN NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL,
        at VARCHAR(40) NOT NULL)""",
    """CREATE TABLE audit (
        number BIGINT PRIMARY KEY, at VARCHAR(40) NOT NULL, who TEXT NOT NULL,
        what TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL,
        previous VARCHAR(64) NOT NULL, hash VARCHAR(64) NOT NULL)""",
    """CREATE TABLE audit_head (
        id BIGINT PRIMARY KEY, number BIGINT NOT NULL, hash VARCHAR(64) NOT NULL)""",
    f"INSERT INTO audit_head (id, number, hash) VALUES (1, 0, '{'0' * 64}')",
)
_WHO_CLEARED_AN_ALARM = (
    "ALTER TABLE alarms ADD COLUMN cleared_by TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX receipts_by_push ON receipts (push_id)",
    "CREATE INDEX audit_by_subject ON audit (subject)",
)
_PATTERN_THAT_IS_COMMANDED = ("ALTER TABLE running ADD COLUMN pattern BIGINT NOT NULL DEFAULT 0",)
_PATTERN_THAT_IS_SCHEDULED = ("ALTER TABLE running ADD COLUMN scheduled BIGINT NOT NULL DEFAULT 0",)

MIGRATIONS = (
    _FIRST,
    _WHO_CLEARED_AN_ALARM,
    _PATTERN_THAT_IS_COMMANDED,
    _PATTERN_THAT_IS_SCHEDULED,
)
"""Step n takes a ledger from version n - 1 to version n."""


def upgrade(connection: Connection, at: str, where: str) -> tuple[int, ...]:
    """Bring a ledger to the newest version.

    Parameters
    ----------
    connection
        Inside a transaction that no other writer shares.
    at
        UTC instant, noted with every step.
    where
        The ledger, for errors.

    Returns
    -------
    tuple of int
        Numbers of the steps that were taken; empty for a ledger of today.

    Raises
    ------
    InputError
        A newer citybrain wrote the ledger.
    """
    if not inspect(connection).has_table(SCHEMA_VERSION.name):
        _run(connection, _OWN_TABLE)
    done = version(connection)
    if done > len(MIGRATIONS):
        what = f"is of version {done}, this citybrain knows {len(MIGRATIONS)}"
        raise InputError(where, what, "use the newer citybrain that wrote it")
    for number, statements in enumerate(MIGRATIONS[done:], start=done + 1):
        for statement in statements:
            _run(connection, statement)
        connection.execute(SCHEMA_VERSION.insert(), {"number": number, "applied_at": at})
    return tuple(range(done + 1, len(MIGRATIONS) + 1))


def version(connection: Connection) -> int:
    """Return the number of the last step that a ledger has taken."""
    return max(connection.scalars(select(SCHEMA_VERSION.c.number)).all(), default=0)


def _run(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))
