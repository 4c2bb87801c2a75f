"""Retiming with a formula in SUMO's place: the laws of the search."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from citybrain.config import SearchSettings
from citybrain.model.plan import Plan
from citybrain.model.rules import check_plan
from citybrain.model.verdict import Outcome
from citybrain.ports.evaluation import Evaluation, PlanEvaluator
from citybrain.store.plans import plan_text
from optimizer.budget import Budget
from optimizer.candidate import Candidate
from optimizer.moves import Mover
from optimizer.objective import cost_s
from optimizer.retime import Evaluators, Retiming, Task, retime
from optimizer.scoring import Scorer
from optimizer.search import Search
from optimizer.starts import Starter
from optimizer.workshop import Workshop
from tests.optimizer.two_stages import PLAIN_SEED, Formula, least_delay_s, task

FLOWS_VPH = {"A1": 800.0, "A2": 300.0, "B1": 200.0, "B2": 700.0}
GREENS_S = {"A": (20.0, 40.0), "B": (35.0, 25.0)}
SEEDS = (1, 2, 3, 4)


@pytest.fixture(scope="module")
def unbalanced() -> Task:
    return task(GREENS_S, FLOWS_VPH)


@pytest.fixture(scope="module")
def single() -> Task:
    return task({"A": (20.0, 40.0)}, {"A1": 800.0, "A2": 300.0})


def stopped() -> float:
    return 0.0


@dataclass
class Ticking:
    """A clock that moves on whenever somebody looks at it."""

    now_s: float
    step_s: float

    def __call__(self) -> float:
        self.now_s += self.step_s
        return self.now_s


def silent(_done: float, _text: str) -> None:
    """Hear no progress."""


def searched(
    work: Task,
    evaluator: PlanEvaluator,
    budget: int,
    *,
    seed: int = 1,
    clock: Callable[[], float] = stopped,
) -> Retiming:
    chosen = SearchSettings(
        seconds_budget=None, evaluation_budget=budget, seed=seed, simulation_seeds=SEEDS
    )
    return retime(work, Evaluators(proving=evaluator), chosen, clock=clock, progress=silent)


@pytest.fixture(scope="module")
def starts(single: Task) -> list[Candidate]:
    workshop = Workshop.of(single.running, single.network)
    return list(Starter(workshop, single.network, single.demand).candidates())


@pytest.mark.parametrize("runs", range(1, 61))
def test_no_budget_of_runs_is_overdrawn(single: Task, starts: list[Candidate], runs: int) -> None:
    evaluator = Formula({"A1": 800.0, "A2": 300.0})
    workshop = Workshop.of(single.running, single.network)
    budget = Budget(stopped, None, runs)
    scorer = Scorer(workshop, single.network, evaluator, budget)
    search = Search(
        scorer, Mover(workshop), random.Random(1), [(seed, 1.0) for seed in SEEDS], silent
    )
    search.sieve(starts)
    found = search.best()
    assert budget.spent == len(evaluator.asked) <= runs
    if found.candidate is not None:
        assert check_plan(workshop.plan(found.candidate, "p"), single.network) == ()


@pytest.mark.parametrize("runs", [40, 64, 92, 150])
def test_what_many_days_told_is_not_forgotten(
    single: Task, starts: list[Candidate], runs: int
) -> None:
    days_of: dict[Candidate, int] = {}

    def heard(_done: float, _text: str) -> None:
        for candidate in search.leaders(1000):
            assert search.days_of(candidate) >= days_of.get(candidate, 0)
            days_of[candidate] = search.days_of(candidate)

    workshop = Workshop.of(single.running, single.network)
    scorer = Scorer(
        workshop, single.network, Formula({"A1": 800.0, "A2": 300.0}), Budget(stopped, None, runs)
    )
    days = [(seed, 1.0) for seed in range(1, 17)]
    search = Search(scorer, Mover(workshop), random.Random(1), days, heard)
    search.sieve(starts)
    search.settled()
    assert max(days_of.values()) >= 8


@pytest.mark.parametrize("budget", [1, 2, 3, 10, 24, 60])
def test_a_retiming_answers_for_its_plan(unbalanced: Task, budget: int) -> None:
    evaluator = Formula(FLOWS_VPH)
    found = searched(unbalanced, evaluator, budget)
    assert found.evaluations == len(evaluator.asked) <= budget
    assert found.best_cost_s <= found.running_cost_s
    assert found.is_better == (found.best_cost_s < found.running_cost_s)
    assert (found.plan is unbalanced.running) == (not found.is_better)
    assert check_plan(found.plan, unbalanced.network) == ()


def test_no_run_is_asked_for_twice(unbalanced: Task) -> None:
    evaluator = Formula(FLOWS_VPH)
    searched(unbalanced, evaluator, 60)
    asked = [(plan_text(run.plan), run.seed, run.demand_scale) for run in evaluator.asked]
    assert len(asked) == len(set(asked))


@pytest.mark.parametrize("seed", [1, 2])
def test_the_best_plan_of_an_easy_problem_is_nearly_found(unbalanced: Task, seed: int) -> None:
    evaluator = Formula(FLOWS_VPH)
    found = searched(unbalanced, evaluator, 250, seed=seed)
    least_s = least_delay_s(800.0, 300.0) + least_delay_s(200.0, 700.0)
    reached_s = evaluator.outcome(found.plan, PLAIN_SEED).delay_s
    assert found.is_better
    assert reached_s <= 1.03 * least_s
    assert reached_s < 0.8 * evaluator.outcome(unbalanced.running, PLAIN_SEED).delay_s


@given(st.integers(0, 2**31), st.integers(8, 60), st.floats(0.0, 1e6), st.floats(0.0, 1e3))
@settings(max_examples=4, deadline=None)
def test_same_seed_and_runs_give_the_same_plan_whatever_the_clock(
    seed: int, budget: int, start_s: float, step_s: float
) -> None:
    first = searched(task(GREENS_S, FLOWS_VPH), Formula(FLOWS_VPH), budget, seed=seed)
    ticking = Ticking(start_s, step_s)
    again = searched(
        task(GREENS_S, FLOWS_VPH), Formula(FLOWS_VPH), budget, seed=seed, clock=ticking
    )
    assert plan_text(first.plan) == plan_text(again.plan)
    assert (first.evaluations, first.best_cost_s) == (again.evaluations, again.best_cost_s)


def test_a_budget_of_seconds_is_kept_once_the_pace_is_known(unbalanced: Task) -> None:
    clock = Ticking(0.0, 0.0)

    class Slow(Formula):
        def evaluate(self, evaluations: Sequence[Evaluation]) -> list[Outcome]:
            clock.now_s += 2.0 * len(evaluations)
            return super().evaluate(evaluations)

    limits = SearchSettings(seconds_budget=300.0, simulation_seeds=SEEDS)
    found = retime(
        unbalanced, Evaluators(proving=Slow(FLOWS_VPH)), limits, clock=clock, progress=silent
    )
    assert 200.0 <= clock.now_s <= 300.0
    assert found.is_better


class Spoilt(Formula):
    """A formula under which every plan but the running one also has some harm to show."""

    def __init__(self, running: Plan, harm: dict[str, int]) -> None:
        super().__init__(FLOWS_VPH)
        self._running, self._harm = running, harm

    def outcome(self, plan: Plan, seed: int) -> Outcome:
        outcome = super().outcome(plan, seed)
        return outcome if plan == self._running else replace(outcome, **self._harm)


@pytest.mark.parametrize(
    "harm",
    [
        {"unfinished_veh": 300},
        {"never_inserted_veh": 300},
        {"teleports": 300},
        {"collisions": 300},
    ],
    ids=lambda harm: next(iter(harm)),
)
def test_less_delay_bought_with_harm_is_refused(unbalanced: Task, harm: dict[str, int]) -> None:
    found = searched(unbalanced, Spoilt(unbalanced.running, harm), 50)
    assert found.plan is unbalanced.running
    assert not found.is_better


def test_a_plan_that_teleports_is_passed_over_for_one_that_does_not(unbalanced: Task) -> None:
    class ShortCyclesTeleport(Formula):
        def outcome(self, plan: Plan, seed: int) -> Outcome:
            outcome = super().outcome(plan, seed)
            short = sum(pattern.cycle_s < 60.0 for pattern in plan.patterns)
            return replace(outcome, teleports=40 * short)

    free = searched(unbalanced, Formula(FLOWS_VPH), 100)
    assert min(pattern.cycle_s for pattern in free.plan.patterns) < 60.0
    found = searched(unbalanced, ShortCyclesTeleport(FLOWS_VPH), 100)
    assert found.is_better
    assert min(pattern.cycle_s for pattern in found.plan.patterns) >= 60.0


def test_where_every_plan_costs_the_same_the_running_one_stays(unbalanced: Task) -> None:
    class Flat(Formula):
        def outcome(self, plan: Plan, seed: int) -> Outcome:
            return super().outcome(unbalanced.running, seed)

    found = searched(unbalanced, Flat(FLOWS_VPH), 50)
    assert found.plan is unbalanced.running
    assert not found.is_better
    assert found.best_cost_s == found.running_cost_s


OUTCOMES = st.builds(
    Outcome,
    seed=st.just(1),
    vehicle_count=st.just(1000),
    delay_s=st.integers(0, 10**6).map(float),
    unfinished_veh=st.integers(0, 200),
    never_inserted_veh=st.integers(0, 200),
    teleports=st.integers(0, 20),
    collisions=st.integers(0, 20),
    stops=st.just(0),
    walking_delay_s=st.integers(0, 10**5).map(float),
)


@given(OUTCOMES)
def test_the_running_plan_is_charged_its_delay_alone(running: Outcome) -> None:
    assert cost_s([running], [running]) == (running.delay_s + running.walking_delay_s) / 1000


@given(
    OUTCOMES,
    OUTCOMES,
    st.sampled_from(["unfinished_veh", "never_inserted_veh", "teleports", "collisions"]),
    st.integers(1, 50),
)
def test_more_harm_never_costs_less(
    outcome: Outcome, running: Outcome, harm: str, more: int
) -> None:
    worse = replace(outcome, **{harm: getattr(outcome, harm) + more})
    assume(worse != running)  # the running plan itself owes no margin
    assert cost_s([worse], [running]) >= cost_s([outcome], [running])
    if getattr(outcome, harm) >= getattr(running, harm) and harm in ("teleports", "collisions"):
        assert cost_s([worse], [running]) >= cost_s([outcome], [running]) + 0.6 * more - 1e-9
