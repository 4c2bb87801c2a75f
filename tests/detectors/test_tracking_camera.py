"""A real ONNX model finds blocks in real pictures; they are followed and counted on the band."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from citybrain.cli.main import run
from citybrain.errors import InputError
from detectors.camera.model import ModelPlan
from detectors.camera.model.crossings import band_lines, count_model
from detectors.camera.preview import LANE_COLOURS
from detectors.camera.settings import Band, CameraLane, CameraSettings, SecondBand
from tests.detectors.camera_model_kit import BLOCK_PX, INPUT_PX
from tests.detectors.test_camera_model_counts import RED, SETTINGS, WHITE, plan_of, write_road

CAMERA = """
camera = "east"
frame_px = [160, 120]
[band]
from_px = [0, 70]
to_px = [160, 70]
[[lane]]
name = "left"
limits_px = [0, 80]
heading_deg = 180
[[lane]]
name = "right"
limits_px = [80, 160]
heading_deg = 180
[model]
file = "finder.onnx"
input_px = [160, 120]
classes = { 0 = "car", 1 = "bus" }
score_at_least = 0.85
"""
DRIVES = [(0, 28, WHITE), (12, 28, RED), (5, 100, WHITE), (20, 100, RED), (30, 100, WHITE)]


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("road")
    (folder / "camera.toml").write_text(CAMERA, encoding="utf-8")
    plan_of(folder)
    return write_road(folder / "pictures", DRIVES)


def plan(road: Path) -> ModelPlan:
    return plan_of(road.parent)


def test_each_vehicle_is_followed_and_counted_once_on_its_lane(road: Path) -> None:
    found = count_model(road, plan(road), SETTINGS)
    assert np.bincount(found.pulses.detector, minlength=2).tolist() == [2, 3]
    assert found.classes == {"bus": 2, "car": 3}
    crossed_s = [(begin + (70 - BLOCK_PX[1]) / 4) / 10 for begin in (5, 20, 30)]
    assert found.pulses.on_s[found.pulses.detector == 1].tolist() == pytest.approx(
        crossed_s, abs=0.15
    )


def test_second_band_gives_speeds(road: Path) -> None:
    """20 px at 40 px/s are 0.5 s; 5 m in that time are 10 m/s."""
    second = SecondBand(from_px=(0, 90), to_px=(160, 90), distance_m=5.0)
    found = count_model(road, plan(road), SETTINGS.model_copy(update={"second_band": second}))
    assert found.pulses.speed_mps.tolist() == pytest.approx([10.0] * 5, rel=0.2)


def test_command_counts_with_the_model_of_the_camera_file(
    road: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = road.parent / "flows.parquet"
    arguments = ["count", str(road), "--camera", str(road.parent / "camera.toml")]
    assert run([*arguments, "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["lanes"] == {"left": 2, "right": 3}
    assert told["classes"] == {"bus": 2, "car": 3}
    assert out.exists()
    assert run([*arguments, "--out", str(out)]) == 0
    assert "class     bus: 2" in capsys.readouterr().out


def test_a_preview_shows_the_vehicles_that_the_model_found(road: Path) -> None:
    look = road.parent / "look.png"
    arguments = ["count", str(road), "--camera", str(road.parent / "camera.toml")]
    assert run([*arguments, "--out", str(road.parent / "f.parquet"), "--preview", str(look)]) == 0
    below = cv2.imread(str(look))[2 * INPUT_PX[1] :]
    for colour in LANE_COLOURS[:2]:
        assert np.any(np.all(below == colour, axis=-1))


def test_a_preview_without_a_camera_file_is_refused(road: Path) -> None:
    lines = road.parent / "preview_lines.toml"
    lines.write_text(LINES, encoding="utf-8")
    look = road.parent / "none.png"
    assert run(["count", str(road), "--lines", str(lines), "--preview", str(look)]) == 2
    assert not look.exists()


def test_band_becomes_lines_of_lanes_in_the_pixels_of_the_stream() -> None:
    lines = band_lines(SETTINGS, zoom=2.0)
    assert [line.lane for line in lines] == ["left", "right"]
    assert lines[1].from_px == pytest.approx((160, 140))
    assert lines[1].to_px == pytest.approx((320, 140))
    along = CameraSettings(
        camera="east",
        frame_px=INPUT_PX,
        band=Band(from_px=(0, 70), to_px=(160, 70)),
        lane=(CameraLane(name="left", limits_px=(0, 80), heading_deg=90),),
    )
    with pytest.raises(InputError, match="along the line"):
        band_lines(along)


LINES = """
[[zone]]
name = "above"
kind = "entry"
corners_px = [[0, 0], [160, 0], [160, 45], [0, 45]]
[[zone]]
name = "left"
kind = "exit"
corners_px = [[0, 80], [80, 80], [80, 120], [0, 120]]
[[zone]]
name = "right"
kind = "exit"
corners_px = [[80, 80], [160, 80], [160, 120], [80, 120]]
"""


def turns(road: Path, text: str, capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    lines, out = road.parent / "lines.toml", road.parent / "flows.parquet"
    lines.write_text(text, encoding="utf-8")
    assert run(["count", str(road), "--lines", str(lines), "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    return {one["to"]: one["vehicles"] for one in told["movements"]}


def test_what_moves_is_counted_by_movement_without_a_model(
    road: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert turns(road, LINES, capsys) == {"left": 2, "right": 3}


def test_boxes_of_the_model_are_counted_by_movement(
    road: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = CAMERA[CAMERA.index("[model]") :]
    assert turns(road, LINES + model, capsys) == {"left": 2, "right": 3}
