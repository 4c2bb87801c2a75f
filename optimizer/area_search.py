"""The search of one subarea, as a task that another process can take."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from citybrain.ports.tables import TableEvaluator
from optimizer.annealing import Annealer
from optimizer.candidate import Candidate
from optimizer.moves import Mover
from optimizer.painting import Painter
from optimizer.workshop import Workshop


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaTask:
    """One subarea to be searched.

    Parameters
    ----------
    workshop
        Timetables of its signals, over a running plan that its surroundings keep.
    evaluator
        Model of its streets and of those around it.
    starts
        Timings to begin with.
    plans, end_s
        Budget: plans to be priced, or when to end; none for no bound.  The time until the search
        begins, in which the task travels to another process say, is used, too. [-], [s]
    seed
        Dice.
    clock
        Tells the time. [s]
    """

    workshop: Workshop
    evaluator: TableEvaluator
    starts: tuple[Candidate, ...]
    plans: float | None
    end_s: float | None
    seed: int
    clock: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaFound:
    """The best timings of a subarea, and how many plans were priced for them."""

    candidate: Candidate
    plans: int


def search_area(task: AreaTask) -> AreaFound:
    """Search one subarea.

    Parameters
    ----------
    task
        What to search, and how long.
    """
    began_s = task.clock()
    painter = Painter(task.workshop, task.evaluator)
    mover = Mover(task.workshop, is_isolated=False)
    annealer = Annealer(painter, mover, random.Random(task.seed))

    def left() -> float:
        plans = annealer.evaluations / task.plans if task.plans else 0.0
        return max(0.0, 1.0 - max(plans, _used(task, began_s)))

    annealer.run(task.starts, left, lambda _: None)
    return AreaFound(candidate=annealer.archive.best()[0], plans=annealer.evaluations)


def _used(task: AreaTask, began_s: float) -> float:
    """Return the share of the time that is used [0-1]."""
    if task.end_s is None:
        return 0.0
    now_s = task.clock()
    return 1.0 if now_s >= task.end_s else (now_s - began_s) / (task.end_s - began_s)
