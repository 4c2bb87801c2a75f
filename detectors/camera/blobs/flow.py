"""Following points from one picture to the next, and with them the vehicles that they lie on.

Source: sparse optical flow with pyramids (Bouguet, Intel 2001, after Lucas and Kanade 1981), on
corners that can be followed (Shi and Tomasi 1994).  That points on a vehicle outlast what hides a
part of it is Beymer, McLauchlan, Coifman and Malik's (CVPR 1997).
"""

from collections.abc import Sequence

import cv2
import numpy as np

from detectors.camera.blobs.moving import Box, Mask, cut_to
from detectors.camera.blobs.vehicle import FEW, Flags, Trails, Vehicle

MOST_POINTS = 25
"""Points that a vehicle is followed by."""
_QUALITY, _APART_PX, _BLOCK_PX = 0.02, 4, 3
_WINDOW_PX, _LEVELS = (15, 15), 3
_UNTIL = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 12, 0.03)
_STRAY_PX, _STRAY = 2.0, 0.6
"""A point that strays from the vehicle's motion by more than this, and this share of the motion, is
no point of it any more: wide, as near parts of a vehicle move faster than far ones."""
_STRETCH = 0.03
"""Most that a box becomes larger or smaller from frame to frame. [-]"""
_LEAST_SPREAD_PX = 4.0


def find_points(grey: Mask, where: Mask, corners_px: Box, known_px: Trails, most: int) -> Trails:
    """Return points within a box that can be followed, shape (points, 2) [px].

    Parameters
    ----------
    grey
        The picture, (height, width).
    where
        1 where points may lie, (height, width).
    corners_px
        The box. [px]
    known_px
        Points that are there already, shape (points, 2). [px]
    most
        Points that are wanted.
    """
    height, width = grey.shape
    rows, columns = cut_to(corners_px, (width, height))
    free = where[rows, columns].copy()
    if min(free.shape) < _BLOCK_PX + 1 or most < 1:
        return np.zeros((0, 2), np.float32)
    corner = np.array([columns.start, rows.start], np.float32)
    for x, y in (known_px - corner).astype(int).tolist():
        cv2.circle(free, (x, y), _APART_PX - 1, (0,), -1)
    found = cv2.goodFeaturesToTrack(
        grey[rows, columns], most, _QUALITY, _APART_PX, mask=free, blockSize=_BLOCK_PX
    )
    # OpenCV gives nothing at all where it finds none, whatever its types say
    points = np.zeros((0, 2)) if not np.size(found) or found is None else found.reshape(-1, 2)
    return np.asarray(points + corner, np.float32)


def carry_on(vehicles: Sequence[Vehicle], before: Mask, grey: Mask, moving: Mask) -> None:
    """Move vehicles to where their points have gone.

    Parameters
    ----------
    vehicles
        Changed in place.
    before, grey
        The picture before, and this one.
    moving
        1 where points of vehicles may lie now.
    """
    points = [vehicle.points_px for vehicle in vehicles]
    if not sum(map(len, points)):
        return
    was = np.ascontiguousarray(np.concatenate(points)).reshape(-1, 1, 2)
    now, is_found, _ = cv2.calcOpticalFlowPyrLK(
        before, grey, was, was.copy(), winSize=_WINDOW_PX, maxLevel=_LEVELS, criteria=_UNTIL
    )
    now = np.asarray(now, np.float32).reshape(-1, 2)
    is_good = (is_found.ravel() > 0) & _lie_on(now, moving)
    ends = np.cumsum([len(each) for each in points])[:-1]
    parts = np.split(now, ends), np.split(is_good, ends)
    for vehicle, at, good in zip(vehicles, *parts, strict=True):
        _carry(vehicle, at, good)


def _lie_on(points_px: Trails, mask: Mask) -> Flags:
    """Tell which points lie in the picture, and on the mask."""
    height, width = mask.shape
    x, y = points_px[:, 0], points_px[:, 1]
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    lies = np.zeros(len(points_px), np.bool_)
    lies[inside] = mask[y[inside].astype(int), x[inside].astype(int)] > 0
    return lies


def _carry(vehicle: Vehicle, now_px: Trails, is_good: Flags) -> None:
    was_px = vehicle.points_px
    way = now_px - was_px
    if is_good.sum() >= FEW:
        motion = np.median(way[is_good], axis=0)
        limit_px = _STRAY_PX + _STRAY * float(np.hypot(*motion))
        is_good &= np.hypot(*(way - motion).T) < limit_px
    if is_good.sum() >= FEW:
        vehicle.step_px = np.median(way[is_good], axis=0).astype(np.float64)
        vehicle.lost_frames = 0
        _place(vehicle, _stretch(was_px[is_good], now_px[is_good]))
    else:
        vehicle.lost_frames += 1
        _place(vehicle, 1.0)
    trails = np.roll(vehicle.trails[is_good], -1, axis=1)
    trails[:, -1] = now_px[is_good]
    vehicle.trails = trails


def _place(vehicle: Vehicle, stretch: float) -> None:
    low, high = vehicle.corners_px[:2], vehicle.corners_px[2:]
    middle, half = (low + high) / 2 + vehicle.step_px, (high - low) / 2 * stretch
    vehicle.corners_px = np.hstack([middle - half, middle + half])


def _stretch(was_px: Trails, now_px: Trails) -> float:
    """Return how much larger a vehicle has become, by how far its points lie apart."""
    spread = [
        float(np.median(np.abs(points - np.median(points, axis=0)), axis=0).sum())
        for points in (was_px, now_px)
    ]
    if spread[0] <= _LEAST_SPREAD_PX:
        return 1.0
    return float(np.clip(spread[1] / spread[0], 1 - _STRETCH, 1 + _STRETCH))
