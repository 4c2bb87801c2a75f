"""What moves in a picture: the mask of all that is not the empty street, and its blobs."""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.camera.sources.stream import Image

Mask = NDArray[np.uint8]
Box = NDArray[np.float64]
"""Left, top, right and bottom, shape (4,). [px]"""

MEMORY_S = 60.0
"""Time over which the street is learned [s]."""
STREET_SHARE = 0.5
"""A vehicle that stands becomes street when the street behind it was seen for less than this share
of the memory: after 0.7 times the memory.  OpenCV's own share of 0.9 took six seconds. [-]"""
FIRST_FRAMES = 50
"""The first picture weighs as much as this many others, so that who passes soon is no street."""
CONTRAST = 25.0
"""Squared distance from the street, in its variances, from which on a pixel is none of it. [-]"""
GAP_PX, SPECK_PX = 7, 3
"""Gaps in a blob that are closed, and specks that are no blob [px]."""
LOOK_EVERY = 10
"""Frames after which the picture of the empty street is taken anew."""
EDGE = 0.05
"""Change of the logarithm of the brightness, against that of the street, from one pixel to the next
from which on it is the edge of a body: the light of lamps and its reflections end softly. [1/px]"""
REACH_PX = 11
"""Diameter of what an edge belongs to: the mask is believed near edges only. [px]"""
_SOFT_PX, _DARK = 1.2, 12.0
"""Noise is smoothed over this, and does not count in the dark: grey levels that are added. [px]"""
LEAST_AREA = 2.5e-4
"""Smallest blob that is a vehicle, as a part of the picture. [-]"""
LEAST_FILL = 0.3
"""Share of its box that it covers at least. [-]"""
_FOREGROUND = 255


class MovingMask:
    """Tells what is not the empty street.

    The street is a mixture of normal distributions for each pixel, shadows are told apart by their
    colour (Zivkovic and van der Heijden, Pattern Recognition Letters 27, 2006, 773-780).

    Parameters
    ----------
    rate_hps
        Pictures per second.
    """

    def __init__(self, rate_hps: float) -> None:
        frames = round(MEMORY_S * rate_hps)
        self._street = cv2.createBackgroundSubtractorMOG2(
            history=frames, varThreshold=CONTRAST, detectShadows=True
        )
        self._street.setBackgroundRatio(STREET_SHARE)
        self._rate = 1.0 / frames
        self._seen = 0
        self._empty: NDArray[np.float32] | None = None
        self._reach = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (REACH_PX, REACH_PX))
        self._speck = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (SPECK_PX, SPECK_PX))
        self._gap = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (GAP_PX, GAP_PX))

    def __call__(self, image: Image) -> Mask:
        """Return 1 where something stands or moves on the street, else 0."""
        self._seen += 1
        rate = max(self._rate, 1.0 / (FIRST_FRAMES + self._seen)) if self._seen > 1 else 1.0
        moving = (self._street.apply(image, learningRate=rate) == _FOREGROUND).astype(np.uint8)
        if self._empty is None or self._seen % LOOK_EVERY == 0:
            self._empty = _log_brightness(np.asarray(self._street.getBackgroundImage(), np.uint8))
        moving &= self._near_edges(_log_brightness(image) - self._empty)
        moving = cv2.morphologyEx(moving, cv2.MORPH_OPEN, self._speck)
        return np.asarray(cv2.morphologyEx(moving, cv2.MORPH_CLOSE, self._gap), np.uint8)

    def _near_edges(self, ratio: NDArray[np.float32]) -> Mask:
        """Return 1 near places where brightness changes otherwise than that of the street."""
        across = cv2.Sobel(ratio, cv2.CV_32F, 1, 0, scale=1 / 8)
        down = cv2.Sobel(ratio, cv2.CV_32F, 0, 1, scale=1 / 8)
        edges = np.asarray(np.hypot(across, down) > EDGE, np.uint8)
        return np.asarray(cv2.dilate(edges, self._reach), np.uint8)


def _log_brightness(image: Image) -> NDArray[np.float32]:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32)
    return np.asarray(np.log(cv2.GaussianBlur(grey, (0, 0), _SOFT_PX) + _DARK), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Blob:
    """One connected part of the mask.

    Parameters
    ----------
    number
        Its label.
    corners_px
        The box around it. [px]
    area_px
        Its pixels.
    is_cut
        It touches the border of the picture: the rest of it may lie outside.
    """

    number: int
    corners_px: Box
    area_px: int
    is_cut: bool

    @property
    def middle_px(self) -> Box:
        """Middle of its box, x and y [px]."""
        return middle_of(self.corners_px)

    @property
    def is_vehicle(self) -> bool:
        """Whether it fills its box well enough."""
        return self.area_px >= LEAST_FILL * area_of(self.corners_px)


@dataclass(frozen=True, slots=True, eq=False)
class Blobs:
    """The blobs of a picture.

    Parameters
    ----------
    label
        Number of its blob for each pixel, 0 for none, (height, width).
    each
        Those that are large enough for a vehicle.
    """

    label: NDArray[np.int32]
    each: tuple[Blob, ...]

    @classmethod
    def of(cls, mask: Mask, least_px: float) -> Self:
        """Tell the connected parts of a mask that have a number of pixels at least."""
        _, label, stats, _ = cv2.connectedComponentsWithStats(mask)
        height, width = mask.shape
        found = []
        for number, (left, top, wide, high, area) in enumerate(stats.tolist()):
            if number == 0 or area < least_px:
                continue
            right, bottom = left + wide, top + high
            is_cut = left <= 1 or top <= 1 or right >= width - 1 or bottom >= height - 1
            corners = np.array([left, top, right, bottom], np.float64)
            found.append(Blob(number, corners, area, is_cut))
        return cls(np.asarray(label, np.int32), tuple(found))

    def mask(self, blob: Blob) -> Mask:
        """Return 1 where the blob is."""
        return np.asarray(self.label == blob.number, np.uint8)


def middle_of(corners_px: Box) -> Box:
    """Return the middle of a box, x and y [px]."""
    return np.asarray((corners_px[:2] + corners_px[2:]) / 2, np.float64)


def area_of(corners_px: Box) -> float:
    """Return the area of a box, at least 1 [px²]."""
    left, top, right, bottom = corners_px.tolist()
    return max(1.0, float((right - left) * (bottom - top)))


def around(boxes: list[Box]) -> Box:
    """Return the box around some boxes."""
    return np.hstack([np.min([b[:2] for b in boxes], 0), np.max([b[2:] for b in boxes], 0)])


def cut_to(corners_px: Box, size_px: tuple[int, int]) -> tuple[slice, slice]:
    """Return rows and columns of a picture that a box covers.

    Parameters
    ----------
    corners_px
        The box. [px]
    size_px
        Width and height of the picture. [px]
    """
    left, top = np.maximum(corners_px[:2], 0).astype(int).tolist()
    right, bottom = np.minimum(np.ceil(corners_px[2:]), size_px).astype(int).tolist()
    return slice(top, max(top, bottom)), slice(left, max(left, right))
