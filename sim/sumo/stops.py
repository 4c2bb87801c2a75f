"""Stops that route files plan on the way, at bus stops mostly."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element

from sim.sumo.includes import iterate_unfolded
from sim.sumo.scenario import SumoScenario
from sim.sumo.xml_files import seconds

_PLACES = ("busStop", "trainStop", "containerStop", "chargingStation")
"""Places on a lane by their tag, which is also the attribute of a stop there."""

_DRIVERS = ("vehicle", "trip", "flow")
_OFF_THE_LANE = ("1", "true", "yes", "on", "x", "t")

Stops = tuple[tuple[str, float], ...]
"""Edge, and how long a vehicle stands on it [s]."""


def planned_stops(scenario: SumoScenario) -> dict[str, Stops]:
    """Return vehicle, trip or flow → the stops of its route and its own, one for each edge.

    Who parks beside the lane holds up nobody there, and is left out, with the time that parking
    takes; who waits until a time of the timetable stands for the shortest time that the stop
    names; stops of a route that is drawn from a ``routeDistribution`` are not read.

    Parameters
    ----------
    scenario
        Route files and additional files, read in the order in which SUMO reads them.

    Raises
    ------
    InputError
        A file is missing or cut off, or the duration of a stop is no time.
    """
    lanes: dict[tuple[str, str], str] = {}
    of_routes: dict[str | None, Stops] = {}
    found: dict[str, Stops] = {}
    for path in (*scenario.additional_files, *scenario.route_files):
        for element in iterate_unfolded(path, {*_PLACES, *_DRIVERS, "route"}):
            name = element.get("id", "")
            if element.tag in _PLACES:
                lanes[element.tag, name] = element.get("lane", "")
                continue
            own = tuple(_stops(element, lanes, f"{path}: {element.tag} {name}"))
            if element.tag == "route":
                of_routes[name] = own
            elif stops := _by_edge((*of_routes.get(element.get("route"), ()), *own)):
                found[name] = stops
    return found


def _stops(
    element: Element, lanes: Mapping[tuple[str, str], str], where: str
) -> Iterator[tuple[str, float]]:
    for stop in element.iter("stop"):
        place = next(((tag, stop.get(tag, "")) for tag in _PLACES if tag in stop.attrib), ("", ""))
        lane = lanes.get(place, stop.get("lane", ""))
        edge = lane.rpartition("_")[0] or stop.get("edge", "")
        if edge and stop.get("parking", "").lower() not in _OFF_THE_LANE:
            yield edge, max(0.0, seconds(stop.get("duration", "0"), where))


def _by_edge(stops: Stops) -> Stops:
    """Add up the stops on one edge."""
    total_s: dict[str, float] = defaultdict(float)
    for edge, time_s in stops:
        total_s[edge] += time_s
    return tuple(total_s.items())
