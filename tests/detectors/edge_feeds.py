"""An edge box's feed of a small junction: two vehicles on two lanes, one of which turns."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

RATE_HPS = 10.0
START = datetime(2026, 3, 17, 6, 30, tzinfo=UTC)
LINES = """
frame_px = [400, 400]
[[line]]
lane = "in_0"
from_px = [100, 200]
to_px = [150, 200]
heading_deg = 180
[[line]]
lane = "in_1"
from_px = [150, 200]
to_px = [200, 200]
heading_deg = 180
"""
ZONES = """
[[zone]]
name = "north"
kind = "entry"
corners_px = [[100, 0], [200, 0], [200, 150], [100, 150]]
[[zone]]
name = "south"
kind = "exit"
corners_px = [[100, 250], [200, 250], [200, 400], [100, 400]]
[[zone]]
name = "east"
kind = "exit"
corners_px = [[250, 150], [400, 150], [400, 250], [250, 250]]
[[movement]]
name = "through"
from_zone = "north"
to_zone = "south"
[[movement]]
name = "left"
from_zone = "north"
to_zone = "east"
"""


def through(k: int) -> list[float]:
    """Corners of a car that goes on at 50 px/s."""
    return [115.0, 5.0 * k, 135.0, 5.0 * k + 20]


def turning(k: int) -> list[float]:
    """Corners of a lorry that turns after 200 px."""
    if k < 40:
        return [165.0, 5.0 * k, 185.0, 5.0 * k + 20]
    return [5.0 * k - 35, 195.0, 5.0 * k - 15, 215.0]


def frame_rows(count: int = 70) -> list[dict[str, Any]]:
    """One object for each frame with the list of its boxes, and a frame without any."""
    rows: list[dict[str, Any]] = [
        {
            "timestamp": instant(k),
            "frame_id": k,
            "objects": [
                {"track_id": 4, "label": "car", "bbox": through(k), "confidence": 0.9},
                {"track_id": 9, "label": "truck", "bbox": turning(k), "confidence": 0.8},
            ],
        }
        for k in range(count)
    ]
    last = {"timestamp": instant(count), "frame_id": count, "objects": []}
    return [*rows, last]


def instant(k: int) -> str:
    return (START + timedelta(seconds=k / RATE_HPS)).isoformat()


def detection_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same with one detection in each line."""
    return [
        {"timestamp": row["timestamp"], "frame": row["frame_id"], **one}
        for row in rows
        for one in row["objects"]
    ]


def write_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
