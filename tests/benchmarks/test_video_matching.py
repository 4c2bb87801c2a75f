"""Vehicles that were counted are matched with those that passed, each once."""

import pytest

pytest.importorskip("cv2")

from benchmarks._video_matching import Matching, matched
from detectors.camera.band import geometry_of
from detectors.camera.passages import Passage
from detectors.camera.slit.reader import Blob
from detectors.camera.slit.vote import Sighting
from tests.detectors.camera_street import street_settings

GEOMETRY = geometry_of(street_settings())


def counted(at_s: float, lane: int, on_lane: int) -> Passage:
    left, right = GEOMETRY.limits[lane]
    blob = Blob(
        begin=0, end=1, left=left, right=right, first_x=left, last_x=left, is_cut=False
    )  # fmt: skip
    sighting = Sighting(blob=blob, lag=1.0)
    return Passage(lane=on_lane, on_s=at_s, off_s=at_s + 0.5, sighting=sighting)


def test_a_double_and_a_miss_do_not_cancel() -> None:
    passages = [counted(1.0, 0, 0), counted(1.2, 0, 0)]
    found = matched(passages, [(1.0, 0), (9.0, 0)], GEOMETRY)
    assert found == Matching(missed_veh=1, false_veh=1, wrong_lane_veh=0)


def test_a_vehicle_on_the_next_lane_is_found_there() -> None:
    found = matched([counted(1.0, 0, 1)], [(1.1, 0)], GEOMETRY)
    assert found == Matching(missed_veh=0, false_veh=0, wrong_lane_veh=1)


def test_nothing_counted_is_all_missed() -> None:
    found = matched([], [(1.1, 0)], GEOMETRY)
    assert found == Matching(missed_veh=1, false_veh=0, wrong_lane_veh=0)
