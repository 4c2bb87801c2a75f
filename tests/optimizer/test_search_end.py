"""A search ends, even where its budget allows more runs than there are plans to try."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from citybrain.config import SearchSettings
from citybrain.model.plan import Plan
from citybrain.model.verdict import Outcome
from optimizer.retime import Evaluators, retime
from tests.optimizer.two_stages import Formula, task

FLOWS_VPH = {"A1": 800.0, "A2": 300.0}
LONGEST_IDLE = 200


def test_a_search_ends_when_every_neighbour_is_known() -> None:
    formula, spent = Formula(FLOWS_VPH), []

    def note(_done: float, _text: str) -> None:
        spent.append(len(formula.asked))
        idle = spent.count(spent[-1])
        assert idle < LONGEST_IDLE, "the search goes round without a new run"

    work = task({"A": (20.0, 40.0)}, FLOWS_VPH)
    settings = SearchSettings(
        seconds_budget=None, evaluation_budget=20_000, simulation_seeds=(1, 2)
    )
    retime(work, Evaluators(proving=formula), settings, clock=lambda: 0.0, progress=note)


class _Brittle(Formula):
    """Plans whose cycle has an even number of seconds strand many on all days but the first."""

    def __init__(self, flows_vph: Mapping[str, float], good_days: int) -> None:
        super().__init__(flows_vph)
        self._good = SearchSettings().simulation_seeds[:good_days]

    def outcome(self, plan: Plan, seed: int) -> Outcome:
        shown = super().outcome(plan, seed)
        jams = is_brittle(plan) and seed not in self._good
        return replace(shown, unfinished_veh=500) if jams else shown


def is_brittle(plan: Plan) -> bool:
    return round(plan.pattern("A").cycle_s) % 2 == 0


@pytest.mark.parametrize("good_days", [2, 8])
def test_where_the_best_turn_out_to_be_brittle_another_is_proposed(good_days: int) -> None:
    work, brittle = task({"A": (20.0, 40.0)}, FLOWS_VPH), _Brittle(FLOWS_VPH, good_days)
    settings = SearchSettings(seconds_budget=None, evaluation_budget=150)
    found = retime(
        work, Evaluators(proving=brittle), settings, clock=lambda: 0.0, progress=lambda *_: None
    )
    assert found.is_better
    assert found.best_cost_s < found.running_cost_s
    assert not is_brittle(found.plan)


@pytest.mark.parametrize(("runs", "days"), [(30, 8), (40, 10), (150, 16)])
def test_a_plan_is_chosen_on_as_many_days_as_the_budget_has_room_for(runs: int, days: int) -> None:
    formula = Formula(FLOWS_VPH)
    work = task({"A": (20.0, 40.0)}, FLOWS_VPH)
    settings = SearchSettings(seconds_budget=None, evaluation_budget=runs)
    found = retime(
        work, Evaluators(proving=formula), settings, clock=lambda: 0.0, progress=lambda *_: None
    )
    chosen = {run.seed for run in formula.asked if run.plan == found.plan}
    assert found.is_better
    assert len(chosen) >= days
