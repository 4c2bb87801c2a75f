"""Whole plans run on a few days: each day once, and a busy day tells who has no reserve."""

from collections.abc import Sequence
from dataclasses import replace

from citybrain.config import SearchSettings
from citybrain.model.plan import Plan
from citybrain.model.verdict import Outcome
from citybrain.ports.evaluation import Evaluation
from optimizer.trials import Trials
from tests.model.crossroads import Crossroads

RUNNING = Plan(name="running", patterns=(Crossroads().pattern(),))
PLANS = tuple(replace(RUNNING, name=name) for name in ("brittle", "sturdy", "poor"))
COSTS_S = {
    "running": {1.0: 50.0, 1.1: 60.0},
    "brittle": {1.0: 30.0, 1.1: 90.0},
    "sturdy": {1.0: 35.0, 1.1: 40.0},
    "poor": {1.0: 70.0, 1.1: 80.0},
}


class Street:
    """Runs plans by a table."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float]] = []

    def evaluate(self, evaluations: Sequence[Evaluation]) -> list[Outcome]:
        self.asked += [(one.plan.name, one.demand_scale) for one in evaluations]
        return [
            Outcome(
                seed=one.seed,
                vehicle_count=10,
                delay_s=10 * COSTS_S[one.plan.name][one.demand_scale],
                unfinished_veh=0,
                never_inserted_veh=0,
                teleports=0,
                collisions=0,
                stops=0,
            )
            for one in evaluations
        ]


def test_a_plan_that_jams_on_the_busier_day_is_not_the_best() -> None:
    trials = Trials(RUNNING, PLANS, Street(), SearchSettings())
    trials.run(range(3), 1)
    assert trials.ranked() == [0, 1, 2]
    trials.run(trials.ranked()[:2], 2)
    assert trials.ranked() == [1, 0, 2]
    assert trials.costs_s(1) == (55.0, 37.5)
    assert trials.costs_s(2) == (50.0, 70.0)


def test_no_plan_runs_on_a_day_twice() -> None:
    street = Street()
    trials = Trials(RUNNING, PLANS, street, SearchSettings())
    trials.run([0], 1)
    trials.run([0, 1], 1)
    trials.run([0], 2)
    assert len(street.asked) == len(set(street.asked)) == trials.runs == 5
