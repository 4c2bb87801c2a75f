"""The street without traffic: asphalt, markings, verge and sky, and the light on them."""

from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.camera.rendering import drawing, shadows
from detectors.camera.rendering.drawing import Bytes, Floats
from detectors.camera.rendering.scene import Light, Marking, Scene
from detectors.camera.rendering.sensor import toned
from detectors.camera.rendering.view import View

_ASPHALT = (118.0, 117.0, 115.0)
_GRASS = (62.0, 98.0, 90.0)
_PAVEMENT = (138.0, 142.0, 144.0)
_PAINT = (222.0, 225.0, 226.0)
_DASH_M, _GAP_M = 3.0, 6.0
_LINE_M = 0.14
_PIECE_M = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """Pictures of the empty street, (height, width, 3).

    Parameters
    ----------
    albedo
        Colours in full daylight.
    shade
        What is seen without direct sunlight: sky and street lamps.
    sun
        What direct sunlight adds.
    """

    albedo: Bytes
    shade: Bytes
    sun: Bytes


def draw_street(scene: Scene) -> Street:
    """Draw the empty street of a scene, twice as fine as the picture, and shrink it."""
    view = scene.view
    fine = replace(
        view,
        focal_px=2 * view.focal_px,
        width_px=2 * view.width_px,
        height_px=2 * view.height_px,
    )
    dice = np.random.default_rng((scene.seed, 11))
    albedo = toned(_paint(scene, fine, dice), scene.sensor.saturation)
    lamps, sun = _light_maps(scene, fine)
    shade = np.clip(albedo * lamps, 0, 255)
    sky_rows = max(0, round(fine.horizon_px))
    shade[:sky_rows] = _sky(scene, fine, dice)[:sky_rows]
    sunny = np.clip(albedo * sun, 0, 255)
    sunny[:sky_rows] = 0
    size = (view.width_px, view.height_px)
    small = [
        cv2.resize(np.asarray(p), size, interpolation=cv2.INTER_AREA)
        for p in (albedo, shade, sunny)
    ]
    return Street(
        **{
            name: np.clip(np.rint(p), 0, 255).astype(np.uint8)
            for name, p in zip(("albedo", "shade", "sun"), small, strict=True)
        }
    )


def lamp_light(places_m: Floats, scene: Scene) -> Floats:
    """Return the light of the street lamps at places on the street, (..., 3).

    A lamp's light falls with the cosine of the slant over the squared distance, which is the cube
    of the cosine where all lamps are told by their light straight below.

    Parameters
    ----------
    places_m
        East and north, (..., 2). [m]
    scene
        The lamps, and their light.
    """
    total = np.zeros(places_m.shape[:-1])
    for x_m, y_m, height_m in scene.street_lamps:
        level = (places_m[..., 0] - x_m) ** 2 + (places_m[..., 1] - y_m) ** 2
        total += (height_m**2 / (level + height_m**2)) ** 1.5
    return np.asarray(total[..., None] * scene.light.street_lamp)


def _paint(scene: Scene, view: View, dice: np.random.Generator) -> NDArray[np.float32]:
    """Return the colours of the ground in full daylight, floating point."""
    ground = _ground_grid(view)
    picture = np.zeros((view.height_px, view.width_px, 3), np.float32)
    verge = np.asarray(_GRASS, np.float32) * np.ones_like(picture)
    rough = _texture(ground, view, dice, (4, 16, 64, 128))
    picture[:] = verge * (1 + 0.22 * rough[..., None])
    canvas = np.zeros((view.height_px, view.width_px), np.uint8)
    for lane in scene.lanes:
        _fill_line(canvas, view, lane.centre_m, lane.width_m / 2 + 2.6)
    walk = np.asarray(_PAVEMENT, np.float32) * (1 + 0.05 * rough[..., None])
    picture = _blend(picture, walk, canvas)
    canvas[:] = 0
    for lane in scene.lanes:
        _fill_line(canvas, view, lane.centre_m, lane.width_m / 2 + 0.75)
    picture = _blend(picture, np.float32(1.12) * walk, canvas)
    canvas[:] = 0
    for lane in scene.lanes:
        _fill_line(canvas, view, lane.centre_m, lane.width_m / 2 + 0.55)
    for area in scene.areas:
        drawing.fill(canvas, view.polygon(np.column_stack([area, np.zeros(len(area))])), 255.0)
    asphalt = _asphalt(scene, view, ground, dice)
    picture = _blend(picture, asphalt, canvas)
    return _blend(
        picture,
        np.asarray(_PAINT, np.float32) * (1 + 0.08 * rough[..., None]),
        _markings(scene, view, dice),
    )


