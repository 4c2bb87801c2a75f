"""What a search minimises, and how it asks for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from citybrain.model.network import Network
from citybrain.model.plan import Plan
from citybrain.model.verdict import Outcome
from citybrain.ports.evaluation import Evaluation, PlanEvaluator
from optimizer.budget import Budget
from optimizer.candidate import Candidate, Workshop

_EXCESS_COST_S = 600.0
"""Charge for each stranded vehicle, teleport or collision beyond those of the running plan; it
tells a search which way leads back to plans that can be accepted. [s]"""

_MARGIN_VEH = 1.0
"""Stranded vehicles that a plan should spare in each run, so that other days do not turn an
equal count into a rise. [veh]"""

_HARMS: tuple[Callable[[Outcome], int], ...] = (
    lambda outcome: outcome.stranded_veh,
    lambda outcome: outcome.never_inserted_veh,
    lambda outcome: outcome.teleports,
    lambda outcome: outcome.collisions,
)

PLAN_NAME = "citybrain"


@dataclass(frozen=True, slots=True)
class Score:
    """Cost of a candidate over some days.

    Parameters
    ----------
    mean_s
        Delay of drivers and people on foot, per vehicle that wanted to travel. [s/veh]
    local_s
        Intersection → delay charged to its movements, summed over the days. [s]
    """

    mean_s: float
    local_s: Mapping[str, float]


Day = tuple[int, float]
"""Seed, and travellers for each one of the demand."""

_Key = tuple[Candidate | None, Day]
"""Candidate and day; no candidate stands for the running plan as it is."""


@dataclass(slots=True)
class Scorer:
    """Evaluates candidates, each on each day once.

    The running plan is run on every day that a candidate is run on, because the cost of a
    candidate depends on what must not rise.

    Parameters
    ----------
    workshop
        Renders candidates.
    network
        Tells where a movement belongs.
    evaluator
        Runs plans.
    budget
        Is charged one run for each evaluation that was not known yet.
    """

    workshop: Workshop
    network: Network
    evaluator: PlanEvaluator
    budget: Budget
    _running: Candidate | None = field(init=False)
    _known: dict[_Key, Outcome] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Recognise the running plan among the candidates, unless it had to be mended."""
        self._running = self.workshop.unchanged()

    def cost(self, candidates: Sequence[Candidate], days: Sequence[Day]) -> int:
        """Return how many runs the scores of some candidates still need."""
        return len(self._missing(candidates, days))

    def running_score(self, days: Sequence[Day]) -> Score:
        """Return the score of the running plan itself over some days."""
        self._run(self._missing([], days))
        return self._score(None, days)

    def scores(self, candidates: Sequence[Candidate], days: Sequence[Day]) -> list[Score]:
        """Return the scores of candidates over some days, in their order."""
        self._run(self._missing(candidates, days))
        return [self._score(self._key(candidate), days) for candidate in candidates]

    def _key(self, candidate: Candidate) -> Candidate | None:
        return None if candidate == self._running else candidate

    def _missing(self, candidates: Sequence[Candidate], days: Sequence[Day]) -> list[_Key]:
        plans = dict.fromkeys([None, *map(self._key, candidates)])
        wanted = [(plan, day) for plan in plans for day in days]
        return [key for key in wanted if key not in self._known]

    def _run(self, missing: Sequence[_Key]) -> None:
        plans = {candidate: self._plan(candidate) for candidate, _ in missing}
        runs = [
            Evaluation(plan=plans[candidate], seed=seed, demand_scale=scale)
            for candidate, (seed, scale) in missing
        ]
        outcomes = self.evaluator.evaluate(runs)
        self.budget.spent += len(runs)
        self._known.update(zip(missing, outcomes, strict=True))

    def _plan(self, candidate: Candidate | None) -> Plan:
        if candidate is None:
            return self.workshop.running
        return self.workshop.plan(candidate, PLAN_NAME)

    def _score(self, candidate: Candidate | None, days: Sequence[Day]) -> Score:
        outcomes = [self._known[candidate, day] for day in days]
        running = [self._known[None, day] for day in days]
        local_s: dict[str, float] = {}
        for outcome in outcomes:
            for movement, delay_s in outcome.movement_delay_s.items():
                where = self.network.movements[movement].intersection
                local_s[where] = local_s.get(where, 0.0) + delay_s
        return Score(cost_s(outcomes, running), local_s)


def cost_s(outcomes: Sequence[Outcome], running: Sequence[Outcome]) -> float:
    """Return what a plan costs, per vehicle that wanted to travel.

    Parameters
    ----------
    outcomes
        Runs of the plan.
    running
        Runs of the running plan on the same days.

    Returns
    -------
    float
        Delay of drivers and of people on foot.  A plan that strands more vehicles or has more
        teleports or collisions than the running plan costs more than the running plan, whatever
        it saves: such a plan would not be accepted.  One that strands about as many is charged
        a little, so that other days do not tip it over. [s/veh]
    """
    own_s = _delay_s(outcomes)
    if outcomes == running:
        return own_s
    vehicles = max(1, sum(outcome.vehicle_count for outcome in outcomes))
    excess = _excess(outcomes, running)
    if excess > 0:
        own_s = max(own_s, _delay_s(running))
    return own_s + _EXCESS_COST_S * (excess + _short_of_margin(outcomes, running)) / vehicles


def _delay_s(outcomes: Sequence[Outcome]) -> float:
    """Return the mean over runs of the delay per vehicle that wanted to travel [s/veh]."""
    means_s = [
        (outcome.delay_s + outcome.walking_delay_s) / max(1, outcome.vehicle_count)
        for outcome in outcomes
    ]
    return sum(means_s) / len(means_s)


def _excess(outcomes: Sequence[Outcome], running: Sequence[Outcome]) -> int:
    """Return how many more vehicles are harmed than in the running plan, over all runs [veh]."""
    return sum(max(0, sum(map(count, outcomes)) - sum(map(count, running))) for count in _HARMS)


def _short_of_margin(outcomes: Sequence[Outcome], running: Sequence[Outcome]) -> float:
    """Return how many stranded vehicles are missing to the margin, over all runs [veh]."""
    stranded = sum(outcome.stranded_veh for outcome in outcomes)
    before = sum(outcome.stranded_veh for outcome in running)
    margin = min(_MARGIN_VEH * len(running), before)
    return min(margin, max(0.0, stranded - (before - margin)))
