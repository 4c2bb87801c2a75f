"""The routes that vehicles really drove: the raw material for reweighting a demand."""

from collections.abc import Iterator, Mapping, Sequence
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


LETTING_IN = (
    *("--mesosim", "true", "--meso-junction-control", "false"),
    *("--meso-tauff", "0.1", "--meso-taufj", "0.1", "--meso-taujf", "0.1", "--meso-taujj", "0.1"),
    *("--time-to-teleport", "10"),
)
"""Options under which no queue keeps anybody out."""
_KEPT_ATTRIBUTES = ("departLane", "departPos", "departSpeed", "arrivalPos", "speedFactor")


def driven_trips(
    staging: Staging, network: Network, plan: Plan, *, seed: int, timeout_s: float
) -> tuple[DrivenTrip, ...]:
    """Run a plan once and return the trips of its vehicles, in order of departure.

    Whom a queue keeps out until the end is taken from a run that lets everybody in.

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
    programs, counts = staging.folder / "driven.add.xml", staging.folder / "counts.xml"
    write_programs(replace(plan, name=RUN_PROGRAM), network, programs)
    seeded = ("--seed", str(seed))
    options = (*seeded, "--statistic-output", str(counts))
    trips = run_routes(staging, "driven", options, (programs,), timeout_s=timeout_s)
    if _kept_out_veh(counts):
        seen = {trip.vehicle for trip in trips}
        everybody = run_routes(staging, "free", (*seeded, *LETTING_IN), timeout_s=timeout_s)
        trips += tuple(trip for trip in everybody if trip.vehicle not in seen)
    if not trips:
        scenario = staging.scenario
        what = f"no vehicle departs between {scenario.begin_s:g} s and {scenario.end_s:g} s"
        raise InputError(scenario.config, what, "correct route-files, begin or end")
    return tuple(sorted(trips, key=lambda trip: (trip.depart_s, trip.vehicle)))


def run_routes(
    staging: Staging,
    name: str,
    options: Sequence[str],
    additional: Sequence[Path] = (),
    *,
    timeout_s: float,
) -> tuple[DrivenTrip, ...]:
    """Run SUMO once and return the routes of everybody who got in, in the order of arrivals.

    Parameters
    ----------
    staging
        The scenario made ready to run.
    name
        Name of the output, apart from those of other runs.
    options
        Options of SUMO beyond the scenario's own.
    additional
        Additional files beyond the scenario's own.
    timeout_s
        Longest time that the run may take. [s]

    Raises
    ------
    InputError
        The run left no whole route output.
    SimulationError
        The run failed.
    """
    routes = staging.folder / f"{name}.xml"
    arguments: list[str | Path] = ["-c", staging.config, *QUIET, *options]
    files = ",".join(map(str, (*staging.additional_files, *additional)))
    arguments += ["--additional-files", files] if files else []
    arguments += ["--vehroute-output", routes]
    for flag in ("write-unfinished", "last-route", "intended-depart"):
        arguments += [f"--vehroute-output.{flag}", "true"]
    run_sumo(arguments, timeout_s=timeout_s)
    return tuple(read_driven(routes))


def _kept_out_veh(counts: Path) -> int:
    """Return how many vehicles a queue kept out until the end of a run [veh]."""
    return sum(int(told.get("waiting", "0")) for told in iterate_elements(counts, {"vehicles"}))


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
