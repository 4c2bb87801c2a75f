"""The audit log: nothing can be changed, taken out or reordered without being found."""

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Table, text

from citybrain.errors import InputError
from citybrain.model import audit
from citybrain.model.approval import State
from citybrain.model.audit import AuditHead, canonical_json, chain_faults
from citybrain.store.ledger import Ledger, Writing, open_ledger
from citybrain.store.ledger.audit import LogWatch, read_audit, verify_audit
from citybrain.store.ledger.plans import add_plan, kept_plan, set_state
from citybrain.store.ledger.pushes import begin_push, end_push
from citybrain.store.ledger.schema import ALARMS, PLANS, PUSHES, RUNNING
from tests.store.ledger_kit import clock

ALARM = {
    "at": "2026-03-17T06:30:00.000+00:00",
    "unit": "J1",
    "kind": "free",
    "text": "runs free",
    "cleared_at": "",
    "cleared_by": "",
}


def filled(ledger: Ledger, records: int = 6) -> None:
    """Write an alarm, clear it, and note some more."""
    with ledger.writing("anna") as writing:
        number = writing.insert(ALARMS, ALARM, "alarm", "J1")
        changes = {"cleared_at": writing.at, "cleared_by": "anna"}
        writing.update(ALARMS, number, changes, "cleared", "J1")
        writing.keep("a document")
    for number in range(records - 2):
        with ledger.writing("anna") as writing:
            writing.note("looked", f"unit {number}", {"number": number})


def insert_twice(writing: Writing) -> None:
    row = {"unit": "J1", "plan_hash": "", "push_id": "", "since": writing.at, "pattern": 0}
    for _ in range(2):
        writing.insert(RUNNING, row, "runs", "J1")


def tamper(ledger: Ledger, statement: str) -> None:
    with ledger.writing("mallory") as writing:
        writing.connection.execute(text(statement))


def test_a_log_that_nobody_touched_is_whole(ledger: Ledger) -> None:
    filled(ledger)
    found = verify_audit(ledger)
    assert found.faults == ()
    assert found.head.number == 6
    assert [record.who for record in read_audit(ledger, last=2)] == ["anna", "anna"]
    assert [record.subject for record in read_audit(ledger, subject="unit 3")] == ["unit 3"]


TAMPERINGS = [
    ("UPDATE audit SET who = 'bert' WHERE number = 2", "record 2 was changed"),
    ("UPDATE audit SET detail = '{}' WHERE number = 3", "record 3 was changed"),
    ("UPDATE audit SET detail = 'no JSON' WHERE number = 1", "record 1 was changed"),
    ("UPDATE audit SET at = '2026' WHERE number = 6", "record 6 was changed"),
    ("DELETE FROM audit WHERE number = 1", "record 1 is missing"),
    ("DELETE FROM audit WHERE number = 4", "record 4 is missing"),
    ("DELETE FROM audit WHERE number > 4", "records 5 to 6 are missing: the log was cut"),
    ("DELETE FROM audit", "records 1 to 6 are missing: the log was cut"),
    (
        "UPDATE audit SET number = CASE number WHEN 3 THEN -4 WHEN 4 THEN 3 END "
        "WHERE number IN (3, 4)",
        "record 3 was changed",
    ),
    (
        "INSERT INTO audit SELECT 7, at, who, what, subject, detail, hash, hash FROM audit "
        "WHERE number = 6",
        "record 7 was changed",
    ),
    ("UPDATE audit_head SET number = 5", "does not end where its own table of heads says"),
    ("UPDATE alarms SET text = 'all is well'", "table alarms: row 1 was changed past the log"),
    ("DELETE FROM alarms", "table alarms: row 1 is missing"),
    (
        "INSERT INTO kill_switch (id, is_on, who, why, at) VALUES (1, FALSE, 'm', 'm', 'm')",
        "table kill_switch: row 1 is not from the log",
    ),
    ("UPDATE documents SET content = 'another document'", "was changed after it was kept"),
]


@pytest.mark.parametrize(("statement", "told"), TAMPERINGS)
def test_every_tampering_is_found(ledger: Ledger, statement: str, told: str) -> None:
    filled(ledger)
    tamper(ledger, statement)
    assert any(told in fault for fault in verify_audit(ledger).faults)


def test_two_records_swapped_with_their_links_mended_are_found(ledger: Ledger) -> None:
    filled(ledger)
    first, second, third, *rest = read_audit(ledger)
    moved = replace(third, number=2, previous=first.hash)
    swapped = (first, moved, replace(second, number=3, previous=moved.hash), *rest)
    faults = tuple(chain_faults(swapped))
    assert any("record 2 was changed" in fault for fault in faults)
    assert any("record 4 does not follow" in fault for fault in faults)


