"""The main job on a quarter of an hour of the scenario's own demand, from end to end."""

import json
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from citybrain.model.flows import FlowSnapshot
from citybrain.store.flows import read_flows
from sim.sumo.run import run_sumo
from tests.cli.towns import PERIOD, SHORT, Terminal, digests, town_in

pytestmark = pytest.mark.integration

NET, CONFIG = "crossing_arterials.net.xml", f"{PERIOD}.sumocfg"
ALWAYS = {"plan.json", "demand.json"}
ACCEPTED = ALWAYS | {"plan.add.xml", "verdict.json", "report.html"}
OWN = (*SHORT, "--own-demand")


@dataclass(frozen=True)
class Job:
    """A town and the accepted results that a retiming of it left."""

    town: Path
    out: Path
    content: dict[str, object]


@pytest.fixture
def quarter_hour(tmp_path: Path) -> Path:
    return town_in(tmp_path, end_s=900)


@pytest.fixture
def accepted(terminal: Terminal, quarter_hour: Path, out: Path) -> Job:
    told = terminal("retime", quarter_hour, *OWN, "--evaluations", 10, "--out", out, "--json")
    assert told.code == 0
    return Job(quarter_hour, out, json.loads(told.output))


def test_an_accepted_plan_is_complete(terminal: Terminal, accepted: Job, tmp_path: Path) -> None:
    assert set(digests(accepted.out)) == ACCEPTED
    assert accepted.content["accepted"] is True
    verdict = json.loads((accepted.out / "verdict.json").read_text("utf-8"))
    assert verdict["decision"] == "accept"
    report = (accepted.out / "report.html").read_text("utf-8")
    assert report.rstrip().endswith("</html>")
    runs_beside_the_scenario(accepted, tmp_path / "trips.xml")
    comes_again(terminal, accepted, tmp_path / "again")
    is_proven_again(terminal, accepted, tmp_path / "proof")
    shows_everything(terminal, accepted)


def runs_beside_the_scenario(job: Job, trips: Path) -> None:
    """Run plain SUMO with the written programs after the scenario's own additional files."""
    programs = job.out / "plan.add.xml"
    before = digests(job.town)
    additional = f"{job.town / 'common.add.xml'},{programs}"
    words = ("-c", job.town / CONFIG, "-a", additional, "--tripinfo-output", trips)
    run_sumo(words, timeout_s=120)
    assert len(ElementTree.parse(trips).findall("tripinfo")) > 100
    assert digests(job.town) == before


def comes_again(terminal: Terminal, job: Job, again: Path) -> None:
    words = ("retime", job.town, *OWN, "--evaluations", 10, "--workers", 1, "--out", again)
    assert terminal(*words).code == 0
    files, first = digests(again), digests(job.out)
    same = ("plan.json", "plan.add.xml", "demand.json", "verdict.json")
    assert [name for name in same if files[name] != first[name]] == []


def is_proven_again(terminal: Terminal, job: Job, proof: Path) -> None:
    plan = job.out / "plan.json"
    told = terminal("validate", job.town, *OWN, "--plan", plan, "--out", proof)
    assert told.code == 0
    assert "ACCEPT" in told.output
    assert set(digests(proof)) == {"verdict.json", "report.html"}


def shows_everything(terminal: Terminal, job: Job) -> None:
    for words, expected in (
        ((job.out / "plan.json",), "8 intersections"),
        ((job.town / NET,), "8 intersections to retime"),
        ((job.town, "--period", PERIOD), "8 intersections to retime"),
    ):
        told = terminal("show", *words)
        assert told.code == 0
        assert expected in told.output
        assert json.loads(terminal("show", *words, "--json").output)


def test_too_few_runs_to_find_anything_keep_the_running_plan(
    terminal: Terminal, quarter_hour: Path, out: Path
) -> None:
    before = digests(quarter_hour)
    told = terminal("retime", quarter_hour, *OWN, "--evaluations", 1, "--out", out)
    assert told.code == 1
    assert "keep the running plan" in told.output
    assert set(digests(out)) == ALWAYS
    plan = json.loads((out / "plan.json").read_text("utf-8"))
    assert {pattern["program"] for pattern in plan["patterns"]} == {"running"}
    assert digests(quarter_hour) == before


def test_counting_by_hand_gives_the_flows_that_a_retiming_uses(
    terminal: Terminal, tmp_path: Path, out: Path
) -> None:
    town = town_in(tmp_path, end_s=3600)
    by_hand = tmp_path / "by-hand.parquet"
    words = ("--detectors", town / "detectors.toml", "--start", "2026-03-17T11:00:00")
    feed = town / f"{PERIOD}.pulses.parquet"
    assert terminal("count", feed, *words, "--out", by_hand).code == 0
    assert terminal("retime", town, *SHORT, "--evaluations", 1, "--out", out).code == 1
    same_flows(read_flows(by_hand), read_flows(out / "flows.parquet"))


def same_flows(first: FlowSnapshot, second: FlowSnapshot) -> None:
    assert (first.start, first.bin_s, first.lanes) == (second.start, second.bin_s, second.lanes)
    np.testing.assert_array_equal(first.count_veh, second.count_veh)
    np.testing.assert_array_equal(first.occupancy, second.occupancy)
    np.testing.assert_array_equal(first.speed_mps, second.speed_mps)
    assert np.asarray(first.count_veh).sum() > 1000
