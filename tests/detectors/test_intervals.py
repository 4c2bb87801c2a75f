"""Intervals hold the vehicles that really passed: as laws, and in small runs of the study."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from benchmarks.intervals import STATED, STRATA, study
from citybrain.errors import InfeasibleError
from detectors.bins import Bins
from detectors.interval_evidence import dispersions, neighbours_of, suspects
from detectors.intervals import CountErrors, count_interval
from tests.detectors.feeds import START, pulses


@pytest.mark.parametrize("passed", [0, 1, 7, 40, 400])
@pytest.mark.parametrize("rate", [0.0, 0.01, 0.03])
def test_interval_covers_whatever_the_share_missed_or_doubled(passed: int, rate: float) -> None:
    more = np.arange(passed + 1)
    chance = binom.pmf(more, passed, rate)
    for counted in (passed - more, passed + more):
        low, high = count_interval(counted.astype(np.float64), np.ones(passed + 1))
        covers = (low <= passed) & (passed <= high)
        assert chance[covers].sum() >= STATED


@given(st.lists(st.integers(0, 3000), min_size=2, max_size=20), st.floats(0.01, 1.0))
def test_ends_grow_with_the_count_and_with_what_is_not_covered(
    counts: list[int], share: float
) -> None:
    count_veh = np.sort(np.array(counts, dtype=np.float64))
    low, high = count_interval(count_veh, np.full(len(counts), share))
    assert np.all(np.diff(low) >= 0)
    assert np.all(np.diff(high) >= 0)
    whole = count_interval(count_veh, np.ones(len(counts)))
    assert np.all(whole[0] <= low)
    assert np.all(whole[1] <= high)
    assert np.all((whole[0] <= count_veh) & (count_veh <= whole[1]))


def test_nothing_covered_says_nothing() -> None:
    low, high = count_interval(np.zeros(1), np.zeros(1))
    assert (low[0], high[0]) == (0.0, np.inf)


def test_a_vehicle_cannot_follow_at_a_tenth_of_a_second() -> None:
    rows = [("a", 1.0, 2.0), ("a", 2.1, 2.6), ("a", 9.0, 9.5), ("a", 9.6, 10.0), ("b", 9.7, 10)]
    bins = Bins(start=START, start_s=0.0, bin_s=5.0, count=3)
    found = suspects(pulses(rows), np.array([0, 1]), bins, 2)
    assert found.tolist() == [[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]]
    low, high = count_interval(np.array([20.0]), np.ones(1), suspect_veh=np.array([4.0]))
    assert (low[0], high[0]) == (14.0, 23.0)


def test_platoons_are_more_bunched_than_even_traffic() -> None:
    even = [("a", t, t + 0.5) for t in np.arange(0.0, 3600.0, 6.0)]
    platoons = [
        ("b", start + k * 2.0, start + k * 2.0 + 0.5)
        for start in np.arange(0.0, 3600.0, 60.0)
        for k in range(10)
    ]
    bins = Bins(start=START, start_s=0.0, bin_s=300.0, count=12)
    coverage = np.ones((12, 2))
    coverage[3] = 0.9
    found = dispersions(pulses(even + platoons), np.array([0, 1]), bins, coverage)
    assert found[3, 0] == 1.0
    assert found[3, 1] > 3.0
    assert np.all(found[np.arange(12) != 3] == 1.0)


@pytest.mark.parametrize("name", ["gaps, platoons 600", "all of it, platoons 500", "break-up 8"])
def test_intervals_cover_at_the_stated_rate_in_a_short_study(name: str) -> None:
    stratum = next(stratum for stratum in STRATA if stratum.name.startswith(name))
    result = study(stratum, feeds=3, seed=77)
    assert result.coverage >= STATED
    assert result.partial_coverage is None or result.partial_coverage >= STATED - 0.02
    assert result.relative_width < 0.4


def test_a_bin_with_a_long_gap_is_told_by_its_neighbours() -> None:
    rng = np.random.default_rng(4)
    count_veh = rng.poisson(40, (24, 2)).astype(np.float64)
    coverage = np.ones((24, 2))
    coverage[9], count_veh[9] = 0.1, 4.0
    near = neighbours_of(count_veh, coverage)
    assert near.level_veh[9, 0] == (count_veh[8, 0] + count_veh[10, 0]) / 2
    assert 20 < near.variance_veh[9, 0] < 240
    alone = count_interval(count_veh, coverage, dispersion=1.0)
    both = count_interval(count_veh, coverage, dispersion=1.0, neighbours=near)
    assert both[1][9, 0] - both[0][9, 0] < 0.7 * (alone[1][9, 0] - alone[0][9, 0])
    few = neighbours_of(count_veh[:5], np.ones((5, 2)))
    assert np.all(np.isinf(few.variance_veh))


@pytest.mark.parametrize("told", [{"missed": 1.0}, {"doubled": -0.1}, {"confidence": 1.0}])
def test_allowances_that_are_no_shares_are_refused(told: dict[str, float]) -> None:
    with pytest.raises(InfeasibleError, match="the shares are at least 0"):
        CountErrors(**told)
