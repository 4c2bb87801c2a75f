"""The detectors of a unit: which are covered now, and what they counted in the last period."""

from collections.abc import Mapping

from citybrain.controllers.virtual.timing import TENTHS_PER_S

MOST_VOLUME = 254
"""``detectorVolume`` counts no further. [veh]"""
HALF_PERCENTS = 200
"""``detectorOccupancy`` counts half percents."""


class DetectorRack:
    """Detectors 1 to n, and push buttons by phase.

    Parameters
    ----------
    count
        How many detectors there are.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.active: frozenset[int] = frozenset()
        self.pedestrians = 0
        self.sequence = 0
        self.period_s = 60
        self.volumes: dict[int, int] = {}
        self.occupancies: dict[int, int] = {}
        self._counted: dict[int, int] = {}
        self._covered_ds: dict[int, int] = {}
        self._passed_ds = 0

    def cover(
        self,
        active: frozenset[int],
        arrived: Mapping[int, int] | None = None,
        pedestrians: int = 0,
    ) -> None:
        """Say which detectors are covered from now on.

        Parameters
        ----------
        active
            Detectors that are covered.
        arrived
            Detector → vehicles that came since the last call, where that is known; else each
            detector that becomes covered counts one.
        pedestrians
            Mask of the phases whose buttons are pressed.
        """
        counted = dict.fromkeys(active - self.active, 1) if arrived is None else arrived
        for detector, vehicles in counted.items():
            self._counted[detector] = self._counted.get(detector, 0) + vehicles
        self.active = active
        self.pedestrians = pedestrians

    def tick(self) -> None:
        """Let a tenth of a second pass."""
        for detector in self.active:
            self._covered_ds[detector] = self._covered_ds.get(detector, 0) + 1
        self._passed_ds += 1
        period_ds = self.period_s * TENTHS_PER_S
        if self.period_s and self._passed_ds >= period_ds:
            self.volumes = {d: min(n, MOST_VOLUME) for d, n in self._counted.items()}
            self.occupancies = {
                d: HALF_PERCENTS * n // self._passed_ds for d, n in self._covered_ds.items()
            }
            self._counted, self._covered_ds, self._passed_ds = {}, {}, 0
            self.sequence = (self.sequence + 1) % 256
