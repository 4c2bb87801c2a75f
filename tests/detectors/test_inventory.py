"""The inventory, and the one clear line for each way to get it wrong."""

from pathlib import Path

import pytest

from citybrain.errors import InputError
from citybrain.model.flows import Detector, DetectorKind
from detectors.inventory import check_lanes, read_inventory
from tests.detectors.feeds import detector, movement, network

GOOD = """[[detector]]
id = "d1"
lane = "north_0"
distance_to_stop_line_m = 1.5
length_m = 2
kind = "stop_bar"
signal_group = "2"
"""


def test_inventory_is_read(tmp_path: Path) -> None:
    path = tmp_path / "detectors.toml"
    path.write_text(GOOD)
    assert read_inventory(path) == (
        Detector(
            name="d1",
            lane="north_0",
            distance_to_stop_line_m=1.5,
            length_m=2.0,
            kind=DetectorKind.STOP_BAR,
            signal_group="2",
        ),
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (GOOD + GOOD, "detector 'd1': stands twice"),
        (GOOD.replace("stop_bar", "magnetic"), "kind: .*; use one of stop_bar, advance, exit"),
        (GOOD.replace('lane = "north_0"\n', ""), "'d1', lane: field required; add the key"),
        (GOOD.replace("= 1.5", "= -1.5"), "distance_to_stop_line_m: .*greater than or equal to 0"),
        (GOOD.replace("= 1.5", "= inf"), "distance_to_stop_line_m: .*finite number"),
        (GOOD.replace("length_m", "lenght_m"), "'d1', len"),
        (GOOD.replace('"d1"', '"d1'), "is not valid TOML: .*line 2"),
        ("name = 'x'", "names no detectors"),
        ("", "names no detectors"),
    ],
)
def test_a_bad_inventory_gets_one_clear_line(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "detectors.toml"
    path.write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        read_inventory(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_missing_inventory_gets_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="toml: does not exist; check the path"):
        read_inventory(tmp_path / "none.toml")


def test_detector_on_an_unknown_lane_names_the_closest_ones() -> None:
    streets = network([movement("through", "north", "south", ["north_0", "north_1"])])
    check_lanes((detector("d", "north_1"),), streets, Path("d.toml"))
    with pytest.raises(InputError) as caught:
        check_lanes((detector("d", "nort_0"),), streets, Path("d.toml"))
    line = str(caught.value)
    assert line.startswith("d.toml, detector 'd': lane 'nort_0' is not in small.net.xml; did you")
    assert "north_0" in line
