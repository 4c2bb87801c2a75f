"""A skeleton keeps what a pattern shows, and renders nothing unsafe."""

import random

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from citybrain.config import SafetyLimits
from citybrain.engine.area import open_area
from citybrain.errors import InfeasibleError
from citybrain.model.intersection import Intersection, SignalGroup
from citybrain.model.pattern import Pattern
from citybrain.model.rules import check_pattern
from citybrain.model.violations import Rule
from optimizer.skeleton import Skeleton
from tests.model.strategies import patterns
from tests.optimizer.junctions import FEW, Junction, colours, junctions, timing
from tests.sim.sources import CITY_NET

DICE = st.integers(0, 2**32).map(random.Random)


def unbounded(pattern: Pattern) -> Intersection:
    """Return an intersection that asks for nothing."""
    groups = tuple(
        SignalGroup(name=timing.group, indices=(i,), is_pedestrian=False, minimum_green_s=0.0)
        for i, timing in enumerate(pattern.groups)
    )
    return Intersection(
        name=pattern.intersection,
        groups=groups,
        links=(),
        conflicts=frozenset(),
        yielding=frozenset(),
        intergreens_s={},
        yellows_s={},
        red_ambers_s={},
    )


def shown(pattern: Pattern) -> list[object]:
    return [timing.runs(pattern.cycle_s) for timing in pattern.groups]


def wandered(skeleton: Skeleton, rng: random.Random, steps: int) -> tuple[float, ...]:
    """Change random gaps by some seconds, as long as the spans allow it."""
    gaps_s = list(skeleton.running)
    for _ in range(steps):
        index, step_s = rng.randrange(len(gaps_s)), rng.choice((-7, -3, -1, 1, 2, 5))
        gaps_s[index] += step_s
        if not skeleton.is_safe(gaps_s):
            gaps_s[index] -= step_s
    return tuple(gaps_s)


@FEW
@given(junctions())
def test_running_gaps_render_to_the_running_pattern(junction: Junction) -> None:
    skeleton = Skeleton.of(junction.pattern, junction.intersection)
    assert skeleton.is_safe(skeleton.running)
    rendered = skeleton.render(skeleton.running, junction.pattern.offset_s, "again")
    assert colours(rendered) == colours(junction.pattern)
    assert check_pattern(rendered, junction.intersection) == ()


@FEW
@given(patterns())
def test_any_pattern_is_rendered_again_to_the_millisecond(pattern: Pattern) -> None:
    try:
        skeleton = Skeleton.of(pattern, unbounded(pattern))
    except InfeasibleError:
        reject()
    rendered = skeleton.render(skeleton.running, pattern.offset_s, pattern.program)
    assert shown(rendered) == shown(pattern)
    assert (rendered.cycle_s, rendered.offset_s) == (pattern.cycle_s, pattern.offset_s)


def pattern_of(*rows: str) -> Pattern:
    """Return a pattern of 10 s; a row has one letter for each second."""
    timings = tuple(timing(str(index), row) for index, row in enumerate(rows, start=1))
    return Pattern(intersection="J", program="p", cycle_s=10.0, offset_s=0.0, groups=timings)


@pytest.mark.parametrize("row", ["rrGGGyyYrr", "GGGGyyuurr"])
def test_what_follows_a_yellow_that_follows_a_yellow_keeps_its_time(row: str) -> None:
    pattern = pattern_of(row, "rrrrGGGGyr")
    skeleton = Skeleton.of(pattern, unbounded(pattern))
    assert shown(skeleton.render(skeleton.running, 0.0, "p")) == shown(pattern)


def test_a_signal_that_never_gives_way_leaves_nothing_to_retime() -> None:
    pattern = pattern_of("GGGGGGGyyy", "GGGGGGGGGG")
    with pytest.raises(InfeasibleError, match="nothing to retime"):
        Skeleton.of(pattern, unbounded(pattern))


def test_running_plan_of_the_bundled_scenario_is_rendered_again() -> None:
    area = open_area(CITY_NET.parent, None, SafetyLimits())
    for pattern in area.running.patterns:
        skeleton = Skeleton.of(pattern, area.network.intersections[pattern.intersection])
        rendered = skeleton.render(skeleton.running, pattern.offset_s, pattern.program)
        assert colours(rendered) == colours(pattern)


@FEW
@given(junctions(), DICE, st.integers(0, 400))
def test_gaps_that_keep_the_spans_keep_the_rules(
    junction: Junction, rng: random.Random, offset_s: int
) -> None:
    skeleton = Skeleton.of(junction.pattern, junction.intersection)
    rendered = skeleton.render(wandered(skeleton, rng, 40), offset_s, "p")
    found = check_pattern(rendered, junction.intersection)
    assert [str(v) for v in found if v.rule is not Rule.CYCLE] == []


@FEW
@given(junctions(), DICE)
def test_groups_keep_the_order_of_their_aspects(junction: Junction, rng: random.Random) -> None:
    skeleton = Skeleton.of(junction.pattern, junction.intersection)
    rendered = skeleton.render(wandered(skeleton, rng, 40), 0.0, "p")
    for old, new in zip(junction.pattern.groups, rendered.groups, strict=True):
        before = [run.aspect for run in old.runs(junction.pattern.cycle_s)]
        after = [run.aspect for run in new.runs(rendered.cycle_s)]
        turned = [after[i:] + after[:i] for i in range(len(after))]
        assert before in turned
