"""Greens for a cycle keep every span, fill the cycle, and leave the largest reserve."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from citybrain.model.rules import check_pattern
from optimizer.demand_ratios import GroupRatios
from optimizer.effective_green import EffectiveGreen
from optimizer.greens import balanced_gaps, scaled_gaps, shortest_gaps
from optimizer.skeleton import Gaps, Skeleton
from tests.model.crossroads import Crossroads
from tests.optimizer.junctions import FEW, Junction, junctions

STRETCHES_S = st.integers(0, 60)
RATIOS = st.lists(st.floats(0.01, 0.5), min_size=5, max_size=5)


def skeleton_of(junction: Junction) -> Skeleton:
    return Skeleton.of(junction.pattern, junction.intersection)


def ratios_of(skeleton: Skeleton, values: list[float]) -> GroupRatios:
    """Return ratios under which permissive green is worth half of a protected one."""
    groups = [course.group for course in skeleton.courses]
    protected = dict(zip(groups, values, strict=False))
    permissive = {group: 2 * ratio for group, ratio in protected.items()}
    return GroupRatios(protected, permissive, {g: 1800 * r for g, r in protected.items()})


def reserve(skeleton: Skeleton, ratios: GroupRatios, gaps_s: Gaps, *, spare_s: float = 0) -> float:
    """Return effective green ÷ needed green of the fullest group; spare green for each stay [-]."""
    reserves = [
        (
            EffectiveGreen.of(skeleton, course, ratios.permissive_worth(course.group)).seconds(
                gaps_s
            )
            + spare_s * len(course.turns)
        )
        / (ratios.protected[course.group] * sum(gaps_s))
        for course in skeleton.courses
        if ratios.protected[course.group] > 0 and not course.is_constant
    ]
    return min(reserves, default=0.0)


def is_whole(gaps_s: Gaps) -> bool:
    return all(gap_s == round(gap_s) for gap_s in gaps_s)


@FEW
@given(junctions(), STRETCHES_S)
def test_scaled_gaps_keep_the_rules_and_fill_the_cycle(junction: Junction, more_s: int) -> None:
    skeleton = skeleton_of(junction)
    cycle_s = junction.pattern.cycle_s + more_s
    gaps_s = scaled_gaps(skeleton, skeleton.running, cycle_s)
    if gaps_s is not None:
        assert is_whole(gaps_s)
        assert sum(gaps_s) == cycle_s
        assert not [
            violation
            for violation in check_pattern(skeleton.render(gaps_s, 0, "p"), junction.intersection)
            if cycle_s <= junction.intersection.maximum_cycle_s
        ]


@FEW
@given(junctions())
def test_the_running_cycle_keeps_the_running_gaps(junction: Junction) -> None:
    skeleton = skeleton_of(junction)
    assert scaled_gaps(skeleton, skeleton.running, junction.pattern.cycle_s) == skeleton.running


@FEW
@given(junctions())
def test_no_cycle_is_shorter_than_the_shortest(junction: Junction) -> None:
    skeleton = skeleton_of(junction)
    shortest_s = shortest_gaps(skeleton)
    assert shortest_s is not None
    assert skeleton.is_safe(shortest_s)
    assert sum(shortest_s) <= junction.pattern.cycle_s
    assert scaled_gaps(skeleton, skeleton.running, sum(shortest_s) - 1) is None


@FEW
@given(junctions(), RATIOS, STRETCHES_S)
def test_balanced_gaps_are_safe_and_fill_the_cycle(
    junction: Junction, values: list[float], more_s: int
) -> None:
    skeleton = skeleton_of(junction)
    cycle_s = junction.pattern.cycle_s + more_s
    gaps_s = balanced_gaps(skeleton, ratios_of(skeleton, values), cycle_s)
    scaled_s = scaled_gaps(skeleton, skeleton.running, cycle_s)
    assert (gaps_s is None) == (scaled_s is None)
    if gaps_s is not None:
        assert is_whole(gaps_s)
        assert sum(gaps_s) == cycle_s
        assert skeleton.is_safe(gaps_s)


def test_a_junction_without_demand_has_a_split_for_another_cycle() -> None:
    junction = Crossroads()
    bounds = replace(junction.intersection(), maximum_reds_s={})
    skeleton = Skeleton.of(junction.pattern(), bounds)
    gaps_s = balanced_gaps(skeleton, ratios_of(skeleton, [0.0, 0.0]), junction.cycle_s + 10)
    assert gaps_s is not None


@FEW
@given(junctions(), RATIOS, STRETCHES_S)
def test_no_split_has_more_reserve_than_the_balanced_one(
    junction: Junction, values: list[float], more_s: int
) -> None:
    skeleton = skeleton_of(junction)
    ratios = ratios_of(skeleton, values)
    cycle_s = junction.pattern.cycle_s + more_s
    balanced_s = balanced_gaps(skeleton, ratios, cycle_s)
    scaled_s = scaled_gaps(skeleton, skeleton.running, cycle_s)
    if balanced_s is not None and scaled_s is not None:
        rounded_away = reserve(skeleton, ratios, balanced_s, spare_s=1.0)
        assert rounded_away >= reserve(skeleton, ratios, scaled_s) - 1e-9


@FEW
@given(junctions())
def test_effective_green_of_protected_groups_is_their_green_less_the_start(
    junction: Junction,
) -> None:
    skeleton = skeleton_of(junction)
    for course in skeleton.courses:
        greens = junction.pattern.timing(course.group).greens(junction.pattern.cycle_s)
        effective = EffectiveGreen.of(skeleton, course, 1.0)
        expected_s = sum(green.duration_s - 1.0 for green in greens)
        assert abs(effective.seconds(skeleton.running) - expected_s) < 1e-9
