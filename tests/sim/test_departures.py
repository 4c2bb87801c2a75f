"""Vehicles depart side by side as SUMO lets them, or wait for one lane."""

from pathlib import Path

import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.area import open_area
from citybrain.ports.evaluation import Evaluation
from sim.queue_model.model import QueueModel
from sim.sumo.evaluator import SumoEvaluator
from tests.cli.odd_towns import Streets, crossing, flow, scenario

pytestmark = pytest.mark.integration

FLOW_VPH = 3000


@pytest.mark.parametrize("depart_lane", ["", "first", "best", "random"])
def test_who_waits_to_depart_waits_as_long_as_in_sumo(tmp_path: Path, depart_lane: str) -> None:
    town = crossing("J")
    streets = Streets(town.nodes, town.edges, lanes=3)
    lane = f'departLane="{depart_lane}" ' if depart_lane else ""
    told = f'departSpeed="max" {lane}vehsPerHour'
    demand = flow("Jw.J J.Je", FLOW_VPH).replace("vehsPerHour", told)
    area = open_area(scenario(tmp_path, streets, demand), None, SafetyLimits())
    runs = [Evaluation(plan=area.running, seed=seed) for seed in (1, 2)]
    model = QueueModel.build(area.scenario, area.network, seeds=(1, 2), threads=1)
    with SumoEvaluator(area.scenario, area.network, workers=2, timeout_s=60.0) as sumo:
        seen = sumo.evaluate(runs)
    mean_s = [sum(one.mean_delay_s for one in each) / 2 for each in (model.evaluate(runs), seen)]
    assert mean_s[0] == pytest.approx(mean_s[1], rel=0.15)
