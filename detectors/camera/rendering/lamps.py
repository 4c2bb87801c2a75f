"""Head lamps and tail lamps: light that falls on the street ahead, glare, mirrors on wet road."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.camera.rendering.drawing import Bytes, Floats, bytes_of
from detectors.camera.rendering.shells import Shell, place
from detectors.camera.rendering.view import NEAR_M, View

_AHEAD_M, _ASIDE_M = 46.0, 6.0
_PER_M = 4.0
_TONES = np.array([(205.0, 232.0, 255.0), (255.0, 238.0, 222.0), (255.0, 214.0, 190.0)])
"""Halogen, white and bluish head lamps as cameras show them."""
_RED = np.array([(30.0, 28.0, 235.0)])


@dataclass(frozen=True, slots=True, kw_only=True)
class LampLayers:
    """Half-size pictures that gather light, (height / 2, width / 2, 3).

    Parameters
    ----------
    pools
        Light that falls on the street.
    glare
        Lamps that shine into the camera.
    lamp_m
        Radius that a head lamp seems to have. [m]
    """

    pools: Bytes
    glare: Bytes
    lamp_m: float


def empty_layers(view: View, darkness: float) -> LampLayers:
    """Return layers without any light.

    Parameters
    ----------
    view
        The camera.
    darkness
        0 by day to 1: a sensor that exposes for a dark street shows a lamp larger than its glass.
    """
    shape = ((view.height_px + 1) // 2, (view.width_px + 1) // 2, 3)
    return LampLayers(
        pools=np.zeros(shape, np.uint8),
        glare=np.zeros(shape, np.uint8),
        lamp_m=0.09 + 0.13 * darkness,
    )


def beam() -> NDArray[np.float32]:
    """Return the light of dipped head lamps on the street, ahead along the rows, peak 1.

    Two lobes widen with distance; the street is brightest some 9 m ahead and lit visibly to 40 m,
    and the beam reaches into the lanes beside, as dipped beams do (UNECE Regulation 112).
    """
    ahead = (np.arange(int(_AHEAD_M * _PER_M)) + 0.5)[:, None] / _PER_M
    aside = (np.arange(int(2 * _ASIDE_M * _PER_M)) + 0.5)[None, :] / _PER_M - _ASIDE_M
    along = np.clip((ahead - 0.8) / 4.0, 0, 1) ** 1.5 * np.exp(-np.maximum(ahead - 9.0, 0) / 11.0)
    wide_m = 0.45 + 0.06 * ahead
    lobes = sum(np.exp(-((aside - at) ** 2) / (2 * wide_m**2)) for at in (-0.7, 0.7))
    spill = 0.25 * np.exp(-(aside**2) / (2 * (1.4 + 0.12 * ahead) ** 2))
    light = along * (lobes + spill)
    return np.asarray(light / light.max(), np.float32)


def cut_beam(texture: NDArray[np.float32], gap_m: float) -> NDArray[np.float32]:
    """Return the part of a beam that falls short of a vehicle so far ahead."""
    return texture[: max(2, int(min(gap_m, _AHEAD_M) * _PER_M))]


def lamp_tone(dice: np.random.Generator) -> Floats:
    """Draw the colour of a vehicle's head lamps, (3,)."""
    return np.asarray(_TONES[dice.choice(3, p=(0.45, 0.25, 0.30))])


def add_pool(
    pools: Bytes,
    view: View,
    stand: tuple[Floats, Floats],
    tone: Floats,
    texture: NDArray[np.float32],
) -> None:
    """Add the light of a vehicle's head lamps on the street.

    Parameters
    ----------
    pools
        Half-size layer that gathers the light.
    view
        The camera.
    stand
        Middle of the vehicle's front, and the unit vector that it points along.
    tone
        Colour and strength at the brightest place, (3,).
    texture
        The ``beam``, cut off where a vehicle ahead stops it.
    """
    ahead_m = len(texture) / _PER_M
    front_m, (east, north) = stand
    corners = np.array(
        [(0, -_ASIDE_M, 0), (0, _ASIDE_M, 0), (ahead_m, _ASIDE_M, 0), (ahead_m, -_ASIDE_M, 0)]
    )
    outline = view.polygon(place(corners.astype(np.float64), *stand)) / 2
    if len(outline) < 3:  # noqa: PLR2004 - a triangle
        return
    top = max(0, int(view.horizon_px / 2) + 2)
    low = np.maximum(np.floor(outline.min(axis=0)), (0, top)).astype(int)
    high = np.minimum(np.ceil(outline.max(axis=0)), (pools.shape[1], pools.shape[0])).astype(int)
    if (high - low).min() < 2:  # noqa: PLR2004 - a line
        return
    to_metres = np.array([[0.0, 1 / _PER_M, 0.0], [1 / _PER_M, 0.0, -_ASIDE_M], [0.0, 0.0, 1.0]])
    to_world = np.array([[east, north, front_m[0]], [north, -east, front_m[1]], [0.0, 0.0, 1.0]])
    to_half = np.array([[0.5, 0.0, -low[0]], [0.0, 0.5, -low[1]], [0.0, 0.0, 1.0]])
    matrix = to_half @ view.ground_to_picture @ to_world @ to_metres
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    light = cv2.warpPerspective(texture, matrix, size)
    region = pools[low[1] : high[1], low[0] : high[0]]
    coloured = np.clip(light[..., None] * tone.astype(np.float32), 0, 255).astype(np.uint8)
    cv2.add(region, coloured, region)


