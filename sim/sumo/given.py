"""Trips that route files give in full: nothing has to be simulated to know them."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from sim.sumo.demand_scales import type_scale
from sim.sumo.driven import DrivenTrip, kept_attributes
from sim.sumo.routes import departure_s
from sim.sumo.scenario import SumoScenario
from sim.sumo.xml_files import iterate_elements
from sim.uncollected import uncollected

_CHOSEN = frozenset({"trip", "flow", "routeDistribution", "rerouter", "calibrator", "include"})
"""Elements that leave something for SUMO to choose."""
_TOLD = _CHOSEN | {"route", "vehicle", "vType"}
_CHANGING_OPTIONS = ("rerouting", "scale")

Routes = dict[str, tuple[str, ...]]


@uncollected
def given_trips(scenario: SumoScenario) -> tuple[DrivenTrip, ...] | None:
    """Return everybody who departs within a scenario's time, if the files say it all.

    They do where every vehicle has its route and its time of departure, in order, and no option
    and no rerouter changes a route on the way.  A network of a thousand junctions then needs no
    simulation before its search.

    Parameters
    ----------
    scenario
        Route files, additional files and options.

    Returns
    -------
    tuple of DrivenTrip or None
        In the order of the files; none where SUMO has to choose routes or times.

    Raises
    ------
    InputError
        A file is missing or cut off.
    """
    if any(word in name for name, _ in scenario.options for word in _CHANGING_OPTIONS):
        return None
    routes: Routes = {}
    for path in scenario.additional_files:
        for element in iterate_elements(path, _TOLD):
            if element.tag == "vType" and type_scale(element) == 1:
                continue
            if element.tag != "route":
                return None
            routes[element.get("id", "")] = tuple(element.get("edges", "").split())
    trips: list[DrivenTrip] = []
    for path in scenario.route_files:
        found = list(_trips(path, routes))
        if any(trip is None for trip in found):
            return None
        known = [trip for trip in found if trip is not None]
        if any(later.depart_s < one.depart_s for one, later in pairwise(known)):
            return None
        trips += [trip for trip in known if scenario.begin_s <= trip.depart_s < scenario.end_s]
    return tuple(trips)


def _trips(path: Path, routes: Routes) -> Iterator[DrivenTrip | None]:
    """Yield the vehicles of a file; nothing for each element that does not say it all."""
    for element in iterate_elements(path, _TOLD):
        if element.tag == "vType" and type_scale(element) == 1:
            continue
        if element.tag == "route":
            routes[element.get("id", "")] = tuple(element.get("edges", "").split())
        elif element.tag == "vehicle":
            own = element.find("route")
            yield _trip(element.attrib, routes[""] if own is not None else None, routes)
        else:
            yield None


def _trip(
    told: Mapping[str, str], own: tuple[str, ...] | None, routes: Routes
) -> DrivenTrip | None:
    at_s = departure_s(told.get("depart"))
    edges = routes.get(told.get("route", "")) if own is None else own
    if at_s is None or not edges:
        return None
    return DrivenTrip(
        vehicle=told.get("id", ""),
        kind=told.get("type", "DEFAULT_VEHTYPE"),
        depart_s=at_s,
        edges=edges,
        attributes=kept_attributes(told),
    )
