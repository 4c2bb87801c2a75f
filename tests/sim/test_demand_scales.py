"""Counted vehicles run once each, whatever scales the scenario names; the others keep theirs."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from citybrain.config import SafetyLimits
from citybrain.engine.area import open_area
from citybrain.engine.demand import Demand, observed_demand
from citybrain.errors import InputError
from citybrain.model.flows import FlowSnapshot, Quality
from citybrain.ports.evaluation import Evaluation
from sim.sumo.evaluator import SumoEvaluator
from tests.cli.odd_towns import crossing, flow, scenario
from tests.sim.raw_runs import raw_run

pytestmark = pytest.mark.integration

LANE, COUNTED_VEH = "Jw.J_0", 60
CARS = flow("Jw.J J.Je", 300)
BUSES = """<flow id="tram" line="4" begin="0" end="500" number="8" type="bus">
    <route edges="Jn.J J.Js"/></flow>"""
BUS = '<vType id="bus" vClass="bus"{}/>'


def row(value: float) -> NDArray[np.float64]:
    return np.array([[value]])


def measured() -> FlowSnapshot:
    """Return the count of one lane within the 600 s of the scenario."""
    return FlowSnapshot(
        start=datetime(2026, 3, 17, 6, tzinfo=UTC),
        bin_s=600.0,
        lanes=(LANE,),
        count_veh=row(COUNTED_VEH),
        occupancy=row(0.1),
        speed_mps=row(10.0),
        coverage=row(1.0),
        low_veh=row(COUNTED_VEH),
        high_veh=row(COUNTED_VEH),
        quality=(Quality.BELIEVED,),
    )


def config_with(folder: Path, options: str, *demand: str) -> Path:
    config = scenario(folder, crossing("J"), *demand)
    text = config.read_text().replace("</configuration>", f"{options}</configuration>")
    config.write_text(text)
    return config


def observed(config: Path) -> Demand:
    area = open_area(config, None, SafetyLimits())
    return observed_demand(area, measured(), (), config.parent / "new.rou.xml", timeout_s=60.0)


def simulated_veh(config: Path, demand: Demand) -> int:
    area = open_area(config, None, SafetyLimits())
    with SumoEvaluator(demand.scenario, area.network, workers=1, timeout_s=60.0) as sumo:
        (outcome,) = sumo.evaluate([Evaluation(plan=area.running, seed=1)])
    return outcome.vehicle_count


HALF = '<scale value="0.5"/>'
HALF_CARS = CARS.replace("<flow", '<vType id="half" scale="0.5"/><flow type="half"')


@pytest.mark.parametrize(
    ("options", "cars"), [("", CARS), (HALF, CARS), ("", HALF_CARS), (HALF, HALF_CARS)]
)
def test_counted_vehicles_are_simulated_once_each(tmp_path: Path, options: str, cars: str) -> None:
    config = config_with(tmp_path, options, cars)
    demand = observed(config)
    (fit,) = demand.fits
    assert fit.modelled_vph == pytest.approx(COUNTED_VEH * 6)
    assert simulated_veh(config, demand) == COUNTED_VEH


@pytest.mark.parametrize(
    ("options", "of_bus", "buses"),
    [("", "", 8), (HALF, "", 4), ("", ' scale="2"', 16), (HALF, ' scale="0.5"', 2)],
)
def test_public_transport_keeps_its_scale(
    tmp_path: Path, options: str, of_bus: str, buses: int
) -> None:
    config = config_with(tmp_path, options, BUS.format(of_bus), CARS, BUSES)
    before = raw_run(config, tmp_path / "before", "--seed", "1").trips
    assert sum(trip.attrib["id"].startswith("tram") for trip in before) == buses
    assert simulated_veh(config, observed(config)) == COUNTED_VEH + buses


def test_people_keep_their_scale(tmp_path: Path) -> None:
    walkers = "".join(
        f'<person id="{n}" depart="{n}"><walk from="Jw.J" to="J.Je"/></person>' for n in range(8)
    )
    config = config_with(tmp_path, HALF, CARS, walkers)
    routes = observed(config).scenario.route_files[0].read_text()
    assert '<vType vClass="pedestrian" id="DEFAULT_PEDTYPE.scaled" scale="0.5" />' in routes
    assert routes.count('type="DEFAULT_PEDTYPE.scaled"') == 8


def test_a_scale_of_types_that_are_drawn_is_refused(tmp_path: Path) -> None:
    drawn = f'<vTypeDistribution id="bus">{BUS.format("").replace("bus", "b", 1)}'
    config = config_with(tmp_path, HALF, f"{drawn}</vTypeDistribution>", CARS, BUSES)
    with pytest.raises(InputError, match=r"flow 'tram': draws its type from 'bus'"):
        observed(config)


ADDED = "<additional-files value='more.add.xml'/>"


@pytest.mark.parametrize(
    ("options", "more", "told"),
    [
        ("", flow("Je.J J.Jw", 100), "flow 'fJe.J_J.Jw'"),
        ("", BUS.format(' scale="2"'), "vType 'bus'"),
        (HALF, BUSES, "flow 'tram'"),
    ],
)
def test_what_counts_cannot_reach_in_additional_files_is_refused(
    tmp_path: Path, options: str, more: str, told: str
) -> None:
    config = config_with(tmp_path, options + ADDED, BUS.format(""), CARS)
    (tmp_path / "more.add.xml").write_text(f"<additional>{more}</additional>")
    with pytest.raises(InputError, match=rf"more\.add\.xml: holds {told}.*route-files"):
        observed(config)


def test_public_transport_in_additional_files_runs_once(tmp_path: Path) -> None:
    config = config_with(tmp_path, ADDED, CARS)
    more = f"<additional>{BUS.format('')}{BUSES}</additional>"
    (tmp_path / "more.add.xml").write_text(more)
    assert simulated_veh(config, observed(config)) == COUNTED_VEH + 8
