"""Counted vehicles against those that passed, one by one: misses and doubles do not cancel."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from detectors.camera.band import LANE_UNITS, Geometry
from detectors.camera.passages import Passage

NEAREST_S = 0.7
"""Longest time between a vehicle's front on the band and the time for which it is seen [s]."""
NEAREST_UNITS = 1.1 * LANE_UNITS
"""Longest way from the middle of its lane: a neighbour's lane is still in reach. [units]"""
APART = 1e3
"""Costs of two that cannot be the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """How the vehicles of a clip were found.

    Parameters
    ----------
    missed_veh
        That passed and were not counted. [veh]
    false_veh
        Counted twice, or where nothing passed. [veh]
    wrong_lane_veh
        Counted on another lane. [veh]
    """

    missed_veh: int
    false_veh: int
    wrong_lane_veh: int


def matched(
    passages: Sequence[Passage], truth: Sequence[tuple[float, int]], geometry: Geometry
) -> Matching:
    """Return how well what was counted matches what passed; each is used once.

    Parameters
    ----------
    passages
        Vehicles that were counted.
    truth
        When the front of each vehicle met the band, and its lane. [s]
    geometry
        How the band was sampled.
    """
    costs = np.array(
        [[_cost(one, time_s, lane, geometry) for one in passages] for time_s, lane in truth]
    )
    rows, columns = linear_sum_assignment(costs.reshape(len(truth), len(passages)))
    pairs = [
        (row, column)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        if costs[row, column] < APART
    ]
    return Matching(
        missed_veh=len(truth) - len(pairs),
        false_veh=len(passages) - len(pairs),
        wrong_lane_veh=sum(truth[row][1] != passages[column].lane for row, column in pairs),
    )


def _cost(one: Passage, time_s: float, lane: int, geometry: Geometry) -> float:
    away_s = max(one.on_s - time_s, time_s - one.off_s, 0.0)
    beside = abs(one.sighting.blob.centre - sum(geometry.limits[lane]) / 2)
    if away_s >= NEAREST_S or beside >= NEAREST_UNITS:
        return APART
    return away_s / NEAREST_S + beside / NEAREST_UNITS + (one.lane != lane)
