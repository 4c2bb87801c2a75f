"""Who waits inside a junction for a gap holds up who comes behind from the same lane."""

from pathlib import Path

import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.area import open_area
from citybrain.ports.evaluation import Evaluation
from sim.queue_model.model import QueueModel
from sim.queue_model.waiting_places import is_in_way
from sim.sumo.evaluator import SumoEvaluator
from tests.cli.odd_towns import crossing, flow, scenario

ON, LEFT, AGAINST = "Jw.J J.Je", "Jw.J J.Jn", "Je.J J.Jw"
AHEAD = ((0.0, 0.0), (30.0, 0.0))
SEEDS = (1, 2)


@pytest.mark.parametrize(
    ("place", "others", "expected"),
    [
        (((0.0, 0.0), (6.0, 0.0), (10.0, 4.0)), (AHEAD,), True),
        (((0.0, 0.0), (6.0, 0.0), (14.0, 8.0)), (AHEAD,), False),
        (((0.0, 0.0), (4.0, 0.0)), (AHEAD,), True),
        (((0.0, 0.0), (4.0, 0.0)), (), False),
        (((0.0, 0.0), (6.0, 0.0), (14.0, 8.0)), (AHEAD, ((0.0, 0.0), (10.0, 6.0))), True),
    ],
)
def test_a_car_is_in_the_way_until_its_back_is_clear_of_the_other_ways(
    place: tuple[tuple[float, float], ...],
    others: tuple[tuple[tuple[float, float], ...], ...],
    expected: bool,
) -> None:
    assert is_in_way(place, others) == expected


@pytest.mark.integration
@pytest.mark.parametrize(
    ("left_vph", "against_vph"), [(0, 600), (60, 400), (60, 600), (120, 100), (120, 600)]
)
def test_left_turners_cost_the_lane_behind_them_what_they_do_in_sumo(
    tmp_path: Path, left_vph: int, against_vph: int
) -> None:
    flows = [flow(ON, 400), flow(AGAINST, against_vph)]
    if left_vph:
        flows.append(flow(LEFT, left_vph))
    area = open_area(scenario(tmp_path, crossing("J"), *flows), None, SafetyLimits())
    runs = [Evaluation(plan=area.running, seed=seed) for seed in SEEDS]
    modelled = QueueModel.build(area.scenario, area.network, seeds=SEEDS, threads=1).evaluate(runs)
    with SumoEvaluator(area.scenario, area.network, workers=2, timeout_s=60.0) as sumo:
        seen = sumo.evaluate(runs)
    mean_s = [sum(one.mean_delay_s for one in each) / len(runs) for each in (modelled, seen)]
    assert mean_s[0] == pytest.approx(mean_s[1], rel=0.15)