def test_a_log_written_anew_is_found_by_a_head_kept_elsewhere(ledger: Ledger) -> None:
    filled(ledger)
    elsewhere = verify_audit(ledger).head
    tamper(ledger, "DELETE FROM audit")
    tamper(ledger, f"UPDATE audit_head SET number = 0, hash = '{'0' * 64}'")
    tamper(ledger, "DELETE FROM alarms")
    ledger.head_file.unlink()
    with ledger.writing("mallory") as writing:
        for _ in range(7):
            writing.note("looked", "nothing happened", {})
    assert verify_audit(ledger).faults == (), "whoever may write database and head file can do this"
    told = verify_audit(ledger, [elsewhere]).faults
    assert told == ("record 6 is not the one whose hash was kept apart",)


def test_a_watch_reads_what_is_new_and_still_sees_the_old(ledger: Ledger) -> None:
    watch = LogWatch()
    assert watch.look(ledger).faults == ()
    filled(ledger, records=4)
    assert watch.look(ledger).head.number == 4
    with ledger.writing("anna") as writing:
        writing.note("looked", "J1", {})
    assert watch.look(ledger).head.number == 5
    tamper(ledger, "UPDATE alarms SET unit = 'J2'")
    (fault,) = watch.look(ledger).faults
    assert fault == "table alarms: row 1 was changed past the log"
    tamper(ledger, "UPDATE alarms SET unit = 'J1'")
    tamper(ledger, "DELETE FROM audit WHERE number = 5")
    assert any("record 5 is not what it was" in fault for fault in watch.look(ledger).faults)


@pytest.mark.parametrize(
    "detail",
    [
        None,
        [],
        {"update": []},
        {"insert": {}},
        {"update": 3, "row": 4},
        {"insert": "elsewhere", "row": {}},
        {"row": "text"},
    ],
)
def test_a_note_of_odd_form_is_no_change_of_a_row(ledger: Ledger, detail: object) -> None:
    filled(ledger)
    with ledger.writing("mallory") as writing:
        writing.note("odd", "x", detail)
    assert verify_audit(ledger).faults == ()


