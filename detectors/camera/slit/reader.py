"""One slit over time: rows come in, vehicles that have ended come out."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy import ndimage

from detectors.camera.slit.kernels import Flags, Singles, fill_holes
from detectors.camera.slit.shapes import BASE_LEVEL, Shape, vehicles_in
from detectors.camera.slit.sizes import TypicalSizes
from detectors.pulses import Ints

SMOOTHING_S = 0.2
SMOOTHING_UNITS = 5
"""Time [s] and width [units] over which the strength of edges is averaged."""
WEAKEST_PEAK = 0.2
"""Strength of edges that a vehicle has somewhere."""
SMALLEST_AREA = 0.12
"""Share of the usual vehicle's box below which a blob is no vehicle."""
LONGEST_BLOB_S = 300.0
"""A blob that lasts longer is ended, so that memory stays bounded [s]."""
LOOK_GROWTH = 1.05
"""What waits is looked through again when it has grown by so much: a queue that stands for minutes
costs no more than vehicles that pass."""
LONG_BLOB = 3.0
"""A blob that lasts so many times as long as usual may hold vehicles that stand."""
STILL_OVER_NOISE = 2.5
QUIET_SHARE = 0.2
"""Something moves where edges change by so many times the change that this share of a blob's rows
stays below, within the bounds that follow."""
LEAST_CHANGE, MOST_CHANGE = 0.015, 0.04
"""Bounds of the mean change of edges in two frames from which on something moves."""
GLOW_LEVEL = 0.25
"""The foot of a vehicle is where edges are stronger than those of the light it throws."""
GROUND_SHARE = 0.6
"""Share of a vehicle's time in which the part that touches the ground is seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """One vehicle on a slit.

    Parameters
    ----------
    begin, end
        First frame and the one after the last.
    left, right
        Ends along the band. [units]
    first_x, last_x
        Middle of the edges of its first and of its last part in time. [units]
    is_cut
        It was there when the slit was first seen, so it is not counted.
    """

    begin: int
    end: int
    left: float
    right: float
    first_x: float
    last_x: float
    is_cut: bool

    @property
    def middle(self) -> float:
        """Time between begin and end [frames]."""
        return (self.begin + self.end) / 2

    @property
    def centre(self) -> float:
        """Middle along the band [units]."""
        return (self.left + self.right) / 2

    @property
    def area(self) -> float:
        """Size of the box [frames * units]."""
        return (self.end - self.begin) * (self.right - self.left)

    def moved(self, frames: int) -> Self:
        """Return the same, some frames later."""
        return replace(self, begin=self.begin + frames, end=self.end + frames)


class SlitReader:
    """Keeps the rows of a slit until everything on them has ended.

    Parameters
    ----------
    width
        Samples along the band.
    rate_hps
        Frames per second.
    sizes
        What vehicles usually measure; learns from those that end.

    Attributes
    ----------
    open_boxes
        What has not ended: first row, left and right end. [units]
    covered
        Columns in which something is on the last row, with what it encloses.
    looked
        Frames after which nothing has been looked through yet.
    """

    def __init__(self, width: int, rate_hps: float, sizes: TypicalSizes) -> None:
        self.sizes = sizes
        self._box = max(round(SMOOTHING_S * rate_hps), 1) | 1
        self._longest = round(LONGEST_BLOB_S * rate_hps)
        self._raw: Singles = np.zeros((0, width), dtype=np.float32)
        self._pending: Singles = np.zeros((0, width), dtype=np.float32)
        self._first = 0
        self._start = 0
        self._dropped = 0
        self._next_look = 0
        self.looked = 0
        self.open_boxes: tuple[tuple[int, int, int], ...] = ()
        self.covered: Flags = np.zeros(width, dtype=np.bool_)

    def feed(self, strength: Singles) -> list[Blob]:
        """Take rows and return the vehicles that have ended.

        Parameters
        ----------
        strength
            Strength of edges ``[frame, x]``, following the rows before.
        """
        half = self._box // 2
        self._raw = np.concatenate([self._raw[-4 * half :], strength]) if half else strength
        rows = self._smooth(self._raw)
        ready = rows[-(len(strength) + half) : len(rows) - half] if half else rows
        return self._append(ready, is_end=False)

    def flush(self) -> list[Blob]:
        """End everything and return the vehicles, also those that are still there."""
        half = self._box // 2
        rows = self._smooth(self._raw)[len(self._raw) - half :]
        blobs = self._append(rows, is_end=True)
        self._first = self._start
        self._raw, self._pending = self._raw[:0], self._pending[:0]
        self._next_look = 0
        self.open_boxes = ()
        return blobs

    def _smooth(self, strength: Singles) -> Singles:
        box = (self._box, SMOOTHING_UNITS)
        smoothed: Singles = ndimage.uniform_filter(strength, box, mode="nearest")
        return smoothed

    def _append(self, rows: Singles, *, is_end: bool) -> list[Blob]:
        self._pending = np.concatenate([self._pending, rows])
        if not len(self._pending):
            return []
        is_end |= len(self._pending) > self._longest
        reached = self._first + len(self._pending)
        if not is_end and len(self._pending) < self._next_look:
            self.covered |= self._pending[-1] > BASE_LEVEL
            return []
        self.looked = reached
        covered = self._pending > BASE_LEVEL
        fill_holes(covered)
        labels, _ = ndimage.label(covered)
        boxes = ndimage.find_objects(labels)
        blobs: list[Blob] = []
        still_open: list[tuple[int, int, int]] = []
        self.covered = np.zeros(self._pending.shape[1], dtype=np.bool_)
        for number, box in enumerate(boxes, start=1):
            if box[0].stop < len(self._pending) or is_end:
                mask = labels[box] == number
                blobs += self._vehicles(Shape(mask=mask, top=box[0].start, left=box[1].start))
                self._pending[box][mask] = 0.0
            else:
                still_open.append((box[0].start, box[1].start, box[1].stop))
                here = np.flatnonzero(labels[-1] == number)
                self.covered[here[0] : here[-1] + 1] = True
        if is_end:
            self._start = reached
        self._forget_until(min((box[0] for box in still_open), default=len(self._pending)))
        self._next_look = round(len(self._pending) * LOOK_GROWTH)
        self.open_boxes = tuple(
            (self._first + max(top - self._dropped, 0), left, right)
            for top, left, right in still_open
        )
        return blobs

    def _forget_until(self, row: int) -> None:
        """Drop the rows before one; the last row stays, for what is covered now."""
        self._dropped = min(row, len(self._pending) - 1)
        self._pending = self._pending[self._dropped :]
        self._first += self._dropped

    def _vehicles(self, shape: Shape) -> list[Blob]:
        rows = self._moving_rows(shape)
        strength = self._pending[shape.top : shape.top + shape.height][rows]
        moving = Shape(mask=shape.mask[rows], top=0, left=shape.left)
        blobs, seen = [], []
        for part in vehicles_in(moving, strength, self.sizes):
            width, height = self.sizes.at(part.middle)
            is_vehicle = (
                part.area >= SMALLEST_AREA * width * height
                and part.of(strength)[part.mask].max() >= WEAKEST_PEAK
            )
            if is_vehicle:
                blob = self._blob(part, strength, shape.top + rows)
                blobs.append(blob)
                if not blob.is_cut:
                    seen.append((part.middle, float(part.width), float(part.height)))
        self.sizes.see(seen)
        return blobs

    def _moving_rows(self, shape: Shape) -> Ints:
        """Return the rows of a long blob in which something moves, all rows of a short one.

        A vehicle that stands is as long in these rows as one that drives.
        """
        every = np.arange(shape.height)
        _, height = self.sizes.at(shape.middle)
        if shape.height <= LONG_BLOB * height:
            return every
        strength = shape.of(self._pending)
        change = np.abs(strength[2:] - strength[:-2]).sum(axis=1, where=shape.mask[2:])
        change /= np.maximum(shape.mask[2:].sum(axis=1), 1)
        still = STILL_OVER_NOISE * float(np.quantile(change, QUIET_SHARE))
        moves = change > min(max(still, LEAST_CHANGE), MOST_CHANGE)
        kept = np.concatenate([[True], moves, [True]])
        kept[1:-1] |= moves
        rows: Ints = every[kept]
        return rows

    def _blob(self, part: Shape, strength: Singles, row_of: Ints) -> Blob:
        """Return a part as a vehicle; `row_of` tells the pending row of each row of its picture."""
        half = self._box // 2
        begin = self._first + int(row_of[part.top])
        end = self._first + int(row_of[part.top + part.height - 1]) + 1
        spread = half if end - begin > 2 * half + 1 else 0
        rows = max(round(GROUND_SHARE * part.height), 1)
        weight = np.where(part.mask, part.of(strength) - GLOW_LEVEL, 0.0).clip(min=0.0)
        return Blob(
            begin=begin + spread,
            end=end - spread,
            left=float(part.left),
            right=float(part.left + part.width),
            first_x=part.left + _middle(weight[:rows]),
            last_x=part.left + _middle(weight[-rows:]),
            is_cut=begin <= self._start + 1,
        )


def _middle(weight: Singles) -> float:
    """Return the mean column, or the middle of the box where nothing weighs."""
    columns = weight.sum(axis=0)
    total = float(columns.sum())
    places = np.arange(len(columns)) + 0.5
    return float(columns @ places) / total if total > 0 else len(columns) / 2
