"""Reds that are bound by the streets before them, beside all other bounds of an intersection."""

from dataclasses import replace
from pathlib import Path

import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.area import StudyArea, open_area
from citybrain.engine.bounds import bound_by_storage, check_feasible
from citybrain.model.flows import DemandSource, MovementDemand, TurningDemand
from citybrain.model.intersection import Intersection

pytestmark = pytest.mark.integration

CORRIDOR = Path(__file__).parents[2] / "scenarios" / "corridor"


@pytest.fixture(scope="module")
def corridor() -> StudyArea:
    return open_area(CORRIDOR / "corridor.sumocfg", None, SafetyLimits())


def flows(area: StudyArea) -> TurningDemand:
    return TurningDemand(
        movements={
            name: MovementDemand(movement=name, flow_vph=300.0, source=DemandSource.EXCLUSIVE_LANES)
            for name in area.network.movements
        }
    )


def bound_groups(before: Intersection, after: Intersection) -> list[str]:
    return [g for g, s in after.maximum_reds_s.items() if s < before.maximum_reds_s[g]]


def test_an_intersection_whose_other_bounds_leave_no_room_keeps_what_it_had(
    corridor: StudyArea, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optimizer.storage.QUEUED_M", 1000.0)  # no street holds a single vehicle
    area, count = bound_by_storage(corridor, flows(corridor))
    before, after = corridor.network.intersections["J2"], area.network.intersections["J2"]
    bound = bound_groups(before, after)
    assert 0 < len(bound) <= count

    foe = next(g for pair in before.conflicts if bound[0] in pair for g in pair if g != bound[0])
    pattern = next(p for p in corridor.running.patterns if p.intersection == "J2")
    (green,) = pattern.timing(foe).greens(pattern.cycle_s)
    longer = tuple(
        replace(g, minimum_green_s=green.duration_s + 20.0) if g.name == foe else g
        for g in before.groups
    )
    asked = replace(before, groups=longer)
    network = replace(
        corridor.network, intersections={**corridor.network.intersections, "J2": asked}
    )
    asking = replace(corridor, network=network)
    check_feasible(asking)
    relaxed, fewer = bound_by_storage(asking, flows(asking))
    kept = relaxed.network.intersections["J2"]
    assert kept.maximum_reds_s == asked.maximum_reds_s
    assert kept.caveats[-1].startswith("its reds are not bound by the streets before them")
    assert fewer == count - len(bound)
