"""Moving blobs as a reducer: a picture to boxes of what is not the empty street."""

from math import isfinite

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.camera.sources.stream import Image, StreamInfo

WIDEST_PX = 640
"""Pictures are made smaller until they are no wider than this [px]."""
MEMORY_S = 60.0
"""Time after which what stands still is taken for the street [s]."""
USUAL_RATE_HPS = 25.0
FIRST_FRAMES = 50
"""The first picture weighs as much as this many others, so that who passes soon is no street."""
CONTRAST = 25.0
"""Squared distance from the street, in its variances, from which on a pixel is none of it. [-]"""
GAP_PX, SPECK_PX = 7, 3
"""Gaps in a blob that are closed, and specks that are no blob [px]."""
LEAST_AREA = 2.5e-4
"""Smallest blob, as a part of the picture. [-]"""
LEAST_FILL = 0.3
"""Share of its box that a blob covers at least. [-]"""
MOST_BOXES = 128
FOREGROUND = 255
COLUMNS = 6
"""Left, top, right, bottom, score, kind, as those of a detector."""
KIND = 7
"""A vehicle of which nothing else is known: one beyond the known kinds."""


class FindBlobs:
    """Finds what moves, inside the decoder's process.

    The street is a mixture of normal distributions for each pixel, shadows are told apart by their
    colour (Zivkovic and van der Heijden, Pattern Recognition Letters 27, 2006, 773-780).

    Parameters
    ----------
    info
        Facts of the source.
    """

    def __init__(self, info: StreamInfo) -> None:
        self._zoom = min(1.0, WIDEST_PX / info.width_px)
        self._size = tuple(round(self._zoom * side) for side in (info.width_px, info.height_px))
        rate_hps = info.rate_hps if isfinite(info.rate_hps) else USUAL_RATE_HPS
        self._rate = 1.0 / (MEMORY_S * rate_hps)
        self._street = cv2.createBackgroundSubtractorMOG2(
            history=round(MEMORY_S * rate_hps), varThreshold=CONTRAST, detectShadows=True
        )
        self._seen = 0
        self._speck = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (SPECK_PX, SPECK_PX))
        self._gap = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (GAP_PX, GAP_PX))

    def __call__(self, image: Image) -> NDArray[np.float32]:
        """Return boxes, (128, 6), in pixels of the picture; rows not used are not a number."""
        self._seen += 1
        small = cv2.resize(image, self._size, interpolation=cv2.INTER_AREA)
        rate = max(self._rate, 1.0 / (FIRST_FRAMES + self._seen)) if self._seen > 1 else 1.0
        mask = self._street.apply(small, learningRate=rate)
        moving = (mask == FOREGROUND).astype(np.uint8)
        moving = cv2.morphologyEx(moving, cv2.MORPH_OPEN, self._speck)
        moving = cv2.morphologyEx(moving, cv2.MORPH_CLOSE, self._gap)
        _, _, stats, _ = cv2.connectedComponentsWithStats(moving)
        left, top, width, height, area = stats[1:].astype(np.float32).T
        is_blob = (area >= LEAST_AREA * moving.size) & (area >= LEAST_FILL * width * height)
        kept = np.flatnonzero(is_blob)
        kept = kept[np.argsort(-area[kept], kind="stable")[:MOST_BOXES]]
        found = np.full((MOST_BOXES, COLUMNS), np.nan, np.float32)
        sides = (left, top, left + width, top + height)
        found[: len(kept), :4] = np.column_stack([side[kept] for side in sides]) / self._zoom
        found[: len(kept), 4], found[: len(kept), 5] = 1.0, KIND
        return found
