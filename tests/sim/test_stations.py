"""Stations made of lanes that share a turn, their flows, and GEH."""

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
import pytest

from citybrain.model.flows import Detector, DetectorKind, FlowSnapshot, Quality
from citybrain.model.network import Lane, Movement, Network
from sim.sumo.stations import geh, passes, stations_of
from tests.sim.counted_routes import station


@pytest.mark.parametrize(
    ("modelled", "measured", "expected"),
    [
        (110, 90, 2.0),
        (0, 50, 10.0),
        (50, 0, 10.0),
        (600, 600, 0.0),
        (0, 0, 0.0),
        (1000, 800, 20 / 3),
    ],
)
def test_geh_equals_its_formula(modelled: float, measured: float, expected: float) -> None:
    assert geh(modelled, measured) == pytest.approx(expected)


def test_a_route_is_counted_as_often_as_it_passes() -> None:
    edges = ["loop", "hub", "loop", "exit"]
    assert passes(station("loop", 1.0), edges) == 2
    assert passes(station("loop", 1.0, ["exit"]), edges) == 1
    assert passes(station("exit", 1.0), edges) == 1
    assert passes(station("exit", 1.0, ["hub"]), edges) == 0
    assert passes(station("elsewhere", 1.0), edges) == 0


LANES = ("a_0", "a_1", "a_2", "b_0", "b_1")
PAVEMENT = "a_3"


def crossing() -> Network:
    """Return approach ``a``: two lanes share the way through, the third turns left alone.

    Edge ``b`` behind it has two lanes and no signal.
    """
    lanes = {
        name: Lane(
            name=name,
            edge=name[0],
            length_m=100.0,
            speed_mps=10.0,
            shape=((0.0, 0.0), (100.0, 0.0)),
            for_vehicles=name != PAVEMENT,
        )
        for name in (*LANES, PAVEMENT)
    }
    turns = {
        ("a", "right"): ("a_0",),
        ("a", "b"): ("a_0", "a_1"),
        ("a", "left"): ("a_2",),
    }
    movements = [
        Movement(
            name=f"{start}->{end}",
            intersection="J",
            from_edge=start,
            to_edge=end,
            turn="through",
            lanes=from_lanes,
            groups=("g",),
        )
        for (start, end), from_lanes in turns.items()
    ]
    return Network(
        name="crossing.net.xml",
        lanes=lanes,
        turns={"a": ("right", "b", "left")},
        movements={movement.name: movement for movement in movements},
        intersections={},
    )


def flows(
    count_veh: Mapping[str, float],
    quality: Mapping[str, Quality] | None = None,
    coverage: Mapping[str, float] | None = None,
) -> FlowSnapshot:
    """Return two quarters of an hour with the same count in both."""
    row = np.array(list(count_veh.values()), dtype=float)
    grid = np.vstack([row, row])
    covered = np.array([(coverage or {}).get(lane, 1.0) for lane in count_veh])
    return FlowSnapshot(
        start=datetime(2026, 3, 17, 6, 30, tzinfo=UTC),
        bin_s=900.0,
        lanes=tuple(count_veh),
        count_veh=grid,
        occupancy=np.zeros_like(grid),
        speed_mps=np.full_like(grid, np.nan),
        coverage=np.vstack([covered, covered]),
        low_veh=grid,
        high_veh=grid,
        quality=tuple((quality or {}).get(lane, Quality.BELIEVED) for lane in count_veh),
    )


ALL_LANES = {"a_0": 50, "a_1": 60, "a_2": 20, "b_0": 70, "b_1": 5}


def test_lanes_that_share_a_turn_are_one_station() -> None:
    through, left, street = stations_of(flows(ALL_LANES), [], crossing())
    assert (through.name, through.onward) == ("a_0+a_1", {"right", "b"})
    assert (left.name, left.onward) == ("a_2", {"left"})
    assert (street.name, street.onward) == ("b_0+b_1", None)
    assert [s.measured_vph for s in (through, left, street)] == [440, 80, 300]
    assert {s.weight for s in (through, left, street)} == {1.0}


@pytest.mark.parametrize("missing", ["a_0", "a_1"])
def test_a_group_with_an_unmeasured_lane_is_no_station(missing: str) -> None:
    rest = {lane: count for lane, count in ALL_LANES.items() if lane != missing}
    assert [s.name for s in stations_of(flows(rest), [], crossing())] == ["a_2", "b_0+b_1"]


def test_dead_lanes_are_unmeasured_and_doubted_ones_weigh_less() -> None:
    quality = {"a_1": Quality.DOUBTED, "b_0": Quality.DEAD}
    found = stations_of(flows(ALL_LANES, quality), [], crossing())
    assert [(s.name, s.weight) for s in found] == [("a_0+a_1", 0.25), ("a_2", 1.0)]
    uncovered = stations_of(flows(ALL_LANES, coverage={"a_2": 0.0}), [], crossing())
    assert [s.name for s in uncovered] == ["a_0+a_1", "b_0+b_1"]


def test_flows_are_those_of_the_covered_time() -> None:
    found = stations_of(flows({"a_2": 20}, coverage={"a_2": 0.5}), [], crossing())
    assert found[0].measured_vph == pytest.approx(160)


def test_stations_are_named_by_their_detectors() -> None:
    detectors = [
        Detector(
            name=f"loop {lane}",
            lane=lane,
            distance_to_stop_line_m=1.5,
            length_m=2.0,
            kind=DetectorKind.STOP_BAR,
        )
        for lane in LANES[:2]
    ]
    assert stations_of(flows(ALL_LANES), detectors, crossing())[0].name == "loop a_0+loop a_1"


# ---- Writing
