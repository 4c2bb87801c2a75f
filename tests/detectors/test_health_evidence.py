"""What counts and headways weigh: by how exactly neighbours foretell, and never for silence."""

import numpy as np
import pytest

from detectors.health.evidence import HALVED, Charge, Scene, evidence_of
from detectors.health.foretelling import LEAST_DISPERSION, Habit, habits_of

LENGTH_S, WINDOW_S = 5400, 900
OWN, TWIN, OTHER = 0, 1, 2


def series(rate_ps: float = 0.05, seed: int = 5) -> np.ndarray:
    """Return a detector, one that sees the same vehicles 3 s earlier, and one of other traffic."""
    draw = np.random.default_rng(seed)
    twin, other = (draw.random((2, LENGTH_S)) < rate_ps).astype(np.float64)
    return np.stack((np.roll(twin, 3), twin, other))


def habit(learned: np.ndarray) -> Habit:
    usable = np.ones(len(learned), np.bool_)
    return habits_of(learned, np.ones(LENGTH_S, np.bool_), usable)[OWN]


def halved(seen: np.ndarray, own: Habit) -> np.ndarray:
    """Return the evidence for a loss of half ``[model, window]``."""
    scene = Scene(
        series=seen,
        known=np.ones(LENGTH_S, np.bool_),
        window=np.arange(LENGTH_S) // WINDOW_S,
        window_count=LENGTH_S // WINDOW_S,
    )
    return evidence_of(scene, {OWN: own}, 0)[OWN][Charge(HALVED)]


def test_counts_vary_less_around_a_twin_than_without_it() -> None:
    own = habit(series())
    without = own.dispersion[1 + own.partners.index(TWIN)]
    assert LEAST_DISPERSION <= own.dispersion[0] < 0.8
    assert without > 1.4 * own.dispersion[0]


def test_bursts_that_no_neighbour_foretells_weaken_the_evidence() -> None:
    learned = series()
    bursty = learned.copy()
    bursty[OWN] *= (np.arange(LENGTH_S) // 600) % 2
    assert habit(bursty).dispersion[0] > 4.0 * habit(learned).dispersion[0]


def test_half_of_the_vehicles_is_told_and_none_at_all_is_not_half() -> None:
    own, seen = habit(series()), series(seed=6)
    assert np.all(halved(seen, own)[0] < 0.0)
    draw = np.random.default_rng(7)
    lost = seen.copy()
    lost[OWN] *= draw.random(LENGTH_S) < 0.5
    assert halved(lost, own)[0].sum() > 8.0
    lost[OWN] = 0.0
    assert np.all(halved(lost, own) <= 0.0)


def test_fewer_platoons_are_charged_less_than_fewer_vehicles() -> None:
    """A demand no neighbour knows of falls to 60 %: queues are shorter, or vehicles are lost."""
    draw = np.random.default_rng(8)
    starts_s = np.arange(0, LENGTH_S, 60)

    def platoons() -> np.ndarray:
        own = np.zeros(LENGTH_S)
        for start_s in starts_s:
            own[start_s + np.cumsum(draw.integers(2, 4, draw.integers(6, 11)))] = 1.0
        return own

    nobody = (draw.random(LENGTH_S) < 0.05).astype(np.float64)
    own = habit(np.stack((platoons(), nobody)))
    seen = platoons()
    place = np.arange(LENGTH_S) % 60
    fewer = np.stack((seen * (place < 13), nobody))
    lost = np.stack((seen * (draw.random(LENGTH_S) < 0.6), nobody))
    assert fewer[0].sum() == pytest.approx(lost[0].sum(), rel=0.1)
    assert halved(lost, own)[0].sum() > 8.0
    assert halved(fewer, own)[0].sum() < 0.0
