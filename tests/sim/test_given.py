"""Trips that route files give in full need no simulation."""

from pathlib import Path

import pytest

from sim.sumo.given import given_trips
from sim.sumo.scenario import SumoScenario

_TWO_WAYS = """
    <route id="a" edges="e1 e2"/>
    <vehicle id="1" depart="10" route="a"/>
    <vehicle id="2" depart="20"><route edges="e2 e3"/></vehicle>
    <vehicle id="3" depart="95" route="a"/>
"""


def _scenario(folder: Path, content: str, *options: tuple[str, str]) -> SumoScenario:
    routes = folder / "demand.rou.xml"
    routes.write_text(f"<routes>{content}</routes>")
    return SumoScenario(
        name="given",
        config=folder / "none.sumocfg",
        net_file=folder / "none.net.xml",
        route_files=(routes,),
        additional_files=(),
        begin_s=5.0,
        end_s=90.0,
        options=options,
    )


def test_routes_of_vehicles_are_read_inside_them_and_by_name(tmp_path: Path) -> None:
    trips = given_trips(_scenario(tmp_path, _TWO_WAYS))
    assert trips is not None
    assert [(t.vehicle, t.depart_s, t.edges) for t in trips] == [
        ("1", 10.0, ("e1", "e2")),
        ("2", 20.0, ("e2", "e3")),
    ]


@pytest.mark.parametrize(
    "added",
    [
        '<trip id="4" depart="97" from="e1" to="e3"/>',
        '<flow id="4" begin="0" end="90" number="3" route="a"/>',
        '<vehicle id="4" depart="triggered" route="a"/>',
        '<vehicle id="4" depart="3" route="a"/>',
        '<vType id="half" scale="0.5"/>',
    ],
)
def test_what_sumo_has_to_choose_or_to_sort_is_left_to_sumo(tmp_path: Path, added: str) -> None:
    assert given_trips(_scenario(tmp_path, _TWO_WAYS + added)) is None


def test_rerouting_leaves_nothing_given(tmp_path: Path) -> None:
    scenario = _scenario(tmp_path, _TWO_WAYS, ("device.rerouting.probability", "1"))
    assert given_trips(scenario) is None
