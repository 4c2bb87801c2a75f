"""Greens that end and come again without need go on instead."""

from dataclasses import replace

from hypothesis import given

from citybrain.model.actuation import ActuatedPattern, Actuation, Stretch
from citybrain.model.aspects import GREENS
from citybrain.model.intersection import Intersection, SignalGroup
from citybrain.model.pattern import Pattern
from citybrain.model.rules import check_pattern, check_plan
from optimizer.bridging import bridged, bridged_plan
from optimizer.candidate import Candidate
from optimizer.workshop import Workshop
from tests.optimizer.junctions import (
    FEW,
    Junction,
    colours,
    junctions,
    network_of,
    plan_of,
    timing,
)


def _broken(pattern: Pattern, intersection: Intersection) -> set[tuple[str, str, str]]:
    return {(v.rule, v.group, v.other) for v in check_pattern(pattern, intersection)}


def _junction(*rows: str, conflicts: set[tuple[str, str]]) -> Junction:
    names = [str(number) for number in range(1, len(rows) + 1)]
    groups = tuple(
        SignalGroup(name=name, indices=(at,), is_pedestrian=False, minimum_green_s=5.0)
        for at, name in enumerate(names)
    )
    both_ways = [*conflicts, *(pair[::-1] for pair in conflicts)]
    intersection = Intersection(
        name="J",
        groups=groups,
        links=(),
        conflicts=frozenset(conflicts),
        yielding=frozenset(),
        intergreens_s=dict.fromkeys(both_ways, 3.0),
        yellows_s=dict.fromkeys(names, 3.0),
        red_ambers_s=dict.fromkeys(names, 0.0),
        minimum_cycle_s=10.0,
        maximum_cycle_s=120.0,
    )
    timings = tuple(timing(name, row) for name, row in zip(names, rows, strict=True))
    pattern = Pattern(
        intersection="J",
        program="running",
        cycle_s=float(len(rows[0])),
        offset_s=0.0,
        groups=timings,
    )
    return Junction(intersection, pattern)


MAIN, SIDE, RIGHT = "1", "2", "3"
FLICKER = _junction(
    "GGGGGGGyyyrrrrrrrrrr",
    "rrrrrrrrrrGGGGGGGyyy",
    "GGGGGGGyyyGGGGGGGyyy",
    conflicts={(MAIN, SIDE)},
)


def test_a_green_that_two_stages_serve_goes_on_between_them() -> None:
    shown = colours(bridged(FLICKER.pattern, FLICKER.intersection))
    assert shown[2] == "G" * 40
    assert shown[:2] == colours(FLICKER.pattern)[:2]


def test_a_gap_in_which_a_foe_clears_stays() -> None:
    clearing = _junction(
        "GGGGGGGyyyrrrrrrrrrr",
        "rrrrrrrrrrGGGGGGGyyy",
        "rrrrrrrrrrGGGGGGGyyy",
        conflicts={(MAIN, SIDE), (MAIN, RIGHT)},
    )
    assert bridged(clearing.pattern, clearing.intersection) == clearing.pattern


def test_a_group_with_one_green_keeps_its_red() -> None:
    alone = _junction("GGGGGGGGGGyyyrrrrrrr", "GGGGGGGyyyrrrrrrrrrr", conflicts=set())
    assert bridged(alone.pattern, alone.intersection) == alone.pattern


def test_a_red_longer_than_a_change_of_stages_stays() -> None:
    twice = _junction("GGGGGGGyyyrrrrrGGyyy", "GGGGGGGGGGGGGGGGGyyy", conflicts=set())
    (main, _) = colours(bridged(twice.pattern, twice.intersection))
    assert main[:20] == "GGGGGGGyyyrrrrrGGGGG"


def bridged_workshop(junction: Junction) -> Workshop:
    running, network = plan_of(junction), network_of(junction)
    return Workshop.of(running, network, shown=bridged_plan(running, network))


def test_the_running_plan_itself_is_not_mistaken_for_what_was_made_of_it() -> None:
    workshop = bridged_workshop(FLICKER)
    assert workshop.running == plan_of(FLICKER)
    assert workshop.unchanged() is None
    assert workshop.plan(workshop.start(), "p").patterns[0].groups != FLICKER.pattern.groups


def test_a_running_plan_that_follows_the_traffic_is_searched_from_the_times_it_shows() -> None:
    stretch = Stretch(start_s=0.0, minimum_s=5.0, maximum_s=30.0)
    shown = plan_of(FLICKER)
    follows = ActuatedPattern.of(shown.patterns[0], Actuation(stretches=(stretch,)))
    running, network = replace(shown, patterns=(follows,)), network_of(FLICKER)
    assert bridged_plan(running, network) == bridged_plan(shown, network)
    workshop = Workshop.of(running, network)
    assert workshop.running == running
    assert workshop.shown.patterns == shown.patterns
    assert workshop.start() == Workshop.of(shown, network).start()


def test_what_follows_the_traffic_today_is_a_candidate_that_other_times_are_near_to() -> None:
    stretch = Stretch(start_s=0.0, minimum_s=6.0, maximum_s=12.0)
    shown, network = plan_of(FLICKER), network_of(FLICKER)
    follows = ActuatedPattern.of(shown.patterns[0], Actuation(stretches=(stretch,), gap_s=1.5))
    running = replace(shown, patterns=(follows,))
    workshop = Workshop.of(running, network, shown=bridged_plan(running, network))
    today = workshop.today()
    assert workshop.unchanged() == today != workshop.start()
    assert workshop.plan(today, follows.program).patterns == (follows,)
    (name, timing), *_ = today.timings
    moved = replace(timing, offset_s=timing.offset_s + 1)
    near = workshop.plan(Candidate.of({name: moved}), "p").patterns[0]
    assert isinstance(near, ActuatedPattern)
    assert near.actuation.gap_s == 1.5
    assert max(stretch.maximum_s for stretch in near.actuation.stretches) == 12.0


def test_what_follows_the_traffic_and_breaks_a_bound_is_no_candidate_but_what_is_near() -> None:
    stretch = Stretch(start_s=0.0, minimum_s=2.0, maximum_s=12.0)
    shown, network = plan_of(FLICKER), network_of(FLICKER)
    follows = ActuatedPattern.of(shown.patterns[0], Actuation(stretches=(stretch,), gap_s=1.5))
    workshop = Workshop.of(replace(shown, patterns=(follows,)), network)
    assert workshop.unchanged() is None
    near = workshop.plan(workshop.today(), "p")
    assert check_plan(near, network) == ()
    assert isinstance(near.patterns[0], ActuatedPattern)
    assert near.patterns[0].actuation.gap_s == 1.5
    assert near.patterns[0].actuation.stretches[0].minimum_s > stretch.minimum_s


def test_without_a_gap_the_workshop_is_the_usual_one() -> None:
    calm = _junction("GGGGGGGyyyrrrrrrrrrr", "rrrrrrrrrrGGGGGGGyyy", conflicts={(MAIN, SIDE)})
    workshop = bridged_workshop(calm)
    assert workshop.unchanged() == Workshop.of(plan_of(calm), network_of(calm)).start()


@FEW
@given(junctions())
def test_nothing_is_broken_and_no_green_is_lost(junction: Junction) -> None:
    pattern, intersection = junction.pattern, junction.intersection
    made = bridged(pattern, intersection)
    assert _broken(made, intersection) <= _broken(pattern, intersection)
    greens = {aspect.value for aspect in GREENS}
    for before, after in zip(colours(pattern), colours(made), strict=True):
        assert all(b == a for b, a in zip(before, after, strict=True) if b in greens)
