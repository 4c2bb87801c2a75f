"""``retime``, ``validate`` and ``show`` from end to end on a short midday."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from citybrain.model.rules import longest_red_s
from citybrain.store.plans import read_plan
from sim.sumo.run import sumo_binary, sumo_environment
from tests.cli.towns import PERIOD, SHORT, Terminal, change, digests

pytestmark = pytest.mark.integration

ALWAYS = {"plan.json", "demand.json", "flows.parquet", "demand.rou.xml"}
PROVEN = ALWAYS | {"verdict.json", "report.html"}
PROGRAMS = {True: "plan.add.xml", False: "plan.not-accepted.add.xml"}
BOUND = re.compile(r"(\S+): (\S+) is red for (\d+) s at most")
BUDGET = ("--evaluations", "24")


def test_a_retiming_leaves_its_files_and_can_be_repeated(
    terminal: Terminal, town: Path, out: Path, tmp_path: Path
) -> None:
    before = digests(town)
    told = terminal("retime", town, *SHORT, *BUDGET, "--out", out, "--json")
    content = json.loads(told.output)
    assert told.code == (0 if content["accepted"] else 1)
    assert content["verdict"] is not None, "the search found nothing; give it more runs"
    assert content["evaluations"] <= 24
    programs = PROGRAMS[content["accepted"]]
    assert set(digests(out)) == PROVEN | {programs}
    assert {Path(path).name for path in content["files"].values()} == set(digests(out))
    assert digests(town) == before

    again = tmp_path / "again"
    assert terminal("retime", town, *SHORT, *BUDGET, "--out", again).code == told.code
    same = ("plan.json", "demand.json", "demand.rou.xml", programs, "verdict.json")
    for name in same:
        assert (again / name).read_bytes() == (out / name).read_bytes(), name

    runs_in_plain_sumo(town, out / programs, content["plan"])
    proven_again(terminal, town, out, tmp_path / "proof")
    shown(terminal, out / "plan.json", content["plan"])


def runs_in_plain_sumo(town: Path, programs: Path, plan: str) -> None:
    """Load the written programs after all other files, and see them run."""
    states = town / "states.xml"
    (town / "watch.add.xml").write_text(
        f'<additional><timedEvent type="SaveTLSProgram" source="J1" dest="{states}"/></additional>'
    )
    additional = f"common.add.xml,{programs},watch.add.xml"
    command = [str(sumo_binary()), "-c", f"{PERIOD}.sumocfg", "-a", additional, "--end", "100"]
    done = subprocess.run(
        command, cwd=town, env=sumo_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    assert f'programID="{plan}"' in states.read_text("utf-8")
    declared = {e.get("programID") for e in ElementTree.parse(programs).iter("tlLogic")}
    assert declared == {plan}


def proven_again(terminal: Terminal, town: Path, out: Path, proof: Path) -> None:
    """Prove the plan by itself; the search's seeds are known from the plan."""
    plan = out / "plan.json"
    words = ("validate", town, *SHORT, "--plan", plan, "--out", proof, "--json")
    told = terminal(*words)
    content, first = json.loads(told.output), json.loads((out / "verdict.json").read_text("utf-8"))
    assert told.code == (0 if content["decision"] == "accept" else 1)
    assert set(digests(proof)) == {"verdict.json", "report.html"}
    assert content["decision"] == first["decision"]
    assert content["delay_after_s"] == first["delay_after_s"]["mean"]
    assert not set(content["seeds"]) & {1001, 1002, 1003, 1004, 90001}


def shown(terminal: Terminal, plan: Path, name: str) -> None:
    told = terminal("show", plan)
    assert told.code == 0
    assert f"plan {name}: 8 intersections" in told.output
    assert "J1  cycle " in told.output
    assert terminal("show", plan, "--json").output == plan.read_text("utf-8")


