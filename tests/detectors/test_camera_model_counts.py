"""Blocks that drive through real pictures, found by a real ONNX model and counted per lane."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from citybrain.errors import InputError
from detectors.camera.model import CLASSES, ModelPlan
from detectors.camera.model.crossings import count_model
from detectors.camera.settings import Band, CameraLane, CameraSettings
from detectors.camera.sources import Image
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


def test_empty_road_counts_nothing(tmp_path: Path) -> None:
    found = count_model(write_road(tmp_path / "road", []), plan_of(tmp_path), SETTINGS)
    assert len(found.pulses) == 0
    assert found.pulses.spans_s.tolist() == [[0.0, 5.9]]


def test_gap_is_no_part_of_the_spans(tmp_path: Path) -> None:
    road = write_road(tmp_path / "road", [(0, 28, RED)])
    for number in range(25, 40):
        (road / f"2024-01-01_0000{number // 10:02d}_{number % 10}00.png").unlink()
    found = count_model(road, plan_of(tmp_path), SETTINGS)
    np.testing.assert_allclose(found.pulses.spans_s, [[0.0, 2.4], [4.0, 5.9]])
    assert len(found.pulses) == 1


def test_pictures_of_another_shape_are_refused(tmp_path: Path) -> None:
    road = write_road(tmp_path / "road", [])
    other = SETTINGS.model_copy(update={"frame_px": (160, 90)})
    with pytest.raises(InputError, match="160 x 120, the file says 160 x 90"):
        count_model(road, plan_of(tmp_path), other)
