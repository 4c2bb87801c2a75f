"""A real controller log: counts equal what another tool computed from it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detectors.counting import count_pulses
from detectors.feed import FeedClock, count_feed
from detectors.readers.hires import read_event_log
from tests.detectors.feeds import detector

pytestmark = pytest.mark.integration


def test_quarter_hour_counts_equal_the_golden_ones(recorded_log: Path) -> None:
    log = recorded_log / "hires_test_data.parquet"
    pulses = read_event_log(log, assume_zone="UTC")
    inventory = tuple(detector(name, name) for name in pulses.names)
    flows = count_feed(log, inventory, clock=FeedClock(assume_zone="UTC")).flows
    golden = pd.read_parquet(recorded_log / "golden_actuations.parquet")
    bins = (golden["TimeStamp"].dt.tz_localize("UTC") - flows.start).dt.total_seconds() / 900
    names = golden["DeviceId"].astype(str) + ":" + golden["Detector"].astype(str)
    columns = {name: column for column, name in enumerate(flows.lanes)}
    expected = np.zeros(flows.count_veh.shape)
    expected[bins.astype(int).to_numpy(), names.map(columns).to_numpy(dtype=int)] = golden["Total"]
    assert flows.imputed is not None
    np.testing.assert_array_equal(flows.heard_veh, expected)
    np.testing.assert_array_equal(flows.count_veh[~flows.imputed], expected[~flows.imputed])
    filled = {flows.lanes[lane] for lane in np.flatnonzero(flows.imputed.any(axis=0))}
    assert filled == {"227:2", "452:24"}
    assert len(golden) == 1235
    assert len(flows.lanes) == 106


def test_repairs_of_the_log_are_counted_and_change_no_count(recorded_log: Path) -> None:
    log = recorded_log / "hires_test_data.parquet"
    events = pd.read_parquet(log)
    pulses = read_event_log(log, assume_zone="UTC")
    assert pulses.repairs.rows == len(events) == 246_413
    assert len(pulses) == int((events["EventId"] == 82).sum())
    ended = len(pulses) - pulses.repairs.lost_offs - pulses.repairs.still_on
    assert ended + pulses.repairs.lost_ons == int((events["EventId"] == 81).sum())
    assert pulses.repairs.lost_offs == 5784
    assert pulses.repairs.still_on == 25
    assert pulses.repairs.lost_ons == 24
    assert pulses.repairs.unknown_events == int((events["EventId"] >= 300).sum()) == 2643
    assert "kept as unknown: 320 (247 times), 301 (245 times)" in pulses.notes[0]


def test_a_controller_that_goes_dark_beside_others_is_not_covered(
    recorded_log: Path, tmp_path: Path
) -> None:
    """Controller 452 says nothing for 11 minutes, which is no silence of the whole log."""
    events = pd.read_parquet(recorded_log / "hires_test_data.parquet")
    begin = pd.Timestamp("2024-05-13 16:03")
    is_dark = events["TimeStamp"].between(begin, begin + pd.Timedelta(minutes=11), "left")
    events.to_parquet(tmp_path / "whole.parquet")
    events[~(is_dark & (events["DeviceId"] == 452))].to_parquet(tmp_path / "dark.parquet")
    whole, dark = (
        read_event_log(tmp_path / f"{name}.parquet", assume_zone="UTC")
        for name in ("whole", "dark")
    )
    inventory = tuple(detector(name, name) for name in whole.names)
    true, told = (count_pulses(each, inventory, bin_s=300.0) for each in (whole, dark))
    assert np.all(true.coverage == 1.0)
    silent = np.array([lane.startswith("452:") for lane in told.lanes])
    assert np.all(told.coverage[:, ~silent] == 1.0)
    own = told.coverage[:, silent]
    touched = own[:, 0] < 1.0
    assert own[touched, 0] * 300 == pytest.approx([180, 0, 60], abs=3)
    missed = true.count_veh[:, silent][touched] > told.high_veh[:, silent][touched]
    assert true.count_veh[:, silent][touched].sum() == 1944
    assert missed.sum() <= 0.05 * missed.size


def test_occupancy_equals_a_plain_sum_of_the_whole_pulses(recorded_log: Path) -> None:
    pulses = read_event_log(recorded_log / "hires_test_data.parquet", assume_zone="UTC")
    inventory = tuple(detector(name, name) for name in pulses.names)
    flows = count_pulses(pulses, inventory)
    covered_s = (flows.occupancy * flows.coverage * flows.bin_s).sum(axis=0)
    length_s = pulses.off_s - pulses.on_s
    expected_s = np.bincount(pulses.detector, weights=length_s, minlength=len(pulses.names))
    np.testing.assert_allclose(covered_s, expected_s, rtol=1e-9)
