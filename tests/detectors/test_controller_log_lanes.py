"""Saturation flow and queues from a log: hand-made cycles, and a SUMO street with known truth."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from citybrain.errors import InputError
from detectors.controller_log.codes import Event, name_of
from detectors.controller_log.cycles import Cycles, Passages, cycles_of, passages_of
from detectors.controller_log.events import EventLog
from detectors.controller_log.queues import Queues, QueueState, queue_lengths
from detectors.controller_log.reading import read_config, read_events
from detectors.controller_log.report import report_log
from detectors.controller_log.saturation import saturation_flow
from tests.detectors.queue_street import ADVANCE, ADVANCE_M, STOP_BAR, ZONE, Street, simulated

BEGINS_S = np.arange(0.0, 900.0, 90.0)
CYCLES = Cycles(BEGINS_S, BEGINS_S + 40, BEGINS_S + 75, BEGINS_S + 78)


def discharge(
    count: int, headway_s: float, length_s: float = 0.8, first_s: float = 1.0
) -> Passages:
    """A queue in every cycle: start-up headways, then even ones, then a late vehicle."""
    extra_s = np.array([1.0, 0.6, 0.3])
    on_s = first_s + headway_s * np.arange(count)
    on_s += np.concatenate(([0.0], np.cumsum(extra_s), np.full(count, extra_s.sum())))[:count]
    own = np.append(on_s, on_s[-1] + 6.0)
    times_s = (CYCLES.green_s[:, np.newaxis] + own).ravel()
    return Passages(times_s, times_s + length_s)


def test_saturation_flow_is_that_of_the_headways_after_the_fourth_vehicle() -> None:
    found = saturation_flow(CYCLES, discharge(12, 2.0))
    assert found.flow_vph == pytest.approx(1800)
    assert (found.cycles, found.headways, found.reason) == (10, 80, "")


@pytest.mark.parametrize(
    ("passages", "reason"),
    [
        (discharge(12, 2.9, 2.7), "too long to tell vehicles apart"),
        (discharge(7, 2.0), "0 cycles have a queue of 8, too few"),
        (discharge(3, 2.0), "no cycle shows more than four vehicles"),
        (discharge(20, 0.8, 0.2), "sees vehicles twice"),
        (discharge(12, 2.0, first_s=20.0), "no cycle shows more than four vehicles"),
    ],
)
def test_a_detector_that_cannot_tell_says_why(passages: Passages, reason: str) -> None:
    found = saturation_flow(CYCLES, passages)
    assert np.isnan(found.flow_vph)
    assert reason in found.reason


def queue(*pulses_s: tuple[float, float]) -> Queues:
    """Break-points of one cycle of green at 40 s and a detector 60 m before the stop line."""
    one = Cycles(*(np.array([at]) for at in (0.0, 40.0, 75.0, 78.0)))
    times_s = np.array(pulses_s)
    return queue_lengths(one, Passages(times_s[:, 0], times_s[:, 1]), 60.0)


def test_break_points_give_the_queue() -> None:
    # discharge wave 60 m in 12 s; the last of the queue passes 8 s later, at 6.8 m in 0.68 s
    found = queue((20, 52), (53.3, 54), (55.2, 55.9), (57.2, 57.9), (59.3, 60), (66, 66.5))
    assert (found.reached_s[0], found.left_s[0], found.ended_s[0]) == (20, 52, 60)
    assert found.length_m[0] == pytest.approx(60 + 8 / (12 / 60 + 0.7 / 6.8), rel=1e-3)
    assert found.by_count_m[0] == 60 + 4 * 7.5 + 5


@pytest.mark.parametrize(
    ("pulses_s", "state"),
    [
        ([(20, 20.5), (45, 45.6)], QueueState.SHORT),
        ([(20, 52), *((at, at + 0.7) for at in np.arange(53, 78, 2))], QueueState.LONG),
        ([(2, 30), (45, 45.6)], QueueState.UNCLEAR),
        ([(20, 41), (45, 45.6)], QueueState.UNCLEAR),
    ],
)
def test_a_queue_without_its_break_points_is_unknown_not_zero(
    pulses_s: list[tuple[float, float]], state: QueueState
) -> None:
    found = queue(*pulses_s)
    assert found.state[0] == state
    assert np.isnan(found.length_m[0])


def event_log(rows: list[tuple[float, int, int]]) -> EventLog:
    """Events of controller 7: seconds, code, parameter."""
    frame = pd.DataFrame(rows, columns=["at_s", "EventId", "Parameter"])
    zero = pd.Timestamp("2026-03-17 07:00")
    times = zero + pd.to_timedelta(frame.pop("at_s"), unit="s")
    return EventLog.of(frame.assign(TimeStamp=times, DeviceId="7"))


def test_cycles_begin_with_the_first_red_of_each_change() -> None:
    rows = [(0.0, 9, 2), (0.0, 10, 2), (2.0, 11, 2), (40.0, 1, 2), (75.0, 8, 2), (79.0, 9, 2)]
    rows += [(81.0, 11, 2), (120.0, 1, 2), (155.0, 8, 2), (159.0, 11, 2)]
    cycles = cycles_of(event_log(rows), 0, 2)
    assert cycles.red_s.tolist() == [0.0, 79.0]
    assert cycles.end_s.tolist() == [79.0, 159.0]


def test_cycles_and_pulses_end_at_a_silence() -> None:
    spans_s = np.array([[0.0, 200.0], [4000.0, 5000.0]])
    at_s = np.array([0.0, 100.0, 4010.0])
    cycles = Cycles(at_s, at_s + 40, at_s + 75, np.array([100.0, 4010.0, 4100.0]))
    assert cycles.within(spans_s).red_s.tolist() == [0.0, 4010.0]
    passages = Passages(np.array([10.0, 190.0, 4020.0]), np.array([11.0, 4020.0, 4021.0]))
    assert passages.cut_at(spans_s).off_s.tolist() == [11.0, 200.0, 4021.0]


def test_what_needs_red_is_left_out_where_none_is_logged() -> None:
    config = pd.DataFrame(
        [("7", 2, use, 5, np.nan, 1.8) for use in ("Advance", "Presence", "Yellow_Red")],
        columns=["DeviceId", "Phase", "Function", "Parameter", "Distance_m", "Length_m"],
    )
    rows = [(0.0, 1, 2), (20.0, 8, 2), (10.0, 82, 5), (11.0, 81, 5), (60.0, 1, 2)]
    measures = set(report_log(event_log(rows), config, 900_000).table()["measure"])
    assert "green_s" in measures
    assert not measures & {"cycles", "split_failures", "arrivals_on_red", "red_actuations"}


def test_every_published_code_has_a_name() -> None:
    assert len(Event) == 152
    assert (name_of(82), name_of(300)) == ("detector on", "code 300")


CONFIG = "DeviceId,Phase,Function,Parameter\n7,2,Advance,5\n"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("DeviceId,Phase,Function\n7,2,Advance\n", "has no column 'Parameter'"),
        (CONFIG + "7,two,Presence,6\n", "row 2: phase or parameter is no number"),
        (CONFIG + ",2,Presence,6\n", "row 2: DeviceId is empty; name the controller of the row"),
    ],
)
def test_a_bad_configuration_gets_one_clear_line(config: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "config.csv"
    path.write_text(config)
    with pytest.raises(InputError, match=message):
        read_config(path)


def test_measures_of_phases_that_no_detector_tells_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "config.csv").write_text(CONFIG)
    rows = [f"2026-03-17T07:{at:02d}:{s:02d}Z,7,{code},2" for at in range(5) for s, code in
            ((0, 1), (30, 8), (34, 10))]  # fmt: skip
    (tmp_path / "log.csv").write_text("timestamp,device,event,parameter\n" + "\n".join(rows) + "\n")
    log, repairs, notes = read_events(tmp_path / "log.csv", None)
    table = report_log(log, read_config(tmp_path / "config.csv"), 900_000).table()
    assert (repairs.rows, repairs.used_rows, notes) == (15, 0, ())
    assert not table["measure"].isin(["split_failures", "red_actuations"]).any()
    green = table[(table["measure"] == "green_s") & (table["phase"] == 2)]
    assert green["value"].sum() == 150.0
    assert green["bin_start"].iloc[0] == pd.Timestamp("2026-03-17T07:00Z")


@pytest.fixture(scope="module", params=[(21, 450), (22, 560)])
def street(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Street:
    seed, flow_vph = request.param
    return simulated(tmp_path_factory.mktemp("street"), seed, flow_vph)


@pytest.mark.integration
def test_queues_of_a_simulated_street_are_found(street: Street) -> None:
    log = EventLog.of(street.events)
    passages = passages_of(log, 0, ADVANCE)
    found = queue_lengths(cycles_of(log, 0, 2), passages, ADVANCE_M)
    zero_s = (pd.Timestamp("2026-03-17") - log.start).total_seconds()
    truth_m = np.array([street.queue_m.get(round(at - zero_s), 0.0) for at in found.green_s])
    known = found.state == QueueState.KNOWN
    assert known.sum() >= 15
    for length_m in (found.length_m[known], found.by_count_m[known]):
        error_m = length_m - truth_m[known]
        assert np.abs(error_m).mean() < 20.0
        assert np.mean(np.abs(error_m) / truth_m[known]) < 0.20
        assert abs(error_m.mean()) < 16.0
    assert np.quantile(truth_m[found.state == QueueState.SHORT], 0.95) < ADVANCE_M + 8.0


@pytest.mark.integration
def test_saturation_flow_of_a_simulated_street(street: Street) -> None:
    log = EventLog.of(street.events)
    cycles = cycles_of(log, 0, 2)
    found = saturation_flow(cycles, passages_of(log, 0, STOP_BAR))
    assert 1850 < found.flow_vph < 2150
    assert found.high_vph - found.low_vph < 200
    zone = saturation_flow(cycles, passages_of(log, 0, ZONE))
    assert np.isnan(zone.flow_vph)