def test_a_tiny_budget_ends_in_a_harmless_no(terminal: Terminal, town: Path, out: Path) -> None:
    running = json.loads(terminal("show", town, "--period", PERIOD, "--json").output)
    told = terminal("retime", town, *SHORT, "--evaluations", "1", "--out", out)
    assert told.code == 1
    assert "nothing better was found: keep the running plan" in told.output
    assert set(digests(out)) == ALWAYS
    plan = json.loads((out / "plan.json").read_text("utf-8"))
    assert {p["intersection"] for p in plan["patterns"]} == set(running["intersections"])
    assert {p["program"] for p in plan["patterns"]} == {"running"}


def test_a_no_takes_an_earlier_yes_away(terminal: Terminal, town: Path, out: Path) -> None:
    out.mkdir()
    for name in ("plan.add.xml", "plan.not-accepted.add.xml", "verdict.json", "report.html"):
        (out / name).write_text("of an earlier job", encoding="utf-8")
    (out / "notes.txt").write_text("the user's own", encoding="utf-8")
    terminal("retime", town, *SHORT, "--evaluations", "1", "--out", out)
    assert set(digests(out)) == ALWAYS | {"notes.txt"}


def test_without_a_feed_the_scenarios_own_demand_is_used(
    terminal: Terminal, town: Path, out: Path
) -> None:
    words = ("retime", town / f"{PERIOD}.sumocfg", "--seeds", "2", "--evaluations", "1")
    told = terminal(*words, "--out", out)
    assert told.code == 1
    assert "the scenario's own routes; no feed was given" in told.output
    assert set(digests(out)) == {"plan.json", "demand.json"}


def test_an_unsafe_plan_is_a_refusal(terminal: Terminal, town: Path, tmp_path: Path) -> None:
    out, proof = tmp_path / "out", tmp_path / "proof"
    terminal("retime", town, *SHORT, "--evaluations", "1", "--out", out)
    plan = json.loads((out / "plan.json").read_text("utf-8"))
    windows = plan["patterns"][0]["groups"][0]["windows"]
    windows[0]["segments"] = windows[0]["segments"][:1]
    (out / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    told = terminal("validate", town, *SHORT, "--plan", out / "plan.json", "--out", proof)
    assert told.code == 1
    assert "breaks" in told.complaint
    assert "J1: group" in told.complaint
    assert not proof.exists()


def test_routes_without_vehicles_are_refused(terminal: Terminal, town: Path, out: Path) -> None:
    shutil.copy(town / "common.add.xml", town / "empty.rou.xml")
    change(town / f"{PERIOD}.sumocfg", f"{PERIOD}.rou.xml", "empty.rou.xml")
    change(town / f"{PERIOD}.sumocfg", '<additional-files value="common.add.xml" />', "")
    told = terminal("retime", town, *SHORT, "--evaluations", "4", "--own-demand", "--out", out)
    assert told.code == 2
    assert f"{PERIOD}.sumocfg" in told.complaint
    assert "no vehicle" in told.complaint
    assert not out.exists()


def test_reds_end_before_the_queue_reaches_the_signal_before(
    terminal: Terminal, town: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optimizer.storage.QUEUED_M", 25.0)  # the streets hold the midday's queues
    told = terminal("retime", town, *SHORT, *BUDGET, "--keep-storage", "--out", out)
    assert told.code in {0, 1}, told.errors
    plan = read_plan(out / "plan.json")
    assert plan.provenance is not None
    assert plan.provenance.settings["keeps storage"] == "True"
    caveats = json.loads((out / "verdict.json").read_text())["caveats"]
    bounds = [BOUND.match(caveat) for caveat in caveats if "room for the queue" in caveat]
    assert bounds
    for name, group, limit_s in (bound.groups() for bound in bounds if bound):
        pattern = next(each for each in plan.patterns if each.intersection == name)
        red_s = longest_red_s(pattern.timing(group).greens(pattern.cycle_s), pattern.cycle_s)
        assert red_s <= float(limit_s) + 0.5, (name, group)
