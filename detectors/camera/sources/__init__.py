"""Pictures from files, folders and live streams, decoded in a process of their own."""

from detectors.camera.sources.opened import Stream, open_stream
from detectors.camera.sources.snapshots import SnapshotRule
from detectors.camera.sources.stream import (
    Frames,
    Gap,
    Image,
    MakeReducer,
    Reducer,
    StreamInfo,
    StreamLimits,
    assumed_rate_hps,
    spans_between_s,
)

__all__ = [
    "Frames",
    "Gap",
    "Image",
    "MakeReducer",
    "Reducer",
    "SnapshotRule",
    "Stream",
    "StreamInfo",
    "StreamLimits",
    "assumed_rate_hps",
    "open_stream",
    "spans_between_s",
]
