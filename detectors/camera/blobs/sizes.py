"""How large vehicles usually are at each place of a picture, learned as they pass."""

from collections import defaultdict, deque

import numpy as np

from detectors.camera.blobs.moving import Box, area_of

ACROSS, DOWN = 12, 8
"""Fields of the picture."""
MOST, LEAST = 60, 15
"""Boxes that a field remembers, and from how many on it is believed."""


class UsualSizes:
    """Areas of the boxes of single vehicles, by the field that their ground contact lies in.

    Parameters
    ----------
    size_px
        Width and height of the picture. [px]
    """

    def __init__(self, size_px: tuple[int, int]) -> None:
        self._field_px = size_px[0] / ACROSS, size_px[1] / DOWN
        self._areas: defaultdict[tuple[int, int], deque[float]] = defaultdict(
            lambda: deque(maxlen=MOST)
        )

    def learn(self, corners_px: Box) -> None:
        """Take the box of a vehicle that drives alone."""
        self._areas[self._field(corners_px)].append(area_of(corners_px))

    def at(self, corners_px: Box) -> float | None:
        """Return the usual area where a box stands, none while too few have passed [px²].

        Of its field where enough were seen there, else of the fields around it as well.
        """
        column, row = self._field(corners_px)
        own = self._areas.get((column, row), ())
        if len(own) >= LEAST:
            return float(np.median(own))
        near = [
            area
            for i in (column - 1, column, column + 1)
            for j in (row - 1, row, row + 1)
            for area in self._areas.get((i, j), ())
        ]
        return float(np.median(near)) if len(near) >= LEAST else None

    def _field(self, corners_px: Box) -> tuple[int, int]:
        left, _, right, bottom = corners_px.tolist()
        return int((left + right) / 2 // self._field_px[0]), int(bottom // self._field_px[1])
