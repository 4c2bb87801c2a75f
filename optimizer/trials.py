"""A few plans on one day and then on more of them, beside the running plan on the same days."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from citybrain.config import SearchSettings
from citybrain.model.plan import Plan
from citybrain.model.verdict import Outcome
from citybrain.ports.evaluation import Evaluation, PlanEvaluator
from optimizer.objective import cost_s

_RUNNING = -1


@dataclass(slots=True)
class Trials:
    """Runs plans, each day at most once.

    Parameters
    ----------
    running
        The plan that runs today.
    plans
        The others; their places are their names here.
    proving
        Runs plans.
    settings
        Days that may be seen, and what counts for how much.
    runs
        Runs so far.
    """

    running: Plan
    plans: Sequence[Plan]
    proving: PlanEvaluator
    settings: SearchSettings
    runs: int = 0
    _seen: dict[int, list[Outcome]] = field(default_factory=lambda: defaultdict(list))

    def run(self, numbers: Sequence[int], days: int) -> None:
        """Run some plans, and the running one, on so many days.

        Parameters
        ----------
        numbers
            Places of the plans.
        days
            How many of the days that may be seen.

        Raises
        ------
        SimulationError
            A run failed.
        """
        jobs = [
            (number, day)
            for number in (_RUNNING, *numbers)
            for day in self.settings.days[len(self._seen[number]) : days]
        ]
        outcomes = self.proving.evaluate(
            [
                Evaluation(plan=self._plan(number), seed=seed, demand_scale=scale)
                for number, (seed, scale) in jobs
            ]
        )
        for (number, _), outcome in zip(jobs, outcomes, strict=True):
            self._seen[number].append(outcome)
        self.runs += len(jobs)

    def ranked(self) -> list[int]:
        """Return the plans that were run on the most days, the best one first; then others."""
        tried = [number for number in self._seen if number != _RUNNING]
        return sorted(tried, key=lambda n: (-len(self._seen[n]), self.costs_s(n)[1]))

    def costs_s(self, number: int) -> tuple[float, float]:
        """Return what the running plan and another one cost on the latter's days [s/veh]."""
        own, objective = self._seen[number], self.settings.objective
        running = self._seen[_RUNNING][: len(own)]
        return cost_s(running, running, objective), cost_s(own, running, objective)

    def _plan(self, number: int) -> Plan:
        return self.running if number == _RUNNING else self.plans[number]
