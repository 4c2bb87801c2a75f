"""What units go back to: only what the gate itself has kept, whoever may write to the ledger."""

import asyncio
import errno
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Table, select

from citybrain.controllers.ntcip.secrets import Secret
from citybrain.engine.gate.openings import OPENED, note_opening, opening_of
from citybrain.engine.gate.records import ORDERED
from citybrain.engine.gate.recovery import UNSETTLED, settle_unfinished
from citybrain.engine.street.seals import Seal, open_seal
from citybrain.errors import InputError, UnsafePlanError
from citybrain.model.statements import Act
from citybrain.ports.controllers import Step
from citybrain.store.ledger.audit import verify_audit
from citybrain.store.ledger.pushes import (
    add_receipt,
    begin_push,
    first_opening,
    running,
    set_running,
)
from citybrain.store.ledger.schema import PUSHES, RECEIPTS, SIGNATURES
from tests.engine.approval_kit import tamper
from tests.engine.fake_units import Killed
from tests.engine.gate_yard import Yard, approved, yard

__all__ = ["yard"]


def kept(yard: Yard, unit: str, push_id: str) -> dict[str, Any]:
    with yard.at_work.desk.ledger.reading() as connection:
        text = first_opening(connection, unit, push_id, OPENED)
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


def test_a_unit_goes_back_to_what_the_gate_found_whatever_is_added_to_it(yard: Yard) -> None:
    yard.carry_out(yard.order())
    push_id = push_of_unit(yard, "K1")
    genuine = kept(yard, "K1", push_id)
    forge(yard, "K1", push_id, with_another_cycle(genuine))
    forge(yard, "K1", push_id, {"former": {}})
    assert kept(yard, "K1", push_id) == genuine
    assert yard.carry_out(yard.order(Act.ROLL_BACK)).is_done
    assert yard.fleet.units["K1"].cycle_s == 47


@pytest.mark.parametrize(
    "change",
    [
        with_another_cycle,
        lambda detail: detail,
        lambda detail: detail | {"seal": ""},
        lambda detail: {"former": {}},
        lambda detail: [],
    ],
)
def test_what_belongs_to_another_push_is_not_taken_for_this_one(
    yard: Yard, change: Callable[[dict[str, Any]], object]
) -> None:
    """Not even where the ledger's own text names the push that it was sealed for."""
    yard.carry_out(yard.order())
    push_id = push_of_unit(yard, "K1")
    detail = change(kept(yard, "K1", push_id) | {"push": push_id, "unit": "K1"})
    with yard.at_work.desk.ledger.writing("mallory") as writing:
        begin_push(writing, "ff" * 32, yard.key, Act.ROLL_BACK.value)
    forge(yard, "K1", "ff" * 32, detail)
    with pytest.raises(UnsafePlanError, match=r"unit K1 .* does not carry the gate's seal"):
        opening_of(yard.at_work.desk, "K1", "ff" * 32)


def test_a_plan_is_rolled_back_to_what_was_before_that_plan(yard: Yard) -> None:
    """Not to what was before another one, whatever the ledger says brought it."""
    yard.carry_out(yard.order())
    first = push_of_unit(yard, "K1")
    second = approved(yard.at_work, green_s=25.0)
    yard.carry_out(yard.order(key=second))
    with yard.at_work.desk.ledger.writing("mallory") as writing:
        row = running(writing.connection)["K1"]
        set_running(writing, "K1", replace(row, push_id=first))
    before = sets(yard)
    with pytest.raises(InputError, match="is not in the audit log"):
        yard.carry_out(yard.order(Act.ROLL_BACK, key=second))
    assert sets(yard) == before


def test_a_unit_that_a_later_order_has_written_to_is_not_taken_back_by_a_restart(
    yard: Yard,
) -> None:
    yard.fleet.units["K2"].dies_at = Step.WRITE
    yard.gate.at_once = 1
    with pytest.raises(Killed):
        yard.carry_out(yard.order())
    unit = yard.fleet.units["K2"]
    unit.dies_at, unit.is_silent = None, True
    (told,) = asyncio.run(settle_unfinished(yard.at_work.desk, yard.fleet))
    assert (told.unit, told.is_kept) == ("K2", False)
    (again,) = asyncio.run(settle_unfinished(yard.at_work.desk, yard.fleet))
    assert not again.is_kept
    assert yard.alarms().count(("K2", UNSETTLED)) == 1
    unit.is_silent = False
    newer = approved(yard.at_work, green_s=25.0)
    assert yard.carry_out(yard.order(key=newer)).is_done
    shown = unit.cycle_s
    assert asyncio.run(settle_unfinished(yard.at_work.desk, yard.fleet)) == ()
    assert (unit.cycle_s, yard.runs()["K2"]) == (shown, newer)


@pytest.mark.parametrize("table", [RECEIPTS, SIGNATURES])
def test_rows_that_are_never_changed_are_a_fault_of_the_log(yard: Yard, table: Table) -> None:
    yard.carry_out(yard.order())
    with yard.at_work.desk.ledger.writing("mallory") as writing:
        key = writing.connection.execute(select(table.c.record)).scalars().first()
        assert key
        column = "outcome" if table is RECEIPTS else "plan_hash"
        writing.update(table, key, {column: "x"}, "tidied up", "x")
    (fault,) = verify_audit(yard.at_work.desk.ledger).faults
    assert f"changes what is never changed in table {table.name}" in fault


def test_a_push_that_has_ended_does_not_begin_anew(yard: Yard) -> None:
    yard.carry_out(yard.order())
    push_id = push_of_unit(yard, "K1")
    with yard.at_work.desk.ledger.writing("mallory") as writing:
        writing.update(PUSHES, push_id, {"ended_at": ""}, "push ended", yard.key)
    (fault,) = verify_audit(yard.at_work.desk.ledger).faults
    assert "begins a push anew that has ended" in fault


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


@pytest.mark.parametrize("odd", [{}, {"order": None}, {"order": ["a", "list"]}])
def test_an_odd_note_in_the_log_keeps_no_gate_from_starting(
    yard: Yard, odd: dict[str, object]
) -> None:
    yard.fleet.units["K2"].dies_at = Step.WRITE
    yard.gate.at_once = 1
    with pytest.raises(Killed):
        yard.carry_out(yard.order())
    yard.fleet.units["K2"].dies_at = None
    with yard.at_work.desk.ledger.writing("mallory") as writing:
        writing.note(ORDERED, yard.key, odd)
    (told,) = asyncio.run(settle_unfinished(yard.at_work.desk, yard.fleet))
    assert (told.unit, told.is_kept) == ("K2", True)


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
    open_seal(path)
    whole = path.read_text()
    for left in (0, 1, 20, 63):
        path.write_text(whole[:left])
        with pytest.raises(InputError, match=r"holds no whole key; bring it back from a backup"):
            open_seal(path)
        assert path.read_text() == whole[:left]


def test_a_key_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start that dies on its way leaves no key, and the next one makes one."""

    def dies(_handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    path = tmp_path / "gate.seal"
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", dies)
        with pytest.raises(InputError, match="cannot be written"):
            open_seal(path)
    assert list(tmp_path.iterdir()) == []
    open_seal(path)
    assert list(tmp_path.iterdir()) == [path]


def test_two_first_starts_have_one_key(tmp_path: Path) -> None:
    path = tmp_path / "gate.seal"
    with ThreadPoolExecutor(8) as starts:
        seals = list(starts.map(open_seal, [path] * 8))
    assert len({seal.of("a") for seal in seals}) == 1
