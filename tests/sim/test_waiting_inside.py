"""Who waits inside a junction for a gap holds up who comes behind from the same lane."""

from pathlib import Path

import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.area import open_area
from citybrain.ports.evaluation import Evaluation
from sim.queue_model.model import QueueModel
from sim.sumo.evaluator import SumoEvaluator
from tests.cli.odd_towns import crossing, flow, scenario

pytestmark = pytest.mark.integration

ON, LEFT, AGAINST = "Jw.J J.Je", "Jw.J J.Jn", "Je.J J.Jw"


@pytest.mark.parametrize(("left_vph", "against_vph"), [(0, 600), (120, 600), (120, 100)])
def test_left_turners_cost_the_lane_behind_them_what_they_do_in_sumo(
    tmp_path: Path, left_vph: int, against_vph: int
) -> None:
    flows = [flow(ON, 500), flow(AGAINST, against_vph)]
    if left_vph:
        flows.append(flow(LEFT, left_vph))
    area = open_area(scenario(tmp_path, crossing("J"), *flows), None, SafetyLimits())
    runs = [Evaluation(plan=area.running, seed=seed) for seed in (1, 2)]
    modelled = QueueModel.build(area.scenario, area.network, seeds=(1, 2), threads=1).evaluate(runs)
    with SumoEvaluator(area.scenario, area.network, workers=2, timeout_s=60.0) as sumo:
        seen = sumo.evaluate(runs)
    mean_s = [sum(one.mean_delay_s for one in each) / len(runs) for each in (modelled, seen)]
    assert mean_s[0] == pytest.approx(mean_s[1], rel=0.25)
