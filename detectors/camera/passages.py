"""A vehicle on the slits becomes a vehicle on a lane."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import isfinite, nan
from statistics import median

from detectors.camera.band import LANE_UNITS, Geometry
from detectors.camera.settings import CameraSettings
from detectors.camera.slit.reader import Blob
from detectors.camera.slit.vote import Sighting

LEVEL_ENOUGH = 0.5
"""Share of the way across the band that goes down the picture, from which on what is seen first
(coming) or last (going) touches the ground."""
LEAST_HEADWAY_S = 0.5
"""Two whose feet meet the band of one lane within this time are one vehicle: at capacity they
follow each other in 1.5 to 2 s (1,800 to 2,400 veh/h and lane, Highway Capacity Manual). [s]"""
LEAST_BESIDE = 0.75
"""Share of a lane between two vehicles that are side by side, where one lane stands for several."""
REMEMBERED = 8
"""Vehicles of a lane with which the next one is compared."""
LONGEST_WAY_S = 15.0
"""Longest time between two bands [s]."""
USUAL_LENGTH_M = 4.4
"""Median length of vehicles, to which lengths from the picture are scaled: a car's. [m]"""
LEAST_FOR_LENGTH = 10
"""Vehicles that a lane needs for lengths."""


class LengthClass(StrEnum):
    """Vehicles by length."""

    SHORT = "short"
    CAR = "car"
    MEDIUM = "medium"
    LONG = "long"


_UP_TO_M = ((3.2, LengthClass.SHORT), (6.5, LengthClass.CAR), (10.0, LengthClass.MEDIUM))


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One vehicle on one lane.

    Parameters
    ----------
    lane
        Position of the lane in the camera file.
    on_s, off_s
        When it covered the band, since the stream's zero. [s]
    sighting
        What the slits saw.
    is_against
        It went against the lane's heading.
    speed_mps, length_m
        Where a second band tells; NaN else. [m/s, m]
    """

    lane: int
    on_s: float
    off_s: float
    sighting: Sighting
    is_against: bool = False
    speed_mps: float = nan
    length_m: float = nan

    @property
    def length_class(self) -> LengthClass | None:
        """Class by length; none where the length is not known."""
        if not isfinite(self.length_m):
            return None
        return next((name for most, name in _UP_TO_M if self.length_m < most), LengthClass.LONG)


class LaneFinder:
    """Finds the lane of a vehicle by where it touches the ground.

    What is seen of a vehicle leans away from the camera; only its foot is on the lane.  A vehicle
    that comes shows its foot first, one that goes shows it last.

    Parameters
    ----------
    settings
        Camera file.
    geometry
        How its band is sampled.
    """

    def __init__(self, settings: CameraSettings, geometry: Geometry) -> None:
        across = settings.band.across
        self._limits = geometry.limits
        self._width = geometry.width
        self._wanted = [lane.is_along(across) for lane in settings.lane]
        self._has_foot = across[1] >= LEVEL_ENOUGH

    def find(self, sighting: Sighting) -> tuple[int, bool] | None:
        """Return the lane and whether the vehicle went against it; none beside all lanes.

        Parameters
        ----------
        sighting
            Vehicle.
        """
        blob = sighting.blob
        is_whole = blob.left > 0 and blob.right < self._width
        gone = sighting.is_along if is_whole else None
        lane = self._lane_at((blob.first_x + blob.last_x) / 2)
        way = gone if lane is None or self._wanted[lane] is None else self._wanted[lane]
        if self._has_foot and way is not None:
            lane = self._lane_at(blob.first_x if way else blob.last_x)
        if lane is None:
            return None
        if gone is None or self._wanted[lane] in (None, gone):
            return lane, False
        beside = [one for one in (lane - 1, lane + 1) if self._takes(one, blob, way=gone)]
        return (beside[0], False) if beside else (lane, True)

    def _lane_at(self, x: float) -> int | None:
        lanes = enumerate(self._limits)
        return next((lane for lane, (left, right) in lanes if left <= x < right), None)

    def _takes(self, lane: int, blob: Blob, *, way: bool) -> bool:
        """Say whether a lane of the other direction has the vehicle's foot in reach."""
        if not 0 <= lane < len(self._limits) or self._wanted[lane] is not way:
            return False
        left, right = self._limits[lane]
        return min(right, blob.right) - max(left, blob.left) > 0


