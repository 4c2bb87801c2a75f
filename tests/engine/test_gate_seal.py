"""What units go back to: only what the gate itself has kept, whoever may write to the ledger."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.controllers.ntcip.secrets import Secret
from citybrain.engine.gate_recovery import settle_unfinished
from citybrain.engine.openings import OPENED, note_opening, opening_of
from citybrain.engine.seals import Seal, open_seal
from citybrain.errors import InputError, UnsafePlanError
from citybrain.model.statements import Act
from citybrain.ports.controllers import Step
from citybrain.store.ledger.audit import verify_audit
from citybrain.store.ledger.pushes import (
    add_receipt,
    begin_push,
    last_opening,
    running,
)
from tests.engine.approval_kit import tamper
from tests.engine.fake_units import Killed
from tests.engine.gate_yard import Yard, approved, yard

__all__ = ["yard"]


def kept(yard: Yard, unit: str, push_id: str) -> dict[str, Any]:
    with yard.at_work.desk.ledger.reading() as connection:
        text = last_opening(connection, unit, push_id, OPENED)
    assert text is not None
    found: dict[str, Any] = json.loads(text)
    return found


def push_of_unit(yard: Yard, unit: str) -> str:
    with yard.at_work.desk.ledger.reading() as connection:
        return running(connection)[unit].push_id


def forge(yard: Yard, unit: str, push_id: str, detail: object) -> None:
    """Put a receipt into the ledger by its own means, so that the log stays whole."""
    with yard.at_work.desk.ledger.writing("gate") as writing:
        add_receipt(writing, push_id, unit, OPENED, detail)
    assert verify_audit(yard.at_work.desk.ledger).faults == ()


def sets(yard: Yard) -> list[int]:
    return [unit.sets for unit in yard.fleet.units.values()]


def with_another_cycle(detail: dict[str, Any]) -> dict[str, Any]:
    former = detail["former"] | {"cycle_s": 13}
    return detail | {"former": former}


def test_a_unit_does_not_go_back_to_what_somebody_else_has_written(yard: Yard) -> None:
    yard.carry_out(yard.order())
    push_id = push_of_unit(yard, "K1")
    forge(yard, "K1", push_id, with_another_cycle(kept(yard, "K1", push_id)))
    before = sets(yard)
    with pytest.raises(UnsafePlanError, match=r"unit K1 .* does not carry the gate's seal"):
        yard.carry_out(yard.order(Act.ROLL_BACK))
    assert sets(yard) == before
    others = yard.carry_out(yard.order(Act.ROLL_BACK, units=("K2", "K3")))
    assert others.is_done


def test_what_another_unit_held_or_another_push_found_is_not_taken_for_it(yard: Yard) -> None:
    yard.carry_out(yard.order())
    first = push_of_unit(yard, "K1")
    yard.carry_out(yard.order(key=approved(yard.at_work, green_s=25.0)))
    second = push_of_unit(yard, "K1")
    forge(yard, "K1", second, kept(yard, "K2", second))
    with pytest.raises(UnsafePlanError, match="seal"):
        opening_of(yard.at_work.desk, "K1", second)
    forge(yard, "K1", second, kept(yard, "K1", first))
    with pytest.raises(UnsafePlanError, match="seal"):
        opening_of(yard.at_work.desk, "K1", second)


def test_a_gate_that_starts_writes_nothing_that_no_gate_has_kept(yard: Yard) -> None:
    """Neither for an order that nobody gave, nor for one that was given and cut off."""
    yard.carry_out(yard.order())
    genuine = kept(yard, "K1", push_of_unit(yard, "K1"))
    with yard.at_work.desk.ledger.writing("mallory") as writing:
        begin_push(writing, "ff" * 32, yard.key, Act.ROLL_BACK.value)
    forge(yard, "K1", "ff" * 32, with_another_cycle(genuine))
    before = sets(yard)
    (told,) = asyncio.run(settle_unfinished(yard.at_work.desk, yard.fleet))
    assert (told.unit, told.outcome, told.is_kept) == ("K1", "UNKNOWN", False)
    assert sets(yard) == before
    assert ("K1", "unsettled") in yard.alarms()
    assert yard.runs()["K1"] == yard.key


def test_a_cut_off_push_is_not_taken_for_another_act(yard: Yard) -> None:
    yard.fleet.units["K2"].dies_at = Step.WRITE
    yard.gate.at_once = 1
    with pytest.raises(Killed):
        yard.carry_out(yard.order())
    unit = yard.fleet.units["K2"]
    unit.dies_at = None
    tamper(yard.at_work.desk, "UPDATE pushes SET kind = :kind", kind=Act.ROLL_BACK.value)
    before = unit.sets
    (told,) = asyncio.run(settle_unfinished(yard.at_work.desk, yard.fleet))
    assert (told.unit, told.is_kept, unit.sets) == ("K2", False, before)


def test_a_desk_without_seal_keeps_nothing_that_a_gate_would_believe(yard: Yard) -> None:
    yard.carry_out(yard.order())
    push_id = push_of_unit(yard, "K1")
    stranger = replace(yard.at_work.desk, seal=None)
    opening = opening_of(stranger, "K1", push_id)
    assert opening is not None
    with pytest.raises(UnsafePlanError, match="no seal"):
        note_opening(stranger, push_id, opening)


@given(st.text(), st.text())
def test_a_seal_is_on_one_text_and_of_one_key(text: str, other: str) -> None:
    seal, stranger = Seal(Secret("the gate's own key")), Seal(Secret("somebody else's"))
    assert seal.is_on(text, seal.of(text))
    assert seal.is_on(other, seal.of(text)) == (other == text)
    assert not seal.is_on(text, stranger.of(text))
    assert not seal.is_on(text, other)


def test_the_first_start_makes_a_key_of_the_gates_alone(tmp_path: Path) -> None:
    path = tmp_path / "gate.seal"
    seal = open_seal(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert open_seal(path).of("a") == seal.of("a")
    assert path.read_text().strip() not in repr(seal)
    path.chmod(0o640)
    with pytest.raises(InputError, match="open to others"):
        open_seal(path)


def test_a_key_that_was_cut_short_seals_nothing(tmp_path: Path) -> None:
    path = tmp_path / "gate.seal"
    path.touch(mode=0o600)
    with pytest.raises(InputError, match="fewer than"):
        open_seal(path)
