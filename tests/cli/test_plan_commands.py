"""The commands from a proven plan to an approved one, the log, the keys and the kill switch."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.area import StudyArea, open_area
from citybrain.engine.street.desk import open_desk
from citybrain.engine.street.settings import read_street
from citybrain.model.plan import Plan
from citybrain.model.safety import SafetyData
from citybrain.model.safety_draft import draft_safety
from citybrain.store.ledger.plans import add_plan
from citybrain.store.ledger.pushes import raise_alarm
from citybrain.store.plans import plan_hash, plan_text, write_plan
from citybrain.store.safety import write_safety
from citybrain.store.verdicts import write_verdict
from tests.cli.towns import BUNDLED, Terminal
from tests.engine.approval_kit import tamper, verdict_on, write_office

pytestmark = pytest.mark.integration

CONTROLLERS = """
[credentials.watch]
user = "citybrain-read"
auth_file = "read.auth"
priv_file = "read.priv"

[units.K1]
address = "127.0.0.1"
port = 16101
intersection = "J1"
read = "watch"
"""


@pytest.fixture(scope="module")
def area() -> StudyArea:
    return open_area(BUNDLED, None, SafetyLimits())


@pytest.fixture(scope="module")
def signed(area: StudyArea) -> dict[str, SafetyData]:
    """Safety data as they are drafted from the scenario, and signed."""
    drafts = {
        pattern.intersection: draft_safety(
            area.network.intersections[pattern.intersection], pattern
        )
        for pattern in area.running.patterns
    }
    return {
        name: replace(draft, signed_by="Sigrid", signed_on="2026-03-01")
        for name, draft in drafts.items()
    }


@pytest.fixture(scope="module")
def shifted(area: StudyArea) -> Plan:
    """The bundled scenario's own plan, one offset moved by a second."""
    running = area.running
    first = running.patterns[0]
    moved = replace(first, offset_s=(first.offset_s + 1) % first.cycle_s)
    return replace(running.with_patterns({first.intersection: moved}), name="shifted")


@dataclass
class Desk:
    """A folder with settings, keys, a plan and its verdict; commands are run in it."""

    folder: Path
    terminal: Terminal
    plan: Plan

    def __call__(self, *words: str, key: str = "", comment: str = "tested") -> dict[str, object]:
        told = self.terminal(*self.words(*words, key=key, comment=comment), "--json")
        assert told.code == 0, told.errors
        answer: dict[str, object] = json.loads(told.output)
        return answer

    def refused(self, *words: str, key: str = "", comment: str = "tested", code: int = 1) -> str:
        told = self.terminal(*self.words(*words, key=key, comment=comment))
        assert told.code == code, told.output
        return told.complaint

    def words(self, *words: str, key: str, comment: str) -> tuple[str, ...]:
        signed = ("--key", str(self.folder / f"{key}.key"), "--comment", comment) if key else ()
        return (*words, "--street", str(self.folder / "street.toml"), *signed)

    def propose(self) -> str:
        verdict = ("--verdict", str(self.folder / "verdict.json"))
        told = self("plan", "propose", str(self.folder / "plan.json"), *verdict, key="anna")
        assert told["state"] == "proven"
        return str(told["plan"])


@pytest.fixture
def desk(tmp_path: Path, terminal: Terminal, shifted: Plan, signed: dict[str, SafetyData]) -> Desk:
    write_office(tmp_path)
    write_safety(signed, tmp_path / "safety.toml")
    (tmp_path / "controllers.toml").write_text(CONTROLLERS)
    write_plan(shifted, tmp_path / "plan.json")
    write_verdict(verdict_on(shifted), tmp_path / "verdict.json")
    return Desk(tmp_path, terminal, shifted)


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


def test_a_tampered_log_is_told_with_exit_1(desk: Desk, terminal: Terminal) -> None:
    desk.propose()
    head = desk("audit", "verify")["head"]
    wrong = f"{head['number']}:{'0' * 64}"  # type: ignore[index]
    told = terminal("audit", "verify", "--street", desk.folder / "street.toml", "--head", wrong)
    assert told.code == 1
    assert "two heads of record 3 were kept apart, and they differ" in told.output
    assert told.output.endswith("the log is not what was written; keep no head of it\n")
    assert str(head["hash"]) not in told.output  # type: ignore[index]
    assert "is no head" in desk.refused("audit", "verify", "--head", "x", code=2)


