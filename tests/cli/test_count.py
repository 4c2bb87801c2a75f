"""``count``: feeds with gaps, repetitions and disorder are mended, counted and said."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from citybrain.cli.lane_table import lane_table
from citybrain.store.flows import read_flows
from tests.cli.towns import PERIOD, Terminal, change, cut
from tests.detectors.feeds import snapshot

INVENTORY, FEED = "detectors.toml", f"{PERIOD}.pulses.parquet"


@pytest.fixture
def pulses(town: Path) -> pd.DataFrame:
    return pd.read_parquet(town / FEED)


def counted(
    terminal: Terminal, town: Path, pulses: pd.DataFrame, *words: object
) -> dict[str, object]:
    feed = town / "pulses.csv"
    pulses.to_csv(feed, index=False)
    told = terminal("count", feed, "--detectors", town / INVENTORY, *words, "--json")
    assert told.code == 0
    content = json.loads(told.output)
    assert isinstance(content, dict)
    return content


def test_the_recorded_feed_needs_no_repair(
    terminal: Terminal, town: Path, pulses: pd.DataFrame, out: Path
) -> None:
    content = counted(terminal, town, pulses, "--out", out / "f.parquet")
    repairs = content["repairs"]
    assert isinstance(repairs, dict)
    assert {name for name, number in repairs.items() if number} == {"rows", "used_rows"}
    assert repairs["rows"] == repairs["used_rows"] == len(pulses)
    flows = read_flows(out / "f.parquet")
    assert content["vehicles"] == pytest.approx(float(flows.count_veh[:, :].sum()))


def test_disorder_and_repetitions_change_no_count(
    terminal: Terminal, town: Path, pulses: pd.DataFrame, out: Path
) -> None:
    clean = counted(terminal, town, pulses, "--out", out / "clean.parquet")
    worse = pd.concat([pulses, pulses.iloc[100:150]]).sample(frac=1.0, random_state=1)
    mended = counted(terminal, town, worse, "--out", out / "mended.parquet")
    repairs = mended["repairs"]
    assert isinstance(repairs, dict)
    assert repairs["doubled_rows"] == 50
    assert repairs["reordered_rows"] > 0
    assert mended["vehicles"] == clean["vehicles"]
    assert (out / "mended.parquet").read_bytes() == (out / "clean.parquet").read_bytes()


def test_a_gap_lowers_the_coverage_and_not_the_flow(
    terminal: Terminal, town: Path, pulses: pd.DataFrame, out: Path
) -> None:
    times = pulses["on_s"]
    kept = pulses[(times < times.min() + 900) | (times > times.min() + 1800)]
    content = counted(terminal, town, kept, "--out", out / "f.parquet")
    repairs = content["repairs"]
    assert isinstance(repairs, dict)
    assert repairs["gaps"] >= 1
    coverage = read_flows(out / "f.parquet").coverage
    assert coverage[:, :].min() < 0.1
    assert coverage[:, :].max() > 0.9


def test_a_table_of_flows_is_printed(terminal: Terminal, town: Path, out: Path) -> None:
    flows = out / "f.parquet"
    started = ("--start", "2026-03-17T11:00:00")
    words = ("count", town / FEED, "--detectors", town / INVENTORY, "--out", flows, *started)
    for told in (terminal(*words), terminal("show", flows)):
        assert told.code == 0
        assert "veh/h" in told.output
        assert "2026-03-17 11:00" in told.output
        assert "J1_J2_" in told.output
    shown = json.loads(terminal("show", flows, "--json").output)
    assert shown["bins"] == 12


def test_the_printed_occupancy_is_that_of_the_covered_time() -> None:
    """Half covered in two bins of three; the last one says nothing."""
    hour = snapshot({"a_0": 600.0, "b_0": 600.0})
    coverage = np.array([[1.0, 1.0], [0.5, 1.0], [0.0, 1.0]])
    occupancy = np.array([[0.2, 0.2], [0.5, 0.5], [0.0, 0.0]])
    grids = {"count_veh": 600.0 * coverage, "coverage": coverage, "occupancy": occupancy}
    flows = replace(hour, **grids, speed_mps=coverage, low_veh=coverage, high_veh=coverage * 1000.0)
    columns = {column.header: list(column.cells) for column in lane_table(flows).columns}
    assert columns["veh/h"] == ["600", "600"]
    assert columns["occupancy"] == ["0.30", "0.23"]
    assert columns["coverage"] == ["50%", "100%"]


def started(terminal: Terminal, town: Path, instant: str) -> str:
    words = ("--detectors", town / INVENTORY, "--out", town / "f.parquet", "--start", instant)
    told = terminal("count", town / FEED, *words, "--json")
    assert told.code == 0
    return str(json.loads(told.output)["start"])


@pytest.mark.parametrize(
    "instant",
    ["2026-03-17T11:00:00", "2026-03-17T11:00:00Z", "2026-03-17T12:00:00+01:00"],
)
def test_an_instant_is_utc_unless_it_says_another_zone(
    terminal: Terminal, town: Path, instant: str
) -> None:
    assert started(terminal, town, instant) == "2026-03-17T11:00:00+00:00"


LOG = """timestamp,device,event,parameter
2026-03-17 12:00:01,7,82,1
2026-03-17 12:00:02,7,81,1
"""


def controller_log(town: Path) -> Path:
    log = town / "log.csv"
    log.write_text(LOG, encoding="utf-8")
    change(town / INVENTORY, '"E_J5_bay_0.stop_bar"', '"7:1"')
    return log


def test_times_without_a_zone_are_refused(terminal: Terminal, town: Path, out: Path) -> None:
    words = ("--detectors", town / INVENTORY, "--out", out / "f.parquet")
    log = controller_log(town)
    for zone, told in (
        ((), "times carry no time zone; write UTC instants"),
        (("--zone", "Mars/Base"), "'Mars/Base' is not a time zone; use a name such as UTC"),
    ):
        answer = terminal("count", log, *words, *zone)
        assert answer.code == 2
        assert "log.csv, column 'timestamp': " in answer.complaint
        assert told in answer.complaint
        assert not out.exists()


def test_a_named_zone_is_turned_into_utc(terminal: Terminal, town: Path, out: Path) -> None:
    words = ("--detectors", town / INVENTORY, "--out", out / "f.parquet", "--json")
    answer = terminal("count", controller_log(town), *words, "--zone", "Europe/Berlin")
    assert answer.code == 0
    content = json.loads(answer.output)
    assert content["start"].startswith("2026-03-17T11:00")
    assert content["vehicles"] == 1


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("missing.csv", None, "the feed does not exist; check the path"),
        ("empty.csv", "", "the feed is empty; record it again"),
        ("other.csv", "a,b\n1,2\n", "is no feed of a known form"),
        ("head.csv", "detector,on_s,off_s\n", "the feed holds no pulse"),
        ("strange.csv", "detector,on_s,off_s\nnowhere,1,2\n", "no detector of it is in the"),
        ("net.xml", "<net/>", "which is no detector output"),
    ],
)
def test_what_is_no_feed_is_refused(
    terminal: Terminal, town: Path, out: Path, name: str, content: str | None, told: str
) -> None:
    feed = town / name
    if content is not None:
        feed.write_text(content, encoding="utf-8")
    answer = terminal("count", feed, "--detectors", town / INVENTORY, "--out", out / "f.parquet")
    assert answer.code == 2
    assert name in answer.complaint
    assert told in answer.complaint
    assert not out.exists()


def test_a_feed_that_was_cut_off_is_refused(terminal: Terminal, town: Path, out: Path) -> None:
    cut(town / FEED)
    words = ("--detectors", town / INVENTORY, "--out", out / "f.parquet")
    answer = terminal("count", town / FEED, *words)
    assert answer.code == 2
    assert f"{FEED}: is not a whole Parquet file" in answer.complaint
    assert not out.exists()


def test_lanes_are_checked_where_a_network_is_given(
    terminal: Terminal, town: Path, out: Path
) -> None:
    change(town / INVENTORY, 'lane = "E_J5_bay_0"', 'lane = "E_J5_bay_7"')
    words = ("count", town / FEED, "--detectors", town / INVENTORY, "--out", out / "f.parquet")
    answer = terminal(*words, "--network", town / "crossing_arterials.net.xml")
    assert answer.code == 2
    assert "lane 'E_J5_bay_7' is not in crossing_arterials.net.xml" in answer.complaint
    assert "did you mean" in answer.complaint
    assert not out.exists()
