"""Who turns onto the one full lane of a street waits, though a lane beside it is free."""

from pathlib import Path

import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.area import StudyArea, open_area
from citybrain.ports.evaluation import Evaluation
from sim.queue_model.model import QueueModel
from sim.sumo.evaluator import SumoEvaluator
from sim.sumo.run import run_sumo

pytestmark = pytest.mark.integration

NODES = {
    "W": (-400, 0),
    "S": (0, -300),
    "C": (0, 0),
    "T": (100, 0),
    "F": (400, 0),
    "G": (100, 300),
}
EDGES = (("W", "C", 1), ("S", "C", 1), ("C", "T", 2), ("T", "F", 1), ("T", "G", 1))
LINKS = (("WC", "CT", 0, 0), ("SC", "CT", 0, 0), ("CT", "TF", 0, 0), ("CT", "TG", 1, 0))
END_S = 600
_TYPES = {"T": "traffic_light"}


def street(folder: Path, *, is_open: bool) -> StudyArea:
    """Lay a street of two lanes whose right one, the way straight on, shows red, or green."""
    nodes = "".join(
        f'<node id="{name}" x="{x}" y="{y}" type="{_TYPES.get(name, "priority")}"/>'
        for name, (x, y) in NODES.items()
    )
    edges = "".join(
        f'<edge id="{a}{b}" from="{a}" to="{b}" numLanes="{lanes}" speed="13.89" '
        f'priority="{1 if a == "S" else 3}"/>'
        for a, b, lanes in EDGES
    )
    links = "".join(
        f'<connection from="{a}" to="{b}" fromLane="{lane}" toLane="{onto}"/>'
        for a, b, lane, onto in LINKS
    )
    for name, text in (("nodes", nodes), ("edges", edges), ("connections", links)):
        (folder / f"{name}.xml").write_text(f"<{name}>{text}</{name}>", encoding="utf-8")
    parts = ("-n", "nodes.xml", "-e", "edges.xml", "-x", "connections.xml")
    files = [flag if flag.startswith("-") else str(folder / flag) for flag in parts]
    run_sumo([*files, "-o", str(folder / "net.xml")], timeout_s=60, program="netconvert")
    (folder / "program.add.xml").write_text(
        '<additional><tlLogic id="T" type="static" programID="shown" offset="0">'
        f'<phase duration="{END_S}" state="{"GG" if is_open else "rG"}"/>'
        f'<phase duration="3" state="{"yy" if is_open else "ry"}"/>'
        '<phase duration="10" state="rr"/></tlLogic></additional>',
        encoding="utf-8",
    )
    (folder / "routes.xml").write_text(
        f'<routes><flow id="on" begin="0" end="{END_S}" period="9"><route edges="WC CT TF"/></flow>'
        f'<flow id="left" begin="200" end="{END_S}" period="6"><route edges="SC CT TG"/></flow>'
        "</routes>",
        encoding="utf-8",
    )
    config = folder / "street.sumocfg"
    config.write_text(
        '<configuration><net-file value="net.xml"/><route-files value="routes.xml"/>'
        '<additional-files value="program.add.xml"/><begin value="0"/>'
        f'<end value="{END_S}"/><time-to-teleport value="-1"/></configuration>',
        encoding="utf-8",
    )
    return open_area(config, None, SafetyLimits(maximum_cycle_s=700, maximum_red_s=700))


@pytest.mark.parametrize("is_open", [False, True])
def test_the_lane_that_a_turn_ends_on_decides_whether_it_is_entered(
    tmp_path: Path, *, is_open: bool
) -> None:
    area = street(tmp_path, is_open=is_open)
    run = [Evaluation(plan=area.running, seed=1)]
    (modelled,) = QueueModel.build(area.scenario, area.network, threads=1).evaluate(run)
    with SumoEvaluator(area.scenario, area.network, workers=1, timeout_s=60.0) as sumo:
        (seen,) = sumo.evaluate(run)
    arrived = [one.vehicle_count - one.stranded_veh for one in (modelled, seen)]
    assert arrived[0] == pytest.approx(arrived[1], abs=4)
    assert (arrived[1] > 50) == is_open
