"""``count --camera`` and ``camera suggest`` on a clip of a drawn street."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from citybrain.cli.clip_bins import bin_for_s
from citybrain.store.flows import read_flows
from detectors.camera.suggest import as_toml
from tests.cli.towns import Terminal
from tests.detectors.camera_street import Car, steady_cars, street_settings, write_street


@pytest.fixture(scope="module")
def cars() -> list[Car]:
    return steady_cars(55, np.random.default_rng(7))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, cars: list[Car]) -> Path:
    path = tmp_path_factory.mktemp("camera") / "street.avi"
    return write_street(path, cars, 1500, np.random.default_rng(1))


@pytest.fixture
def camera(tmp_path: Path) -> Path:
    path = tmp_path / "camera.toml"
    path.write_text(as_toml(street_settings()))
    return path


def test_a_clip_gives_flows_per_lane_and_a_picture(
    terminal: Terminal, clip: Path, cars: list[Car], camera: Path, tmp_path: Path
) -> None:
    flows, picture = tmp_path / "flows.parquet", tmp_path / "look.png"
    told = terminal(
        "count", clip, "--camera", camera, "--out", flows, "--preview", picture, "--json"
    )
    assert told.code == 0
    content = json.loads(told.output)
    wanted = np.bincount([car.lane for car in cars], minlength=3).tolist()
    assert list(content["lanes"].values()) == wanted
    assert content["gaps"] == []
    counted = np.asarray(read_flows(flows).count_veh).sum(axis=0)
    assert counted.tolist() == wanted
    image = cv2.imread(str(picture))
    assert image is not None
    assert min(image.shape[:2]) > 300


def test_a_preview_clip_is_as_long_as_the_clip(
    terminal: Terminal, clip: Path, camera: Path, tmp_path: Path
) -> None:
    look = tmp_path / "look.mp4"
    told = terminal(
        "count", clip, "--camera", camera, "--out", tmp_path / "f.parquet", "--preview", look
    )
    assert told.code == 0
    assert int(cv2.VideoCapture(str(look)).get(cv2.CAP_PROP_FRAME_COUNT)) == 1500
    assert {path.name for path in tmp_path.iterdir()} == {"camera.toml", "f.parquet", "look.mp4"}


def test_lanes_are_suggested_where_the_cars_drive(
    terminal: Terminal, clip: Path, tmp_path: Path
) -> None:
    out = tmp_path / "found.toml"
    told = terminal("camera", "suggest", clip, "--out", out, "--json")
    assert told.code == 0
    lanes = json.loads(told.output)["lanes"]
    assert len(lanes) == 3
    assert {lane["heading_deg"] for lane in lanes} == {180.0}
    again = terminal("camera", "suggest", clip, "--out", out)
    assert again.code == 2
    assert "exists already" in again.complaint


def test_a_feed_without_lanes_gets_one_clear_line(terminal: Terminal, clip: Path) -> None:
    told = terminal("count", clip)
    assert told.code == 2
    assert "--camera" in told.complaint


def test_a_file_that_is_no_video_gets_one_clear_line(
    terminal: Terminal, camera: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "clip.mp4"
    broken.write_bytes(b"no video at all" * 100)
    told = terminal("count", broken, "--camera", camera, "--out", tmp_path / "f.parquet")
    assert told.code == 2
    assert "clip.mp4" in told.complaint
    assert not (tmp_path / "f.parquet").exists()


def test_a_short_clip_is_counted_in_bins_that_it_fills(
    terminal: Terminal, clip: Path, camera: Path, tmp_path: Path
) -> None:
    flows = tmp_path / "flows.parquet"
    chosen = json.loads(
        terminal("count", clip, "--camera", camera, "--out", flows, "--json").output
    )
    assert (chosen["bin_s"], chosen["bins"]) == (60.0, 1)
    assert np.asarray(read_flows(flows).coverage).min() == pytest.approx(1.0, abs=0.01)
    asked = terminal("count", clip, "--camera", camera, "--out", flows, "--bin", "20", "--json")
    assert json.loads(asked.output)["bins"] == 3


@pytest.mark.parametrize(
    ("clip_s", "bin_s"),
    [(0.4, 1), (9.6, 10), (10.02, 10), (59, 59), (60, 60), (299, 60), (900, 300)],
)
def test_bins_suit_the_length_of_the_clip(clip_s: float, bin_s: float) -> None:
    assert bin_for_s(clip_s) == bin_s
