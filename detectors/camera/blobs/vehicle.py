"""A vehicle that is followed: its box, and points on it whose ways are known."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from detectors.camera.blobs.moving import Box, area_of, around, middle_of

Trails = NDArray[np.float32]
"""Where points were, shape (points, frames, 2); the last frame is now, not a number before a point
was found. [px]"""
Flags = NDArray[np.bool_]
FEW = 3
"""Points that a motion is told by at least."""


@dataclass(slots=True, eq=False)
class Vehicle:
    """What is known of one vehicle.

    Parameters
    ----------
    identity
        From 1.
    corners_px
        Its box. [px]
    trails
        Points on it.
    parent
        Of whom it was taken for a part, -1 for nobody.
    frames
        For how many it has been followed.
    lost_frames, faded_frames
        For how many its points could not be followed, and lay on no blob.
    step_px
        Its last motion. [px]
    is_smooth
        Nothing on it can be followed: it goes where its blob goes.
    """

    identity: int
    corners_px: Box
    trails: Trails
    parent: int = -1
    frames: int = 0
    lost_frames: int = 0
    faded_frames: int = 0
    step_px: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    is_smooth: bool = False

    @property
    def points_px(self) -> Trails:
        """Where its points are now, shape (points, 2) [px]."""
        return self.trails[:, -1]

    @property
    def middle_px(self) -> NDArray[np.float64]:
        """Middle of its box [px]."""
        return middle_of(self.corners_px)

    @property
    def area_px(self) -> float:
        """Area of its box [px²]."""
        return area_of(self.corners_px)

    @property
    def size_px(self) -> float:
        """Root of its box's area [px]."""
        return float(np.sqrt(self.area_px))

    def moved_px(self, frames: int) -> Trails:
        """Return how far points have come, for those that were known then, (points, 2) [px]."""
        way = self.trails[:, -1] - self.trails[:, -1 - frames]
        return np.asarray(way[~np.isnan(way[:, 0])], np.float32)

    def motion_px(self, frames: int) -> NDArray[np.float64] | None:
        """Return the median of the same, none where too few points tell it [px]."""
        way = self.moved_px(frames)
        return np.median(way, axis=0).astype(np.float64) if len(way) >= FEW else None

    def add_points(self, points_px: Trails) -> None:
        """Take new points, shape (points, 2) [px]."""
        self.trails = np.concatenate([self.trails, new_trails(points_px, self.trails.shape[1])])


def new_trails(points_px: Trails, frames: int) -> Trails:
    """Return trails of points that have just been found.

    Parameters
    ----------
    points_px
        Where they are, shape (points, 2). [px]
    frames
        How many frames trails are long.
    """
    trails = np.full((len(points_px), frames, 2), np.nan, np.float32)
    trails[:, -1] = points_px
    return trails


def joined(parts: Sequence[Vehicle]) -> Vehicle:
    """Make the vehicle that has been followed for longest the whole of which all are parts.

    Parameters
    ----------
    parts
        At least one; the others are to be forgotten.
    """
    whole = max(parts, key=lambda part: part.frames)
    whole.trails = np.concatenate([part.trails for part in parts])
    whole.corners_px = around([part.corners_px for part in parts])
    return whole
