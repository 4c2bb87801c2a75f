"""Greens that follow detectors in the queue model."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from citybrain.model.actuation import ActuatedPattern, Actuation, Stretch
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan
from citybrain.ports.evaluation import Evaluation
from optimizer.actuating import OPTIONS, USUAL
from optimizer.workshop import Workshop
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
    ways = [USUAL, *(option for option in OPTIONS[:1])]
    followed = workshop.following([workshop.start()], ways)
    plans = [scene.running, *(workshop.plan(each, "following") for each in followed)]
    built = QueueModel.build(scene.scenario, scene.network, seeds=(1,))
    told_s = np.array(delay_s(built, *plans))
    with SumoEvaluator(scene.scenario, scene.network, workers=2, timeout_s=300) as evaluator:
        outcomes = evaluator.evaluate([Evaluation(plan=plan, seed=1) for plan in plans])
    seen_s = np.array([outcome.mean_delay_s for outcome in outcomes])
    assert told_s == pytest.approx(seen_s, rel=0.3)
    assert (told_s[1:] < told_s[0]).all()
    assert (seen_s[1:] < seen_s[0]).all()