class Joiner:
    """Makes one vehicle of those that came apart: a van whose roof and bonnet are two blobs.

    Two on one lane whose feet meet the band within `LEAST_HEADWAY_S` are one.

    Parameters
    ----------
    settings
        Camera file.
    geometry
        How its band is sampled.
    """

    def __init__(self, settings: CameraSettings, geometry: Geometry) -> None:
        across = settings.band.across
        self._goes_away = [lane.is_along(across) is False for lane in settings.lane]
        self._reach = [LEAST_BESIDE * min(b - a, LANE_UNITS) for a, b in geometry.limits]
        self._last: list[deque[Passage]] = [deque(maxlen=REMEMBERED) for _ in settings.lane]
        self._found: list[Passage] = []

    def add(self, passage: Passage) -> None:
        """Take the next vehicle, in the order in which they end."""
        last = self._last[passage.lane]
        other = next((one for one in reversed(last) if self._is_same(one, passage)), None)
        if other is None:
            last.append(passage)
            self._found.append(passage)
            return
        whole = _joined(other, passage)
        last[last.index(other)] = whole
        if other in self._found:
            self._found[self._found.index(other)] = whole

    def take(self) -> list[Passage]:
        """Return the vehicles since the last time, in order of time."""
        found, self._found = self._found, []
        return sorted(found, key=lambda one: one.on_s)

    def _is_same(self, one: Passage, other: Passage) -> bool:
        apart_s = self._foot_s(one) - self._foot_s(other)
        beside = one.sighting.blob.centre - other.sighting.blob.centre
        return (
            one.is_against == other.is_against
            and abs(apart_s) < LEAST_HEADWAY_S
            and abs(beside) < self._reach[one.lane]
        )

    def _foot_s(self, one: Passage) -> float:
        return one.off_s if self._goes_away[one.lane] != one.is_against else one.on_s


def _joined(one: Passage, other: Passage) -> Passage:
    """Return two parts as one vehicle, which is where the larger is."""
    larger = max(one, other, key=lambda part: part.sighting.blob.area)
    return replace(larger, on_s=min(one.on_s, other.on_s), off_s=max(one.off_s, other.off_s))


def with_speeds(
    passages: Sequence[Passage], second: Sequence[Passage], settings: CameraSettings
) -> list[Passage]:
    """Return the vehicles with speed and length, from when they met the second band.

    Lengths are speed times covered time, scaled so that the median of the lane is `USUAL_LENGTH_M`,
    as the height of vehicles adds to what is covered.

    Parameters
    ----------
    passages, second
        Vehicles on the first and on the second band, in order of time.
    settings
        Camera file, with a second band.
    """
    result = []
    for lane in range(len(settings.lane)):
        first = [one for one in passages if one.lane == lane]
        times_s = [one.on_s for one in second if one.lane == lane]
        timed = [_with_speed(one, times_s, settings) for one in first]
        result += _with_lengths(timed)
    return sorted(result, key=lambda one: one.on_s)


def _with_speed(one: Passage, times_s: Iterable[float], settings: CameraSettings) -> Passage:
    band = settings.second_band
    way = settings.lane[one.lane].is_along(settings.band.across)
    if way is None:
        way = one.sighting.is_along
    if band is None or way is None:
        return one
    step = (band.from_px[0] - settings.band.from_px[0], band.from_px[1] - settings.band.from_px[1])
    across = settings.band.across
    is_ahead = (step[0] * across[0] + step[1] * across[1] > 0) == way
    lags_s = [(time_s - one.on_s) * (1 if is_ahead else -1) for time_s in times_s]
    near_s = [lag_s for lag_s in lags_s if 0 < lag_s < LONGEST_WAY_S]
    return replace(one, speed_mps=band.distance_m / min(near_s)) if near_s else one


def _with_lengths(passages: Sequence[Passage]) -> list[Passage]:
    covered_m = [one.speed_mps * (one.off_s - one.on_s) for one in passages]
    known_m = [length_m for length_m in covered_m if isfinite(length_m)]
    if len(known_m) < LEAST_FOR_LENGTH:
        return list(passages)
    scale = USUAL_LENGTH_M / median(known_m)
    return [
        replace(one, length_m=length_m * scale)
        for one, length_m in zip(passages, covered_m, strict=True)
    ]
