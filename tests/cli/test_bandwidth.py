"""``bandwidth`` on the bundled scenario: wider bands, as a plan that keeps the rules."""

import json
from pathlib import Path

import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.area import open_area
from citybrain.model.rules import check_plan
from citybrain.store.plans import read_plan
from tests.cli.odd_towns import crossing, flow, scenario
from tests.cli.towns import Terminal

pytestmark = pytest.mark.integration


def test_bands_grow_and_the_plan_can_be_proven(
    terminal: Terminal, town: Path, tmp_path: Path
) -> None:
    plan_file = tmp_path / "bands.json"
    told = terminal("bandwidth", town, "--out", plan_file, "--json")
    assert told.code == 0
    content = json.loads(told.output)
    width_s = {
        when: sum(content[when]["outbound_s"] + content[when]["inbound_s"])
        for when in ("today", "widest")
    }
    assert width_s["widest"] > width_s["today"]
    area = open_area(town, None, SafetyLimits())
    plan = read_plan(plan_file)
    assert check_plan(plan, area.network) == ()
    offsets_s = {pattern.intersection: pattern.offset_s for pattern in plan.patterns}
    assert offsets_s.items() >= content["widest"]["offsets_s"].items()


def test_a_signal_that_is_not_there_is_named(terminal: Terminal, town: Path) -> None:
    told = terminal("bandwidth", town, "--along", "J1,nowhere")
    assert told.code == 2
    assert "nowhere" in told.errors
    assert "J2" in told.errors


def test_one_signal_has_no_band(terminal: Terminal, tmp_path: Path) -> None:
    config = scenario(tmp_path, crossing("J"), flow("Jw.J J.Je", 300))
    told = terminal("bandwidth", config)
    assert told.code == 2
    assert "a band joins two signals or more" in told.complaint
