"""Which green follows which, and what red a window declares."""

from dataclasses import replace
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from citybrain.model.aspects import Aspect
from citybrain.model.rules import check_pattern
from citybrain.model.signals import GroupTiming, Segment, Window
from citybrain.model.successions import successions, time_until_s, with_red_clearances
from citybrain.model.violations import Rule
from tests.model.crossroads import Crossroads

CONFLICTS = [("1", "2"), ("1", "3"), ("2", "3")]
ORDERED = list(permutations(("1", "2", "3"), 2))


def green(group: str, start_s: float, green_s: float) -> GroupTiming:
    segments = (
        Segment(aspect=Aspect.PROTECTED, duration_s=green_s),
        Segment(aspect=Aspect.YELLOW, duration_s=3.0),
    )
    return GroupTiming(group=group, windows=(Window(start_s=start_s, segments=segments),))


def three_stages() -> tuple[GroupTiming, ...]:
    return (green("1", 0.0, 20.0), green("2", 25.0, 20.0), green("3", 50.0, 35.0))


def test_only_the_next_green_follows_directly() -> None:
    pattern = replace(Crossroads().pattern(), cycle_s=90.0, groups=three_stages())
    shown = {(s.ending, s.starting): s for s in successions(pattern, CONFLICTS)}
    direct = {pair: s.shown_s for pair, s in shown.items() if s.is_direct}
    assert direct == {("1", "2"): 5.0, ("2", "3"): 5.0, ("3", "1"): 5.0}
    assert shown["1", "3"].shown_s == 30.0


def test_red_clearance_is_the_red_before_the_next_conflicting_green() -> None:
    pattern = replace(Crossroads().pattern(), cycle_s=90.0, groups=three_stages())
    told = with_red_clearances(pattern, dict.fromkeys(ORDERED, 9.0))
    assert [timing.windows[0].red_clearance_s for timing in told.groups] == [2.0, 2.0, 2.0]


def test_a_red_clearance_is_never_longer_than_the_intergreen_asks_for() -> None:
    pattern = replace(Crossroads().pattern(), cycle_s=90.0, groups=three_stages())
    told = with_red_clearances(pattern, dict.fromkeys(ORDERED, 4.0))
    assert [timing.windows[0].red_clearance_s for timing in told.groups] == [1.0, 1.0, 1.0]


@given(st.integers(0, 89))
def test_a_shown_red_clearance_is_always_kept(shift_s: int) -> None:
    junction = Crossroads(shift_s=float(shift_s))
    told = with_red_clearances(junction.pattern(), {("1", "2"): 9.0, ("2", "1"): 9.0})
    found = check_pattern(told, junction.intersection())
    assert Rule.RED_CLEARANCE not in {violation.rule for violation in found}


@given(st.integers(1, 100_000), st.integers(0, 200_000), st.integers(0, 200_000))
def test_time_until_is_within_the_cycle(cycle_ms: int, from_ms: int, to_ms: int) -> None:
    ahead_s = time_until_s(from_ms / 1000, to_ms / 1000, cycle_ms / 1000)
    assert 0 <= ahead_s < cycle_ms / 1000
    assert round(ahead_s * 1000) == (to_ms - from_ms) % cycle_ms