def _blend(
    below: NDArray[np.float32], above: NDArray[np.float32], mask: Bytes
) -> NDArray[np.float32]:
    share = (mask.astype(np.float32) / 255)[..., None]
    return np.asarray(below + (above - below) * share, np.float32)


def _ground_grid(view: View) -> Floats:
    """Return where each pixel looks at the street, (height, width, 2), no farther than seen."""
    rows = np.maximum(np.arange(view.height_px) + 0.5, view.horizon_px + 2.0)
    columns = np.arange(view.width_px) + 0.5
    grid = np.stack(np.meshgrid(columns, rows), axis=-1)
    return view.ground(grid)


def _texture(
    ground: Floats, view: View, dice: np.random.Generator, octaves: tuple[int, ...]
) -> NDArray[np.float32]:
    """Return noise that lies on the street and fades with distance, (height, width)."""
    fine = drawing.sample(drawing.clouds(512, octaves, dice), ground[..., 0], ground[..., 1], 16.0)
    wide = drawing.sample(
        drawing.clouds(512, (4, 8, 16, 32), dice), ground[..., 0], ground[..., 1], 5.0
    )
    away_m = np.hypot(ground[..., 0] - view.x_m, ground[..., 1] - view.y_m)
    near = np.clip(view.focal_px / (away_m * 12.0), 0, 1).astype(np.float32)
    return np.asarray(0.6 * fine * near + 0.6 * wide, np.float32)


def _asphalt(
    scene: Scene, view: View, ground: Floats, dice: np.random.Generator
) -> NDArray[np.float32]:
    """Return asphalt with grain, patches, worn wheel tracks and a darker strip of oil."""
    grain = _texture(ground, view, dice, (16, 64, 128, 256))
    tone = np.asarray(_ASPHALT, np.float32) * (1 - 0.28 * scene.weather.wetness)
    picture = tone * (1 + 0.045 * grain[..., None])
    worn = np.zeros((view.height_px, view.width_px), np.uint8)
    oily = worn.copy()
    patched = worn.copy()
    for lane in scene.lanes:
        for side in (-0.85, 0.85):
            _fill_strip(worn, view, lane.centre_m, side - 0.3, side + 0.3)
        _fill_strip(oily, view, lane.centre_m, -0.35, 0.35)
        length_m = drawing.line_length_m(lane.centre_m)
        for _ in range(max(1, int(length_m / 60))):
            at_m = dice.uniform(0, max(1.0, length_m - 8))
            line = drawing.piece(lane.centre_m, at_m, at_m + dice.uniform(1, 8))
            left = dice.uniform(-1.6, 0.2)
            _fill_strip(patched, view, line, left, left + dice.uniform(0.6, 1.6))
    softness = max(1.0, view.height_px / 300)
    for mask, change in ((worn, 0.06), (oily, -0.10), (patched, -0.12)):
        soft = mask if mask is patched else cv2.GaussianBlur(mask, (0, 0), softness)
        picture = picture * (1 + change * (np.asarray(soft, np.float32) / 255)[..., None])
    return np.asarray(picture, np.float32)


