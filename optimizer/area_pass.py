"""One pass over the subareas of a network: each is searched while those around it are held."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field, replace

from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan
from citybrain.ports.tables import PartEvaluators
from optimizer.area_order import AreaOrder
from optimizer.area_search import AreaFound, AreaTask, search_area
from optimizer.candidate import Candidate
from optimizer.scoring import PLAN_NAME
from optimizer.subareas import Division
from optimizer.timing import Timing
from optimizer.workshop import Workshop


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """Who searches subareas.

    Parameters
    ----------
    parts
        Makes models of subareas.
    pool, workers
        Searches so many side by side; what it is handed can be pickled.
    """

    parts: PartEvaluators
    pool: Executor
    workers: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PassBudget:
    """How much one pass may spend.

    Parameters
    ----------
    plans
        Plans to be priced in each subarea; none for no bound.
    end_s
        When the pass should end; none for no bound.  Subareas that have not begun by then are
        left as they are. [s]
    clock
        Tells the time, the same in all processes; can be pickled. [s]
    is_stopped
        Tells whether somebody wants the pass to end with the subareas that are under way.
    """

    plans: float | None
    end_s: float | None
    clock: Callable[[], float]
    is_stopped: Callable[[], bool] = lambda: False

    @property
    def is_over(self) -> bool:
        """No other subarea should begin."""
        is_late = self.end_s is not None and self.clock() >= self.end_s
        return is_late or self.is_stopped()


@dataclass(slots=True)
class AreaPass:
    """One pass; use it once.

    A subarea waits for its neighbours of earlier waves, so that no two with a common border are
    searched at the same time, and what each of them meets does not depend on how fast others are.

    Parameters
    ----------
    workshop
        Timetables of the whole network.
    division
        Its subareas.
    crew
        Who searches them.
    budget
        How much may be spent.
    seed
        Dice; each subarea has its own.
    heard
        Is told what was found in a subarea.
    """

    workshop: Workshop
    division: Division
    crew: Crew
    budget: PassBudget
    seed: int
    heard: Callable[[AreaFound], None] = lambda found: None
    _order: AreaOrder = field(init=False)
    _patterns: dict[str, Pattern] = field(init=False)
    _timings: dict[str, Timing] = field(init=False)

    def run(self, starts: Sequence[Candidate]) -> Candidate:
        """Search every subarea once.

        Parameters
        ----------
        starts
            Plans of the whole network: the first is what runs around a subarea until that has
            been searched itself, all are where its search starts.
        """
        first = self.workshop.plan(starts[0], PLAN_NAME)
        self._patterns = {pattern.intersection: pattern for pattern in first.patterns}
        self._timings = starts[0].by_name()
        others = [start.by_name() for start in starts[1:]]
        sizes = [self._size(area) for area in range(len(self.division.areas))]
        self._order = AreaOrder.of(sizes, self.division.touching(), self.crew.workers)
        self._search(others)
        return Candidate.of(self._timings)

    def _search(self, others: Sequence[dict[str, Timing]]) -> None:
        """Search subareas side by side until all are done or no other one should begin."""
        waiting, done = list(self._order.areas), set[int]()
        under_way: dict[Future[AreaFound], int] = {}
        while waiting or under_way:
            ready = [area for area in waiting if self._order.before[area] <= done]
            for area in ready[: self.crew.workers - len(under_way)]:
                if self.budget.is_over:
                    waiting.clear()
                    break
                under_way[self.crew.pool.submit(search_area, self._task(area, others))] = area
                waiting.remove(area)
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                area = under_way.pop(future)
                self._take(area, future.result())
                done.add(area)

    def _own(self, area: int) -> list[str]:
        """Return the signals of a subarea that have something to move."""
        return [name for name in self.division.areas[area] if name in self.workshop.timetables]

    def _size(self, area: int) -> int:
        """Return how many signals a subarea has, none where nothing can be moved."""
        return len(self.division.areas[area]) if self._own(area) else 0

    def _workshop_of(self, area: int) -> Workshop:
        """Return the timetables of a subarea, over what runs there and around it."""
        known, own = self.workshop, self._own(area)
        names = (*self.division.areas[area], *self.division.around(area))
        now = Plan(name=PLAN_NAME, patterns=tuple(self._patterns[name] for name in names))
        return replace(
            known,
            running=now,
            shown=now,
            rings={name: known.rings[name].forgotten() for name in own if name in known.rings},
            timetables={name: known.timetables[name] for name in own},
            skeletons={name: known.skeletons[name] for name in own},
            cycle_ranges_s={name: known.cycle_ranges_s[name] for name in own},
        )

    def _task(self, area: int, others: Sequence[dict[str, Timing]]) -> AreaTask:
        workshop = self._workshop_of(area)
        names = [pattern.intersection for pattern in workshop.running.patterns]
        starts = (
            Candidate.of({name: timings[name] for name in workshop.timetables})
            for timings in (self._timings, *others)
        )
        edges = [edge for name in names for edge in self.division.edges[name]]
        budget = self.budget
        end_s = None
        if budget.end_s is not None:
            now_s = budget.clock()
            end_s = now_s + max(budget.end_s - now_s, 0.0) * self._order.share[area]
        return AreaTask(
            workshop=workshop,
            evaluator=self.crew.parts.part(names, edges),
            starts=tuple(dict.fromkeys(starts)),
            plans=budget.plans,
            end_s=end_s,
            seed=self.seed + area,
            clock=budget.clock,
        )

    def _take(self, area: int, found: AreaFound) -> None:
        self._timings.update(found.candidate.by_name())
        plan = self._workshop_of(area).plan(found.candidate, PLAN_NAME)
        self._patterns.update((pattern.intersection, pattern) for pattern in plan.patterns)
        self.heard(found)
