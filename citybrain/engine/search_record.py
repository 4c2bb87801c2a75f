"""Takes down the course of a search, by listening to what it asks its evaluators."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from citybrain.config import Objective
from citybrain.model.plan import Plan
from citybrain.model.search_course import Milestone, SearchCourse
from citybrain.model.verdict import Outcome
from citybrain.ports.evaluation import Evaluation, PlanEvaluator
from citybrain.ports.tables import Prices, SignalTables, TableEvaluator
from optimizer.objective import cost_s

_NOTHING_S = 1e-9
_STANDARD = Objective()


class SearchRecord:
    """Listens to the evaluators of one search.

    Parameters
    ----------
    running
        The plan that runs today; a search runs it on every day on which it runs another.
    clock
        Tells the time. [s]
    objective
        What the search counts for how much.
    """

    def __init__(
        self, running: Plan, clock: Callable[[], float], objective: Objective = _STANDARD
    ) -> None:
        self._running = running
        self._objective = objective
        self.clock = clock
        self._began_s = clock()
        self._priced = self._runs = 0
        self._model: list[Milestone] = []
        self._simulation: list[Milestone] = []
        self._outcomes: dict[Plan, dict[Evaluation, Outcome]] = defaultdict(dict)

    def proving(self, evaluator: PlanEvaluator) -> PlanEvaluator:
        """Return an evaluator that does the same, and is listened to."""
        return _HeardEvaluator(evaluator, self._hear_outcomes)

    def pricing(self, evaluator: TableEvaluator) -> TableEvaluator:
        """Return a fast model that does the same, and is listened to."""
        return _HeardTables(evaluator, self._hear_prices)

    def hear_parts(self, plans: int) -> None:
        """Take note of plans that the fast model priced for a part of the network only.

        Parameters
        ----------
        plans
            How many; they count as tried, but their costs are not those of a whole plan.
        """
        self._priced += plans

    def course(self) -> SearchCourse:
        """Return what was heard so far."""
        running = self._outcomes.get(self._running)
        return SearchCourse(
            model=tuple(self._model),
            simulation=tuple(self._simulation),
            running_cost_s=self._own_cost_s(list(running.values())) if running else None,
            elapsed_s=self._elapsed_s,
            priced=self._priced,
            runs=self._runs,
        )

    @property
    def _elapsed_s(self) -> float:
        return round(self.clock() - self._began_s, 3)

    def _hear_prices(self, prices: Prices) -> None:
        self._priced += len(prices.mean_s)
        self._note(self._model, self._priced, float(prices.mean_s.min()), is_best=True)

    def _hear_outcomes(
        self, evaluations: Sequence[Evaluation], outcomes: Sequence[Outcome]
    ) -> None:
        self._runs += len(evaluations)
        for evaluation, outcome in zip(evaluations, outcomes, strict=True):
            day = replace(evaluation, plan=self._running)
            self._outcomes[evaluation.plan][day] = outcome
        ranked = [
            (-len(days), self._adjusted_cost_s(days))
            for plan, days in self._outcomes.items()
            if plan != self._running and days.keys() <= self._outcomes[self._running].keys()
        ]
        if ranked:
            self._note(self._simulation, self._runs, min(ranked)[1], is_best=False)

    def _adjusted_cost_s(self, days: dict[Evaluation, Outcome]) -> float:
        """Return a cost on some days as if they were all the running plan's days [s/veh]."""
        known = self._outcomes[self._running]
        same = [known[day] for day in days]
        level = self._own_cost_s(list(known.values())) / max(self._own_cost_s(same), _NOTHING_S)
        return cost_s(list(days.values()), same, self._objective) * level

    def _note(
        self, milestones: list[Milestone], tried: int, now_s: float, *, is_best: bool
    ) -> None:
        last_s = milestones[-1].cost_s if milestones else float("inf")
        if now_s < last_s or (now_s > last_s and not is_best):
            milestones.append(Milestone(elapsed_s=self._elapsed_s, tried=tried, cost_s=now_s))

    def _own_cost_s(self, outcomes: list[Outcome]) -> float:
        """Return what the running plan costs on some days: no harm is charged [s/veh]."""
        return fmean(cost_s([outcome], [outcome], self._objective) for outcome in outcomes)


@dataclass(frozen=True, slots=True)
class _HeardEvaluator:
    """Runs plans and tells what came of them."""

    inner: PlanEvaluator
    hear: Callable[[Sequence[Evaluation], Sequence[Outcome]], None]

    def evaluate(self, evaluations: Sequence[Evaluation]) -> list[Outcome]:
        """Return one outcome for each evaluation; see ``PlanEvaluator``."""
        outcomes = self.inner.evaluate(evaluations)
        self.hear(evaluations, outcomes)
        return outcomes


@dataclass(frozen=True, slots=True)
class _HeardTables:
    """Prices plans and tells their prices."""

    inner: TableEvaluator
    hear: Callable[[Prices], None]

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Intersection → its groups; see ``TableEvaluator``."""
        return self.inner.groups

    @property
    def neighbours(self) -> Collection[tuple[str, str]]:
        """Pairs of intersections that follow each other; see ``TableEvaluator``."""
        return self.inner.neighbours

    @property
    def vehicles(self) -> float:
        """Vehicles that want to travel; see ``TableEvaluator`` [veh]."""
        return self.inner.vehicles

    def price(self, tables: SignalTables) -> Prices:
        """Return what each plan costs; see ``TableEvaluator``."""
        prices = self.inner.price(tables)
        self.hear(prices)
        return prices
