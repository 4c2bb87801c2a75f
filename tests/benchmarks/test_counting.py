"""The counting benchmark on a small day, and its targets from canned figures."""

import json

import numpy as np
import pytest

from benchmarks import counting
from benchmarks._counting_day import BIN_MS, Size, make_day, plain_sums, read_all
from benchmarks._counting_peers import FRAMES, NUMPY, peers_of
from benchmarks._counting_results import CITYBRAIN, READING, TWO_CORES, Figure, Results, first_miss
from citybrain.errors import InputError

SMALL = Size(pulses=5_001, lanes=7, bins=40)


def results(is_exact: bool = True, **rates: float) -> Results:
    per_s = {
        CITYBRAIN: 1000.0,
        TWO_CORES: 1500.0,
        READING: 1900.0,
        "pandas": 4.0,
        "polars": 24.0,
        "duckdb": 9.0,
        NUMPY: 45.0,
    } | rates
    figures = {
        name: Figure(name=name, times_s=(1.0, 1.0), pulses=round(rate), is_exact=is_exact)
        for name, rate in per_s.items()
    }
    return Results(figures=figures, absent=())


def test_plain_reference_equals_every_pulse_with_every_bin() -> None:
    size = Size(pulses=300, lanes=2, bins=3)
    day, sums = make_day(size), plain_sums(make_day(size), size)
    on_ms, off_ms = day.on_ms.astype(int), day.on_ms.astype(int) + day.length_ms.astype(int)
    for row in range(size.bins):
        begin_ms, end_ms = row * BIN_MS, (row + 1) * BIN_MS
        covered_ms = np.clip(off_ms, begin_ms, end_ms) - np.clip(on_ms, begin_ms, end_ms)
        for lane in range(size.lanes):
            mine = day.lane == lane
            assert sums.count[row, lane] == np.sum(mine & (begin_ms <= on_ms) & (on_ms < end_ms))
            assert sums.occupied_ms[row, lane] == covered_ms[mine].sum()


def test_reading_reads_every_byte() -> None:
    day = make_day(Size(pulses=1000, lanes=9, bins=3))
    words = day.lane.view(np.uint64), day.length_ms.view(np.uint64)
    assert read_all(day) == int(words[0].sum() + words[1].sum())


def test_peers_that_split_are_exact_and_bincount_is_not() -> None:
    day = make_day(SMALL)
    reference = plain_sums(day, SMALL)
    peers, absent = peers_of(day, SMALL)
    assert {peer.name for peer in peers} | set(absent) == {*FRAMES, NUMPY}
    for peer in peers:
        assert peer.sums is not None
        assert peer.sums(peer.count()).equals(reference) == (peer.name != NUMPY)


def test_small_benchmark_is_exact_and_says_what_it_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = counting.measure(SMALL, rounds=1)
    assert found.figures[CITYBRAIN].is_exact
    assert found.figures[TWO_CORES].is_exact
    capsys.readouterr()
    told = counting.conditions(SMALL)
    assert counting.report(found, told, is_check=False, is_json=False) == 0
    out = capsys.readouterr().out
    assert all(f"\n{name} " in out for name in (CITYBRAIN, "pandas", NUMPY))
    assert "a second core makes citybrain" in out
    assert "5,001" in out
    counting.report(found, told, is_check=False, is_json=True)
    assert json.loads(capsys.readouterr().out)["methods"][CITYBRAIN]["is_exact"]


@pytest.mark.parametrize(
    ("rates", "told"),
    [
        ({"polars": 26.0}, "38.5 times polars, the fastest of the tables, the target is at least"),
        ({NUMPY: 60.0}, "16.7 times numpy bincount ×2, the target is at least 20"),
        ({READING: 3000.0}, "0.333 of the speed of reading, the target is at least 0.5"),
    ],
)
def test_a_missed_target_is_named(rates: dict[str, float], told: str) -> None:
    assert told in (first_miss(results(**rates)) or "")


def test_met_targets_and_wrong_sums() -> None:
    assert first_miss(results()) is None
    assert first_miss(results(is_exact=False)) == "the sums of citybrain differ from the reference"


def test_absent_peers_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    all_there = results()
    figures = {name: fig for name, fig in all_there.figures.items() if name not in FRAMES}
    found = Results(figures=figures, absent=FRAMES)
    assert counting.report(found, {}, is_check=True, is_json=False) == 1
    out = capsys.readouterr().out
    assert out.count("not installed") == 3
    assert "none of pandas, polars, duckdb is installed" in out


def test_networks_are_refused() -> None:
    with pytest.raises(InputError, match="does not apply"):
        counting.run(networks=["cologne1"], is_check=False, is_json=False)
