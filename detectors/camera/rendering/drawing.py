"""Smooth polygons and soft textures on pictures."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

SHIFT = 4
"""Fraction bits of drawn coordinates: a sixteenth of a pixel."""
_FAR = 320000.0


def fixed(pixels: Floats) -> NDArray[np.int32]:
    """Return pixels as fixed-point numbers for OpenCV's drawing, pixel centres at whole numbers."""
    scaled = np.rint((pixels - 0.5) * (1 << SHIFT))
    return np.minimum(np.maximum(scaled, -_FAR), _FAR).astype(np.int32)


def bytes_of(picture: object) -> Bytes:
    """Return a picture that OpenCV made as bytes, which it nearly always is already."""
    return np.asarray(picture, np.uint8)


def fill(picture: Bytes, pixels: Floats, colour: Sequence[float] | float) -> None:
    """Fill one polygon with smooth edges; fewer than three corners draw nothing."""
    if len(pixels) < 3:  # noqa: PLR2004 - a triangle
        return
    tone = (colour,) if isinstance(colour, float | int) else colour
    cv2.fillPoly(picture, [fixed(pixels)], tuple(tone), cv2.LINE_AA, SHIFT)


def clouds(size: int, octaves: Sequence[int], dice: np.random.Generator) -> NDArray[np.float32]:
    """Return a seamless texture of soft noise, mean 0 and standard deviation 1, (size, size).

    Parameters
    ----------
    size
        Side of the tile. [px]
    octaves
        Cells along the side of each layer of noise; coarser layers weigh more.
    dice
        Random numbers.
    """
    tile = np.zeros((size, size), np.float32)
    for cells in octaves:
        coarse = dice.normal(0, 1, (cells, cells)).astype(np.float32)
        padded = np.pad(coarse, 2, mode="wrap")
        scale = size // cells
        fine = cv2.resize(padded, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        start = 2 * scale
        tile += fine[start : start + size, start : start + size] / np.sqrt(cells)
    return np.asarray((tile - tile.mean()) / tile.std(), np.float32)


def sample(tile: NDArray[np.float32], x: Floats, y: Floats, per_m: float) -> NDArray[np.float32]:
    """Return a seamless tile read at places of the street, the shape of ``x``.

    Parameters
    ----------
    tile
        Texture, (size, size).
    x, y
        Places, of one shape. [m]
    per_m
        Pixels of the tile for each metre. [px/m]
    """
    size = tile.shape[0]
    u = np.mod(x * per_m, size).astype(np.float32)
    v = np.mod(y * per_m, size).astype(np.float32)
    return np.asarray(cv2.remap(tile, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP))


def ribbon(line_m: Floats, left_m: float, right_m: float) -> Floats:
    """Return the outline of a strip along a line, between two offsets to its right, (2 n, 3).

    Parameters
    ----------
    line_m
        Points, (n, 2). [m]
    left_m, right_m
        Offsets of the strip's sides, positive to the right. [m]
    """
    along = np.gradient(line_m, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    right = np.column_stack([along[:, 1], -along[:, 0]])
    outline = np.concatenate([line_m + left_m * right, (line_m + right_m * right)[::-1]])
    return np.column_stack([outline, np.zeros(len(outline))])


def piece(line_m: Floats, start_m: float, end_m: float) -> Floats:
    """Return the part of a line between two distances along it, (n, 2) [m]."""
    steps = np.linalg.norm(np.diff(line_m, axis=0), axis=1)
    at_m = np.concatenate([[0.0], np.cumsum(steps)])
    inside = at_m[(at_m > start_m) & (at_m < end_m)]
    wanted = np.concatenate([[start_m], inside, [end_m]])
    return np.column_stack([np.interp(wanted, at_m, line_m[:, k]) for k in (0, 1)])


def line_length_m(line_m: Floats) -> float:
    """Return the length of a line in metres."""
    return float(np.linalg.norm(np.diff(line_m, axis=0), axis=1).sum())
