"""What stands beside the street: trees that sway, posts that hide, lanterns that shine."""

from collections.abc import Generator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.camera.rendering import drawing
from detectors.camera.rendering.drawing import Bytes, Floats
from detectors.camera.rendering.lamps import LampLayers
from detectors.camera.rendering.scene import Pole, Scene, Tree
from detectors.camera.rendering.sensor import toned
from detectors.camera.rendering.view import NEAR_M, View

_LEAVES = 140
_STILL_PX = 0.15
_LEAF_TONES = np.array([(30, 58, 44), (40, 78, 60), (26, 46, 38), (52, 96, 78)], np.float64)
_POST = np.array([92.0, 94.0, 94.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Crown:
    """The crown of a tree, drawn once: its colours in full light and how much it covers.

    Parameters
    ----------
    colour, cover
        Picture of the leaves, (h, w, 3), and their share of each pixel, (h, w, 1).
    corner
        Column and row of its upper left corner. [px]
    phase_s, sway_px
        How it sways.
    """

    colour: NDArray[np.float32]
    cover: NDArray[np.float32]
    corner: tuple[int, int]
    phase_s: float
    sway_px: float


class Roadside:
    """Draws what stands beside the street.

    Parameters
    ----------
    scene
        Street, camera and conditions.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        dice = np.random.default_rng((scene.seed, 31))
        view = scene.view
        self._things: list[tuple[float, _Crown | list[Floats]]] = []
        for tree in scene.trees:
            crown = _crown(view, tree, scene.weather.wind, scene.sensor.saturation, dice)
            if crown is not None:
                self._things.append((_away_m(view, tree.x_m, tree.y_m), crown))
        self._posts = [outline for pole in scene.poles for outline in _pole(view, pole)]
        lanterns = [view.seen(np.array(lamp)) for lamp in scene.street_lamps]
        ahead = [seen for seen in lanterns if seen[2] > NEAR_M]
        self._lanterns = [(view.pictured(seen), view.focal_px / seen[2]) for seen in ahead]
        for x_m, y_m, height_m in scene.street_lamps:
            post = _pole(view, Pole(x_m=x_m, y_m=y_m, height_m=height_m, width_m=0.16))
            self._things.append((_away_m(view, x_m, y_m), post))
        self._things.sort(key=lambda thing: -thing[0])

    def paint_between(
        self, picture: Bytes, layers: LampLayers, at_s: float, light: Floats
    ) -> Generator[None, float, None]:
        """Paint trees and lamp posts in turn with the vehicles, the farther first.

        Each distance that is sent has everything painted that stands farther away; see
        ``painter.far_to_near``. [m]
        """
        beyond_m = yield
        for away_m, thing in self._things:
            while away_m <= beyond_m:
                beyond_m = yield
            if isinstance(thing, _Crown):
                _paint_crown(picture, thing, at_s, light)
                continue
            for outline in thing:
                _paint_post(picture, layers, outline, light)
        while True:
            yield

    def paint_before(self, picture: Bytes, layers: LampLayers, light: Floats) -> None:
        """Paint posts that hide vehicles, and lanterns that are on."""
        for outline in self._posts:
            _paint_post(picture, layers, outline, light)
        tone = np.asarray(self._scene.light.street_lamp)
        if tone.max() > 0.05:  # noqa: PLR2004 - off
            colour = tuple(np.minimum(255.0, tone / tone.max() * 255 + 40))
            for at, per_m in self._lanterns:
                centre = np.rint((at / 2 - 0.5) * 16).astype(int)
                if np.abs(centre).max() < 160000:  # noqa: PLR2004 - far outside
                    radius = max(12, int(0.25 * per_m / 2 * 16))
                    place = (int(centre[0]), int(centre[1]))
                    cv2.circle(layers.glare, place, radius, colour, -1, cv2.LINE_AA, 4)


def _away_m(view: View, x_m: float, y_m: float) -> float:
    return float(np.hypot(x_m - view.x_m, y_m - view.y_m))


def _paint_post(picture: Bytes, layers: LampLayers, outline: Floats, light: Floats) -> None:
    """Paint a post and blot out the lamps behind it."""
    drawing.fill(picture, outline, tuple(_POST * light))
    drawing.fill(layers.glare, outline / 2, (0.0, 0.0, 0.0))


def _crown(
    view: View, tree: Tree, wind: float, saturation: float, dice: np.random.Generator
) -> _Crown | None:
    """Draw a tree once; none if it is not in the picture."""
    foot = np.array([tree.x_m, tree.y_m, 0.0])
    if view.seen(foot)[2] < 2 * NEAR_M:
        return None
    middle = foot + np.array([0.0, 0.0, tree.height_m - tree.crown_m])
    seen = view.seen(middle + dice.normal(0, 0.45, (_LEAVES, 3)) * tree.crown_m)
    seen = seen[seen[:, 2] > NEAR_M]
    per_m = view.focal_px / seen[:, 2]
    trunk = _pole(view, Pole(x_m=tree.x_m, y_m=tree.y_m, height_m=middle[2], width_m=0.3))[0]
    centres, radii = view.pictured(seen), per_m * tree.crown_m * dice.uniform(0.1, 0.3, len(seen))
    everything = np.concatenate([trunk, centres - radii[:, None], centres + radii[:, None]])
    low = np.floor(np.maximum(everything.min(axis=0) - 3, (-40, -40))).astype(int)
    high = np.ceil(
        np.minimum(everything.max(axis=0) + 3, (view.width_px + 40, view.height_px + 40))
    )
    wide, tall = (high - low).astype(int)
    if wide < 1 or tall < 1:
        return None
    colour = np.full((tall, wide, 3), (40, 48, 56), np.uint8)
    cover = np.zeros((tall, wide), np.uint8)
    drawing.fill(cover, trunk - low, 255.0)
    leaves = toned(_LEAF_TONES, saturation)
    tones = leaves[dice.integers(0, 4, len(seen))] * dice.uniform(0.7, 1.25, (len(seen), 1))
    for centre, radius, tone in zip(centres - low, radii, tones, strict=True):
        at, size = tuple(np.rint(centre * 16).astype(int).tolist()), max(8, int(radius * 16))
        cv2.circle(colour, at, size, tuple(tone), -1, cv2.LINE_AA, 4)
        cv2.circle(cover, at, size, 255.0, -1, cv2.LINE_AA, 4)
    speckle = dice.normal(1, 0.22, (tall, wide, 1))
    return _Crown(
        colour=np.asarray(colour * speckle, np.float32),
        cover=np.asarray(cover[..., None] / 255, np.float32),
        corner=(int(low[0]), int(low[1])),
        phase_s=float(dice.uniform(0, 6)),
        sway_px=float(wind * 0.35 * per_m.mean()),
    )


def _paint_crown(picture: Bytes, crown: _Crown, at_s: float, light: Floats) -> None:
    """Lay a tree on the picture, its top bent by the wind."""
    tall, wide = crown.cover.shape[:2]
    left, top = crown.corner
    rows = slice(max(0, top), min(picture.shape[0], top + tall))
    columns = slice(max(0, left), min(picture.shape[1], left + wide))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    here = (
        slice(rows.start - top, rows.stop - top),
        slice(columns.start - left, columns.stop - left),
    )
    phase = at_s + crown.phase_s
    sway = (np.sin(2.1 * phase) + 0.5 * np.sin(5.3 * phase + 1.0)) * crown.sway_px
    cover, colour = crown.cover, crown.colour
    if crown.sway_px > _STILL_PX:
        bend = np.array([[1.0, -sway / tall, sway], [0.0, 1.0, 0.3 * abs(sway)]])
        cover = np.asarray(cv2.warpAffine(cover, bend, (wide, tall)), np.float32)[..., None]
        bent = cv2.warpAffine(colour, bend, (wide, tall), borderMode=cv2.BORDER_REPLICATE)
        colour = np.asarray(bent, np.float32)
    below = picture[rows, columns]
    mixed = below + cover[here] * (colour[here] * light.astype(np.float32) - below)
    picture[rows, columns] = np.clip(mixed, 0, 255).astype(np.uint8)


def _pole(view: View, pole: Pole) -> list[Floats]:
    """Return the outlines of a post and of its arm."""
    foot = np.array([pole.x_m, pole.y_m, 0.0])
    across = view.axes[0] * pole.width_m / 2
    top = foot + np.array([0.0, 0.0, pole.height_m])
    outlines = [view.polygon(np.array([foot - across, foot + across, top + across, top - across]))]
    if pole.arm_m:
        end = top + np.array([pole.arm_m, 0.0, 0.0])
        thick = np.array([0.0, 0.0, pole.width_m * 0.7])
        outlines.append(view.polygon(np.array([top, end, end - thick, top - thick])))
    return outlines
