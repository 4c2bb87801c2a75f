"""The demand that a search and its proof run with: observed where a feed is given."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from citybrain.engine.area import StudyArea
from citybrain.errors import InputError
from citybrain.model.flows import (
    DemandSource,
    Detector,
    FlowSnapshot,
    MovementDemand,
    TurningDemand,
)
from citybrain.model.verdict import GEH_TARGET, DetectorFit
from citybrain.units import SECONDS_PER_HOUR
from detectors.turning import estimate_turning_demand
from detectors.window import busiest_window
from sim.sumo.demand_scales import check_additional
from sim.sumo.driven import DrivenTrip, driven_trips
from sim.sumo.given import given_trips
from sim.sumo.reweight import reweighted, timetabled_vehicles, write_demand
from sim.sumo.routes import check_whole
from sim.sumo.scenario import SumoScenario
from sim.sumo.staging import Staging
from sim.sumo.stations import stations_of
from sim.uncollected import uncollected

SURVEY_SEED = 1000
"""Seed of the run that shows which routes are driven; the proof never uses it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Demand in the two forms that are needed.

    Parameters
    ----------
    scenario
        The scenario with the route files to simulate.
    turning
        Demand per movement. [veh/h]
    description
        Where it comes from, in words.
    fits
        Agreement with the feed; empty without one.
    caveats
        What the reader must know.
    """

    scenario: SumoScenario
    turning: TurningDemand
    description: str
    fits: tuple[DetectorFit, ...] = ()
    caveats: tuple[str, ...] = ()


@uncollected
def own_demand(area: StudyArea, *, timeout_s: float) -> Demand:
    """Return the scenario's own demand.

    Parameters
    ----------
    area
        The study area.
    timeout_s
        Longest time that the survey run may take. [s]

    Raises
    ------
    InputError
        A route file is cut off, or nobody departs.
    SimulationError
        The survey run failed.
    """
    check_whole(area.scenario.route_files)
    counts = _movement_counts(given_trips(area.scenario) or _surveyed(area, timeout_s))
    return Demand(
        scenario=area.scenario,
        turning=TurningDemand(
            movements={
                name: MovementDemand(
                    movement=name,
                    flow_vph=counts[name] / area.hours,
                    source=DemandSource.PRIOR,
                    note="routes of the scenario",
                )
                for name in area.network.movements
            }
        ),
        description="the scenario's own routes; no feed was given",
    )


def observed_demand(
    area: StudyArea,
    flows: FlowSnapshot,
    detectors: Sequence[Detector],
    routes: Path,
    *,
    timeout_s: float,
) -> Demand:
    """Return the scenario's routes in the numbers that the detectors saw.

    Parameters
    ----------
    area
        The study area.
    flows
        Measured flows per lane.
    detectors
        Inventory; gives the stations their names.
    routes
        Route file to write.
    timeout_s
        Longest time that the survey run may take. [s]

    Raises
    ------
    InputError
        The flows name a lane that the network lacks, a route file is cut off, additional files
        hold vehicles that the counts decide about, or nobody departs.
    SimulationError
        The survey run failed.
    """
    check_flow_lanes(flows, area)
    given = area.scenario
    check_additional(given.additional_files, given.scale)
    flows = _of_the_studied_length(flows, area.hours)
    trips = _surveyed(area, timeout_s)
    stations = stations_of(flows, detectors, area.network)
    timetabled = timetabled_vehicles((*given.route_files, *given.additional_files))
    result = reweighted(trips, stations, area.hours, timetabled)
    write_demand(
        result.trips,
        given.route_files,
        routes,
        scale=given.scale,
        additional_files=given.additional_files,
    )
    turning = _with_routes_as_prior(
        estimate_turning_demand(flows, area.network, detectors=detectors), result.trips, area.hours
    )
    return Demand(
        scenario=replace(
            given,
            route_files=(routes.resolve(),),
            options=tuple(option for option in given.options if option[0] != "scale"),
        ),
        turning=turning,
        description=_described(flows, len(trips), len(result.trips), len(stations)),
        fits=result.fits,
        caveats=_caveats(result.fits, turning),
    )


def _of_the_studied_length(flows: FlowSnapshot, hours: float) -> FlowSnapshot:
    """Return the busiest part of longer flows that is as long as the study."""
    studied_s = hours * SECONDS_PER_HOUR
    if flows.duration_s < studied_s + flows.bin_s:
        return flows
    return busiest_window(flows, studied_s)


def check_flow_lanes(flows: FlowSnapshot, area: StudyArea) -> None:
    """Raise unless every lane of the flows is a lane of the network.

    Raises
    ------
    InputError
        A lane is unknown.
    """
    unknown = [lane for lane in flows.lanes if lane not in area.network.lanes]
    if unknown:
        where = area.scenario.net_file
        what = f"has no lane {unknown[0]}, which the flows name ({len(unknown)} lanes unknown)"
        raise InputError(where, what, "count with an inventory of this network")


def _surveyed(area: StudyArea, timeout_s: float) -> tuple[DrivenTrip, ...]:
    check_whole(area.scenario.route_files)
    with Staging(area.scenario, planned=area.network.intersections) as staging:
        return driven_trips(
            staging, area.network, area.running, seed=SURVEY_SEED, timeout_s=timeout_s
        )


def _with_routes_as_prior(
    turning: TurningDemand, trips: Sequence[DrivenTrip], hours: float
) -> TurningDemand:
    """Let the reweighted routes say what the detectors cannot tell."""
    counts = _movement_counts(trips)
    return TurningDemand(
        movements={
            name: replace(movement, flow_vph=counts[name] / hours, note="reweighted routes")
            if movement.source is DemandSource.PRIOR
            else movement
            for name, movement in turning.movements.items()
        }
    )


def _movement_counts(trips: Sequence[DrivenTrip]) -> Counter[str]:
    return Counter(
        f"{edge}->{following}"
        for trip in trips
        for edge, following in zip(trip.edges, trip.edges[1:], strict=False)
    )


def _described(flows: FlowSnapshot, before: int, after: int, station_count: int) -> str:
    hours = flows.duration_s / 3600.0
    return (
        f"routes of the scenario reweighted to {station_count} stations, measured from "
        f"{flows.start:%Y-%m-%d %H:%M} UTC over {hours:.2g} h: {before} trips became {after}"
    )


def _caveats(fits: Sequence[DetectorFit], turning: TurningDemand) -> tuple[str, ...]:
    caveats = [
        "stop-line counts are served flow: where a queue never cleared, the demand was higher"
    ]
    unobservable = [movement.movement for movement in turning.unobservable]
    if unobservable:
        caveats.append(
            f"{len(unobservable)} of {len(turning.movements)} movements cannot be told by the "
            f"detectors, such as {unobservable[0]}: a prior was used (see demand.json)"
        )
    poor = [fit for fit in fits if not fit.is_good]
    if poor:
        worst = max(poor, key=lambda fit: fit.geh)
        caveats.append(
            f"{len(poor)} of {len(fits)} stations are met worse than GEH {GEH_TARGET:.0f}, the "
            f"worst is {worst.detector} with {worst.geh:.1f}"
        )
    return tuple(caveats)
