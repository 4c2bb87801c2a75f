"""How much a search may spend: simulation runs, seconds, or both."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_MANY = 1_000_000
_QUICKEST_S = 1e-6


@dataclass(slots=True)
class Budget:
    """Counts runs and looks at the clock.

    Parameters
    ----------
    clock
        Tells the time. [s]
    seconds
        Time for the whole search; none for no limit. [s]
    evaluations
        Runs for the whole search; none for no limit.
    is_stopped
        Tells whether somebody wants the search to end now.
    spent
        Runs so far.
    """

    clock: Callable[[], float]
    seconds: float | None
    evaluations: int | None
    is_stopped: Callable[[], bool] = lambda: False
    spent: int = 0
    _aside_s: float = field(init=False, default=0.0)
    _started_s: float = field(init=False)

    def __post_init__(self) -> None:
        """Start the clock."""
        self._started_s = self.clock()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Spend time on something other than runs; it says nothing of their pace."""
        began_s = self.elapsed_s
        yield
        self._aside_s += self.elapsed_s - began_s

    @property
    def elapsed_s(self) -> float:
        """Time since the start [s]."""
        return self.clock() - self._started_s

    @property
    def used(self) -> float:
        """Share of the budget that is used [0-1]."""
        shares = [0.0]
        if self.seconds:
            shares.append(self.elapsed_s / self.seconds)
        if self.evaluations:
            shares.append(self.spent / self.evaluations)
        return 1.0 if self.is_stopped() else min(1.0, max(shares))

    def allows(self, runs: int) -> bool:
        """Tell whether some more runs fit, by the pace of those so far."""
        return runs <= self.left()

    def runs_left(self) -> int:
        """Return how many runs are left, however long they take."""
        return _MANY if self.evaluations is None else max(0, self.evaluations - self.spent)

    def left(self) -> int:
        """Return how many more runs fit, by the pace of those so far; none for a stopped search."""
        if self.is_stopped():
            return 0
        left: float = self.runs_left()
        if self.seconds is not None and self.spent:
            left = min(left, (self.seconds - self.elapsed_s) / self._pace_s)
        return max(0, math.floor(left))

    def seconds_beside(self, runs: int) -> float:
        """Return the time left beside some runs, by the pace of those so far [s]."""
        if self.seconds is None:
            return math.inf
        return max(0.0, self.seconds - self.elapsed_s - self.seconds_of(runs))

    def seconds_of(self, runs: int) -> float:
        """Return how long some runs take, by the pace of those so far [s]; zero if none was yet."""
        return runs * self._pace_s if self.spent else 0.0

    @property
    def _pace_s(self) -> float:
        return max((self.elapsed_s - self._aside_s) / self.spent, _QUICKEST_S)
