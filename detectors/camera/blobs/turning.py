"""A clip or stream to counts on lines and between zones, by what moves or by a detector."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np

from detectors.camera.blobs.follower import FollowBlobs
from detectors.camera.frame_size import zoom_of
from detectors.camera.model.boxes import boxes_in, boxes_of
from detectors.camera.model.detector import DetectBoxes
from detectors.camera.model.plan import CLASSES, ModelPlan
from detectors.camera.sources import (
    Gap,
    Stream,
    StreamInfo,
    StreamLimits,
    open_stream,
    spans_between_s,
)
from detectors.pulses import FeedRepairs, Ints
from detectors.tracking.boxes import Boxes
from detectors.tracking.crossing.counter import CrossingRules, LineCounter
from detectors.tracking.crossing.pulses import crossing_pulses
from detectors.tracking.edge_count import BoxCount, classes_of
from detectors.tracking.kinds import VEHICLES
from detectors.tracking.lines_file import LinesFile
from detectors.tracking.tracker.follower import Tracker, TrackRules
from detectors.tracking.zones import MovementCounter

KINDS = (*CLASSES, "vehicle")
BLOB_SIGHTINGS = 5
"""Frames in which what moves must have been followed: more of it is nothing than of boxes of a
detector."""


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """Boxes of frames, the identity of each, and of whom each was a part before, -1 for nobody."""

    boxes: Boxes
    track: Ints
    parent: Ints


def count_clip(
    source: str | Path,
    lines: LinesFile,
    plan: ModelPlan | None = None,
    limits: StreamLimits | None = None,
    start: datetime | None = None,
) -> BoxCount:
    """Count the vehicles of a clip or stream on lines and between zones.

    Parameters
    ----------
    source
        Video file, folder of pictures, or URL.
    lines
        Lines file.
    plan
        A detector of the user's own; without one, what moves is followed.
    limits
        Bounds of the source.
    start
        The stream's zero in UTC, where known.

    Raises
    ------
    InputError
        The source, the model or the lines file cannot be used.
    """
    reducer = FollowBlobs if plan is None else partial(DetectBoxes, plan=plan)
    sightings = BLOB_SIGHTINGS if plan is None else TrackRules().sightings
    with open_stream(source, reducer, limits) as stream:
        zoom = _zoom(lines, stream.info)
        size = (stream.info.width_px / zoom, stream.info.height_px / zoom)
        rules = CrossingRules(sightings=sightings, frame_px=size)
        counter = LineCounter(lines.lines, rules)
        zones = MovementCounter(lines.zones, sightings=sightings)
        gaps, end_s, count = list[Gap](), 0.0, 0
        for part in _blobs(stream, zoom) if plan is None else _tracked(stream, zoom):
            if isinstance(part, Gap):
                gaps.append(part)
                counter.finish()
                zones.finish()
                continue
            counter.add(part.boxes, part.track)
            zones.add(part.boxes, part.track, counted=VEHICLES, parent=part.parent)
            end_s, count = float(part.boxes.time_s[-1]), count + len(part.boxes)
        counter.finish()
        zones.finish()
        crossings = counter.take()
        return BoxCount(
            pulses=crossing_pulses(
                crossings,
                [line.lane for line in lines.line],
                spans_between_s(gaps, end_s),
                start=start,
                repairs=FeedRepairs(rows=count, used_rows=count, gaps=len(gaps)),
                notes=stream.notes,
            ),
            movements=zones.take(),
            kinds=KINDS,
            against=int(np.sum(~crossings.is_ahead)),
            classes=classes_of(crossings, KINDS),
            is_followed=True,
        )


def _blobs(stream: Stream, zoom: float) -> Iterator[_Look | Gap]:
    """Give what a stream that follows blobs has seen."""
    for part in stream:
        if isinstance(part, Gap):
            yield part
            continue
        known = part.data[~np.isnan(part.data[:, :, 4])][:, 6:].astype(np.int64)
        yield _Look(_shrunk(boxes_in(part), zoom), known[:, 0], known[:, 1])


def _tracked(stream: Stream, zoom: float) -> Iterator[_Look | Gap]:
    """Give what a detector has seen, followed from frame to frame."""
    tracker = Tracker()
    for part in boxes_of(stream):
        if isinstance(part, Gap):
            tracker.break_off()
            yield part
            continue
        boxes = _shrunk(part, zoom)
        yield _Look(boxes, tracker.add(boxes).track, np.full(len(boxes), -1, np.int64))


def _zoom(lines: LinesFile, info: StreamInfo) -> float:
    """Return how much larger the pictures are than the lines file says."""
    if lines.frame_px is None:
        return 1.0
    mend = "set frame_px, lines and zones for this stream"
    return zoom_of((info.width_px, info.height_px), lines.frame_px, "frame_px", mend)


def _shrunk(boxes: Boxes, zoom: float) -> Boxes:
    """Return boxes in the pixels of the lines file."""
    if zoom == 1:
        return boxes
    return replace(boxes, corners_px=(boxes.corners_px / zoom).astype(np.float32))
