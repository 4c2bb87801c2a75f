"""Drivers choose routes by smoothed edge speeds, as SUMO's rerouting device tells them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.queue_model.choosing.kernels import SPEED, chosen, empty_edges, note_entry, note_exit

LENGTH_M, LIMIT_MPS = 140.0, 14.0
FREE_S = LENGTH_M / LIMIT_MPS


def edges(count: int = 1) -> np.ndarray:
    """Return empty edges of one lane each."""
    return empty_edges(
        np.arange(count, dtype=np.int32), np.full(count, LENGTH_M), np.full(count, LIMIT_MPS)
    )


def spent(on: np.ndarray, visits: list[tuple[float, float]]) -> float:
    """Let vehicles come and go, and return the smoothed speed at the end. [m/s]"""
    events = [(at_s, 0) for at_s, _ in visits] + [(at_s + took_s, 1) for at_s, took_s in visits]
    for at_s, is_exit in sorted(events):
        if is_exit:
            note_exit(on[0], at_s)
        else:
            note_entry(on[0], at_s, FREE_S)
    return float(on[0, SPEED])


@given(
    st.lists(st.tuples(st.floats(0.0, 600.0), st.floats(FREE_S, 300.0)), min_size=1, max_size=20)
)
def test_a_speed_is_never_above_the_limit_nor_below_a_stand(
    visits: list[tuple[float, float]],
) -> None:
    assert 0.0 <= spent(edges(), visits) <= LIMIT_MPS + 1e-9


def test_who_drives_freely_lowers_no_speed() -> None:
    assert spent(edges(), [(30.0 * n, FREE_S) for n in range(9)]) == pytest.approx(LIMIT_MPS)


def test_who_stands_counts_as_long_as_it_stands() -> None:
    """Two minutes in every three an edge holds one vehicle, which drives for 10 s of them."""
    seen = spent(edges(), [(180.0 * n, 120.0) for n in range(20)])
    assert seen < 0.6 * LIMIT_MPS


def test_an_edge_that_everybody_left_is_chosen_again() -> None:
    """Two routes over an edge each; the first was jammed and is empty now."""
    both = edges(2)
    spent(both, [(0.0, 300.0), (5.0, 295.0)])
    choices = (
        np.array([0, 2], dtype=np.int32),
        np.array([7, 8], dtype=np.int32),
        np.array([0.0, 5.0]),
        np.array([0, 1, 2], dtype=np.int32),
        np.array([0, 1], dtype=np.int32),
    )
    assert chosen(0, choices, both, 301.0) == 8
    assert chosen(0, choices, both, 1500.0) == 7
