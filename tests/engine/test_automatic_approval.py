"""Automatic approval: inside the bounds of the settings, and for as long as it is young."""

from dataclasses import replace
from pathlib import Path

import pytest

from citybrain.engine.approval.acts import (
    approve,
    approve_automatically,
    propose,
    reject,
)
from citybrain.engine.approval.checks import check_approved
from citybrain.engine.street.desk import find_plan
from citybrain.errors import UnsafePlanError
from citybrain.model.approval import State
from tests.engine.approval_kit import (
    AUTOMATIC,
    Office,
    at_work,
    better_plan,
    may_go,
    office,
    proposal,
    running_plan,
    tamper,
)

__all__ = ["at_work"]


def test_automatic_approval_is_off_unless_the_settings_say_otherwise(at_work: Office) -> None:
    propose(at_work.desk, proposal(), at_work.keys["batch"], "nightly")
    with pytest.raises(UnsafePlanError, match="automatic approval is off"):
        approve_automatically(at_work.desk, proposal(), at_work.keys["batch"], "nightly")


def test_a_small_well_proven_change_needs_no_person_where_the_settings_say_so(
    tmp_path: Path,
) -> None:
    with office(tmp_path, AUTOMATIC) as at_work:
        key = propose(at_work.desk, proposal(), at_work.keys["batch"], "nightly").hash
        plan = approve_automatically(at_work.desk, proposal(), at_work.keys["batch"], "nightly")
        assert plan.state is State.APPROVED
        may_go(at_work, key)
        reject(at_work.desk, key, at_work.keys["carl"], "not tonight")
        with pytest.raises(UnsafePlanError, match="is rejected"):
            may_go(at_work, key)


def test_a_plan_whose_proposer_signed_nothing_is_not_approved_automatically(
    tmp_path: Path,
) -> None:
    with office(tmp_path, AUTOMATIC) as at_work:
        key = propose(at_work.desk, proposal(), at_work.keys["anna"], "nightly").hash
        tamper(at_work.desk, "DELETE FROM signatures WHERE key = 'anna'")
        with pytest.raises(UnsafePlanError, match="nobody who may propose has signed for it"):
            approve_automatically(at_work.desk, proposal(), at_work.keys["batch"], "nightly")
        assert find_plan(at_work.desk, key).state is State.PROVEN


def test_an_automatic_approval_grows_old_as_a_persons_does(tmp_path: Path) -> None:
    with office(tmp_path, f"valid_days = 10\n{AUTOMATIC}") as at_work:
        key = propose(at_work.desk, proposal(), at_work.keys["batch"], "nightly").hash
        approve_automatically(at_work.desk, proposal(), at_work.keys["batch"], "nightly")
        at_work.clock.pass_days(10)
        may_go(at_work, key)
        at_work.clock.pass_days(0.01)
        with pytest.raises(UnsafePlanError, match="its automatic approval is older than 10 days"):
            may_go(at_work, key)
        approve(at_work.desk, key, at_work.keys["berta"], "still good")
        may_go(at_work, key)


OUTSIDE = [
    ("junctions", '["K"]', "J is no junction of automatic approval"),
    ("cycle_s", "2.9", "the cycle changes by 3 s, at most 2.9 s"),
    ("offset_s", "3", "the offset changes by 4 s, at most 3 s"),
    ("split_s", "2", "group 1: a green changes by 3 s, at most 2 s"),
    ("seeds", "4", "the proof has 3 seeds, 4 are asked for"),
    ("saving", "0.21", "saving may be 20.0%, 21.0% is asked for"),
]


@pytest.mark.parametrize(("setting", "value", "told"), OUTSIDE)
def test_what_leaves_a_bound_needs_a_person(
    tmp_path: Path, setting: str, value: str, told: str
) -> None:
    lines = [line for line in AUTOMATIC.splitlines() if not line.startswith(f"{setting} ")]
    with office(tmp_path, "\n".join([*lines, f"{setting} = {value}"])) as at_work:
        propose(at_work.desk, proposal(), at_work.keys["batch"], "nightly")
        with pytest.raises(UnsafePlanError, match=told):
            approve_automatically(at_work.desk, proposal(), at_work.keys["batch"], "nightly")


def test_the_gate_looks_at_the_bounds_again(tmp_path: Path) -> None:
    with office(tmp_path, AUTOMATIC) as at_work:
        key = propose(at_work.desk, proposal(), at_work.keys["batch"], "nightly").hash
        approve_automatically(at_work.desk, proposal(), at_work.keys["batch"], "nightly")
        moved_on = replace(running_plan(), patterns=better_plan(offset_s=9.0).patterns)
        with pytest.raises(UnsafePlanError, match="the offset changes by 5 s"):
            check_approved(at_work.desk, find_plan(at_work.desk, key), lambda: moved_on)
