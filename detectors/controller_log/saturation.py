"""Saturation flow from the headways of queued vehicles at the stop line.

References
----------
Highway Capacity Manual, 6th edition, chapter 31, field measurement of saturation flow: mean
headway of the vehicles after the fourth, as long as they were queued, in cycles whose queue had
at least eight vehicles.
"""

from dataclasses import dataclass

import numpy as np

from citybrain.units import SECONDS_PER_HOUR
from detectors.controller_log.cycles import Cycles, Passages
from detectors.pulses import Floats

FIRST_VEHICLES = 4
"""Vehicles that lose time when the queue starts."""
FEWEST_QUEUED = 8
"""Vehicles that a queue needs for its headways to count, as the Manual asks."""
LONGEST_HEADWAY_S = 3.5
"""Front-to-front time between queued vehicles after the fourth at most [s]."""
LONGEST_START_S = 5.0
"""The same among the first, and from the begin of green to the first [s]."""
LONGEST_PASSAGE_S = 1.4
"""Median time on the detector after the fourth vehicle, beyond which pulses merge [s]."""
SHORTEST_HEADWAY_S = 1.0
"""Headways below this come from one vehicle seen twice, or from two lanes on one detector [s]."""
FEWEST_CYCLES = 5
"""With fewer cycles of such queues the saturation flow is not told."""
_Z = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Saturation:
    """Saturation flow that one detector shows, or why it shows none.

    Parameters
    ----------
    flow_vph
        Saturation flow; NaN where unknown. [veh/h]
    low_vph, high_vph
        95 % interval of it, by the spread of cycles. [veh/h]
    cycles, headways
        Cycles with a queue of eight or more, and headways of it.
    reason
        Why it is unknown; empty where it is known.
    """

    flow_vph: float
    low_vph: float
    high_vph: float
    cycles: int
    headways: int
    reason: str = ""


def saturation_flow(cycles: Cycles, passages: Passages) -> Saturation:
    """Measure the saturation flow of the lane of a stop-line detector.

    Parameters
    ----------
    cycles
        Cycles of the phase that the detector serves.
    passages
        Pulses of the detector.

    Returns
    -------
    Saturation
        Unknown for a detector that does not tell vehicles apart, such as a long presence zone.
    """
    queues = [_queued(cycles.green_s[k], cycles.end_s[k], passages) for k in range(len(cycles))]
    lengths_s = [queue.off_s - queue.on_s for queue in queues if len(queue.on_s) > FIRST_VEHICLES]
    if not lengths_s:
        return _unknown("no cycle shows more than four vehicles one after the other")
    passage_s = float(np.median(np.concatenate([length[FIRST_VEHICLES:] for length in lengths_s])))
    if passage_s > LONGEST_PASSAGE_S:
        what = f"pulses of discharge last {passage_s:.1f} s"
        return _unknown(f"{what}: its zone is too long to tell vehicles apart")
    long = [queue for queue in queues if len(queue.on_s) >= FEWEST_QUEUED]
    if len(long) < FEWEST_CYCLES:
        return _unknown(f"{len(long)} cycles have a queue of {FEWEST_QUEUED}, too few", len(long))
    return _of(long)


def _queued(green_s: float, end_s: float, passages: Passages) -> Passages:
    """Return the vehicles that leave one after the other from the begin of green on.

    The first may stand on the detector when the green begins.
    """
    first = int(np.searchsorted(passages.off_s, green_s))
    last = int(np.searchsorted(passages.on_s, end_s))
    on_s, off_s = passages.on_s[first:last], passages.off_s[first:last]
    longest_s = np.full(max(len(on_s) - 1, 0), LONGEST_HEADWAY_S)
    longest_s[:FIRST_VEHICLES] = LONGEST_START_S
    broken = np.flatnonzero(np.diff(np.maximum(on_s, green_s)) > longest_s)
    count = int(broken[0]) + 1 if len(broken) else len(on_s)
    if not len(on_s) or on_s[0] - green_s > LONGEST_START_S:
        count = 0
    return Passages(on_s[:count], off_s[:count])


def _of(queues: list[Passages]) -> Saturation:
    spans_s = np.array([queue.on_s[-1] - queue.on_s[FIRST_VEHICLES - 1] for queue in queues])
    counts = np.array([len(queue.on_s) - FIRST_VEHICLES for queue in queues], np.float64)
    headway_s = float(spans_s.sum() / counts.sum())
    if headway_s < SHORTEST_HEADWAY_S:
        return _unknown(
            f"headways of {headway_s:.1f} s: it sees vehicles twice, or those of several lanes",
            len(queues),
        )
    error_s = _error_of_ratio(spans_s, counts, headway_s)
    low_s, high_s = headway_s - _Z * error_s, headway_s + _Z * error_s
    return Saturation(
        flow_vph=SECONDS_PER_HOUR / headway_s,
        low_vph=SECONDS_PER_HOUR / high_s,
        high_vph=SECONDS_PER_HOUR / max(low_s, SHORTEST_HEADWAY_S / 2),
        cycles=len(queues),
        headways=int(counts.sum()),
    )


def _error_of_ratio(spans_s: Floats, counts: Floats, headway_s: float) -> float:
    """Return the standard error of a ratio of sums over cycles [s]."""
    residual_s = spans_s - headway_s * counts
    variance = float(np.sum(residual_s**2)) / (len(counts) - 1)
    return float(np.sqrt(variance / len(counts)) / counts.mean())


def _unknown(reason: str, cycles: int = 0) -> Saturation:
    nan = float("nan")
    return Saturation(
        flow_vph=nan, low_vph=nan, high_vph=nan, cycles=cycles, headways=0, reason=reason
    )
