"""Routes in the numbers that detectors saw: rounding, repeating, fitting and writing."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.sumo.driven import DrivenTrip
from sim.sumo.reweight import (
    _resampled,
    _rounded,
    reweighted,
)
from sim.sumo.stations import Station, passes
from tests.sim.counted_routes import geh_by_hand, station, trips_on

# ---- Rounding and repeating


@given(st.lists(st.floats(0.0, 500.0), min_size=1, max_size=80))
def test_rounding_keeps_every_partial_sum_within_one(values: list[float]) -> None:
    whole = _rounded(np.array(values))
    assert all(value >= 0 and value == int(value) for value in whole)
    off = np.cumsum(whole) - np.cumsum(values)
    assert np.all(np.abs(off) < 1)


@given(
    st.lists(st.integers(0, 360_000), min_size=1, max_size=40),
    st.integers(0, 200),
)
def test_a_route_is_repeated_to_exactly_the_number_asked(
    departures_cs: list[int], count: int
) -> None:
    trips = [
        replace(trip, depart_s=time_cs / 100)
        for trip, time_cs in zip(
            trips_on("a b", len(departures_cs)), sorted(departures_cs), strict=True
        )
    ]
    last_s = trips[-1].depart_s + 20.0
    chosen = list(_resampled(trips, count, last_s))
    assert len(chosen) == count
    assert len({trip.vehicle for trip in chosen}) == count
    times_s = [trip.depart_s for trip in chosen]
    assert times_s == sorted(times_s)
    assert max(times_s, default=0.0) <= last_s
    assert {trip.edges for trip in chosen} <= {("a", "b")}
    if count <= len(trips):
        assert set(chosen) <= set(trips)
    else:
        assert set(trips) <= set(chosen)


def test_fewer_vehicles_are_spread_evenly_and_more_fall_between() -> None:
    trips = trips_on("a b", 6, every_s=10.0)
    assert [trip.depart_s for trip in _resampled(trips, 3, 99.0)] == [10.0, 30.0, 50.0]
    doubled = [trip.depart_s for trip in _resampled(trips[:3], 6, 99.0)]
    assert doubled[::2] == [0.0, 10.0, 20.0]
    assert all(a < b < a + 10 for a, b in zip(doubled[:4:2], doubled[1:5:2], strict=True))


# ---- Fitting

TOWN = ("west hub east", "west hub south", "north hub east", "north hub south")


def town_trips(counts: Sequence[int]) -> list[DrivenTrip]:
    return [t for route, n in zip(TOWN, counts, strict=True) for t in trips_on(route, n, 5.0)]


def town_stations(counts: Sequence[int]) -> list[Station]:
    """Return stations that saw given numbers on the routes of the town within an hour."""
    west_east, west_south, north_east, north_south = counts
    return [
        station("west", west_east + west_south),
        station("north", north_east + north_south),
        station("hub", west_east + north_east, ["east"]),
        station("hub", west_south + north_south, ["south"]),
    ]


PRIOR_WEIGHT = 0.3
counts = st.lists(st.integers(20, 600), min_size=4, max_size=4)
factors = st.lists(st.floats(0.5, 2.0), min_size=4, max_size=4)
few = settings(max_examples=25, deadline=None)


@few
@given(counts)
def test_counts_of_the_scenario_itself_change_nothing(own: list[int]) -> None:
    trips = town_trips(own)
    result = reweighted(trips, town_stations(own), hours=1.0)
    assert sorted(result.trips, key=str) == sorted(trips, key=str)
    assert all(fit.geh == pytest.approx(0.0, abs=1e-9) for fit in result.fits)


@few
@given(counts, factors)
def test_consistent_counts_are_met(own: list[int], times: list[float]) -> None:
    stations = town_stations([round(n * factor) for n, factor in zip(own, times, strict=True)])
    result = reweighted(town_trips(own), stations, hours=1.0)
    assert max(fit.geh for fit in result.fits) < 3.0
    assert [fit.measured_vph for fit in result.fits] == [one.measured_vph for one in stations]


@few
@given(counts, counts)
def test_counts_alone_are_met_up_to_rounding(own: list[int], seen: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.sumo.reweight._PRIOR_WEIGHT", 1e-4)
        result = reweighted(town_trips(own), town_stations(seen), hours=1.0)
    assert all(abs(fit.modelled_vph - fit.measured_vph) <= 2 for fit in result.fits)


@pytest.mark.parametrize(("own", "seen"), [(20, 40), (20, 600), (100, 50), (300, 0)])
def test_a_scenario_far_from_the_measured_level_is_lifted_to_it(own: int, seen: int) -> None:
    result = reweighted(trips_on("west hub", own), [station("west", seen)], hours=1.0)
    assert len(result.trips) == seen


def test_a_route_lies_between_its_lifted_prior_and_its_count() -> None:
    """Setting the derivative of the objective to zero gives the number in closed form."""
    own, seen = {"west": 100, "north": 100}, {"west": 300, "north": 100}
    trips = [trip for place, count in own.items() for trip in trips_on(f"{place} hub", count)]
    stations = [station(place, count) for place, count in seen.items()]
    result = reweighted(trips, stations, hours=1.0)
    level = sum(seen.values()) / sum(own.values())
    for place, count in seen.items():
        count_weight, prior_weight = 1 / (count + 1), PRIOR_WEIGHT**2 / own[place]
        weighted = count_weight * count + prior_weight * level * own[place]
        expected = weighted / (count_weight + prior_weight)
        found = sum(trip.edges[0] == place for trip in result.trips)
        assert abs(found - expected) <= 1


def test_modelled_flows_are_those_of_the_returned_trips() -> None:
    stations = town_stations([90, 400, 30, 170])
    result = reweighted(town_trips([150, 80, 60, 300]), stations, hours=0.5)
    for one, fit in zip(stations, result.fits, strict=True):
        passed_veh = sum(passes(one, trip.edges) for trip in result.trips)
        assert fit.modelled_vph == passed_veh / 0.5
        assert fit.geh == pytest.approx(geh_by_hand(fit.modelled_vph, one.measured_vph))


def test_a_route_that_nobody_drove_is_removed() -> None:
    stations = [station("west", 0.0), station("north", 120.0)]
    trips = [*trips_on("west hub", 40), *trips_on("north hub", 80)]
    result = reweighted(trips, stations, hours=1.0)
    assert {trip.edges[0] for trip in result.trips} == {"north"}
    assert result.fits[0].modelled_vph == 0.0


def test_a_route_that_no_station_sees_keeps_its_number() -> None:
    trips = [*trips_on("west hub", 40), *trips_on("out of sight", 33)]
    result = reweighted(trips, [station("west", 90.0)], hours=1.0)
    assert sum(trip.edges[0] == "out" for trip in result.trips) == 33


def test_doubted_stations_weigh_less() -> None:
    trips = trips_on("west hub", 100)
    pair = [station("west", 200.0), station("hub", 100.0)]
    equal = reweighted(trips, pair, hours=1.0)
    doubted = reweighted(trips, [replace(pair[0], weight=0.25), pair[1]], hours=1.0)
    assert 100 < len(doubted.trips) < len(equal.trips) < 200


def test_timetabled_vehicles_are_counted_and_left_to_the_timetable() -> None:
    buses = [
        replace(trip, vehicle=f"bus.{number}")
        for number, trip in enumerate(trips_on("west hub", 9))
    ]
    cars = [replace(trip, edges=("west", "hub", "east")) for trip in trips_on("car", 20)]
    result = reweighted([*cars, *buses], [station("west", 49.0)], 1.0, timetabled={"bus"})
    assert not any(trip.vehicle.startswith("bus") for trip in result.trips)
    alone = reweighted(cars, [station("west", 40.0)], 1.0)
    assert result.trips == alone.trips
    assert result.fits[0].modelled_vph == len(result.trips) + 9


def test_the_same_input_gives_the_same_trips() -> None:
    arguments = (town_trips([50, 60, 70, 80]), town_stations([90, 20, 70, 300]), 1.0)
    assert reweighted(*arguments) == reweighted(*arguments)


def test_repeated_vehicles_depart_while_the_scenario_still_sends_some() -> None:
    late = [replace(trip, depart_s=3590.0) for trip in trips_on("west hub", 1)]
    others = [replace(trip, depart_s=3595.0) for trip in trips_on("north hub", 1)]
    result = reweighted([*late, *others], [station("west", 9.0), station("north", 1.0)], hours=1.0)
    times_s = [trip.depart_s for trip in result.trips]
    assert len(times_s) > 4
    assert times_s == sorted(times_s)
    assert max(times_s) == 3595.0


# ---- GEH and stations
