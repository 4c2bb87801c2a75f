"""Retiming: from a running plan and its demand to the best plan that a budget finds."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from citybrain.config import SearchSettings
from citybrain.model.flows import TurningDemand
from citybrain.model.network import Network
from citybrain.model.plan import Plan
from citybrain.ports.evaluation import PlanEvaluator, Progress
from optimizer.budget import Budget
from optimizer.candidate import Workshop
from optimizer.moves import Mover
from optimizer.scoring import PLAN_NAME, Scorer
from optimizer.search import Search
from optimizer.starts import Starter


@dataclass(frozen=True, slots=True, kw_only=True)
class Retiming:
    """What a search came to.

    Parameters
    ----------
    plan
        The best plan found; the running plan itself where nothing better was found.
    is_better
        Something better than the running plan was found, as far as the search can tell.
    evaluations
        Simulation runs that were spent.
    running_cost_s, best_cost_s
        Cost on the search's seeds. [s/veh]
    """

    plan: Plan
    is_better: bool
    evaluations: int
    running_cost_s: float
    best_cost_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be retimed, and under which limits.

    Parameters
    ----------
    network
        Streets and signals.
    running
        Plan that runs today.
    demand
        Demand per movement. [veh/h]
    """

    network: Network
    running: Plan
    demand: TurningDemand


def retime(
    task: Task,
    evaluator: PlanEvaluator,
    settings: SearchSettings,
    *,
    clock: Callable[[], float],
    progress: Progress,
) -> Retiming:
    """Search a better plan.

    Parameters
    ----------
    task
        What is to be retimed.
    evaluator
        Runs plans; it should charge delay to movements.
    settings
        Budget and seeds.  With a budget in evaluations and none in seconds, the same inputs
        give the same plan.
    clock
        Tells the time. [s]
    progress
        Hears the best cost found.

    Returns
    -------
    Retiming
        A plan that keeps every bound of its intersections.

    Raises
    ------
    SimulationError
        A run failed.
    InfeasibleError
        An intersection's bounds leave no plan.
    """
    budget = Budget(clock, settings.seconds_budget, settings.evaluation_budget)
    workshop = Workshop.of(task.running, task.network)
    scorer = Scorer(workshop, task.network, evaluator, budget)
    rng = random.Random(settings.seed)
    search = Search(scorer, Mover(workshop), rng, settings.simulation_seeds, progress)
    found = search.best_of(Starter(workshop, task.network, task.demand).candidates())
    if found.candidate is None or found.cost_s >= found.running_cost_s:
        plan = task.running
    else:
        plan = workshop.plan(found.candidate, PLAN_NAME)
    return Retiming(
        plan=plan,
        is_better=plan is not task.running,
        evaluations=budget.spent,
        running_cost_s=found.running_cost_s,
        best_cost_s=min(found.cost_s, found.running_cost_s),
    )
