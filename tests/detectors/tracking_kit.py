"""Boxes of made-up vehicles, frame after frame."""

from collections.abc import Mapping, Sequence

import numpy as np

from detectors.pulses import Ints
from detectors.tracking.boxes import Boxes
from detectors.tracking.crossing.counter import CrossingRules, Crossings, LineCounter
from detectors.tracking.lines import CountLine

RATE_HPS = 10.0
Corners = tuple[float, float, float, float]
Frame = Mapping[int, Corners]
"""Boxes of one frame by the identity of their track."""


def box(x: float, bottom: float, width: float = 40.0, height: float = 40.0) -> Corners:
    """A box whose ground contact is (x, bottom)."""
    return (x - width / 2, bottom - height, x + width / 2, bottom)


def frames(
    rows: Sequence[Frame], *, rate_hps: float = RATE_HPS, kind: int = 0
) -> tuple[Boxes, Ints]:
    corners = [corners for row in rows for corners in row.values()]
    tracks = [track for row in rows for track in row]
    boxes = Boxes(
        time_s=np.arange(len(rows)) / rate_hps,
        offset=np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64),
        corners_px=np.array(corners, np.float32).reshape(-1, 4),
        score=np.ones(len(corners), np.float32),
        kind=np.full(len(corners), kind, np.int64),
    )
    return boxes, np.array(tracks, np.int64)


def lanes(count: int = 2, *, y: float = 300.0, width_px: float = 100.0) -> list[CountLine]:
    """Lanes side by side whose vehicles come down the picture."""
    return [
        CountLine(
            lane=f"lane{k}",
            from_px=(k * width_px, y),
            to_px=((k + 1) * width_px, y),
            heading_deg=180.0,
        )
        for k in range(count)
    ]


def crossings_of(
    rows: Sequence[Frame],
    lines: Sequence[CountLine] | None = None,
    rules: CrossingRules | None = None,
    *,
    kind: int = 0,
) -> Crossings:
    counter = LineCounter(lines or lanes(), rules)
    counter.add(*frames(rows, kind=kind))
    counter.finish()
    return counter.take()


def counts(crossings: Crossings, line_count: int = 2) -> list[int]:
    """Crossings ahead of each line."""
    return np.bincount(crossings.line[crossings.is_ahead], minlength=line_count).tolist()
