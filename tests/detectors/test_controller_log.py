"""One pass over a controller log: hand-made cycles, real log against golden figures, bad rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citybrain.errors import InfeasibleError
from detectors.controller_log.codes import Event
from detectors.controller_log.events import EventLog
from detectors.controller_log.measures import LogMeasures, measure_log

START = pd.Timestamp("2026-03-17 07:00:00")
CONFIG = pd.DataFrame(
    [(1, 2, "Advance", 5), (1, 2, "Presence", 6), (1, 2, "Presence", 7), (1, 2, "Yellow_Red", 8)],
    columns=["DeviceId", "Phase", "Function", "Parameter"],
)
Row = tuple[float, int, int]
"""Seconds, event code, parameter."""


def measured(rows: list[Row], device: int = 1, config: pd.DataFrame = CONFIG) -> LogMeasures:
    frame = pd.DataFrame(
        {
            "TimeStamp": [START + pd.Timedelta(seconds=row[0]) for row in rows],
            "DeviceId": [device] * len(rows),
            "EventId": [row[1] for row in rows],
            "Parameter": [row[2] for row in rows],
        }
    )
    return measure_log(EventLog.of(frame), config)


def phase_2(measures: LogMeasures, name: str) -> int:
    return int(measures.by_phase[name][:, measures.phases.index((1, 2))].sum())


def detector(measures: LogMeasures, channel: int, name: str) -> int:
    return int(measures.by_detector[name][:, measures.detectors.index((1, channel))].sum())


CYCLE: list[Row] = [(10, 1, 2), (30, 8, 2), (34, 10, 2), (60, 1, 2), (80, 8, 2), (84, 10, 2)]


def pulse(channel: int, on_s: float, off_s: float) -> list[Row]:
    return [(on_s, Event.DETECTOR_ON, channel), (off_s, Event.DETECTOR_OFF, channel)]


def test_arrivals_go_by_the_colour_of_their_moment() -> None:
    arrivals = [row for at in (5, 10, 20, 30, 34, 59.9, 60) for row in pulse(5, at, at + 0.5)]
    found = measured(CYCLE + arrivals)
    names = ("unknown", "green", "yellow", "red")
    assert [phase_2(found, f"arrivals_{name}") for name in names] == [1, 3, 1, 2]
    assert phase_2(found, "green_ms") == 40_000


@pytest.mark.parametrize("reds", [(9,), (10,), (11,), (9, 10, 11), (9, 11)])
def test_red_begins_with_the_first_event_that_tells_it(reds: tuple[int, ...]) -> None:
    begins = [(at, code, 2) for at, code, _ in CYCLE if code != Event.RED_CLEARANCE]
    later = [(at + k, code, 2) for at in (34, 84) for k, code in enumerate(reds)]
    crossed = pulse(5, 35.5, 36) + pulse(8, 41, 42)
    found = measured(begins + later + crossed + pulse(6, 5, 45) + [(95, 0, 0)])
    assert (phase_2(found, "arrivals_red"), phase_2(found, "clearance_red")) == (1, 1)
    assert (phase_2(found, "cycles"), phase_2(found, "split_failures")) == (2, 1)
    assert phase_2(found, "reds") == 2


def test_a_red_in_the_moment_of_the_next_green_is_over() -> None:
    rows: list[Row] = [*CYCLE[:3], (60, 11, 2), *CYCLE[3:]]
    assert phase_2(measured([*rows, *pulse(5, 62, 63), (95, 0, 0)]), "arrivals_green") == 1
    assert phase_2(measured([*rows, (95, 0, 0)]), "cycles") == 2
    rows = [*CYCLE[:2], CYCLE[3], (60, 11, 2)]
    assert phase_2(measured([*rows, *pulse(5, 62, 63)]), "arrivals_green") == 1


def test_without_a_red_its_share_is_unknown() -> None:
    found = measured([row for row in CYCLE if row[1] != 10] + pulse(5, 20, 21))
    assert np.isnan(found.arrivals_on_red).all()
    assert np.nanmax(found.arrivals_on_green) == 1.0


@pytest.mark.parametrize(
    ("covered", "failures"),
    [
        ([(10, 26), (34, 38)], 1),
        ([(10, 25.9), (34, 38)], 0),
        ([(10, 26), (34, 37.9)], 0),
        ([(5, 45)], 1),
    ],
)
def test_a_split_fails_from_80_percent_of_green_and_of_5_s_of_red(
    covered: list[tuple[float, float]], failures: int
) -> None:
    found = measured(
        CYCLE + [row for on, off in covered for row in pulse(6, on, off)] + [(95, 0, 0)]
    )
    assert (phase_2(found, "cycles"), phase_2(found, "split_failures")) == (2, failures)


def test_detectors_of_a_phase_are_covered_together() -> None:
    rows = pulse(6, 10, 18) + pulse(7, 17, 27) + pulse(6, 33, 36) + pulse(7, 35.5, 40)
    assert phase_2(measured(CYCLE + rows), "split_failures") == 1


def test_repairs_are_counted_beside_the_raw_figures() -> None:
    on, off = int(Event.DETECTOR_ON), int(Event.DETECTOR_OFF)
    rows: list[Row] = [(1, off, 5), (2, on, 5), (2, on, 5), (4, on, 5), (6, off, 5), (6.1, on, 5)]
    found = measured([*rows, (8, off, 5)])
    assert dict(found.faults) == {"lost offs": 1, "lost ons": 1, "doubled rows": 1, "unread": 0}
    assert detector(found, 5, "volume") == 3
    assert int(found.mended_volume.sum()) == 2
    assert detector(found, 5, "occupied_ms") == 3900
    assert detector(found, 5, "mended_ms") == 2000


@pytest.mark.parametrize(
    "pulses_s",
    [
        [(1.0, 1.0), (1.1, 2.1)],
        [(1.0, 2.0), (2.1, 2.1)],
        [(1.0, 2.0), (2.1, 2.1), (2.15, 3.0)],
        [(1.0, 1.05), (1.1, 1.15), (1.25, 2.0)],
        [(1.0, 2.0), (2.1, 2.1), (2.15, 2.18)],
    ],
)
def test_flicker_beside_a_vehicle_is_taken_out_once(pulses_s: list[tuple[float, float]]) -> None:
    found = measured([row for on, off in pulses_s for row in pulse(5, on, off)])
    assert found.mended_volume.sum() == 1


def test_pulses_are_split_at_the_edge_of_a_quarter_hour() -> None:
    found = measured(pulse(5, 899, 903))
    assert found.by_detector["occupied_ms"].sum(axis=1).tolist() == [1000, 3000]
    assert found.by_detector["volume"].sum(axis=1).tolist() == [1, 0]


def test_terminations_pedestrians_and_red_running() -> None:
    rows: list[Row] = [(29, 4, 2), (79, 6, 2), (20, 90, 2), (20, 45, 2), (21, 45, 2), (60, 21, 2)]
    found = measured(CYCLE + rows + pulse(8, 31, 31.5) + pulse(8, 36, 37) + pulse(8, 62, 63))
    assert (phase_2(found, "gap_outs"), phase_2(found, "force_offs")) == (1, 1)
    assert (phase_2(found, "clearance_yellow"), phase_2(found, "clearance_red")) == (1, 1)
    assert (phase_2(found, "ped_actuations"), phase_2(found, "ped_served")) == (1, 1)
    assert np.nanmax(found.ped_delay_s) == 40.0


def wired(*rows: tuple[int, int, str, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=CONFIG.columns)


def test_a_detector_may_serve_several_phases() -> None:
    uses = ("Advance", "Presence", "Yellow_Red")
    config = wired(*((1, phase, use, 5) for use in uses for phase in (2, 6, 2)))
    both = [(at, code, phase) for at, code, _ in CYCLE for phase in (2, 6)]
    found = measured([*both, *pulse(5, 10, 26), *pulse(5, 34, 39), (95, 0, 0)], config=config)
    two, six = (found.phases.index((1, phase)) for phase in (2, 6))
    for name, expected in (("arrivals_green", 1), ("split_failures", 1), ("clearance_red", 1)):
        assert found.by_phase[name][:, [two, six]].tolist() == [[expected, expected]]


def test_what_the_configuration_names_and_the_log_has_not_is_told() -> None:
    rows = [(1, 2, "advance", 5), (1, 2, "Presence", 33), (9, 2, "Advance", 5), (1, 4, "Gate", 5)]
    found = measured(CYCLE + pulse(5, 20, 21), config=wired(*rows))
    assert found.missed == ("channel 1:33", "device 9", "function 'Gate'")
    assert "channel 1:33, device 9" in found.notes[0]
    assert found.is_matched
    assert found.served["advance"] == {(1, 2)}
    assert not found.served["presence"]
    assert not measured(CYCLE + pulse(5, 20, 21), config=wired(*rows[1:])).is_matched


def test_nothing_goes_on_through_a_silence() -> None:
    rows = CYCLE[:4] + pulse(5, 62, 4000) + pulse(6, 60, 4001) + [(61, 45, 2), (70, 4, 2)]
    found = measured([*rows, (4010, 21, 2), (4020, 8, 2), (4024, 10, 2)])
    assert found.gaps == 1
    assert phase_2(found, "green_ms") == 30_000
    assert detector(found, 5, "occupied_ms") + detector(found, 5, "mended_ms") == 8_000
    assert (phase_2(found, "ped_served"), phase_2(found, "cycles")) == (0, 1)
    assert (found.heard_ms[:, 0] > 0).tolist() == [True, False, False, False, True]
    assert found.heard_ms[[0, 4], 0].tolist() == [60_000, 24_000]


def test_a_controller_that_falls_silent_is_alone_unknown() -> None:
    own = [(at, 1, code, 2) for at, code, _ in CYCLE[:4]]
    other = [(float(at), 2, 1, 2) for at in range(0, 2700, 10)]
    frame = pd.DataFrame(own + other, columns=["at_s", "DeviceId", "EventId", "Parameter"])
    times = START + pd.to_timedelta(frame.pop("at_s"), unit="s")
    found = measure_log(EventLog.of(frame.assign(TimeStamp=times)), CONFIG)
    assert phase_2(found, "green_ms") == 20_000
    assert (found.heard_ms > 0).tolist() == [[True, True], [False, True], [False, True]]


def test_shares_go_by_the_part_of_a_bin_that_was_heard() -> None:
    cycles = [(at + k, code, 2) for at in range(600, 2100, 60) for k, code in ((0, 1), (24, 8))]
    uniform = [row for at in range(600, 2100, 2) for row in pulse(5, at + 0.3, at + 0.8)]
    found = measured([*cycles, *uniform, (2100.0, 10, 2)])
    assert found.platoon_ratio[:, 1] == pytest.approx(1.0, abs=0.01)
    assert found.occupancy[:, 0] == pytest.approx(0.25, abs=0.001)
    assert found.whole().platoon_ratio[0, 1] == pytest.approx(1.0, abs=0.01)


def test_means_of_a_whole_log_go_by_what_they_are_means_of() -> None:
    calls = [(10.0, 45, 2), (20.0, 21, 2), (30.0, 45, 2), (40.0, 21, 2), (950.0, 45, 2)]
    alive = [(float(at), 2, 0) for at in range(0, 1000, 50)]
    found = measured([*calls, *alive, (1050.0, 21, 2)])
    assert np.nanmean(found.ped_delay_s) == 55.0
    assert np.nanmax(found.whole().ped_delay_s) == 40.0


events = st.tuples(
    st.integers(0, 20_000).map(lambda tenths: tenths / 10),
    st.one_of(st.sampled_from([1, 8, 9, 10, 11, 81, 82, 45, 21, 90, 4]), st.integers(-9, 70_000)),
    st.one_of(st.sampled_from([2, 5, 6, 7, 8]), st.integers(-9, 70_000)),
)


@settings(max_examples=100)
@given(st.lists(events, min_size=1, max_size=80))
def test_nothing_in_a_log_breaks_the_pass(rows: list[Row]) -> None:
    found = measured(rows)
    assert found.by_detector["volume"].sum() <= len(rows)
    assert found.mended_volume.min(initial=0) >= 0
    for sums in (found.by_detector, found.by_phase):
        assert all(sums[field].min(initial=0) >= 0 for field in sums.dtype.names or ())
    assert found.by_phase["split_failures"].sum() <= found.by_phase["cycles"].sum()


@pytest.mark.parametrize("stamps", [[], [pd.NaT], [START, START + pd.Timedelta(days=999)]])
def test_a_log_without_times_or_of_years_is_refused(stamps: list[pd.Timestamp]) -> None:
    frame = pd.DataFrame(
        {"TimeStamp": pd.to_datetime(stamps), "DeviceId": 1, "EventId": 82, "Parameter": 5}
    )
    with pytest.raises(InfeasibleError, match="the log"):
        EventLog.of(frame)


@pytest.fixture(scope="module")
def real_log(recorded_log: Path) -> LogMeasures:
    events = pd.read_parquet(recorded_log / "hires_test_data.parquet")
    config = pd.read_parquet(recorded_log / "configs_test_data.parquet")
    return measure_log(EventLog.of(events), config)


def bins_of(golden: pd.DataFrame, measures: LogMeasures) -> list[int]:
    return ((golden["TimeStamp"] - measures.start).dt.total_seconds() // 900).astype(int).tolist()


@pytest.mark.integration
def test_volumes_of_the_real_log_equal_the_golden_ones(
    real_log: LogMeasures, recorded_log: Path
) -> None:
    golden = pd.read_parquet(recorded_log / "golden_actuations.parquet")
    expected = np.zeros(real_log.by_detector.shape, np.int64)
    names = zip(golden["DeviceId"], golden["Detector"], strict=True)
    columns = [real_log.detectors.index(name) for name in names]
    expected[bins_of(golden, real_log), columns] = golden["Total"]
    np.testing.assert_array_equal(real_log.by_detector["volume"], expected)
    assert real_log.faults["lost offs"] == 5782
    assert real_log.faults["lost ons"] == 24
    assert real_log.mended_volume.sum() == real_log.by_detector["volume"].sum() - 2570


@pytest.mark.integration
def test_arrivals_on_green_of_the_real_log_equal_the_golden_ones(
    real_log: LogMeasures, recorded_log: Path
) -> None:
    golden = pd.read_parquet(recorded_log / "golden_arrival_on_green.parquet")
    names = zip(golden["DeviceId"], golden["Phase"], strict=True)
    cell = bins_of(golden, real_log), [real_log.phases.index(name) for name in names]
    np.testing.assert_array_equal(real_log.arrivals[cell], golden["Total_Actuations"])
    share = real_log.arrivals_on_green[cell].astype(np.float32)
    np.testing.assert_array_equal(share, golden["Percent_AOG"])
    assert len(golden) == np.count_nonzero(real_log.by_phase["arrivals_green"]) == 96
