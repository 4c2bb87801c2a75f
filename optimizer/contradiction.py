"""Which bounds leave an intersection no pattern: the smallest set of them, with the sum that fails.

In the order of its events, an intersection's bounds are linear in the gaps between them, so
that no pattern keeps them all exactly if some multiples of the shortest times add up to more
than the longest times that they must fit into (the lemma of J. Farkas, 1902).  Bounds are then
dropped one by one; one whose absence cures nothing was not needed (the deletion filter of J. W.
Chinneck and E. W. Dravnieks, ORSA Journal on Computing 3, 1991).  What is left is irreducible:
without any one of its bounds there is a pattern.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from optimizer.greens import shortest_gaps
from optimizer.skeleton import Skeleton
from optimizer.spans import Bound, Span

LONGEST_CYCLE, SHORTEST_CYCLE = "longest cycle", "shortest cycle"
_SLACK_S = 1e-6
_MOST_TIMES = 24
"""Denominators that multiples of bounds are rounded to; those of small sets are far smaller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A bound of a contradiction: its time counts ``times`` times.

    Parameters
    ----------
    span
        The gaps that it is about, and what it stands for.
    is_longest
        It bounds them from above, not from below.
    times
        How often its time counts in the sum.
    """

    span: Span
    is_longest: bool
    times: int = 1

    @property
    def limit_s(self) -> int:
        """The longest, or shortest, time in whole seconds [s]."""
        return (
            math.floor(self.span.maximum_s) if self.is_longest else math.ceil(self.span.minimum_s)
        )

    @property
    def total_s(self) -> int:
        """What it adds to its side of the sum [s]."""
        return self.times * self.limit_s

    def __str__(self) -> str:
        """Say how often, which bound of which groups, and its time."""
        bound = self.span.bound
        often = f"{self.times} x " if self.times > 1 else ""
        whose = f" of group {bound.groups[0]}" if len(bound.groups) == 1 else ""
        between = f" from {' to '.join(bound.groups)}" if len(bound.groups) > 1 else ""
        return f"{often}{bound.reason}{whose}{between} {self.limit_s} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Bounds that no pattern of an intersection keeps together; any one less, and one does.

    Parameters
    ----------
    intersection
        Where.
    shortest, longest
        Bounds from below, and the bounds from above that they do not fit into.
    cycle_s
        Longest cycle that would hold all bounds of the intersection, not only these; none if no
        cycle would. [s]
    """

    intersection: str
    shortest: tuple[Asked, ...]
    longest: tuple[Asked, ...]
    cycle_s: int | None = None

    @property
    def excess_s(self) -> int:
        """By how much the shortest times exceed the longest [s]."""
        return sum(a.total_s for a in self.shortest) - sum(a.total_s for a in self.longest)

    def __str__(self) -> str:
        """Say where, the sum that fails, and what mends it, in one line."""
        return (
            f"{self.intersection}: its bounds leave no pattern in the running order of greens: "
            f"{_sum_of(self.shortest)} > {_sum_of(self.longest)}; {self._mend()}"
        )

    def _mend(self) -> str:
        shorter = f"shorten times on the left by {self.excess_s} s or more"
        if self.cycle_s is not None:
            return f"allow a cycle of {self.cycle_s} s, or {shorter}"
        return f"{shorter}, or lengthen those on the right as much" if self.longest else shorter


def _sum_of(side: Sequence[Asked]) -> str:
    told = " + ".join(map(str, side))
    return f"{told} = {sum(asked.total_s for asked in side)} s" if len(side) != 1 else told


