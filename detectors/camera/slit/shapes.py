"""Blobs in (x, t): which are one vehicle, and where several touch."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from detectors.camera.slit.kernels import Flags, Singles
from detectors.camera.slit.sizes import TypicalSizes

BASE_LEVEL = 0.18
"""Mean strength of edges above which something is on the road."""
LEVELS = tuple(BASE_LEVEL * factor for factor in (1.25, 1.6, 2.0, 2.5, 3.1))
"""Levels that pull touching vehicles apart."""
PEAK_OVER_LEVEL = 1.3
"""What comes apart at a level must be so much stronger than it somewhere."""
EROSIONS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4)
"""Depths of erosion, in shares of the usual vehicle."""
DEPTH_OVER_EROSION = 1.25
"""What comes apart by erosion must be so much deeper somewhere."""
SMALLEST_SIDE = 0.25
"""Shares of the usual width and height below which a part is no vehicle of its own."""
SMALLEST_AREA_BY_LEVEL = 0.25
SMALLEST_AREA_BY_EROSION = 0.3
"""The same of its area, for parts that came apart at a level and by erosion."""
MOST_NESTED = 0.5
"""Parts whose boxes overlap more are one vehicle, such as a rim and what it encloses; a part that
is larger than one vehicle encloses others."""
CLAIMED = 0.25
"""What lies this close to a part, in shares of the usual vehicle, is the part's own rim."""
LEFT_SIDE, LEFT_AREA = 0.5, 0.4
"""Shares of the usual vehicle that what no part claims must have to be looked at, too..."""
LEFT_PEAK = 0.3
"""... and the strength that it must have somewhere."""
SINGLE_AREA = 1.4
"""A blob up to this many times the usual vehicle is not taken apart..."""
SINGLE_SIDE = 1.5
"""... nor one whose sides both stay below this."""
FILLING = 0.75
"""Share of its box that a vehicle fills."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shape:
    """Some connected pixels.

    Parameters
    ----------
    mask
        Pixels of the box ``[frame, x]``.
    top, left
        Place of the box. [frames, units]
    level
        Position of the level at which it was found; -1 for the base.
    """

    mask: Flags
    top: int
    left: int
    level: int = -1

    @property
    def height(self) -> int:
        """Frames that the box lasts."""
        return int(self.mask.shape[0])

    @property
    def width(self) -> int:
        """Width of the box [units]."""
        return int(self.mask.shape[1])

    @property
    def middle(self) -> float:
        """Middle of the box along the band [units]."""
        return self.left + self.width / 2

    @property
    def area(self) -> int:
        """Number of pixels."""
        return int(np.count_nonzero(self.mask))

    def of(self, strength: Singles) -> Singles:
        """Return the part of a picture that the box covers."""
        return strength[self.top : self.top + self.height, self.left : self.left + self.width]


def vehicles_in(shape: Shape, strength: Singles, sizes: TypicalSizes) -> Iterator[Shape]:
    """Take a blob apart into vehicles.

    Parameters
    ----------
    shape
        Blob.
    strength
        Smoothed strength of edges ``[frame, x]``, in which the blob lies.
    sizes
        What vehicles usually measure.
    """
    parts = [] if _is_single(shape, sizes) else _apart(shape, strength, sizes)
    if not parts:
        yield shape
    for part in (*parts, *_left_over(shape, parts, strength, sizes)):
        yield from vehicles_in(part, strength, sizes)


def _usual(shape: Shape, sizes: TypicalSizes, part: Shape | None = None) -> tuple[float, float]:
    """Return the usual width and height, but never higher than the blob: fast ones pass soon."""
    width, height = sizes.at((part or shape).middle)
    return width, min(height, shape.height)


def _apart(shape: Shape, strength: Singles, sizes: TypicalSizes) -> list[Shape]:
    return _by_level(shape, strength, sizes) or _by_erosion(shape, sizes)


def _is_single(shape: Shape, sizes: TypicalSizes) -> bool:
    width, height = _usual(shape, sizes)
    is_small = shape.area < SINGLE_AREA * FILLING * width * height
    return is_small or (shape.width < SINGLE_SIDE * width and shape.height < SINGLE_SIDE * height)


def _by_level(shape: Shape, strength: Singles, sizes: TypicalSizes) -> list[Shape]:
    inside = shape.of(strength)
    for level in range(shape.level + 1, len(LEVELS)):
        high = ndimage.binary_fill_holes((inside > LEVELS[level]) & shape.mask)
        labels, count = ndimage.label(high)
        if not count:
            break
        parts = [
            part
            for part in _shapes(labels, shape, level)
            if _is_plausible(part, _usual(shape, sizes, part), SMALLEST_AREA_BY_LEVEL)
            and part.of(strength)[part.mask].max() >= PEAK_OVER_LEVEL * LEVELS[level]
        ]
        parts = _without_nested(parts, sizes)
        if len(parts) > 1:
            return parts
    return []


def _by_erosion(shape: Shape, sizes: TypicalSizes) -> list[Shape]:
    width, height = _usual(shape, sizes)
    steps = (1 / height, 1 / width)
    depth = ndimage.distance_transform_edt(np.pad(shape.mask, 1), sampling=steps)[1:-1, 1:-1]
    for erosion in EROSIONS:
        labels, count = ndimage.label(depth > erosion)
        if not count:
            break
        deepest = ndimage.maximum(depth, labels, range(1, count + 1))
        cores = 1 + np.flatnonzero(np.asarray(deepest) >= DEPTH_OVER_EROSION * erosion)
        if len(cores) < 2:  # noqa: PLR2004 - nothing came apart
            continue
        grown = _grown(np.where(np.isin(labels, cores), labels, 0), shape.mask, steps)
        parts = [
            part
            for part in _shapes(grown, shape, shape.level)
            if _is_plausible(part, _usual(shape, sizes, part), SMALLEST_AREA_BY_EROSION)
        ]
        parts = _without_nested(parts, sizes)
        if len(parts) > 1:
            return parts
    return []


def _grown(
    cores: NDArray[np.integer], mask: Flags, steps: tuple[float, float]
) -> NDArray[np.integer]:
    """Give each pixel of the mask to the nearest core."""
    nearest = ndimage.distance_transform_edt(
        cores == 0, sampling=steps, return_distances=False, return_indices=True
    )
    return np.where(mask, cores[tuple(nearest)], 0)


def _shapes(labels: NDArray[np.integer], within: Shape, level: int) -> Iterator[Shape]:
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is not None:
            yield Shape(
                mask=labels[box] == number,
                top=within.top + box[0].start,
                left=within.left + box[1].start,
                level=level,
            )


def _is_plausible(
    part: Shape,
    usual: tuple[float, float],
    smallest_area: float,
    smallest_side: float = SMALLEST_SIDE,
) -> bool:
    width, height = usual
    return (
        part.width >= smallest_side * width
        and part.height >= smallest_side * height
        and part.area >= smallest_area * width * height
    )


def _left_over(
    shape: Shape, parts: list[Shape], strength: Singles, sizes: TypicalSizes
) -> Iterator[Shape]:
    """Return what a blob that was taken apart holds beside its parts.

    Parts are found where edges are strong or the blob is thick; a vehicle that is neither would be
    lost with the queue that it stands in.
    """
    if not parts:
        return
    rest = shape.mask.copy()
    for part in parts:
        width, height = _usual(shape, sizes, part)
        high, wide = round(CLAIMED * height), round(CLAIMED * width)
        top, left = part.top - shape.top, part.left - shape.left
        rows = slice(max(top - high, 0), top + part.height + high)
        rest[rows, max(left - wide, 0) : left + part.width + wide] = False
    for part in _shapes(ndimage.label(rest)[0], shape, shape.level):
        is_large = _is_plausible(part, _usual(shape, sizes, part), LEFT_AREA, LEFT_SIDE)
        if is_large and part.of(strength)[part.mask].max() >= LEFT_PEAK:
            yield part


def _without_nested(parts: list[Shape], sizes: TypicalSizes) -> list[Shape]:
    kept: list[Shape] = []
    singles: list[Shape] = []
    for part in sorted(parts, key=lambda part: -part.area):
        if all(_nesting(part, other) < MOST_NESTED for other in singles):
            kept.append(part)
            if _is_single(part, sizes):
                singles.append(part)
    return kept


def _nesting(one: Shape, other: Shape) -> float:
    """Return the share of the smaller box's sides that the boxes have in common, multiplied."""
    high = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    wide = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    shares = high / min(one.height, other.height), wide / min(one.width, other.width)
    return max(shares[0], 0.0) * max(shares[1], 0.0)
