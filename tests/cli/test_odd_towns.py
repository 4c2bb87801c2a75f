"""Odd networks and demands: a right result or one clear line, never an unsafe plan."""

import re
from dataclasses import replace
from pathlib import Path
from random import Random
from xml.etree import ElementTree as ET

import pytest

from citybrain.config import ProofSettings, SafetyLimits
from citybrain.engine.area import open_area
from citybrain.engine.demand import own_demand
from citybrain.engine.prove import prove_plan
from citybrain.model.rules import check_plan
from citybrain.ports.evaluation import Evaluation
from citybrain.store.plans import read_plan
from optimizer.overload import overloads
from optimizer.workshop import Workshop
from sim.queue_model.model import QueueModel
from sim.sumo.evaluator import SumoEvaluator
from tests.cli.odd_towns import NET, Streets, crossing, flow, scenario, shortened
from tests.cli.towns import Terminal, Told, change

pytestmark = pytest.mark.integration

LOOP = "Jw.J J.Je Je.J J.Jw Jw.J J.Jn"
FEW = ("--evaluations", 4, "--seeds", 2, "--workers", 2)


def behind(middle: str) -> Streets:
    """Return a crossing whose western arm is cut by a node just before the stop line."""
    streets = crossing("J")
    cut = [(f"Jw.{middle}", f"{middle}.J"), (f"J.{middle}", f"{middle}.Jw")]
    edges = [edge for edge in streets.edges if set(edge) != {"Jw", "J"}]
    parts = [tuple(name.split(".")) for pair in cut for name in pair]
    return Streets([*streets.nodes, (middle, -60.0, 0.0, "priority")], [*edges, *parts])


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """Two parts without a way between; tiny lanes; loops and U-turns; demand on one approach."""
    streets = crossing("J") + crossing("K", 3000.0)
    config = scenario(
        tmp_path, streets, flow(LOOP, 100), flow("Jn.J J.Js", 300), flow("Kw.K K.Ke", 300)
    )
    shortened(tmp_path, "J.Js_0", "0.10")
    shortened(tmp_path, "Kw.K_0", "0.20")
    return config


def retimed(terminal: Terminal, config: Path) -> tuple[Told, Path]:
    out = config.parent / "out"
    return terminal("retime", config, *FEW, "--out", out), out


def other_programs(folder: Path) -> str:
    """Return, for every signal of a network, a worse program than its own."""
    net = ET.parse(folder / NET).getroot()
    for logic in net.findall("tlLogic"):
        logic.set("programID", "other")
        for phase in logic.findall("phase"):
            phase.set("duration", "60" if "y" not in phase.get("state", "") else "3")
    return "".join(ET.tostring(logic, encoding="unicode") for logic in net.findall("tlLogic"))


def test_a_plan_for_some_signals_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    flows = [flow(f"{name}w.{name} {name}.{name}e", 300) for name in "JK"]
    config = scenario(tmp_path, crossing("J") + crossing("K", 3000.0), *flows)
    day = '<WAUT id="day" refTime="0" startProg="0"/>'
    ruled = "".join(f'<wautJunction wautID="day" junctionID="{name}"/>' for name in "JK")
    (tmp_path / "day.add.xml").write_text(
        f"<additional>{other_programs(tmp_path)}{day}{ruled}</additional>"
    )
    line = '<route-files value="odd.rou.xml"/>'
    change(config, line, f'{line}<additional-files value="day.add.xml"/>')
    area = open_area(config, None, SafetyLimits())
    same = replace(area.running, name="same", patterns=area.running.patterns[:1])
    settings = ProofSettings(seeds=(1, 2))
    demand = own_demand(area, timeout_s=settings.timeout_s)
    verdict = prove_plan(area, demand, same, settings, lambda *_: None)
    assert verdict.proposed == verdict.running
    assert verdict.proposed_plan == "same"


