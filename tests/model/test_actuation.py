"""Actuated patterns: what they show at their shortest and longest, and the rules on both."""

from dataclasses import replace

import pytest

from citybrain.errors import InfeasibleError
from citybrain.model.actuation import (
    ActuatedPattern,
    Actuation,
    Stretch,
    as_shown,
    cycle_range_s,
    realisations,
)
from citybrain.model.rules import check_pattern
from citybrain.model.violations import Rule
from tests.model.crossroads import Crossroads

JUNCTION = Crossroads()
PATTERN, INTERSECTION = JUNCTION.pattern(), JUNCTION.intersection()
GREEN_S = PATTERN.groups[0].greens(PATTERN.cycle_s)[0]


def stretched(minimum_s: float, maximum_s: float) -> ActuatedPattern:
    stretch = Stretch(start_s=GREEN_S.start_s, minimum_s=minimum_s, maximum_s=maximum_s)
    return ActuatedPattern.of(PATTERN, Actuation(stretches=(stretch,)))


def test_a_stretch_changes_the_cycle_by_what_it_gains_or_loses() -> None:
    shown_s = GREEN_S.duration_s
    actuated = stretched(shown_s - 4, shown_s + 9)
    assert actuated.shortest().cycle_s == PATTERN.cycle_s - 4
    assert actuated.longest().cycle_s == PATTERN.cycle_s + 9
    group = PATTERN.groups[0].group
    greens = actuated.longest().timing(group).greens(actuated.longest().cycle_s)
    assert [green.duration_s for green in greens] == [shown_s + 9]


def test_bounds_as_shown_realise_the_pattern_itself() -> None:
    actuated = stretched(GREEN_S.duration_s, GREEN_S.duration_s)
    assert actuated.shortest() == actuated.longest() == PATTERN
    assert check_pattern(actuated, INTERSECTION) == check_pattern(PATTERN, INTERSECTION) == ()


def test_a_pattern_is_bounded_by_what_it_shows_at_its_shortest_and_longest() -> None:
    actuated = stretched(GREEN_S.duration_s - 4, GREEN_S.duration_s + 9)
    assert realisations(actuated) == (actuated.shortest(), actuated.longest())
    assert realisations(PATTERN) == (PATTERN,)
    assert (as_shown(actuated), as_shown(PATTERN)) == (PATTERN, PATTERN)
    assert cycle_range_s(actuated) == (PATTERN.cycle_s - 4, PATTERN.cycle_s + 9)
    in_step = replace(actuated, actuation=replace(actuated.actuation, is_coordinated=True))
    assert cycle_range_s(in_step) == cycle_range_s(PATTERN) == (PATTERN.cycle_s,) * 2


def test_times_outside_the_bounds_of_a_stretch_are_never_shown() -> None:
    above, below = stretched(5.0, 9.0), stretched(60.0, 90.0)
    assert above.as_shown() == above.longest() != PATTERN
    assert below.as_shown() == below.shortest() != PATTERN
    always = Stretch(start_s=GREEN_S.end_s, minimum_s=1.0, maximum_s=1.0)
    short = replace(above, actuation=Actuation(stretches=(always,)))
    assert {v.rule for v in check_pattern(short, INTERSECTION)} >= {Rule.YELLOW}


def test_a_minimum_below_the_minimum_green_is_found() -> None:
    least_s = INTERSECTION.groups[0].minimum_green_s
    assert check_pattern(stretched(least_s, GREEN_S.duration_s), INTERSECTION) == ()
    found = check_pattern(stretched(least_s - 1, GREEN_S.duration_s), INTERSECTION)
    assert {violation.rule for violation in found} == {Rule.MINIMUM_GREEN}


def test_a_maximum_that_makes_a_red_too_long_is_found() -> None:
    found = check_pattern(stretched(GREEN_S.duration_s, 600.0), INTERSECTION)
    assert {violation.rule for violation in found} == {Rule.MAXIMUM_RED}


def test_a_stretch_begins_where_an_interval_does() -> None:
    stretch = Stretch(start_s=GREEN_S.start_s + 0.4, minimum_s=5.0, maximum_s=9.0)
    with pytest.raises(InfeasibleError, match="no interval starts"):
        ActuatedPattern.of(PATTERN, Actuation(stretches=(stretch,)))
    with pytest.raises(InfeasibleError, match="lasts from"):
        Stretch(start_s=0.0, minimum_s=9.0, maximum_s=5.0)


def test_an_actuation_says_what_it_needs() -> None:
    told = str(stretched(5.0, 30.0).actuation)
    assert "detectors 2 s before the stop line" in told
    assert f"5-30 s at {GREEN_S.start_s:g} s" in told
