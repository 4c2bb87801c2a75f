"""Trips of a SUMO scenario with the routes that SUMO itself gives them.

SUMO routes a trip when the vehicle departs, by free-flow time at the driver's own speed.  A short
mesoscopic run without junction control gives the same routes as a full run, in a fraction of its
time, and lets everybody in, so that those whom a queue would have kept out have a route, too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from citybrain.errors import InputError
from sim.queue_model.demand import Trip
from sim.sumo.evaluator import QUIET
from sim.sumo.run import run_sumo
from sim.sumo.scenario import SumoScenario
from sim.sumo.staging import Staging
from sim.sumo.vehicle_types import VehicleType, read_vehicle_types
from sim.sumo.xml_files import iterate_elements

_LATE_S = 1800.0
_ANY = Trip(depart_s=0.0, edges=())
_USUAL = (2.5, 2.6, 0.1)
_CLASSES = {
    "truck": (2.5, 1.3, 0.05),
    "trailer": (2.5, 1.1, 0.05),
    "bus": (2.5, 1.2, 0.05),
    "coach": (2.5, 2.0, 0.05),
    "motorcycle": (2.5, 6.0, 0.1),
    "moped": (2.5, 1.1, 0.1),
    "bicycle": (0.5, 1.2, 0.1),
}
"""Gap in a queue [m], acceleration [m/s²] and deviation of the speed factor by class.

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
    kinds = _kinds(files)
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
        trips = tuple(_trips(routes, scenario, kinds))
    if not trips:
        what = f"no vehicle departs between {scenario.begin_s:g} s and {scenario.end_s:g} s"
        raise InputError(scenario.config, what, "correct route-files, begin or end")
    return trips


def _trips(routes: Path, scenario: SumoScenario, kinds: dict[str, Trip]) -> Iterator[Trip]:
    for vehicle in iterate_elements(routes, {"vehicle"}):
        route = vehicle.find("route")
        depart_s = float(vehicle.attrib["depart"])
        if route is None or not depart_s < scenario.end_s:
            continue
        yield replace(
            kinds.get(vehicle.get("type", ""), _ANY),
            depart_s=max(0.0, depart_s - scenario.begin_s),
            edges=tuple(route.attrib["edges"].split()),
        )


def _kinds(files: tuple[Path, ...]) -> dict[str, Trip]:
    """Return vehicle type → a trip that holds what the type says."""
    elements = {
        element.get("id", ""): dict(element.attrib)
        for path in files
        for element in iterate_elements(path, {"vType"})
    }
    return {
        kind.name: _kind(kind, elements.get(kind.name, {}))
        for kind in read_vehicle_types(files).values()
    }


def _kind(kind: VehicleType, told: Mapping[str, str]) -> Trip:
    gap_m, acceleration_mps2, deviation = _CLASSES.get(kind.vclass, _USUAL)
    return Trip(
        depart_s=0.0,
        edges=(),
        space_m=kind.length_m + float(told.get("minGap", gap_m)),
        speed_deviation=float(told.get("speedDev", deviation)),
        acceleration_mps2=float(told.get("accel", acceleration_mps2)),
        imperfection=float(told.get("sigma", _ANY.imperfection)),
    )
