"""Flows on disk: lossless, the same bytes, and one clear line for each broken file."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from citybrain.errors import InfeasibleError, InputError
from citybrain.model.flows import FlowSnapshot, Quality
from citybrain.store.flows import read_flows, write_flows
from tests.detectors.feeds import START

COLUMNS = [
    *("bin_start", "lane", "count_veh", "flow_vph", "occupancy", "speed_mps", "coverage"),
    *("quality", "low_veh", "high_veh", "imputed", "heard_veh"),
]
GRIDS = ("count_veh", "occupancy", "speed_mps", "coverage", "low_veh", "high_veh")


def flows(count_veh: np.ndarray, coverage: np.ndarray, bin_s: float = 900.0) -> FlowSnapshot:
    lanes = tuple(f"edge_{column}" for column in range(count_veh.shape[1]))
    return FlowSnapshot(
        start=START,
        bin_s=bin_s,
        lanes=lanes[::-1],
        count_veh=count_veh,
        occupancy=coverage / 7,
        speed_mps=np.where(count_veh > 0, count_veh / 3, np.nan),
        coverage=coverage,
        low_veh=count_veh / 2,
        high_veh=np.where(coverage > 0, count_veh * 2, np.inf),
        quality=tuple(Quality),
    )


THREE = flows(np.arange(6.0).reshape(2, 3) * 10, np.ones((2, 3)))


def assert_same(first: FlowSnapshot, second: FlowSnapshot) -> None:
    for name in GRIDS:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    for name in ("start", "bin_s", "lanes", "quality"):
        assert getattr(first, name) == getattr(second, name)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda bins: st.tuples(
            arrays(np.float64, (bins, 3), elements=st.integers(0, 5000).map(float)),
            arrays(np.float64, (bins, 3), elements=st.floats(0.001, 1) | st.just(0.0)),
        )
    ),
    st.sampled_from([0.5, 60.0, 900.0, 3600.0]),
)
def test_what_is_written_is_read_again(
    tmp_path: Path, grids: tuple[np.ndarray, np.ndarray], bin_s: float
) -> None:
    written = flows(*grids, bin_s=bin_s)
    write_flows(written, tmp_path / "flows.parquet")
    assert_same(written, read_flows(tmp_path / "flows.parquet"))


def test_the_same_flows_give_the_same_bytes_and_the_stated_columns(tmp_path: Path) -> None:
    first, second = tmp_path / "first.parquet", tmp_path / "deeper" / "second.parquet"
    write_flows(THREE, first)
    write_flows(THREE, second)
    assert first.read_bytes() == second.read_bytes()
    schema = pq.read_schema(first)
    assert schema.names == COLUMNS
    assert schema.field("bin_start").type == pa.timestamp("us", tz="UTC")
    assert pd.read_parquet(first)["flow_vph"].tolist() == [0.0, 40.0, 80.0, 120.0, 160.0, 200.0]


def test_a_file_of_others_needs_no_metadata(tmp_path: Path) -> None:
    path = tmp_path / "flows.parquet"
    write_flows(THREE, path)
    pd.read_parquet(path).to_parquet(path)
    assert_same(read_flows(path), THREE)


def test_filled_bins_are_read_again_and_an_old_file_has_none(tmp_path: Path) -> None:
    path = tmp_path / "flows.parquet"
    filled = np.array([[False, True, False], [False, False, True]])
    heard_veh = np.where(filled, 0.0, THREE.count_veh)
    write_flows(replace(THREE, imputed=filled, heard_veh=heard_veh), path)
    np.testing.assert_array_equal(read_flows(path).imputed, filled)
    np.testing.assert_array_equal(read_flows(path).heard_veh, heard_veh)
    pd.read_parquet(path).drop(columns=["imputed", "heard_veh"]).to_parquet(path)
    old = read_flows(path)
    assert old.imputed is None
    assert_same(old, THREE)


def test_flows_of_nothing_are_not_written(tmp_path: Path) -> None:
    empty = replace(THREE, **{name: np.zeros((0, 3)) for name in GRIDS})
    with pytest.raises(InfeasibleError, match="without a bin"):
        write_flows(empty, tmp_path / "flows.parquet")
    assert not list(tmp_path.iterdir())


def change(column: str, value: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda frame: frame.assign(**{column: value})


BROKEN: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    "percent": (change("occupancy", 14.0), "occupancy must lie in 0-1; above 1 it looks like perc"),
    "coverage": (change("coverage", 95.0), "coverage must lie in 0-1"),
    "not per hour": (lambda f: f.assign(flow_vph=f["count_veh"]), "flow_vph is not veh/h"),
    "negative": (change("count_veh", -1.0), "count_veh is not a number of vehicles"),
    "crossed": (change("low_veh", 1e9), "low_veh is above high_veh"),
    "quality": (change("quality", "fine"), "quality is unknown; use believed, doubted, dead"),
    "two answers": (
        change("quality", ["dead", "dead", "dead", "dead", "dead", "doubted"]),
        "quality changes within the file",
    ),
    "no zone": (
        lambda f: f.assign(bin_start=f["bin_start"].dt.tz_localize(None)),
        "'bin_start': carries no time zone; write instants in UTC",
    ),
    "other zone": (
        lambda f: f.assign(bin_start=f["bin_start"].dt.tz_convert("Europe/Berlin")),
        "is in the zone Europe/Berlin",
    ),
    "no instants": (change("bin_start", "today"), "not instants"),
    "text": (change("count_veh", "many"), "'count_veh': holds"),
    "holes": (change("lane", None), "'lane': has empty cells"),
    "missing": (lambda f: f.drop(columns="coverage"), "lacks column 'coverage'; its columns must"),
    "extra": (change("remark", "x"), "has column 'remark' too"),
    "repeated": (lambda f: pd.concat([f, f.tail(1)]), "'edge_0' at 2026-.*: stands twice"),
    "unordered": (lambda f: f[::-1], "is older than the row before; sort the rows"),
    "lanes unordered": (lambda f: f.iloc[[0, 1, 2, 4, 3, 5]], "changes the order of the lanes"),
    "gap": (lambda f: f.head(5), "lane 'edge_0': has 1 rows for 2 bins; write missing bins as"),
    "late bin": (
        lambda f: pd.concat([f, f.tail(3).assign(bin_start=pd.Timestamp("2026-03-17T08:00Z"))]),
        "does not begin 900 s after the bin before",
    ),
    "one bin": (lambda f: f.head(3), "holds one bin and does not say how long it is"),
    "empty": (lambda f: f.head(0), "holds no row"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_gets_one_clear_line(case: str, tmp_path: Path) -> None:
    path = tmp_path / "flows.parquet"
    write_flows(THREE, path)
    spoil, message = BROKEN[case]
    spoil(pd.read_parquet(path)).to_parquet(path, index=False)
    with pytest.raises(InputError, match=message) as caught:
        read_flows(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_missing_and_a_truncated_file_get_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "flows.parquet"
    with pytest.raises(InputError, match="the flows do not exist"):
        read_flows(path)
    write_flows(THREE, path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(InputError, match="is not a whole Parquet file"):
        read_flows(path)