def find_contradiction(
    skeleton: Skeleton, cycle_range_s: tuple[float, float]
) -> Contradiction | None:
    """Return a smallest set of bounds in conflict, none if some pattern keeps them all.

    Parameters
    ----------
    skeleton
        Order of events and bounds of the intersection.
    cycle_range_s
        Shortest and longest cycle. [s]
    """
    system = _System.of(skeleton, cycle_range_s)
    kept = np.arange(len(system.asked))
    weights = system.proof(kept)
    if weights is None:
        return None
    kept, position = kept[weights > _SLACK_S], 0
    while position < len(kept):
        fewer = np.delete(kept, position)
        weights = system.proof(fewer)
        if weights is None:
            position += 1
        else:
            kept = fewer[weights > _SLACK_S]
            position = min(position, len(kept))
    return replace(
        _told(skeleton.intersection, system, kept),
        cycle_s=_enough_s(skeleton, cycle_range_s),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _System:
    """Bounds as rows over gaps: ``rows @ gaps >= limits``, gaps at least 0.

    Parameters
    ----------
    asked
        What each row stands for.
    rows
        Sum of gaps that a bound is about, negated where it bounds from above; float64, shape
        (bounds, gaps).
    limits_s
        The bounds, negated likewise; float64, shape (bounds,). [s]
    """

    asked: tuple[Asked, ...]
    rows: NDArray[np.float64]
    limits_s: NDArray[np.float64]

    @classmethod
    def of(cls, skeleton: Skeleton, cycle_range_s: tuple[float, float]) -> "_System":
        size = len(skeleton.running)
        asked = tuple(_asked(skeleton, cycle_range_s))
        rows = np.zeros((len(asked), size))
        for row, each in enumerate(asked):
            inside = [(each.span.first + step) % size for step in range(each.span.count)]
            rows[row, inside] = -1.0 if each.is_longest else 1.0
        limits_s = [-each.limit_s if each.is_longest else each.limit_s for each in asked]
        return cls(asked, rows, np.array(limits_s, dtype=np.float64))

    def proof(self, kept: NDArray[np.int64]) -> NDArray[np.float64] | None:
        """Return weights under which some of the bounds contradict each other, none if they do not.

        They are the shadow prices of the least total violation. [-]
        """
        if not len(kept):
            return None
        rows, count = self.rows[kept], len(kept)
        size = rows.shape[1]
        solved = linprog(
            np.append(np.zeros(size), np.ones(count)),
            A_ub=np.hstack([-rows, -np.eye(count)]),
            b_ub=-self.limits_s[kept],
        )
        if float(solved.fun or 0.0) <= _SLACK_S:
            return None
        return -np.asarray(solved.ineqlin.marginals)


def _asked(skeleton: Skeleton, cycle_range_s: tuple[float, float]) -> Iterator[Asked]:
    """Yield every bound from below and above, those of the cycle first."""
    low_s, high_s = cycle_range_s
    size = len(skeleton.running)
    shortest = Span(0, size, low_s, math.inf, Bound(SHORTEST_CYCLE, ()))
    longest = Span(0, size, 0.0, high_s, Bound(LONGEST_CYCLE, ()))
    for span in (shortest, longest, *skeleton.spans):
        if span.minimum_s > 0:
            yield Asked(span=span, is_longest=False)
        if math.isfinite(span.maximum_s):
            yield Asked(span=span, is_longest=True)


def _enough_s(skeleton: Skeleton, cycle_range_s: tuple[float, float]) -> int | None:
    """Return the shortest cycle beyond the longest that holds every other bound [s]."""
    gaps_s = shortest_gaps(skeleton, cycle_range_s[0])
    needed_s = math.ceil(sum(gaps_s)) if gaps_s else 0
    return needed_s if needed_s > cycle_range_s[1] else None


def _told(intersection: str, system: _System, kept: NDArray[np.int64]) -> Contradiction:
    """Weigh the bounds of an irreducible set with the smallest whole multiples that prove it."""
    weights = system.proof(kept)
    assert weights is not None, "the set was in conflict"
    shares = [Fraction(w / weights.min()).limit_denominator(_MOST_TIMES) for w in weights]
    scale = math.lcm(*(share.denominator for share in shares))
    asked = [
        replace(system.asked[row], times=int(share * scale))
        for row, share in zip(kept, shares, strict=True)
    ]
    asked.sort(key=lambda each: (each.span.first, each.span.count))
    return Contradiction(
        intersection=intersection,
        shortest=tuple(each for each in asked if not each.is_longest),
        longest=tuple(each for each in asked if each.is_longest),
    )
