"""Alarms stay open until a person who may says that they were looked at."""

from pathlib import Path
from typing import Any

import pytest

from citybrain.engine.gate import alarms
from citybrain.engine.gate.alarms import clear, present_alarms
from citybrain.engine.street.desk import Desk
from citybrain.errors import InputError, UnsafePlanError
from citybrain.model.statements import Signed
from citybrain.store.ledger.audit import read_audit, verify_audit
from citybrain.store.ledger.pushes import raise_alarm
from tests.engine.approval_kit import Office, office


def raised(at: Office, unit: str) -> int:
    with at.desk.ledger.writing("gate") as writing:
        return raise_alarm(writing, unit, "lost", f"{unit} does not answer")


def test_a_cleared_alarm_is_gone_and_the_log_tells_who_signed(tmp_path: Path) -> None:
    with office(tmp_path) as at:
        number, other = raised(at, "K1"), raised(at, "K2")

        assert clear(at.desk, number, at.keys["dora"], "cable mended")["unit"] == "K1"

        assert [alarm["record"] for alarm in present_alarms(at.desk)] == [other]
        log = read_audit(at.desk.ledger, subject="K1")
        assert [(r.who, r.what) for r in log[1:]] == [
            ("Dora Quist", f"signed: clear alarm {number}"),
            ("Dora Quist", "alarm cleared"),
        ]
        assert f"alarm {number}: cable mended" in log[1].detail
        assert verify_audit(at.desk.ledger, ()).faults == ()


def test_only_who_may_push_clears(tmp_path: Path) -> None:
    with office(tmp_path) as at:
        number = raised(at, "K1")
        with pytest.raises(UnsafePlanError, match="may not clear an alarm"):
            clear(at.desk, number, at.keys["berta"], "nothing to see")
        assert len(present_alarms(at.desk)) == 1


def test_an_alarm_is_cleared_once(tmp_path: Path) -> None:
    with office(tmp_path) as at:
        number = raised(at, "K1")
        clear(at.desk, number, at.keys["dora"], "seen")
        with pytest.raises(InputError, match=f"alarm {number}: is not open"):
            clear(at.desk, number, at.keys["dora"], "seen again")


def test_of_two_people_at_once_the_first_clears_it_and_the_second_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office(tmp_path) as at:
        number, sign = raised(at, "K1"), alarms.signed_by

        def sign_late(desk: Desk, *said: Any) -> Signed:
            monkeypatch.setattr(alarms, "signed_by", sign)
            clear(desk, number, at.keys["anna"], "seen first")
            return sign(desk, *said)

        monkeypatch.setattr(alarms, "signed_by", sign_late)
        with pytest.raises(InputError, match=f"alarm {number}: is not open"):
            clear(at.desk, number, at.keys["dora"], "seen second")

        log = read_audit(at.desk.ledger, subject="K1")
        assert [r.who for r in log if r.what == "alarm cleared"] == ["Anna Ng"]
        assert all("seen second" not in r.detail for r in log)
