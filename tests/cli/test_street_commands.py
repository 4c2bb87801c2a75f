"""Commands around the way to the street: log, keys, alarms, kill switch; slips and help."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from citybrain.engine.street.desk import open_desk
from citybrain.engine.street.settings import read_street
from citybrain.store.ledger.pushes import raise_alarm
from tests.cli.desk_kit import Desk, area, desk, shifted, signed
from tests.cli.towns import Terminal

pytestmark = pytest.mark.integration

__all__ = ["area", "desk", "shifted", "signed"]


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
