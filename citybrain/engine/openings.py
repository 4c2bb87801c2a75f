"""What a unit held before an order, kept under the gate's seal before a value is written."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from citybrain.engine.approval_desk import Desk
from citybrain.engine.pushing_records import GATE, plain
from citybrain.errors import UnsafePlanError
from citybrain.model.audit import canonical_json
from citybrain.ports.controllers import Former
from citybrain.store.ledger.pushes import Running, add_receipt, last_opening

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
    """
    if desk.seal is None:
        msg = "what a unit can go back to is sealed, and this desk has no seal"
        raise UnsafePlanError(msg)
    unit = opening.former.unit
    held = {"former": plain(opening.former), "ran": plain(opening.ran)}
    detail = held | {"seal": desk.seal.of(_sealed_text(push_id, unit, held))}
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
    """
    with desk.ledger.reading() as connection:
        text = last_opening(connection, unit, push_id, OPENED)
    if text is None:
        return None
    detail = json.loads(text)
    seal = str(detail.pop("seal", ""))
    former = Former(**detail["former"] | {"values": tuple(map(tuple, detail["former"]["values"]))})
    is_sealed = desk.seal is None or desk.seal.is_on(_sealed_text(push_id, unit, detail), seal)
    if not is_sealed or former.unit != unit:
        msg = (
            f"what unit {unit} held before order {push_id[:12]} does not carry the gate's seal: "
            "it was changed, or written by somebody else; push a plan instead"
        )
        raise UnsafePlanError(msg)
    return Opening(former=former, ran=Running(**detail["ran"]))


def _sealed_text(push_id: str, unit: str, held: Mapping[str, object]) -> str:
    return canonical_json({"push": push_id, "unit": unit, **held})
