"""Boxes to tracks, over a stream of any length."""

from dataclasses import dataclass, fields
from math import inf, isfinite

import numpy as np

from citybrain.errors import InfeasibleError
from detectors.pulses import Flags, Ints
from detectors.tracking.boxes import Boxes
from detectors.tracking.tracker.kernels import Records, follow
from detectors.tracking.tracker.records import LIMITS, STATE, TARGET

_TARGETS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackRules:
    """When boxes belong to one vehicle.  A size is the root of a box's area.

    Parameters
    ----------
    noise
        Standard deviation of a box's middle. [sizes]
    acceleration
        Standard deviation of what constant speed does not foretell. [sizes/s2]
    first_speed
        Standard deviation of the speed of a vehicle that is seen for the first time. [sizes/s]
    size_noise
        Standard deviation of the logarithm of a box's width and height. [-]
    gate
        Farthest that a box lies from where its track is expected, in standard deviations. [-]
    reach
        The same at most. [sizes]
    near
        A box that lies nearer is within the gate in any case, for vehicles may turn sharply; its
        speed is known less then. [sizes]
    miss_cost
        Cost of a track that gets no box, on the scale of twice the negative logarithm of a
        likelihood. [-]
    start_score
        A box begins a track if it is at least as sure as this; less sure ones can only carry one
        on. [-]
    overlap
        A box that overlaps one of a track by more (intersection over union) begins none. [-]
    sightings
        Frames in which a track must have been seen to be confirmed.
    new_misses
        Frames that a track may be missed before it is confirmed.
    coast_s
        Longest time that a confirmed track is carried on unseen. [s]

    Raises
    ------
    InfeasibleError
        A limit is negative or not finite, or `noise`, `size_noise` or `sightings` is 0.
    """

    noise: float = 0.08
    acceleration: float = 1.0
    first_speed: float = 8.0
    size_noise: float = 0.3
    gate: float = 3.5
    reach: float = 2.5
    near: float = 0.5
    miss_cost: float = 40.0
    start_score: float = 0.4
    overlap: float = 0.6
    sightings: int = 3
    new_misses: int = 5
    coast_s: float = 1.5

    def __post_init__(self) -> None:
        """Refuse limits that nothing can keep."""
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            if not (isfinite(value) and value >= 0):
                msg = f"{name} is {value}, it must be 0 or more"
                raise InfeasibleError(msg)
        if min(self.noise, self.size_noise) <= 0 or self.sightings < 1:
            msg = "noise, size_noise and sightings lie above 0"
            raise InfeasibleError(msg)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Followed:
    """Which track each box belongs to.

    Parameters
    ----------
    track
        Identity, from 1, shape (boxes,); -1 for a box of no track. [-]
    is_confirmed
        The track was seen often enough by then, shape (boxes,).
    """

    track: Ints
    is_confirmed: Flags


class Tracker:
    """Follows vehicles from frame to frame; any cut into batches gives the same tracks.

    Parameters
    ----------
    rules
        When boxes belong to one vehicle.
    """

    def __init__(self, rules: TrackRules | None = None) -> None:
        self.rules = rules or TrackRules()
        self._limits = np.zeros(1, LIMITS)
        for name in LIMITS.names or ():
            self._limits[name] = getattr(self.rules, name)
        self._targets: Records = np.zeros(_TARGETS, TARGET)
        self._state = np.zeros(1, STATE)
        self._state["next_id"] = 1
        self._last_s = -inf

    def add(self, boxes: Boxes) -> Followed:
        """Take the boxes of the next frames and return their tracks.

        Parameters
        ----------
        boxes
            Frames in order of time, after those of before.

        Raises
        ------
        InfeasibleError
            Time runs backwards.
        """
        frame, count = 0, len(boxes.time_s)
        if count and boxes.time_s[0] < self._last_s:
            msg = "the frames are older than those of before"
            raise InfeasibleError(msg)
        track, sightings = np.empty(len(boxes), np.int64), np.empty(len(boxes), np.int64)
        while True:
            frame = follow(
                frame,
                boxes.time_s,
                boxes.offset,
                boxes.corners_px,
                boxes.score,
                self._limits,
                self._targets,
                self._state,
                track,
                sightings,
            )
            if frame >= count:
                break
            self._make_room(int(self._state["targets"][0] + np.diff(boxes.offset)[frame]))
        if count:
            self._last_s = float(boxes.time_s[-1])
        return Followed(track=track, is_confirmed=sightings >= self.rules.sightings)

    def break_off(self) -> None:
        """End all tracks: what comes next is another view or another time."""
        self._state["targets"] = 0
        self._last_s = -inf

    def _make_room(self, targets: int) -> None:
        longer = np.zeros(2 * targets, TARGET)
        longer[: len(self._targets)] = self._targets
        self._targets = longer
