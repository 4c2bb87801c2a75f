"""A timetable lets groups change on their own and in another order, and nothing unsafe."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.errors import InfeasibleError
from citybrain.model.rules import check_pattern
from citybrain.model.violations import Rule
from optimizer.moves import Mover
from optimizer.timetable import Timetable
from optimizer.workshop import Workshop
from tests.model.crossroads import Crossroads
from tests.optimizer.junctions import FEW, Junction, colours, junctions, network_of, plan_of

DICE = st.integers(0, 2**32).map(random.Random)


@FEW
@given(junctions())
def test_running_times_render_to_the_running_pattern(junction: Junction) -> None:
    pattern = junction.pattern
    table = Timetable.of(pattern, junction.intersection)
    again = table.render(table.running_s, pattern.cycle_s, pattern.offset_s, "again")
    assert colours(again) == colours(pattern)
    assert again.groups == pattern.groups


@FEW
@given(junctions(), DICE)
def test_safe_times_keep_the_rules_and_unsafe_ones_are_named(
    junction: Junction, rng: random.Random
) -> None:
    """Judge single moves of any size with both; the rules know nothing of events."""
    pattern = junction.pattern
    table = Timetable.of(pattern, junction.intersection)
    for _ in range(20):
        times_s = list(table.running_s)
        times_s[rng.randrange(len(times_s))] += rng.randrange(-20, 21)
        if table.is_safe(times_s, pattern.cycle_s):
            rendered = table.render(times_s, pattern.cycle_s, 0.0, "p")
            found = check_pattern(rendered, junction.intersection)
            assert [str(v) for v in found if v.rule is not Rule.CYCLE] == []
        else:
            bound = table.broken(times_s, pattern.cycle_s)
            assert bound is not None
            with pytest.raises(InfeasibleError, match=bound.reason):
                table.render(times_s, pattern.cycle_s, 0.0, "p")


def crossroads() -> tuple[Timetable, float]:
    junction = Crossroads()
    return Timetable.of(junction.pattern(), junction.intersection()), junction.pattern().cycle_s


def test_a_green_that_reaches_into_the_intergreen_is_named() -> None:
    table, cycle_s = crossroads()
    first = next(course for course in table.courses if not course.is_constant)
    late_s = list(table.running_s)
    for turn in first.turns:
        late_s[turn.event] += 1.0
    bound = table.broken(late_s, cycle_s)
    assert bound is not None
    assert bound.reason == "intergreen"


def test_two_greens_at_once_are_never_safe() -> None:
    table, cycle_s = crossroads()
    for shift_s in range(1, int(cycle_s)):
        moved_s = [
            time_s + (shift_s if index < len(table.running_s) // 2 else 0)
            for index, time_s in enumerate(table.running_s)
        ]
        assert not table.is_safe(moved_s, cycle_s)


@FEW
@given(junctions(), DICE)
def test_moves_change_the_order_of_groups(junction: Junction, rng: random.Random) -> None:
    """Two hundred moves keep the rules; what each group shows keeps its own order."""
    workshop = Workshop.of(plan_of(junction), network_of(junction))
    mover, timing = Mover(workshop), workshop.start().by_name()[junction.pattern.intersection]
    for _ in range(200):
        timing = mover.moved("J", timing, rng, 8.0)
    pattern = workshop.timetables["J"].render(timing.times_s, timing.cycle_s, 0.0, "p")
    assert check_pattern(pattern, junction.intersection) == ()
    for old, new in zip(junction.pattern.groups, pattern.groups, strict=True):
        before = [run.aspect for run in old.runs(junction.pattern.cycle_s)]
        after = [run.aspect for run in new.runs(pattern.cycle_s)]
        assert before in [after[i:] + after[:i] for i in range(len(after))]
