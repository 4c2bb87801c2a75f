"""Routes of a whole scenario, weighted anew by what its detectors count, and run in SUMO."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.area import open_area
from citybrain.engine.demand import Demand, observed_demand
from citybrain.engine.feed import observe
from sim.sumo.reweight import (
    timetabled_vehicles,
    write_demand,
)
from sim.sumo.stations import Station, stations_of
from tests.sim.counted_routes import geh_by_hand, trips_on
from tests.sim.raw_runs import CITY, RawRun, raw_run


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
