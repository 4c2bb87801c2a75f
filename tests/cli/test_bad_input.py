"""Bad input ends in one line that names file, element and mend, and changes nothing."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.area import open_area
from citybrain.store.flows import BIN_LENGTH_KEY
from citybrain.store.plans import write_plan
from tests.cli.towns import PERIOD, SHORT, Terminal, change, cut, digests

NET, CONFIG = "crossing_arterials.net.xml", f"{PERIOD}.sumocfg"
ROUTES, FEED, INVENTORY = f"{PERIOD}.rou.xml", f"{PERIOD}.pulses.parquet", "detectors.toml"
Damage = Callable[[Path], None]


def removed(name: str) -> Damage:
    return lambda town: (town / name).unlink()


def halved(name: str) -> Damage:
    return lambda town: cut(town / name)


def changed(name: str, old: str, new: str, count: int = 1) -> Damage:
    return lambda town: change(town / name, old, new, count)


def emptied(name: str) -> Damage:
    return lambda town: (town / name).write_bytes(b"")


def halved_and_packed(town: Path) -> None:
    packed = town / "packed.rou.xml.gz"
    packed.write_bytes(gzip.compress((town / ROUTES).read_bytes()))
    cut(packed)
    change(town / CONFIG, ROUTES, packed.name)


def with_start(instant: str) -> Damage:
    return changed("scenario.toml", "2026-03-17T11:00:00Z", instant)


BAD_SCENARIOS: dict[str, tuple[Damage, tuple[str, ...]]] = {
    "no net": (removed(NET), (CONFIG, NET, "correct the path")),
    "no routes": (removed(ROUTES), (CONFIG, ROUTES, "correct the path")),
    "no feed": (removed(FEED), (FEED, "does not exist", "check the path")),
    "no inventory": (removed(INVENTORY), (INVENTORY, "does not exist", "check the path")),
    "half a net": (halved(NET), (NET, "no complete XML", "export it again")),
    "half a feed": (halved(FEED), (FEED, "not a whole Parquet file", "copy it again")),
    "half an inventory": (halved(INVENTORY), (INVENTORY, "detector")),
    "half a configuration": (halved(CONFIG), (CONFIG, "no complete XML", "export it again")),
    "half a route file": (halved(ROUTES), (ROUTES, "cut off", "restore the file")),
    "some bytes of a route file": (
        lambda town: cut(town / ROUTES, 0.02),
        (ROUTES, "cut off", "restore the file"),
    ),
    "half a packed route file": (halved_and_packed, ("packed.rou.xml.gz", "cut off", "restore")),
    "empty routes": (emptied(ROUTES), (ROUTES, "cut off", "generate it again")),
    "no additional file": (removed("common.add.xml"), (CONFIG, "common.add.xml", "correct the")),
    "half an additional file": (halved("common.add.xml"), ("common.add.xml", "no complete XML")),
    "half a scenario file": (
        changed("scenario.toml", '"midday.sumocfg"', '"midday'),
        ("scenario.toml", "not valid TOML", "mend it there"),
    ),
    "empty net": (emptied(NET), (NET, "no complete XML")),
    "empty feed": (emptied(FEED), (FEED, "is empty", "record it again")),
    "unknown lane": (
        changed(INVENTORY, 'lane = "', 'lane = "no_such_'),
        (INVENTORY, "no_such_", f"is not in {NET}", "lane"),
    ),
    "no net named": (
        changed(CONFIG, "net-file", "nyet-file"),
        (CONFIG, "names no net-file", "add"),
    ),
    "no time": (
        changed(CONFIG, '<end value="300" />', '<end value="noon" />'),
        (CONFIG, "'noon' is no time", "hh:mm:ss"),
    ),
    "endless time": (
        changed(CONFIG, '<end value="300" />', '<end value="inf" />'),
        (CONFIG, "end: 'inf' is no time", "hh:mm:ss"),
    ),
    "feed without a zone": (
        with_start("2026-03-17T11:00:00"),
        ("scenario.toml, period midday", "names no zone", "write 2026-03-17T11:00:00Z if UTC"),
    ),
    "feed of a day": (
        with_start("2026-03-17"),
        ("scenario.toml, period midday", "has 2026-03-17 for feed_start", "write an instant"),
    ),
    "numbered configuration": (
        changed("scenario.toml", '"midday.sumocfg"', "3"),
        ("scenario.toml, period midday", "has 3 for sumocfg", "write text"),
    ),
    "no configuration named": (
        changed("scenario.toml", 'sumocfg = "midday.sumocfg"', ""),
        ("scenario.toml, period midday", "has no 'sumocfg'", "add it"),
    ),
    "inventory by number": (
        changed("scenario.toml", '"detectors.toml"', "[1]"),
        ("scenario.toml", "has [1] for detectors", "write text"),
    ),
}


@pytest.mark.parametrize("case", BAD_SCENARIOS)
def test_a_damaged_scenario_is_refused(
    terminal: Terminal, town: Path, out: Path, case: str
) -> None:
    damage, named = BAD_SCENARIOS[case]
    damage(town)
    before = digests(town)
    told = terminal("retime", town, *SHORT, "--evaluations", 4, "--out", out)
    assert told.code == 2
    assert [name for name in named if name not in told.complaint] == []
    assert not told.output
    assert not out.exists()
    assert digests(town) == before


@pytest.mark.parametrize("command", ["retime", "show"])
def test_unknown_names_are_refused(terminal: Terminal, command: str) -> None:
    told = terminal(command, "atlantis")
    assert told.code == 2
    assert "atlantis: is neither a file nor the name of a scenario; give " in told.complaint


@pytest.mark.parametrize("command", ["retime", "show"])
def test_unknown_periods_are_refused(terminal: Terminal, town: Path, command: str) -> None:
    told = terminal(command, town, "--period", "dusk")
    assert told.code == 2
    assert "scenario.toml: has no period 'dusk'; choose one of: evening, midday" in told.complaint


def test_a_period_of_a_plain_configuration_is_refused(terminal: Terminal, town: Path) -> None:
    told = terminal("show", town / CONFIG, "--period", "dusk")
    assert told.code == 2
    assert "leave --period out" in told.complaint


@pytest.mark.parametrize("name", ["plan.json", "flows.parquet", NET])
def test_a_period_of_what_has_none_is_refused(terminal: Terminal, name: str) -> None:
    told = terminal("show", name, "--period", "dusk")
    assert told.code == 2
    assert f"{name}: has no period 'dusk'; leave the period out" in told.complaint


def test_an_empty_folder_is_no_scenario(terminal: Terminal, tmp_path: Path) -> None:
    told = terminal("show", tmp_path)
    assert told.code == 2
    assert "holds no scenario.toml and no .sumocfg; name the .sumocfg" in told.complaint


BROKEN_PLANS = {
    "missing": (None, "does not exist"),
    "cut off": ('{"format": "citybrain plan", "version": 1, "na', "is no complete JSON"),
    "another file": ('{"type": "FeatureCollection"}', "is no plan of citybrain"),
    "a list": ("[1, 2]", "is no plan of citybrain"),
    "another version": ('{"format": "citybrain plan", "version": 99}', "version is 99"),
    "no patterns": ('{"format": "citybrain plan", "version": 1, "name": "p"}', "patterns"),
}


@pytest.mark.parametrize("case", BROKEN_PLANS)
@pytest.mark.parametrize("command", ["show", "validate"])
def test_a_broken_plan_is_refused(
    terminal: Terminal, town: Path, tmp_path: Path, command: str, case: str
) -> None:
    content, named = BROKEN_PLANS[case]
    plan, out = tmp_path / "plan.json", tmp_path / "out"
    if content is not None:
        plan.write_text(content, encoding="utf-8")
    words = {"show": [plan], "validate": [town, *SHORT, "--plan", plan, "--out", out]}
    told = terminal(command, *words[command])
    assert told.code == 2
    assert "plan.json" in told.complaint
    assert named in told.complaint
    assert not out.exists()


def test_a_plan_of_another_network_is_a_refusal(terminal: Terminal, town: Path, out: Path) -> None:
    running = open_area(town, PERIOD, SafetyLimits()).running
    stranger = replace(running.patterns[0], intersection="X1")
    plan = town / "plan.json"
    write_plan(replace(running, patterns=(*running.patterns, stranger)), plan)
    before = digests(town)
    told = terminal("validate", town, *SHORT, "--plan", plan, "--out", out)
    assert told.code == 1
    assert f"{NET}: has no intersection X1 to retime, which plan running" in told.complaint
    assert "name the scenario that the plan was made for" in told.complaint
    assert not told.output
    assert not out.exists()
    assert digests(town) == before


def counted(terminal: Terminal, town: Path, feed: Path, out: Path, *words: object) -> object:
    return terminal("count", feed, "--detectors", town / INVENTORY, "--out", out, *words)


def flows_of(terminal: Terminal, town: Path) -> Path:
    flows = town.parent / "flows.parquet"
    started = ("--start", "2026-03-17T11:00:00")
    assert counted(terminal, town, town / FEED, flows, *started).code == 0
    return flows


def in_kilovehicles(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(flow_vph=frame["flow_vph"] / 1000)


def in_percent(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(occupancy=frame["occupancy"] * 100 + 2)


def in_another_zone(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(bin_start=frame["bin_start"].dt.tz_convert("Europe/Berlin"))


def without_zone(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(bin_start=frame["bin_start"].dt.tz_localize(None))


def with_a_gap(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["bin_start"] != frame["bin_start"].unique()[3]]


def with_a_repetition(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame.iloc[:1], frame])


def upside_down(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.iloc[::-1]


def with_an_unknown_lane(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(lane=frame["lane"].replace(frame["lane"].iloc[0], "no_such_lane_0"))


def without_coverage(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns="coverage")


BAD_FLOWS: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    "wrong unit": (in_kilovehicles, "flow_vph is not veh/h"),
    "percent": (in_percent, "divide it by 100"),
    "wrong zone": (in_another_zone, "Europe/Berlin; write instants in UTC"),
    "no zone": (without_zone, "carries no time zone; write instants in UTC"),
    "gap": (with_a_gap, "write missing bins as rows with coverage 0"),
    "repeated": (with_a_repetition, "stands twice; keep one of the rows"),
    "unordered": (upside_down, "sort the rows"),
    "no coverage": (without_coverage, "lacks column 'coverage'"),
}


@pytest.mark.parametrize("case", BAD_FLOWS)
def test_flows_in_another_unit_zone_or_order_are_refused(
    terminal: Terminal, town: Path, out: Path, case: str
) -> None:
    damage, named = BAD_FLOWS[case]
    flows = flows_of(terminal, town)
    frame = damage(pd.read_parquet(flows))
    table = pa.Table.from_pandas(frame, preserve_index=False)
    pq.write_table(table.replace_schema_metadata({BIN_LENGTH_KEY: "300.0"}), flows)
    told = terminal("retime", town, *SHORT, "--flows", flows, "--out", out)
    assert told.code == 2
    assert "flows.parquet" in told.complaint
    assert named in told.complaint
    assert not out.exists()


def test_flows_of_another_network_are_refused(terminal: Terminal, town: Path, out: Path) -> None:
    flows = flows_of(terminal, town)
    frame = with_an_unknown_lane(pd.read_parquet(flows))
    table = pa.Table.from_pandas(frame, preserve_index=False)
    pq.write_table(table.replace_schema_metadata({BIN_LENGTH_KEY: "300.0"}), flows)
    told = terminal("retime", town, *SHORT, "--flows", flows, "--out", out)
    assert told.code == 2
    assert f"{NET}: has no lane no_such_lane_0" in told.complaint
    assert not out.exists()


@pytest.mark.parametrize("content", [None, b"", b"PAR1 and no more"])
def test_missing_and_broken_flows_are_refused(
    terminal: Terminal, town: Path, out: Path, content: bytes | None
) -> None:
    flows = town / "flows.parquet"
    if content is not None:
        flows.write_bytes(content)
    for told in (terminal("retime", town, "--flows", flows, "--out", out), terminal("show", flows)):
        assert told.code == 2
        assert "flows.parquet" in told.complaint
    assert not out.exists()
