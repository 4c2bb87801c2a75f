"""The tracking kernel: boxes of one frame after the other are given to tracks.

Each track is predicted with constant speed; how far off that may be is a variance of place and
speed, the same for both axes and measured in sizes of the box, so that near and far vehicles are
alike (Kalman filter with white noise of the acceleration; Bar-Shalom, Li, Kirubarajan,
"Estimation with Applications to Tracking and Navigation", 2001, chapter 6).  A box can belong
to a track if it lies within the gate; the cost is the negative logarithm of the likelihood.  The
assignment is the cheapest one, found separately for each group of tracks and boxes that have
gates in common, most of which are one track and one box.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from detectors.pulses import Floats, Ints
from detectors.tracking.assignment.kernels import assign_all

CALLEES = "8e3acaa3faa3f713"
"""Digest of what is compiled in of other files; Numba's cache would not notice it change."""

Records = NDArray[np.void]
Record = Any
"""One record, which may be changed in place."""
Corners = NDArray[np.float32]

SIZE_WEIGHT = 0.3
"""Weight of the newest box in the size of a track. [-]"""


@njit(cache=True, nogil=True)
def _predict(target: Record, now_s: float, acceleration: float) -> None:
    step_s = now_s - target.at_s
    target.x += step_s * target.speed_x
    target.y += step_s * target.speed_y
    drift = acceleration * step_s
    target.var_place += step_s * (2 * target.var_both + step_s * target.var_speed)
    target.var_place += 0.25 * (drift * step_s) ** 2
    target.var_both += step_s * target.var_speed + 0.5 * step_s * drift**2
    target.var_speed += drift**2
    target.at_s = now_s


@njit(cache=True, nogil=True)
def _fill_costs(
    targets: Records, count: int, corners_px: Corners, limits: Record, cost: Floats
) -> None:
    """Write the cost of each track and box; those out of the gate stay infinite."""
    for i in range(count):
        target = targets[i]
        area = target.width * target.height
        size = np.sqrt(area)
        variance = target.var_place + limits.noise**2
        gate = max(min(limits.gate**2 * variance, limits.reach**2), limits.near**2) * area
        gate_px = np.sqrt(gate)
        rarity = 2 * np.log(variance)
        for j in range(len(corners_px)):
            off_x = np.float64(0.5) * (corners_px[j, 0] + corners_px[j, 2]) - target.x
            if abs(off_x) > gate_px:
                continue
            off_y = np.float64(0.5) * (corners_px[j, 1] + corners_px[j, 3]) - target.y
            off = off_x * off_x + off_y * off_y
            if off > gate:
                continue
            width, height = corners_px[j, 2] - corners_px[j, 0], corners_px[j, 3] - corners_px[j, 1]
            if not (width > 0 and height > 0):
                continue
            growth = np.log(width / target.width) ** 2 + np.log(height / target.height) ** 2
            cost[i, j] = off / (variance * size * size) + rarity + growth / limits.size_noise**2


@njit(cache=True, nogil=True)
def _correct(target: Record, corners_px: Corners, j: int, limits: Record) -> None:
    left, top = np.float64(corners_px[j, 0]), np.float64(corners_px[j, 1])
    right, bottom = np.float64(corners_px[j, 2]), np.float64(corners_px[j, 3])
    off_x, off_y = 0.5 * (left + right) - target.x, 0.5 * (top + bottom) - target.y
    variance = target.var_place + limits.noise**2
    off = off_x * off_x + off_y * off_y
    if off > limits.gate**2 * variance * target.width * target.height:
        target.var_speed += (0.5 * limits.first_speed) ** 2
    gain, speed_gain = target.var_place / variance, target.var_both / variance
    target.x += gain * off_x
    target.y += gain * off_y
    target.speed_x += speed_gain * off_x
    target.speed_y += speed_gain * off_y
    target.var_speed -= speed_gain * target.var_both
    target.var_place *= 1 - gain
    target.var_both *= 1 - gain
    target.width += SIZE_WEIGHT * (right - left - target.width)
    target.height += SIZE_WEIGHT * (bottom - top - target.height)
    target.seen_s = target.at_s
    target.sightings += 1
    target.misses = 0


@njit(cache=True, nogil=True)
def _start(
    target: Record, identity: int, corners_px: Corners, j: int, now_s: float, limits: Record
) -> None:
    target.id = identity
    target.at_s = target.seen_s = now_s
    target.x = np.float64(0.5) * (corners_px[j, 0] + corners_px[j, 2])
    target.y = np.float64(0.5) * (corners_px[j, 1] + corners_px[j, 3])
    target.width = corners_px[j, 2] - corners_px[j, 0]
    target.height = corners_px[j, 3] - corners_px[j, 1]
    target.speed_x = target.speed_y = 0.0
    target.var_place, target.var_both = limits.noise**2, 0.0
    target.var_speed = limits.first_speed**2
    target.sightings, target.misses = 1, 0


