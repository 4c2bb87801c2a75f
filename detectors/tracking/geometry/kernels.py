"""Boxes beside lines: feet, ground contacts, and the rectangle in which nothing can happen."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Records = NDArray[np.void]
Record = Any
"""One record, which may be changed in place."""
Corners = NDArray[np.float32]

GROWTH = 1.5
"""Most that a box may grow in its safe rectangle. [-]"""
MARGIN_PX = 0.5
"""The safe rectangle is smaller by this, for its sides are rounded [px]."""
BORDER_PX = 2.0
"""A box that comes this near touches the border of the picture [px]."""


@njit(cache=True, nogil=True)
def foot_span(line: Record, box: Record, share: float) -> tuple[float, float]:
    """Return the least and the most distance of a foot ahead of a line [px]."""
    height = share * (box.bottom - box.top)
    x, y = 0.5 * (box.left + box.right) - line.x, box.bottom - 0.5 * height - line.y
    middle = x * line.ahead_x + y * line.ahead_y
    half = 0.5 * ((box.right - box.left) * abs(line.ahead_x) + height * abs(line.ahead_y))
    return middle - half, middle + half


@njit(cache=True, nogil=True)
def contact(line: Record, box: Record) -> tuple[float, float]:
    """Return how far a ground contact is ahead of a line, and its place along it [px]."""
    x, y = 0.5 * (box.left + box.right) - line.x, box.bottom - line.y
    return x * line.ahead_x + y * line.ahead_y, x * line.along_x + y * line.along_y


@njit(cache=True, nogil=True)
def time_at_zero(before: float, now: float, from_s: float, to_s: float) -> float:
    """Return when a distance reached 0 on the way from a negative one [s]."""
    if before >= 0 or now <= before:
        return from_s
    return from_s + (to_s - from_s) * (-before) / (now - before)


@njit(cache=True, nogil=True)
def is_apart(line: Record, before: Record, now: Record, rules: Record) -> bool:
    """Tell whether the way of a foot stays clear of the rectangle around a line."""
    slack = max(rules.slack_px, rules.slack * (now.bottom - now.top))
    top = min(
        now.bottom - rules.foot * (now.bottom - now.top),
        before.bottom - rules.foot * (before.bottom - before.top),
    )
    return bool(
        max(now.right, before.right) + slack < line.left
        or min(now.left, before.left) - slack > line.right
        or max(now.bottom, before.bottom) + slack < line.top
        or top - slack > line.bottom
    )


@njit(cache=True, nogil=True)
def set_unsafe(track: Record) -> None:
    """Take the safe rectangle of a track away: it is looked at closely in the next frame."""
    track.safe_left = track.safe_top = np.inf
    track.safe_right = track.safe_bottom = -np.inf


@njit(cache=True, nogil=True)
def set_safe(track: Record, lines: Records, near: Records, rules: Record) -> None:
    """Lay the largest rectangle that one side of each line leaves."""
    left = top = -np.inf
    right = bottom = np.inf
    track.most_width = GROWTH * (track.right - track.left) + 1
    track.most_height = GROWTH * (track.bottom - track.top) + 1
    slack = max(rules.slack_px, rules.slack * track.most_height) + MARGIN_PX
    beside, above = 0.5 * track.most_width + slack, slack
    below = rules.foot * track.most_height + slack
    x, y = 0.5 * (track.left + track.right), track.bottom
    for j in range(len(lines)):
        if near[j].is_counted:
            continue
        line = lines[j]
        room_left, room_right = line.left - beside - x, x - line.right - beside
        room_above, room_below = line.top - above - y, y - line.bottom - below
        most = max(room_left, room_right, room_above, room_below)
        if most <= 0:
            set_unsafe(track)
            return
        if most == room_above:
            bottom = min(bottom, line.top - above)
        elif most == room_below:
            top = max(top, line.bottom + below)
        elif most == room_left:
            right = min(right, line.left - beside)
        else:
            left = max(left, line.right + beside)
    track.safe_left, track.safe_top = left, top
    track.safe_right, track.safe_bottom = right, bottom


@njit(cache=True, nogil=True)
def is_at_border(box: Record, rules: Record) -> bool:
    """Tell whether a box touches the border of a picture whose size is known."""
    is_low = box.left <= BORDER_PX or box.top <= BORDER_PX
    is_high = box.right >= rules.right_px - BORDER_PX or box.bottom >= rules.bottom_px - BORDER_PX
    return bool(np.isfinite(rules.right_px) and (is_low or is_high))


@njit(cache=True, nogil=True)
def is_safe(track: Record, corners_px: Corners, i: int) -> bool:
    """Tell whether box `i`, corners in px, lies in the safe rectangle of its track."""
    left, top = corners_px[i, 0], corners_px[i, 1]
    right, bottom = corners_px[i, 2], corners_px[i, 3]
    x = np.float32(0.5) * (left + right)
    return bool(
        (x > track.safe_left)
        & (x < track.safe_right)
        & (bottom > track.safe_top)
        & (bottom < track.safe_bottom)
        & (right - left < track.most_width)
        & (bottom - top < track.most_height)
    )
