"""Known results of the bundled scenario; they change only through ``make golden``."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.area import StudyArea, open_area
from citybrain.engine.feed import observe
from detectors.turning import estimate_turning_demand
from optimizer.starts import Starter
from optimizer.workshop import Workshop

HERE = Path(__file__).parent
SCENARIO = HERE.parents[1] / "scenarios" / "crossing_arterials"
TOLERANCE = 1e-6

pytestmark = pytest.mark.golden


@pytest.fixture(scope="module")
def area() -> StudyArea:
    return open_area(SCENARIO, "morning", SafetyLimits())


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, Any], None]:
    """Compare with a stored result, or store it where ``--update-golden`` is given."""

    def compare(name: str, found: Any) -> None:
        path = HERE / f"{name}.json"
        if request.config.getoption("--update-golden"):
            path.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        _same(json.loads(path.read_text(encoding="utf-8")), found, name)

    return compare


def _same(stored: Any, found: Any, where: str) -> None:
    if isinstance(stored, dict):
        assert stored.keys() == found.keys(), where
        for key, value in stored.items():
            _same(value, found[key], f"{where}.{key}")
    elif isinstance(stored, list):
        assert len(stored) == len(found), where
        for index, value in enumerate(stored):
            _same(value, found[index], f"{where}[{index}]")
    elif isinstance(stored, float):
        assert found == pytest.approx(stored, rel=TOLERANCE), where
    else:
        assert found == stored, where


def test_counts_of_the_recorded_morning(
    area: StudyArea, golden: Callable[[str, Any], None]
) -> None:
    observation = observe(area)
    assert observation is not None
    flows = observation.counted.flows
    counts = np.asarray(flows.count_veh).sum(axis=0)
    occupancy = np.asarray(flows.occupancy).mean(axis=0)
    golden(
        "morning_flows",
        {
            lane: {"count_veh": float(counts[i]), "occupancy": round(float(occupancy[i]), 6)}
            for i, lane in enumerate(flows.lanes)
        },
    )


def test_signals_as_read(area: StudyArea, golden: Callable[[str, Any], None]) -> None:
    golden(
        "signals",
        {
            name: {
                "groups": {
                    group.name: [list(group.indices), group.minimum_green_s]
                    for group in intersection.groups
                },
                "conflicts": sorted(map(list, intersection.conflicts)),
                "yielding": sorted(map(list, intersection.yielding)),
                "intergreens_s": {
                    f"{a}->{b}": time_s
                    for (a, b), time_s in sorted(intersection.intergreens_s.items())
                },
            }
            for name, intersection in area.network.intersections.items()
        },
    )


def test_first_starting_plan(area: StudyArea, golden: Callable[[str, Any], None]) -> None:
    observation = observe(area)
    assert observation is not None
    demand = estimate_turning_demand(observation.counted.flows, area.network)
    workshop = Workshop.of(area.running, area.network)
    first = next(Starter(workshop, area.network, demand).candidates())
    golden(
        "first_start",
        {
            name: {"cycle_s": timing.cycle_s, "offset_s": timing.offset_s}
            for name, timing in first.timings
        },
    )
