"""The search of greens that follow detectors: a choice on many days, and then a climb."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from citybrain.config import SearchSettings
from citybrain.model.actuation import ActuatedPattern
from citybrain.model.verdict import Outcome
from citybrain.ports.evaluation import Evaluation
from optimizer.candidate import Candidate
from optimizer.retime import Evaluators, Retiming, retime
from optimizer.scoring import Score
from optimizer.search import Search
from optimizer.timing import Timing
from tests.optimizer.two_stages import Formula, task

FLOWS_VPH = {"A1": 800.0, "A2": 300.0}
SAVED_BY_DETECTORS = 0.3
CHANCE = 0.2


@dataclass
class _Chancy(Formula):
    """Following saves a share; every plan has good and bad days of its own."""

    days: set[int] = field(default_factory=set)

    def evaluate(self, evaluations: Sequence[Evaluation]) -> list[Outcome]:
        outcomes = []
        for evaluation, outcome in zip(evaluations, super().evaluate(evaluations), strict=True):
            pattern = evaluation.plan.patterns[0]
            follows = isinstance(pattern, ActuatedPattern)
            dice = random.Random(f"{pattern} {evaluation.seed}")
            factor = (1 - SAVED_BY_DETECTORS * follows) * dice.uniform(1 - CHANCE, 1 + CHANCE)
            outcomes.append(replace(outcome, delay_s=outcome.delay_s * factor))
            self.days.add(evaluation.seed)
        return outcomes


def _retimed(chancy: _Chancy, runs: int) -> Retiming:
    return retime(
        task({"A": (20.0, 40.0)}, FLOWS_VPH),
        Evaluators(proving=chancy),
        SearchSettings(seconds_budget=None, evaluation_budget=runs, with_actuation=True),
        clock=lambda: 0.0,
        progress=lambda _done, _text: None,
    )


def test_the_choice_sees_every_day_that_it_may_and_keeps_its_budget() -> None:
    chancy = _Chancy(FLOWS_VPH)
    found = _retimed(chancy, 200)
    assert chancy.days == set(SearchSettings().simulation_seeds)
    assert found.evaluations <= 200
    assert isinstance(found.plan.patterns[0], ActuatedPattern)


def test_the_same_dice_find_the_same_plan() -> None:
    first, second = (_retimed(_Chancy(FLOWS_VPH), 120) for _ in range(2))
    assert first == second


def test_every_intersection_keeps_what_helped_it_most() -> None:
    short, long = (Timing.of((0.0, cycle_s / 2), cycle_s, 0.0) for cycle_s in (40.0, 60.0))
    first = Candidate.of({"A": short, "B": short}), Score(9.0, {"A": 4.0, "B": 5.0}, 2)
    second = Candidate.of({"A": long, "B": long}), Score(9.5, {"A": 7.0, "B": 2.5}, 2)
    assert Search.joined([first, second]) == [Candidate.of({"A": short, "B": long})]
    assert Search.joined([first]) == []
