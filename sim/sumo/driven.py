"""The routes that vehicles really drove: the raw material for reweighting a demand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from citybrain.errors import InputError
from citybrain.model.network import Network
from citybrain.model.plan import Plan
from sim.sumo.evaluator import QUIET, RUN_PROGRAM
from sim.sumo.programs import write_programs
from sim.sumo.run import run_sumo
from sim.sumo.staging import Staging
from sim.sumo.xml_files import iterate_elements


@dataclass(frozen=True, slots=True, kw_only=True)
class DrivenTrip:
    """One vehicle of a run.

    Parameters
    ----------
    vehicle, kind
        Identifier and vehicle type.
    depart_s
        Wanted departure. [s]
    edges
        Route as driven, or as intended where the run ended first.
    attributes
        Departure lane, position and speed, as SUMO writes them.
    """

    vehicle: str
    kind: str
    depart_s: float
    edges: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...]


_KEPT_ATTRIBUTES = ("departLane", "departPos", "departSpeed", "arrivalPos", "speedFactor")


def driven_trips(
    staging: Staging, network: Network, plan: Plan, *, seed: int, timeout_s: float
) -> tuple[DrivenTrip, ...]:
    """Run a plan once and return the trips of its vehicles, in order of departure.

    Parameters
    ----------
    staging
        The scenario made ready to run.
    network, plan
        Signals and what they show.
    seed
        Seed of the run.
    timeout_s
        Longest time that the run may take. [s]

    Raises
    ------
    InputError
        Nobody wanted to travel.
    SimulationError
        The run failed.
    """
    programs, routes = staging.folder / "driven.add.xml", staging.folder / "driven.xml"
    write_programs(replace(plan, name=RUN_PROGRAM), network, programs)
    additional = ",".join(map(str, (*staging.additional_files, programs)))
    arguments: list[str | Path] = ["-c", staging.config, *QUIET, "--seed", str(seed)]
    arguments += ["--additional-files", additional, "--vehroute-output", routes]
    for flag in ("write-unfinished", "last-route", "intended-depart"):
        arguments += [f"--vehroute-output.{flag}", "true"]
    run_sumo(arguments, timeout_s=timeout_s)
    trips = sorted(read_driven(routes), key=lambda trip: (trip.depart_s, trip.vehicle))
    if not trips:
        scenario = staging.scenario
        what = f"no vehicle departs between {scenario.begin_s:g} s and {scenario.end_s:g} s"
        raise InputError(scenario.config, what, "correct route-files, begin or end")
    return tuple(trips)


def read_driven(routes: Path) -> Iterator[DrivenTrip]:
    """Yield the vehicles of a route output, in its order.

    Parameters
    ----------
    routes
        File that SUMO wrote for ``--vehroute-output``.

    Raises
    ------
    InputError
        The file is missing or cut off.
    """
    for vehicle in iterate_elements(routes, {"vehicle"}):
        route = vehicle.find("route")
        if route is not None:
            yield DrivenTrip(
                vehicle=vehicle.attrib["id"],
                kind=vehicle.get("type", "DEFAULT_VEHTYPE"),
                depart_s=float(vehicle.attrib["depart"]),
                edges=tuple(route.attrib["edges"].split()),
                attributes=kept_attributes(vehicle.attrib),
            )


def kept_attributes(told: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return those attributes of a vehicle that a demand made from it should have, too."""
    return tuple((name, told[name]) for name in _KEPT_ATTRIBUTES if name in told)
