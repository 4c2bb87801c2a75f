"""Timings that follow the traffic: safe whatever the detectors say."""

import random
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from citybrain.model.actuation import ActuatedPattern, Actuation, Stretch, with_durations
from citybrain.model.plan import Plan
from citybrain.model.rules import check_pattern
from citybrain.model.violations import Rule
from optimizer.actuating import OPTIONS, USUAL, Option
from optimizer.candidate import Candidate
from optimizer.moves import Mover
from optimizer.workshop import Workshop
from tests.optimizer.junctions import FEW, Junction, junctions, network_of, plan_of

DICE = st.integers(0, 2**32).map(random.Random)


@FEW
@given(junctions(), st.sampled_from(OPTIONS), DICE)
def test_every_realisation_keeps_the_rules(
    junction: Junction, option: object, rng: random.Random
) -> None:
    """Draw what detectors might do to every stretch, whatever traffic there is."""
    workshop = Workshop.of(plan_of(junction), network_of(junction))
    start = workshop.start()
    chosen = next(
        c for c in workshop.following([start], OPTIONS) if c.timings[0][1].option is option
    )
    pattern = workshop.plan(chosen, "p").patterns[0]
    assert check_pattern(pattern, junction.intersection) == ()
    if not isinstance(pattern, ActuatedPattern):
        return
    intervals = pattern.intervals()
    for _ in range(5):
        durations_s = [
            float(rng.randint(round(s.minimum_s), round(s.maximum_s))) if s else i.duration_s
            for i in intervals
            for s in (pattern.stretch_at(i.start_s),)
        ]
        shown = with_durations(pattern, intervals, durations_s)
        found = check_pattern(shown, junction.intersection)
        assert [str(v) for v in found if v.rule is not Rule.CYCLE] == []


@FEW
@given(junctions())
def test_stretches_are_as_long_as_the_longest_red_allows(junction: Junction) -> None:
    """Whatever ends before the wanted 50 s could not last a second longer if all of them did."""
    workshop = Workshop.of(plan_of(junction), network_of(junction))
    pattern = workshop.plan(workshop.following([workshop.start()], [USUAL])[0], "p").patterns[0]
    if not isinstance(pattern, ActuatedPattern):
        return
    intervals = pattern.intervals()
    stretches = [pattern.stretch_at(each.start_s) for each in intervals]
    most_s = [s.maximum_s if s else i.duration_s for s, i in zip(stretches, intervals, strict=True)]
    are_short = [s is not None and s.maximum_s < USUAL.most_s for s in stretches]
    if any(are_short):
        longer_s = [most + short for most, short in zip(most_s, are_short, strict=True)]
        shown = with_durations(pattern, intervals, longer_s)
        found = {v.rule for v in check_pattern(shown, junction.intersection)}
        assert Rule.MAXIMUM_RED in found


@FEW
@given(junctions(), DICE)
def test_moves_keep_actuated_timings_safe(junction: Junction, rng: random.Random) -> None:
    workshop = Workshop.of(plan_of(junction), network_of(junction))
    mover = Mover(workshop, OPTIONS)
    candidate: Candidate = workshop.following([workshop.start()], OPTIONS[:1])[0]
    seen = set()
    for _ in range(60):  # each changes the setting with about a quarter: no change in 2 of 10^8
        candidate = mover.perturbed(candidate, rng, share=1.0, reach_s=8.0)
        seen.add(candidate.timings[0][1].option)
        plan = workshop.plan(candidate, "p")
        assert check_pattern(plan.patterns[0], junction.intersection) == ()
    assert len(seen) > 1


@FEW
@given(junctions(), st.sampled_from(OPTIONS), DICE)
def test_what_follows_today_is_a_candidate_and_moves_from_it_keep_the_rules(
    junction: Junction, option: Option, rng: random.Random
) -> None:
    network = network_of(junction)
    made = Workshop.of(plan_of(junction), network)
    running = made.plan(made.following([made.start()], [option])[0], "running")
    workshop = Workshop.of(running, network)
    candidate = workshop.today()
    assert workshop.plan(candidate, "running").patterns == running.patterns
    mover = Mover(workshop, OPTIONS)
    for _ in range(10):
        candidate = mover.perturbed(candidate, rng, share=1.0, reach_s=8.0)
        (pattern,) = workshop.plan(candidate, "p").patterns
        assert check_pattern(pattern, junction.intersection) == ()


@FEW
@given(junctions())
def test_near_what_goes_beyond_the_bounds_today_is_a_candidate_that_keeps_them(
    junction: Junction,
) -> None:
    network = network_of(junction)
    made = Workshop.of(plan_of(junction), network)
    (pattern,) = made.plan(made.following([made.start()], [USUAL])[0], "running").patterns
    assume(isinstance(pattern, ActuatedPattern))
    beyond = [replace(s, minimum_s=1.0, maximum_s=400.0) for s in pattern.actuation.stretches]
    wide = replace(pattern, actuation=Actuation(stretches=tuple(beyond), gap_s=1.5))
    assume(check_pattern(wide, junction.intersection))
    workshop = Workshop.of(Plan(name="running", patterns=(wide,)), network)
    assert workshop.unchanged() is None
    (near,) = workshop.plan(workshop.today(), "p").patterns
    assert check_pattern(near, junction.intersection) == ()


def test_the_option_of_a_running_pattern_spans_what_detectors_hold_there() -> None:
    reaches = ((0.0, 6.0, 20.0), (30.0, 4.0, 4.0), (40.0, 9.0, 45.0))
    stretches = tuple(Stretch(start_s=s, minimum_s=a, maximum_s=b) for s, a, b in reaches)
    option = Option.like(Actuation(stretches=stretches, gap_s=2.5, detector_s=1.0))
    assert (option.gap_s, option.detector_s) == (2.5, 1.0)
    assert (option.least_s, option.most_s, option.is_coordinated) == (6.0, 45.0, False)
    assert option not in OPTIONS
