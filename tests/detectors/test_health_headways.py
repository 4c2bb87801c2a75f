"""Headways tell lost vehicles from vehicles that stay away."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from detectors.health.headways import (
    LONGEST_HEADWAY_S,
    gain_of_loss,
    headways_of,
    seen_headways,
    spread_of,
)

CYCLE_S, PLATOON_VEH, CYCLES = 60, 10, 400


def platoons(seed: int = 3) -> np.ndarray:
    """Return the pulses of each second of a queue that discharges once in a cycle."""
    rng = np.random.default_rng(seed)
    series = np.zeros(CYCLE_S * CYCLES)
    for cycle in range(CYCLES):
        fronts_s = cycle * CYCLE_S + np.cumsum(rng.uniform(1.6, 2.6, PLATOON_VEH))
        np.add.at(series, fronts_s.astype(np.int64), 1.0)
    return series


def lost(series: np.ndarray, share: float, seed: int = 4) -> np.ndarray:
    kept = np.random.default_rng(seed).binomial(series.astype(np.int64), 1.0 - share)
    return kept.astype(np.float64)


def gain(seen: np.ndarray, *, sound: float = 0.8, faulty: float = 0.5) -> float:
    found = seen_headways(seen, np.zeros(len(seen), np.int64), 1)
    shares = np.array([[sound]]), np.array([[faulty]])
    return gain_of_loss(headways_of(platoons()), found, *shares).item()


def test_without_a_loss_the_spread_is_that_of_the_next_vehicle() -> None:
    series = platoons()
    seen = seen_headways(series, np.zeros(len(series), np.int64), 1)[0]
    assert_allclose(spread_of(headways_of(series), np.array(1.0)), seen / seen.sum(), atol=2e-3)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_the_spread_after_a_loss_is_that_of_pulses_that_were_lost(share: float) -> None:
    series = platoons()
    left = lost(series, share)
    seen = seen_headways(left, np.zeros(len(left), np.int64), 1)[0]
    foretold = spread_of(headways_of(series), np.array(1.0 - share))
    assert_allclose(foretold, seen / seen.sum(), atol=0.03)


def test_a_loss_of_half_is_told_and_a_sound_detector_is_not_charged() -> None:
    sound = platoons(seed=8)[: 20 * CYCLE_S]
    assert gain(lost(sound, 0.5)) > 8.0
    assert gain(sound) < -8.0


def test_platoons_that_stay_away_are_no_loss() -> None:
    half = platoons(seed=8)[: 20 * CYCLE_S].reshape(-1, CYCLE_S)[::2].ravel()
    assert gain(half) < -8.0


def test_as_much_loss_as_is_allowed_tells_nothing() -> None:
    assert gain(platoons(), sound=1.4, faulty=1.0) == 0.0


def test_headways_belong_to_the_window_in_which_they_end() -> None:
    series = np.zeros(60)
    series[[5, 28, 31, 33]] = 1.0
    seen = seen_headways(series, np.arange(60) // 30, 2)
    assert seen.sum(axis=1).tolist() == [0.0, 2.0]
    assert (seen[1, 3], seen[1, 2]) == (1.0, 1.0)
    assert seen.shape == (2, LONGEST_HEADWAY_S)
    outside = seen_headways(series, np.full(60, -1), 2)
    assert not outside.any()
