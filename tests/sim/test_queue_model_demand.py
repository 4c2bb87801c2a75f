"""Laws of the queue model's demand: flows, turning ratios and stops on the way."""

import subprocess
import sys
from dataclasses import replace

import pytest

from citybrain.errors import InputError
from sim.queue_model.demand import Trip, scaled
from sim.queue_model.flow_demand import drawn_trips
from tests.sim.queue_streets import area, model, routes, trips


def test_turning_ratios_are_met_on_average() -> None:
    drawn = drawn_trips(
        {"a": 6000.0}, {("a", "b"): 0.25, ("a", "c"): 0.75}, horizon_s=3600.0, seed=1
    )
    share = sum(trip.edges == ("a", "b") for trip in drawn) / len(drawn)
    assert len(drawn) == pytest.approx(6000, rel=0.05)
    assert share == pytest.approx(0.25, abs=0.02)


def test_the_same_seed_draws_the_same_day_and_another_seed_another_one() -> None:
    days = [
        drawn_trips({"a": 500.0}, {("a", "b"): 1.0}, horizon_s=3600.0, seed=seed)
        for seed in (1, 1, 2)
    ]
    assert days[0] == days[1] != days[2]


def test_ratios_above_one_are_refused_by_name() -> None:
    with pytest.raises(InputError, match="edge a"):
        drawn_trips({"a": 1.0}, {("a", "b"): 0.7, ("a", "c"): 0.7}, horizon_s=1.0, seed=1)


def test_a_route_with_a_gap_is_refused_by_name() -> None:
    first, _, last = routes()[0]
    broken = tuple(replace(trip, edges=(first, first, last)) for trip in trips(600.0))
    with pytest.raises(InputError, match=first):
        model(broken)


def test_a_stop_on_the_way_is_no_delay_itself() -> None:
    edge = routes()[0][1]
    alone = tuple(trip for trip in trips(30.0) if trip.edges == routes()[0])[:1]
    stopping = tuple(replace(trip, dwell_s=((edge, 600.0),)) for trip in alone)
    costs_s = []
    for day in (alone, stopping):
        compiled = model(day)
        costs_s.append(compiled.delays(compiled.tables([area().running]))[0, 0])
    assert abs(costs_s[1] - costs_s[0]) <= max(p.cycle_s for p in area().running.patterns)


def test_drivers_who_keep_more_headway_lose_more_time() -> None:
    costs_s = []
    for tau_s in (0.8, 1.0, 1.5, 2.0):
        compiled = model(tuple(replace(trip, tau_s=tau_s) for trip in trips(1.0)))
        costs_s.append(compiled.delays(compiled.tables([area().running]))[0, 0])
    assert costs_s == sorted(costs_s)
    assert costs_s[-1] > 1.1 * costs_s[1]


def test_who_keeps_more_headway_is_who_drives_behind() -> None:
    """Two on one lane, the first of a queue: the last one's headway holds back nobody."""
    pair = tuple(trip for trip in trips(1.0, last_s=60.0) if trip.edges == routes()[0])[:2]
    pair = tuple(replace(trip, depart_s=1.0) for trip in pair)
    lost_s = []
    for kept in ((1.0, 1.0), (3.0, 1.0), (1.0, 3.0)):
        day = tuple(replace(trip, tau_s=tau_s) for trip, tau_s in zip(pair, kept, strict=True))
        compiled = model(day)
        lost_s.append(compiled.runs(compiled.tables([area().running])).delay_s[0, 0])
    assert lost_s[1] == lost_s[0]
    assert lost_s[2] > lost_s[0]


def test_the_model_runs_where_sumo_is_not_installed() -> None:
    code = "import sys; sys.modules['sumo'] = None; import sim.queue_model.model"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(("factor", "count"), [(0.5, 500), (1.0, 1000), (1.1, 1100), (2.25, 2250)])
def test_a_busier_day_has_so_many_more_travellers_and_nobody_else(
    factor: float, count: int
) -> None:
    day = tuple(Trip(depart_s=float(second), edges=("a",)) for second in range(1000))
    busier = scaled(day, factor, 7)
    assert len(busier) == pytest.approx(count, rel=0.1)
    assert set(busier) <= set(day)
    assert factor < 1 or set(busier) == set(day)
