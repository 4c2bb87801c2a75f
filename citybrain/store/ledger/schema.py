"""The tables as they are today; how older files become like this is in ``migrations``.

Instants are ISO 8601 text in UTC, so that a row reads the same in every database.  ``record`` is
always the number of the audit record that made the row.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, MetaData, String, Table, Text

METADATA = MetaData()

DOCUMENTS = Table(
    "documents",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("content", Text, nullable=False),
)
"""Plans and verdicts by the SHA-256 of their text; a row never changes."""

PLANS = Table(
    "plans",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("record", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("verdict_hash", String(64), nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_at", String(40), nullable=False),
)
"""Plans and how far they have come; the verdict's hash is empty until a plan is proven."""

SIGNATURES = Table(
    "signatures",
    METADATA,
    Column("record", BigInteger, primary_key=True),
    Column("plan_hash", String(64), nullable=False),
    Column("statement", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("signature", Text, nullable=False),
)
"""What people signed about a plan: the exact text, the key's name and the signature in base64."""

PUSHES = Table(
    "pushes",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("record", BigInteger, nullable=False),
    Column("plan_hash", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("ordered_by", Text, nullable=False),
    Column("started_at", String(40), nullable=False),
    Column("ended_at", String(40), nullable=False),
)
"""Pushes by the hash of their signed order, so that no order is carried out twice."""

RECEIPTS = Table(
    "receipts",
    METADATA,
    Column("record", BigInteger, primary_key=True),
    Column("push_id", String(64), ForeignKey("pushes.id"), nullable=False),
    Column("unit", Text, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("detail", Text, nullable=False),
    Column("at", String(40), nullable=False),
)
"""What became of one unit in one push; the detail is JSON."""

RUNNING = Table(
    "running",
    METADATA,
    Column("unit", Text, primary_key=True),
    Column("plan_hash", String(64), nullable=False),
    Column("push_id", String(64), nullable=False),
    Column("since", String(40), nullable=False),
    Column("pattern", BigInteger, nullable=False),
    Column("scheduled", BigInteger, nullable=False),
)
"""Which plan each unit was proven to run; an empty hash where no plan of the ledger runs.

The pattern is the one that the gate keeps commanding; 0 where the unit follows its own schedule,
which then runs the plan, if there is one, in the scheduled pattern.
"""

ALARMS = Table(
    "alarms",
    METADATA,
    Column("record", BigInteger, primary_key=True),
    Column("at", String(40), nullable=False),
    Column("unit", Text, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("text", Text, nullable=False),
    Column("cleared_at", String(40), nullable=False),
    Column("cleared_by", Text, nullable=False),
)
"""What somebody must look at, until it is cleared."""

KILL_SWITCH = Table(
    "kill_switch",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("is_on", Boolean, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("at", String(40), nullable=False),
)
"""One row once it was used: whether all pushes are stopped."""

AUDIT = Table(
    "audit",
    METADATA,
    Column("number", BigInteger, primary_key=True),
    Column("at", String(40), nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

AUDIT_HEAD = Table(
    "audit_head",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)
"""The log's end; its one row is what writers wait for, so that they queue up."""

SCHEMA_VERSION = Table(
    "schema_version",
    METADATA,
    Column("number", BigInteger, primary_key=True),
    Column("applied_at", String(40), nullable=False),
)

RECORDED = (PLANS, SIGNATURES, PUSHES, RECEIPTS, RUNNING, ALARMS, KILL_SWITCH)
"""Tables whose every change is in the audit log, so that the log gives their rows anew."""
