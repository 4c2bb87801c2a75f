"""Retiming: from a running plan and its demand to the best plan that a budget finds."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, zip_longest

from citybrain.config import SearchSettings
from citybrain.model.flows import TurningDemand
from citybrain.model.nema.phases import PhaseMap
from citybrain.model.network import Network
from citybrain.model.plan import Plan
from citybrain.ports.evaluation import PlanEvaluator, Progress
from citybrain.ports.tables import TableEvaluator
from optimizer.actuating import OPTIONS, SHORT, USUAL
from optimizer.annealing import Annealer
from optimizer.bridging import bridged_plan
from optimizer.budget import Budget
from optimizer.candidate import Candidate
from optimizer.forge import FEWEST_RUNS, Forge
from optimizer.moves import Mover
from optimizer.painting import Painter
from optimizer.scoring import PLAN_NAME, Ranked, Scorer
from optimizer.search import Search
from optimizer.starts import Starter
from optimizer.workshop import Workshop

_BASES = 2
"""Of the best fixed times, those that are tried with each way of following detectors."""

_FIXED_BEFORE_ACTUATION = 6
"""Of the model's fixed times, that SUMO runs where greens that follow detectors are searched as
well: the runs are needed for these, and the best fixed times are only their start."""


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
    model_evaluations
        Plans that were priced by the fast model.
    running_cost_s, best_cost_s
        Cost on the search's seeds. [s/veh]
    seconds_wanted
        Budget with which the choice would be a sure one, where so few runs fitted that it is not;
        none elsewhere. [s]
    """

    plan: Plan
    is_better: bool
    evaluations: int
    model_evaluations: int
    running_cost_s: float
    best_cost_s: float
    seconds_wanted: float | None = None


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
    phase_maps
        Intersection → phases, rings and barriers of its unit, where the plan must fit them.
    """

    network: Network
    running: Plan
    demand: TurningDemand
    phase_maps: Mapping[str, PhaseMap] = field(default_factory=dict)

    def workshop(self) -> Workshop:
        """Return what candidates are made of: the running plan without needless gaps.

        Raises
        ------
        InfeasibleError
            No intersection has events to move, or a unit can run nothing like its pattern.
        """
        shown = bridged_plan(self.running, self.network)
        return Workshop.of(self.running, self.network, shown=shown, phase_maps=self.phase_maps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluators:
    """What runs plans during a search.

    Parameters
    ----------
    proving
        Runs the plans that are chosen among; it should charge delay to movements.
    fast
        Makes what prices thousands of plans, from whose best the chosen ones come; the making
        is charged to the budget.  Without it the search goes by ``proving`` alone.
    """

    proving: PlanEvaluator
    fast: Callable[[], TableEvaluator] | None = None


def retime(
    task: Task,
    evaluators: Evaluators,
    settings: SearchSettings,
    *,
    clock: Callable[[], float],
    progress: Progress,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Retiming:
    """Search a better plan.

    Parameters
    ----------
    task
        What is to be retimed.
    evaluators
        What runs plans.
    settings
        Budget and seeds.  With a budget in evaluations and none in seconds, the same inputs
        give the same plan.
    clock
        Tells the time. [s]
    progress
        Hears the best cost found.
    is_stopped
        Tells whether somebody wants the search to end with its best so far.

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
    budget = Budget(clock, settings.seconds_budget, settings.evaluation_budget, is_stopped)
    with budget.aside():
        workshop = task.workshop()
        starts = list(Starter(workshop, task.network, task.demand).candidates())
    scorer = Scorer(workshop, task.network, evaluators.proving, budget, settings.objective)
    rng = random.Random(settings.seed)
    mover = Mover(workshop, OPTIONS if settings.with_actuation else ())
    search = Search(scorer, mover, rng, settings.days, progress)
    running = workshop.start()
    tried = 0
    if evaluators.fast is None:
        search.sieve(starts)
        if settings.with_actuation:
            _let_follow(search, workshop, running)
    else:
        search.pace()
        with budget.aside():
            painter = Painter(workshop, evaluators.fast())
        annealer = Annealer(painter, replace(mover, options=()), rng)
        forge = Forge(annealer, budget, settings, progress)
        fixed = forge.first(starts)
        if settings.with_actuation:
            opening = [*_plain(workshop, running), *fixed[:_FIXED_BEFORE_ACTUATION], running]
            _let_follow(search, workshop, running, forge, search.sieve(dict.fromkeys(opening)))
        else:
            search.sieve(forge.again(search.sieve(dict.fromkeys([*fixed, running]))))
        tried = annealer.evaluations
    found = search.settled() if settings.with_actuation else search.best()
    is_better = found.candidate is not None and found.cost_s < found.running_cost_s
    return Retiming(
        plan=workshop.plan(found.candidate, PLAN_NAME)
        if found.candidate is not None and is_better
        else task.running,
        is_better=is_better,
        evaluations=budget.spent,
        model_evaluations=tried,
        running_cost_s=found.running_cost_s,
        best_cost_s=min(found.cost_s, found.running_cost_s),
        seconds_wanted=_seconds_wanted(budget, settings.model_share if tried else 0.0),
    )


def _seconds_wanted(budget: Budget, model_share: float) -> float | None:
    """Return the time that leaves room for enough runs beside the fast model [s], if this did not.

    Of what is added the fast model has its share again.  Who bounds the runs, or ends the search
    by hand, has been given what was asked for.
    """
    if budget.seconds is None or budget.evaluations is not None or budget.is_stopped():
        return None
    missing = FEWEST_RUNS - budget.spent
    if missing <= 0 or budget.allows(missing):
        return None
    return budget.seconds + budget.seconds_of(missing) / (1 - model_share)


def _let_follow(
    search: Search,
    workshop: Workshop,
    running: Candidate,
    forge: Forge | None = None,
    seen: Ranked = (),
) -> None:
    """Let the running plan and the best fixed times follow detectors, and exchange the settings.

    What needs no search comes first; the fast model's best come in turn with the settings as they
    are.
    """
    bases = dict.fromkeys([running, *search.leaders(_BASES)])
    plain, annealed = workshop.following(bases, OPTIONS), list[Candidate]()
    if forge is not None:
        forge.annealer.mover = replace(search.mover, options=OPTIONS)
        annealed = forge.again(seen, workshop.following(bases, OPTIONS))
    in_turn = chain.from_iterable(zip_longest(annealed, plain))
    first = _plain(workshop, running)
    tried = search.sieve(dict.fromkeys([*first, *filter(None, in_turn)]))
    search.sieve(search.joined(tried))


def _plain(workshop: Workshop, running: Candidate) -> list[Candidate]:
    """Return what follows detectors without any search, so that it is always among the tried.

    The running plan with two settings, one of them SUMO's default, and what follows them today.
    Where a run of SUMO takes so long that few fit, a plan that the fast model flatters must not
    be all that is tried.
    """
    today = workshop.today()
    return [*workshop.following([running], [SHORT, USUAL]), *([today] if today != running else [])]
