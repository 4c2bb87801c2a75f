"""The commands from a proven plan to an approved one."""

from dataclasses import replace

import pytest

from citybrain.engine.street.desk import open_desk
from citybrain.engine.street.settings import read_street
from citybrain.model.safety import SafetyData
from citybrain.store.ledger.plans import add_plan
from citybrain.store.plans import plan_hash, plan_text, write_plan
from citybrain.store.safety import write_safety
from tests.cli.desk_kit import Desk, area, desk, shifted, signed
from tests.cli.towns import Terminal
from tests.engine.approval_kit import tamper

pytestmark = pytest.mark.integration

__all__ = ["area", "desk", "shifted", "signed"]


def test_who_approves_sees_what_was_proven(desk: Desk) -> None:
    key = desk.propose()
    told = desk.terminal(*desk.words("plan", "approve", key, key="berta", comment="seen"))
    for expected in ("proof     in Main & <Side>, against old", "delay, s per vehicle", "ACCEPT"):
        assert expected in told.output
    history = desk.terminal(*desk.words("plan", "history", key, key="", comment=""))
    assert "stranded vehicles, all seeds" in history.output


def test_a_plan_is_proposed_approved_and_told(desk: Desk) -> None:
    key = desk.propose()
    assert key == plan_hash(desk.plan)
    assert desk("plan", "approve", key[:10], key="berta")["state"] == "approved"
    told = desk("plan", "history", "shifted")
    acts = [(said["act"], said["person"]) for said in told["statements"]]  # type: ignore[attr-defined]
    assert acts == [("propose", "Anna Ng"), ("approve", "Berta Oz")]
    assert desk("plan", "history")["plans"][0]["state"] == "approved"  # type: ignore[index]
    assert desk("audit", "verify")["faults"] == []
    words = [record["what"] for record in desk("audit", "show")["records"]]  # type: ignore[attr-defined]
    assert words[-1].startswith("approved:")


def test_what_is_printed_for_people_names_them(desk: Desk, terminal: Terminal) -> None:
    key = desk.propose()
    street = ("--street", desk.folder / "street.toml")
    assert "Anna Ng: propose: tested" in terminal("plan", "history", key, *street).output
    assert f"{key[:12]}  proven" in terminal("plan", "history", *street).output
    assert "signed: propose" in terminal("audit", "show", *street).output
    whole = terminal("audit", "verify", *street)
    assert "the log is whole" in whole.output


def test_an_approver_sees_the_times_before_the_signature(desk: Desk, terminal: Terminal) -> None:
    """Also where the signature is then refused."""
    street, plan = desk.folder / "street.toml", str(desk.folder / "plan.json")
    places = "[schedule]\nentry = 2\nday_plan = 2\nfirst_action = 9\n"
    street.write_text(street.read_text() + places)
    verdict = ("--verdict", str(desk.folder / "verdict.json"))
    words = ("--schedule", "mon 00:00=9 06:30=plan")
    key = str(desk("plan", "propose", plan, *verdict, *words, key="anna")["plan"])
    told = terminal(*desk.words("plan", "approve", key, key="dora", comment="tested"))
    assert told.code == 1
    assert "by the units' own clocks: mon 00:00=9 06:30=plan" in told.output


def test_a_rejected_plan_is_told_and_cannot_be_approved(desk: Desk) -> None:
    key = desk.propose()
    assert desk("plan", "reject", key, key="carl")["state"] == "rejected"
    told = desk.refused("plan", "approve", key, key="berta")
    assert "is rejected, must be proven or approved" in told


def test_a_plan_that_breaks_the_rules_is_not_even_proposed(desk: Desk) -> None:
    first = desk.plan.patterns[0]
    squeezed = replace(first, groups=tuple(replace(timing, windows=()) for timing in first.groups))
    write_plan(desk.plan.with_patterns({first.intersection: squeezed}), desk.folder / "plan.json")
    told = desk.refused("plan", "propose", str(desk.folder / "plan.json"), key="anna")
    assert "breaks" in told
    assert desk("plan", "history")["plans"] == []


def test_a_plan_without_patterns_is_not_proposed(desk: Desk) -> None:
    write_plan(replace(desk.plan, patterns=()), desk.folder / "plan.json")
    told = desk.refused("plan", "propose", str(desk.folder / "plan.json"), key="anna")
    assert "breaks 1 rules, the first: plan: breaks the rule 'known intersection'" in told


def test_safety_data_that_nobody_signed_let_no_plan_through(
    desk: Desk, signed: dict[str, SafetyData]
) -> None:
    first = desk.plan.patterns[0].intersection
    unsigned = signed | {first: replace(signed[first], signed_by=" ")}
    write_safety(unsigned, desk.folder / "safety.toml")
    told = desk.refused("plan", "propose", str(desk.folder / "plan.json"), key="anna")
    assert f"{first}: nobody has signed its safety data" in told


def test_a_key_that_is_not_in_the_register_signs_nothing(desk: Desk, terminal: Terminal) -> None:
    (desk.folder / "anna.key").unlink()
    terminal("keys", "new", "anna", "--person", "Anna Ng", "--folder", desk.folder)
    plan = str(desk.folder / "plan.json")
    assert "not the one of that name" in desk.refused("plan", "propose", plan, key="anna")


@pytest.mark.parametrize("name", ["a\x1b[2Jb", "a\nb", "a" * 100_000])
def test_a_plan_whose_name_is_none_is_refused_in_one_line(desk: Desk, name: str) -> None:
    write_plan(replace(desk.plan, name=name), desk.folder / "plan.json")
    told = desk.refused("plan", "propose", str(desk.folder / "plan.json"), key="anna", code=2)
    assert "plan.json: its name is no line of 1 to 64 printable characters" in told
    assert told.isprintable()
    assert desk("plan", "history")["plans"] == []


def test_an_old_ledger_with_odd_names_is_printed_with_escapes(
    desk: Desk, terminal: Terminal
) -> None:
    odd = "\x1b[2J\nmorning\u202e"
    with open_desk(read_street(desk.folder / "street.toml")) as office:
        with office.ledger.writing("Anna Ng") as writing:
            for offset_s in (3, 4):
                first = desk.plan.patterns[0]
                moved = {first.intersection: replace(first, offset_s=offset_s)}
                plan = replace(desk.plan.with_patterns(moved), name=f"plan {offset_s}")
                add_plan(writing, plan.name, plan_text(plan), "")
        tamper(office, "UPDATE plans SET name = :name", name=odd)
    key = plan_hash(plan)
    street = ("--street", desk.folder / "street.toml")
    for words in (("plan", "history"), ("plan", "history", key)):
        told = terminal(*words, *street).output
        assert r"\x1b[2J\nmorning\u202e" in told
        assert all(line.isprintable() for line in told.splitlines())
    assert "means more than one plan: " in terminal("plan", "history", odd, *street).complaint
    assert desk("plan", "history", key)["name"] == odd


def test_comments_are_printed_with_escapes(desk: Desk, terminal: Terminal) -> None:
    key = desk.propose()
    desk("plan", "reject", key, key="berta", comment="no\x1b[2Jgood")
    for words in (("plan", "history", key), ("audit", "show")):
        told = terminal(*words, "--street", desk.folder / "street.toml").output
        assert r"no\x1b[2Jgood" in told
        assert all(line.isprintable() for line in told.splitlines())
