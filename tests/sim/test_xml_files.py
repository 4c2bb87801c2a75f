"""SUMO's XML: packed files that are damaged, and times that are none, get one clear line."""

import gzip
from pathlib import Path

import pytest

from citybrain.errors import InputError
from sim.sumo.lane_ways import lane_ways
from sim.sumo.xml_files import iterate_elements, seconds


def test_a_packed_file_that_is_damaged_gets_one_clear_line(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(b"<routes>" + b'<vehicle id="a"/>' * 2000 + b"</routes>"))
    packed[20:40] = b"\xff" * 20
    path = tmp_path / "trips.rou.xml.gz"
    path.write_bytes(packed)
    with pytest.raises(InputError, match="is cut off or not valid XML") as caught:
        list(iterate_elements(path, {"vehicle"}))
    assert "\n" not in str(caught.value)


def test_a_folder_in_place_of_a_file_gets_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        list(iterate_elements(tmp_path, {"vehicle"}))


@pytest.mark.parametrize(
    ("element", "told"),
    [
        ('<edge id="a"><lane id="a_0" index="first"/></edge>', "lane a_0.*'first' is no number"),
        ('<edge id="a"><lane id="a_0" shape="1"/></edge>', "lane a_0: has a corner without y"),
    ],
)
def test_numbers_of_lanes_that_are_none_are_named(tmp_path: Path, element: str, told: str) -> None:
    path = tmp_path / "town.net.xml"
    path.write_text(f"<net>{element}</net>", encoding="utf-8")
    with pytest.raises(InputError, match=told):
        lane_ways(path)


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1:nan:0", "1e999", "soon", ""])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no time"):
        seconds(text, "trips.rou.xml, trip 'a'")


def test_times_in_seconds_and_on_the_clock() -> None:
    assert [seconds(text, "") for text in ("12.5", "1:00:00", "1:0:0:5", "-30")] == [
        12.5,
        3600.0,
        86405.0,
        -30.0,
    ]
