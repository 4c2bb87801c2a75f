"""Bounds of automatic approval count from what persons approved, however many steps there were."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.engine.approval.acts import approve, approve_automatically, propose
from citybrain.engine.approval.reference_plans import reference_of, reference_plans
from citybrain.engine.gate.gate import Gate
from citybrain.engine.street.desk import Desk
from citybrain.errors import UnsafePlanError
from citybrain.model.plan import Plan
from citybrain.model.statements import Act
from citybrain.store.ledger.pushes import Running
from tests.engine.approval_kit import AUTOMATIC, better_plan, office, proposal
from tests.engine.fake_units import FakeFleet, FakeUnit
from tests.engine.gate_yard import UNITS, Yard, network


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with office(tmp_path, AUTOMATIC) as at_work:
        fleet = FakeFleet({unit: FakeUnit(unit) for unit in UNITS}, network())
        yield Yard(at_work, fleet, Gate(desk=at_work.desk, fleet=fleet), "")


def brought(yard: Yard, offset_s: float, approver: str = "") -> str:
    """Propose, approve and push a plan, automatically where no person is named."""
    desk, keys = yard.at_work.desk, yard.at_work.keys
    plan = proposal(better_plan(offset_s=offset_s))
    yard.at_work.clock.instant += timedelta(seconds=1)
    key = propose(desk, plan, keys["batch"], "nightly").hash
    if approver:
        approve(desk, key, keys[approver], "looks right")
    else:
        reference = yard.fleet.running(reference_plans(desk))
        approve_automatically(desk, replace(plan, reference=reference), keys["batch"], "small")
    yard.carry_out(yard.order(key=key))
    return key


def test_steps_that_are_small_one_by_one_do_not_add_up(yard: Yard) -> None:
    brought(yard, 2.0)
    brought(yard, 4.0)
    with pytest.raises(UnsafePlanError, match="the offset changes by 6 s, at most 4 s"):
        brought(yard, 6.0)
    brought(yard, 7.0, approver="berta")
    brought(yard, 10.0)
    with pytest.raises(UnsafePlanError, match="the offset changes by 5 s, at most 4 s"):
        brought(yard, 12.0)


def test_the_gate_counts_from_there_too(yard: Yard) -> None:
    """What lay inside the bounds when it was approved may lie outside when it is pushed."""
    brought(yard, 8.0, approver="berta")
    desk, keys = yard.at_work.desk, yard.at_work.keys
    plan = proposal(better_plan(offset_s=3.0))
    key = propose(desk, plan, keys["batch"], "nightly").hash
    approve_automatically(desk, plan, keys["batch"], "small")
    with pytest.raises(UnsafePlanError, match="the offset changes by 5 s, at most 4 s"):
        yard.carry_out(yard.order(key=key))


def test_a_plan_of_persons_that_was_rolled_back_is_no_reference(yard: Yard) -> None:
    brought(yard, 3.0)
    bold = brought(yard, 20.0, approver="berta")
    yard.carry_out(yard.order(Act.ROLL_BACK, bold))
    assert reference_plans(yard.at_work.desk) == {}
    with pytest.raises(UnsafePlanError, match="the offset changes by 19 s"):
        brought(yard, 19.0)


def test_a_plan_whose_approver_has_no_key_any_more_is_no_reference(yard: Yard) -> None:
    brought(yard, 20.0, approver="berta")
    desk = yard.at_work.desk
    assert set(reference_plans(desk)) == set(UNITS)
    left = tuple(key for key in desk.register.keys if key.name != "berta")
    assert reference_plans(replace(desk, register=replace(desk.register, keys=left))) == {}


@pytest.mark.parametrize("detail", [{}, [], None, {"update": "else", "row": {}}])
def test_a_note_that_is_called_as_one_of_what_runs_changes_nothing(
    yard: Yard, detail: object
) -> None:
    brought(yard, 8.0, approver="berta")
    desk = yard.at_work.desk
    before = reference_plans(desk)
    with desk.ledger.writing("mallory") as writing:
        writing.note("runs", UNITS[0], detail)
    assert reference_plans(desk) == before
    brought(yard, 9.0)


def test_what_persons_approved_goes_without_a_reference(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_desk: Desk) -> dict[str, Plan]:
        raise AssertionError

    monkeypatch.setattr("citybrain.engine.gate.gate.reference_plans", never)
    brought(yard, 8.0, approver="berta")


@given(steps=st.lists(st.sampled_from(["person", "automatic", "back", "lost"]), max_size=30))
def test_the_reference_is_what_a_stack_of_pushes_says(steps: list[str]) -> None:
    """A push goes on the stack, a roll-back takes it off, lost control empties it."""
    nothing = Running(plan_hash="", push_id="", pattern=0)
    history, stack = [nothing], [nothing]
    for number, step in enumerate(steps):
        if step == "back" and len(stack) > 1:
            stack.pop()
        elif step == "lost":
            stack = [nothing]
        elif step != "back":
            push = f"{step} {number}"
            stack.append(Running(plan_hash=push, push_id=push, pattern=1))
        history.append(stack[-1])
    approved = [row for row in stack if "automatic" not in row.plan_hash]
    found = reference_of(history, lambda key: key.startswith("person"))
    assert found == approved[-1].plan_hash
