"""A user's ONNX detector: real files, really run, in every layout, and broken in every way."""

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from citybrain.errors import InputError
from detectors.camera.model import CLASSES, DetectBoxes, Layout, ModelPlan
from detectors.camera.model.boxes import Boxes, boxes_of, open_boxes
from detectors.camera.model.outputs import ShapeError, candidates_of
from detectors.camera.model.settings import read_model
from detectors.camera.sources import Frames, Image, StreamInfo, open_stream
from tests.detectors.camera_model_kit import INPUT_PX, write_block_finder

WHITE, RED = (255, 255, 255), (0, 0, 255)


def info_of(width_px: int, height_px: int) -> StreamInfo:
    return StreamInfo(
        width_px=width_px, height_px=height_px, rate_hps=25.0, is_live=False, frame_count=None
    )


def plan_of(folder: Path, layout: Layout = Layout.YOLOV8) -> ModelPlan:
    file = write_block_finder(folder / f"{layout.name}.onnx", layout.value)
    outputs = ("placed", "rated", "named") if layout is Layout.THREE else ()
    kinds = (CLASSES.index("car"), CLASSES.index("bus"))
    return ModelPlan(
        file=file,
        input_px=INPUT_PX,
        kinds=kinds,
        layout=layout,
        outputs=outputs,
        score_at_least=0.85,
    )


def road(width_px: int, height_px: int) -> Image:
    return np.full((height_px, width_px, 3), 30, np.uint8)


@pytest.mark.parametrize("layout", list(Layout))
def test_blocks_are_found_where_they_are(tmp_path: Path, layout: Layout) -> None:
    image = road(320, 240)
    image[80:112, 96:144], image[160:192, 200:248] = WHITE, RED
    found = DetectBoxes(info_of(320, 240), plan=plan_of(tmp_path, layout))(image)
    assert found.shape == (128, 6)
    assert found.dtype == np.float32
    rows = found[~np.isnan(found[:, 4])]
    rows = rows[np.argsort(rows[:, 0])]
    np.testing.assert_allclose(rows[0, :4], [96, 80, 144, 112], atol=2)
    np.testing.assert_allclose(rows[1, :4], [200, 160, 248, 192], atol=2)
    assert [CLASSES[int(kind)] for kind in rows[:, 5]] == ["car", "bus"]
    assert np.all(rows[:, 4] > 0.9)


def test_wide_picture_is_padded_and_boxes_come_back_to_it(tmp_path: Path) -> None:
    """320 by 120 on 160 by 120: halved, with 30 px of padding above and below."""
    image = road(320, 120)
    image[36:68, 112:160] = RED
    found = DetectBoxes(info_of(320, 120), plan=plan_of(tmp_path))(image)
    np.testing.assert_allclose(found[0, :4], [112, 36, 160, 68], atol=5)
    assert np.isnan(found[1:]).all()


def test_stretched_picture_is_measured_in_its_own_pixels(tmp_path: Path) -> None:
    image = road(320, 120)
    image[40:56, 96:144] = RED
    plan = replace(plan_of(tmp_path), letterbox=False)
    found = DetectBoxes(info_of(320, 120), plan=plan)(image)
    np.testing.assert_allclose(found[0, :4], [96, 40, 144, 56], atol=2)


def test_what_is_no_road_user_is_left_out(tmp_path: Path) -> None:
    image = road(160, 120)
    image[40:56, 40:64], image[80:96, 80:104] = WHITE, RED
    plan = replace(plan_of(tmp_path), kinds=(-1, CLASSES.index("bicycle")))
    found = DetectBoxes(info_of(160, 120), plan=plan)(image)
    assert np.sum(~np.isnan(found[:, 4])) == 1
    assert CLASSES[int(found[0, 5])] == "bicycle"


def test_channels_scale_and_mean_are_those_declared(tmp_path: Path) -> None:
    """Without the swap the red block is blue to the model and is not found."""
    image = road(160, 120)
    image[40:56, 40:64] = RED
    plan = plan_of(tmp_path)
    for change, count in (
        ({"swap_rb": False}, 0),
        ({"scale": 0.5 / 255.0}, 0),
        ({"mean": (127.0, 127.0, 127.0), "scale": 1 / 255}, 1),
        ({"mean": (100.0, 0.0, 0.0)}, 0),
        ({"deviation": (2.0, 2.0, 2.0)}, 0),
    ):
        found = DetectBoxes(info_of(160, 120), plan=replace(plan, **change))(image)  # type: ignore[arg-type]
        assert np.sum(~np.isnan(found[:, 4])) == count, change


def test_boxes_within_the_most_and_overlaps_merged(tmp_path: Path) -> None:
    image = np.full((120, 160, 3), 255, np.uint8)
    plan = replace(plan_of(tmp_path), most_boxes=5, overlap_at_most=0.3)
    found = DetectBoxes(info_of(160, 120), plan=plan)(image)
    assert found.shape == (5, 6)
    assert not np.isnan(found).any()
    assert np.all(found[:, 2] > found[:, 0])


@pytest.mark.parametrize("layout", list(Layout))
def test_layout_that_is_not_the_declared_one(tmp_path: Path, layout: Layout) -> None:
    plan = plan_of(tmp_path)
    if layout is Layout.YOLOV8:
        plan = replace(plan, kinds=(0,) * 80)
    with pytest.raises(InputError, match="outputs are") as caught:
        DetectBoxes(info_of(160, 120), plan=replace(plan, layout=layout))
    assert "\n" not in str(caught.value)
    assert "yolov8.onnx" in str(caught.value).lower()


