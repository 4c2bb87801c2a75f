"""The search in SUMO: from starting candidates by a climb to finalists on more and more days."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from citybrain.config import MODEL_DAYS
from citybrain.ports.evaluation import Progress
from optimizer.candidate import Candidate
from optimizer.climb import ROUND_RUNS, Climb, best_of_each, by_cost
from optimizer.moves import Mover
from optimizer.scoring import Day, Score, Scorer

_FEWEST_STARTS = 3
_START_SHARE = 0.2
"""Of the runs that are left, those that starts have on one day.  On ``ingolstadt21``, where 44 fit
in 300 s, 0.3 left 12 runs for the choice."""

Finals = Sequence[tuple[int, int]]
"""Days, and how many candidates are run on so many; more and more days."""

_FINALS: Finals = ((4, 6), (6, 4), (8, 3))
"""A plan that jams one day in ten looks good on the other nine, so the choice among the best is
worth more runs than finding yet another."""

_LATE_FINALS: Finals = ((12, 3), (16, 2))
"""More of them where the budget has room: eight days hide a jam of one day in ten with 43 %,
sixteen with 19 %."""

_NARROW_FINALS: Finals = ((4, 3), (6, 2), (8, 2), (10, 2), (12, 2), (16, 2))
"""Where there is no room for all of these: fewer plans, so that the last two have more days.

