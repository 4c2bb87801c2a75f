"""Routes in the numbers that detectors saw: rounding, repeating, fitting and writing."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citybrain.config import SafetyLimits
from citybrain.engine.area import open_area
from citybrain.engine.demand import Demand, observed_demand
from citybrain.engine.feed import observe
from citybrain.model.flows import Detector, DetectorKind, FlowSnapshot, Quality
from citybrain.model.network import Lane, Movement, Network
from sim.sumo.driven import DrivenTrip
from sim.sumo.reweight import (
    _resampled,
    _rounded,
    reweighted,
    timetabled_vehicles,
    write_demand,
)
from sim.sumo.stations import Station, geh, passes, stations_of
from tests.sim.raw_runs import CITY, RawRun, raw_run


def trips_on(route: str, count: int, every_s: float = 30.0) -> list[DrivenTrip]:
    """Return evenly spaced trips on a route such as ``"a b c"``."""
    return [
        DrivenTrip(
            vehicle=f"{route.replace(' ', '-')}.{number}",
            kind="car",
            depart_s=round(number * every_s, 2),
            edges=tuple(route.split()),
            attributes=(("departLane", "best"),),
        )
        for number in range(count)
    ]


def station(
    edge: str, measured_vph: float, onward: Sequence[str] | None = None, weight: float = 1.0
) -> Station:
    return Station(
        name=f"{edge}.{'/'.join(onward or ())}",
        edge=edge,
        onward=None if onward is None else frozenset(onward),
        measured_vph=measured_vph,
        weight=weight,
    )


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


def geh_by_hand(modelled: float, measured: float) -> float:
    return math.sqrt((modelled - measured) ** 2 / ((modelled + measured) / 2))


@pytest.mark.parametrize(
    ("modelled", "measured", "expected"),
    [
        (110, 90, 2.0),
        (0, 50, 10.0),
        (50, 0, 10.0),
        (600, 600, 0.0),
        (0, 0, 0.0),
        (1000, 800, 20 / 3),
    ],
)
def test_geh_equals_its_formula(modelled: float, measured: float, expected: float) -> None:
    assert geh(modelled, measured) == pytest.approx(expected)


def test_a_route_is_counted_as_often_as_it_passes() -> None:
    edges = ["loop", "hub", "loop", "exit"]
    assert passes(station("loop", 1.0), edges) == 2
    assert passes(station("loop", 1.0, ["exit"]), edges) == 1
    assert passes(station("exit", 1.0), edges) == 1
    assert passes(station("exit", 1.0, ["hub"]), edges) == 0
    assert passes(station("elsewhere", 1.0), edges) == 0


LANES = ("a_0", "a_1", "a_2", "b_0", "b_1")
PAVEMENT = "a_3"


def crossing() -> Network:
    """Return approach ``a``: two lanes share the way through, the third turns left alone.

    Edge ``b`` behind it has two lanes and no signal.
    """
    lanes = {
        name: Lane(
            name=name,
            edge=name[0],
            length_m=100.0,
            speed_mps=10.0,
            shape=((0.0, 0.0), (100.0, 0.0)),
            for_vehicles=name != PAVEMENT,
        )
        for name in (*LANES, PAVEMENT)
    }
    turns = {
        ("a", "right"): ("a_0",),
        ("a", "b"): ("a_0", "a_1"),
        ("a", "left"): ("a_2",),
    }
    movements = [
        Movement(
            name=f"{start}->{end}",
            intersection="J",
            from_edge=start,
            to_edge=end,
            turn="through",
            lanes=from_lanes,
            groups=("g",),
        )
        for (start, end), from_lanes in turns.items()
    ]
    return Network(
        name="crossing.net.xml",
        lanes=lanes,
        turns={"a": ("right", "b", "left")},
        movements={movement.name: movement for movement in movements},
        intersections={},
    )


def flows(
    count_veh: Mapping[str, float],
    quality: Mapping[str, Quality] | None = None,
    coverage: Mapping[str, float] | None = None,
) -> FlowSnapshot:
    """Return two quarters of an hour with the same count in both."""
    row = np.array(list(count_veh.values()), dtype=float)
    grid = np.vstack([row, row])
    covered = np.array([(coverage or {}).get(lane, 1.0) for lane in count_veh])
    return FlowSnapshot(
        start=datetime(2026, 3, 17, 6, 30, tzinfo=UTC),
        bin_s=900.0,
        lanes=tuple(count_veh),
        count_veh=grid,
        occupancy=np.zeros_like(grid),
        speed_mps=np.full_like(grid, np.nan),
        coverage=np.vstack([covered, covered]),
        low_veh=grid,
        high_veh=grid,
        quality=tuple((quality or {}).get(lane, Quality.BELIEVED) for lane in count_veh),
    )


ALL_LANES = {"a_0": 50, "a_1": 60, "a_2": 20, "b_0": 70, "b_1": 5}


def test_lanes_that_share_a_turn_are_one_station() -> None:
    through, left, street = stations_of(flows(ALL_LANES), [], crossing())
    assert (through.name, through.onward) == ("a_0+a_1", {"right", "b"})
    assert (left.name, left.onward) == ("a_2", {"left"})
    assert (street.name, street.onward) == ("b_0+b_1", None)
    assert [s.measured_vph for s in (through, left, street)] == [440, 80, 300]
    assert {s.weight for s in (through, left, street)} == {1.0}


@pytest.mark.parametrize("missing", ["a_0", "a_1"])
def test_a_group_with_an_unmeasured_lane_is_no_station(missing: str) -> None:
    rest = {lane: count for lane, count in ALL_LANES.items() if lane != missing}
    assert [s.name for s in stations_of(flows(rest), [], crossing())] == ["a_2", "b_0+b_1"]


def test_dead_lanes_are_unmeasured_and_doubted_ones_weigh_less() -> None:
    quality = {"a_1": Quality.DOUBTED, "b_0": Quality.DEAD}
    found = stations_of(flows(ALL_LANES, quality), [], crossing())
    assert [(s.name, s.weight) for s in found] == [("a_0+a_1", 0.25), ("a_2", 1.0)]
    uncovered = stations_of(flows(ALL_LANES, coverage={"a_2": 0.0}), [], crossing())
    assert [s.name for s in uncovered] == ["a_0+a_1", "b_0+b_1"]


def test_flows_are_those_of_the_covered_time() -> None:
    found = stations_of(flows({"a_2": 20}, coverage={"a_2": 0.5}), [], crossing())
    assert found[0].measured_vph == pytest.approx(160)


def test_stations_are_named_by_their_detectors() -> None:
    detectors = [
        Detector(
            name=f"loop {lane}",
            lane=lane,
            distance_to_stop_line_m=1.5,
            length_m=2.0,
            kind=DetectorKind.STOP_BAR,
        )
        for lane in LANES[:2]
    ]
    assert stations_of(flows(ALL_LANES), detectors, crossing())[0].name == "loop a_0+loop a_1"


# ---- Writing


def test_everything_but_the_vehicles_is_taken_over(tmp_path: Path) -> None:
    source, target = tmp_path / "old.rou.xml", tmp_path / "new.rou.xml"
    source.write_text(
        """<routes><vType id="car"/><route id="r" edges="a b"/>
        <vehicle id="1" depart="5" route="r"/>
        <flow id="tram" line="4" begin="0:01:00" end="3600" period="600" route="r"/>
        <person id="walker" depart="0:02:00"><walk from="a" to="b"/></person>
        <vehicle id="bus" depart="130" route="r"><stop lane="a_0" duration="9"/></vehicle>
        <trip id="2" depart="140" from="a" to="b"/></routes>""",
        encoding="utf-8",
    )
    before = source.read_bytes()
    write_demand(trips_on("a b", 3, every_s=65.0), [source], target)
    written = [
        (e.tag, e.get("id"), e.get("depart") or e.get("begin"))
        for e in ElementTree.parse(target).getroot()
    ]
    assert written == [
        ("vType", "car", None),
        ("route", "r", None),
        ("vehicle", "a-b.0", "0.00"),
        ("flow", "tram", "0:01:00"),
        ("vehicle", "a-b.1", "65.00"),
        ("person", "walker", "0:02:00"),
        ("vehicle", "bus", "130"),
        ("vehicle", "a-b.2", "130.00"),
    ]
    assert source.read_bytes() == before
    assert timetabled_vehicles([source]) == {"tram", "bus"}


# ---- The bundled morning, with its own feed


@dataclass(frozen=True)
class Observed:
    """The bundled morning in its observed demand, and one plain run of it."""

    demand: Demand
    stations: Sequence[Station]
    routes: Path
    original: Path
    original_before: str
    run: RawRun


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Observed:
    folder = tmp_path_factory.mktemp("observed")
    area = open_area(CITY, "morning", SafetyLimits())
    (original,) = area.scenario.route_files
    before = sha256(original)
    observation = observe(area)
    assert observation is not None
    measured, routes = observation.counted.flows, folder / "observed.rou.xml"
    demand = observed_demand(area, measured, observation.detectors, routes, timeout_s=120.0)
    options = ("--route-files", routes, "--seed", "21")
    return Observed(
        demand=demand,
        stations=stations_of(measured, observation.detectors, area.network),
        routes=routes,
        original=original,
        original_before=before,
        run=raw_run(area.scenario.config, folder / "run", *options),
    )


@pytest.mark.integration
def test_most_stations_are_met_by_the_routes(observed: Observed) -> None:
    assert len(observed.demand.fits) == len(observed.stations) > 40
    met = [fit for fit in observed.demand.fits if fit.geh < 5]
    assert len(met) >= 0.85 * len(observed.demand.fits)
    for fit in observed.demand.fits:
        assert fit.geh == pytest.approx(geh_by_hand(fit.modelled_vph, fit.measured_vph))


@pytest.mark.integration
def test_most_stations_are_met_on_the_street(observed: Observed) -> None:
    """Count who passed the stations in a run of one hour with the new routes."""
    driven = []
    for vehicle in ElementTree.parse(observed.run.routes_file).getroot().iter("vehicle"):
        route = vehicle.find("route")
        assert route is not None
        left = [float(time_s) >= 0 for time_s in route.attrib["exitTimes"].split()]
        edges = route.attrib["edges"].split()
        driven.append((edges[: sum(left) + 1], sum(left)))
    met = 0
    for one in observed.stations:
        passed_veh = sum(
            edge == one.edge
            and position < passed
            and (one.onward is None or edges[position + 1] in one.onward)
            for edges, passed in driven
            for position, edge in enumerate(edges)
        )
        met += geh_by_hand(passed_veh, one.measured_vph) < 5
    assert met >= 0.85 * len(observed.stations)


@pytest.mark.integration
def test_buses_and_people_are_taken_over_once(observed: Observed) -> None:
    old, new = (ElementTree.parse(p).getroot() for p in (observed.original, observed.routes))
    for tag, prefix in (("vehicle", "bus_"), ("person", "")):
        names = [
            [e.attrib["id"] for e in root.iter(tag) if e.attrib["id"].startswith(prefix)]
            for root in (old, new)
        ]
        assert names[0] == names[1]
        assert names[0]
    names = [vehicle.attrib["id"] for vehicle in new.iter("vehicle")]
    assert len(set(names)) == len(names)
    in_run = [t.attrib["id"] for t in observed.run.trips if t.attrib["id"].startswith("bus_")]
    assert len(set(in_run)) == len(in_run) > 0


@pytest.mark.integration
def test_the_new_routes_replace_the_old_and_leave_their_file_alone(observed: Observed) -> None:
    assert sha256(observed.original) == observed.original_before
    assert observed.demand.scenario.route_files == (observed.routes.resolve(),)
    written = ElementTree.parse(observed.routes).getroot()
    times_s = [float(vehicle.attrib["depart"]) for vehicle in written.iter("vehicle")]
    assert times_s == sorted(times_s)
    wanted = sum(time_s < observed.demand.scenario.end_s for time_s in times_s)
    assert len(observed.run.trips) == wanted
    assert wanted == len(times_s), "every vehicle that the counts ask for departs within the hour"
