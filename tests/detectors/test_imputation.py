"""What is filled in is flagged, wide enough, and nothing is made up where nothing is known."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from benchmarks._health_faults import with_fault
from citybrain.model.flows import Detector, DetectorKind, FlowSnapshot, Quality
from detectors.counting import count_pulses
from detectors.health.filling import judged
from detectors.health.timeline import HealthSpan, health_of
from detectors.imputation import imputed
from detectors.pulses import Flags, Floats
from detectors.turning_rows import Measured, TurningSettings
from tests.detectors.test_health_neighbours import FROM_S, NAMES, street

BINS, LANES, BIN_S = 48, 6, 300.0


def day(seed: int) -> FlowSnapshot:
    """Return four hours of six lanes whose traffic rises and falls together."""
    draw = np.random.default_rng(seed)
    level = 30 + 20 * np.sin(np.arange(BINS) / 8)[:, None] * np.ones(LANES)
    count_veh = draw.poisson(level * draw.uniform(0.5, 1.5, LANES)).astype(np.float64)
    ones = np.ones((BINS, LANES))
    return FlowSnapshot(
        start=datetime(2026, 3, 2, 6, tzinfo=UTC),
        bin_s=BIN_S,
        lanes=tuple(f"lane_{lane}" for lane in range(LANES)),
        count_veh=count_veh,
        occupancy=ones / 10,
        speed_mps=ones * 12,
        coverage=ones,
        low_veh=count_veh - 1,
        high_veh=count_veh + 1,
        quality=(Quality.BELIEVED,) * LANES,
    )


def spoiled(*lanes: int, begin: int = 24, end: int = 36) -> Flags:
    marks = np.zeros((BINS, LANES), np.bool_)
    marks[begin:end, list(lanes)] = True
    return marks


def broken(flows: FlowSnapshot, marks: Flags) -> FlowSnapshot:
    return replace(flows, count_veh=np.where(marks, 0.0, flows.count_veh))


def test_flows_without_a_fault_stay_what_they_are() -> None:
    flows = day(1)
    assert imputed(flows, np.zeros((BINS, LANES), np.bool_)) is flows


def test_filled_bins_are_flagged_doubted_and_without_speed_and_others_untouched() -> None:
    flows, marks = day(1), spoiled(2)
    filled = imputed(broken(flows, marks), marks)
    assert filled.imputed is not None
    np.testing.assert_array_equal(filled.imputed, marks)
    np.testing.assert_array_equal(filled.heard_veh, broken(flows, marks).count_veh)
    for name in ("count_veh", "low_veh", "high_veh", "speed_mps"):
        before, after = np.asarray(getattr(flows, name)), np.asarray(getattr(filled, name))
        np.testing.assert_array_equal(before[~marks], after[~marks])
    assert np.isnan(np.asarray(filled.speed_mps)[marks]).all()
    assert filled.quality == tuple(
        Quality.DOUBTED if lane == 2 else Quality.BELIEVED for lane in range(LANES)
    )


def test_the_interval_of_filled_bins_covers_and_follows_the_traffic() -> None:
    inside: list[Floats] = []
    errors: list[Floats] = []
    for seed in range(12):
        flows, marks = day(seed), spoiled(seed % LANES)
        filled = imputed(broken(flows, marks), marks)
        truth = np.asarray(flows.count_veh)[marks]
        low, high = np.asarray(filled.low_veh)[marks], np.asarray(filled.high_veh)[marks]
        assert np.all(high - low > 2)
        inside.append((low <= truth) & (truth <= high))
        errors.append(np.asarray(filled.count_veh)[marks] - truth)
    assert np.mean(inside) >= 0.95
    assert abs(np.mean(errors)) < 2.0


def test_a_lane_of_which_nothing_is_known_is_dead_and_nothing_is_made_up() -> None:
    flows, marks = day(1), spoiled(0, begin=3, end=BINS)
    filled = imputed(flows, marks)
    assert filled.quality[0] is Quality.DEAD
    assert filled.imputed is None
    assert np.isinf(np.asarray(filled.high_veh)[marks]).all()
    assert not np.asarray(filled.low_veh)[marks].any()


INVENTORY = tuple(
    Detector(
        name=name, lane=name, distance_to_stop_line_m=1.0, length_m=2.0, kind=DetectorKind.STOP_BAR
    )
    for name in NAMES
)


@pytest.mark.parametrize("kind", ["stuck", "halved"])
def test_a_faulty_detector_is_filled_near_the_truth_of_its_lane(kind: str) -> None:
    sound = street()
    truth = np.asarray(count_pulses(sound, INVENTORY).count_veh)
    feed = with_fault(sound, "near0", kind, FROM_S, np.random.default_rng(5))
    flows = judged(count_pulses(feed, INVENTORY), feed, INVENTORY, health_of(feed))
    lane = NAMES.index("near0")
    assert flows.imputed is not None
    assert np.asarray(flows.imputed)[:, lane].tolist() == [False] * 6 + [True] * 6
    filled = np.asarray(flows.count_veh)[6:, lane]
    assert np.abs(filled - truth[6:, lane]).max() <= 0.15 * truth[6:, lane].max()
    assert flows.quality == tuple(
        Quality.DOUBTED if name == "near0" else Quality.BELIEVED for name in NAMES
    )


def test_lost_offs_leave_the_count_as_it_was_heard() -> None:
    sound = street()
    flows = count_pulses(sound, INVENTORY)
    ill = HealthSpan(
        detector="far0", begin_s=0.0, end_s=5400.0, answer=Quality.DOUBTED, rule="lost offs"
    )
    told = judged(flows, sound, INVENTORY, (ill,))
    assert told.imputed is None
    np.testing.assert_array_equal(told.count_veh, flows.count_veh)
    assert told.quality[NAMES.index("far0")] is Quality.DOUBTED


def test_the_demand_takes_a_filled_lane_for_as_uncertain_as_its_interval() -> None:
    flows, marks = day(1), spoiled(2)
    settings = TurningSettings()
    sure = Measured.of(flows, (), settings).deviation_vph["lane_2"]
    filled = imputed(broken(flows, marks), marks)
    unsure = Measured.of(filled, (), settings).deviation_vph["lane_2"]
    width_veh = float((np.asarray(filled.high_veh) - np.asarray(filled.low_veh))[marks].sum())
    assert unsure > sure
    assert unsure >= width_veh / (2 * 1.96) / (BINS * BIN_S / 3600)
