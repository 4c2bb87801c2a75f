"""Moves: hundreds of random steps never leave the bounds."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citybrain.errors import InfeasibleError
from citybrain.model.rules import check_plan
from optimizer.actuating import USUAL
from optimizer.candidate import Candidate
from optimizer.moves import Mover
from optimizer.workshop import Workshop
from tests.model.crossroads import Crossroads
from tests.optimizer.junctions import FEW, Junction, colours, junctions, network_of, plan_of

FEWER = settings(max_examples=15)
DICE = st.integers(0, 2**32).map(random.Random)
STEPS = 30


@FEWER
@given(junctions("A"), junctions("B"), DICE)
def test_every_plan_on_a_random_walk_keeps_the_rules(
    first: Junction, second: Junction, rng: random.Random
) -> None:
    network = network_of(first, second)
    workshop = Workshop.of(plan_of(first, second), network)
    mover, candidate = Mover(workshop), workshop.start()
    for step in range(STEPS):
        reach_s = rng.choice((2.0, 5.0, 13.0))
        if step % 10 == 9:
            candidate = mover.stretched(candidate, rng, reach_s=reach_s)
        elif step % 10 == 4:
            candidate = mover.gathered(candidate, rng, share=0.5)
        else:
            candidate = mover.perturbed(candidate, rng, share=0.5, reach_s=reach_s)
        assert check_plan(workshop.plan(candidate, "p"), network) == ()
        for name, timing in candidate.timings:
            low_s, high_s = workshop.cycle_ranges_s[name]
            assert low_s <= timing.cycle_s <= high_s


@FEW
@given(junctions(), DICE, st.floats(0, 1))
def test_a_perturbed_candidate_is_another_one(
    junction: Junction, rng: random.Random, share: float
) -> None:
    workshop = Workshop.of(plan_of(junction), network_of(junction))
    start = workshop.start()
    moved = [
        Mover(workshop).perturbed(start, rng, share=share, reach_s=5.0) != start for _ in range(10)
    ]
    assert any(moved)


@FEWER
@given(junctions("A"), junctions("B"), DICE)
def test_gathering_brings_cycles_together_and_none_apart(
    first: Junction, second: Junction, rng: random.Random
) -> None:
    workshop = Workshop.of(plan_of(first, second), network_of(first, second))
    mover, candidate = Mover(workshop), workshop.start()
    for _ in range(STEPS):
        candidate = mover.perturbed(candidate, rng, share=1.0, reach_s=5.0)
        before_s = {timing.cycle_s for _, timing in candidate.timings}
        gathered = mover.gathered(candidate, rng, share=1.0)
        after_s = {timing.cycle_s for _, timing in gathered.timings}
        assert after_s <= before_s
        assert len(before_s) > 1 or gathered == candidate


def test_a_junction_that_ran_a_cycle_of_its_own_comes_back_to_the_common_one() -> None:
    free = [crossroads_with_room("A"), crossroads_with_room("B"), crossroads_with_room("C", 31.0)]
    workshop = Workshop.of(plan_of(*free), network_of(*free))
    start = workshop.start()
    gathered = Mover(workshop).gathered(start, random.Random(1), share=1.0)
    common_s = start.by_name()["A"].cycle_s
    assert start.by_name()["C"].cycle_s == common_s + 11
    assert {timing.cycle_s for _, timing in gathered.timings} == {common_s}


def test_who_follows_the_traffic_freely_is_not_brought_to_the_common_cycle() -> None:
    free = [crossroads_with_room("A"), crossroads_with_room("B"), crossroads_with_room("C", 31.0)]
    workshop = Workshop.of(plan_of(*free), network_of(*free))
    timings = workshop.start().by_name()
    alone = Candidate.of(timings | {"C": replace(timings["C"], option=USUAL)})
    assert Mover(workshop).gathered(alone, random.Random(1), share=1.0) == alone


def test_who_follows_the_traffic_freely_does_not_tell_which_cycle_is_stretched() -> None:
    names = "ABCDE"
    free = [crossroads_with_room(name, 20.0 if name in "AB" else 31.0) for name in names]
    workshop = Workshop.of(plan_of(*free), network_of(*free))
    timings = workshop.start().by_name()
    freely = {name: replace(timings[name], option=USUAL) for name in "CDE"}
    start, rng = Candidate.of(timings | freely), random.Random(1)
    stretched = [Mover(workshop).stretched(start, rng, reach_s=5.0).by_name() for _ in range(20)]
    assert all(each[name] == freely[name] for each in stretched for name in "CDE")
    assert all(each["A"].cycle_s == each["B"].cycle_s for each in stretched)
    assert any(each["A"] != timings["A"] for each in stretched)


def test_a_cycle_in_tenths_is_left() -> None:
    free = [crossroads_with_room("A"), crossroads_with_room("B"), crossroads_with_room("C", 30.4)]
    workshop = Workshop.of(plan_of(*free), network_of(*free))
    start = workshop.start()
    assert start.by_name()["C"].cycle_s % 1
    assert Mover(workshop).gathered(start, random.Random(1), share=1.0) == start


@FEWER
@given(junctions("A"), junctions("B"))
def test_the_running_plan_is_its_own_candidate(first: Junction, second: Junction) -> None:
    running = plan_of(first, second)
    workshop = Workshop.of(running, network_of(first, second))
    assert workshop.unchanged() == workshop.start()
    rendered = workshop.plan(workshop.start(), "running")
    for old, new in zip(running.patterns, rendered.patterns, strict=True):
        assert colours(new) == colours(old)


def crossroads_with_room(name: str, green_s: float = 20.0) -> Junction:
    junction = Crossroads(green_s=green_s)
    least = tuple(replace(g, minimum_green_s=5.0) for g in junction.intersection().groups)
    intersection = replace(
        junction.intersection(),
        name=name,
        groups=least,
        minimum_cycle_s=20.0,
        maximum_cycle_s=120.0,
        maximum_reds_s={},
    )
    return Junction(intersection, replace(junction.pattern(), intersection=name))


def crossroads_that_breaks_an_intergreen(**bounds: object) -> Junction:
    junction = Crossroads(red_s=2.0)
    asked_s = dict.fromkeys((("1", "2"), ("2", "1")), junction.intergreen_s + 3)
    intersection = replace(
        junction.intersection(), intergreens_s=asked_s, maximum_cycle_s=120.0, **bounds
    )
    return Junction(intersection, junction.pattern())


def test_a_running_plan_that_breaks_an_intergreen_is_mended_in_a_longer_cycle() -> None:
    junction = crossroads_that_breaks_an_intergreen(maximum_reds_s={})
    network = network_of(junction)
    workshop = Workshop.of(plan_of(junction), network)
    assert workshop.unchanged() is None
    mended = workshop.plan(workshop.start(), "p")
    assert mended.patterns[0].cycle_s == junction.pattern.cycle_s + 6
    assert check_plan(mended, network) == ()


def test_bounds_that_leave_no_plan_are_refused() -> None:
    junction = crossroads_that_breaks_an_intergreen()
    with pytest.raises(InfeasibleError, match="leave no pattern"):
        Workshop.of(plan_of(junction), network_of(junction)).start()
