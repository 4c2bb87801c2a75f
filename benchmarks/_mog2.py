"""The usual way without a model: MOG2, morphology, components, nearest tracks, a line per lane."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks._street_clips import Clip
from detectors.camera.settings import CameraSettings

HISTORY, VARIANCES = 500, 16
"""OpenCV's defaults."""
BODY = 255
"""Mark of what is neither road nor shadow in OpenCV's mask."""
SMALLEST_LANES = 0.3
"""Least width and height of a vehicle, in lanes' widths."""
NEAREST_LANES = 0.9
"""A component this near to where a track was last is the same vehicle, in lanes' widths..."""
LOST_FRAMES = 8
"""... unless the track was not seen for longer [frames]."""

Image = NDArray[np.uint8]
Place = tuple[float, float]


@dataclass(slots=True, kw_only=True)
class _Track:
    place: Place
    missed: int = 0
    is_counted: bool = False


class Mog2Counter:
    """Counts components whose middle crosses the band, once each.

    Parameters
    ----------
    settings
        Camera file: band and lanes are citybrain's own.
    """

    def __init__(self, settings: CameraSettings) -> None:
        widths_px = sorted(lane.width_px for lane in settings.lane)
        self._lane_px = widths_px[len(widths_px) // 2]
        self._band = settings.band
        self._limits = [lane.limits_px for lane in settings.lane]
        self._model = cv2.createBackgroundSubtractorMOG2(HISTORY, VARIANCES, detectShadows=True)
        self._opening = np.ones((3, 3), dtype=np.uint8)
        side = max(round(self._lane_px / 5), 3)
        self._closing = np.ones((side, side), dtype=np.uint8)
        self._tracks: list[_Track] = []
        self.counts_veh = [0] * len(settings.lane)

    def see(self, image: Image) -> None:
        """Take a frame."""
        mask = np.asarray(self._model.apply(image) == BODY, dtype=np.uint8)
        opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, self._opening)
        closed = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, self._closing)
        count, _, boxes, middles = cv2.connectedComponentsWithStats(closed)
        least_px = SMALLEST_LANES * self._lane_px
        self._follow(
            [
                (float(middles[one, 0]), float(middles[one, 1]))
                for one in range(1, count)
                if min(boxes[one, cv2.CC_STAT_WIDTH], boxes[one, cv2.CC_STAT_HEIGHT]) >= least_px
            ]
        )

    def _follow(self, places: list[Place]) -> None:
        pairs = sorted(
            (np.hypot(track.place[0] - place[0], track.place[1] - place[1]), at, number)
            for at, track in enumerate(self._tracks)
            for number, place in enumerate(places)
        )
        taken: dict[int, int] = {}
        for far_px, at, number in pairs:
            is_free = at not in taken and number not in taken.values()
            if is_free and far_px < NEAREST_LANES * self._lane_px:
                taken[at] = number
        for at, track in enumerate(self._tracks):
            track.missed += 1
            if at in taken:
                self._move(track, places[taken[at]])
        self._tracks = [track for track in self._tracks if track.missed <= LOST_FRAMES]
        new = set(range(len(places))) - set(taken.values())
        self._tracks += [_Track(place=places[number]) for number in sorted(new)]

    def _move(self, track: _Track, place: Place) -> None:
        before, now = (self._from_band(one) for one in (track.place, place))
        track.place, track.missed = place, 0
        if before[1] * now[1] <= 0 and not track.is_counted:
            for lane, (left, right) in enumerate(self._limits):
                if left <= now[0] < right:
                    track.is_counted = True
                    self.counts_veh[lane] += 1

    def _from_band(self, place: Place) -> Place:
        """Return where a place lies along the band and how far across it [px]."""
        x, y = place[0] - self._band.from_px[0], place[1] - self._band.from_px[1]
        along, across = self._band.along, self._band.across
        return x * along[0] + y * along[1], x * across[0] + y * across[1]


def images(clip: Clip, most: int | None = None) -> Iterator[Image]:
    """Give the frames of a clip, as many as are there."""
    capture = cv2.VideoCapture(str(clip.path))
    for _ in range(most) if most is not None else iter(int, 1):
        is_good, image = capture.read()
        if not is_good:
            return
        yield np.asarray(image, dtype=np.uint8)


def mog2_counts_veh(clip: Clip) -> tuple[int, ...]:
    """Return the peer's count of each lane of a clip [veh]."""
    counter = Mog2Counter(clip.settings)
    for image in images(clip):
        counter.see(image)
    return tuple(counter.counts_veh)
