"""The benchmark of scale: cities that differ in size only, and what it calls a miss."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks._city import CityDemand, build_city
from benchmarks._city_run import CityRun
from benchmarks.scale import misses
from sim.sumo.given import given_trips
from sim.sumo.scenario import open_scenario

SMALL = CityRun(
    junctions=100,
    vehicles=20_000,
    crossings=100_000,
    read_s=1.0,
    build_s=1.0,
    hour_s=0.1,
    search_s=50.0,
    wall_s=30.0,
    model_mb=20.0,
    search_mb=40.0,
    plans=1000,
    running_delay_s=60.0,
    retimed_delay_s=40.0,
)
LARGE = replace(
    SMALL, junctions=200, read_s=2.0, build_s=2.0, hour_s=0.2, search_s=100.0, model_mb=40.0,
    search_mb=80.0,
)  # fmt: skip


@pytest.mark.integration
def test_streets_carry_the_same_flow_whatever_the_size(tmp_path: Path) -> None:
    flows = []
    for junctions in (25, 100):
        config = build_city(junctions, tmp_path, CityDemand(hours=0.5))
        trips = given_trips(open_scenario(config)) or ()
        visits = Counter(edge for trip in trips for edge in trip.edges)
        flows.append(sum(visits.values()) / len(visits))
    assert flows[1] == pytest.approx(flows[0], rel=0.05)


@pytest.mark.integration
def test_a_city_is_made_once_and_anew_for_another_demand(tmp_path: Path) -> None:
    demand = CityDemand(hours=0.01)
    first = build_city(4, tmp_path, demand)
    made_at = first.stat().st_mtime_ns
    assert build_city(4, tmp_path, demand).stat().st_mtime_ns == made_at
    assert build_city(4, tmp_path, replace(demand, street_vph=300.0)) != first
    assert not list(tmp_path.glob(".*"))


def test_a_smallest_city_whose_memory_was_not_seen_to_grow_is_told() -> None:
    found = misses([replace(SMALL, model_mb=0.0), LARGE])
    assert found == ["100 junctions: memory of the model is too small to be measured"]


def test_a_cost_per_junction_that_stays_is_no_miss() -> None:
    assert misses([SMALL, LARGE]) == []


def test_what_was_not_retimed_is_judged_by_its_model_alone() -> None:
    alone = [
        replace(one, search_s=None, wall_s=None, search_mb=None, retimed_delay_s=None)
        for one in (SMALL, replace(LARGE, build_s=4.0))
    ]
    (told,) = misses(alone)
    assert told.startswith("200 junctions: model, with its plan-hour")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"search_s": 130.0}, "retiming 1.30"),
        ({"build_s": 4.0}, "model, with its plan-hour 1.48"),
        ({"search_mb": 100.0}, "memory of the retiming 1.25"),
        ({"wall_s": 1801.0}, "retimed in 1801 s"),
        ({"retimed_delay_s": 60.0}, "nothing saved"),
    ],
)
def test_a_cost_that_grows_is_a_miss(changed: dict[str, float], told: str) -> None:
    found = misses([SMALL, replace(LARGE, **changed)])  # type: ignore[arg-type]
    assert len(found) == 1
    assert told in found[0]
