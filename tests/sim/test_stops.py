"""Stops on the way are found wherever files may name them."""

from pathlib import Path

import pytest

from citybrain.errors import InputError
from sim.queue_model.sumo_demand import routed_days
from sim.sumo.scenario import SumoScenario
from sim.sumo.stops import planned_stops

PLACES = '<busStop id="market" lane="e1_0"/><busStop id="church" lane="e:2_1"/>'


def _scenario(folder: Path, routes: str, additional: str = PLACES) -> SumoScenario:
    for name, content in (("rou", routes), ("add", additional)):
        (folder / f"{name}.xml").write_text(f"<routes>{content}</routes>")
    return SumoScenario(
        name="stopping",
        config=folder / "none.sumocfg",
        net_file=folder / "none.net.xml",
        route_files=(folder / "rou.xml",),
        additional_files=(folder / "add.xml",),
        begin_s=0.0,
        end_s=90.0,
        options=(),
    )


def _stops(folder: Path, routes: str, additional: str = PLACES) -> dict[str, object]:
    return dict(planned_stops(_scenario(folder, routes, additional)))


def test_a_vehicle_has_the_stops_of_its_route_and_its_own(tmp_path: Path) -> None:
    found = _stops(
        tmp_path,
        '<route id="line" edges="e1 e:2"><stop busStop="market" duration="20"/></route>'
        '<flow id="bus" begin="0" end="9" number="3" route="line">'
        '<stop busStop="church" duration="0:01:10" until="300"/></flow>'
        '<vehicle id="other" depart="0"><route edges="e1 e2"/></vehicle>',
    )
    assert found == {"bus": (("e1", 20.0), ("e:2", 70.0))}


def test_buses_in_an_additional_file_stop_too(tmp_path: Path) -> None:
    bus = '<vehicle id="11" depart="0"><route edges="e1"/><stop busStop="market" duration="20"/>'
    assert _stops(tmp_path, "", f"{PLACES}{bus}</vehicle>") == {"11": (("e1", 20.0),)}


def test_stops_on_one_edge_add_up_and_who_parks_holds_up_nobody(tmp_path: Path) -> None:
    found = _stops(
        tmp_path,
        '<trip id="van" depart="0" from="e1" to="e2"><stop lane="e1_0" duration="20"/>'
        '<stop edge="e1" duration="30"/><stop lane="e2_0" duration="600" parking="true"/></trip>'
        '<trip id="car" depart="1" from="e1" to="e2"><stop parkingArea="p" duration="60"/></trip>',
    )
    assert found == {"van": (("e1", 50.0),)}


def test_a_duration_that_is_no_time_is_told_with_file_and_vehicle(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"rou\.xml: trip van.*'soon'"):
        _stops(
            tmp_path,
            '<trip id="van" depart="0"><stop busStop="market" duration="soon"/></trip>',
        )


def test_places_of_different_kinds_may_share_a_name(tmp_path: Path) -> None:
    places = '<busStop id="1" lane="e1_0"/><chargingStation id="1" lane="e9_0"/>'
    bus = '<trip id="bus" depart="0"><stop busStop="1" duration="20"/></trip>'
    assert _stops(tmp_path, bus, places) == {"bus": (("e1", 20.0),)}


def test_who_comes_by_twice_stops_once_each_time(tmp_path: Path) -> None:
    stop = '<stop lane="e1_0" duration="20"/>'
    bus = f'<vehicle id="bus" depart="0"><route edges="e1 e2 e1"/>{stop}{stop}</vehicle>'
    ((trip,),) = routed_days(_scenario(tmp_path, bus, ""), seeds=(1,), timeout_s=1.0)
    assert trip.route.stops == (("e1", 20.0), ("e2", 0.0), ("e1", 20.0))
