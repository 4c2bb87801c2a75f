"""Reweighting: the scenario's routes, in the numbers that the detectors saw.

For every route r driven in the scenario, x_r ≥ 0 vehicles are sought so that the flows past the
stations are met and the scenario's own numbers n_r are left no further than needed,

    minimise  Σ_s w_s (Σ_r a_sr x_r - m_s)² / m_s  +  μ² Σ_r (x_r - l n_r)² / n_r,   x ≥ 0,

with l the ratio of all that was measured to all that the scenario sends past the stations
(1 for a route that no station sees):

non-negative least squares with the weights of Poisson counts (M. G. H. Bell, "The estimation of
origin-destination matrices by constrained generalised least squares", 1991).
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import lsq_linear

from citybrain.files import atomic_write_text
from citybrain.model.verdict import DetectorFit
from sim.sumo.demand_scales import VEHICLES, is_public_transport, keep_scales
from sim.sumo.driven import DrivenTrip
from sim.sumo.routes import departure_s
from sim.sumo.stations import Station, geh, passes
from sim.sumo.xml_files import iterate_elements

_PRIOR_WEIGHT = 0.3
"""μ: a scenario's own number weighs as much as a count with a tenth of the information."""

_Edges = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reweighted:
    """Trips in new numbers, and how well they meet the stations."""

    trips: tuple[DrivenTrip, ...]
    fits: tuple[DetectorFit, ...]


def reweighted(
    trips: Sequence[DrivenTrip],
    stations: Sequence[Station],
    hours: float,
    timetabled: Collection[str] = (),
) -> Reweighted:
    """Return the trips in the numbers that the stations ask for.

    Parameters
    ----------
    trips
        Trips as driven in the scenario.
    stations
        Measured flows.
    hours
        Length of the simulated time. [h]
    timetabled
        Vehicles, or flows of them, that run to a timetable: they are counted by the stations,
        and neither multiplied nor returned.

    Returns
    -------
    Reweighted
        A route that needs fewer vehicles keeps evenly spaced ones; one that needs more repeats
        some of them half way to the next.  The same input gives the same trips.
    """
    by_route: dict[_Edges, list[DrivenTrip]] = defaultdict(list)
    fixed_veh = np.zeros(len(stations))
    for trip in trips:
        if trip.vehicle in timetabled or trip.vehicle.rpartition(".")[0] in timetabled:
            fixed_veh += [passes(station, trip.edges) for station in stations]
        else:
            by_route[trip.edges].append(trip)
    routes = list(by_route)
    own_veh = np.array([float(len(by_route[route])) for route in routes])
    incidence = _incidence(stations, routes)
    measured_veh = np.array([station.measured_vph * hours for station in stations])
    wanted_veh = _fitted(incidence, stations, measured_veh - fixed_veh, own_veh)
    whole_veh = _rounded(wanted_veh)
    last_s = max((trip.depart_s for trip in trips), default=0.0)
    chosen = [
        trip
        for route, count in zip(routes, whole_veh, strict=True)
        for trip in _resampled(by_route[route], int(count), last_s)
    ]
    modelled_vph = (incidence @ whole_veh + fixed_veh) / hours
    return Reweighted(
        trips=tuple(sorted(chosen, key=lambda trip: (trip.depart_s, trip.vehicle))),
        fits=tuple(
            DetectorFit(
                detector=station.name,
                measured_vph=station.measured_vph,
                modelled_vph=float(flow_vph),
                geh=geh(float(flow_vph), station.measured_vph),
            )
            for station, flow_vph in zip(stations, modelled_vph, strict=True)
        ),
    )


def _incidence(stations: Sequence[Station], routes: Sequence[_Edges]) -> sparse.csr_array:
    """Return how often each route (column) passes each station (row)."""
    at_edge: dict[str, list[int]] = defaultdict(list)
    for row, station in enumerate(stations):
        at_edge[station.edge].append(row)
    entries = sparse.dok_array((len(stations), len(routes)), dtype=np.float64)
    for column, edges in enumerate(routes):
        for row in {row for edge in edges for row in at_edge.get(edge, ())}:
            count = passes(stations[row], edges)
            if count:
                entries[row, column] = count
    return entries.tocsr()


