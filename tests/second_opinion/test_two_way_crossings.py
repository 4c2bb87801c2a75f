"""Both checkers refuse a walk against crossing traffic, in either direction of a crossing."""

from pathlib import Path

import pytest

from citybrain.model.plan import Plan
from citybrain.model.safety_draft import draft_safety
from citybrain.model.safety_rules import check_plan_safety
from citybrain.model.violations import Rule
from citybrain.second_opinion import judge, read_grounds
from citybrain.store.plans import plan_of, plan_text
from citybrain.store.safety import safety_text
from tests.sim.walked_street import BACK, walked_net, walked_program, walked_signal, walking_back

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("start_s", "walk_s", "rule", "number"),
    [
        (0.0, 30.0, None, 0),
        (45.0, 30.0, Rule.CONFLICT, 5),
        (88.0, 30.0, Rule.INTERGREEN, 6),
        (0.0, 6.9, Rule.MINIMUM_GREEN, 10),
        (15.0, 26.0, Rule.PEDESTRIAN_CLEARANCE, 11),
    ],
)
def test_a_walk_back_is_judged_like_any_walk(
    tmp_path: Path, start_s: float, walk_s: float, rule: Rule | None, number: int
) -> None:
    signal, running = walked_signal(walked_net(tmp_path, BACK), walked_program(tmp_path))
    safety = {"J": draft_safety(signal, running)}
    plan = Plan(name="p", patterns=(walking_back(signal, running, start_s, walk_s),))
    text = plan_text(plan)
    first = {v.rule for v in check_plan_safety(plan_of(text, "plan"), safety)}
    second = {f.rule for f in judge(text, read_grounds(safety_text(safety)))}
    assert (rule in first, number in second) == ((True, True) if rule else (False, False))
    if rule is None:
        assert not first
        assert not second
