"""Actuated plans are saved, written and run by the real SUMO."""

from pathlib import Path

import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.area import StudyArea, open_area
from citybrain.model.actuation import ActuatedPattern
from citybrain.model.plan import Plan
from citybrain.model.rules import check_plan
from citybrain.ports.evaluation import Evaluation
from citybrain.store.plans import read_plan, write_plan
from optimizer.actuating import OPTIONS
from optimizer.workshop import Workshop
from sim.sumo.evaluator import SumoEvaluator
from sim.sumo.programs import write_programs
from sim.sumo.xml_files import read_xml
from tests.sim.sources import CITY_NET


@pytest.fixture(scope="module")
def area() -> StudyArea:
    return open_area(CITY_NET.parent, None, SafetyLimits())


@pytest.fixture(scope="module")
def plans(area: StudyArea) -> list[Plan]:
    workshop = Workshop.of(area.running, area.network)
    followed = workshop.following([workshop.start()], (OPTIONS[0], OPTIONS[-1]))
    return [workshop.plan(candidate, f"p{i}") for i, candidate in enumerate(followed)]


def test_an_actuated_plan_is_saved_without_loss(
    area: StudyArea, plans: list[Plan], tmp_path: Path
) -> None:
    for plan in plans:
        assert check_plan(plan, area.network) == ()
        assert any(isinstance(pattern, ActuatedPattern) for pattern in plan.patterns)
        write_plan(plan, tmp_path / "plan.json")
        assert read_plan(tmp_path / "plan.json") == plan


def test_stretches_are_written_as_bounds_of_actuated_intervals(
    area: StudyArea, plans: list[Plan], tmp_path: Path
) -> None:
    write_programs(plans[0], area.network, tmp_path / "p.add.xml")
    for program in read_xml(tmp_path / "p.add.xml").iter("tlLogic"):
        pattern = plans[0].pattern(program.attrib["id"])
        assert isinstance(pattern, ActuatedPattern)
        bounds = [p for p in program.iter("phase") if "minDur" in p.attrib]
        assert program.attrib["type"] == "actuated"
        assert len(bounds) == len(pattern.actuation.stretches)
        assert all(float(p.attrib["minDur"]) <= float(p.attrib["maxDur"]) for p in bounds)


@pytest.mark.integration
def test_sumo_runs_them_and_the_signals_follow_the_traffic(
    area: StudyArea, plans: list[Plan]
) -> None:
    runs = [Evaluation(plan=plan, seed=7) for plan in (area.running, *plans)]
    with SumoEvaluator(area.scenario, area.network, workers=2, timeout_s=300) as evaluator:
        delays_s = [outcome.delay_s for outcome in evaluator.evaluate(runs)]
    assert len(set(delays_s)) == 3