Of ten plans of ``ingolstadt21``, each run on 14 days in any order, 14 runs came to a plan with 23
teleports so, and to one with 27 as above; 24 runs to 21 and 26.
"""

_FEWEST_FINALISTS = 2
_FEWEST_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Found:
    """The best candidate, if any was tried, and what it and the running plan cost [s/veh]."""

    candidate: Candidate | None
    cost_s: float
    running_cost_s: float


@dataclass(slots=True)
class Search:
    """A local search over candidates.

    Parameters
    ----------
    scorer
        Prices candidates and watches the budget.
    mover
        Draws moves.
    rng
        Dice.
    days
        Days that may be seen; the first two are used for climbing, as many as the budget allows
        for the final choice.
    progress
        Hears the best cost found.
    """

    scorer: Scorer
    mover: Mover
    rng: random.Random
    days: Sequence[Day]
    progress: Progress
    _archive: dict[Candidate, tuple[int, float]] = field(default_factory=dict)

    @property
    def _climbing(self) -> Sequence[Day]:
        return self.days[:MODEL_DAYS]

    def pace(self) -> None:
        """Run the running plan where only time bounds the search, so that its pace is known.

        Raises
        ------
        SimulationError
            A run failed.
        """
        budget = self.scorer.budget
        if budget.seconds is not None and budget.evaluations is None and budget.left():
            self.scorer.running_score(self._climbing)

    def sieve(self, starts: Iterable[Candidate]) -> list[tuple[Candidate, Score]]:
        """Run starts on one day, the better half on a second.

        A search that was stopped, or whose time is over, runs a few starts, if nothing was run
        before, and no more.

        Parameters
        ----------
        starts
            Starting candidates, the most promising ones first.

        Returns
        -------
        list
            The starts that were run on the most days, with their scores, the best one first.

        Raises
        ------
        SimulationError
            A run failed.
        """
        if self._archive and not self.scorer.budget.left():
            return []
        left, days = list(starts), self._climbing
        runs = self.scorer.budget.runs_left()
        pacing = self._affordable(left[:_FEWEST_STARTS], days[:1], runs)
        self.scorer.scores(pacing, days[:1])
        ranked: list[tuple[Candidate, Score]] = []
        for count in range(1, len(days) + 1):
            share = max(_FEWEST_STARTS, int(_START_SHARE * self.scorer.budget.left()))
            runs = self.scorer.budget.runs_left()
            left = self._affordable(left[:share], days[:count], runs)
            if not left:
                break
            scores = self.scorer.scores(left, days[:count])
            ranked = sorted(zip(left, scores, strict=True), key=by_cost)
            left = [candidate for candidate, _ in ranked[: max(3, len(ranked) // 2)]]
            self._note(ranked, count)
            if not self.scorer.budget.left():
                break
        return ranked

    def leaders(self, count: int) -> list[Candidate]:
        """Return the best candidates so far."""
        return sorted(self._archive, key=self._archive.__getitem__)[:count]

    def days_of(self, candidate: Candidate) -> int:
        """Return on how many days a candidate was run; 0 for one that was not."""
        return -self._archive.get(candidate, (0, 0.0))[0]

    @staticmethod
    def joined(tried: Sequence[tuple[Candidate, Score]]) -> list[Candidate]:
        """Return what has, at every intersection, the timing with the least delay there.

        Parameters
        ----------
        tried
            Candidates with their scores on the same days, the best one first.

        Returns
        -------
        list of Candidate
            One, or none where it is the best one itself.
        """
        if not tried:
            return []
        best, score = tried[0]
        joined = best_of_each(best, score, tried[1:])
        return [joined] if joined != best else []

    def best(self) -> Found:
        """Climb from the best start with what is left of the budget; return the best of all.

        Raises
        ------
        SimulationError
            A run failed.
        """
        finals = (*_FINALS, *_LATE_FINALS)
        if self._archive:
            reserve = self._runs_of(finals, MODEL_DAYS)
            if self._rounds_beside(reserve) < _FEWEST_ROUNDS:
                reserve = self._runs_of(_FINALS, MODEL_DAYS)
            self._climb().run(self.leaders(1)[0], self._climbing, reserve)
        self._choose(finals, MODEL_DAYS)
        return self._best_known()

    def settled(self) -> Found:
        """Choose among the starts on more and more days before climbing; return the best of all.

        Where detectors decide, chance moves the cost of one plan from day to day by more than a
        move gains: a climb on few days would follow chance, from a start that chance has chosen.
        So it begins after the choice, on as many of its days as leave the climb some rounds.

        Raises
        ------
        SimulationError
            A run failed.
        """
        self._choose(_FINALS, MODEL_DAYS)
        if self._archive:
            leader = self.leaders(1)[0]
            days = self.days[: self.days_of(leader)]
            reserve = self._runs_of(_LATE_FINALS, len(days))
            if self._rounds_beside(reserve) < _FEWEST_ROUNDS:
                reserve = 0
            spare = self.scorer.budget.left() - reserve
            climbing = days[: max(MODEL_DAYS, spare // (_FEWEST_ROUNDS * ROUND_RUNS))]
            reached = self._climb().run(leader, climbing, reserve + len(days) - len(climbing))
            if self._affordable([reached], days, self.scorer.budget.left()):
                self._note([(reached, self.scorer.scores([reached], days)[0])], len(days))
        seen = max(map(self.days_of, self._archive), default=MODEL_DAYS)
        self._choose((*_FINALS, *_LATE_FINALS), seen)
        return self._best_known()

    def _climb(self) -> Climb:
        return Climb(self.scorer, self.mover, self.rng, self._note)

    def _affordable(
        self, candidates: Sequence[Candidate], days: Sequence[Day], runs: int
    ) -> list[Candidate]:
        """Return the first candidates, as many as some runs can score."""
        left = list(candidates)
        while left and self.scorer.cost(left, days) > runs:
            left.pop()
        return left

    def _note(self, ranked: Iterable[tuple[Candidate, Score]], day_count: int) -> None:
        """Keep candidates; those that were run on more days stand before the others."""
        for candidate, score in ranked:
            if day_count >= self.days_of(candidate):
                self._archive[candidate] = (-day_count, score.mean_s)
        best_s = self._archive[self.leaders(1)[0]][1]
        self.progress(self.scorer.budget.used, f"search: best {best_s:.1f} s/veh")

    def _choose(self, finals: Finals, seen: int) -> None:
        """Run the best candidates on more and more days, ever fewer of them.

        Parameters
        ----------
        finals
            What a large budget allows; a small one has fewer candidates on as many days.
        seen
            Days that the best were run on so far; fewer tell nothing more.
        """
        if self._runs_of(finals, seen) > self.scorer.budget.left():
            finals = [each for each in _NARROW_FINALS if each[0] <= finals[-1][0]]
        for count, keep in (each for each in finals if each[0] > seen):
            days, leaders = self.days[:count], self.leaders(keep)
            finalists = self._affordable(leaders, days, self.scorer.budget.left())
            if finalists and len(finalists) >= min(len(leaders), _FEWEST_FINALISTS):
                scores = self.scorer.scores(finalists, days)
                self._note(zip(finalists, scores, strict=True), len(days))

    def _best_known(self) -> Found:
        """Return the candidate that was run on the most days of those better than the running plan.

        One that more days showed to be no better is out; the next one is not, though it was run on
        fewer.  Where none is better, the one that was run on the most days stands for all.
        """
        if not self._archive:
            today_s = self.scorer.running_score(self.days[:1]).mean_s
            return Found(None, today_s, today_s)
        counts = set(map(self.days_of, self._archive))
        running_s = {n: self.scorer.running_score(self.days[:n]).mean_s for n in counts}
        ranked = self.leaders(len(self._archive))
        found = [Found(c, self._archive[c][1], running_s[self.days_of(c)]) for c in ranked]
        return next((each for each in found if each.cost_s < each.running_cost_s), found[0])

    def _rounds_beside(self, reserve: int) -> int:
        """Return for how many rounds of a climb the budget has room beside some runs."""
        return (self.scorer.budget.left() - reserve) // (MODEL_DAYS * ROUND_RUNS)

    def _runs_of(self, finals: Finals, seen: int) -> int:
        """Return how many runs a choice takes that begins after some days and is all affordable."""
        runs = 0
        for count, keep in finals:
            days = max(seen, min(count, len(self.days)))
            runs, seen = runs + (days - seen) * (keep + 1), days
        return runs
