"""What a search asks is taken down, and answered as if nobody listened."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from citybrain.engine.search_record import SearchRecord
from citybrain.model.plan import Plan
from citybrain.model.search_course import SearchCourse
from citybrain.model.verdict import Outcome
from citybrain.ports.evaluation import Evaluation
from citybrain.ports.tables import Prices, SignalTables
from tests.model.crossroads import Crossroads

RUNNING = Plan(name="running", patterns=(Crossroads().pattern(),))
OTHERS = tuple(replace(RUNNING, name=name) for name in ("a", "b"))
NONE = SignalTables(*(np.zeros((0, 0)) for _ in range(7)))
COSTS_S = {
    ("running", 1): 50.0,
    ("running", 2): 100.0,
    ("a", 1): 40.0,
    ("a", 2): 95.0,
    ("b", 1): 45.0,
}
"""The second day is twice as bad for the running plan."""


class Street:
    """Runs plans by a table."""

    def evaluate(self, evaluations: Sequence[Evaluation]) -> list[Outcome]:
        return [
            Outcome(
                seed=one.seed,
                vehicle_count=10,
                delay_s=10 * COSTS_S[one.plan.name, one.seed],
                unfinished_veh=0,
                never_inserted_veh=0,
                teleports=0,
                collisions=0,
                stops=0,
            )
            for one in evaluations
        ]


class Model:
    """Prices two plans a call."""

    groups: dict[str, tuple[str, ...]] = {"J": ("1", "2")}  # noqa: RUF012 - as the port has it
    vehicles = 10.0
    neighbours = ()

    def __init__(self) -> None:
        self._calls = iter(([30.0, 20.0], [25.0, 22.0], [19.0, 40.0]))

    def price(self, tables: SignalTables) -> Prices:
        return Prices(np.array(next(self._calls)), np.zeros((2, 1)), np.zeros((2, 1)), np.zeros(2))


def course_of_runs(*calls: list[tuple[Plan, int]]) -> SearchCourse:
    record = SearchRecord(RUNNING, count().__next__)
    heard = record.proving(Street())
    for call in calls:
        runs = [Evaluation(plan=plan, seed=seed) for plan, seed in call]
        assert heard.evaluate(runs) == Street().evaluate(runs)
    return record.course()


def test_the_model_s_best_never_rises_and_its_plans_are_counted() -> None:
    record = SearchRecord(RUNNING, count().__next__)
    heard = record.pricing(Model())
    assert heard.groups == Model.groups
    for _ in range(3):
        heard.price(NONE)
    course = record.course()
    assert [(m.tried, m.cost_s) for m in course.model] == [(2, 20.0), (6, 19.0)]
    assert course.priced == 6
    assert course.running_cost_s is None


def test_the_best_in_simulation_is_the_one_known_on_most_days() -> None:
    a, b = OTHERS
    course = course_of_runs([(RUNNING, 1), (a, 1), (b, 1)], [(RUNNING, 2), (a, 2)])
    assert course.running_cost_s == pytest.approx(75.0)
    first, second = course.simulation
    assert (first.tried, first.cost_s) == (3, pytest.approx(40.0))
    assert (second.tried, second.cost_s) == (5, pytest.approx(67.5))


def test_costs_of_a_mild_day_are_told_at_the_level_of_all_days() -> None:
    _, b = OTHERS
    course = course_of_runs([(RUNNING, 1), (RUNNING, 2), (b, 1)])
    assert course.simulation[-1].cost_s == pytest.approx(45.0 / 50.0 * 75.0)
