"""A search ends, even where its budget allows more runs than there are plans to try."""

from dataclasses import replace

from citybrain.config import SearchSettings
from citybrain.model.plan import Plan
from citybrain.model.verdict import Outcome
from optimizer.retime import Evaluators, retime
from tests.optimizer.two_stages import PLAIN_SEED, Formula, task

FLOWS_VPH = {"A1": 800.0, "A2": 300.0}
LONGEST_IDLE = 200
BRITTLE_S = 30_000.0


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
    """The best plans strand many on all days but the first two."""

    def outcome(self, plan: Plan, seed: int) -> Outcome:
        shown = super().outcome(plan, seed)
        is_late = seed not in SearchSettings().simulation_seeds[:2]
        is_brittle = super().outcome(plan, PLAIN_SEED).delay_s < BRITTLE_S
        return replace(shown, unfinished_veh=500) if is_late and is_brittle else shown


def test_where_the_best_turn_out_to_be_brittle_the_next_is_proposed() -> None:
    work, brittle = task({"A": (20.0, 40.0)}, FLOWS_VPH), _Brittle(FLOWS_VPH)
    settings = SearchSettings(seconds_budget=None, evaluation_budget=150)
    found = retime(
        work, Evaluators(proving=brittle), settings, clock=lambda: 0.0, progress=lambda *_: None
    )
    assert found.is_better
    assert found.best_cost_s < found.running_cost_s
