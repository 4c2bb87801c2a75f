"""How large a vehicle usually is, here and now: learned from those that passed."""

from collections import deque

import numpy as np

from detectors.pulses import Floats

LEAST_SHARE = 0.7
"""Sizes are never learned below this share of those where nothing is known: parts that are taken
for vehicles would else make the next ones be taken apart, too."""
REMEMBERED = 400
"""Vehicles from which sizes are learned."""
NEARNESS_UNITS = 55.0
"""Vehicles at this distance along the band count 0.6 times. [units]"""
STEP_UNITS = 10
"""Distance between the places for which sizes are kept. [units]"""


class TypicalSizes:
    """Weighted medians of the sizes of vehicles near a place.

    Parameters
    ----------
    extent
        Samples along the band. [units]
    width, height
        Size where nothing is known yet, which counts as one vehicle. [units, frames]
    """

    def __init__(self, extent: int, width: float, height: float) -> None:
        self._prior = (width, height)
        self._seen: deque[tuple[float, float, float]] = deque(maxlen=REMEMBERED)
        self._places = np.arange(0, extent + STEP_UNITS, STEP_UNITS, dtype=np.float64)
        self._table = np.tile(np.array(self._prior), (len(self._places), 1))

    def at(self, x: float) -> tuple[float, float]:
        """Return the usual width and height at a place [units, frames].

        Parameters
        ----------
        x
            Place along the band. [units]
        """
        row = self._table[min(max(round(x / STEP_UNITS), 0), len(self._table) - 1)]
        return float(row[0]), float(row[1])

    def see(self, vehicles: list[tuple[float, float, float]]) -> None:
        """Learn from vehicles.

        Parameters
        ----------
        vehicles
            Place, width and height of each. [units, units, frames]
        """
        self._seen.extend(vehicles)
        if vehicles:
            self._renew()

    def forget(self) -> None:
        """Return to the size where nothing is known, but keep what the table says until then."""
        self._seen.clear()

    def _renew(self) -> None:
        seen = np.array(self._seen)
        near = np.exp(-0.5 * ((seen[:, 0] - self._places[:, np.newaxis]) / NEARNESS_UNITS) ** 2)
        weights = np.hstack([near, np.ones((len(near), 1))])
        for column in (0, 1):
            sizes = np.append(seen[:, column + 1], self._prior[column])
            medians = _weighted_medians(sizes, weights)
            self._table[:, column] = np.maximum(medians, LEAST_SHARE * self._prior[column])


def _weighted_medians(values: Floats, weights: Floats) -> Floats:
    """Return the median of `values` for each row of `weights`."""
    order = np.argsort(values)
    sums = np.cumsum(weights[:, order], axis=1)
    places = (sums < 0.5 * sums[:, -1:]).sum(axis=1)
    medians: Floats = values[order][places]
    return medians
