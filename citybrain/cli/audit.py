"""The commands ``audit show`` and ``audit verify``."""

from dataclasses import asdict, dataclass
from pathlib import Path

from citybrain.cli.console import OUTPUT, print_json
from citybrain.cli.escaping import visible
from citybrain.cli.street import SHORT
from citybrain.engine.street.desk import open_street_ledger, utc_now
from citybrain.engine.street.settings import read_street
from citybrain.errors import InputError
from citybrain.model.audit import AuditHead, parsed_json
from citybrain.store.ledger.audit import read_audit, verify_audit


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """Options of ``audit show``."""

    street: Path
    subject: str
    last: int
    is_json: bool


def show(request: Show) -> int:
    """Print the newest records of the log, the oldest of them first."""
    street = read_street(request.street)
    with open_street_ledger(street, utc_now) as ledger:
        records = read_audit(ledger, subject=request.subject, last=request.last or None)
    if request.is_json:
        content = [asdict(r) | {"detail": _detail(r.detail)} for r in records]
        print_json({"records": content})
    else:
        for r in records:
            subject = r.subject[:SHORT] if len(r.subject) == len(r.hash) else r.subject
            line = f"{r.number:>6}  {r.at[:19]}Z  {r.who:<20}  {visible(r.what):<40}  {subject}"
            OUTPUT.print(line)
        if not records:
            OUTPUT.print("no record of this" if request.subject else "no record yet")
    return 0


def _detail(text: str) -> object:
    """Return what a record's detail holds; the text itself of one that is no JSON."""
    try:
        return parsed_json(text)
    except ValueError:
        return text


def verify(street_file: Path, head: str | None, *, is_json: bool) -> int:
    """Look through the whole log; tell what is wrong, or the head to keep elsewhere."""
    street = read_street(street_file)
    kept = () if head is None else (_head(head),)
    with open_street_ledger(street, utc_now) as ledger:
        found = verify_audit(ledger, kept)
    if is_json:
        print_json({"head": asdict(found.head), "faults": list(found.faults)})
    else:
        for fault in found.faults:
            OUTPUT.print(fault)
        if found.faults:
            OUTPUT.print("the log is not what was written; keep no head of it")
        else:
            OUTPUT.print("the log is whole; its head, to keep elsewhere:")
            OUTPUT.print(f"{found.head.number}:{found.head.hash}")
    return 1 if found.faults else 0


def _head(text: str) -> AuditHead:
    number, _, digest = text.partition(":")
    if not (number.isdigit() and digest):
        where = f"head {text}"
        raise InputError(where, "is no head", "give NUMBER:HASH as audit verify printed it")
    return AuditHead(number=int(number), hash=digest)
