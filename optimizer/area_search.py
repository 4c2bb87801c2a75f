"""The search of one subarea, as a task that another process can take."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from citybrain.ports.tables import TableEvaluator
from optimizer.annealing import Annealer
from optimizer.candidate import Candidate, Workshop
from optimizer.moves import Mover
from optimizer.painting import Painter


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
    plans, seconds
        Budget: plans to be priced, or time; none for no bound. [-], [s]
    seed
        Dice.
    clock
        Tells the time. [s]
    """

    workshop: Workshop
    evaluator: TableEvaluator
    starts: tuple[Candidate, ...]
    plans: float | None
    seconds: float | None
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
    annealer = Annealer(painter, Mover(task.workshop), random.Random(task.seed))

    def left() -> float:
        plans = annealer.evaluations / task.plans if task.plans else 0.0
        time = (task.clock() - began_s) / task.seconds if task.seconds else 0.0
        return max(0.0, 1.0 - max(plans, time))

    annealer.run(task.starts, left, lambda _: None)
    return AreaFound(candidate=annealer.archive.best()[0], plans=annealer.evaluations)
