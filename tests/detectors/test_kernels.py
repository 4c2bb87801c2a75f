"""Laws of the counting kernel."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from detectors.kernels import tally_pulses

BIN_S, BINS, LANES = 60.0, 8, 3
LANE_OF = np.array([0, 1, 2, -1, 1], dtype=np.int64)

Batch = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
pulse = st.tuples(
    st.integers(0, len(LANE_OF) - 1),
    st.integers(-300, 6000),
    st.integers(0, 3000),
    st.one_of(st.just(np.nan), st.integers(0, 300).map(lambda v: v / 10)),
)
feeds = st.lists(pulse, max_size=40).map(
    lambda rows: as_arrays(sorted(rows, key=lambda row: row[1]))
)


def as_arrays(rows: list[tuple[int, int, int, float]]) -> Batch:
    """Tenths of a second, as controllers write them, become seconds."""
    on_s = np.array([row[1] for row in rows]) / 10
    return (
        np.array([row[0] for row in rows], dtype=np.int32),
        on_s,
        on_s + np.array([row[2] for row in rows]) / 10,
        np.array([row[3] for row in rows], dtype=np.float64),
    )


def sums(batches: list[Batch], kernel: object = tally_pulses) -> list[np.ndarray]:
    shape = BINS, LANES
    out = [np.zeros(shape, np.int64), np.zeros(shape), np.zeros(shape), np.zeros(shape, np.int64)]
    for batch in batches:
        kernel(*batch, LANE_OF, 0.0, BIN_S, *out)  # type: ignore[operator]
    return out


@given(feeds)
def test_compiled_kernel_equals_its_source(feed: Batch) -> None:
    source = getattr(tally_pulses, "py_func", tally_pulses)
    for compiled, plain in zip(sums([feed]), sums([feed], source), strict=True):
        assert_array_equal(compiled, plain)


@given(feeds, st.lists(st.integers(0, 40), max_size=5))
def test_sums_do_not_depend_on_how_the_feed_is_cut(feed: Batch, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(feed[0])) for cut in cuts), len(feed[0])]
    batches = [tuple(column[a:b] for column in feed) for a, b in pairwise(edges)]
    for whole, parts in zip(sums([feed]), sums(batches), strict=True):
        assert_array_equal(whole, parts)


@settings(max_examples=50)
@given(feeds)
def test_sums_equal_a_slow_plain_reference(feed: Batch) -> None:
    count, occupied_s, speed_sum, speed_count = sums([feed])
    for b in range(BINS):
        for lane in range(LANES):
            begin_s, end_s = b * BIN_S, (b + 1) * BIN_S
            own = [row for row in zip(*feed, strict=True) if LANE_OF[row[0]] == lane]
            counted = [row for row in own if begin_s <= row[1] < end_s]
            speeds = [row[3] for row in counted if not np.isnan(row[3])]
            covered_s = sum(max(min(row[2], end_s) - max(row[1], begin_s), 0.0) for row in own)
            assert count[b, lane] == len(counted)
            assert speed_count[b, lane] == len(speeds)
            assert_allclose(speed_sum[b, lane], sum(speeds), atol=1e-9)
            assert_allclose(occupied_s[b, lane], covered_s, atol=1e-9)


def test_pulse_over_three_bins_is_split_at_their_edges() -> None:
    feed = as_arrays([(0, 590, 1220, np.nan)])  # 59 s to 181 s
    count, occupied_s, _, _ = sums([feed])
    assert count[:, 0].tolist() == [1, 0, 0, 0, 0, 0, 0, 0]
    assert occupied_s[:, 0].tolist() == [1.0, 60.0, 60.0, 1.0, 0.0, 0.0, 0.0, 0.0]


def test_pulse_on_an_edge_counts_in_the_bin_that_begins() -> None:
    count = sums([as_arrays([(0, 600, 0, np.nan), (0, 599, 0, np.nan)][::-1])])[0]
    assert count[:2, 0].tolist() == [1, 1]
