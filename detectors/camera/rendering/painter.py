"""Vehicles on the picture: faces shaded by their slant, the farther ones first."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.camera.rendering import drawing
from detectors.camera.rendering.bodies import Material
from detectors.camera.rendering.drawing import Bytes, Floats
from detectors.camera.rendering.fleet import Moment
from detectors.camera.rendering.shells import Shell, place, turn
from detectors.camera.rendering.view import NEAR_M, View, cut_near

_MARGIN_M = 18.0
_TINY_PX = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lighting:
    """Light on surfaces at one frame.

    Parameters
    ----------
    sky
        Light from the sky on a level surface, (3,).
    sun
        Light of the sun on a surface that faces it, (3,).
    to_sun
        Unit vector to the sun, (3,).
    """

    sky: Floats
    sun: Floats
    to_sun: Floats


def far_to_near(view: View, moment: Moment, lengths_m: Floats) -> list[tuple[int, float]]:
    """Return the vehicles that may be seen, the farthest first.

    From a raised camera, the one whose place on the street is nearer hides the other.

    Returns
    -------
    list[tuple[int, float]]
        Row of each vehicle, and the distance of its middle on the street. [m]
    """
    if not len(moment.vehicle):
        return []
    middle = moment.front_m - moment.heading * lengths_m[moment.vehicle, None] / 2
    seen = view.seen(np.column_stack([middle, np.zeros(len(middle))]))
    wide = view.width_px / (2 * view.focal_px)
    high = view.height_px / (2 * view.focal_px)
    inside = seen[:, 2] > -_MARGIN_M / 2
    inside &= np.abs(seen[:, 0]) < wide * np.maximum(seen[:, 2], 0) + _MARGIN_M
    inside &= np.abs(seen[:, 1]) < high * np.maximum(seen[:, 2], 0) + _MARGIN_M
    rows = np.flatnonzero(inside)
    away_m = np.hypot(middle[rows, 0] - view.x_m, middle[rows, 1] - view.y_m)
    order = np.argsort(-away_m, kind="stable")
    return [(int(rows[k]), float(away_m[k])) for k in order]


def face_colours(
    shell: Shell, heading: Floats, lighting: Lighting, lamps: Floats, behind: float
) -> Floats:
    """Return the shaded colours of a vehicle's faces, (faces, 3).

    Parameters
    ----------
    shell
        The vehicle.
    heading
        Unit vector that it points along, (2,).
    lighting
        Light of the day.
    lamps
        Light of the street lamps where it is, (3,).
    behind
        Light on its rear from the head lamps of who follows.
    """
    normals = turn(shell.normals, heading)
    up = np.maximum(normals[:, 2:], 0)
    light = lighting.sky * (0.55 + 0.45 * up) + lamps * (0.5 + 0.5 * up)
    light = light + lighting.sun * np.maximum(normals @ lighting.to_sun, 0)[:, None]
    is_rear = shell.normals[:, :1] < -0.7  # noqa: PLR2004 - within 45 degrees of straight back
    light = light + behind * is_rear
    colours = shell.colour * light
    glass = (shell.material == Material.GLASS)[:, None]
    return np.asarray(np.clip(colours + glass * up * lighting.sky * 120, 0, 255))


def paint(
    picture: Bytes, view: View, shell: Shell, stand: tuple[Floats, Floats], colours: Floats
) -> Floats | None:
    """Paint one vehicle.

    Parameters
    ----------
    picture
        Painted on.
    view, shell
        Camera and vehicle.
    stand
        Middle of its front, and the unit vector that it points along.
    colours
        Colours of its faces, (faces, 3).

    Returns
    -------
    Floats | None
        Its outline, (n, 2); none if it is not in the picture. [px]
    """
    seen = view.seen(place(shell.corners_m, *stand))
    if seen[..., 2].max() < NEAR_M:
        return None
    is_cut = bool(seen[..., 2].min() < NEAR_M)
    flat = view.pictured(np.where(seen[..., 2:] < NEAR_M, np.nan, seen) if is_cut else seen)
    outline = _outline(flat)
    low, high = outline.min(axis=0), outline.max(axis=0)
    if (high < 0).any() or (low > (view.width_px, view.height_px)).any():
        return None
    if (high - low).max() < _TINY_PX:
        drawing.fill(
            picture, outline, tuple(colours[shell.material == Material.PAINT].mean(axis=0))
        )
        return outline
    faces = drawing.fixed(flat) if not is_cut else None
    turned = _turned_to_us(flat)
    tones = colours.tolist()
    for start, solid, end in _parts_in_order(shell, seen):
        hull = _outline(flat[start:solid])
        drawing.fill(picture, hull, tuple(colours[start:solid].mean(axis=0) * 0.85))
        for face in range(start, end):
            if faces is None:
                _fill_cut(picture, view, seen[face], tones[face])
            elif turned[face]:
                cv2.fillConvexPoly(picture, faces[face], tones[face], cv2.LINE_AA, drawing.SHIFT)
    return outline


def _fill_cut(picture: Bytes, view: View, seen: Floats, tone: list[float]) -> None:
    """Fill a face that may pass behind the camera."""
    corners = view.pictured(cut_near(seen))
    if len(corners) > 2 and _turned_to_us(corners[None])[0]:  # noqa: PLR2004 - a triangle
        drawing.fill(picture, corners, tone)


def _outline(flat: Floats) -> Floats:
    """Return the convex outline of the corners that lie ahead, (n, 2)."""
    points = flat.reshape(-1, 2)
    points = points[~np.isnan(points[:, 0])].astype(np.float32)
    if not len(points):
        return np.empty((0, 2))
    return np.asarray(cv2.convexHull(points)[:, 0], np.float64)


def _parts_in_order(shell: Shell, seen: Floats) -> Iterator[tuple[int, int, int]]:
    """Yield the parts by layer, within a layer the farther first."""
    order = sorted(
        shell.parts,
        key=lambda part: (
            part[3],
            -float(np.linalg.norm(seen[part[0] : part[1]].mean(axis=(0, 1)))),
        ),
    )
    for start, solid, end, _ in order:
        yield start, solid, end


def _turned_to_us(faces: Floats) -> NDArray[np.bool_]:
    """Tell which faces run clockwise on the picture, as those seen from outside do, (n,)."""
    x, y = faces[..., 0], faces[..., 1]
    area = (x[:, :-1] * y[:, 1:] - y[:, :-1] * x[:, 1:]).sum(axis=1)
    area += x[:, -1] * y[:, 0] - y[:, -1] * x[:, 0]
    return np.asarray(area > 0)
