"""A plan as a whole earlier or later: when in its cycle the time under study ends.

Where all offsets shift by the same time, nothing between intersections changes; what does is the
instant of the cycle at which counting stops.  A plan that saves a quarter of the delay may leave
more vehicles under way at that instant than the running plan, if it stops before the heaviest
greens and the running plan behind them, and would be refused for it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from citybrain.ports.tables import Prices
from citybrain.units import rounded_s
from optimizer.candidate import Candidate
from optimizer.objective import EXCESS_COST_S, MARGIN_VEH
from optimizer.painting import Painter

SHIFTS = 12
"""Parts of the cycle that a plan is shifted by."""


def shifted(candidate: Candidate, shift_s: float) -> Candidate:
    """Return a candidate that shows everything some time later.

    Parameters
    ----------
    candidate
        Any.
    shift_s
        Added to every offset. [s]
    """
    return Candidate.of(
        {
            name: replace(timing, offset_s=_later_s(timing.offset_s + shift_s, timing.cycle_s))
            for name, timing in candidate.timings
        }
    )


def well_phased(painter: Painter, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return each candidate at the shift at which it costs least, strandings charged.

    Parameters
    ----------
    painter
        Prices candidates, and the running plan that they should strand fewer vehicles than.
    candidates
        Any.
    """
    running = painter.running_prices()
    return [_best_shift(painter, running, candidate) for candidate in candidates]


def _best_shift(painter: Painter, running: Prices, candidate: Candidate) -> Candidate:
    if all(timing.option is not None for _, timing in candidate.timings):
        return candidate  # controllers that follow detectors leave the clock after one cycle
    longest_s = max(timing.cycle_s for _, timing in candidate.timings)
    steps_s = dict.fromkeys(round(longest_s * part / SHIFTS) for part in range(SHIFTS))
    tried = [shifted(candidate, float(step_s)) for step_s in steps_s]
    return tried[int(_charged_s(painter.prices(tried), running, painter.vehicles).argmin())]


def _charged_s(prices: Prices, running: Prices, vehicles: float) -> NDArray[np.float64]:
    """Return costs with the charges that ``optimizer.objective`` makes for strandings [s/veh]."""
    excess = np.maximum(0.0, prices.stranded_veh - running.stranded_veh)
    short = np.clip(prices.stranded_veh - running.stranded_veh + MARGIN_VEH, 0.0, MARGIN_VEH)
    own_s = np.where(excess > 0, np.maximum(prices.mean_s, running.mean_s), prices.mean_s)
    charged_s: NDArray[np.float64] = own_s + EXCESS_COST_S * (excess + short) / max(vehicles, 1.0)
    return charged_s


def _later_s(offset_s: float, cycle_s: float) -> float:
    return rounded_s(offset_s % cycle_s) % cycle_s
