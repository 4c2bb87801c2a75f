"""Laws of patterns and of their view as intervals."""

from itertools import pairwise

import pytest
from hypothesis import given

from citybrain.errors import InfeasibleError
from citybrain.model.aspects import Aspect
from citybrain.model.pattern import Pattern
from tests.model.strategies import patterns


@given(patterns())
def test_intervals_cover_the_cycle_without_gap(pattern: Pattern) -> None:
    intervals = pattern.intervals()
    assert intervals[0].start_s == 0.0
    for interval, following in pairwise(intervals):
        assert interval.start_s + interval.duration_s == pytest.approx(following.start_s)
    assert intervals[-1].start_s + intervals[-1].duration_s == pytest.approx(pattern.cycle_s)


@given(patterns())
def test_every_interval_changes_at_least_one_face(pattern: Pattern) -> None:
    assert all(a.aspects != b.aspects for a, b in pairwise(pattern.intervals()))


@given(patterns())
def test_intervals_show_what_the_timelines_show(pattern: Pattern) -> None:
    for number, timing in enumerate(pattern.groups):
        shown: list[Aspect] = []
        for interval in pattern.intervals():
            if not shown or shown[-1] is not interval.aspects[number]:
                shown.append(interval.aspects[number])
        assert shown == [aspect for _, aspect in timing.timeline(pattern.cycle_s)]


@pytest.mark.parametrize("offset_s", [-1.0, 90.0, 400.0])
def test_an_offset_outside_the_cycle_is_refused(offset_s: float) -> None:
    with pytest.raises(InfeasibleError, match="offset"):
        Pattern(intersection="J", program="p", cycle_s=90.0, offset_s=offset_s, groups=())


def test_a_missing_group_is_named() -> None:
    pattern = Pattern(intersection="J", program="p", cycle_s=90.0, offset_s=0.0, groups=())
    with pytest.raises(InfeasibleError, match="J: pattern p has no signal group 7"):
        pattern.timing("7")
