"""The commands of safety data."""

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from benchmarks._nema_units import tee
from benchmarks._safety_junctions import unit_junction
from citybrain.cli.app import app
from citybrain.model.plan import Plan
from citybrain.store.plans import read_plan, write_plan
from citybrain.store.safety import read_safety, write_safety
from tests.second_opinion.kit import changed, content, safety, window

RUN = CliRunner()


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    write_safety({"J": safety()}, tmp_path / "safety.toml")
    (tmp_path / "plan.json").write_text(json.dumps(content()), encoding="utf-8")
    return str(tmp_path / "plan.json"), str(tmp_path / "safety.toml")


def test_a_plan_that_keeps_the_rules_is_passed_by_both(files: tuple[str, str]) -> None:
    plan, data = files
    result = RUN.invoke(app, ["safety", "check", plan, "--safety", data], standalone_mode=False)
    assert result.return_value == 0
    assert "first checker: keeps every rule" in result.output
    assert "second checker: keeps every rule" in result.output


def test_a_damaged_plan_is_refused_by_both(files: tuple[str, str]) -> None:
    plan, data = files
    Path(plan).write_text(json.dumps(changed(*window(1), "start_s", to=25.9)), encoding="utf-8")
    result = RUN.invoke(
        app, ["safety", "check", plan, "--safety", data, "--json"], standalone_mode=False
    )
    assert result.return_value == 1
    found = json.loads(result.output)
    assert {each["rule"] for each in found["first"]} == {"intergreen", "red clearance"}
    assert {each["rule"] for each in found["second"]} == {6, 15}


def test_the_nearest_plan_is_written_and_keeps_the_rules(tmp_path: Path) -> None:
    junction = unit_junction("tee", tee())
    pattern = junction.valid(Random(1))
    half = replace(pattern, offset_s=(pattern.offset_s + 0.5) % pattern.cycle_s)
    data = replace(junction.safety, plan_step_s=0.5)
    write_safety({"tee": data}, tmp_path / "safety.toml")
    write_plan(Plan(name="p", patterns=(half,)), tmp_path / "plan.json")
    out = tmp_path / "near.json"
    arguments = ["--safety", str(tmp_path / "safety.toml"), "--out", str(out)]
    result = RUN.invoke(
        app, ["safety", "nearest", str(tmp_path / "plan.json"), *arguments], standalone_mode=False
    )
    assert result.return_value == 0
    assert "would need an offset of" in result.output
    (near,) = read_plan(out).patterns
    assert near != half
    again = RUN.invoke(app, ["safety", "check", str(out), *arguments[:2]], standalone_mode=False)
    assert again.return_value == 0


@pytest.mark.integration
def test_a_draft_is_unsigned_and_never_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "safety.toml"
    arguments = ["safety", "draft", "crossing_arterials", "--out", str(out)]
    result = RUN.invoke(app, arguments, standalone_mode=False)
    assert result.return_value == 0
    assert not any(each.is_signed for each in read_safety(out).values())
    before = out.read_text(encoding="utf-8")
    again = RUN.invoke(app, arguments, standalone_mode=False)
    assert "may be signed" in str(again.exception)
    assert out.read_text(encoding="utf-8") == before
