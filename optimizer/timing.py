"""How one intersection is timed: what a search moves, and keeps apart from how it is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from citybrain.units import RESOLUTION_DIGITS, rounded_s
from optimizer.actuating import Option


@dataclass(frozen=True, slots=True)
class Timing:
    """How one intersection is timed.

    Parameters
    ----------
    times_s
        Event times in [0, cycle). [s]
    cycle_s, offset_s
        Cycle and offset. [s]
    option
        How its greens follow the traffic; none for a fixed time.
    """

    times_s: tuple[float, ...]
    cycle_s: float
    offset_s: float
    option: Option | None = None

    @classmethod
    def of(
        cls,
        times_s: Sequence[float],
        cycle_s: float,
        offset_s: float,
        option: Option | None = None,
    ) -> "Timing":
        """Make a timing of any representatives of the times modulo the cycle.

        Parameters
        ----------
        times_s
            Time of each event, any representative modulo the cycle. [s]
        cycle_s, offset_s
            Cycle and offset, which is taken modulo the cycle. [s]
        option
            How its greens follow the traffic; none for a fixed time.
        """
        cycle_s = rounded_s(cycle_s)
        placed_s = np.round(np.round(times_s, RESOLUTION_DIGITS) % cycle_s, RESOLUTION_DIGITS)
        lag_s = rounded_s(rounded_s(offset_s) % cycle_s)
        return cls(tuple(placed_s.tolist()), cycle_s, lag_s, option)
