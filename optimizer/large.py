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
from dataclasses import dataclass, field, replace

from citybrain.config import MODEL_DAYS, SearchSettings
from citybrain.ports.evaluation import PlanEvaluator, Progress
from citybrain.ports.tables import TableEvaluator
from optimizer.area_pass import AreaPass, Crew, PassBudget
from optimizer.area_search import AreaFound
from optimizer.candidate import Candidate
from optimizer.painting import Painter
from optimizer.retime import Retiming, Task
from optimizer.scoring import PLAN_NAME
from optimizer.starts import Starter
from optimizer.subareas import Division, divide
from optimizer.trials import Trials
from optimizer.workshop import Workshop

MOST_SIGNALS = 30
"""Signals of a subarea, at most; larger ones search longer, smaller ones have more border."""

_PASSES = (0.6, 1.0)
"""Share of the search's budget that is used when each pass over the subareas ends. [-]"""
_FEWEST = 2
"""Runs without which nothing can be judged: one of the running plan and one of another."""
_FINALISTS = 2
"""Plans that are run on a second, busier day beside the running one."""
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
        too long.  It should charge delay to movements where the objective bounds these.
    heard
        Is told how many plans were priced in a subarea.
    """

    whole: TableEvaluator
    crew: Crew
    proving: PlanEvaluator | None = None
    heard: Callable[[int], None] = lambda plans: None


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
    is_stopped: Callable[[], bool] = lambda: False,
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
        Hears the best cost found, and of every subarea that was searched.
    is_stopped
        Tells whether somebody wants the search to end with its best so far: the subareas that are
        under way are awaited, and the last plan is judged beside the running one, earlier ones
        only if that is no better.

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
    search = LargeSearch(task, evaluators, settings, clock, progress, is_stopped)
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
    task, evaluators, settings, clock, progress, is_stopped
        As for ``retime_large``.
    """

    task: Task
    evaluators: LargeEvaluators
    settings: SearchSettings
    clock: Callable[[], float]
    progress: Progress
    is_stopped: Callable[[], bool]
    workshop: Workshop = field(init=False)
    tried: int = field(init=False, default=0)
    _searched: int = field(init=False, default=0)
    _least_s: float = field(init=False, default=math.inf)
    _whole: Painter = field(init=False)
    _division: Division = field(init=False)
    _began_s: float = field(init=False)

    def __post_init__(self) -> None:
        """Start the clock and cut the network."""
        self._began_s = self.clock()
        self.workshop = self.task.workshop()
        self._whole = Painter(self.workshop, self.evaluators.whole)
        self._division = divide(self.task.network, self.task.demand, MOST_SIGNALS)

    def stages(self) -> Iterator[_Stage]:
        """Yield the running plan, the best plan for all, and what each pass made of it."""
        starter = Starter(self.workshop, self.task.network, self.task.demand)
        priced = self._priced(list(starter.coordinated()))
        running_s = float(self._whole.running_prices().mean_s[0])
        self.tried += 1
        yield replace(priced[0], price_s=running_s)
        best = min(priced, key=lambda stage: stage.price_s)
        yield best
        for number in range(len(_PASSES)):
            if self.is_stopped():
                return
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
        budget = PassBudget(
            plans=plans * share or None,
            end_s=end_s,
            clock=self.clock,
            is_stopped=self.is_stopped,
        )
        dice = settings.seed + _DICE * number
        return AreaPass(self.workshop, self._division, crew, budget, dice, self._hear).run(starts)

    def _hear(self, found: AreaFound) -> None:
        """Take note of a subarea that was searched."""
        self.tried += found.plans
        self._searched += 1
        self.evaluators.heard(found.plans)
        self._tell()

    def _tell(self, text: str = "") -> None:
        """Tell how far the search has come."""
        every = len(_PASSES) * len(self._division.areas)
        seconds = self.settings.seconds_budget
        used = (self.clock() - self._began_s) / seconds if seconds else self._searched / every
        found = f"fast model {self._least_s:.1f} s/veh, {self._searched} of {every} subareas"
        self.progress(min(1.0, used), f"search: {text or found}")

    def judged(
        self, stages: Sequence[_Stage], proving: PlanEvaluator
    ) -> tuple[_Stage, tuple[float, float], int]:
        """Return the stage that a better judge finds best, running and best cost [s/veh], runs.

        The latest stage is run first, beside the running plan; the others as far as the budget
        allows, or where a stopped search has nothing better yet; then the best of them on a busier
        day, where a plan without reserve shows it.
        """
        ordered = list({stage.candidate: stage for stage in reversed(stages)}.values())
        plans = [self.workshop.plan(stage.candidate, PLAN_NAME) for stage in ordered]
        trials = Trials(self.task.running, plans, proving, self.settings)
        began_s = self.clock()
        self._tell("whole plans are simulated")
        trials.run([0], 1)
        pace_s = (self.clock() - began_s) / trials.runs
        running_s, latest_s = trials.costs_s(0)
        is_needed = self.is_stopped() and latest_s >= running_s
        if is_needed or self._allows(pace_s, trials.runs, len(plans) - 1):
            trials.run(range(len(plans)), 1)
        finalists = trials.ranked()[:_FINALISTS]
        if self._allows(pace_s, trials.runs, len(finalists) + 1):
            trials.run(finalists, len(self.settings.days[:MODEL_DAYS]))
        best = trials.ranked()[0]
        return ordered[best], trials.costs_s(best), trials.runs

    def _allows(self, pace_s: float, before: int, more: int) -> bool:
        """Tell whether some more runs are within the budget, by the pace of those before."""
        seconds, evaluations = self.settings.seconds_budget, self.settings.evaluation_budget
        end_s = self.clock() - self._began_s + pace_s * more
        is_in_time = seconds is None or end_s <= seconds
        is_in_runs = evaluations is None or before + more <= evaluations
        return is_in_time and is_in_runs and not self.is_stopped()

    def _priced(self, candidates: Sequence[Candidate]) -> list[_Stage]:
        self.tried += len(candidates)
        prices_s = self._whole.prices(candidates).mean_s.tolist()
        self._least_s = min(self._least_s, *prices_s)
        self._tell()
        return [_Stage(*priced) for priced in zip(candidates, prices_s, strict=True)]
