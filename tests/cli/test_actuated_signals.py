"""Signals that follow the traffic today: shown, left alone, or retimed where that is asked for."""

import json
from pathlib import Path

import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.actuated import LEFT
from citybrain.engine.area import open_area
from citybrain.model.rules import check_plan
from citybrain.store.plans import read_plan, write_plan
from tests.cli.towns import Terminal
from tests.sim.actuated_town import town_in

pytestmark = pytest.mark.integration

SIGNALS = ("A0", "A1", "B0", "B1")
FEW = ("--seeds", "2", "--workers", "2")

ONE_FIXED = """<additional><tlLogic id="A0" type="static" programID="fixed" offset="0">
    <phase duration="42" state="GGGgrrrrGGGgrrrr"/><phase duration="3" state="yyyyrrrryyyyrrrr"/>
    <phase duration="42" state="rrrrGGGgrrrrGGGg"/><phase duration="3" state="rrrryyyyrrrryyyy"/>
</tlLogic></additional>"""


BEYOND_BOUNDS = """<additional><tlLogic id="A0" type="actuated" programID="wide" offset="0">
    <phase duration="30" state="GGGgrrrrGGGgrrrr" minDur="1" maxDur="170"/>
    <phase duration="3" state="yyyyrrrryyyyrrrr"/>
    <phase duration="30" state="rrrrGGGgrrrrGGGg" minDur="5" maxDur="50"/>
    <phase duration="3" state="rrrryyyyrrrryyyy"/>
</tlLogic></additional>"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return town_in(tmp_path, end_s=300)


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """One signal of the four runs fixed times."""
    (tmp_path / "fixed.add.xml").write_text(ONE_FIXED)
    return town_in(tmp_path, end_s=300, additional="fixed.add.xml")


def test_they_are_shown_with_the_reach_of_their_cycle(terminal: Terminal, mixed: Path) -> None:
    told = terminal("show", mixed)
    assert told.code == 0
    assert "1 intersections to retime, 3 more with --actuated" in told.output
    assert "16-106" in told.output
    assert f"left as it is: B1, {LEFT}" in told.output
    assert json.loads(terminal("show", mixed, "--json").output)["actuated"] == ["A1", "B0", "B1"]


def test_unasked_they_stay_as_they_are(terminal: Terminal, config: Path, out: Path) -> None:
    told = terminal("retime", config, "--evaluations", 4, *FEW, "--out", out)
    assert told.code == 1
    assert all(f"{name}: {LEFT}" in told.complaint for name in SIGNALS)
    assert not out.exists()


def test_unasked_the_others_are_retimed_beside_them(
    terminal: Terminal, mixed: Path, out: Path
) -> None:
    told = terminal("retime", mixed, "--evaluations", 6, *FEW, "--out", out)
    assert told.code in {0, 1}, told.errors
    assert "1 signals to retime, 3 left as they are" in told.output
    assert [p.intersection for p in read_plan(out / "plan.json").patterns] == ["A0"]
    told = terminal("validate", mixed, "--plan", out / "plan.json", *FEW, "--out", out)
    assert told.code in {0, 1}, told.errors
    verdict = json.loads((out / "verdict.json").read_text())
    assert f"B1 is left as it is: {LEFT}" in verdict["caveats"]


def test_asked_for_they_are_retimed_and_keep_the_rules(
    terminal: Terminal, mixed: Path, out: Path
) -> None:
    told = terminal("retime", mixed, "--actuated", "--evaluations", 12, *FEW, "--out", out)
    assert told.code in {0, 1}, told.errors
    area = open_area(mixed, None, SafetyLimits())
    plan = read_plan(out / "plan.json")
    assert tuple(pattern.intersection for pattern in plan.patterns) == SIGNALS
    assert check_plan(plan, area.network) == ()


def test_one_that_goes_beyond_the_bounds_today_stops_nothing_and_is_not_proposed(
    terminal: Terminal, config: Path, out: Path
) -> None:
    (config.parent / "wide.add.xml").write_text(BEYOND_BOUNDS)
    wide = town_in(config.parent, end_s=300, additional="wide.add.xml")
    area = open_area(wide, None, SafetyLimits())
    broken = check_plan(area.running, area.network)
    assert {violation.intersection for violation in broken} == {"A0"}
    told = terminal("retime", wide, "--actuated", "--evaluations", 6, *FEW, "--out", out)
    assert told.code in {0, 1}, told.errors
    plan = read_plan(out / "plan.json")
    assert plan != area.running
    assert check_plan(plan, area.network) == ()


def test_a_running_plan_that_follows_the_traffic_is_proven_equal_to_itself(
    terminal: Terminal, mixed: Path, out: Path
) -> None:
    area = open_area(mixed, None, SafetyLimits())
    saved = mixed.parent / "running.json"
    write_plan(area.running, saved)
    assert read_plan(saved) == area.running
    told = terminal("validate", mixed, "--plan", saved, *FEW, "--out", out)
    assert told.code == 1, told.errors
    verdict = json.loads((out / "verdict.json").read_text())
    assert verdict["running"] == verdict["proposed"]