@njit(cache=True, nogil=True)
def _overlap(corners_px: Corners, i: int, j: int) -> float:
    """Return intersection over union of two boxes."""
    width = min(corners_px[i, 2], corners_px[j, 2]) - max(corners_px[i, 0], corners_px[j, 0])
    height = min(corners_px[i, 3], corners_px[j, 3]) - max(corners_px[i, 1], corners_px[j, 1])
    if width <= 0 or height <= 0:
        return 0.0
    both = np.float64(width) * height
    area_i = (corners_px[i, 2] - corners_px[i, 0]) * (corners_px[i, 3] - corners_px[i, 1])
    area_j = (corners_px[j, 2] - corners_px[j, 0]) * (corners_px[j, 3] - corners_px[j, 1])
    return float(both / (area_i + area_j - both))


@njit(cache=True, nogil=True)
def _may_start(corners_px: Corners, j: int, score: float, track: Ints, limits: Record) -> bool:
    """Tell whether a box that no track took begins one: sure enough, and no double."""
    is_flat = corners_px[j, 2] <= corners_px[j, 0] or corners_px[j, 3] <= corners_px[j, 1]
    if score < limits.start_score or is_flat:
        return False
    for i in range(len(track)):
        if track[i] >= 0 and _overlap(corners_px, i, j) > limits.overlap:
            return False
    return True


@njit(cache=True, nogil=True)
def _drop_lost(targets: Records, state: Record, now_s: float, limits: Record) -> None:
    """Leave out the tracks that coasted too long; the others keep their order."""
    kept = 0
    for i in range(state.targets):
        is_new = targets[i].sightings < limits.sightings
        is_lost = now_s - targets[i].seen_s > limits.coast_s
        if is_lost or (is_new and targets[i].misses > limits.new_misses):
            continue
        if kept < i:
            targets[kept] = targets[i]
        kept += 1
    state.targets = kept


@njit(cache=True, nogil=True)
def _follow_frame(  # noqa: PLR0913, PLR0917 - kernels take arrays and numbers
    now_s: float,
    corners_px: Corners,
    score: NDArray[np.float32],
    targets: Records,
    state: Record,
    limits: Record,
    track: Ints,
    sightings: Ints,
) -> None:
    """Give the boxes of one frame to tracks, and begin new ones."""
    for i in range(state.targets):
        targets[i].misses += 1
    _drop_lost(targets, state, now_s, limits)
    count = state.targets
    cost = np.full((count, len(corners_px)), np.inf)
    for i in range(count):
        _predict(targets[i], now_s, limits.acceleration)
    _fill_costs(targets, count, corners_px, limits, cost)
    box_of = np.empty(count, np.int64)
    assign_all(cost, limits.miss_cost, box_of)
    track[:] = -1
    sightings[:] = 0
    for i in range(count):
        if box_of[i] >= 0:
            _correct(targets[i], corners_px, box_of[i], limits)
            track[box_of[i]] = targets[i].id
            sightings[box_of[i]] = targets[i].sightings
    for j in range(len(corners_px)):
        if track[j] < 0 and _may_start(corners_px, j, score[j], track, limits):
            _start(targets[state.targets], state.next_id, corners_px, j, now_s, limits)
            track[j], sightings[j] = state.next_id, 1
            state.targets += 1
            state.next_id += 1


@njit(cache=True, nogil=True)
def follow(  # noqa: PLR0913, PLR0917 - kernels take arrays and numbers
    first: int,
    time_s: Floats,
    offset: Ints,
    corners_px: Corners,
    score: NDArray[np.float32],
    limits_: Records,
    targets: Records,
    states: Records,
    track: Ints,
    sightings: Ints,
) -> int:
    """Give the boxes of frames to tracks until all are read, or targets have no room.

    Parameters
    ----------
    first
        Frame to begin with.
    time_s, offset, corners_px, score
        Frames and boxes, see `detectors.tracking.boxes.Boxes`.
    limits_
        Limits.
    targets, states
        State, changed in place.
    track, sightings
        Result for each box: identity of its track, -1 for none, and how often that was seen.

    Returns
    -------
    int
        The frame that has no room, or the number of frames.
    """
    limits, state = limits_[0], states[0]
    for frame in range(first, len(time_s)):
        begin, end = offset[frame], offset[frame + 1]
        if state.targets + end - begin > len(targets):
            return frame
        _follow_frame(
            time_s[frame],
            corners_px[begin:end],
            score[begin:end],
            targets,
            state,
            limits,
            track[begin:end],
            sightings[begin:end],
        )
    return len(time_s)
