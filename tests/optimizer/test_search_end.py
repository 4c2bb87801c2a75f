"""A search ends, even where its budget allows more runs than there are plans to try."""

from citybrain.config import SearchSettings
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
