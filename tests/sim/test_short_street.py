"""Left turners who wait behind a street of one vehicle's length keep others off it, as in SUMO."""

from pathlib import Path

import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.area import StudyArea, open_area
from citybrain.ports.evaluation import Evaluation
from sim.queue_model.model import QueueModel
from sim.sumo.evaluator import SumoEvaluator
from tests.cli.odd_towns import NET, Streets, flow, scenario

SEEDS = (1, 2)
APART_M = 32.0
"""Between the nodes of two signals; 11 m of it are street. [m]"""


def town(folder: Path, left_vph: float, against_vph: float) -> StudyArea:
    """Return two signals in step, where those who turn left at the second one give way."""
    streets = Streets(
        [
            ("W", -300.0, 0.0, "priority"),
            ("A", 0.0, 0.0, "traffic_light"),
            ("B", APART_M, 0.0, "traffic_light"),
            ("E", APART_M + 300.0, 0.0, "priority"),
            ("S", 0.0, -200.0, "priority"),
            ("N", 0.0, 200.0, "priority"),
            ("T", APART_M, -200.0, "priority"),
            ("U", APART_M, 200.0, "priority"),
        ],
        [
            *(("W", "A"), ("A", "B"), ("B", "E"), ("E", "B"), ("B", "A"), ("A", "W")),
            *(("S", "A"), ("A", "N"), ("T", "B"), ("B", "U"), ("U", "B"), ("B", "T")),
        ],
        lanes=2,
    )
    config = scenario(
        folder,
        streets,
        flow("W.A A.B B.U", left_vph),
        flow("E.B B.A A.W", against_vph),
        flow("S.A A.N", 50),
    )
    net = folder / NET
    head = '<tlLogic id="B" type="static" programID="0" offset='
    text = net.read_text("utf-8")
    assert f'{head}"0"' in text
    net.write_text(text.replace(f'{head}"0"', f'{head}"45"'), encoding="utf-8")
    return open_area(config, None, SafetyLimits())


@pytest.mark.integration
@pytest.mark.parametrize(
    ("left_vph", "against_vph"), [(200, 600), (300, 400), (300, 600), (300, 800)]
)
def test_the_short_street_costs_what_it_does_in_sumo(
    tmp_path: Path, left_vph: int, against_vph: int
) -> None:
    area = town(tmp_path, left_vph, against_vph)
    runs = [Evaluation(plan=area.running, seed=seed) for seed in SEEDS]
    model = QueueModel.build(area.scenario, area.network, seeds=SEEDS, threads=1)
    lanes = dict(zip(model.streets.lanes, model.streets.arrays.lanes["length_m"], strict=False))
    assert 7.5 < lanes["A.B_1"] < 15.0
    with SumoEvaluator(area.scenario, area.network, workers=2, timeout_s=60.0) as sumo:
        seen = sumo.evaluate(runs)
    mean_s = [
        sum(one.mean_delay_s for one in each) / len(runs) for each in (model.evaluate(runs), seen)
    ]
    assert mean_s[0] == pytest.approx(mean_s[1], rel=0.12)
