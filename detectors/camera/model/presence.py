"""Boxes of a detector to pulses: each lane of the band is a loop that a vehicle covers.

A vehicle is counted once for the time that the foot of its box lies on the band, so that the
same boxes give count and occupancy.  Vehicles need no identity for that; turning counts do.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citybrain.errors import InputError
from detectors.camera.model.boxes import Boxes, boxes_of, open_boxes
from detectors.camera.model.plan import CLASSES, ModelPlan
from detectors.camera.settings import CameraSettings
from detectors.camera.sources import Gap, StreamInfo, StreamLimits
from detectors.pulses import FeedRepairs, Flags, Floats, Pulses

FOOT = 0.4
"""Lower part of a box that is taken for what stands on the ground. [-]"""
HOLD_S = 0.3
"""A box that is missed for less than this was there all the time. [s]"""
SHAPE_PX = 2.0
"""Most that the height of the pictures may differ from that of the camera file's shape. [px]"""
COUNTED = frozenset(CLASSES) - {"pedestrian"}


class BoxLoops:
    """Follows which lanes are covered, over a stream of any length.

    Parameters
    ----------
    settings
        Camera file: the band and the lanes on it.
    info
        Facts of the source.

    Raises
    ------
    InputError
        The pictures have another shape than the camera file says.
    """

    def __init__(self, settings: CameraSettings, info: StreamInfo) -> None:
        zoom = zoom_of(settings, info)
        self._from_px = zoom * np.array(settings.band.from_px)
        self._along, self._across = np.array(settings.band.along), np.array(settings.band.across)
        self._limits_px = zoom * np.array([lane.limits_px for lane in settings.lane])
        self._counted = np.array([name in COUNTED for name in CLASSES])
        lanes = len(settings.lane)
        self._on_s, self._seen_s = np.full(lanes, np.nan), np.full(lanes, np.nan)
        self._done: list[tuple[float, float, int]] = []

    def add(self, boxes: Boxes) -> None:
        """Take the boxes of consecutive frames."""
        covers = self._covers(boxes)
        for frame, time_s in enumerate(boxes.time_s.tolist()):
            lanes = covers[boxes.offset[frame] : boxes.offset[frame + 1]].any(axis=0)
            self._end(np.flatnonzero(time_s - self._seen_s > HOLD_S))
            begins = lanes & np.isnan(self._on_s)
            self._on_s[begins] = time_s
            self._seen_s[lanes] = time_s

    def break_off(self) -> None:
        """End what lasts, before a gap and at the end."""
        self._end(np.flatnonzero(~np.isnan(self._on_s)))

    def take(self) -> list[tuple[float, float, int]]:
        """Return the pulses that ended since the last call: on [s], off [s], lane."""
        done, self._done = self._done, []
        return done

    def _end(self, lanes: NDArray[np.int64]) -> None:
        for lane in lanes.tolist():
            self._done.append((float(self._on_s[lane]), float(self._seen_s[lane]), lane))
            self._on_s[lane] = self._seen_s[lane] = np.nan

    def _covers(self, boxes: Boxes) -> Flags:
        """Return which box covers which lane, (boxes, lanes)."""
        left, top, right, bottom = boxes.corners_px.astype(np.float64).T
        width, height = right - left, FOOT * (bottom - top)
        middle = np.column_stack([(left + right) / 2, bottom - height / 2]) - self._from_px
        half = (width * abs(self._across[0]) + height * abs(self._across[1])) / 2
        is_on = (abs(middle @ self._across) <= half) & self._counted[boxes.kind]
        along = (middle @ self._along)[:, None]
        begin, end = self._limits_px.T
        return np.asarray(is_on[:, None] & (along >= begin) & (along < end), np.bool_)


def count_boxes(
    source: str | Path,
    plan: ModelPlan,
    settings: CameraSettings,
    limits: StreamLimits | None = None,
    start: datetime | None = None,
) -> Pulses:
    """Count the vehicles that a detector sees on the band, lane by lane.

    Parameters
    ----------
    source
        Video file, folder of pictures, or URL.
    plan
        The detector.
    settings
        Camera file.
    limits
        Bounds of the source.
    start
        The stream's zero in UTC, where known.

    Returns
    -------
    Pulses
        In order of the on time; gaps of the source are no part of its spans.

    Raises
    ------
    InputError
        The source, the model or the camera file cannot be used.
    """
    with open_boxes(source, plan, limits) as stream:
        loops = BoxLoops(settings, stream.info)
        gaps: list[Gap] = []
        end_s = 0.0
        for part in boxes_of(stream):
            if isinstance(part, Gap):
                loops.break_off()
                gaps.append(part)
            else:
                loops.add(part)
                end_s = float(part.time_s[-1])
        loops.break_off()
    done = sorted(loops.take())
    on_s, off_s, lane = (list(column) for column in zip(*done, strict=True)) if done else ([],) * 3
    return Pulses(
        names=tuple(lane.name for lane in settings.lane),
        detector=np.array(lane, np.int32),
        on_s=np.array(on_s, np.float64),
        off_s=np.array(off_s, np.float64),
        speed_mps=np.full(len(done), np.nan),
        repaired=np.zeros(len(done), np.bool_),
        spans_s=spans_between_s(gaps, end_s),
        start=start,
        repairs=FeedRepairs(rows=len(done), gaps=len(gaps)),
        notes=tuple(stream.notes),
    )


def zoom_of(settings: CameraSettings, info: StreamInfo) -> float:
    """Return how much larger the pictures are than the camera file says.

    Raises
    ------
    InputError
        They have another shape.
    """
    zoom = info.width_px / settings.frame_px[0]
    if abs(info.height_px - settings.frame_px[1] * zoom) > SHAPE_PX:
        size = f"{info.width_px} x {info.height_px}"
        what = "frames are {}, the file says {} x {}".format(size, *settings.frame_px)
        raise InputError(settings.camera, what, "set frame_px and the band for this stream")
    return zoom


def spans_between_s(gaps: Sequence[Gap], end_s: float) -> Floats:
    """Return the times between gaps up to the end, one row (begin, end) each [s]."""
    begins_s = [0.0, *(gap.end_s for gap in gaps)]
    ends_s = [*(gap.begin_s for gap in gaps), end_s]
    spans = [(a, b) for a, b in zip(begins_s, ends_s, strict=True) if b > a]
    return np.array(spans, np.float64).reshape(-1, 2)
