"""What a search minimises, and how it asks for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from citybrain.model.network import Network
from citybrain.model.plan import Plan
from citybrain.model.verdict import Outcome
from citybrain.ports.evaluation import Evaluation, PlanEvaluator
from optimizer.budget import Budget
from optimizer.candidate import Candidate, Workshop

_EXCESS_COST_S = 600.0
"""Charge for each stranded vehicle, teleport or collision beyond those of the running plan.  A
plan with more of them is never accepted, so the charge only has to outweigh what they save. [s]"""

_MARGIN_VEH = 1.0
"""Stranded vehicles that a plan should spare in each run, so that other seeds do not turn an
equal count into a rise. [veh]"""

PLAN_NAME = "citybrain"


@dataclass(frozen=True, slots=True)
class Score:
    """Cost of a candidate over some seeds.

    Parameters
    ----------
    mean_s
        Delay of drivers and people on foot, per vehicle that wanted to travel. [s/veh]
    local_s
        Intersection → delay charged to its movements, summed over the seeds. [s]
    """

    mean_s: float
    local_s: Mapping[str, float]


_Key = tuple[Candidate | None, int]
"""Candidate and seed; no candidate stands for the running plan as it is."""


@dataclass(slots=True)
class Scorer:
    """Evaluates candidates, each with each seed once.

    The running plan is run with every seed that a candidate is run with, because the cost of a
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

    def cost(self, candidates: Sequence[Candidate], seeds: Sequence[int]) -> int:
        """Return how many runs the scores of some candidates still need."""
        return len(self._missing(candidates, seeds))

    def running_score(self, seeds: Sequence[int]) -> Score:
        """Return the score of the running plan itself over some seeds."""
        self._run(self._missing([], seeds))
        return self._score(None, seeds)

    def scores(self, candidates: Sequence[Candidate], seeds: Sequence[int]) -> list[Score]:
        """Return the scores of candidates over some seeds, in their order."""
        self._run(self._missing(candidates, seeds))
        return [self._score(self._key(candidate), seeds) for candidate in candidates]

    def _key(self, candidate: Candidate) -> Candidate | None:
        return None if candidate == self._running else candidate

    def _missing(self, candidates: Sequence[Candidate], seeds: Sequence[int]) -> list[_Key]:
        plans = dict.fromkeys([None, *map(self._key, candidates)])
        wanted = [(plan, seed) for plan in plans for seed in seeds]
        return [key for key in wanted if key not in self._known]

    def _run(self, missing: Sequence[_Key]) -> None:
        plans = {candidate: self._plan(candidate) for candidate, _ in missing}
        runs = [Evaluation(plan=plans[candidate], seed=seed) for candidate, seed in missing]
        outcomes = self.evaluator.evaluate(runs)
        self.budget.spent += len(runs)
        self._known.update(zip(missing, outcomes, strict=True))

    def _plan(self, candidate: Candidate | None) -> Plan:
        if candidate is None:
            return self.workshop.running
        return self.workshop.plan(candidate, PLAN_NAME)

    def _score(self, candidate: Candidate | None, seeds: Sequence[int]) -> Score:
        local_s: dict[str, float] = {}
        costs_s = []
        for seed in seeds:
            outcome = self._known[candidate, seed]
            costs_s.append(cost_s(outcome, self._known[None, seed]))
            for movement, delay_s in outcome.movement_delay_s.items():
                where = self.network.movements[movement].intersection
                local_s[where] = local_s.get(where, 0.0) + delay_s
        return Score(sum(costs_s) / len(costs_s), local_s)


def cost_s(outcome: Outcome, running: Outcome) -> float:
    """Return what a run costs, per vehicle that wanted to travel.

    Parameters
    ----------
    outcome
        The run.
    running
        The run of the running plan with the same seed.

    Returns
    -------
    float
        Delay of drivers and of people on foot, and a charge for what must not rise. [s/veh]
    """
    excess = (
        max(0.0, outcome.stranded_veh - max(0.0, running.stranded_veh - _MARGIN_VEH))
        + max(0, outcome.never_inserted_veh - running.never_inserted_veh)
        + max(0, outcome.teleports - running.teleports)
        + max(0, outcome.collisions - running.collisions)
    )
    if outcome == running:
        excess = 0.0
    total_s = outcome.delay_s + outcome.walking_delay_s + _EXCESS_COST_S * excess
    return total_s / max(1, outcome.vehicle_count)
