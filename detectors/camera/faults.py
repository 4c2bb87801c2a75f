"""A camera that freezes or moves: neither is an empty road."""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.pulses import Flags, Floats

FROZEN_S = 3.0
"""The same frame for longer than this is a fault [s]."""
MOVED_S = 5.0
"""A view that is not the learned one for longer than this has changed [s]."""
LARGEST_SHIFT_UNITS = 2.0
"""A band that lies sideways by more, for as long, is another band. [units]"""
LIKENESS_SHARE = 0.5
"""A view is lost when it is like the learned one by less than this share of what is usual."""
LEAST_LIKENESS = 0.6
"""A view that is usually less like itself has too little in it to tell."""
LEARNED_S = 20.0
"""Time over which the usual view is learned at first [s]."""
SLOWNESS_S = 180.0
"""Time in which the usual view follows the light [s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Which frames can be counted.

    Parameters
    ----------
    is_good
        One answer for each frame, shape (frames,).
    faults
        New faults: since when, and a line that says what. [s]
    """

    is_good: Flags
    faults: tuple[tuple[float, str], ...]


class CameraWatch:
    """Looks at every frame for a frozen picture and for a changed view."""

    def __init__(self) -> None:
        self._last: NDArray[np.uint16] | None = None
        self._same_since = 0.0
        self._usual: Floats | None = None
        self._early: deque[tuple[float, Floats]] = deque()
        self._likeness = 0.0
        self._odd_since: float | None = None
        self._is_frozen = self._is_moved = False

    def judge(self, time_s: Floats, data: NDArray[np.uint16], shift: float) -> Judged:
        """Judge some frames.

        Parameters
        ----------
        time_s
            Their times, shape (frames,). [s]
        data
            What a `BandReducer` gave, ``[frame, row, x]``; the last row is the coarse picture.
        shift
            Usual sideways shift of the frames before. [units]
        """
        faults: list[tuple[float, str]] = []
        is_good = np.ones(len(time_s), dtype=np.bool_)
        for frame, now_s in enumerate(time_s):
            was_good = not (self._is_frozen or self._is_moved)
            self._look_still(float(now_s), data[frame])
            self._look_around(float(now_s), data[frame, -1], shift)
            is_good[frame] = not (self._is_frozen or self._is_moved)
            if was_good and self._is_frozen:
                faults.append((self._same_since, "the picture stands still"))
            elif was_good and self._is_moved:
                faults.append((self._odd_since or float(now_s), "the view of the camera changed"))
        return Judged(is_good=is_good, faults=tuple(faults))

    def _look_still(self, now_s: float, data: NDArray[np.uint16]) -> None:
        if self._last is None or not np.array_equal(self._last, data):
            self._same_since = now_s
        self._last = data
        self._is_frozen = now_s - self._same_since > FROZEN_S

    def _look_around(self, now_s: float, coarse: NDArray[np.uint16], shift: float) -> None:
        view = np.log(coarse.astype(np.float64) + 1.0)
        if self._usual is None:
            self._learn(now_s, view)
            return
        likeness = _likeness(view, self._usual)
        is_unlike = likeness < LIKENESS_SHARE * self._likeness
        is_odd = (is_unlike and self._likeness > LEAST_LIKENESS) or abs(shift) > LARGEST_SHIFT_UNITS
        if is_odd == self._is_moved:
            self._odd_since = None
        elif self._odd_since is None:
            self._odd_since = now_s
        elif now_s - self._odd_since > MOVED_S:
            self._is_moved, self._odd_since = is_odd, self._odd_since if is_odd else None
        if not is_odd:
            self._usual += (view - self._usual) / (SLOWNESS_S * 25)

    def _learn(self, now_s: float, view: Floats) -> None:
        self._early.append((now_s, view))
        if now_s - self._early[0][0] > LEARNED_S:
            views = np.array([view for _, view in self._early])
            self._usual = np.median(views[:: max(len(views) // 50, 1)], axis=0)
            self._likeness = float(np.median([_likeness(view, self._usual) for view in views]))
            self._early.clear()


def _likeness(view: Floats, usual: Floats) -> float:
    """Return the correlation of two coarse pictures; 0 where one is uniform."""
    one, other = view - view.mean(), usual - usual.mean()
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / size if size else 0.0
