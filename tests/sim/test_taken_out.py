"""Vehicles that leave before their destination: the scenario's will, or a failure of traffic."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.area import open_area
from citybrain.ports.evaluation import Evaluation
from sim.sumo.evaluator import SumoEvaluator
from sim.sumo.outcome import has_arrived, vehicle_delay_s
from tests.cli.odd_towns import crossing, flow, scenario
from tests.cli.towns import change

END_S, LOST_S = 600.0, 20.0


@pytest.mark.parametrize(
    ("reason", "is_there", "charged_s"),
    [
        ("", True, LOST_S),
        ("calibrator", True, LOST_S),
        ("vaporizer", True, LOST_S),
        ("teleport", False, LOST_S + 500.0),
        ("collision", False, LOST_S + 500.0),
    ],
)
def test_only_who_traffic_takes_out_is_charged_until_the_end(
    reason: str, is_there: bool, charged_s: float
) -> None:
    words = {"timeLoss": f"{LOST_S}", "departDelay": "0", "arrival": "100", "vaporized": reason}
    trip = ET.Element("tripinfo", words)
    assert has_arrived(trip) is is_there
    assert vehicle_delay_s(trip, END_S) == pytest.approx(charged_s)


@pytest.mark.integration
def test_a_vaporizer_strands_nobody(tmp_path: Path) -> None:
    config = scenario(tmp_path, crossing("J"), flow("Jw.J J.Je", 300))
    (tmp_path / "v.add.xml").write_text(
        '<additional><vaporizer id="J.Je" begin="60" end="300"/></additional>'
    )
    line = '<route-files value="odd.rou.xml"/>'
    change(config, line, f'{line}<additional-files value="v.add.xml"/>')
    area = open_area(config, None, SafetyLimits())
    with SumoEvaluator(area.scenario, area.network, workers=1, timeout_s=60.0) as evaluator:
        (outcome,) = evaluator.evaluate([Evaluation(plan=area.running, seed=1)])
    assert outcome.vehicle_count > outcome.unfinished_veh
    assert outcome.unfinished_veh < outcome.vehicle_count / 4
