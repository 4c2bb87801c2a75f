"""How much a search may spend: simulation runs, seconds, or both."""

from collections.abc import Callable
from dataclasses import dataclass, field


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
    """

    clock: Callable[[], float]
    seconds: float | None
    evaluations: int | None
    spent: int = 0
    _started_s: float = field(init=False)

    def __post_init__(self) -> None:
        """Start the clock."""
        self._started_s = self.clock()

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
        return min(1.0, max(shares))

    def allows(self, runs: int) -> bool:
        """Tell whether some more runs fit, by the pace of those so far."""
        if self.evaluations is not None and self.spent + runs > self.evaluations:
            return False
        if self.seconds is None or not self.spent:
            return True
        pace_s = self.elapsed_s / self.spent
        return self.elapsed_s + runs * pace_s <= self.seconds