def test_an_odd_network_is_retimed_and_proven(terminal: Terminal, odd: Path) -> None:
    told, out = retimed(terminal, odd)
    assert told.code in {0, 1}, told.errors
    assert "citybrain:" not in told.errors
    area = open_area(odd, None, SafetyLimits())
    assert set(area.network.intersections) == {"J", "K"}
    plan = read_plan(out / "plan.json")
    assert {pattern.intersection for pattern in plan.patterns} == {"J", "K"}
    assert check_plan(plan, area.network) == ()


def test_the_fast_model_sees_an_odd_network_as_sumo_does(odd: Path) -> None:
    area = open_area(odd, None, SafetyLimits())
    demand = own_demand(area, timeout_s=60.0)
    runs = [Evaluation(plan=area.running, seed=seed) for seed in (1, 2)]
    model = QueueModel.build(demand.scenario, area.network, seeds=(1, 2), threads=1)
    with SumoEvaluator(demand.scenario, area.network, workers=2, timeout_s=60.0) as sumo:
        pairs = list(zip(model.evaluate(runs), sumo.evaluate(runs), strict=True))
    assert [one.vehicle_count for one, _ in pairs] == [other.vehicle_count for _, other in pairs]
    modelled_s = sum(one.mean_delay_s for one, _ in pairs)
    assert modelled_s == pytest.approx(sum(other.mean_delay_s for _, other in pairs), rel=0.25)


def test_a_lane_of_a_hand_before_the_stop_line_is_no_obstacle(
    terminal: Terminal, tmp_path: Path
) -> None:
    config = scenario(tmp_path, behind("M"), flow("Jw.M M.J J.Je", 300), flow("Jn.J J.Js", 200))
    shortened(tmp_path, "M.J_0", "0.10")
    told, out = retimed(terminal, config)
    assert told.code in {0, 1}, told.errors
    area = open_area(config, None, SafetyLimits())
    assert check_plan(read_plan(out / "plan.json"), area.network) == ()


@pytest.mark.parametrize(
    "demand", ["", '<vehicle id="late" depart="5000"><route edges="Jw.J J.Je"/></vehicle>']
)
def test_nobody_who_departs_is_one_line(terminal: Terminal, tmp_path: Path, demand: str) -> None:
    told, out = retimed(terminal, scenario(tmp_path, crossing("J"), demand))
    assert told.code == 2
    assert "no vehicle departs between 0 s and 600 s; correct route-files" in told.complaint
    assert not out.exists()


def test_demand_that_no_plan_serves_is_told_in_full(tmp_path: Path) -> None:
    """Those whom the queue keeps out count, too, else an overload hides itself."""
    ways = ("Jw.J J.Je", "Je.J J.Jw", "Jn.J J.Js", "Js.J J.Jn")
    config = scenario(tmp_path, crossing("J"), *(flow(way, 2400) for way in ways))
    area = open_area(config, None, SafetyLimits())
    (overload,) = overloads(area.network, own_demand(area, timeout_s=60.0).turning)
    assert overload.flows_vph == {way.replace(" ", "->"): 2400.0 for way in ways}
    assert overload.degree > 2.5


def test_running_plans_of_any_fractions_give_safe_starts(tmp_path: Path) -> None:
    config, dice = scenario(tmp_path, crossing("J"), flow("Jw.J J.Je", 300)), Random(3)
    net = tmp_path / NET
    retimable = 0
    for _ in range(25):
        text = re.sub(
            r'(<phase duration=")[^"]*',
            lambda found: f"{found[1]}{dice.choice((0.3, 2.45, 4.7, 5, 21.6, 59.99)):g}",
            net.read_text("utf-8"),
        )
        net.write_text(text, encoding="utf-8")
        area = open_area(config, None, SafetyLimits())
        if area.network.intersections:
            workshop = Workshop.of(area.running, area.network)
            assert check_plan(workshop.plan(workshop.start(), "start"), area.network) == ()
            retimable += 1
    assert retimable > 10


def test_a_route_that_the_streets_do_not_have_is_named(terminal: Terminal, tmp_path: Path) -> None:
    told, out = retimed(terminal, scenario(tmp_path, crossing("J"), flow("Jw.J Jn.J", 300)))
    assert told.code == 2
    assert "No connection between edge 'Jw.J' and edge 'Jn.J'" in told.complaint
    assert not out.exists()
