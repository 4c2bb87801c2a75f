"""Climbing in SUMO: moves at many intersections, and every intersection keeps what helped it.

One simulation tests a move at many intersections at once.  Each run charges its delay to
movements, so every intersection can keep the move that helped it; whether the kept moves also
help together is then tested in a run of its own.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from optimizer.candidate import Candidate
from optimizer.moves import Mover
from optimizer.scoring import Day, Ranked, Score, Scored, Scorer
from optimizer.timing_moves import LONGEST_REACH_S, SHORTEST_REACH_S

_BATCH = 3
ROUND_RUNS = _BATCH + 1
"""Runs of one round on each day: a batch of moves, and their combination."""

_PATIENCE = 4
_MOST_IDLE = 50


@dataclass(frozen=True, slots=True)
class Climb:
    """Moves on to better candidates until the budget or the neighbourhood is used up.

    Parameters
    ----------
    scorer
        Prices candidates and watches the budget.
    mover
        Draws moves.
    rng
        Dice.
    heard
        Is told what was tried, the best first, and on how many days.
    """

    scorer: Scorer
    mover: Mover
    rng: random.Random
    heard: Callable[[Ranked, int], None]

    def run(self, incumbent: Candidate, days: Sequence[Day], reserve: int) -> Candidate:
        """Climb from a candidate.

        Parameters
        ----------
        incumbent
            Where to start.
        days
            Days that decide.
        reserve
            Runs that are kept for later.

        Returns
        -------
        Candidate
            Where the climb ended.

        Raises
        ------
        SimulationError
            A run failed.
        """
        budget = self.scorer.budget
        if not budget.allows(self.scorer.cost([incumbent], days)):
            return incumbent
        reach_s, failures, idle = LONGEST_REACH_S, 0, 0
        score = self._scored(incumbent, days)
        size = ROUND_RUNS * len(days)
        while budget.allows(size + reserve) and idle < _MOST_IDLE:
            spent = budget.spent
            better = self._improved(incumbent, score, days, reach_s)
            idle = idle + 1 if budget.spent == spent else 0
            reach_s = LONGEST_REACH_S if idle else reach_s
            if better is None:
                failures += 1
                if failures >= _PATIENCE:
                    reach_s, failures = max(SHORTEST_REACH_S, reach_s / 2), 0
                continue
            (incumbent, score), failures = better, 0
        return incumbent

    def _improved(
        self, incumbent: Candidate, score: Score, days: Sequence[Day], reach_s: float
    ) -> tuple[Candidate, Score] | None:
        """Try a batch of moves and their combination; return the best if it is better."""
        batch = [self._neighbour(incumbent, reach_s) for _ in range(_BATCH)]
        tried = list(zip(batch, self.scorer.scores(batch, days), strict=True))
        combined = best_of_each(incumbent, score, tried)
        if combined != incumbent and combined not in batch:
            tried.append((combined, self._scored(combined, days)))
        tried.sort(key=by_cost)
        self.heard(tried, len(days))
        best = tried[0]
        return best if best[1].mean_s < score.mean_s else None

    def _neighbour(self, incumbent: Candidate, reach_s: float) -> Candidate:
        share = self.rng.choice((0.25, 0.5, 1.0))
        return self.mover.neighbour(incumbent, self.rng, share=share, reach_s=reach_s)

    def _scored(self, candidate: Candidate, days: Sequence[Day]) -> Score:
        return self.scorer.scores([candidate], days)[0]


def by_cost(priced: Scored) -> float:
    """Return the cost of a priced candidate, to sort by [s/veh]."""
    return priced[1].mean_s


def best_of_each(incumbent: Candidate, score: Score, tried: Sequence[Scored]) -> Candidate:
    """Return what has, at every intersection, the timing under which it had the least delay.

    Parameters
    ----------
    incumbent
        Where the moves began.
    score
        Its score.
    tried
        Others with their scores on the same days, in any order.
    """
    timings = incumbent.by_name()
    for name, present in incumbent.timings:
        best_s = score.local_s.get(name, 0.0)
        for candidate, outcome in tried:
            timing = candidate.by_name()[name]
            if timing != present and outcome.local_s.get(name, 0.0) < best_s:
                best_s, timings[name] = outcome.local_s.get(name, 0.0), timing
    return Candidate.of(timings)
