"""Whether what is followed is a part of a vehicle, one vehicle, or several.

Parts that move alike are joined as long as the whole is no larger than vehicles usually are at that
place; points that move apart, or come to lie on blobs that do, are two vehicles.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.camera.blobs.moving import Blob, Blobs, Box, area_of, around
from detectors.camera.blobs.sizes import UsualSizes
from detectors.camera.blobs.vehicle import FEW, Flags, Trails, Vehicle

WHOLE, PIECE = 1.7, 0.3
"""Parts that lie together make a whole of up to this many usual vehicles; a piece that is smaller
than this belongs to its neighbour however large that is. [usual vehicles]"""
ONE = 1.5
"""A blob up to this size is one vehicle, if nothing in it moves apart. [usual vehicles]"""
NEAR = 0.1
"""Boxes of parts lie no farther from each other. [sizes]"""
WITHIN = 0.75
"""A box of which more lies in another one is a part of it, where both stand. [-]"""
MOVED_PX, SLACK_PX, ALIKE = 4.0, 1.5, 0.4
"""Parts must have moved to be told alike, and then differ by less than this, and this share of the
motion: in perspective the near end of a vehicle moves faster."""
APART_PX, APART = 4.0, 0.5
"""Points of one blob that have moved apart by this, and by this many sizes, are on two vehicles."""
PARTED_PX, PARTED = 2.0, 0.2
"""The same of points that lie on different blobs."""
_CLEAR = 0.7
"""Share of that distance which nothing lies in. [-]"""
_ENOUGH = 2 * FEW


def are_one(one: Vehicle, other: Vehicle, usual: UsualSizes, frames: int) -> bool:
    """Tell whether two that are followed are parts of one vehicle.

    Parameters
    ----------
    one, other
        Those.
    usual
        How large vehicles are.
    frames
        Time over which their motion is compared.
    """
    if not _are_near(one, other):
        return False
    motions = [motion for part in (one, other) if (motion := part.motion_px(frames)) is not None]
    if len(motions) < len((one, other)):
        return False
    far_px = max(float(np.hypot(*motion)) for motion in motions)
    if far_px < MOVED_PX:
        return _lies_within(one.corners_px, other.corners_px)
    if np.hypot(*(motions[0] - motions[1])) > SLACK_PX + ALIKE * far_px:
        return False
    whole = around([one.corners_px, other.corners_px])
    usual_px = usual.at(whole)
    if usual_px is None or area_of(whole) <= WHOLE * usual_px:
        return True
    return min(one.area_px, other.area_px) <= PIECE * usual_px


def move_together(parts: Sequence[Vehicle], frames: int) -> bool:
    """Tell whether nothing in a blob moves apart, as far as its parts' points tell it."""
    told = [motion for part in parts if (motion := part.motion_px(frames)) is not None]
    if len(told) <= 1:
        return True
    spread = np.max(told, axis=0) - np.min(told, axis=0)
    far_px = max(float(np.hypot(*motion)) for motion in told)
    return bool(np.hypot(*spread) <= SLACK_PX + ALIKE * far_px)


def parted(vehicle: Vehicle, blobs: Blobs) -> Flags | None:
    """Return which points belong to one of two vehicles, none if all are of one.

    Parameters
    ----------
    vehicle
        Whose points may be two vehicles'.
    blobs
        What is there now.
    """
    known = ~np.isnan(vehicle.trails[:, 0, 0])
    if known.sum() < _ENOUGH:
        return None
    way = (vehicle.trails[:, -1] - vehicle.trails[:, 0])[known]
    label = _labels(vehicle.points_px[known], blobs)
    found = _by_blob(way, label, blobs, max(PARTED_PX, PARTED * vehicle.size_px))
    if found is None:
        found = _by_motion(way, max(APART_PX, APART * vehicle.size_px))
    if found is None or not FEW <= found.sum() <= len(found) - FEW:
        return None
    other = np.zeros(len(known), np.bool_)
    other[known] = found
    return other


def _are_near(one: Vehicle, other: Vehicle) -> bool:
    near_px = NEAR * max(one.size_px, other.size_px)
    low = np.maximum(one.corners_px[:2], other.corners_px[:2])
    high = np.minimum(one.corners_px[2:], other.corners_px[2:])
    return bool(np.all(high - low >= -near_px))


def _lies_within(one: Box, other: Box) -> bool:
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    if np.any(sides <= 0):
        return False
    return float(np.prod(sides)) > WITHIN * min(area_of(one), area_of(other))


def blob_under(points_px: Trails, blobs: Blobs) -> Blob | None:
    """Return the blob that most of some points lie on, none if they lie on none."""
    label = _labels(points_px, blobs)
    counts = {blob.number: int(np.sum(label == blob.number)) for blob in blobs.each}
    best = max(blobs.each, key=lambda blob: counts[blob.number], default=None)
    return best if best is not None and counts[best.number] else None


def _labels(points_px: Trails, blobs: Blobs) -> NDArray[np.int32]:
    height, width = blobs.label.shape
    x = np.clip(points_px[:, 0].astype(int), 0, width - 1)
    y = np.clip(points_px[:, 1].astype(int), 0, height - 1)
    return np.asarray(blobs.label[y, x], np.int32)


def _by_blob(way: Trails, label: NDArray[np.int32], blobs: Blobs, least_px: float) -> Flags | None:
    """Return the points on the second of the two blobs that hold most, if they moved apart."""
    numbers = [blob.number for blob in blobs.each]
    counts = sorted(((int(np.sum(label == number)), number) for number in numbers), reverse=True)
    if len(counts) < 2 or counts[1][0] < FEW:  # noqa: PLR2004 - two vehicles
        return None
    first, second = (label == number for _, number in counts[:2])
    apart = np.median(way[first], axis=0) - np.median(way[second], axis=0)
    return second if np.hypot(*apart) > least_px else None


def _by_motion(way: Trails, least_px: float) -> Flags | None:
    """Return the points on the far side of the widest gap in their motion, if it is wide."""
    axis = int(np.argmax(np.ptp(way, axis=0)))
    order = np.sort(way[:, axis])
    if order[-1] - order[0] <= least_px:
        return None
    gaps = np.diff(order)[FEW - 1 : len(order) - FEW]
    if not len(gaps) or gaps.max() < _CLEAR * least_px:
        return None
    at = FEW - 1 + int(np.argmax(gaps))
    return np.asarray(way[:, axis] > (order[at] + order[at + 1]) / 2, np.bool_)
