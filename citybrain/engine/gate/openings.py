"""What a unit held before an order, kept under the gate's seal before a value is written."""

from dataclasses import dataclass
from typing import Any

from citybrain.engine.gate.records import GATE, ORDERED, plain
from citybrain.engine.street.desk import Desk
from citybrain.errors import InputError, UnsafePlanError
from citybrain.model.audit import canonical_json, parsed_json, sha256_hex
from citybrain.model.statements import Statement, read_statement
from citybrain.ports.controllers import Former
from citybrain.store.ledger.audit import read_audit
from citybrain.store.ledger.pushes import Running, add_receipt, first_opening

OPENED = "OPENED"
"""Outcome of the receipt that is written before the first value; a last one follows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a unit held before a push, by the receipt that was written first.

    That of a roll-back tells what the unit goes back to.

    Parameters
    ----------
    former
        Its values.
    ran
        What the ledger knew it to run.
    """

    former: Former
    ran: Running


def note_opening(desk: Desk, push_id: str, opening: Opening) -> None:
    """Keep what a unit can go back to, before its first value is written.

    Parameters
    ----------
    desk
        The gate's; where its ledger fails, nothing may be written to the unit.
    push_id
        The push, or the roll-back.
    opening
        What the unit held before the push; for a roll-back, what it goes back to.

    Raises
    ------
    UnsafePlanError
        The desk has no seal.
    InputError
        The ledger cannot be written.
    """
    if desk.seal is None:
        msg = "what a unit can go back to is sealed, and this desk has no seal"
        raise UnsafePlanError(msg)
    unit, former, ran = opening.former.unit, plain(opening.former), plain(opening.ran)
    seal = desk.seal.of(_sealed_text(push_id, unit, former, ran))
    detail = {"former": former, "ran": ran, "seal": seal}
    with desk.ledger.writing(GATE) as writing:
        add_receipt(writing, push_id, unit, OPENED, detail)


def opening_of(desk: Desk, unit: str, push_id: str) -> Opening | None:
    """Return what a unit held before a push; none if the push never came to write there.

    Parameters
    ----------
    desk
        The gate's believes only what the gate has sealed; any other shows what the ledger says.
    unit, push_id
        The unit, and the push.

    Raises
    ------
    UnsafePlanError
        The gate did not write this.
    InputError
        The ledger cannot be read.
    """
    with desk.ledger.reading() as connection:
        text = first_opening(connection, unit, push_id, OPENED)
    if text is None:
        return None
    msg = (
        f"what unit {unit} held before order {push_id[:12]} does not carry the gate's seal: "
        "it was changed, or written by somebody else; push a plan instead"
    )
    detail = _content(text)
    former, ran = detail.get("former"), detail.get("ran")
    sealed = _sealed_text(push_id, unit, former, ran)
    if desk.seal is not None and not desk.seal.is_on(sealed, str(detail.get("seal", ""))):
        raise UnsafePlanError(msg)
    try:
        return Opening(former=_former(former), ran=_running(ran))
    except (TypeError, KeyError, ValueError):
        raise UnsafePlanError(msg) from None


def order_of(desk: Desk, plan_hash: str, push_id: str) -> Statement:
    """Return the order that began a push, by its own hash: what was signed, not what came later.

    Whether anybody signed it was for the gate to check before it sealed what a unit held: the
    seal names this hash.

    Parameters
    ----------
    desk
        Ledger.
    plan_hash
        Plan that the order is said to be about.
    push_id
        SHA-256 of the order.

    Raises
    ------
    InputError
        There is no such order about this plan.
    """
    for record in reversed(read_audit(desk.ledger, subject=plan_hash)):
        text = str(_content(record.detail).get("order", "")) if record.what == ORDERED else ""
        if sha256_hex(text) == push_id:
            order = read_statement(text)
            if order.plan_hash == plan_hash:
                return order
    where = f"order {push_id[:12]}"
    what = f"about plan {plan_hash[:12]} is not in the audit log"
    raise InputError(where, what, "run citybrain audit verify")


def _content(text: str) -> dict[str, Any]:
    """Return what a text of the ledger holds, whoever wrote it; nothing of an odd one."""
    try:
        content = parsed_json(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _former(content: Any) -> Former:  # noqa: ANN401 - known only after reading
    return Former(**content | {"values": tuple(map(tuple, content["values"]))})


def _running(content: Any) -> Running:  # noqa: ANN401 - known only after reading
    return Running(**content)


def _sealed_text(push_id: str, unit: str, former: object, ran: object) -> str:
    return canonical_json({"push": push_id, "unit": unit, "former": former, "ran": ran})
