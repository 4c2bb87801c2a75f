"""Blocks that drive through real pictures, found by a real ONNX model and counted per lane."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from citybrain.errors import InputError
from detectors.camera.model import CLASSES, ModelPlan
from detectors.camera.model.boxes import Boxes
from detectors.camera.model.presence import BoxLoops, count_boxes
from detectors.camera.settings import Band, CameraLane, CameraSettings
from detectors.camera.sources import Image, StreamInfo
from tests.detectors.camera_model_kit import BLOCK_PX, INPUT_PX, write_block_finder

RATE_HPS = 10.0
WHITE, RED = (255, 255, 255), (0, 0, 255)
SETTINGS = CameraSettings(
    camera="east",
    frame_px=INPUT_PX,
    band=Band(from_px=(0, 70), to_px=(160, 70)),
    lane=(
        CameraLane(name="left", limits_px=(0, 80)),
        CameraLane(name="right", limits_px=(80, 160)),
    ),
)


def plan_of(folder: Path) -> ModelPlan:
    return ModelPlan(
        file=write_block_finder(folder / "finder.onnx"),
        input_px=INPUT_PX,
        kinds=(CLASSES.index("car"), CLASSES.index("bus")),
        score_at_least=0.85,
    )


def write_road(folder: Path, drives: list[tuple[int, int, tuple[int, int, int]]]) -> Path:
    """Pictures at ten per second; a drive is its first frame, its column and its colour."""
    folder.mkdir()
    for number in range(60):
        image: Image = np.full((INPUT_PX[1], INPUT_PX[0], 3), 30, np.uint8)
        for begin, left, colour in drives:
            top = 4 * (number - begin)
            if 0 <= top <= INPUT_PX[1] - BLOCK_PX[1]:
                image[top : top + BLOCK_PX[1], left : left + BLOCK_PX[0]] = colour
        name = f"2024-01-01_0000{number // 10:02d}_{number % 10}00.png"
        cv2.imwrite(str(folder / name), image)
    return folder


def test_each_vehicle_is_counted_once_on_its_lane(tmp_path: Path) -> None:
    drives = [(0, 28, WHITE), (12, 28, RED), (5, 100, WHITE), (20, 100, RED), (30, 100, WHITE)]
    pulses = count_boxes(write_road(tmp_path / "road", drives), plan_of(tmp_path), SETTINGS)
    assert pulses.names == ("left", "right")
    assert np.bincount(pulses.detector, minlength=2).tolist() == [2, 3]
    ons_s = sorted(pulses.on_s[pulses.detector == 1].tolist())
    crossed_s = [(begin + (70 - BLOCK_PX[1]) / 4) / RATE_HPS for begin in (5, 20, 30)]
    assert ons_s == pytest.approx(crossed_s, abs=0.2)
    lengths_s = pulses.off_s - pulses.on_s
    assert np.all((lengths_s >= 0.09) & (lengths_s < 0.4))
    assert pulses.spans_s.tolist() == [[0.0, 5.9]]


def test_empty_road_counts_nothing(tmp_path: Path) -> None:
    pulses = count_boxes(write_road(tmp_path / "road", []), plan_of(tmp_path), SETTINGS)
    assert len(pulses) == 0
    assert pulses.spans_s.tolist() == [[0.0, 5.9]]


def test_gap_is_no_part_of_the_spans(tmp_path: Path) -> None:
    road = write_road(tmp_path / "road", [(0, 28, RED)])
    for number in range(15, 40):
        (road / f"2024-01-01_0000{number // 10:02d}_{number % 10}00.png").unlink()
    pulses = count_boxes(road, plan_of(tmp_path), SETTINGS)
    np.testing.assert_allclose(pulses.spans_s, [[0.0, 1.4], [4.0, 5.9]])
    assert len(pulses) == 1
    assert pulses.off_s[0] <= 1.4


INFO = StreamInfo(width_px=160, height_px=120, rate_hps=25.0, is_live=False, frame_count=None)


def boxes_at(times_s: list[float], bottoms_px: list[float], kind: str = "car") -> Boxes:
    """One box a frame, 24 by 20 px, in the left lane; not a number for none."""
    seen = np.isfinite(bottoms_px)
    bottom = np.array(bottoms_px, np.float32)[seen]
    ones = np.ones(bottom.size, np.float32)
    return Boxes(
        time_s=np.array(times_s),
        offset=np.concatenate([[0], np.cumsum(seen)]),
        corners_px=np.column_stack([20 * ones, bottom - 20, 44 * ones, bottom]),
        score=ones,
        kind=np.full(bottom.size, CLASSES.index(kind)),
    )


def pulses_of(*parts: Boxes) -> list[tuple[float, float, int]]:
    loops = BoxLoops(SETTINGS, INFO)
    for part in parts:
        loops.add(part)
    loops.break_off()
    return loops.take()


def test_vehicle_that_stops_on_the_band_is_one() -> None:
    times_s = [0.1 * k for k in range(100)]
    assert pulses_of(boxes_at(times_s, [74.0] * 100)) == [(0.0, pytest.approx(9.9), 0)]


def test_box_that_is_missed_for_two_frames_is_one_vehicle() -> None:
    times_s = [0.0, 0.08, 0.16, 0.24, 0.32, 0.4]
    nothing = float("nan")
    part = boxes_at(times_s, [74.0, 74.0, nothing, nothing, 74.0, 74.0])
    assert pulses_of(part) == [(0.0, 0.4, 0)]


def test_cuts_between_batches_change_nothing() -> None:
    times_s = [round(0.1 * k, 1) for k in range(30)]
    bottoms_px = [74.0 if k % 10 < 4 else float("nan") for k in range(30)]
    whole = pulses_of(boxes_at(times_s, bottoms_px))
    assert len(whole) == 3
    for cut in (1, 3, 7, 14, 29):
        first = boxes_at(times_s[:cut], bottoms_px[:cut])
        second = boxes_at(times_s[cut:], bottoms_px[cut:])
        assert pulses_of(first, second) == whole


def test_pedestrians_and_boxes_beyond_the_band_are_no_vehicles() -> None:
    assert pulses_of(boxes_at([0.0, 0.1], [74.0, 74.0], "pedestrian")) == []
    assert pulses_of(boxes_at([0.0, 0.1], [60.0, 95.0])) == []


def test_pictures_of_another_shape_are_refused() -> None:
    info = StreamInfo(width_px=160, height_px=90, rate_hps=25.0, is_live=False, frame_count=None)
    with pytest.raises(InputError, match="160 x 90"):
        BoxLoops(SETTINGS, info)
