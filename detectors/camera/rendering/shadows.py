"""Shadows of vehicles on the street: the sun's, and the dim one below every body."""

import math

import cv2
import numpy as np

from detectors.camera.rendering import drawing
from detectors.camera.rendering.drawing import Bytes, Floats
from detectors.camera.rendering.scene import Light
from detectors.camera.rendering.shells import Shell, place
from detectors.camera.rendering.view import View

_BELOW_M = 0.12
_LONGEST = 6.0


def to_sun(light: Light) -> Floats:
    """Return the unit vector to the sun, (3,)."""
    high, round_ = math.radians(light.sun_height_deg), math.radians(light.sun_azimuth_deg)
    level = math.cos(high)
    return np.array([level * math.sin(round_), level * math.cos(round_), math.sin(high)])


def cast_sun(
    mask: Bytes, view: View, shell: Shell, stand: tuple[Floats, Floats], sun: Floats
) -> None:
    """Draw the sun's shadow of a vehicle, white on a mask."""
    reach = -sun[:2] / sun[2]
    reach *= min(1.0, _LONGEST / max(float(np.linalg.norm(reach)), 1e-9))
    for start, solid, _, _ in shell.parts:
        points = place(shell.corners_m[start:solid], *stand).reshape(-1, 3)
        _fill_hull(mask, view, points[:, :2] + points[:, 2:] * reach, 255.0)


def cast_below(mask: Bytes, view: View, shell: Shell, stand: tuple[Floats, Floats]) -> None:
    """Draw the dark place below a vehicle, white on a mask."""
    rear_m, wide_m = shell.corners_m[..., 0].min(), shell.corners_m[..., 1].max()
    corners = np.array(
        [
            (_BELOW_M, -wide_m - _BELOW_M, 0.0),
            (_BELOW_M, wide_m + _BELOW_M, 0.0),
            (rear_m - _BELOW_M, wide_m + _BELOW_M, 0.0),
            (rear_m - _BELOW_M, -wide_m - _BELOW_M, 0.0),
        ]
    )
    drawing.fill(mask, view.polygon(place(corners, *stand)), 255.0)


def _fill_hull(mask: Bytes, view: View, ground_m: Floats, tone: float) -> None:
    hull = cv2.convexHull(ground_m.astype(np.float32))[:, 0]
    corners = np.column_stack([hull, np.zeros(len(hull))]).astype(np.float64)
    drawing.fill(mask, view.polygon(corners), tone)
