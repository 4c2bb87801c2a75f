"""Where the camera stands, and how the world falls on its picture (a pinhole)."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.errors import InputError

Floats = NDArray[np.float64]

NEAR_M = 0.5
"""Nothing closer to the pinhole than this is drawn. [m]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A pinhole camera above a plane street.

    Parameters
    ----------
    x_m, y_m
        Where it stands: metres to the east and to the north. [m]
    height_m
        Height above the street. [m]
    yaw_deg
        Where it looks: degrees clockwise from north.
    pitch_deg
        How far it looks down from the horizontal, in degrees.
    focal_px
        Focal length. [px]
    width_px, height_px
        Size of the picture. [px]

    Raises
    ------
    InputError
        A size or a length is not positive, or the camera looks at the sky.
    """

    x_m: float
    y_m: float
    height_m: float
    yaw_deg: float
    pitch_deg: float
    focal_px: float
    width_px: int
    height_px: int

    def __post_init__(self) -> None:
        """Refuse a camera that cannot exist."""
        where = "view"
        if min(self.height_m, self.focal_px, self.width_px, self.height_px) <= 0:
            raise InputError(where, "has a size that is not positive", "correct its sizes")
        if not 0.0 < self.pitch_deg < 90.0:  # noqa: PLR2004 - a right angle
            what = f"looks down by {self.pitch_deg} degrees"
            raise InputError(where, what, "choose between 0 and 90")

    @property
    def axes(self) -> Floats:
        """Unit vectors to the right, downwards and ahead of the camera, (3, 3)."""
        yaw, pitch = math.radians(self.yaw_deg), math.radians(self.pitch_deg)
        east, north = math.sin(yaw), math.cos(yaw)
        right = (north, -east, 0.0)
        down = (-east * math.sin(pitch), -north * math.sin(pitch), -math.cos(pitch))
        ahead = (east * math.cos(pitch), north * math.cos(pitch), -math.sin(pitch))
        return np.array([right, down, ahead])

    @property
    def horizon_px(self) -> float:
        """Row of the horizon, in pixels."""
        return self.height_px / 2 - self.focal_px * math.tan(math.radians(self.pitch_deg))

    @property
    def ground_to_picture(self) -> Floats:
        """Homography of the street (x, y, 1) to the picture, (3, 3)."""
        axes = self.axes
        place = np.array([self.x_m, self.y_m, self.height_m])
        moved = np.column_stack([axes[:, 0], axes[:, 1], -axes @ place])
        lens = np.array(
            [
                [self.focal_px, 0.0, self.width_px / 2],
                [0.0, self.focal_px, self.height_px / 2],
                [0.0, 0.0, 1.0],
            ]
        )
        return np.asarray(lens @ moved)

    def seen(self, points_m: Floats) -> Floats:
        """Return points in the camera's own axes: right, down, ahead, (..., 3) [m].

        Parameters
        ----------
        points_m
            East, north, up, (..., 3). [m]
        """
        return np.asarray((points_m - (self.x_m, self.y_m, self.height_m)) @ self.axes.T)

    def pictured(self, seen_m: Floats) -> Floats:
        """Return the pixels of points in the camera's axes that lie ahead of it, (..., 2)."""
        flat = seen_m[..., :2] * (self.focal_px / seen_m[..., 2:])
        return np.asarray(flat + np.array([self.width_px / 2, self.height_px / 2]))

    def project(self, points_m: Floats) -> Floats:
        """Return the pixels of points ahead of the camera, (..., 2); see ``seen``."""
        return self.pictured(self.seen(points_m))

    def ground(self, pixels: Floats) -> Floats:
        """Return where on the street pixels below the horizon look at, in metres, (..., 2)."""
        back = np.linalg.inv(self.ground_to_picture)
        ones = np.ones((*pixels.shape[:-1], 1))
        world = np.concatenate([pixels, ones], axis=-1) @ back.T
        return np.asarray(world[..., :2] / world[..., 2:])

    def polygon(self, corners_m: Floats) -> Floats:
        """Return the picture of a flat polygon, cut where it passes behind the camera.

        Parameters
        ----------
        corners_m
            Corners in order, (n, 3). [m]

        Returns
        -------
        Floats
            Pixels, (m, 2); empty if nothing lies ahead.
        """
        return self.pictured(cut_near(self.seen(corners_m)))


def cut_near(seen_m: Floats) -> Floats:
    """Return the part of a polygon, (n, 3) [m] in the camera's axes, that lies ahead of it."""
    depth_m = seen_m[:, 2]
    if depth_m.min() >= NEAR_M:
        return seen_m
    kept: list[Floats] = []
    for at, to in zip(seen_m, np.roll(seen_m, -1, axis=0), strict=True):
        if at[2] >= NEAR_M:
            kept.append(at)
        if (at[2] >= NEAR_M) != (to[2] >= NEAR_M):
            kept.append(at + (to - at) * (NEAR_M - at[2]) / (to[2] - at[2]))
    return np.array(kept).reshape(-1, 3)
