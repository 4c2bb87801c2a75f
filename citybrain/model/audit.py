"""A log in which every record carries the hash of the one before it: what was done, by whom, when.

A changed record no longer has its hash, a missing or reordered one breaks the link of the next.
A log that was cut at its end is still whole: only a head kept elsewhere tells.  Method: hash
chaining of log records after B. Schneier and J. Kelsey, "Secure audit logs to support computer
forensics", ACM TISSEC 2(2), 1999, with SHA-256 (FIPS 180-4).
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

GENESIS = "0" * 64
"""What the first record names as the hash before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditHead:
    """The end of a log: number and hash of its last record; 0 and zeros for an empty log."""

    number: int
    hash: str


EMPTY = AuditHead(number=0, hash=GENESIS)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One thing that was done.

    Parameters
    ----------
    number
        Position in the log, from 1.
    at
        UTC instant, ISO 8601.
    who
        Person or process that did it.
    what
        What was done, a few words.
    subject
        What it was done to: a plan's hash, a unit, …
    detail
        Everything else, as canonical JSON.
    previous
        Hash of the record before it.
    hash
        SHA-256 over all of the above, in hexadecimal.
    """

    number: int
    at: str
    who: str
    what: str
    subject: str
    detail: str
    previous: str
    hash: str

    @property
    def head(self) -> AuditHead:
        """The log's end if this is its last record."""
        return AuditHead(number=self.number, hash=self.hash)

    @property
    def expected_hash(self) -> str:
        """Hash that the record must carry, worked out from what it says."""
        content = [self.number, self.at, self.who, self.what, self.subject, self.detail]
        return sha256_hex(canonical_json([*content, self.previous]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a record is to say, before it has a place in the log."""

    at: str
    who: str
    what: str
    subject: str
    detail: object


def canonical_json(value: object) -> str:
    """Return the one text of a value: sorted keys, no spaces, UTF-8 characters as they are.

    Parameters
    ----------
    value
        Anything that JSON can hold; numbers without end are refused (ValueError).
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def parsed_json(text: str) -> Any:  # noqa: ANN401 - known only after reading
    """Return what a JSON text holds, whoever wrote it.

    Parameters
    ----------
    text
        The text.

    Raises
    ------
    ValueError
        It is no JSON, or nested deeper than can be read.
    """
    try:
        return json.loads(text)
    except RecursionError:
        msg = "nested too deeply"
        raise ValueError(msg) from None


def sha256_hex(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def chained(entry: Entry, head: AuditHead) -> AuditRecord:
    """Return an entry as the record that follows a head.

    Parameters
    ----------
    entry
        What the record says.
    head
        End of the log so far.
    """
    record = AuditRecord(
        number=head.number + 1,
        at=entry.at,
        who=entry.who,
        what=entry.what,
        subject=entry.subject,
        detail=canonical_json(entry.detail),
        previous=head.hash,
        hash="",
    )
    return replace(record, hash=record.expected_hash)


def chain_faults(
    records: Iterable[AuditRecord], kept: Sequence[AuditHead] = (), start: AuditHead = EMPTY
) -> Iterator[str]:
    """Yield what is wrong with a log, one sentence each; nothing if it is whole.

    Parameters
    ----------
    records
        All records after ``start``, in order of their numbers.
    kept
        Heads that were kept apart from the log; each must still be in it.
    start
        Where the records begin; for a log that was verified up to there before.
    """
    wanted = {head.number: head.hash for head in kept if head.number > start.number}
    for head in kept:
        if wanted.get(head.number, head.hash) != head.hash:
            yield f"two heads of record {head.number} were kept apart, and they differ"
    last = start
    for record in records:
        yield from _link_faults(record, last)
        if wanted.pop(record.number, record.hash) != record.hash:
            yield f"record {record.number} is not the one whose hash was kept apart"
        last = record.head
    for number in sorted(wanted):
        yield f"records {last.number + 1} to {number} are missing: the log was cut at its end"


def _link_faults(record: AuditRecord, last: AuditHead) -> Iterator[str]:
    if record.number != last.number + 1:
        yield f"record {last.number + 1} is missing: {record.number} follows {last.number}"
    elif record.previous != last.hash:
        yield f"record {record.number} does not follow the one before it: changed or reordered"
    if record.hash != record.expected_hash:
        yield f"record {record.number} was changed after it was written"