def test_anybody_stops_and_few_let_go_again(desk: Desk) -> None:
    on = ("kill-switch", "on", "--person", "Otto", "--comment", "smoke")
    assert desk(*on)["not_in_ledger"] == ""
    assert (desk.folder / "KILL").exists()
    assert desk("kill-switch", "status")["who"] == "Otto"
    assert "may not release" in desk.refused("kill-switch", "off", key="berta")
    assert desk("kill-switch", "status")["is_on"] is True
    assert desk("kill-switch", "off", key="anna", comment="smoke is gone")["is_on"] is False
    what = [record["what"] for record in desk("audit", "show")["records"]]  # type: ignore[attr-defined]
    assert what == [
        "kill switch on",
        "signed: release the kill switch",
        "kill switch off",
    ]


def test_alarms_are_shown_until_they_are_cleared(desk: Desk) -> None:
    street = read_street(desk.folder / "street.toml")
    with open_desk(street) as office, office.ledger.writing("gate") as writing:
        number = raise_alarm(writing, "K1", "lost", "K1 does not answer")
    shown = desk.terminal("alarms", "show", "--street", desk.folder / "street.toml")
    assert (shown.code, f"alarm {number}: K1: K1 does not answer" in shown.output) == (1, True)
    assert "may not clear" in desk.refused("alarms", "clear", str(number), key="berta")
    cleared = desk("alarms", "clear", str(number), key="anna", comment="cable mended")
    assert cleared["cleared"]["unit"] == "K1"  # type: ignore[index]
    assert desk("alarms", "show") == {"alarms": []}
    assert "is not open" in desk.refused("alarms", "clear", str(number), key="anna", code=2)


def test_the_kill_switch_works_without_its_ledger(desk: Desk) -> None:
    ledger = desk.folder / "ledger.db"
    ledger.write_text("no database " * 100)
    told = desk("kill-switch", "on", "--person", "Otto", "--comment", "smoke")
    assert "not a database" in str(told["not_in_ledger"])
    (desk.folder / "KILL").unlink()
    status = desk("kill-switch", "status")
    assert status["is_on"] is True
    assert "cannot be read" in str(status["why"])


def test_a_password_in_the_settings_is_for_their_owner_alone(desk: Desk) -> None:
    street = desk.folder / "street.toml"
    address = "postgresql://citybrain:geheim@127.0.0.1:1/x?connect_timeout=1"
    street.write_text(f'ledger = "{address}"\n{street.read_text()}')
    street.chmod(0o640)
    for words in (("plan", "history"), ("audit", "verify")):
        told = desk.refused(*words, code=2)
        assert "street.toml, ledger: holds a password that others may read; keep it in" in told
        assert "geheim" not in told
    stopped = desk("kill-switch", "on", "--person", "Otto", "--comment", "smoke")
    assert "holds a password" in str(stopped["not_in_ledger"])
    street.chmod(0o600)
    assert "cannot be used (connection failed" in desk.refused("plan", "history", code=2)


def test_keys_are_made_and_listed(tmp_path: Path, terminal: Terminal) -> None:
    words = ("keys", "new", "eva", "--person", "Eva Roth", "--roles", "approve, push")
    told = terminal(*words, "--folder", tmp_path)
    assert told.code == 0
    register = tmp_path / "keys.toml"
    register.write_text(told.output)  # as `>> keys.toml` leaves it
    assert (tmp_path / "eva.key").stat().st_mode & 0o777 == 0o600
    assert "Eva Roth" in terminal("keys", "list", "--register", register).output
    listed = json.loads(terminal("keys", "list", "--register", register, "--json").output)
    assert listed["keys"][0]["roles"] == ["approve", "push"]
    assert "exists already" in terminal(*words, "--folder", tmp_path).complaint
    bad = terminal("keys", "new", "x", "--person", "X", "--roles", "king")
    assert (bad.code, "role king: is unknown" in bad.complaint) == (2, True)
    nobody = terminal("keys", "new", "x", "--person", " ", "--roles", "push", "--folder", tmp_path)
    assert (nobody.code, "key x: names a blank person" in nobody.complaint) == (2, True)
    assert not (tmp_path / "x.key").exists()


def test_a_key_that_is_not_in_the_register_signs_nothing(desk: Desk, terminal: Terminal) -> None:
    (desk.folder / "anna.key").unlink()
    terminal("keys", "new", "anna", "--person", "Anna Ng", "--folder", desk.folder)
    plan = str(desk.folder / "plan.json")
    assert "not the one of that name" in desk.refused("plan", "propose", plan, key="anna")


