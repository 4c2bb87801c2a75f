"""Bounds that a person gives are kept; bounds that leave no plan are named before a search."""

import re
from pathlib import Path

import pytest

from citybrain.store.plans import read_plan
from citybrain.store.safety import read_safety
from tests.cli.towns import SHORT, Terminal


@pytest.fixture
def safety(terminal: Terminal, town: Path) -> Path:
    path = town / "safety.toml"
    assert terminal("safety", "draft", town, "--period", "midday", "--out", path).code == 0
    return path


def rewritten(path: Path, pattern: str, new: str) -> None:
    text, found = re.subn(pattern, new, path.read_text("utf-8"))
    assert found
    path.write_text(text, encoding="utf-8")


def test_greens_that_no_cycle_holds_are_named(
    terminal: Terminal, town: Path, safety: Path, out: Path
) -> None:
    rewritten(safety, "minimum_green_s = .*", "minimum_green_s = 90.0")
    told = terminal("retime", town, *SHORT, "--safety", safety, "--out", out)
    assert told.code == 1
    assert "J1: its bounds leave no pattern" in told.complaint
    assert "minimum green of group" in told.complaint
    assert "> longest cycle 180 s; allow a cycle of" in told.complaint
    assert not out.exists()


def test_a_yellow_that_the_plan_does_not_show_is_no_matter_of_times(
    terminal: Terminal, town: Path, safety: Path, out: Path
) -> None:
    rewritten(safety, "yellow_s = .*", "yellow_s = 6.0")
    told = terminal("retime", town, *SHORT, "--safety", safety, "--out", out)
    assert told.code == 1
    assert "breaks the rule 'yellow'" in told.complaint
    assert "other times do not mend that" in told.complaint


def test_data_of_another_network_are_refused(
    terminal: Terminal, town: Path, safety: Path, out: Path
) -> None:
    rewritten(safety, r'intersections\."J1"', 'intersections."X1"')
    told = terminal("retime", town, *SHORT, "--safety", safety, "--out", out)
    assert told.code == 2
    assert "has no intersection X1 to retime, which" in told.complaint
    assert not out.exists()


def test_data_of_other_groups_are_refused(
    terminal: Terminal, town: Path, safety: Path, out: Path
) -> None:
    text = safety.read_text("utf-8").replace('"1"', '"one"')
    safety.write_text(text, encoding="utf-8")
    told = terminal("retime", town, *SHORT, "--safety", safety, "--out", out)
    assert told.code == 2
    assert "name those of the network, in this order: 1, " in told.complaint
    assert not out.exists()


@pytest.mark.integration
def test_the_plan_that_is_found_keeps_longer_greens(
    terminal: Terminal, town: Path, safety: Path, out: Path
) -> None:
    rewritten(safety, "minimum_green_s = .*", "minimum_green_s = 12.0")
    told = terminal(
        "retime", town, *SHORT, "--safety", safety, "--evaluations", 6, "--out", out, "--workers", 1
    )
    assert told.code in {0, 1}, told.errors
    plan = read_plan(out / "plan.json")
    bounds = {name: data.intersection for name, data in read_safety(safety).items()}
    for pattern in plan.patterns:
        for timing in pattern.groups:
            for green in timing.greens(pattern.cycle_s):
                least_s = bounds[pattern.intersection].group(timing.group).minimum_green_s
                assert green.duration_s >= least_s == 12.0
