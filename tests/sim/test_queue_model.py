"""Laws of the queue model."""

from dataclasses import replace

import numpy as np
import pytest

from citybrain.ports.evaluation import Evaluation
from citybrain.ports.tables import PERMISSIVE, RED, STOP_THEN_GO
from tests.sim.queue_streets import area, model, trips


def test_the_same_tables_give_the_same_bytes_on_one_and_two_threads() -> None:
    days = (trips(2.0), trips(2.5))
    one, two = model(*days, threads=1), model(*days, threads=2)
    tables = one.tables([area().running] * 3)
    assert one.delays(tables).tobytes() == two.delays(tables).tobytes()


def test_everybody_who_wants_to_travel_is_accounted_for() -> None:
    outcome = model(trips(1.0)).evaluate([Evaluation(plan=area().running, seed=1)])[0]
    assert outcome.vehicle_count == 1800
    assert 0 <= outcome.stranded_veh <= 1800
    assert outcome.delay_s > 0


def test_more_demand_never_lowers_the_mean_delay() -> None:
    running = model(trips(4.0)).tables([area().running])
    means = [model(trips(every_s)).delays(running)[0, 0] for every_s in (4.0, 2.0, 1.0, 0.5)]
    assert means == sorted(means)


def test_no_green_keeps_everybody_waiting_until_the_end() -> None:
    flowing = model(trips(4.0))
    tables = flowing.tables([area().running])
    closed = tables._replace(colour=np.zeros_like(tables.colour))
    assert flowing.delays(closed)[0, 0] > 10 * flowing.delays(tables)[0, 0]


def test_a_plan_shifted_in_time_as_a_whole_costs_nearly_the_same() -> None:
    steady = model(trips(1.5))
    running = area().running
    cycles = {pattern.cycle_s for pattern in running.patterns}
    shifted = replace(
        running,
        patterns=tuple(
            replace(p, offset_s=(p.offset_s + 10) % p.cycle_s) for p in running.patterns
        ),
    )
    before, after = steady.delays(steady.tables([running, shifted]))[:, 0]
    assert len(cycles) <= 2
    assert after == pytest.approx(before, rel=0.15)


def test_delay_by_movement_adds_up_to_no_more_than_the_whole() -> None:
    busy = model(trips(1.0))
    outcome = busy.evaluate([Evaluation(plan=area().running, seed=1)])[0]
    assert 0 < sum(outcome.movement_delay_s.values()) <= outcome.delay_s * 1.0001


def test_who_brakes_harder_passes_fewer_yellows() -> None:
    delays_s = []
    for braking_mps2 in (3.0, 10.0):
        day = tuple(replace(trip, deceleration_mps2=braking_mps2) for trip in trips(1.0))
        busy = model(day)
        delays_s.append(busy.delays(busy.tables([area().running]))[0, 0])
    assert delays_s[0] < delays_s[1]


def test_a_queue_that_has_to_stop_before_it_goes_takes_longer_than_one_that_only_gives_way() -> (
    None
):
    busy = model(trips(2.0))
    tables = busy.tables([area().running])
    delays_s = [
        busy.delays(
            tables._replace(colour=np.where(tables.colour > RED, shown, RED).astype(np.uint8))
        )[0, 0]
        for shown in (PERMISSIVE, STOP_THEN_GO)
    ]
    assert delays_s[0] < delays_s[1]


def test_every_plan_of_a_jammed_city_comes_to_an_end() -> None:
    """Room behind a junction comes free in order; a kernel that expects it sooner never ends."""
    jammed = model(trips(0.35))
    rng = np.random.default_rng(5)
    tables = jammed.tables([area().running] * 60)
    shifts = rng.integers(0, 90, tables.offset_s.shape).astype(np.int32)
    found = jammed.runs(tables._replace(offset_s=shifts % tables.cycle_s))
    assert np.all(found.delay_s > 0)
