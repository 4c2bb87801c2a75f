"""Lane loads and the reserve of capacity, each worked out a second way."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from citybrain.model.aspects import Aspect
from citybrain.model.flows import DemandSource, MovementDemand, TurningDemand
from citybrain.model.network import Movement
from citybrain.model.pattern import Pattern
from optimizer.demand_ratios import GroupRatios, lane_loads_vph
from optimizer.greens import balanced_gaps, scaled_gaps
from optimizer.skeleton import Skeleton
from tests.optimizer.junctions import FEW, Junction, junctions
from tests.optimizer.two_stages import intersection, pattern

START_LOSS_S = 1.0
LANES = ("a", "b", "c", "d")


@st.composite
def approaches(draw: st.DrawFn) -> list[tuple[Movement, float]]:
    """Draw movements of one approach with the flow of each."""
    lanes = st.lists(st.sampled_from(LANES), min_size=1, unique=True).map(tuple)
    return [
        (
            Movement(
                name=f"m{index}",
                intersection="J",
                from_edge="in",
                to_edge=f"out{index}",
                turn="through",
                lanes=draw(lanes),
                groups=("1",),
            ),
            draw(st.integers(0, 2000).map(float)),
        )
        for index in range(draw(st.integers(1, 5)))
    ]


def demand_of(drawn: list[tuple[Movement, float]]) -> TurningDemand:
    return TurningDemand(
        movements={
            movement.name: MovementDemand(
                movement=movement.name, flow_vph=flow_vph, source=DemandSource.PRIOR
            )
            for movement, flow_vph in drawn
        }
    )


@given(approaches())
def test_each_movement_levels_the_lanes_that_it_chooses(
    drawn: list[tuple[Movement, float]],
) -> None:
    """No driver would gain by another lane, seen from those who chose before him."""
    loads_vph = lane_loads_vph([movement for movement, _ in drawn], demand_of(drawn))
    placed: set[str] = set()
    for movement, _ in sorted(drawn, key=lambda item: (len(item[0].lanes), item[0].name)):
        placed.add(movement.name)
        levels_vph = {
            lane: sum(flow for name, flow in loads_vph[lane].items() if name in placed)
            for lane in movement.lanes
        }
        chosen = [lane for lane in movement.lanes if loads_vph[lane][movement.name] > 1e-9]
        for lane in chosen:
            assert levels_vph[lane] == pytest.approx(levels_vph[chosen[0]])
            assert levels_vph[lane] <= min(levels_vph.values()) + 1e-6


def test_lane_loads_by_hand() -> None:
    left, through = (
        Movement(
            name=name,
            intersection="J",
            from_edge="in",
            to_edge=name,
            turn=name,
            lanes=lanes,
            groups=("1",),
        )
        for name, lanes in (("left", ("a",)), ("through", ("a", "b")))
    )
    found = lane_loads_vph([through, left], demand_of([(through, 500.0), (left, 300.0)]))
    assert found == {"a": {"left": 300.0, "through": 100.0}, "b": {"through": 400.0}}


def effective_green_s(shown: Pattern, group: str, permissive_worth: float) -> float:
    """Return the effective green from the colours themselves."""
    worth = {Aspect.PROTECTED: 1.0, Aspect.PERMISSIVE: permissive_worth}
    return sum(
        sum(worth[segment.aspect] * segment.duration_s for segment in green.segments) - START_LOSS_S
        for green in shown.timing(group).greens(shown.cycle_s)
    )


def reserve(shown: Pattern, ratios: GroupRatios, *, spare_s: float = 0.0) -> float:
    """Return capacity ÷ demand of the fullest group; some spare green for each kind of green."""
    reserves = []
    for timing in shown.groups:
        ratio = ratios.protected[timing.group]
        green_s = effective_green_s(shown, timing.group, ratios.permissive_worth(timing.group))
        kinds = sum(len(green.segments) for green in timing.greens(shown.cycle_s))
        reserves.append((green_s + spare_s * kinds) / (ratio * shown.cycle_s))
    return min(reserves)


@FEW
@given(
    junctions(),
    st.lists(st.tuples(st.floats(0.02, 0.5), st.floats(0.4, 1.0)), min_size=5, max_size=5),
    st.integers(-20, 40),
)
def test_balanced_greens_hold_the_largest_reserve(
    junction: Junction, values: list[tuple[float, float]], more_s: int
) -> None:
    """Rounding to whole seconds costs each green less than a second."""
    skeleton = Skeleton.of(junction.pattern, junction.intersection)
    names = [group.name for group in junction.intersection.groups]
    given_ratios = dict(zip(names, values, strict=False))
    ratios = GroupRatios(
        {name: ratio for name, (ratio, _) in given_ratios.items()},
        {name: ratio / worth for name, (ratio, worth) in given_ratios.items()},
        {name: 1800 * ratio for name, (ratio, _) in given_ratios.items()},
    )
    cycle_s = junction.pattern.cycle_s + more_s
    scaled_s = scaled_gaps(skeleton, skeleton.running, cycle_s)
    assume(scaled_s is not None)
    assert scaled_s is not None
    scaled = reserve(skeleton.render(scaled_s, 0.0, "p"), ratios)
    assume(scaled >= 0)
    balanced_s = balanced_gaps(skeleton, ratios, cycle_s)
    assert balanced_s is not None
    balanced = skeleton.render(balanced_s, 0.0, "p")
    assert balanced.cycle_s == cycle_s
    assert reserve(balanced, ratios, spare_s=1.0) >= scaled - 1e-9


def test_balanced_greens_by_hand() -> None:
    """Of 48 s of green, 46 s are effective: 2 : 1 is 30.67 s to 15.33 s."""
    shown = pattern("A", 24.0, 24.0)
    skeleton = Skeleton.of(shown, intersection("A"))
    ratios = GroupRatios({"1": 0.4, "2": 0.2}, {"1": 0.4, "2": 0.2}, {"1": 720.0, "2": 360.0})
    gaps_s = balanced_gaps(skeleton, ratios, 60.0)
    assert gaps_s is not None
    balanced = skeleton.render(gaps_s, 0.0, "p")
    greens_s = [timing.greens(60.0)[0].duration_s for timing in balanced.groups]
    assert sum(greens_s) == 48.0
    assert greens_s[0] == pytest.approx(1 + 46 * 2 / 3, abs=1.0)


def test_a_group_without_permissive_green_is_worth_its_seconds() -> None:
    ratios = GroupRatios({"1": 0.2, "2": 0.2}, {"1": 0.5, "2": 0.0}, {"1": 360.0, "2": 360.0})
    assert ratios.permissive_worth("1") == pytest.approx(0.4)
    assert ratios.permissive_worth("2") == 1.0
