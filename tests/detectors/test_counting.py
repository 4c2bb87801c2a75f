"""From pulses to flows: bins, coverage, occupancy, intervals and quality."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from citybrain.errors import InfeasibleError
from citybrain.model.flows import DetectorKind, Quality
from detectors.choice import detector_of_lanes
from detectors.counting import count_pulses
from detectors.repair import Speakers, tidy
from detectors.trust import TrustRules, judge
from detectors.window import busiest_window
from tests.detectors.feeds import START, detector, pulses, raw_pulses, snapshot

HOUR = (START, START + timedelta(hours=1))
A, B = detector("a"), detector("b")


def every(step_s: float, name: str, end_s: float = 3600.0) -> list[tuple[str, float, float]]:
    return [(name, t, t + 1.0) for t in np.arange(0.0, end_s - 1, step_s).tolist()]


def test_counts_occupancy_and_interval_of_a_steady_feed() -> None:
    flows = count_pulses(pulses(every(4.0, "a") + every(10.0, "b")), (A, B), recorded=HOUR)
    assert flows.start == START
    assert flows.lanes == ("a_lane", "b_lane")
    assert flows.count_veh.tolist() == [[225.0, 90.0]] * 4
    assert_allclose(flows.occupancy, [[0.25, 0.1]] * 4)
    assert np.all(flows.coverage == 1.0)
    assert np.all(np.isnan(flows.speed_mps))
    assert flows.quality == (Quality.BELIEVED, Quality.BELIEVED)
    assert flows.mean_flows_vph == {"a_lane": 900.0, "b_lane": 360.0}


def test_pulse_over_an_edge_is_occupancy_of_both_bins_and_counts_in_the_first() -> None:
    feed = pulses([("a", 10.0, 11.0), ("a", 895.0, 910.0), ("a", 1799.0, 1800.0)])
    flows = count_pulses(feed, (A,), recorded=(START, START + timedelta(seconds=1800)))
    assert flows.count_veh[:, 0].tolist() == [2.0, 1.0]


def test_a_gap_is_missing_coverage_and_not_zero_flow() -> None:
    steady = [row for row in every(4.0, "a") if not 900 <= row[1] < 1800]
    flows = count_pulses(pulses(steady), (A,), recorded=HOUR)
    assert flows.count_veh[1, 0] == 0.0
    assert flows.coverage[1, 0] == pytest.approx(0.0, abs=0.001)
    assert flows.high_veh[1, 0] > 1000
    assert flows.mean_flows_vph["a_lane"] == pytest.approx(900.0, rel=0.01)
    assert flows.quality == (Quality.DOUBTED,)


def test_a_controller_that_is_dark_beside_another_is_not_covered() -> None:
    heard = [row for row in every(4.0, "2:1") if not 900 <= row[1] < 1800]
    beside = every(4.0, "1:1")
    rows = [*heard, *beside]
    words = [name[0] for name, *_ in rows] * 2  # in the order of `raw_pulses`: ons, then offs
    of_moment = np.array([("1", "2").index(word) for word in words], dtype=np.int64)
    feed = tidy(
        replace(
            raw_pulses((*row, np.nan) for row in rows),
            speakers=Speakers(names=("1", "2"), of_moment=of_moment),
        )
    )
    lanes = (detector("1:1"), detector("2:1"), detector("2:9"), detector("3:1"))
    flows = count_pulses(feed, lanes, recorded=HOUR)
    alone = count_pulses(pulses(heard), (detector("2:1"),), recorded=HOUR)
    assert np.all(flows.coverage[:, 0] == 1.0)
    assert_array_equal(flows.coverage[:, 1], alone.coverage[:, 0])
    assert_array_equal(flows.coverage[:, 2], alone.coverage[:, 0])
    assert np.all(flows.coverage[:, 3] == 0.0)
    assert flows.count_veh[1].tolist() == [225.0, 0.0, 0.0, 0.0]
    assert flows.high_veh[1, 1] > 225.0
    assert flows.mean_flows_vph["2:1_lane"] == pytest.approx(900.0, rel=0.01)
    answers = (Quality.BELIEVED, Quality.DOUBTED, Quality.DEAD, Quality.DEAD)
    assert flows.quality == answers


def test_bins_are_multiples_in_utc_and_short_silence_at_the_ends_is_no_gap() -> None:
    shifted = [("a", t + 1000.0, t + 1001.0) for t in range(0, 1750, 5)]
    flows = count_pulses(pulses(shifted), (A,))
    assert flows.start == START + timedelta(seconds=900)
    assert_allclose(flows.coverage[:, 0], [800 / 900, 1.0, 46 / 900], atol=1e-3)


def test_detector_that_stays_silent_beside_busy_ones_is_dead() -> None:
    flows = count_pulses(pulses(every(4.0, "a")), (A, B), recorded=HOUR)
    assert flows.quality == (Quality.BELIEVED, Quality.DEAD)


def test_silence_says_little_at_night() -> None:
    flows = count_pulses(pulses(every(250.0, "a")), (A, B), recorded=HOUR)
    assert flows.quality == (Quality.BELIEVED, Quality.DOUBTED)


def test_lane_with_many_repairs_is_doubted() -> None:
    rows = [
        (name, on, np.nan if i % 5 == 0 else off)
        for i, (name, on, off) in enumerate(every(4.0, "a"))
    ]
    assert count_pulses(pulses(rows), (A,), recorded=HOUR).quality == (Quality.DOUBTED,)


def test_stop_bar_detector_speaks_for_its_lane_unless_it_is_silent() -> None:
    stop_bar = detector("stop", "lane", DetectorKind.STOP_BAR)
    advance = detector("advance", "lane", DetectorKind.ADVANCE, 60.0)
    exit_ = detector("exit", "lane", DetectorKind.EXIT, 150.0)
    inventory = (exit_, advance, stop_bar)
    assert detector_of_lanes(inventory, ["stop", "advance", "exit"])["lane"] is stop_bar
    assert detector_of_lanes(inventory, ["exit", "advance"])["lane"] is advance
    flows = count_pulses(pulses(every(4.0, "advance")), inventory, recorded=HOUR)
    assert flows.count_veh[0, 0] == 225.0
    assert flows.quality == (Quality.DOUBTED,)


@given(st.lists(st.integers(0, 35990), min_size=2, unique=True), st.integers(0, 40))
def test_counts_add_up_however_the_feed_is_cut(tenths: list[int], cut: int) -> None:
    feed = pulses([("ab"[t % 2], t / 10, t / 10 + 0.3) for t in tenths])
    cut = min(cut, len(feed))
    whole = count_pulses(feed, (A, B), recorded=HOUR)
    first = count_pulses(feed.part(0, cut), (A, B), recorded=HOUR)
    second = count_pulses(feed.part(cut, len(feed)), (A, B), recorded=HOUR)
    assert_array_equal(whole.count_veh, first.count_veh + second.count_veh)
    assert whole.count_veh.sum() == len(tenths)


def test_a_silent_feed_and_a_wrong_time_are_refused() -> None:
    feed = pulses([("a", 1.0, 2.0), ("a", 1e10, 1e10 + 1)])
    with pytest.raises(InfeasibleError, match="one of its times must be wrong"):
        count_pulses(feed, (A,))


def test_lane_without_coverage_is_dead() -> None:
    zero, no = np.zeros(1), np.zeros(1, np.bool_)
    assert judge(zero, zero, zero, no, TrustRules()) == (Quality.DEAD,)


def test_busiest_window_is_cut_out_with_its_time() -> None:
    rows = every(20.0, "a", 1800.0) + [("a", t, t + 1) for t in range(1800, 2700, 4)]
    rows += [("a", t, t + 1) for t in range(2700, 3600, 30)]
    flows = busiest_window(count_pulses(pulses(rows), (A,), recorded=HOUR), 900.0)
    assert flows.start == START + timedelta(seconds=1800)
    assert flows.count_veh.tolist() == [[225.0]]
    assert busiest_window(snapshot({"x_0": 5.0})).bin_count == 1
