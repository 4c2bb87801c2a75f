"""Greens that follow detectors in the queue model."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from citybrain.model.actuation import ActuatedPattern, Actuation, Stretch
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan
from citybrain.ports.blocks import Block
from citybrain.ports.evaluation import Evaluation
from optimizer.actuating import OPTIONS, USUAL
from optimizer.workshop import Workshop
from sim.queue_model.clocks.kernels import early_s, stands_at
from sim.queue_model.model import QueueModel
from sim.sumo.evaluator import SumoEvaluator
from tests.sim.queue_streets import area, model, routes, trips


def following(*, most_s: float | None = None) -> Plan:
    """Let the running plan follow detectors, no stretch longer than a time."""
    workshop = Workshop.of(area().running, area().network)
    plan = workshop.plan(workshop.following([workshop.start()], [USUAL])[0], "following")
    if most_s is None:
        return plan
    return changed(plan, lambda pattern: shortened(pattern, most_s))


def changed(plan: Plan, change: Callable[[ActuatedPattern], Pattern]) -> Plan:
    patterns = [p if not isinstance(p, ActuatedPattern) else change(p) for p in plan.patterns]
    return Plan(name=plan.name, patterns=tuple(patterns))


def asked_always(pattern: ActuatedPattern) -> ActuatedPattern:
    """Return a pattern in whose lanes no gap is ever too long."""
    stretches = pattern.actuation.stretches
    return ActuatedPattern.of(
        replace(pattern, offset_s=0.0), Actuation(stretches=stretches, gap_s=4.0e9)
    )


def in_step(pattern: ActuatedPattern, offset_s: float, gap_s: float) -> ActuatedPattern:
    """Return a pattern whose stretches end at times of its cycle."""
    actuation = replace(pattern.actuation, gap_s=gap_s, is_coordinated=True)
    return replace(pattern, offset_s=offset_s, actuation=actuation)


def shortened(pattern: ActuatedPattern, most_s: float) -> ActuatedPattern:
    stretches = tuple(
        Stretch(
            start_s=each.start_s,
            minimum_s=each.minimum_s,
            maximum_s=max(each.minimum_s, min(each.maximum_s, most_s)),
        )
        for each in pattern.actuation.stretches
    )
    return ActuatedPattern.of(pattern, Actuation(stretches=stretches))


def delay_s(built: QueueModel, *plans: Plan) -> list[float]:
    return [float(each) for each in built.delays(built.tables(plans))[:, 0]]


def test_stretches_that_may_not_be_held_are_shown_at_their_shortest() -> None:
    built = model(trips(1.5))
    shortest = changed(following(), lambda pattern: pattern.shortest())
    assert len(set(delay_s(built, following(most_s=0.0), shortest))) == 1
    assert len(set(delay_s(built, following(), shortest))) == 2


def test_stretches_that_are_always_asked_for_are_shown_at_their_longest() -> None:
    built = model(trips(1.5))
    asked = changed(following(), asked_always)
    longest = changed(asked, lambda pattern: pattern.longest())
    held_s, fixed_s = delay_s(built, asked, longest)
    assert held_s == pytest.approx(fixed_s, rel=1e-3)  # lanes that look again take other turns


@pytest.mark.parametrize("offset_s", [0.0, 17.0])
def test_in_step_with_a_cycle_what_is_always_asked_for_ends_as_late_as_shown(
    offset_s: float,
) -> None:
    built = model(trips(1.5))
    shown = changed(following(), lambda pattern: replace(pattern.as_shown(), offset_s=offset_s))
    asked = changed(following(), lambda pattern: in_step(pattern, offset_s, gap_s=4.0e9))
    fixed_s, held_s = delay_s(built, shown, asked)
    assert held_s == pytest.approx(fixed_s, rel=5e-3)  # lanes that look again take other turns


def test_a_clock_in_step_begins_with_the_colours_that_are_shown_then() -> None:
    for pattern in following().patterns:
        assert isinstance(pattern, ActuatedPattern)
        groups = [timing.group for timing in pattern.groups]
        shown = Block.of(pattern.as_shown(), groups).colour[:-1]
        block = Block.of(in_step(pattern, 0.0, gap_s=3.0), groups)
        assert block.step_s == shown.shape[1] > block.colour.shape[1]
        for second in range(block.step_s):
            place, held_s = stands_at(second, block.colour[-2:].ravel())
            np.testing.assert_array_equal(block.colour[:-3, place], shown[:, second])
            assert held_s == 0 or block.colour[-1, place] > 0


def test_what_nobody_asks_for_keeps_step_with_its_cycle() -> None:
    begin_s, late, spared = 7, [0, 0, 6, 6, 10], [0, 0, 6, 0, 4]
    limits = np.array([0, 0, 6, 0, 10])
    ends = []
    clock, held = stands_at(begin_s, np.array([*late, *spared], dtype=np.uint8))
    for second in range(begin_s, 60):
        early = early_s((second + 1) % 15, clock + 1 + late[clock], spared[clock], 15)
        if limits[clock] > held and early > 0:
            held += 1
            continue
        if spared[clock]:
            ends.append((second + 1, clock))
        clock, held = (clock + 1) % 5, 0
    assert (clock, held) != (2, 0)
    assert {(at % 15, k) for at, k in ends[1:]} == {(3, 2), (11, 4)}


def test_one_stream_alone_waits_less_where_greens_follow_it() -> None:
    alone = tuple(trip for trip in trips(0.5) if trip.edges == routes()[0])
    fixed_s, following_s = delay_s(model(alone), area().running, following())
    assert following_s < 0.7 * fixed_s


def test_threads_do_not_change_greens_that_follow() -> None:
    plans = [area().running, following(), following(most_s=20.0)]
    one, two = (model(trips(1.5), threads=threads) for threads in (1, 2))
    assert one.delays(one.tables(plans)).tobytes() == two.delays(two.tables(plans)).tobytes()


@pytest.mark.integration
def test_sumo_sees_the_gain_too() -> None:
    scene = area()
    workshop = Workshop.of(scene.running, scene.network)
    ways = [USUAL, OPTIONS[0], *(option for option in OPTIONS if option.is_coordinated)]
    followed = workshop.following([workshop.start()], ways)
    plans = [scene.running, *(workshop.plan(each, "following") for each in followed)]
    built = QueueModel.build(scene.scenario, scene.network, seeds=(1,))
    told_s = np.array(delay_s(built, *plans))
    with SumoEvaluator(scene.scenario, scene.network, workers=2, timeout_s=300) as evaluator:
        outcomes = evaluator.evaluate([Evaluation(plan=plan, seed=1) for plan in plans])
    seen_s = np.array([outcome.mean_delay_s for outcome in outcomes])
    assert told_s == pytest.approx(seen_s, rel=0.3)
    np.testing.assert_array_equal(told_s < told_s[0], seen_s < seen_s[0])
    assert (seen_s[1:3] < seen_s[0]).all()
