"""How a search asks what its candidates cost, each on each day once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from citybrain.config import Objective
from citybrain.model.network import Network
from citybrain.model.plan import Plan
from citybrain.model.verdict import Outcome
from citybrain.ports.evaluation import Evaluation, PlanEvaluator
from optimizer.budget import Budget
from optimizer.candidate import Candidate
from optimizer.objective import cost_s
from optimizer.workshop import Workshop

PLAN_NAME = "citybrain"


@dataclass(frozen=True, slots=True)
class Score:
    """Cost of a candidate over some days.

    Parameters
    ----------
    mean_s
        What the plan costs, per vehicle that wanted to travel; see ``optimizer.objective``. [s/veh]
    local_s
        Intersection → delay charged to its movements, mean over the days. [s]
    day_count
        How many days.
    """

    mean_s: float
    local_s: Mapping[str, float]
    day_count: int


Scored = tuple[Candidate, Score]
"""A candidate with its score in SUMO."""

Ranked = Sequence[Scored]
"""Candidates with their scores in SUMO, the best one first."""

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
    objective
        What counts for how much.
    """

    workshop: Workshop
    network: Network
    evaluator: PlanEvaluator
    budget: Budget
    objective: Objective = field(default_factory=Objective)
    _running: Candidate | None = field(init=False)
    _known: dict[_Key, Outcome] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Recognise the running plan among the candidates, unless it had to be mended."""
        self._running = self.workshop.unchanged()

    def cost(self, candidates: Sequence[Candidate], days: Sequence[Day]) -> int:
        """Return how many runs the scores of some candidates still need."""
        return len(self._missing(candidates, days))

    def running_score(self, days: Sequence[Day]) -> Score:
        """Return the score of the running plan itself over some days.

        Raises
        ------
        SimulationError
            A run failed.
        """
        self._run(self._missing([], days))
        return self._score(None, days)

    def scores(self, candidates: Sequence[Candidate], days: Sequence[Day]) -> list[Score]:
        """Return the scores of candidates over some days, in their order.

        Raises
        ------
        SimulationError
            A run failed.
        """
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
                local_s[where] = local_s.get(where, 0.0) + delay_s / len(days)
        return Score(cost_s(outcomes, running, self.objective), local_s, len(days))
