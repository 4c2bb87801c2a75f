"""Retiming of large networks: subarea by subarea, each on a model of its own surroundings.

One plan for the whole network is chosen first, so that neighbours share a cycle and the heaviest
streams are coordinated.  Then every subarea is searched on a model of its own streets and those
of the signals around it, which run what they run: their platoons arrive, their queues count, but
they are held.  No two subareas with a common border are searched at the same time, so each one
meets what its neighbours have settled on.  A second pass lets every subarea answer to what came
after it.  Time and memory of a search grow with the number of subareas, and several of them run
side by side.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from citybrain.config import SearchSettings
from citybrain.ports.evaluation import Evaluation, PlanEvaluator, Progress
from citybrain.ports.tables import TableEvaluator
from optimizer.area_pass import AreaPass, Crew, PassBudget
from optimizer.candidate import Candidate, Workshop
from optimizer.objective import cost_s
from optimizer.painting import Painter
from optimizer.retime import Retiming, Task
from optimizer.scoring import PLAN_NAME
from optimizer.starts import Starter
from optimizer.subareas import Division, divide

MOST_SIGNALS = 30
"""Signals of a subarea, at most; larger ones search longer, smaller ones have more border."""

_PASSES = (0.6, 1.0)
"""Share of the search's budget that is used when each pass over the subareas ends. [-]"""
_FEWEST = 2
"""Runs without which nothing can be judged: one of the running plan and one of another."""
_DICE = 100_003
"""Distance of the dice of one pass from those of the next; more than there are subareas."""
_UNBOUNDED_PLANS = 2_000
"""Plans for a subarea where the budget has no bound at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeEvaluators:
    """What prices plans of a large network.

    Parameters
    ----------
    whole
        Prices plans of the whole network.
    crew
        Searches its subareas.
    proving
        Runs a few whole plans, among which the last choice is made; none where that would take
        too long.
    """

    whole: TableEvaluator
    crew: Crew
    proving: PlanEvaluator | None = None


@dataclass(frozen=True, slots=True)
class _Stage:
    """A plan of the whole network on the way, and what the fast model says of it [s/veh]."""

    candidate: Candidate
    price_s: float


def retime_large(
    task: Task,
    evaluators: LargeEvaluators,
    settings: SearchSettings,
    *,
    clock: Callable[[], float],
    progress: Progress,
) -> Retiming:
    """Search a better plan for a large network.

    Parameters
    ----------
    task
        What is to be retimed.
    evaluators
        What prices plans.
    settings
        Budget and seeds.  A budget in evaluations means ``model_runs`` plans for each of them, in
        every subarea; with it the same inputs give the same plan.
    clock
        Tells the time; can be pickled. [s]
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
    search = LargeSearch(task, evaluators, settings, clock, progress)
    running, *stages = search.stages()
    best = min(stages, key=lambda stage: stage.price_s)
    costs_s, runs = (running.price_s, best.price_s), 0
    if evaluators.proving is not None and (settings.evaluation_budget or _FEWEST) >= _FEWEST:
        best, costs_s, runs = search.judged(stages, evaluators.proving)
    is_better = costs_s[1] < costs_s[0]
    return Retiming(
        plan=search.workshop.plan(best.candidate, PLAN_NAME) if is_better else task.running,
        is_better=is_better,
        evaluations=runs,
        model_evaluations=search.tried,
        running_cost_s=costs_s[0],
        best_cost_s=min(costs_s),
    )


