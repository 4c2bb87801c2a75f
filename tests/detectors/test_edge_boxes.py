"""Feeds of edge boxes: the shapes that they have, what is wrong with them, and what is counted."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from citybrain.errors import InputError
from detectors.readers.edge_boxes import EdgeBoxes, read_edge_boxes
from detectors.readers.edge_lines import BoxForm
from detectors.readers.edge_rows import EdgeFeed
from detectors.tracking.edge_count import BoxCount, count_edge_boxes
from detectors.tracking.kinds import CLASSES
from detectors.tracking.lines_file import read_lines
from detectors.tracking.turning_counts import turning_counts
from tests.detectors.edge_feeds import (
    LINES,
    START,
    ZONES,
    detection_rows,
    frame_rows,
    instant,
    turning,
    write_lines,
)


def counted(folder: Path, rows: list[dict[str, Any]], lines: str = LINES + ZONES) -> BoxCount:
    (folder / "lines.toml").write_text(lines, encoding="utf-8")
    path = write_lines(folder / "boxes.jsonl", rows)
    return count_edge_boxes(path, read_lines(folder / "lines.toml"))


def lane_counts(count: BoxCount) -> list[int]:
    return np.bincount(count.pulses.detector, minlength=2).tolist()


def same_boxes(one: EdgeBoxes, other: EdgeBoxes) -> bool:
    return (
        one.boxes.corners_px.tolist() == other.boxes.corners_px.tolist()
        and np.allclose(one.boxes.time_s[: len(other.boxes.time_s)], other.boxes.time_s)
        and one.boxes.kind.tolist() == other.boxes.kind.tolist()
        and one.start == other.start
    )


def test_frames_with_lists_are_counted_on_lanes_and_by_movement(tmp_path: Path) -> None:
    found = counted(tmp_path, frame_rows())
    assert lane_counts(found) == [1, 1]
    assert found.classes == {"car": 1, "lorry": 1}
    assert found.pulses.on_s.tolist() == pytest.approx([3.6, 3.6], abs=0.05)
    assert sorted(found.movements.exit.tolist()) == [1, 2]
    assert found.pulses.start == START
    assert found.pulses.repairs.used_rows == found.pulses.repairs.rows == 141


def test_turning_counts_stand_in_bins_with_all_named_movements(tmp_path: Path) -> None:
    found = counted(tmp_path, frame_rows())
    lines = read_lines(tmp_path / "lines.toml")
    table = turning_counts(found.movements, found.pulses, lines, found.kinds, bin_s=300)
    assert table["bin_start"].unique().tolist() == [datetime(2026, 3, 17, 6, 30, tzinfo=UTC)]
    assert dict(zip(table["movement"], table["count_veh"], strict=True)) == {
        "through": 1,
        "left": 1,
    }
    assert table.loc[table["movement"] == "left", "lorry"].item() == 1


def test_one_detection_in_each_line_is_the_same(tmp_path: Path) -> None:
    rows = frame_rows()
    lists = read_edge_boxes(write_lines(tmp_path / "a.jsonl", rows))
    singles = read_edge_boxes(write_lines(tmp_path / "b.jsonl", detection_rows(rows)))
    assert same_boxes(lists, singles)
    without_numbers = [
        {name: value for name, value in row.items() if name != "frame"}
        for row in detection_rows(rows)
    ]
    assert same_boxes(lists, read_edge_boxes(write_lines(tmp_path / "c.jsonl", without_numbers)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bbox", {"left": 115, "top": 5, "width": 20, "height": 20}),
        ("boundingBox", {"x": 115, "y": 5, "width": 20, "height": 20}),
        ("bounding_box", {"left": 115, "top": 5, "right": 135, "bottom": 25}),
        ("rect_params", {"left": 115, "top": 5, "width": 20, "height": 20}),
        ("bbox", {"topleftx": 115, "toplefty": 5, "bottomrightx": 135, "bottomrighty": 25}),
        ("box", {"x1": 115, "y1": 5, "x2": 135, "y2": 25}),
        ("xyxy", [115, 5, 135, 25]),
        ("tlwh", [115, 5, 20, 20]),
        ("bbox", ["115", "5", "135", "25"]),
    ],
)
def test_boxes_are_understood_as_they_are_named(tmp_path: Path, name: str, value: object) -> None:
    rows = [{"time": 1.0, "detections": [{"trackId": "a", "class": {"type": "Car"}, name: value}]}]
    edge = read_edge_boxes(write_lines(tmp_path / "a.jsonl", rows))
    assert edge.boxes.corners_px.tolist() == [[115, 5, 135, 25]]
    assert edge.boxes.kind.tolist() == [CLASSES.index("car")]
    assert edge.track.tolist() == [0]


@pytest.mark.parametrize(
    ("form", "box"),
    [(BoxForm.CORNER_SIZE, [115, 5, 20, 20]), (BoxForm.CENTRE_SIZE, [125, 15, 20, 20])],
)
def test_lists_mean_what_the_lines_file_says(tmp_path: Path, form: BoxForm, box: list[int]) -> None:
    path = write_lines(tmp_path / "a.jsonl", [{"time": 1.0, "bbox": box, "id": 3}])
    edge = read_edge_boxes(path, EdgeFeed(box=form))
    assert edge.boxes.corners_px.tolist() == [[115, 5, 135, 25]]


def test_piped_objects_are_understood(tmp_path: Path) -> None:
    rows = [{"@timestamp": instant(0), "sensorId": "c", "objects": ["18|115|5|135|25|Vehicle"]}]
    edge = read_edge_boxes(write_lines(tmp_path / "a.jsonl", rows))
    assert edge.boxes.corners_px.tolist() == [[115, 5, 135, 25]]
    assert edge.kinds[edge.boxes.kind[0]] == "vehicle"


def test_boxes_that_are_parts_of_the_picture(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", [{"time": 1, "bbox": [0.25, 0.1, 0.5, 0.2], "id": 1}])
    with pytest.raises(InputError, match="relative = true"):
        read_edge_boxes(path)
    edge = read_edge_boxes(path, EdgeFeed(is_relative=True, frame_px=(400, 100)))
    np.testing.assert_allclose(edge.boxes.corners_px, [[100, 10, 200, 20]], rtol=1e-6)


def test_sizes_taken_for_corners_are_refused(tmp_path: Path) -> None:
    rows = [{"time": k, "bbox": [115, 50, 20, 20], "id": 1} for k in range(9)]
    with pytest.raises(InputError, match="corner_size"):
        read_edge_boxes(write_lines(tmp_path / "a.jsonl", rows))


@pytest.mark.parametrize("scale", [1, 1_000, 1_000_000, 1_000_000_000])
def test_seconds_milliseconds_and_so_on_since_1970(tmp_path: Path, scale: int) -> None:
    zero = round(START.timestamp())
    rows = [
        {**row, "timestamp": zero * scale + k * scale // 10} for k, row in enumerate(frame_rows())
    ]
    found = counted(tmp_path, rows)
    assert found.pulses.start == START
    assert lane_counts(found) == [1, 1]


def test_frames_with_numbers_alone_need_a_rate(tmp_path: Path) -> None:
    rows = [{name: row[name] for name in ("frame_id", "objects")} for row in frame_rows()]
    with pytest.raises(InputError, match="no time"):
        counted(tmp_path, rows)
    found = counted(tmp_path, rows, LINES + "[feed]\nrate_hps = 10")
    assert lane_counts(found) == [1, 1]


def test_times_in_whole_seconds_are_spread(tmp_path: Path) -> None:
    rows = [{**row, "timestamp": k // 10} for k, row in enumerate(frame_rows())]
    found = counted(tmp_path, rows)
    assert lane_counts(found) == [1, 1]
    assert found.pulses.on_s.tolist() == pytest.approx([3.6, 3.6], abs=0.05)


def test_malformed_rows_are_counted_with_their_lines_and_nothing_else_is_lost(
    tmp_path: Path,
) -> None:
    texts = [json.dumps(row) for row in frame_rows()]
    broken = texts[20]
    texts[10:10] = ["{", '"text"', '{"timestamp": 4}', '{"bbox": [1, 2, 3, 4]}', "\x00\xff"]
    texts[40] = broken.replace("[", "[null, ", 1)
    path = tmp_path / "boxes.jsonl"
    path.write_text("\n".join(texts) + '\n{"timest', encoding="utf-8")
    edge = read_edge_boxes(path)
    assert edge.repairs.unreadable_rows == 7
    assert "line 11 (no JSON), line 12 (no JSON object), line 13 (no box)" in " ".join(edge.notes)
    assert any("breaks off in line 77" in note for note in edge.notes)
    assert edge.repairs.rows == edge.repairs.used_rows + edge.repairs.left_out_rows


def test_kinds_that_are_not_known_are_kept_and_counted(tmp_path: Path) -> None:
    rows = frame_rows()
    for row in rows:
        for one in row["objects"]:
            one["label"] = "Rickshaw" if one["label"] == "truck" else one["label"]
    found = counted(tmp_path, rows)
    assert found.classes == {"car": 1, "rickshaw": 1}
    assert any("rickshaw (70)" in note for note in found.pulses.notes)
    renamed = counted(tmp_path, rows, LINES + '[classes]\nrickshaw = "motorcycle"')
    assert renamed.classes == {"car": 1, "motorcycle": 1}
    left_out = counted(tmp_path, rows, LINES + '[classes]\nrickshaw = "none"')
    assert left_out.classes == {"car": 1}


def test_pedestrians_are_no_vehicles(tmp_path: Path) -> None:
    rows = frame_rows()
    for row in rows:
        for one in row["objects"]:
            one["label"] = "person"
    found = counted(tmp_path, rows)
    assert lane_counts(found) == [0, 0]
    assert len(found.movements) == 0


def test_feed_without_identities_is_followed(tmp_path: Path) -> None:
    rows = frame_rows()
    for row in rows:
        for one in row["objects"]:
            one["track_id"] = -1
    found = counted(tmp_path, rows)
    assert found.is_followed
    assert lane_counts(found) == [1, 1]
    assert len(found.movements) == 2


def test_clock_that_is_set_back_counts_no_vehicle_twice(tmp_path: Path) -> None:
    """The same 500 s are told twice: the later pass is right."""
    rows = [{"timestamp": k, "objects": [{"id": k, "bbox": turning(k % 60)}]} for k in range(999)]
    twice = [*rows[:700], *rows[200:]]
    path = write_lines(tmp_path / "a.jsonl", twice)
    edge = read_edge_boxes(path)
    assert edge.repairs.clock_steps == 1
    assert len(edge.boxes) == pytest.approx(999, abs=1)
    assert edge.repairs.overlaid_rows == len(twice) - len(edge.boxes)


def test_clock_that_jumps_forward_leaves_a_gap(tmp_path: Path) -> None:
    rows = frame_rows()
    for k, row in enumerate(rows):
        row["timestamp"] = k / 10 + (3600 if k > 50 else 0)
    found = counted(tmp_path, rows)
    assert len(found.pulses.spans_s) == 2
    assert found.pulses.repairs.gaps == 1


def test_rows_that_come_late_are_put_in_order(tmp_path: Path) -> None:
    rows = frame_rows()
    rows[30], rows[32] = rows[32], rows[30]
    found = counted(tmp_path, rows)
    assert lane_counts(found) == [1, 1]
    assert found.pulses.repairs.reordered_rows > 0


def test_boxes_of_several_cameras_are_not_mixed(tmp_path: Path) -> None:
    rows = [{**row, "sensorId": name} for row in frame_rows() for name in ("east", "west")]
    with pytest.raises(InputError, match="several cameras"):
        counted(tmp_path, rows)
    found = counted(tmp_path, rows, LINES + '[feed]\nsensor = "east"')
    assert lane_counts(found) == [1, 1]
    assert found.pulses.repairs.unknown_detector_rows == 141


def test_packed_feed_that_breaks_off_is_read_up_to_there(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", frame_rows())
    packed = tmp_path / "a.jsonl.gz"
    packed.write_bytes(gzip.compress(path.read_bytes())[:-40])
    edge = read_edge_boxes(packed)
    assert len(edge.boxes) > 50
    assert "breaks off" in edge.notes[0]


def test_times_without_a_zone_need_one(tmp_path: Path) -> None:
    rows = [{**row, "timestamp": row["timestamp"][:-6]} for row in frame_rows()]
    path = write_lines(tmp_path / "a.jsonl", rows)
    with pytest.raises(InputError, match="time zone"):
        read_edge_boxes(path)
    assert read_edge_boxes(path, assume_zone="Europe/Berlin").start == datetime(
        2026, 3, 17, 5, 30, tzinfo=UTC
    )


def test_empty_and_missing_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("")
    with pytest.raises(InputError, match="it is empty"):
        read_edge_boxes(tmp_path / "a.jsonl")
    with pytest.raises(InputError, match="does not exist"):
        read_edge_boxes(tmp_path / "b.jsonl")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("frame_px = [1, 1]", "neither"),
        (LINES + LINES.split("]", 1)[1], "stands twice"),
        (LINES.replace("180", "90"), "along the line"),
        (LINES + "[feed]\nbox = 'round'", "feed.box"),
        (LINES + ZONES.replace('to_zone = "east"', 'to_zone = "moon"'), "moon"),
    ],
)
def test_lines_file_that_cannot_be_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "lines.toml").write_text(text)
    with pytest.raises(InputError, match=told):
        read_lines(tmp_path / "lines.toml")