def _markings(scene: Scene, view: View, dice: np.random.Generator) -> Bytes:
    """Return how much paint covers each pixel, worn in places."""
    mask = np.zeros((view.height_px, view.width_px), np.uint8)
    for lane in scene.lanes:
        for marking, side in ((lane.left, -1), (lane.right, 1)):
            line = lane.beside(
                side * (lane.width_m / 2 - (0.0 if marking is Marking.DASHED else 0.1))
            )
            _fill_marking(mask, view, line, marking)
        if lane.has_stop_line:
            length_m = drawing.line_length_m(lane.centre_m)
            end = drawing.piece(lane.centre_m, length_m - 1.0, length_m - 0.5)
            _fill_strip(mask, view, end, -lane.width_m / 2 + 0.1, lane.width_m / 2 - 0.1)
    wear = drawing.clouds(512, (16, 32, 64), dice)
    tiled = np.tile(wear, (view.height_px // 512 + 1, view.width_px // 512 + 1))
    kept = np.clip(0.8 + 0.15 * tiled[: view.height_px, : view.width_px], 0, 1)
    return np.asarray(mask * kept, np.uint8)


def _fill_marking(mask: Bytes, view: View, line: Floats, marking: Marking) -> None:
    length_m = drawing.line_length_m(line)
    if marking is Marking.SOLID:
        _fill_strip(mask, view, line, -_LINE_M / 2, _LINE_M / 2)
    elif marking is Marking.DASHED:
        for start_m in np.arange(0.0, length_m - _DASH_M, _DASH_M + _GAP_M):
            dash = drawing.piece(line, float(start_m), float(start_m) + _DASH_M)
            _fill_strip(mask, view, dash, -_LINE_M / 2, _LINE_M / 2)


def _fill_line(mask: Bytes, view: View, line: Floats, half_m: float) -> None:
    _fill_strip(mask, view, line, -half_m, half_m)


def _fill_strip(mask: Bytes, view: View, line: Floats, left_m: float, right_m: float) -> None:
    """Draw a strip along a line, piece by piece, so that parts behind the camera are cut away."""
    length_m = drawing.line_length_m(line)
    edges = np.linspace(0.0, length_m, max(2, int(length_m / _PIECE_M) + 2))
    for start_m, end_m in pairwise(edges):
        outline = drawing.ribbon(drawing.piece(line, float(start_m), float(end_m)), left_m, right_m)
        drawing.fill(mask, view.polygon(outline), 255.0)


def _light_maps(scene: Scene, view: View) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the light without and with direct sun as factors on the colours."""
    light = scene.light
    coarse = _coarse(view)
    lamps = lamp_light(_ground_grid(coarse), scene) + np.asarray(light.sky)
    size = (view.width_px, view.height_px)
    spread = cv2.resize(lamps.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    shadow = np.zeros((view.height_px, view.width_px), np.uint8)
    if light.sun > 0:
        shadows.cast_standing(shadow, scene, view)
    soft = cv2.GaussianBlur(shadow, (0, 0), max(1.0, view.height_px / 250))
    free = np.asarray(1 - soft[..., None] / 255.0, np.float32)
    return np.asarray(spread, np.float32), free * sunlight(light).astype(np.float32)


def _coarse(view: View) -> View:
    return replace(
        view,
        focal_px=view.focal_px / 8,
        width_px=max(1, view.width_px // 8),
        height_px=max(1, view.height_px // 8),
    )


def sunlight(light: Light) -> Floats:
    """Return what the sun adds on a level street, redder the lower it stands, (3,)."""
    low = np.clip(1 - light.sun_height_deg / 40, 0, 1)
    return np.asarray(
        light.sun * (np.array([0.94, 0.99, 1.04]) - low * np.array([0.35, 0.12, -0.1]))
    )


def _sky(scene: Scene, view: View, dice: np.random.Generator) -> NDArray[np.float32]:
    """Return the sky, brighter to the horizon, with clouds."""
    tile = drawing.clouds(512, (4, 8, 16, 32), dice)
    rows, columns = view.height_px, view.width_px
    wide = cv2.resize(tile, (columns, rows), interpolation=cv2.INTER_LINEAR)
    height = np.linspace(0.85, 1.1, rows, dtype=np.float32)[:, None]
    brightness = min(1.0, max(scene.light.sky) + scene.light.sun)
    tone = np.array([232.0, 226.0, 220.0], np.float32) * brightness
    glow = np.asarray(scene.light.street_lamp, np.float32) * 40
    return np.asarray((tone + glow) * (height * (1 + 0.08 * wide))[..., None], np.float32)