def test_an_order_needs_a_key_and_a_gate(desk: Desk) -> None:
    key = desk.propose()
    desk("plan", "approve", key, key="berta")
    assert "needs your key" in desk.refused("plan", "push", key, "--really", code=2)
    told = desk.refused("plan", "push", key, "--really", key="dora", code=2)
    assert "no gate answers" in told
    assert "start one with citybrain gate run" in told


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


@contextmanager
def silent_gate(socket_path: Path) -> Iterator[list[bytes]]:
    """Take one order, say nothing, and have this process interrupted as by Ctrl-C."""
    taken: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(socket_path))
        listening.listen()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, connection.makefile("rb") as file:
                taken.append(file.readline())
                os.kill(os.getpid(), signal.SIGINT)
                file.read()

        thread = threading.Thread(target=serve)
        thread.start()
        yield taken
        thread.join(20)


@pytest.mark.parametrize("command", ["push", "rollback"])
def test_who_interrupts_an_order_is_told_that_the_gate_goes_on(desk: Desk, command: str) -> None:
    key = desk.propose()
    with silent_gate(desk.folder / "gate.sock") as taken:
        told = desk.refused("plan", command, "shifted", "--really", key="dora", code=2)
    assert b'"signature"' in taken[0]
    assert told == (
        f"citybrain: plan {key[:12]}: interrupted here, but the gate goes on with its order; "
        f"see how it ended with citybrain plan history {key[:12]}"
    )


def test_who_interrupts_before_the_order_has_left_is_not_told_of_the_gate(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_socket: socket.socket, _path: str) -> None:
        raise KeyboardInterrupt

    key = desk.propose()
    monkeypatch.setattr(socket.socket, "connect", interrupted)
    told = desk.refused("plan", "push", key, "--really", key="dora", code=2)
    assert told == (
        "citybrain: interrupted; nothing was left half written, start the command again"
    )


def test_no_plan_is_pushed_to_a_junction_without_a_unit(desk: Desk) -> None:
    key = desk.propose()
    assert "J1: the safety data know no controller" in desk.refused("plan", "push", key)
    settings = desk.folder / "controllers.toml"
    settings.write_text(settings.read_text().replace('"J1"', '"elsewhere"'))
    assert "J1: no unit of" in desk.refused("plan", "push", key)
    told = desk.refused("plan", "push", key, "--units", "K1")
    assert "unit K1 has no part in plan shifted" in told


def test_settings_that_everybody_has_name_no_credentials_that_write(desk: Desk) -> None:
    settings = desk.folder / "controllers.toml"
    settings.write_text(settings.read_text() + 'write = "watch"\n')
    told = desk.refused("controllers", "status", code=2)
    assert "controllers.toml: units.K1: names credentials that write; keep write in" in told


@pytest.mark.parametrize("units", ["", " ", "K1,", "K1,,K1", ","])
@pytest.mark.parametrize(
    "words",
    [
        ("plan", "push", "shifted", "--really"),
        ("plan", "rollback", "shifted", "--really"),
        ("plan", "rollback", "shifted"),
        ("controllers", "status"),
    ],
)
def test_an_empty_name_of_a_unit_does_not_mean_all(
    desk: Desk, words: tuple[str, ...], units: str
) -> None:
    desk.propose()
    key = "dora" if "--really" in words else ""
    told = desk.refused(*words, "--units", units, key=key, code=2)
    assert f"--units '{' '.join(units.split())}" in told
    assert "holds an empty name; write names between commas, or leave it out for all" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("plan", "approve", "x", "--key", "none.key", "--comment", "c"), "none.key: cannot be"),
        (("plan", "history", "--street", "none.toml"), "none.toml"),
        (("audit", "verify", "--street", "none.toml"), "none.toml"),
        (("gate", "run", "--config", "none.toml"), "none.toml"),
        (("controllers", "status", "--street", "none.toml"), "none.toml"),
        (("plan", "approve", "x"), "--key"),
    ],
)
def test_a_slip_is_one_line(terminal: Terminal, words: tuple[str, ...], told: str) -> None:
    answer = terminal(*words)
    assert answer.code == 2
    assert told in answer.complaint


@pytest.mark.parametrize("group", ["plan", "audit", "keys", "kill-switch", "gate", "controllers"])
def test_help_of_the_last_metre_loads_none_of_its_libraries(group: str) -> None:
    heavy = ("sqlalchemy", "cryptography", "pysnmp", "numpy", "sumolib")
    script = (
        "import sys; from citybrain.cli.main import run; "
        f"code = run(['{group}', '--help']); "
        f"print(code, [name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == "0 []\n"
