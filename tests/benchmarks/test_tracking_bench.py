"""The tracking benchmark judges as it says, on streets whose truth is right."""

import dataclasses

import numpy as np
import pytest

from benchmarks._tracking_scores import identities, lane_error
from benchmarks._traffic_boxes import FRAME_PX, Street, watch
from benchmarks.tracking import Accuracy, Speed, first_missed, full_lanes
from detectors.tracking.crossing.counter import CrossingRules, LineCounter


def test_identity_is_kept_by_one_track_that_is_nothing_else() -> None:
    vehicle = np.repeat([1, 2, 3], 20)
    assert identities(vehicle, vehicle + 7).kept == 1.0
    changed = vehicle.copy()
    changed[5:20] = 99
    assert identities(vehicle, changed).kept == pytest.approx(2 / 3)
    assert identities(vehicle, changed).changes == pytest.approx(1 / 3)
    assert identities(vehicle, np.full(60, 5)).kept == 0.0
    assert identities(vehicle, np.full(60, -1)).kept == 0.0


def test_lane_error_does_not_let_lanes_make_up_for_each_other() -> None:
    assert lane_error(np.array([9, 11]), np.array([10, 10])) == pytest.approx(0.1)


def test_true_identities_on_a_quiet_street_count_nearly_all_vehicles() -> None:
    seen = watch(Street(name="quiet", red_s=0, miss=0, false=0, seconds=40), seed=3)
    counter = LineCounter(seen.lines, CrossingRules(frame_px=FRAME_PX))
    counter.add(seen.boxes, seen.vehicle)
    counter.finish()
    found = counter.take()
    assert seen.counts.sum() > 20
    assert len(found) == pytest.approx(seen.counts.sum(), abs=1)
    assert found.is_ahead.all()


def test_speed_is_measured_on_fifty_boxes_that_all_cross() -> None:
    boxes, vehicle, lines = full_lanes(400)
    counter = LineCounter(lines)
    counter.add(boxes, vehicle)
    assert set(np.diff(boxes.offset).tolist()) == {50}
    assert len(np.unique(counter.take().line)) == 8


def test_first_target_missed_is_named() -> None:
    speed = Speed(
        tracking_hps=3e4,
        crossing_hps=2e6,
        tracking_single_hps=1,
        crossing_single_hps=1,
        byte_track_hps=1,
        line_zone_hps=1,
    )
    row = Accuracy(
        scene="a",
        vehicles=1,
        kept=0.9,
        peer_kept=0.8,
        changes=0,
        peer_changes=0,
        error=0.1,
        peer_error=0.2,
        true_error=0,
        peer_true_error=0,
    )
    assert first_missed(speed, [row]) is None
    slow = dataclasses.replace(speed, tracking_hps=100.0)
    assert "tracking" in str(first_missed(slow, [row]))
    wrong = dataclasses.replace(row, error=0.3)
    assert "lanes counted right" in str(first_missed(speed, [wrong]))
