"""The two checkers never contradict one another, and no damage of a plan slips through."""

import json
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import _safety_junctions, safety
from benchmarks._safety_junctions import Junction, junctions
from benchmarks._safety_plans import VALID, Attack, attack, content_of
from benchmarks.safety import Bench, Tally, first_miss, prepared, try_one
from citybrain.model.nema.controller_plan import ControllerPlan
from citybrain.model.nema.encoding import encode
from citybrain.model.plan import Plan
from citybrain.model.safety import SafetyData
from citybrain.model.violations import Rule, Violation
from citybrain.second_opinion import Numbers, judge_unit
from citybrain.store.plans import plan_of


@pytest.fixture(scope="module")
def bench() -> Bench:
    """Return the made-up junctions; the bundled network needs SUMO."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_safety_junctions, "_bundled", list[Junction])
        return prepared(junctions())


@given(st.integers(0, 2**64))
@settings(max_examples=150)
def test_the_checkers_agree_and_let_nothing_unsafe_through(bench: Bench, seed: int) -> None:
    tally, dice = Tally(), Random(seed)
    try_one(attack(dice, dict(bench.made)), bench, tally)
    assert first_miss(tally) == "", tally.examples


def test_the_bound_is_over_unsafe_plans_alone(bench: Bench) -> None:
    """Valid plans, damage that breaks no rule and damaged bytes could not have slipped through."""
    valid = json.dumps(content_of(bench.made["tee"], Random(1)))
    broken = valid.replace('"offset_s": ', '"offset_s": -1')
    tally = Tally()
    for kind, text in ((VALID, valid), ("text cut", "{"), ("damage", broken), ("damage", valid)):
        try_one(Attack(kind=kind, junction="tee", text=text.encode()), bench, tally)
    assert (tally.plans, tally.accepted, tally.attempts, tally.bound) == (4, 2, 1, 1.0)
    tally.attempts = 300
    assert tally.bound == pytest.approx(0.01)


def encoded(bench: Bench, content: Mapping[str, Any], name: str) -> ControllerPlan:
    phase_map = bench.safety[name].phase_map
    assert phase_map is not None
    found = encode(plan_of(json.dumps(content), "plan").patterns[0], phase_map)
    assert isinstance(found, ControllerPlan)
    return found


@given(
    st.integers(0, 2**64),
    st.sampled_from(["eight", "tee"]),
    st.sampled_from(["cycle", "offset", "split", "nothing"]),
)
@settings(max_examples=60)
def test_one_second_too_many_in_a_unit_is_seen(
    bench: Bench, seed: int, name: str, where: str
) -> None:
    content = content_of(bench.made[name], Random(seed))
    plan = encoded(bench, content, name)
    splits_s = plan.split_s
    splits_s[6] += where == "split"
    numbers = Numbers(
        cycle_s=plan.cycle_s + (where == "cycle"),
        offset_s=plan.offset_s + (where == "offset"),
        splits_s=splits_s,
        sequence=plan.sequence,
    )
    found = judge_unit(content["patterns"][0], numbers, bench.grounds[name])
    assert bool(found) == (where != "nothing")


@pytest.mark.parametrize(
    "text", [b"", b"[" * 100_000, b'{"a": 1, "a": 2}', b"\xff", b"null", b'{"format": NaN}']
)
def test_bytes_that_are_no_plan_are_refused_by_both(bench: Bench, text: bytes) -> None:
    made = attack(Random(1), dict(bench.made))
    tally = Tally()
    try_one(type(made)(kind="bytes", junction="tee", text=text), bench, tally)
    assert tally.accepted == 0
    assert not tally.disagreements


@pytest.mark.parametrize("rule", [Rule.STEP, Rule.MINIMUM_GREEN, Rule.YELLOW])
def test_a_checker_that_forgets_a_rule_is_found_out(
    bench: Bench, rule: Rule, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = safety.check_plan_safety

    def forgetful(plan: Plan, data: Mapping[str, SafetyData]) -> list[Violation]:
        return [violation for violation in check(plan, data) if violation.rule is not rule]

    monkeypatch.setattr(safety, "check_plan_safety", forgetful)
    tally, dice = Tally(), Random(7)
    while not tally.unsafe and tally.plans < 3000:
        try_one(attack(dice, dict(bench.made)), bench, tally)
    assert f"rule {safety.NUMBERS[rule]} " in first_miss(tally)
