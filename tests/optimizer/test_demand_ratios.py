"""From demand to flow ratios, critical groups and a cycle."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.model.flows import DemandSource, MovementDemand, TurningDemand
from citybrain.model.network import Movement
from optimizer.cycle import common_cycle_s, cycle_length_s
from optimizer.delay_formula import control_delay_s
from optimizer.demand_ratios import critical_groups, lane_loads_vph
from optimizer.saturation import BASE_SATURATION_VPH, permissive_saturation_vph
from tests.optimizer.junctions import FEW, Junction, junctions

LANES = ["a", "b", "c", "d"]


def demand_of(flows_vph: dict[str, float]) -> TurningDemand:
    return TurningDemand(
        movements={
            name: MovementDemand(movement=name, flow_vph=flow_vph, source=DemandSource.PRIOR)
            for name, flow_vph in flows_vph.items()
        }
    )


@st.composite
def movements(draw: st.DrawFn) -> list[Movement]:
    lanes = st.lists(st.sampled_from(LANES), min_size=1, unique=True).map(tuple)
    return [
        Movement(
            name=f"m{index}",
            intersection="J",
            from_edge="in",
            to_edge=f"out{index}",
            turn="through",
            lanes=draw(lanes),
            groups=("1",),
        )
        for index in range(draw(st.integers(1, 4)))
    ]


@given(movements(), st.lists(st.floats(0, 2000), min_size=4, max_size=4))
def test_lanes_carry_just_what_the_movements_bring(
    served: list[Movement], values: list[float]
) -> None:
    demand = demand_of({m.name: v for m, v in zip(served, values, strict=False)})
    loads_vph = lane_loads_vph(served, demand)
    for movement in served:
        carried = {lane: load.get(movement.name, 0.0) for lane, load in loads_vph.items()}
        assert sum(carried.values()) == pytest.approx(demand.flow_vph(movement.name))
        assert min(carried.values()) >= 0
        assert {lane for lane, flow_vph in carried.items() if flow_vph > 0} <= set(movement.lanes)


@given(movements(), st.floats(1, 2000))
def test_one_movement_fills_its_lanes_evenly(served: list[Movement], flow_vph: float) -> None:
    loads_vph = lane_loads_vph(served[:1], demand_of({"m0": flow_vph}))
    assert {round(sum(load.values()), 6) for load in loads_vph.values()} == {
        round(flow_vph / len(served[0].lanes), 6)
    }


RATIOS = st.lists(st.floats(0, 0.9), min_size=5, max_size=5)


@FEW
@given(junctions(), RATIOS)
def test_critical_groups_are_the_heaviest_that_conflict_pairwise(
    junction: Junction, values: list[float]
) -> None:
    intersection = junction.intersection
    ratios = {g.name: value for g, value in zip(intersection.groups, values, strict=False)}
    critical = critical_groups(intersection, ratios)
    assert set(combinations(critical.groups, 2)) <= intersection.conflicts
    assert critical.flow_ratio == pytest.approx(sum(ratios[g] for g in critical.groups))
    cliques = (
        chosen
        for count in range(1, len(ratios) + 1)
        for chosen in combinations(sorted(ratios), count)
        if set(combinations(chosen, 2)) <= intersection.conflicts
    )
    heaviest = max(sum(ratios[group] for group in chosen) for chosen in cliques)
    assert critical.flow_ratio >= heaviest - 1e-3
    assert critical.lost_time_s >= 0


RATIO, LOST_S = st.floats(0, 2), st.floats(0, 40)


@given(RATIO, RATIO, LOST_S)
def test_more_demand_never_shortens_websters_cycle(
    one: float, other: float, lost_time_s: float
) -> None:
    low, high = sorted((one, other))
    assert cycle_length_s(low, lost_time_s) <= cycle_length_s(high, lost_time_s)


def test_webster_of_the_textbook() -> None:
    assert cycle_length_s(0.6, 10.0) == pytest.approx(50.0)


@given(st.lists(st.floats(1, 400), min_size=1), st.integers(20, 60), st.integers(60, 200))
def test_a_common_cycle_serves_all_and_keeps_its_range(
    cycles_s: list[float], minimum_s: int, maximum_s: int
) -> None:
    common_s = common_cycle_s(cycles_s, minimum_s=minimum_s, maximum_s=maximum_s)
    assert minimum_s <= common_s <= maximum_s
    assert common_s >= min(max(cycles_s), maximum_s)


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_more_opposing_flow_never_helps_those_who_yield(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert permissive_saturation_vph(low) <= BASE_SATURATION_VPH
    assert permissive_saturation_vph(low) >= permissive_saturation_vph(high) - 1e-9
    assert permissive_saturation_vph(high) > 0


@given(st.floats(30, 180), st.floats(0.05, 0.9), RATIO, RATIO)
def test_more_demand_never_shortens_the_delay(
    cycle_s: float, share: float, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    green_s = share * cycle_s
    before_s = control_delay_s(cycle_s, green_s, low)
    assert 0 <= before_s <= control_delay_s(cycle_s, green_s, high) + 1e-9