def _fitted(
    incidence: sparse.csr_array,
    stations: Sequence[Station],
    measured_veh: NDArray[np.float64],
    own_veh: NDArray[np.float64],
) -> NDArray[np.float64]:
    weights = np.sqrt([station.weight for station in stations])
    weights = weights / np.sqrt(np.maximum(measured_veh, 0.0) + 1.0)
    passing_veh = float(np.sum(incidence @ own_veh))
    level = max(0.0, float(np.sum(measured_veh))) / passing_veh if passing_veh else 1.0
    is_seen = np.asarray(incidence.sum(axis=0)) > 0
    expected_veh = np.where(is_seen, level * own_veh, own_veh)
    prior = _PRIOR_WEIGHT / np.sqrt(own_veh)
    rows = sparse.vstack([sparse.diags_array(weights) @ incidence, sparse.diags_array(prior)])
    targets = np.concatenate([weights * measured_veh, prior * expected_veh])
    solved = lsq_linear(rows.tocsr(), targets, bounds=(0.0, np.inf), tol=1e-10)
    return np.asarray(solved.x)


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round so that every partial sum is off by less than one, and so is the total."""
    sums = np.floor(np.cumsum(values) + 0.5)
    return np.diff(sums, prepend=0.0)


def _resampled(trips: Sequence[DrivenTrip], count: int, last_s: float) -> Iterator[DrivenTrip]:
    """Spread a number of vehicles over the departures of a route, none later than ``last_s``."""
    present = len(trips)
    for number in range(count):
        place = (number + 0.5) * present / count
        index = int(place)
        trip = trips[index]
        first = number == 0 or int((number - 0.5) * present / count) != index
        if first:
            yield trip
            continue
        after_s = trips[index + 1].depart_s if index + 1 < present else trip.depart_s + 60.0
        until_s = min(after_s, last_s)
        later_s = trip.depart_s + (place - index) * (until_s - trip.depart_s)
        yield replace(trip, vehicle=f"{trip.vehicle}+{number}", depart_s=round(later_s, 2))


_KEPT = frozenset({"vType", "vTypeDistribution", "person", "personFlow", "container", "route"})


def write_demand(
    trips: Sequence[DrivenTrip],
    route_files: Sequence[Path],
    path: Path,
    *,
    scale: float = 1.0,
    additional_files: Sequence[Path] = (),
) -> None:
    """Write a route file with new vehicles and everything else that the scenario's files hold.

    Parameters
    ----------
    trips
        Vehicles in order of departure.
    route_files
        Files of the scenario; types, people and public transport are taken over.
    path
        File to write: to be run without the scenario's option ``scale``.
    scale
        That option: people and public transport keep it, by types of their own. [-]
    additional_files
        Files that declare further types.

    Raises
    ------
    InputError
        A file is missing or cut off, a scale would be lost, or the file cannot be written.
    """
    kept = [element for file in route_files for element in _kept_elements(file)]
    added = keep_scales([element for _, element in kept], scale, additional_files)
    timeless = [*added, *(element for _, element in kept if _departure_s(element) is None)]
    timed = [(_departure_s(e) or 0.0, order, e) for order, e in kept if _departure_s(e) is not None]
    timed += [(trip.depart_s, len(kept), _vehicle(trip)) for trip in trips]
    root = ET.Element("routes")
    root.extend(timeless)
    root.extend(element for _, _, element in sorted(timed, key=lambda item: item[:2]))
    ET.indent(root, "  ")
    atomic_write_text(path, ET.tostring(root, encoding="unicode") + "\n")


def _kept_elements(path: Path) -> Iterator[tuple[int, ET.Element]]:
    for order, element in enumerate(_top_level(path)):
        is_transit = element.tag in VEHICLES and is_public_transport(element)
        if element.tag in _KEPT or is_transit:
            yield order, element


def _top_level(path: Path) -> Iterator[ET.Element]:
    for root in iterate_elements(path, {"routes", "additional"}):
        yield from root


def timetabled_vehicles(route_files: Sequence[Path]) -> frozenset[str]:
    """Return the vehicles and flows of route files that run to a timetable.

    Raises
    ------
    InputError
        A file is missing or cut off.
    """
    return frozenset(
        element.get("id", "")
        for path in route_files
        for element in _top_level(path)
        if element.tag in VEHICLES and is_public_transport(element)
    )


def _departure_s(element: ET.Element) -> float | None:
    text = element.get("depart", element.get("begin"))
    return None if text is None else departure_s(text) or 0.0


def _vehicle(trip: DrivenTrip) -> ET.Element:
    attributes: Mapping[str, str] = dict(trip.attributes)
    vehicle = ET.Element(
        "vehicle",
        {"id": trip.vehicle, "type": trip.kind, "depart": f"{trip.depart_s:.2f}", **attributes},
    )
    ET.SubElement(vehicle, "route", edges=" ".join(trip.edges))
    return vehicle
