"""What people on foot wait in the queue model, and who is charged for it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.config import PAYING_WEIGHT
from citybrain.ports.blocks import Block, stacked
from citybrain.ports.tables import PERMISSIVE, PROTECTED, RED, SignalTables
from sim.queue_model.arrays import Floats
from sim.queue_model.pricing import TablePricer
from sim.queue_model.walking.kernels import mean_wait_s
from tests.sim.queue_streets import area, model, trips

TRAFFIC = model(trips(1.5), trips(1.2))
HALF_S = 0.5


@given(st.lists(st.sampled_from([RED, PROTECTED, PERMISSIVE]), min_size=1, max_size=90))
def test_the_mean_wait_is_that_of_all_instants(shown: list[int]) -> None:
    cycle_s = len(shown)
    if RED not in shown or set(shown) == {RED}:
        mean_s = cycle_s if RED in shown else 0.0
    else:
        waits_s = [
            0.0 if shown[k] != RED else HALF_S + _red_after(shown, k) for k in range(cycle_s)
        ]
        mean_s = sum(waits_s) / cycle_s
    row = np.array([0, *shown], dtype=np.uint8)
    assert mean_wait_s(row, 1, cycle_s) == pytest.approx(mean_s)


def _red_after(shown: list[int], k: int) -> int:
    """Return how many whole seconds of red follow a second."""
    onward = [shown[(k + n) % len(shown)] for n in range(1, len(shown) + 1)]
    return next(n for n, colour in enumerate(onward) if colour != RED)


def with_walks() -> int:
    """Return the place of an intersection that people on foot cross."""
    known = area().network.intersections
    walked = [any(g.is_pedestrian for g in known[name].groups) for name in TRAFFIC.intersections]
    return walked.index(True)


def slowed(blocks: Sequence[Block], gap_s: float = 0.0) -> list[Block]:
    """Show everything at that intersection twice as long; with a gap, it follows detectors."""
    place, found = with_walks(), list(blocks)
    colour = np.repeat(found[place].colour, 2, axis=1)
    found[place] = replace(found[place], colour=colour, gap_s=gap_s)
    return found


def priced(tables: SignalTables, *, with_walkers: bool) -> tuple[Floats, Floats]:
    scene = area()
    pricer = TablePricer(TRAFFIC, scene.network, running=scene.running, with_walkers=with_walkers)
    prices = pricer.price(tables)
    return prices.mean_s, prices.local_s


def test_longer_waits_on_foot_are_charged_where_they_arise() -> None:
    today = TRAFFIC.blocks(area().running)
    tables = stacked([today, slowed(today)])
    plain, walking = (priced(tables, with_walkers=each) for each in (False, True))
    added_s, where_s = walking[0] - plain[0], walking[1] - plain[1]
    assert added_s[0] == 0.0
    assert added_s[1] > PAYING_WEIGHT
    assert np.flatnonzero(where_s[1]).tolist() == [with_walks()]
    assert where_s[1].sum() == pytest.approx(added_s[1] * len(trips(1.5)), rel=0.2)


def test_what_follows_detectors_is_left_to_the_simulation() -> None:
    tables = stacked([slowed(TRAFFIC.blocks(area().running), gap_s=3.0)])
    plain, walking = (priced(tables, with_walkers=each) for each in (False, True))
    assert np.array_equal(plain[0], walking[0])