def test_a_note_nested_too_deeply_is_no_change_of_a_row(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(ledger)
    deep = "[" * 100_000 + "]" * 100_000
    with ledger.writing("mallory") as writing, monkeypatch.context() as patch:
        patch.setattr(audit, "canonical_json", lambda v: deep if v == "deep" else canonical_json(v))
        writing.note("odd", "x", "deep")
    assert verify_audit(ledger).faults == ()


STEPS = [
    ("proven", "bogus"),
    ("proven", "active"),
    ("rejected", "approved"),
]


@pytest.mark.parametrize("steps", STEPS)
def test_a_plan_comes_to_no_state_that_may_not_follow(
    ledger: Ledger, steps: tuple[str, str]
) -> None:
    with ledger.writing("anna") as writing:
        key = add_plan(writing, "morning", "text", "")
    watch = LogWatch()
    assert watch.look(ledger).faults == ()
    with ledger.writing("mallory") as writing:
        for state in steps:
            writing.update(PLANS, key, {"state": state}, state, key)
    before, after = steps
    told = f"record 3 brings plan {key[:12]} from {before} to {after}, which no plan may do"
    assert verify_audit(ledger).faults == watch.look(ledger).faults == (told,)


def put_again(ledger: Ledger, table: Table, key: str, **changes: str) -> None:
    """Put a row in once more by a record of its own, and change it past the log."""
    column = next(iter(table.primary_key.columns))
    with ledger.reading() as connection:
        row = dict(connection.execute(table.select().where(column == key)).mappings().one())
    row |= changes
    with ledger.writing("mallory") as writing:
        own = {name: value for name, value in row.items() if name != "record"}
        number = writing.note("again", key, {"insert": table.name, "row": own})
        writing.connection.execute(table.update().where(column == key).values(**own, record=number))


def test_no_plan_and_no_push_begins_again(ledger: Ledger) -> None:
    with ledger.writing("anna") as writing:
        key = add_plan(writing, "morning", "text", "")
        set_state(writing, key, State.REJECTED, "never")
        begin_push(writing, "order", key, "push")
    with ledger.writing("anna") as writing:
        end_push(writing, "order", key)
    put_again(ledger, PLANS, key, state="proposed")
    put_again(ledger, PUSHES, "order", ended_at="")
    assert verify_audit(ledger).faults == (
        "record 5 puts a row into table plans that it has already",
        "record 6 puts a row into table pushes that it has already",
    )


def test_a_plan_begins_as_proposed_whatever_else_its_record_says(ledger: Ledger) -> None:
    with ledger.writing("anna") as writing:
        key = add_plan(writing, "morning", "text", "")
    with ledger.writing("mallory") as writing:
        other = writing.keep("another text")
        row = {"hash": other, "name": "x", "state": "retired", "verdict_hash": "",
               "proposed_by": "anna", "proposed_at": ""}  # fmt: skip
        number = writing.note(
            "odd", "x", {"insert": "plans", "row": row, "update": "x", "key": key}
        )
        writing.connection.execute(PLANS.insert().values(record=number, **row))
    told = f"record 2 brings plan {other[:12]} as retired, which no plan may do"
    assert verify_audit(ledger).faults == (told,)


def test_a_plan_in_no_state_that_there_is_is_told_in_a_line(ledger: Ledger) -> None:
    with ledger.writing("anna") as writing:
        key = add_plan(writing, "morning", "text", "")
    tamper(ledger, "UPDATE plans SET state = 'bogus'")
    with pytest.raises(InputError, match="in no state that there is"), ledger.reading() as reading:
        kept_plan(reading, key)


@pytest.mark.parametrize(
    "detail",
    [
        {"insert": "running", "row": []},
        {"insert": "receipts", "row": {"record": []}},
        {"update": "running", "key": [], "row": {}},
        {"update": "pushes", "key": {}, "row": 7},
    ],
)
def test_a_note_that_changes_no_row_though_it_says_so_is_told(
    ledger: Ledger, detail: object
) -> None:
    filled(ledger)
    with ledger.writing("mallory") as writing:
        writing.note("odd_form", "x", detail)
    assert verify_audit(ledger).faults


def test_a_failed_transaction_leaves_neither_row_nor_record(ledger: Ledger) -> None:
    filled(ledger)
    with pytest.raises(InputError, match=r"(?i)unique"), ledger.writing("anna") as writing:
        insert_twice(writing)
    found = verify_audit(ledger)
    assert (found.head.number, found.faults) == (6, ())


def test_a_damaged_head_file_is_a_fault_and_no_crash(ledger: Ledger) -> None:
    filled(ledger)
    ledger.head_file.write_text("{")
    (fault,) = verify_audit(ledger).faults
    assert "keeps no head of a log" in fault


def write_until_killed(url: str, folder: Path, who: str, count: int) -> None:
    with open_ledger(url, folder / "audit.head", clock) as ledger:
        for number in range(count):
            with ledger.writing(who) as writing:
                writing.insert(ALARMS, ALARM, "alarm", who)
                writing.note("more", who, {"number": number})


@pytest.fixture
def start_writer(
    url: str, tmp_path: Path
) -> Callable[[str, int], multiprocessing.context.SpawnProcess]:
    def start(who: str, count: int) -> multiprocessing.context.SpawnProcess:
        process = multiprocessing.get_context("spawn").Process(
            target=write_until_killed, args=(url, tmp_path, who, count)
        )
        process.start()
        return process

    return start


@pytest.mark.integration
def test_writers_side_by_side_leave_one_whole_chain(
    ledger: Ledger, start_writer: Callable[[str, int], multiprocessing.context.SpawnProcess]
) -> None:
    writers = [start_writer(f"writer {number}", 20) for number in range(3)]
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0] * 3
    found = verify_audit(ledger)
    assert (found.head.number, found.faults) == (120, ())
    kept = json.loads(ledger.head_file.read_text())
    assert AuditHead(**kept) == found.head


@pytest.mark.integration
def test_a_writer_killed_at_any_moment_leaves_a_whole_chain(
    ledger: Ledger, start_writer: Callable[[str, int], multiprocessing.context.SpawnProcess]
) -> None:
    for pause_s in (0.0, 0.013, 0.029):
        before = verify_audit(ledger).head.number
        writer = start_writer("victim", 100_000)
        deadline_s = time.monotonic() + 30
        while verify_audit(ledger).head.number == before and time.monotonic() < deadline_s:
            time.sleep(0.01)
        time.sleep(pause_s)
        assert writer.pid is not None
        os.kill(writer.pid, signal.SIGKILL)
        writer.join(30)
        found = verify_audit(ledger)
        assert found.faults == ()
        assert found.head.number > before
        assert found.head.number % 2 == 0, "both records of a transaction, or neither"
