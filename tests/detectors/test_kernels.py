"""Laws of the counting kernels: exact, whatever the batches and the number of cores."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from citybrain.errors import InfeasibleError
from detectors.batches import PulseBatch, to_ms
from detectors.cells import LONGEST_MS
from detectors.kernels import first_at
from detectors.tally import Grid, Headways, Tally

LANES = 3
Row = tuple[int, int, int]
"""Lane, begin [ms] and length [ms] of a pulse."""

pulse = st.tuples(
    st.integers(0, LANES - 1),
    st.integers(0, 12_000),
    st.one_of(st.integers(0, 900), st.integers(0, 30_000), st.just(LONGEST_MS)),
)
feeds = st.lists(pulse, max_size=120).map(lambda rows: sorted(rows, key=lambda row: row[1]))
grids = st.builds(
    Grid, start_ms=st.integers(-2000, 8000), bin_ms=st.sampled_from([1, 7, 250, 1000, 3000, 60_000])
)
row_counts = st.integers(1, 9)


def batch(rows: list[Row], base_ms: int = 0) -> PulseBatch:
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return PulseBatch(
        lane=columns[:, 0].astype(np.uint32),
        on_ms=(columns[:, 1] - base_ms).astype(np.uint32),
        length_ms=columns[:, 2].astype(np.uint32),
        base_ms=base_ms,
    )


def tallied(batches: list[PulseBatch], grid: Grid, rows: int, workers: int = 1) -> Tally:
    tally = Tally.empty(rows, LANES)
    for each in batches:
        tally.add_batch(each, grid, workers=workers)
    return tally


def reference(rows: list[Row], grid: Grid, row_count: int) -> tuple[np.ndarray, np.ndarray]:
    """Slow and plain: every pulse with every bin."""
    count = np.zeros((row_count, LANES), np.int64)
    occupied_ms = np.zeros((row_count, LANES), np.int64)
    for row in range(row_count):
        begin_ms = grid.start_ms + row * grid.bin_ms
        end_ms = begin_ms + grid.bin_ms
        for lane, on_ms, length_ms in rows:
            count[row, lane] += begin_ms <= on_ms < end_ms
            covered_ms = min(on_ms + length_ms, end_ms) - max(on_ms, begin_ms)
            occupied_ms[row, lane] += max(covered_ms, 0)
    return count, occupied_ms


def assert_equal(tally: Tally, count: np.ndarray, occupied_ms: np.ndarray) -> None:
    assert_array_equal(tally.count, count)
    assert_array_equal(tally.occupied_ms, occupied_ms)


@given(feeds, grids, row_counts)
def test_sums_equal_a_slow_plain_reference(rows: list[Row], grid: Grid, row_count: int) -> None:
    assert_equal(tallied([batch(rows)], grid, row_count), *reference(rows, grid, row_count))


@given(feeds, grids, row_counts, st.lists(st.integers(0, 120), max_size=6))
def test_sums_do_not_depend_on_how_the_feed_is_cut(
    rows: list[Row], grid: Grid, row_count: int, cuts: list[int]
) -> None:
    edges = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    parts = [rows[a:b] for a, b in pairwise(edges)]
    batches = [batch(part, base_ms=part[0][1] if part else 0) for part in parts]
    whole = tallied([batch(rows)], grid, row_count)
    assert_equal(tallied(batches, grid, row_count), whole.count, whole.occupied_ms)


@settings(max_examples=50)
@given(feeds, grids, row_counts, st.integers(2, 4))
def test_sums_do_not_depend_on_the_number_of_cores(
    rows: list[Row], grid: Grid, row_count: int, workers: int
) -> None:
    whole = tallied([batch(rows)], grid, row_count)
    shared = tallied([batch(rows)], grid, row_count, workers)
    assert_equal(shared, whole.count, whole.occupied_ms)


def random_rows(count: int, *, longest_ms: int, seed: int) -> list[Row]:
    rng = np.random.default_rng(seed)
    on_ms = np.sort(rng.integers(0, 600_000, count))
    length_ms = rng.integers(0, longest_ms, count)
    return list(
        zip(
            rng.integers(0, LANES, count).tolist(),
            on_ms.tolist(),
            length_ms.tolist(),
            strict=True,
        )
    )


@pytest.mark.parametrize("longest_ms", [1, 400, 90_000, LONGEST_MS])
@pytest.mark.parametrize("begin", [0, 1, 5, 8])
def test_many_pulses_fill_whole_chunks_at_any_alignment(longest_ms: int, begin: int) -> None:
    rows = random_rows(9_000, longest_ms=longest_ms, seed=longest_ms % 97)[begin:]
    grid = Grid(start_ms=0, bin_ms=60_000)
    assert_equal(tallied([batch(rows)], grid, 12), *reference(rows, grid, 12))
    assert_equal(tallied([batch(rows)], grid, 12, workers=2), *reference(rows, grid, 12))


def test_cells_are_emptied_before_they_are_full() -> None:
    days = Grid(start_ms=0, bin_ms=86_400_000 * 90)
    rows = random_rows(30_000, longest_ms=LONGEST_MS, seed=1)
    assert_equal(tallied([batch(rows)], days, 2), *reference(rows, days, 2))


def test_pulse_over_four_bins_is_split_at_their_edges() -> None:
    tally = tallied([batch([(0, 59_000, 122_000)])], Grid(start_ms=0, bin_ms=60_000), 5)
    assert tally.count[:, 0].tolist() == [1, 0, 0, 0, 0]
    assert tally.occupied_ms[:, 0].tolist() == [1000, 60_000, 60_000, 1000, 0]


def test_pulse_on_an_edge_counts_in_the_bin_that_begins() -> None:
    rows = [(0, 59_999, 0), (0, 60_000, 0)]
    tally = tallied([batch(rows)], Grid(start_ms=0, bin_ms=60_000), 2)
    assert tally.count[:, 0].tolist() == [1, 1]


@given(feeds, grids, row_counts, st.integers(0, 120))
def test_headways_reach_over_bins_and_batches(
    rows: list[Row], grid: Grid, row_count: int, cut: int
) -> None:
    headways = Headways.empty(row_count, LANES)
    for part in (rows[:cut], rows[cut:]):
        headways.add_batch(batch(part, base_ms=part[0][1] if part else 0), grid)
    total_ms = np.zeros((row_count, LANES), np.int64)
    count = np.zeros((row_count, LANES), np.int64)
    for lane in range(LANES):
        for before, after in pairwise([row[1] for row in rows if row[0] == lane]):
            row = (after - grid.start_ms) // grid.bin_ms
            if 0 <= row < row_count:
                total_ms[row, lane] += after - before
                count[row, lane] += 1
    assert_array_equal(headways.total_ms, total_ms)
    assert_array_equal(headways.count, count)
    assert_array_equal(np.isnan(headways.mean_s), count == 0)


@given(st.lists(st.integers(0, 500), max_size=300), st.integers(-5, 600))
def test_bisection_equals_numpy(times: list[int], time_ms: int) -> None:
    on_ms = np.sort(np.array(times, dtype=np.uint32))
    assert first_at(on_ms, 0, len(on_ms), time_ms) == np.searchsorted(on_ms, time_ms)


@given(st.integers(0, 10**12))
def test_every_millisecond_survives_the_way_through_float_seconds(time_ms: int) -> None:
    assert to_ms(np.array([time_ms / 1000.0]))[0] == time_ms


@pytest.mark.parametrize("bin_ms", [0, -5, 101 * 86_400_000])
def test_bins_that_cells_cannot_hold_are_refused(bin_ms: int) -> None:
    with pytest.raises(InfeasibleError, match="cannot be counted"):
        Grid(start_ms=0, bin_ms=bin_ms)