def test_relative_boxes_fill_the_input(tmp_path: Path) -> None:
    """Boxes of the finder are in pixels: taken as parts of the input, they fill it."""
    image = road(160, 120)
    image[40:56, 40:64] = RED
    plan = replace(plan_of(tmp_path), is_relative=True)
    found = DetectBoxes(info_of(160, 120), plan=plan)(image)
    assert found[0, :4].tolist() == [160, 120, 160, 120]


def test_corners_of_centred_boxes() -> None:
    boxes = np.tile(np.float32([0.5, 0.5, 0.2, 0.1, 1.0, 0.9]), (1, 6, 1))
    corners, scores, numbers = candidates_of(Layout.YOLO, [boxes], 1)
    np.testing.assert_allclose(corners, [[0.4, 0.45, 0.6, 0.55]] * 6, atol=1e-6)
    assert scores.tolist() == pytest.approx([0.9] * 6)
    assert numbers.tolist() == [0] * 6


@pytest.mark.parametrize("shape", [(1, 5), (2, 6, 10), (1, 4, 10), (0,), (1, 1, 1, 1)])
@pytest.mark.parametrize("layout", list(Layout))
def test_no_shape_is_misread(layout: Layout, shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="outputs are"):
        candidates_of(layout, [np.zeros(shape, np.float32)], 7)


def missing(folder: Path) -> ModelPlan:
    return replace(plan_of(folder), file=folder / "missing.onnx")


def broken(folder: Path) -> ModelPlan:
    plan = plan_of(folder)
    plan.file.write_bytes(plan.file.read_bytes()[:500])
    return plan


def no_model(folder: Path) -> ModelPlan:
    plan = plan_of(folder)
    plan.file.write_text("this is no model")
    return plan


def empty(folder: Path) -> ModelPlan:
    plan = plan_of(folder)
    plan.file.write_bytes(b"")
    return plan


def unknown_output(folder: Path) -> ModelPlan:
    return replace(plan_of(folder), outputs=("nowhere",))


def other_input(folder: Path) -> ModelPlan:
    return replace(plan_of(folder), input_px=(64, 64))


@pytest.mark.parametrize("make", [missing, broken, no_model, empty, unknown_output, other_input])
def test_broken_model_gets_one_line_from_the_decoder(
    tmp_path: Path, make: Callable[[Path], ModelPlan]
) -> None:
    plan = make(tmp_path)
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"2024-01-01_00000{number}.png"), road(160, 120))
    with pytest.raises(InputError) as caught:
        open_stream(tmp_path, functools.partial(DetectBoxes, plan=plan))
    assert "\n" not in str(caught.value)
    assert ".onnx" in str(caught.value)


def test_boxes_of_a_moving_block_come_out_of_the_decoder(tmp_path: Path) -> None:
    for number in range(10):
        image = road(160, 120)
        image[40:56, 8 * number : 8 * number + 24] = RED
        cv2.imwrite(str(tmp_path / f"2024-01-01_00000{number}.png"), image)
    make = functools.partial(DetectBoxes, plan=plan_of(tmp_path))
    with open_stream(tmp_path, make) as stream:
        data = np.concatenate([part.data for part in stream if isinstance(part, Frames)])
    assert data.shape == (10, 128, 6)
    np.testing.assert_allclose(data[:, 0, 0], 8 * np.arange(10), atol=1)
    assert np.isnan(data[:, 1:]).all()


TABLE = """
[model]
file = "finder.onnx"
input_px = [160, 120]
layout = "yolov8"
score_at_least = 0.85
classes = { 0 = "car", 2 = "bus" }
"""


def test_settings_are_read(tmp_path: Path) -> None:
    (tmp_path / "camera.toml").write_text(TABLE)
    plan = read_model(tmp_path / "camera.toml")
    assert plan.file == tmp_path / "finder.onnx"
    assert plan.kinds == (CLASSES.index("car"), -1, CLASSES.index("bus"))
    assert plan.layout is Layout.YOLOV8
    assert plan.score_at_least == 0.85


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('"bus"', '"tank"', "classes"),
        ("2 = ", "-1 = ", "classes"),
        ('"yolov8"', '"ssd"', "layout"),
        ("0.85", "1.5", "score_at_least"),
        ("[160, 120]", "[160]", "input_px"),
        ("file = ", "path = ", "file"),
        ("[model]", "[other]", "no \\[model\\]"),
        ("0.85", "", "TOML"),
    ],
)
def test_wrong_settings_get_one_line(tmp_path: Path, old: str, new: str, word: str) -> None:
    (tmp_path / "camera.toml").write_text(TABLE.replace(old, new))
    with pytest.raises(InputError, match=word) as caught:
        read_model(tmp_path / "camera.toml")
    assert "\n" not in str(caught.value)


def test_frames_without_a_box_are_told_too(tmp_path: Path) -> None:
    for number in range(6):
        image = road(160, 120)
        if number in {1, 2, 5}:
            image[40:56, 16 * number : 16 * number + 24] = RED
        if number == 2:
            image[80:96, 80:104] = WHITE
        cv2.imwrite(str(tmp_path / f"2024-01-01_00000{number}.png"), image)
    with open_boxes(tmp_path, plan_of(tmp_path)) as stream:
        parts = list(boxes_of(stream))
    assert all(isinstance(part, Boxes) for part in parts)
    found = [part for part in parts if isinstance(part, Boxes)]
    counts = np.concatenate([np.diff(part.offset) for part in found])
    assert counts.tolist() == [0, 1, 2, 0, 0, 1]
    assert np.concatenate([part.time_s for part in found]).tolist() == [0, 1, 2, 3, 4, 5]
    kinds = np.concatenate([part.kind for part in found])
    assert sorted(CLASSES[kind] for kind in kinds) == ["bus", "bus", "bus", "car"]
    left_px = np.concatenate([part.corners_px[:, 0] for part in found])
    assert left_px.min() == pytest.approx(16, abs=1)
