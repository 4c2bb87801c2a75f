"""A search for a unit of rings and barriers finds only what the unit can run."""

import random
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks._nema_units import G, eight_phases, tee
from benchmarks._safety_junctions import Junction, unit_junction
from citybrain.errors import InfeasibleError
from citybrain.model.nema.controller_plan import LARGEST_BYTE, ControllerPlan
from citybrain.model.nema.encoding import Refusal, encode
from citybrain.model.nema.phases import Output, PhaseMap
from citybrain.model.network import Network
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan
from citybrain.model.safety_rules import check_plan_safety
from optimizer.actuating import OPTIONS
from optimizer.moves import Mover
from optimizer.workshop import Workshop
from tests.optimizer.junctions import FEW


def without_overlaps(unit: PhaseMap) -> PhaseMap:
    """Return a unit whose groups follow one phase each."""
    alone = (o for o in unit.outputs if len(o.phases) == 1)
    left = Output(group="v7", phases={7: G})
    return replace(unit, outputs=(*alone, left))


UNITS = {
    "eight": eight_phases(yielding_with=8),
    "plain": without_overlaps(eight_phases()),
    "tee": tee(),
}


def workshop_of(unit: str, pattern: Pattern, maximum_red_s: float = 240.0) -> Workshop:
    intersection = unit_junction(unit, UNITS[unit]).safety.intersection
    reds_s = dict.fromkeys(intersection.maximum_reds_s, maximum_red_s)
    bounded = replace(intersection, maximum_reds_s=reds_s, maximum_cycle_s=400.0)
    intersections = {unit: bounded}
    network = Network(name="n", lanes={}, turns={}, movements={}, intersections=intersections)
    running = Plan(name="running", patterns=(pattern,))
    return Workshop.of(running, network, phase_maps=UNITS)


def valid(unit: str, seed: int) -> tuple[Junction, Pattern]:
    junction = unit_junction(unit, UNITS[unit])
    return junction, junction.valid(Random(seed))


def numbers_of(unit: str, plan: Plan) -> ControllerPlan:
    encoded = encode(plan.pattern(unit), UNITS[unit])
    assert isinstance(encoded, ControllerPlan), str(encoded)
    return encoded


@FEW
@given(unit=st.sampled_from(sorted(UNITS)), seed=st.integers(0, 10_000))
def test_whatever_the_moves_the_unit_can_run_it_and_it_keeps_the_safety_data(
    unit: str, seed: int
) -> None:
    junction, pattern = valid(unit, seed)
    workshop, rng = workshop_of(unit, pattern), random.Random(seed)
    mover, candidate = Mover(workshop), workshop.start()
    for _ in range(5):
        candidate = mover.perturbed(candidate, rng, share=1.0, reach_s=13.0)
        candidate = mover.stretched(candidate, rng, reach_s=8.0)
        plan = workshop.plan(candidate, "p")
        numbers_of(unit, plan)
        assert not check_plan_safety(plan, {unit: junction.safety})


@pytest.mark.parametrize("unit", ["plain", "tee"])
def test_the_moves_reach_every_split_the_cycle_and_every_sequence(unit: str) -> None:
    workshop, rng = workshop_of(unit, valid(unit, 7)[1]), random.Random(1)
    mover, candidate = Mover(workshop, is_isolated=False), workshop.start()
    seen: list[ControllerPlan] = []
    for _ in range(100):
        candidate = mover.perturbed(candidate, rng, share=1.0, reach_s=13.0)
        seen.append(numbers_of(unit, workshop.plan(candidate, "p")))
    for phase in UNITS[unit].phases:
        assert len({plan.split_s[phase.number] for plan in seen}) > 1
    assert len({plan.cycle_s for plan in seen}) > 1
    assert len({plan.offset_s for plan in seen}) > 1
    assert {plan.sequence for plan in seen} == set(UNITS[unit].sequences)


def test_a_unit_beside_others_seldom_leaves_the_common_cycle() -> None:
    workshop = workshop_of("plain", valid("plain", 7)[1])
    start, left = workshop.start(), {}
    for is_isolated in (True, False):
        mover, rng = Mover(workshop, is_isolated=is_isolated), random.Random(1)
        moved = [mover.perturbed(start, rng, share=1.0, reach_s=13.0) for _ in range(300)]
        cycle_s = start.by_name()["plain"].cycle_s
        left[is_isolated] = sum(m.by_name()["plain"].cycle_s != cycle_s for m in moved)
    assert 0 < left[False] < 0.4 * left[True]


def test_a_plan_that_the_unit_cannot_show_becomes_the_nearest_that_it_can() -> None:
    _, pattern = valid("tee", 3)
    uneven = replace(pattern, offset_s=pattern.offset_s + 0.5)
    assert isinstance(encode(uneven, UNITS["tee"]), Refusal)
    workshop = workshop_of("tee", uneven)
    numbers_of("tee", workshop.plan(workshop.start(), "p"))
    assert workshop.unchanged() is None


def test_a_unit_whose_nearest_plan_breaks_a_bound_is_named() -> None:
    _, pattern = valid("tee", 3)
    with pytest.raises(InfeasibleError, match=r"tee: .* group .*: 'maximum red'"):
        workshop_of("tee", pattern, maximum_red_s=5.0)


def test_greens_of_a_unit_with_fixed_splits_follow_nobody() -> None:
    workshop = workshop_of("tee", valid("tee", 3)[1])
    assert workshop.following([workshop.start()], OPTIONS) == []


def test_a_cycle_is_no_longer_than_a_unit_keeps() -> None:
    workshop = workshop_of("tee", valid("tee", 3)[1])
    assert workshop.cycle_ranges_s["tee"][1] <= LARGEST_BYTE
    rng = random.Random(3)
    mover, candidate = Mover(workshop), workshop.start()
    for _ in range(100):
        candidate = mover.stretched(candidate, rng, reach_s=13.0)
        assert numbers_of("tee", workshop.plan(candidate, "p")).cycle_s <= LARGEST_BYTE
