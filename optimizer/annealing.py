"""Annealing on a fast model: thousands of plans, before SUMO sees any.

A round tries several candidates at once, each with random moves at some of the intersections.
The model tells where the delay arises, so a further candidate takes from every intersection the
move that helped it most, and another one the move that helped it and its neighbours most: a queue
that grows back, or a platoon that comes late, costs there.  The best of the round is kept if it
is better, or, as long as it is warm, a little worse (S. Kirkpatrick, C. D. Gelatt and M. P.
Vecchi, "Optimization by simulated annealing", Science 220, 1983).  The twelve best starts share
the time, then four, then one.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optimizer.candidate import Candidate
from optimizer.moves import Mover
from optimizer.painting import Painter
from optimizer.timing_moves import LONGEST_REACH_S, SHORTEST_REACH_S

Floats = NDArray[np.float64]

_BATCH = 5
_WARMEST = 0.02
_COLDEST = 0.0005
_SPAN = 0.02
_OTHER_OPTION = 0.1
"""How far two ways of following detectors are apart, as a share of the cycle. [-]"""

_MOST_WALKS = 12
"""Starts that are annealed, the cheapest of all: on ``arterial4x4``, 45 s with 48 starts came to
759 s/veh with all of them, 734 with 12 and 745 with 6."""


@dataclass(slots=True)
class Archive:
    """The best candidates seen, with their cost [s/veh]."""

    costs_s: dict[Candidate, float] = field(default_factory=dict)

    def note(self, candidate: Candidate, cost_s: float) -> None:
        """Remember a candidate."""
        self.costs_s[candidate] = cost_s

    def best(self) -> tuple[Candidate, float]:
        """Return the cheapest candidate and its cost."""
        return min(self.costs_s.items(), key=lambda item: item[1])

    def diverse(self, count: int) -> list[Candidate]:
        """Return cheap candidates that differ: each is the best of those near to it.

        Parameters
        ----------
        count
            How many at most.
        """
        ranked = sorted(self.costs_s, key=lambda candidate: self.costs_s[candidate])
        chosen: list[Candidate] = []
        for least in (_SPAN, _SPAN / 4, 0.0):
            for candidate in ranked:
                if len(chosen) == count:
                    return chosen
                if candidate not in chosen and _distance(candidate, chosen) >= least:
                    chosen.append(candidate)
        return chosen


@dataclass(slots=True)
class _Walk:
    """One annealed state: candidate, cost and delay before each intersection."""

    candidate: Candidate
    cost_s: float
    local_s: Floats


@dataclass(slots=True)
class Annealer:
    """Anneals candidates on a fast model.

    Parameters
    ----------
    painter
        Prices candidates.
    mover
        Draws moves.
    rng
        Dice.
    """

    painter: Painter
    mover: Mover
    rng: random.Random
    archive: Archive = field(default_factory=Archive)
    evaluations: int = 0

    def run(
        self,
        starts: Sequence[Candidate],
        left: Callable[[], float],
        heard: Callable[[float], None],
    ) -> None:
        """Anneal from several starts until the budget is used; results go to the archive.

        Parameters
        ----------
        starts
            Candidates to begin with, in any order.
        left
            Tells the share of the budget that is left [1-0]; at 0 the annealing ends.
        heard
            Is told the best cost after every round. [s/veh]
        """
        walks = self._walks(starts)
        for share in _shares(len(walks)):
            walks = sorted(walks, key=lambda walk: walk.cost_s)[: max(1, share[1])]
            self._anneal(walks, left, heard, until=share[0])

    def _walks(self, starts: Sequence[Candidate]) -> list[_Walk]:
        prices = self.painter.prices(starts)
        self.evaluations += len(starts)
        walks = []
        for row, candidate in enumerate(starts):
            cost_s = float(prices.mean_s[row])
            self.archive.note(candidate, cost_s)
            walks.append(_Walk(candidate, cost_s, prices.local_s[row]))
        return sorted(walks, key=lambda walk: walk.cost_s)[:_MOST_WALKS]

    def _anneal(
        self,
        walks: list[_Walk],
        left: Callable[[], float],
        heard: Callable[[float], None],
        *,
        until: float,
    ) -> None:
        """Take rounds in turn until a share of the budget is left."""
        first = max(left(), 1e-9)
        while (now := left()) > until:
            warmth = (now - until) / max(first - until, 1e-9)
            for walk in walks:
                self._round(walk, warmth)
            heard(self.archive.best()[1])

    def _round(self, walk: _Walk, warmth: float) -> None:
        reach_s = SHORTEST_REACH_S + (LONGEST_REACH_S - SHORTEST_REACH_S) * warmth
        tried = [self._neighbour(walk.candidate, reach_s) for _ in range(_BATCH)]
        prices = self.painter.prices(tried)
        costs_s, locals_s = list(prices.mean_s), list(prices.local_s)
        before_s, near = walk.local_s, self.painter.near
        combined = [
            self._combined(walk.candidate, own_s, tried, local_s)
            for own_s, local_s in (
                (before_s, prices.local_s),
                (before_s + before_s @ near, prices.local_s + prices.local_s @ near),
            )
        ]
        known = {walk.candidate, *tried}
        if extra := [each for each in dict.fromkeys(combined) if each not in known]:
            prices = self.painter.prices(extra)
            tried += extra
            costs_s += list(prices.mean_s)
            locals_s += list(prices.local_s)
        self.evaluations += len(tried)
        best = int(np.argmin(costs_s))
        self.archive.note(tried[best], float(costs_s[best]))
        warm_s = walk.cost_s * (_COLDEST + (_WARMEST - _COLDEST) * warmth**2)
        worse_s = float(costs_s[best]) - walk.cost_s
        if worse_s <= 0 or self.rng.random() < math.exp(-worse_s / warm_s):
            walk.candidate = tried[best]
            walk.cost_s, walk.local_s = float(costs_s[best]), locals_s[best]

    def _neighbour(self, candidate: Candidate, reach_s: float) -> Candidate:
        share = self.rng.choice((0.0, 0.1, 0.25, 0.5))
        return self.mover.neighbour(candidate, self.rng, share=share, reach_s=reach_s)

    def _combined(
        self, start: Candidate, before_s: Floats, tried: Sequence[Candidate], local_s: Floats
    ) -> Candidate:
        """Give every intersection the timing under which the least delay was charged to it.

        Parameters
        ----------
        start
            Where the round began.
        before_s
            What was charged to each intersection there. [s]
        tried
            Candidates of the round.
        local_s
            What was charged under each of them, (candidates, intersections). [s]
        """
        timings = start.by_name()
        moved = [candidate.by_name() for candidate in tried]
        for column, name in enumerate(self.painter.names):
            if name not in timings:
                continue
            present, least_s = timings[name], before_s[column]
            for row, other in enumerate(moved):
                if other[name] != present and local_s[row, column] < least_s:
                    least_s, timings[name] = local_s[row, column], other[name]
        return Candidate.of(timings)


def _shares(count: int) -> list[tuple[float, int]]:
    """Return stages of the budget: (share left at the end, walks that take part).

    Three quarters are the best walk's: on ``arterial4x4``, 20,000 plans came to 781 s/veh with
    a quarter for the others and to 809 with six tenths.  SUMO had 768 and 810 s/veh, on days not
    seen, for two plans that the model priced at 781 and 807.
    """
    if count == 1:
        return [(0.0, 1)]
    return [(0.9, count), (0.75, max(1, count // 3)), (0.0, 1)]


def _distance(candidate: Candidate, others: Sequence[Candidate]) -> float:
    """Return how far the nearest of some candidates is, as a mean share of the cycle [-]."""
    return min((_apart(candidate, other) for other in others), default=math.inf)


def _apart(one: Candidate, other: Candidate) -> float:
    far = 0.0
    for (_, first), (_, second) in zip(one.timings, other.timings, strict=True):
        shares = np.array(first.times_s) / first.cycle_s - np.array(second.times_s) / second.cycle_s
        lag = first.offset_s / first.cycle_s - second.offset_s / second.cycle_s
        turned = np.abs((shares + lag + 0.5) % 1.0 - 0.5)
        far += float(np.mean(turned)) + abs(1 - first.cycle_s / second.cycle_s)
        far += _OTHER_OPTION * (first.option != second.option)
    return far / len(one.timings)
