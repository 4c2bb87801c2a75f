"""Trips of a SUMO scenario with the routes that SUMO itself gives them.

SUMO routes a trip when the vehicle departs, by free-flow time at the driver's own speed.  A short
mesoscopic run without junction control gives the same routes as a full run, in a fraction of its
time, and lets everybody in, so that those whom a queue would have kept out have a route, too.
"""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from citybrain.errors import InputError
from sim.queue_model.demand import Trip
from sim.sumo.evaluator import QUIET
from sim.sumo.run import run_sumo
from sim.sumo.scenario import SumoScenario
from sim.sumo.staging import Staging
from sim.sumo.vehicle_types import read_vehicle_types
from sim.sumo.xml_files import iterate_elements

_LATE_S = 1800.0
_USUAL_GAP_M = 2.5
_USUAL_DEVIATION = 0.1
_DEVIATIONS = {"bicycle": 0.1, "truck": 0.05, "bus": 0.05, "coach": 0.05, "trailer": 0.05}
"""Standard deviation of the speed factor by class.

Source: SUMO documentation, "Vehicle Type Parameter Defaults".
"""
_MESOSCOPIC = (
    *("--mesosim", "true", "--meso-junction-control", "false"),
    *("--meso-tauff", "0.1", "--meso-taufj", "0.1", "--meso-taujf", "0.1", "--meso-taujj", "0.1"),
    *("--time-to-teleport", "10"),
)


def routed_trips(scenario: SumoScenario, *, seed: int, timeout_s: float) -> tuple[Trip, ...]:
    """Return everybody who wants to travel within a scenario's time, with routes.

    Parameters
    ----------
    scenario
        Network, demand and time.
    seed
        Seed of the run: speeds, flows and with them some routes change with it.
    timeout_s
        Longest time that the run may take. [s]

    Raises
    ------
    InputError
        Nobody wants to travel.
    SimulationError
        The run failed.
    """
    files = (*scenario.route_files, *scenario.additional_files)
    spaces = _spaces_m(files)
    with Staging(scenario, planned=()) as staging:
        routes = staging.folder / "routed.xml"
        arguments: list[str | Path] = ["-c", staging.config, *QUIET, *_MESOSCOPIC]
        arguments += ["--seed", str(seed), "--end", f"{scenario.end_s + _LATE_S:g}"]
        arguments += ["--vehroute-output", routes]
        if staging.additional_files:
            arguments += ["--additional-files", ",".join(map(str, staging.additional_files))]
        for flag in ("write-unfinished", "last-route", "intended-depart"):
            arguments += [f"--vehroute-output.{flag}", "true"]
        run_sumo(arguments, timeout_s=timeout_s)
        trips = tuple(_trips(routes, scenario, spaces))
    if not trips:
        what = f"no vehicle departs between {scenario.begin_s:g} s and {scenario.end_s:g} s"
        raise InputError(scenario.config, what, "correct route-files, begin or end")
    return trips


def _trips(
    routes: Path, scenario: SumoScenario, kinds: dict[str, tuple[float, float]]
) -> Iterator[Trip]:
    for vehicle in iterate_elements(routes, {"vehicle"}):
        route = vehicle.find("route")
        depart_s = float(vehicle.attrib["depart"])
        if route is None or not depart_s < scenario.end_s:
            continue
        space_m, deviation = kinds.get(vehicle.get("type", ""), (7.5, _USUAL_DEVIATION))
        yield Trip(
            depart_s=max(0.0, depart_s - scenario.begin_s),
            edges=tuple(route.attrib["edges"].split()),
            space_m=space_m,
            speed_deviation=deviation,
        )


def _spaces_m(files: tuple[Path, ...]) -> dict[str, tuple[float, float]]:
    """Return vehicle type → length with gap [m] and deviation of its speeds [-]."""
    kinds = {
        kind.name: (kind.length_m + _USUAL_GAP_M, _DEVIATIONS.get(kind.vclass, _USUAL_DEVIATION))
        for kind in read_vehicle_types(files).values()
    }
    for path in files:
        for element in iterate_elements(path, {"vType"}):
            name = element.get("id", "")
            space_m, deviation = kinds[name]
            gap_m = _number(element, "minGap", _USUAL_GAP_M)
            kinds[name] = (
                space_m - _USUAL_GAP_M + gap_m,
                _number(element, "speedDev", deviation),
            )
    return kinds


def _number(element: ElementTree.Element, name: str, usual: float) -> float:
    return float(element.get(name, usual))