def add_lamps(
    layers: LampLayers,
    view: View,
    shell: Shell,
    stand: tuple[Floats, Floats],
    head: Floats,
    tail: float,
) -> None:
    """Draw the lamps of a vehicle that shine towards the camera.

    Parameters
    ----------
    layers
        Layers that gather light.
    view, shell
        Camera and vehicle.
    stand
        Middle of its front, and the unit vector that it points along.
    head
        Colour of its head lamps, (3,).
    tail
        Strength of its tail lamps: 0 off, about 0.4 on, 1 braking.
    """
    for places, tone, sense in ((shell.head_m, head, 1.0), (shell.tail_m, _RED[0] * tail, -1.0)):
        at = place(places, *stand)
        to_camera = np.array([view.x_m, view.y_m, view.height_m]) - at
        away_m = np.linalg.norm(to_camera, axis=1)
        facing = sense * (to_camera[:, :2] @ stand[1]) / away_m
        seen = view.seen(at)
        for k in np.flatnonzero((facing > 0.05) & (seen[:, 2] > NEAR_M)):  # noqa: PLR2004
            strength = float(np.sqrt(facing[k]))
            radius = (
                layers.lamp_m * (1.0 if sense > 0 else 0.45) * view.focal_px / float(seen[k, 2]) / 2
            )
            _dot(layers.glare, view.pictured(seen[k]) / 2, radius, tone * strength)


def _dot(layer: Bytes, centre: Floats, radius_px: float, tone: Floats) -> None:
    """Draw a lamp; one smaller than a pixel is dimmed instead."""
    dimmed = tone * min(1.0, max(0.35, radius_px / 0.7))
    at = np.rint((centre - 0.5) * 16).astype(int)
    if (np.abs(at) > 160000).any():  # noqa: PLR2004 - far outside
        return
    centre_fixed = (int(at[0]), int(at[1]))
    colour = tuple(float(c) for c in dimmed)
    cv2.circle(layer, centre_fixed, int(max(radius_px, 0.7) * 16), colour, -1, cv2.LINE_AA, 4)


def hide(layers: LampLayers, outline: Floats) -> None:
    """Blot out the lamps behind a body that is painted over them."""
    at = np.rint((outline / 2 - 0.5) * 16).astype(np.int32)
    cv2.fillConvexPoly(layers.glare, at, (0, 0, 0), cv2.LINE_AA, 4)


def mirrored(glare: Bytes, drop_px: int) -> Bytes:
    """Return the streaks below lamps that a wet road mirrors."""
    tall = cv2.blur(glare, (3, 2 * drop_px + 1))
    moved = np.zeros_like(tall)
    moved[drop_px:] = tall[: len(tall) - drop_px]
    return bytes_of(cv2.convertScaleAbs(moved, alpha=min(12.0, drop_px / 2.5)))


def bloom(glare: Bytes, strength: float) -> Bytes:
    """Return lamps with the glow that the lens spreads around them, the size of ``glare``."""
    small = cv2.resize(glare, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.float32)
    width = glare.shape[1]
    near = cv2.GaussianBlur(small, (0, 0), max(0.8, width / 260))
    wide = cv2.GaussianBlur(small, (0, 0), max(2.0, width / 60))
    glow = cv2.addWeighted(near, 3.0 * strength, wide, 4.5 * strength, 0)
    spread = cv2.resize(glow, (width, glare.shape[0]), interpolation=cv2.INTER_LINEAR)
    return bytes_of(cv2.add(glare, np.clip(spread, 0, 255).astype(np.uint8)))
