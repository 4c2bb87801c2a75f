"""Parts of one vehicle become one, and vehicles that stand close together stay several."""

import numpy as np
import pytest

from detectors.camera.band import geometry_of
from detectors.camera.passages import Joiner, Passage
from detectors.camera.slit.reader import Blob
from detectors.camera.slit.shapes import BASE_LEVEL, Shape, vehicles_in
from detectors.camera.slit.sizes import TypicalSizes
from detectors.camera.slit.vote import Sighting
from tests.detectors.camera_street import RATE_HPS, street_settings

WIDTH, HEIGHT = 30, 10
"""The usual vehicle on the slit. [units, frames]"""


def seen(at_s: float, x: float, *, lasts_s: float = 0.4, lane: int = 0) -> Passage:
    begin = round(at_s * RATE_HPS)
    blob = Blob(
        begin=begin, end=begin + round(lasts_s * RATE_HPS), left=x - 10, right=x + 10,
        first_x=x, last_x=x, is_cut=False,
    )  # fmt: skip
    sighting = Sighting(blob=blob, lag=2.0)
    return Passage(lane=lane, on_s=at_s, off_s=at_s + lasts_s, sighting=sighting)


def joined(*passages: Passage) -> list[Passage]:
    settings = street_settings()
    joiner = Joiner(settings, geometry_of(settings))
    for one in passages:
        joiner.add(one)
    return joiner.take()


def test_a_roof_and_a_bonnet_are_one_vehicle_as_long_as_both() -> None:
    (whole,) = joined(seen(10.0, 30), seen(10.3, 35, lasts_s=0.9))
    assert whole.on_s == 10.0
    assert whole.off_s == pytest.approx(11.2)


def test_two_that_follow_each_other_are_two() -> None:
    assert len(joined(seen(10.0, 30), seen(10.6, 30))) == 2


def test_two_on_lanes_beside_each_other_are_two() -> None:
    assert len(joined(seen(10.0, 30, lane=0), seen(10.0, 45, lane=1))) == 2


def test_two_side_by_side_where_one_lane_stands_for_several_are_two() -> None:
    assert len(joined(seen(10.0, 30), seen(10.0, 70))) == 2


def test_a_part_of_a_vehicle_that_was_told_is_not_told_again() -> None:
    settings = street_settings()
    joiner = Joiner(settings, geometry_of(settings))
    joiner.add(seen(10.0, 30))
    assert len(joiner.take()) == 1
    joiner.add(seen(10.2, 30))
    assert joiner.take() == []


def taken_apart(strength: np.ndarray) -> list[tuple[float, float]]:
    shape = Shape(mask=strength > BASE_LEVEL, top=0, left=0)
    sizes = TypicalSizes(strength.shape[1], WIDTH, HEIGHT)
    found = vehicles_in(shape, strength.astype(np.float32), sizes)
    return sorted((part.middle, part.top + part.height / 2) for part in found)


def test_vehicles_beside_one_that_stands_long_are_not_lost_in_its_box() -> None:
    """A queue's frame of edges reaches around others, which are no rim of it."""
    strength = np.full((120, 80), 0.2)
    strength[:, 0:30] = 0.5
    strength[110:, :] = 0.5
    for top in (10, 40, 70):
        strength[top : top + HEIGHT, 45:75] = 0.5
    rows = [row for x, row in taken_apart(strength) if 55 < x < 65]
    for top in (10, 40, 70):
        assert any(abs(row - (top + HEIGHT / 2)) < 4 for row in rows)


def test_a_faint_vehicle_is_not_lost_where_strong_ones_come_apart() -> None:
    strength = np.zeros((60, 40))
    strength[:, 18:22] = 0.2
    for top, body in ((0, 0.6), (22, 0.6), (46, 0.2)):
        strength[top : top + HEIGHT, 5:35] = body
    strength[50:53, 18:22] = 0.4
    assert any(row > 46 for _, row in taken_apart(strength))
