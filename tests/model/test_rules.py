"""Every rule finds what breaks it, and nothing else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.model.aspects import Aspect
from citybrain.model.intersection import Intersection
from citybrain.model.network import Network
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan
from citybrain.model.rules import check_pattern, check_plan
from citybrain.model.signals import GroupTiming, Segment, Window
from citybrain.model.violations import Rule
from tests.model.crossroads import Crossroads, with_window


def tenths(low: int, high: int) -> st.SearchStrategy[float]:
    return st.integers(low, high).map(lambda value: value / 10)


CROSSROADS = st.builds(
    Crossroads,
    red_amber_s=tenths(1, 20),
    green_s=tenths(50, 600),
    other_green_s=tenths(50, 600),
    yellow_s=tenths(10, 60),
    red_s=tenths(0, 60),
    shift_s=tenths(0, 2000),
)
CUTS_S = tenths(1, 9)
GROUPS = st.sampled_from(["1", "2"])


def rules(pattern: Pattern, intersection: Intersection) -> set[Rule]:
    return {violation.rule for violation in check_pattern(pattern, intersection)}


def window_of(pattern: Pattern, group: str) -> Window:
    return pattern.timing(group).windows[0]


def resized(window: Window, position: int, by_s: float) -> Window:
    segments = list(window.segments)
    duration_s = round(segments[position].duration_s + by_s, 3)
    segments[position] = replace(segments[position], duration_s=duration_s)
    return replace(window, segments=tuple(segments))


def moved(window: Window, by_s: float, cycle_s: float) -> Window:
    return replace(window, start_s=round((window.start_s + by_s) % cycle_s, 3) % cycle_s)


@given(CROSSROADS)
def test_a_plan_that_just_keeps_every_rule_is_silent(junction: Crossroads) -> None:
    assert check_pattern(junction.pattern(), junction.intersection()) == ()


@given(CROSSROADS, GROUPS, CUTS_S)
def test_a_shortened_intergreen_is_found(junction: Crossroads, group: str, cut_s: float) -> None:
    pattern = junction.pattern()
    early = moved(window_of(pattern, group), -cut_s, pattern.cycle_s)
    assert Rule.INTERGREEN in rules(with_window(pattern, group, early), junction.intersection())


@given(CROSSROADS, GROUPS, CUTS_S)
def test_a_shortened_green_is_found(junction: Crossroads, group: str, cut_s: float) -> None:
    pattern = junction.pattern()
    short = resized(window_of(pattern, group), 1, -cut_s)
    found = rules(with_window(pattern, group, short), junction.intersection())
    assert Rule.MINIMUM_GREEN in found
    assert Rule.MAXIMUM_RED in found


@given(CROSSROADS, GROUPS, CUTS_S)
def test_a_shortened_yellow_is_found(junction: Crossroads, group: str, cut_s: float) -> None:
    pattern = junction.pattern()
    short = resized(window_of(pattern, group), 2, -cut_s)
    assert rules(with_window(pattern, group, short), junction.intersection()) == {Rule.YELLOW}


@given(CROSSROADS, GROUPS)
def test_a_left_out_yellow_is_found(junction: Crossroads, group: str) -> None:
    pattern = junction.pattern()
    window = window_of(pattern, group)
    bare = replace(window, segments=window.segments[:-1])
    assert rules(with_window(pattern, group, bare), junction.intersection()) == {Rule.YELLOW}


@given(CROSSROADS, GROUPS)
def test_a_left_out_red_amber_is_found(junction: Crossroads, group: str) -> None:
    pattern = junction.pattern()
    window = window_of(pattern, group)
    bare = replace(window, segments=window.segments[1:])
    bare = moved(bare, window.red_amber_s, pattern.cycle_s)
    assert rules(with_window(pattern, group, bare), junction.intersection()) == {Rule.RED_AMBER}


@given(CROSSROADS, GROUPS, CUTS_S)
def test_a_broken_promise_of_red_clearance_is_found(
    junction: Crossroads, group: str, more_s: float
) -> None:
    pattern = junction.pattern()
    window = window_of(pattern, group)
    strict = replace(window, red_clearance_s=window.red_clearance_s + more_s)
    found = rules(with_window(pattern, group, strict), junction.intersection())
    assert found == {Rule.RED_CLEARANCE}


@given(CROSSROADS, st.floats(0.5, 4.0))
def test_greens_that_meet_are_found_wherever_the_cycle_begins(
    junction: Crossroads, overlap_s: float
) -> None:
    pattern = junction.pattern()
    by_s = round(junction.intergreen_s + overlap_s, 3)
    early = moved(window_of(pattern, "2"), -by_s, pattern.cycle_s)
    found = check_pattern(with_window(pattern, "2", early), junction.intersection())
    assert [(v.group, v.other) for v in found if v.rule is Rule.CONFLICT] == [("1", "2")]


@pytest.mark.parametrize("bound", [{"minimum_cycle_s": 200.0}, {"maximum_cycle_s": 20.0}])
def test_a_cycle_out_of_range_is_found(bound: dict[str, float]) -> None:
    junction = Crossroads()
    intersection = replace(junction.intersection(), **bound)
    assert rules(junction.pattern(), intersection) == {Rule.CYCLE}


def test_a_missing_group_is_found() -> None:
    junction = Crossroads()
    pattern = replace(junction.pattern(), groups=junction.pattern().groups[:1])
    assert rules(pattern, junction.intersection()) == {Rule.GROUPS}


def test_a_group_that_is_never_green_waits_for_ever() -> None:
    junction = Crossroads()
    dark = GroupTiming(group="2", windows=())
    pattern = replace(junction.pattern(), groups=(junction.pattern().groups[0], dark))
    assert Rule.MAXIMUM_RED in rules(pattern, junction.intersection())


def left_turn(aspect: Aspect) -> tuple[Pattern, Intersection]:
    """Return a left turn that is green together with the oncoming street."""
    junction = Crossroads()
    intersection = replace(
        junction.intersection(),
        conflicts=frozenset(),
        intergreens_s={},
        yielding=frozenset({("1", "2")}),
        maximum_reds_s={},
    )
    segments = (
        Segment(aspect=Aspect.RED_AMBER, duration_s=1.0),
        Segment(aspect=aspect, duration_s=20.0),
        Segment(aspect=Aspect.YELLOW, duration_s=3.0),
    )
    window = Window(start_s=2.0, segments=segments)
    return with_window(junction.pattern(), "2", window), intersection


def test_a_left_turn_may_yield_to_the_oncoming_street() -> None:
    assert rules(*left_turn(Aspect.PERMISSIVE)) == set()


def test_a_left_turn_may_not_be_protected_against_the_oncoming_street() -> None:
    assert rules(*left_turn(Aspect.PROTECTED)) == {Rule.YIELDING}


def test_a_plan_for_an_unknown_intersection_is_found() -> None:
    network = Network(name="n", lanes={}, turns={}, movements={}, intersections={})
    plan = Plan(name="p", patterns=(Crossroads().pattern(),))
    assert [violation.rule for violation in check_plan(plan, network)] == [Rule.INTERSECTION]


def test_a_violation_says_what_where_and_which_limit() -> None:
    junction = Crossroads()
    pattern = junction.pattern()
    short = with_window(pattern, "2", resized(window_of(pattern, "2"), 1, -4.0))
    texts = [str(violation) for violation in check_pattern(short, junction.intersection())]
    assert "J: group 2 breaks the rule 'minimum green' at 27 s of the cycle: 11 s, limit 15 s" in (
        texts
    )
