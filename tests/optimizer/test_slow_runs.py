"""Where a run of SUMO takes long, the fast model leaves it the time that a choice needs."""

from collections.abc import Sequence

import pytest

from citybrain.config import SearchSettings
from citybrain.errors import InfeasibleError
from citybrain.model.verdict import Outcome
from citybrain.ports.evaluation import Evaluation
from citybrain.ports.tables import Prices, SignalTables
from optimizer.forge import FEWEST_RUNS
from optimizer.retime import Evaluators, Retiming, retime
from tests.optimizer.test_budget import Clock
from tests.optimizer.two_stages import Formula, TableFormula, task

FLOWS_VPH = {"A1": 800.0, "A2": 300.0}
SECONDS = 120.0
PLAN_S = 0.02


class _SlowRuns(Formula):
    """Runs that take their time."""

    def __init__(self, clock: Clock, pace_s: float) -> None:
        super().__init__(FLOWS_VPH)
        self._clock, self._pace_s = clock, pace_s

    def evaluate(self, evaluations: Sequence[Evaluation]) -> list[Outcome]:
        self._clock.now_s += self._pace_s * len(evaluations)
        return super().evaluate(evaluations)


class _SlowTables(TableFormula):
    """Prices that take their time."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(FLOWS_VPH)
        self._clock = clock

    def price(self, tables: SignalTables) -> Prices:
        self._clock.now_s += PLAN_S * len(tables.start)
        return super().price(tables)


def retimed(
    pace_s: float,
    *,
    seconds: float | None = SECONDS,
    evaluations: int | None = None,
    making_s: float = 0.0,
) -> Retiming:
    clock = Clock()

    def made() -> _SlowTables:
        clock.now_s += making_s
        return _SlowTables(clock)

    return retime(
        task({"A": (20.0, 40.0)}, FLOWS_VPH),
        Evaluators(proving=_SlowRuns(clock, pace_s), fast=made),
        SearchSettings(seconds_budget=seconds, evaluation_budget=evaluations),
        clock=clock,
        progress=lambda _done, _text: None,
    )


@pytest.mark.parametrize("pace_s", [0.1, 1.0, 3.0, 6.0])
def test_runs_keep_their_time_beside_the_model(pace_s: float) -> None:
    found = retimed(pace_s)
    model_s = found.model_evaluations * PLAN_S
    assert found.is_better
    assert found.evaluations >= min(FEWEST_RUNS, 0.4 * SECONDS / pace_s)
    assert model_s >= 0.2 * SECONDS


@pytest.mark.parametrize("pace_s", [20.0, 40.0])
def test_where_two_runs_take_most_of_the_time_the_model_has_half_of_the_rest(pace_s: float) -> None:
    model_s = retimed(pace_s).model_evaluations * PLAN_S
    assert 0.3 * (SECONDS - 2 * pace_s) <= model_s <= 0.75 * (SECONDS - 2 * pace_s)


def test_who_bounds_the_runs_has_the_annealing_extended_while_it_gains() -> None:
    evaluations = 60
    found = retimed(1.0, seconds=None, evaluations=evaluations)
    assert found.model_evaluations > 1.1 * evaluations * SearchSettings().model_runs


def test_a_search_that_had_few_runs_tells_how_long_it_should_have_had() -> None:
    wanted_s = retimed(10.0).seconds_wanted
    assert wanted_s is not None
    assert wanted_s >= 10.0 * FEWEST_RUNS
    assert retimed(1.0).seconds_wanted is None


@pytest.mark.parametrize(("pace_s", "making_s"), [(2.0, 80.0), (4.0, 60.0), (10.0, 0.0)])
def test_who_follows_the_advice_soon_has_runs_enough(pace_s: float, making_s: float) -> None:
    seconds: float | None = SECONDS
    for _ in range(4):
        wanted_s = retimed(pace_s, making_s=making_s, seconds=seconds).seconds_wanted
        if wanted_s is None:
            break
        assert seconds is not None
        assert wanted_s > seconds
        seconds = wanted_s
    assert wanted_s is None
    assert seconds != SECONDS


def test_who_bounds_the_runs_is_told_nothing() -> None:
    assert retimed(10.0, evaluations=6).seconds_wanted is None


@pytest.mark.parametrize("share", [1.0, 0.0, -0.1])
def test_a_model_that_would_have_all_the_time_or_none_is_refused(share: float) -> None:
    with pytest.raises(InfeasibleError, match="for the fast model"):
        SearchSettings(model_share=share)
