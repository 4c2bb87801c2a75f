"""What the street asks of a plan: two checkers, signed safety data, units that can show it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from citybrain.controllers.settings import read_controllers
from citybrain.engine.street import rules as street_rules
from citybrain.engine.street.rules import StreetRules, open_rules
from citybrain.engine.street.settings import read_street
from citybrain.errors import UnsafePlanError
from citybrain.model.plan import Plan
from citybrain.ports.controllers import UnitPlan
from citybrain.store.ledger.pushes import Running
from citybrain.store.plans import plan_hash, read_plan
from tests.engine.unit_street import CORRIDOR, STREET

CONTROLLERS = """
[credentials.watch]
user = "u"
auth_variable = "A"
priv_variable = "P"
""" + "\n".join(
    f'[units.K{n}]\naddress = "127.0.0.{n}"\nintersection = "J{n}"\nread = "watch"'
    for n in (1, 2, 3)
)


@pytest.fixture
def rules(tmp_path: Path) -> StreetRules:
    (tmp_path / "street.toml").write_text(STREET)
    (tmp_path / "controllers.toml").write_text(CONTROLLERS)
    return open_rules(read_street(tmp_path / "street.toml"))


@pytest.fixture(scope="module")
def plan() -> Plan:
    return read_plan(CORRIDOR / "plan.json")


def unsafe(plan: Plan) -> Plan:
    """Let the red clearance of one group be a second shorter."""
    first = plan.patterns[0]
    timing = first.groups[0]
    (window,) = timing.windows
    green, yellow = window.segments
    longer = replace(green, duration_s=green.duration_s + 1)
    changed = replace(timing, windows=(replace(window, segments=(longer, yellow)),))
    return plan.with_patterns(
        {first.intersection: replace(first, groups=(changed, *first.groups[1:]))}
    )


def test_a_safe_plan_passes_both_checkers(rules: StreetRules, plan: Plan) -> None:
    rules.check(plan)


def test_an_unsafe_plan_is_refused_by_both(rules: StreetRules, plan: Plan) -> None:
    with pytest.raises(UnsafePlanError, match=r"breaks \d+ rules, the first: J1"):
        rules.check(unsafe(plan))


@pytest.mark.parametrize("blind", ["check_plan_safety", "judge"])
def test_one_checker_alone_is_enough_to_refuse(
    rules: StreetRules, plan: Plan, blind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(street_rules, blind, lambda *_: ())
    with pytest.raises(UnsafePlanError, match="only one of the two checkers says so"):
        rules.check(unsafe(plan))


def test_what_runs_is_never_written_over(rules: StreetRules, plan: Plan) -> None:
    key = plan_hash(plan)
    other = {"K1": Running(plan_hash="x", push_id="", pattern=2)}
    same = {"K1": Running(plan_hash=key, push_id="", pattern=3)}
    unknown = {"K1": Running(plan_hash="", push_id="", pattern=0)}
    numbers = [rules.unit_plans(plan, runs)["K1"].pattern for runs in ({}, unknown, other, same)]
    assert numbers == [2, 2, 3, 3]


def test_a_unit_gets_exactly_what_was_proven(rules: StreetRules, plan: Plan) -> None:
    told = rules.unit_plans(plan, {})["K2"]
    assert (told.cycle_s, told.offset_s) == (60, 27)
    assert {split.phase: split.split_s for split in told.splits} == {2: 38, 4: 22}
    assert {phase.phase: phase.minimum_green_s for phase in told.safety} == {2: 8, 4: 5}
    assert (told.rings, told.coordinated) == (((2, 4),), (2,))


def test_a_plan_that_a_unit_cannot_show_is_refused(rules: StreetRules, plan: Plan) -> None:
    first = plan.patterns[0]
    half = replace(first, cycle_s=first.cycle_s + 0.5)
    with pytest.raises(UnsafePlanError, match=r"J1: its unit cannot show this plan: .*whole"):
        rules.unit_plans(plan.with_patterns({"J1": half}), {})


def test_what_runs_is_the_plan_of_the_ledger_where_it_is_known(
    rules: StreetRules, plan: Plan
) -> None:
    now = rules.with_running({"K3": plan})
    cycles_s = {pattern.intersection: pattern.cycle_s for pattern in now.patterns}
    assert cycles_s == {"J1": 80, "J2": 80, "J3": 60}


def test_a_unit_that_left_the_settings_stops_nobody_and_leaves_nothing_known(
    rules: StreetRules, plan: Plan
) -> None:
    """Which of the plan's intersections it controls, nobody can tell any more."""
    now = rules.with_running({"K3": plan, "K9": plan})
    assert [pattern.intersection for pattern in now.patterns] == ["J3"]


def test_the_gate_goes_by_its_own_list_of_units(rules: StreetRules, plan: Plan) -> None:
    """Whoever may write the list that everybody reads must not exchange two intersections."""
    path = rules.settings.path
    own = path.with_name("gate-controllers.toml")
    own.write_text(path.read_text())
    swapped = path.read_text().replace('"J2"', '"?"').replace('"J3"', '"J2"').replace('"?"', '"J3"')
    path.write_text(swapped)
    street = read_street(path.with_name("street.toml"))
    gate = open_rules(street, read_controllers(own))
    assert gate.unit_plans(plan, {}) == rules.unit_plans(plan, {})
    assert open_rules(street).unit_plans(plan, {}) != rules.unit_plans(plan, {})


def test_numbers_that_show_another_plan_are_seen_by_the_second_checker(
    rules: StreetRules, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded = street_rules.unit_plan

    def late(*given: Any) -> UnitPlan:
        told = encoded(*given)
        return replace(told, offset_s=(told.offset_s + 1) % told.cycle_s)

    monkeypatch.setattr(street_rules, "unit_plan", late)
    with pytest.raises(UnsafePlanError, match="what is to be written is not what was proven: J1"):
        rules.unit_plans(plan, {})
