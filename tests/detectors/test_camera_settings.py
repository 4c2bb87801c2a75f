"""The camera file: what it must hold, and the one line for each way to break it."""

from pathlib import Path

import pytest

from citybrain.errors import InputError
from detectors.camera.band import LANE_UNITS, geometry_of
from detectors.camera.settings import Band, read_camera
from tests.detectors.camera_street import street_settings

WHOLE = """
camera = "625"
frame_px = [352, 288]
[band]
from_px = [0, 225]
to_px = [350, 225]
[[lane]]
name = "west"
limits_px = [0, 40]
heading_deg = 0
[[lane]]
name = "east"
limits_px = [188, 350]
heading_deg = 180
lanes = 3
"""


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "camera.toml"
    path.write_text(WHOLE)
    settings = read_camera(path)
    assert [lane.name for lane in settings.lane] == ["west", "east"]
    assert settings.lane[1].width_px == pytest.approx(54)
    assert settings.lane[0].is_along(settings.band.across) is False
    assert settings.lane[1].is_along(settings.band.across) is True


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("to_px = [350, 225]", "to_px = [450, 225]", "outside the frame of 352 x 288"),
        ("to_px = [350, 225]", "to_px = [0, 225]", "no length"),
        ("limits_px = [188, 350]", "limits_px = [30, 350]", "lanes follow each other"),
        ("limits_px = [188, 350]", "limits_px = [188, 380]", "lanes follow each other"),
        ('name = "east"', 'name = "west"', "stands twice"),
        ("lanes = 3", "lane_count = 3", "lane_count"),
        ("heading_deg = 180", "heading_deg = nan", "finite"),
        ("[band]", "[band", "not valid TOML"),
    ],
)
def test_a_broken_file_gets_one_clear_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = tmp_path / "camera.toml"
    path.write_text(WHOLE.replace(old, new))
    with pytest.raises(InputError, match=r"camera\.toml") as error:
        read_camera(path)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_camera(tmp_path / "none.toml")


def test_the_median_lane_has_the_usual_number_of_samples() -> None:
    geometry = geometry_of(street_settings())
    left, right = geometry.limits[1]
    assert right - left == pytest.approx(LANE_UNITS)
    assert geometry.offsets[geometry.main] == 0.0


def test_slits_of_a_band_at_the_lower_edge_lie_above_it() -> None:
    low = street_settings(band={"from_px": (30, 178), "to_px": (210, 178)})
    geometry = geometry_of(low)
    assert geometry.main == 2
    assert max(geometry.offsets) == 0.0


def test_across_points_down_or_right() -> None:
    assert Band(from_px=(100, 50), to_px=(0, 50)).across[1] > 0
    assert Band(from_px=(50, 0), to_px=(50, 100)).across[0] > 0
