"""The peers in a short piece of a real network."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks import _advice
from benchmarks._advice import Advice, write_following
from benchmarks._peers import PeerRuns, run_peers
from benchmarks._results import Peer
from citybrain.config import ProofSettings, SafetyLimits
from citybrain.engine.area import StudyArea, open_area
from citybrain.ports.evaluation import Evaluation
from sim.sumo.evaluator import SumoEvaluator
from tests.sim.sources import NO_RESCO, resco_folder

pytestmark = pytest.mark.integration

HORIZON_S = 900.0
ONE_SEED = ProofSettings(seeds=(1,))


def short(network: str) -> StudyArea:
    folder = resco_folder()
    if folder is None:
        pytest.skip(NO_RESCO)
    area = open_area(folder / network, None, SafetyLimits())
    scenario = area.scenario
    return replace(area, scenario=replace(scenario, end_s=scenario.begin_s + HORIZON_S))


def silent(done: float, text: str) -> None:
    assert 0 <= done <= 1, text


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let no outcome of another run pass for one of this test."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("CITYBRAIN_CACHE", str(folder))
    return folder


@pytest.fixture
def cologne1() -> StudyArea:
    return short("cologne1")


def test_a_peer_is_measured_as_a_plan_is(cologne1: StudyArea) -> None:
    with PeerRuns(cologne1, ONE_SEED) as runs:
        measured = runs.outcomes(())
    with SumoEvaluator(cologne1.scenario, cologne1.network, workers=1, timeout_s=60.0) as evaluator:
        plan = Evaluation(plan=cologne1.running, seed=1)
        assert list(measured) == evaluator.evaluate([plan])


def test_a_kept_outcome_is_that_of_the_run(cologne1: StudyArea, own_cache: Path) -> None:
    with PeerRuns(cologne1, ONE_SEED) as runs:
        measured = runs.outcomes(())
        (kept,) = own_cache.iterdir()
        stamp = kept.stat().st_mtime_ns
        assert runs.outcomes(()) == measured
    assert kept.stat().st_mtime_ns == stamp


def test_each_peer_is_measured_and_changes_the_signals(cologne1: StudyArea) -> None:
    with PeerRuns(cologne1, ONE_SEED) as runs:
        (existing,) = runs.outcomes(())
    peers = run_peers(cologne1, ONE_SEED, silent)
    assert list(peers) == list(Peer)
    for result in peers.values():
        assert not result.failure
        (outcome,) = result.outcomes
        assert outcome.vehicle_count == existing.vehicle_count
        assert outcome.delay_s != existing.delay_s


def test_only_the_peers_that_are_asked_for_are_run(cologne1: StudyArea) -> None:
    assert list(run_peers(cologne1, ONE_SEED, silent, (Peer.ACTUATED,))) == [Peer.ACTUATED]


def test_a_peer_that_crashes_is_told(
    cologne1: StudyArea, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_advice, "SUMO_HOME", tmp_path)
    peers = run_peers(cologne1, ONE_SEED, silent)
    assert set(peers) == {Peer.ACTUATED, Peer.DELAY_BASED, Peer.ADAPTED}
    assert peers[Peer.ACTUATED].outcomes
    assert "tlsCycleAdaptation.py" in peers[Peer.ADAPTED].failure


@pytest.mark.parametrize(
    ("network", "longest_green_s"),
    [("cologne1", "50"), ("ingolstadt1", "50")],
    ids=["bounds of the file", "bounds of netconvert"],
)
def test_greens_become_variable_and_changes_stay(
    network: str, longest_green_s: str, tmp_path: Path
) -> None:
    path = tmp_path / "actuated.add.xml"
    write_following(short(network), path, "actuated")
    (program,) = ET.parse(path).getroot()
    assert program.get("type") == "actuated"
    for interval in program:
        expected = None if "y" in interval.attrib["state"] else longest_green_s
        assert interval.get("maxDur") == expected


def test_routes_with_edges_are_used_as_they_are(tmp_path: Path) -> None:
    area = short("cologne3")
    routes = Advice(area, tmp_path, timeout_s=60.0).routes
    assert routes == area.scenario.route_files[0]


def test_trips_are_routed(cologne1: StudyArea, tmp_path: Path) -> None:
    routes = Advice(cologne1, tmp_path, timeout_s=60.0).routes
    root = ET.parse(routes).getroot()
    assert routes.parent == tmp_path
    assert root.find("trip") is None
    assert all(vehicle.find("route") is not None for vehicle in root.iter("vehicle"))
