"""From the fast model's best plans to the finalists that SUMO judges, and back.

The model's own optimum flatters itself: among the plans that it likes best, those stand out that
it judges too kindly.  So SUMO runs some of them, the delay that the model sees before each
intersection is scaled to what SUMO saw there, and the annealing goes on with the scaled model.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from citybrain.config import MODEL_DAYS, SearchSettings
from citybrain.ports.evaluation import Progress
from optimizer.annealing import Annealer, Archive
from optimizer.budget import Budget
from optimizer.candidate import Candidate
from optimizer.phasing import SHIFTS, well_phased
from optimizer.scoring import Ranked

FINALISTS = 20
"""Plans of the first annealing that SUMO runs."""
_SECOND = 10
FEWEST_RUNS = 24
"""Simulation runs that the annealing leaves time for, if it has its least share of it.  On 13
signals of Bologna a run takes 17 s; with four of them in 150 s, three plans of the model were all
that could be chosen among, and the chosen one had teleports and let buses pay."""
_LEAST_SHARE = 0.25
"""Of the whole time, that the annealing has beside slow runs, if so much is left of it."""
_FIRST_SHARE = 0.6
_EXTENSION = 0.2
_MOST_EXTENSIONS = 3
_WORTH = 0.01
"""Share of the cost that an extension has to gain for another.  On 16 and more signals the
annealing is far from its end when its time is over, and there a plan in SUMO takes long."""

_UNBOUNDED = 500
"""Simulation runs that the annealing is measured by where the budget has no bound at all."""


@dataclass(slots=True)
class Forge:
    """Makes finalists with an annealer.

    Parameters
    ----------
    annealer
        Anneals on the fast model.
    budget
        Budget of the whole search; the forge takes its share of the time, by the pace of the
        runs so far.
    settings
        Share of the time, or plans for each simulation run.
    progress
        Hears the best cost found.
    """

    annealer: Annealer
    budget: Budget
    settings: SearchSettings
    progress: Progress
    _seconds: float = field(init=False)

    def __post_init__(self) -> None:
        """Share what the budget still has [s]."""
        least_s = _LEAST_SHARE * (self.budget.seconds or math.inf)
        beside_s = max(least_s, self._beside_s())
        self._seconds = min(self.budget.seconds_beside(0) * self.settings.model_share, beside_s)

    def first(self, starts: Sequence[Candidate]) -> list[Candidate]:
        """Return diverse finalists, annealed from starting candidates; the cheapest first."""
        self._anneal(starts, _FIRST_SHARE)
        # Greens that follow detectors come next and need that time: with it spent on fixed times,
        # cologne8 came to 31.7 s/veh instead of 25.4 to 26.5.
        if not self.settings.with_actuation:
            self._go_on()
        return self._finalists(FINALISTS)

    def again(self, seen: Ranked, others: Sequence[Candidate] = ()) -> list[Candidate]:
        """Scale the model to what SUMO saw and return the finalists of another annealing.

        Parameters
        ----------
        seen
            Candidates that SUMO ran, with their scores.  The model is scaled if these are of all
            its days; a busy day beside a mild one would pass for an error of the model.
        others
            Candidates to anneal from, beside the best four of these.
        """
        if not (seen or others):
            return []
        if seen and seen[0][1].day_count == len(self.settings.days[:MODEL_DAYS]):
            self.annealer.painter.scale(
                [candidate for candidate, _ in seen],
                [[score.local_s.get(name, 0.0) for _, score in seen] for name in self._names],
            )
        best = [candidate for candidate, _ in sorted(seen, key=lambda item: item[1].mean_s)]
        self.annealer.archive = Archive()
        self._anneal([*best[:4], *others], 1 - _FIRST_SHARE)
        return self._finalists(_SECOND)

    def _go_on(self) -> None:
        """Anneal on from the best for as long as that is worth the time of some simulations."""
        for _ in range(_MOST_EXTENSIONS):
            if not self._has_time_beside():
                return
            best, before_s = self.annealer.archive.best()
            self._anneal([best], _EXTENSION)
            if self.annealer.archive.best()[1] > before_s * (1 - _WORTH):
                return

    def _has_time_beside(self) -> bool:
        """Tell whether an extension leaves the second annealing and the fewest runs their time."""
        if self.budget.is_stopped():
            return False
        needed_s = self._seconds * (1 - _FIRST_SHARE + _EXTENSION)
        return self.budget.seconds is None or self._beside_s() > needed_s

    def _beside_s(self) -> float:
        """Return the time that is left beside the fewest runs [s]."""
        return self.budget.seconds_beside(max(0, FEWEST_RUNS - self.budget.spent))

    def _finalists(self, count: int) -> list[Candidate]:
        finalists = self.annealer.archive.diverse(count)
        self.annealer.evaluations += SHIFTS * len(finalists) + 1
        with self.budget.aside():
            return well_phased(self.annealer.painter, finalists)

    @property
    def _names(self) -> Sequence[str]:
        return self.annealer.painter.names

    def _anneal(self, starts: Sequence[Candidate], share: float) -> None:
        with self.budget.aside():
            self.annealer.run(starts, self._left(share), self._hear)

    def _left(self, share: float) -> Callable[[], float]:
        """Return what tells the share of this annealing's budget that is left."""
        began_s, began = self.budget.elapsed_s, self.annealer.evaluations
        seconds = max(self._seconds * share, 1e-3)
        runs = self.budget.evaluations or (np.inf if self.budget.seconds else _UNBOUNDED)
        plans = runs * self.settings.model_runs * share

        def left() -> float:
            if self.budget.is_stopped():
                return 0.0
            used = (self.budget.elapsed_s - began_s) / seconds
            return float(max(0.0, 1 - max(used, (self.annealer.evaluations - began) / plans)))

        return left

    def _hear(self, best_s: float) -> None:
        self.progress(self.budget.used, f"search: fast model {best_s:.1f} s/veh")
