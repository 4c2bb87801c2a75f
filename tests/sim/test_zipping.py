"""Two lanes with green that lead into the same lanes discharge as one, as in SUMO."""

from pathlib import Path

import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.area import StudyArea, open_area
from citybrain.ports.evaluation import Evaluation
from sim.queue_model.model import QueueModel
from sim.queue_model.physics import Physics
from sim.sumo.evaluator import SumoEvaluator
from tests.cli.odd_towns import NET, Streets, scenario

INTO_BOTH = [("W.J", "J.E", lane, onto) for lane in range(2) for onto in range(2)]
SIDE_BY_SIDE = [("W.J", "J.E", lane, lane) for lane in range(2)]
CROWD = (
    '<flow id="f" begin="0" end="600" period="1" departLane="free" departSpeed="max">'
    '<route edges="W.J J.E"/></flow>'
)


def town(folder: Path, connections: list[tuple[str, str, int, int]]) -> StudyArea:
    streets = Streets(
        [
            ("W", -500.0, 0.0, "priority"),
            ("J", 0.0, 0.0, "traffic_light"),
            ("E", 500.0, 0.0, "priority"),
            ("S", 0.0, -200.0, "priority"),
            ("N", 0.0, 200.0, "priority"),
        ],
        [("W", "J"), ("J", "E"), ("S", "J"), ("J", "N")],
        lanes=2,
        connections=connections,
    )
    config = scenario(folder, streets, CROWD)
    net = folder / NET
    net.write_text(net.read_text().replace('state="rrrggGG"', 'state="rrrGGGG"'))
    return open_area(config, None, SafetyLimits())


def passed(area: StudyArea, physics: Physics | None = None) -> float:
    """Return how many vehicles of the crowd pass the signal in the model."""
    model = QueueModel.build(
        area.scenario, area.network, seeds=(1,), threads=1, physics=physics or Physics()
    )
    counts = model.movement_totals(model.runs(model.tables([area.running])), 0, 0)[1]
    return float(counts["W.J->J.E"])


@pytest.mark.parametrize("connections", [INTO_BOTH, SIDE_BY_SIDE])
def test_as_many_pass_as_in_sumo(
    tmp_path: Path, connections: list[tuple[str, str, int, int]]
) -> None:
    area = town(tmp_path, connections)
    with SumoEvaluator(
        area.scenario, area.network, workers=1, timeout_s=60.0, with_movements=True
    ) as evaluator:
        (seen,) = evaluator.evaluate([Evaluation(plan=area.running, seed=1, demand_scale=1.0)])
    assert passed(area) == pytest.approx(seen.movement_count["W.J->J.E"], rel=0.1)


def test_only_lanes_into_the_same_lanes_zip(tmp_path: Path) -> None:
    for name in ("both", "apart"):
        (tmp_path / name).mkdir()
    both, apart = town(tmp_path / "both", INTO_BOTH), town(tmp_path / "apart", SIDE_BY_SIDE)
    slow = Physics(zip_s=5.5)
    assert passed(apart, slow) == passed(apart)
    assert passed(both) < 0.8 * passed(apart)
    assert passed(both, slow) < 0.85 * passed(both)
