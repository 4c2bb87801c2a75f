"""Shadows of vehicles on the street: the sun's, and the dim one below every body."""

import math

import cv2
import numpy as np

from detectors.camera.rendering import drawing
from detectors.camera.rendering.drawing import Bytes, Floats
from detectors.camera.rendering.scene import Light, Scene
from detectors.camera.rendering.shells import Shell, place
from detectors.camera.rendering.view import View

_BELOW_M = 0.12
_LONGEST = 6.0
_LEAVES = 60


def to_sun(light: Light) -> Floats:
    """Return the unit vector to the sun, (3,)."""
    high, round_ = math.radians(light.sun_height_deg), math.radians(light.sun_azimuth_deg)
    level = math.cos(high)
    return np.array([level * math.sin(round_), level * math.cos(round_), math.sin(high)])


def cast_sun(
    mask: Bytes, view: View, shell: Shell, stand: tuple[Floats, Floats], sun: Floats
) -> None:
    """Draw the sun's shadow of a vehicle, white on a mask."""
    reach = _reach(sun)
    for start, solid, _, _ in shell.parts:
        points = place(shell.corners_m[start:solid], *stand).reshape(-1, 3)
        _fill_hull(mask, view, points[:, :2] + points[:, 2:] * reach, 255.0)


def cast_standing(mask: Bytes, scene: Scene, view: View) -> None:
    """Draw the sun's shadows of trees, posts and street lamps, white on a mask.

    Parameters
    ----------
    mask
        Drawn on, of the view's size.
    scene
        What stands beside the street, and the light.
    view
        The camera, which may be finer than the scene's own.
    """
    reach = _reach(to_sun(scene.light))
    dice = np.random.default_rng((scene.seed, 51))
    for tree in scene.trees:
        foot = np.array([tree.x_m, tree.y_m])
        _cast_post(mask, view, foot, (tree.height_m - tree.crown_m, 0.3), reach)
        turn = np.linspace(0, 2 * np.pi, 10, endpoint=False)
        ring = np.column_stack([np.cos(turn), np.sin(turn)])
        for spot in dice.normal(0, 0.45, (_LEAVES, 3)) * tree.crown_m:
            at = foot + spot[:2] + reach * (tree.height_m - tree.crown_m + spot[2])
            radius_m = tree.crown_m * dice.uniform(0.1, 0.3)
            _fill_hull(mask, view, at + radius_m * ring, 255.0)
    for pole in scene.poles:
        foot = np.array([pole.x_m, pole.y_m])
        _cast_post(mask, view, foot, (pole.height_m, pole.width_m), reach)
    for x_m, y_m, height_m in scene.street_lamps:
        _cast_post(mask, view, np.array([x_m, y_m]), (height_m, 0.16), reach)


def _cast_post(
    mask: Bytes, view: View, foot: Floats, size_m: tuple[float, float], reach: Floats
) -> None:
    """Draw the shadow of a post of some height and width."""
    height_m, width_m = size_m
    aside = np.array([reach[1], -reach[0]]) / max(float(np.linalg.norm(reach)), 1e-9) * width_m / 2
    top = foot + reach * height_m
    _fill_hull(mask, view, np.array([foot - aside, foot + aside, top + aside, top - aside]), 255.0)


def _reach(sun: Floats) -> Floats:
    """Return how far a shadow falls for each metre of height, (2,)."""
    reach = -sun[:2] / sun[2]
    return np.asarray(reach * min(1.0, _LONGEST / max(float(np.linalg.norm(reach)), 1e-9)))


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
