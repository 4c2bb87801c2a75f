"""Boxes of a source, frame after frame, as the tracker takes them."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from detectors.camera.model.detector import DetectBoxes
from detectors.camera.model.plan import ModelPlan
from detectors.camera.sources import Frames, Gap, Stream, StreamLimits, open_stream
from detectors.tracking.boxes import Boxes

__all__ = ["Boxes", "boxes_in", "boxes_of", "open_boxes"]


def open_boxes(source: str | Path, plan: ModelPlan, limits: StreamLimits | None = None) -> Stream:
    """Open a source whose frames are boxes of road users.

    Parameters
    ----------
    source
        Video file, folder or URL.
    plan
        The detector; it runs in the decoder's process.
    limits
        Bounds; a large model may need a longer `frame_s`.

    Raises
    ------
    InputError
        The source or the model cannot be used.
    """
    return open_stream(source, partial(DetectBoxes, plan=plan), limits)


def boxes_of(stream: Stream) -> Iterator[Boxes | Gap]:
    """Give the boxes of a stream that `open_boxes` opened, and its gaps."""
    for part in stream:
        yield part if isinstance(part, Gap) else boxes_in(part)


def boxes_in(frames: Frames) -> Boxes:
    """Return the boxes of frames whose first columns are corners, score and kind."""
    is_box = ~np.isnan(frames.data[:, :, 4])
    rows = frames.data[is_box]
    return Boxes(
        time_s=frames.time_s,
        offset=np.concatenate([[0], np.cumsum(is_box.sum(axis=1))]).astype(np.int64),
        corners_px=rows[:, :4],
        score=rows[:, 4],
        kind=rows[:, 5].astype(np.int64),
    )
