"""From flows to turns: exact where lanes tell, conserved where streets tell, named where not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.model.flows import DemandSource, DetectorKind, Quality
from citybrain.model.network import Movement, Network
from detectors.least_squares import Row, determined, solve
from detectors.streets import find_stretches
from detectors.turning import PARTLY_COUNTED, SHARED, UNCOUNTED, estimate_turning_demand
from tests.detectors.feeds import detector, movement, network, snapshot

EXCLUSIVE, SOLVED, PRIOR = (
    DemandSource.EXCLUSIVE_LANES,
    DemandSource.LEAST_SQUARES,
    DemandSource.PRIOR,
)
volumes = st.integers(0, 900).map(float)

# one lane for right and through, one for through, one for left
SHARING = (
    movement("right", "in", "east", ["in_0"]),
    movement("through", "in", "south", ["in_0", "in_1"]),
    movement("left", "in", "west", ["in_2"]),
)


@given(volumes, volumes, volumes)
def test_exclusive_lanes_tell_their_movement_exactly(
    right: float, through: float, left: float
) -> None:
    streets = network(
        [
            movement("right", "in", "east", ["in_0"]),
            movement("through", "in", "south", ["in_1", "in_2"]),
            movement("left", "in", "west", ["in_3"]),
        ]
    )
    flows = {"in_0": right, "in_1": through, "in_2": through / 2, "in_3": left}
    demand = estimate_turning_demand(snapshot(flows), streets)
    assert demand.flow_vph("in->east") == right
    assert demand.flow_vph("in->south") == pytest.approx(through * 1.5, abs=1e-3)
    assert demand.flow_vph("in->west") == left
    assert {found.source for found in demand.movements.values()} == {EXCLUSIVE}


def test_shared_lane_is_split_by_the_prior_and_says_so() -> None:
    demand = estimate_turning_demand(
        snapshot({"in_0": 400.0, "in_1": 400.0, "in_2": 100.0}), network(SHARING)
    )
    assert demand.movements["in->west"].source is EXCLUSIVE
    for name in ("in->east", "in->south"):
        assert demand.movements[name].source is PRIOR
        assert demand.movements[name].note == SHARED
    assert demand.flow_vph("in->east") == pytest.approx(80.0, rel=0.01)
    assert demand.flow_vph("in->south") == pytest.approx(720.0, rel=0.01)


def test_empty_shared_lane_tells_that_nobody_turns() -> None:
    demand = estimate_turning_demand(
        snapshot({"in_0": 0.0, "in_1": 300.0, "in_2": 5.0}), network(SHARING)
    )
    assert demand.flow_vph("in->east") == 0.0
    assert demand.flow_vph("in->south") == 300.0
    assert demand.unobservable == ()


@given(volumes, volumes, volumes)
def test_count_of_the_exit_settles_a_shared_lane(
    right: float, through: float, other: float
) -> None:
    streets = network([*SHARING, movement("left", "cross", "east", ["cross_0"])])
    flows = {"in_0": right + through, "in_1": 50.0, "in_2": 20.0, "cross_0": other}
    demand = estimate_turning_demand(snapshot(flows | {"east_0": right + other}), streets)
    assert demand.unobservable == ()
    assert demand.flow_vph("in->east") == pytest.approx(right, abs=2.0)
    assert demand.flow_vph("in->south") == pytest.approx(through + 50.0, abs=2.0)


def downstream() -> Network:
    """East of the first intersection, over an unsignalised joint, lies the next one."""
    return network(
        [
            *SHARING,
            movement("left", "cross", "east", ["cross_0"]),
            movement("through", "next", "far", ["next_0"]),
            movement("left", "next", "away", ["next_1"]),
        ],
        passages={"east": "next"},
    )


def test_next_intersection_settles_a_shared_lane() -> None:
    flows = {"in_0": 400.0, "in_1": 300.0, "in_2": 100.0, "cross_0": 50.0}
    demand = estimate_turning_demand(
        snapshot(flows | {"next_0": 120.0, "next_1": 60.0}), downstream()
    )
    assert demand.movements["in->east"].source is SOLVED
    assert demand.flow_vph("in->east") == pytest.approx(130.0, abs=2.0)
    assert demand.flow_vph("in->south") == pytest.approx(570.0, abs=2.0)


def test_stretch_ends_where_traffic_could_join_or_leave() -> None:
    stretch = next(s for s in find_stretches(downstream()) if s.edges[0] == "east")
    assert stretch.edges == ("east", "next")
    assert set(stretch.inflow) == {"in->east", "cross->east"}
    assert set(stretch.outflow) == {"next->far", "next->away"}
    joined = network(SHARING, passages={"side": "east"})
    assert all(s.edges[0] != "east" for s in find_stretches(joined))


def test_lane_without_live_detector_is_taken_from_its_neighbours() -> None:
    flows = snapshot({"in_0": 400.0, "in_1": 400.0})
    demand = estimate_turning_demand(flows, network(SHARING))
    assert demand.movements["in->west"].source is PRIOR
    assert demand.movements["in->west"].note == PARTLY_COUNTED
    assert 0.0 < demand.flow_vph("in->west") < 200.0


def test_approach_without_live_detector_says_so() -> None:
    streets = network([*SHARING, movement("left", "cross", "north", ["cross_0"])])
    flows = {"in_0": 400.0, "in_1": 400.0, "in_2": 50.0}
    demand = estimate_turning_demand(snapshot(flows), streets)
    assert demand.movements["cross->north"].note == UNCOUNTED
    dead = estimate_turning_demand(snapshot(flows, Quality.DEAD), streets)
    assert len(dead.unobservable) == len(streets.movements)
    assert all(found.flow_vph == 0.0 for found in dead.movements.values())


def test_lane_that_only_an_exit_detector_counts_tells_its_edge_alone() -> None:
    streets = network(
        [movement("left", "in", "west", ["in_1"]), movement("right", "in", "east", ["in_0"])]
    )
    loops = [detector(f"d{i}", f"in_{i}", DetectorKind.EXIT, 190.0) for i in (0, 1)]
    flows = snapshot({"in_0": 300.0, "in_1": 100.0})
    demand = estimate_turning_demand(flows, streets, detectors=loops)
    assert len(demand.unobservable) == 2
    total_vph = demand.flow_vph("in->west") + demand.flow_vph("in->east")
    assert total_vph == pytest.approx(400.0, rel=0.02)


@given(st.lists(volumes, min_size=6, max_size=6))
def test_counted_approach_keeps_its_total_and_no_turn_is_negative(counts: list[float]) -> None:
    lanes = ("in_0", "in_1", "in_2", "cross_0", "next_0", "next_1")
    demand = estimate_turning_demand(snapshot(dict(zip(lanes, counts, strict=True))), downstream())
    assert all(found.flow_vph >= 0.0 for found in demand.movements.values())
    assert set(demand.movements) == set(downstream().movements)


@given(st.lists(volumes, min_size=3, max_size=3))
def test_isolated_shared_lanes_keep_their_totals(counts: list[float]) -> None:
    flows = dict(zip(("in_0", "in_1", "in_2"), counts, strict=True))
    demand = estimate_turning_demand(snapshot(flows), network(SHARING))
    total_vph = sum(found.flow_vph for found in demand.movements.values())
    assert total_vph == pytest.approx(sum(counts), rel=0.01, abs=1.0)


@given(st.integers(0, 2**32 - 1))
def test_determined_sums_are_those_in_the_row_space(seed: int) -> None:
    dice = np.random.default_rng(seed)
    matrix = dice.integers(-1, 2, size=(dice.integers(1, 6), 6)).astype(np.float64)
    rows = [
        Row(factors={c: v for c, v in enumerate(row) if v}, value_vph=0.0, deviation_vph=1.0)
        for row in matrix
    ]
    groups = [[0], [1, 2], [3, 4, 5], []]
    answers = determined(rows, groups, 6)
    rank = np.linalg.matrix_rank(matrix)
    for group, answer in zip(groups, answers, strict=True):
        wanted = np.isin(np.arange(6), group).astype(np.float64)
        assert answer == (np.linalg.matrix_rank(np.vstack([matrix, wanted])) == rank)


def test_nothing_to_solve_is_solved() -> None:
    nothing = np.array([])
    assert len(solve([], nothing, nothing, prior_weight=0.1)) == 0
    only_prior = solve([], np.array([5.0]), np.array([1.0]), prior_weight=0.1)
    assert only_prior == pytest.approx([5.0], abs=1e-6)


def test_movements_of_two_intersections_stay_apart() -> None:
    here: list[Movement] = list(SHARING)
    there = [movement("through", "far_in", "far_out", ["far_in_0"])]
    flows = {"in_0": 10.0, "in_1": 10.0, "in_2": 10.0, "far_in_0": 700.0}
    demand = estimate_turning_demand(snapshot(flows), network([*here, *there]))
    assert demand.flow_vph("far_in->far_out") == 700.0