@dataclass(slots=True)
class LargeSearch:
    """A search by subareas; one use.

    Parameters
    ----------
    task, evaluators, settings, clock, progress
        As for ``retime_large``.
    """

    task: Task
    evaluators: LargeEvaluators
    settings: SearchSettings
    clock: Callable[[], float]
    progress: Progress
    workshop: Workshop = field(init=False)
    tried: int = field(init=False, default=0)
    _whole: Painter = field(init=False)
    _division: Division = field(init=False)
    _began_s: float = field(init=False)

    def __post_init__(self) -> None:
        """Start the clock and cut the network."""
        self._began_s = self.clock()
        self.workshop = Workshop.of(self.task.running, self.task.network)
        self._whole = Painter(self.workshop, self.evaluators.whole)
        self._division = divide(self.task.network, self.task.demand, MOST_SIGNALS)

    def stages(self) -> Iterator[_Stage]:
        """Yield the running plan, the best plan for all, and what each pass made of it."""
        starter = Starter(self.workshop, self.task.network, self.task.demand)
        priced = self._priced(list(starter.coordinated()))
        yield priced[0]
        best = min(priced, key=lambda stage: stage.price_s)
        yield best
        for number in range(len(_PASSES)):
            starts = (best.candidate,) if number else (best.candidate, priced[0].candidate)
            found = self._priced([self._passed(number, starts)])[0]
            yield found
            best = min(best, found, key=lambda stage: stage.price_s)

    def _passed(self, number: int, starts: Sequence[Candidate]) -> Candidate:
        """Return what a pass over the subareas makes of a plan."""
        crew, settings = self.evaluators.crew, self.settings
        crew.parts.observe(self._whole.tables(starts[:1]))
        share = _PASSES[number] - (_PASSES[number - 1] if number else 0.0)
        plans = (settings.evaluation_budget or 0) * settings.model_runs
        if not plans and settings.seconds_budget is None:
            plans = _UNBOUNDED_PLANS
        end_s = None
        if settings.seconds_budget is not None:
            whole_s = settings.seconds_budget
            whole_s *= settings.model_share if self.evaluators.proving else 1.0
            end_s = self._began_s + whole_s * _PASSES[number]
        budget = PassBudget(plans=plans * share or None, end_s=end_s, clock=self.clock)
        dice = settings.seed + _DICE * number
        one = AreaPass(self.workshop, self._division, crew, budget, dice)
        found = one.run(starts)
        self.tried += one.plans
        return found

    def judged(
        self, stages: Sequence[_Stage], proving: PlanEvaluator
    ) -> tuple[_Stage, tuple[float, float], int]:
        """Return the stage that a better judge finds best, running and best cost [s/veh], runs.

        The latest stage is run first, beside the running plan; the others as far as the budget
        allows.
        """
        seed = self.settings.simulation_seeds[0]
        ordered = list({stage.candidate: stage for stage in reversed(stages)}.values())
        began_s = self.clock()
        plans = [self.task.running, self.workshop.plan(ordered[0].candidate, PLAN_NAME)]
        outcomes = proving.evaluate([Evaluation(plan=plan, seed=seed) for plan in plans])
        took_s = self.clock() - began_s
        if self._allows(took_s * len(ordered[1:]) / 2, 1 + len(ordered)):
            others = [self.workshop.plan(stage.candidate, PLAN_NAME) for stage in ordered[1:]]
            outcomes += proving.evaluate([Evaluation(plan=plan, seed=seed) for plan in others])
        running = outcomes[:1]
        objective = self.settings.objective
        costs_s = [cost_s([outcome], running, objective) for outcome in outcomes[1:]]
        least_s = min(costs_s)
        return (
            ordered[costs_s.index(least_s)],
            (cost_s(running, running, objective), least_s),
            len(outcomes),
        )

    def _allows(self, needed_s: float, runs: int) -> bool:
        """Tell whether some more time and so many runs in all are within the budget."""
        seconds, evaluations = self.settings.seconds_budget, self.settings.evaluation_budget
        is_in_time = seconds is None or self.clock() - self._began_s + needed_s <= seconds
        return is_in_time and (evaluations is None or runs <= evaluations)

    def _priced(self, candidates: Sequence[Candidate]) -> list[_Stage]:
        self.tried += len(candidates)
        prices_s = self._whole.prices(candidates).mean_s.tolist()
        used = (self.clock() - self._began_s) / (self.settings.seconds_budget or math.inf)
        self.progress(min(1.0, used), f"fast model {min(prices_s):.1f} s/veh")
        return [_Stage(*priced) for priced in zip(candidates, prices_s, strict=True)]
