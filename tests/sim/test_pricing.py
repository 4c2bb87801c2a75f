"""Laws of the prices that the queue model tells a search, under other objectives."""

from dataclasses import replace

import numpy as np
import pytest

from citybrain.config import PAYING_WEIGHT, Objective
from citybrain.model.plan import Plan
from citybrain.ports.evaluation import Evaluation
from citybrain.ports.tables import Prices
from sim.queue_model.model import QueueModel
from sim.queue_model.pricing import TablePricer, nearest_signals
from tests.sim.queue_streets import area, model, trips

TRAFFIC = model(trips(1.5), trips(1.2))


def price(objective: Objective, *, knows_today: bool = False) -> Prices:
    scene = area()
    running = scene.running if knows_today else None
    pricer = TablePricer(TRAFFIC, scene.network, objective, running)
    return pricer.price(TRAFFIC.tables([scene.running]))


def test_a_stop_costs_what_it_is_said_to_cost() -> None:
    plain, stops = price(Objective()), price(Objective(stop_s=10.0))
    counts = TRAFFIC.runs(TRAFFIC.tables([area().running])).stops[0]
    wanted = np.array([len(day.depart_s) for day in TRAFFIC.days])
    assert stops.mean_s[0] - plain.mean_s[0] == pytest.approx(10.0 * np.mean(counts / wanted))
    assert np.all(stops.local_s >= plain.local_s)
    assert np.array_equal(stops.delay_s, plain.delay_s)


def test_what_waits_beyond_the_bound_is_charged_where_it_waits() -> None:
    plain, bounded = price(Objective()), price(Objective(worst_movement_s=15.0))
    charged_s = bounded.local_s - plain.local_s
    assert charged_s.sum() > 0
    assert np.all(charged_s >= 0)
    assert np.all(charged_s <= PAYING_WEIGHT * plain.delay_s)


def test_today_bounds_what_waits_longer_today() -> None:
    plain = price(Objective())
    assert np.allclose(
        price(Objective(worst_movement_s=15.0), knows_today=True).mean_s, plain.mean_s
    )


def test_all_delay_is_charged_where_the_traffic_that_loses_it_goes_next() -> None:
    crowd = model(trips(0.2))
    pricer = TablePricer(crowd, area().network)
    tables = crowd.tables([area().running])
    runs, prices = crowd.runs(tables), pricer.price(tables)
    assert prices.local_s.sum() == pytest.approx(runs.delay_s.mean(), rel=0.01)
    kept_out_s = runs.kept_out_s.sum(axis=-1).mean()
    assert kept_out_s > 0.05 * runs.delay_s.mean()
    assert (prices.local_s - prices.delay_s).sum() == pytest.approx(kept_out_s)


def with_buses(*, every: int) -> QueueModel:
    """Let one of so many vehicles be a bus."""
    return model(
        tuple(
            replace(trip, vclass="passenger" if number % every else "bus")
            for number, trip in enumerate(trips(1.5))
        )
    )


def shifted(plan: Plan, share: float) -> Plan:
    """Shift the first signal by a share of its cycle."""
    first = plan.patterns[0]
    offset_s = (first.offset_s + share * first.cycle_s) % first.cycle_s
    return plan.with_patterns({first.intersection: replace(first, offset_s=offset_s)})


def test_all_delay_of_a_day_of_buses_is_that_of_buses() -> None:
    buses, cars = with_buses(every=1), model(trips(1.5))
    plan = area().running
    told, other = (
        each.evaluate([Evaluation(plan=plan, seed=1, demand_scale=1.0)])[0]
        for each in (buses, cars)
    )
    assert told.bus_count == told.vehicle_count
    assert told.bus_delay_s == pytest.approx(told.delay_s)
    assert (other.bus_count, other.bus_delay_s) == (0, 0.0)


@pytest.mark.parametrize("weight", [0.0, 1.0, 30.0])
def test_a_second_of_a_bus_has_the_weight_that_it_is_said_to_have(weight: float) -> None:
    mixed, scene = with_buses(every=4), area()
    tables = mixed.tables([scene.running])
    plain, weighed = (
        TablePricer(mixed, scene.network, Objective(bus_weight=each)).price(tables)
        for each in (1.0, weight)
    )
    added_s = (weight - 1.0) * mixed.runs(tables).bus_delay_s.sum()
    assert weighed.mean_s[0] - plain.mean_s[0] == pytest.approx(added_s / len(trips(1.5)))
    assert (weighed.local_s - plain.local_s).sum() == pytest.approx(added_s, rel=0.01)
    assert np.array_equal(weighed.delay_s, plain.delay_s)


def test_buses_do_not_pay_for_cars() -> None:
    mixed, scene = with_buses(every=4), area()
    one, _ = two = [shifted(scene.running, share) for share in (0.0, 0.5)]
    tables = mixed.tables(two)
    lost_s = mixed.runs(tables).bus_delay_s.sum(axis=(1, 2))
    if lost_s[1] < lost_s[0]:
        one, tables, lost_s = two[1], mixed.tables(two[::-1]), lost_s[::-1]
    assert lost_s[1] > lost_s[0]
    free, bound = (
        TablePricer(mixed, scene.network, Objective(), running).price(tables)
        for running in (None, one)
    )
    paid_s = PAYING_WEIGHT * (lost_s[1] - lost_s[0])
    assert bound.mean_s[0] == pytest.approx(free.mean_s[0])
    assert bound.mean_s[1] - free.mean_s[1] == pytest.approx(paid_s / len(trips(1.5)))
    assert (bound.local_s - free.local_s)[1].sum() == pytest.approx(paid_s, rel=0.01)


def test_traffic_meets_the_next_signal_on_its_way() -> None:
    ends = [("", "a"), ("a", "b"), ("b", "c"), ("c", "d"), ("c", "e"), ("d", "out"), ("", "e")]
    place = np.array([-1, -1, -1, 0, 0, 1, -1])
    assert nearest_signals(ends, place) == {"a": 0, "b": 0, "c": 0, "d": 1}


def test_intersections_that_follow_each_other_are_neighbours() -> None:
    scene = area()
    found = TablePricer(TRAFFIC, scene.network).neighbours
    assert found
    assert {(other, one) for one, other in found} == found  # every street has two directions
    assert all(one != other for one, other in found)
