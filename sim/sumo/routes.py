"""Reading SUMO route files, as far as citybrain needs to know what is in them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from citybrain.errors import InputError
from sim.sumo.xml_files import iterate_elements, seconds

_DEPARTING = frozenset({"vehicle", "trip", "person"})
_WALKING = frozenset({"walk", "personTrip"})
BUSES = ("bus", "coach", "tram")
"""Classes of vehicles that carry passengers."""


class SpecialTypes(NamedTuple):
    """Names of the vehicle types whose delay is told apart from that of all vehicles."""

    bicycles: frozenset[str] = frozenset()
    buses: frozenset[str] = frozenset()


def last_departure_s(route_files: Sequence[Path]) -> float:
    """Return the last departure that route files ask for [s].

    Raises
    ------
    InputError
        A file is broken, or holds no departures at a fixed time.
    """
    times_s = [time_s for path in route_files for time_s in _departures_s(path)]
    if not times_s:
        mend = "give the configuration an <end value=…/>"
        raise InputError(route_files[0], "holds no departure times", mend)
    return max(times_s)


def _departures_s(path: Path) -> Iterator[float]:
    for element in iterate_elements(path, _DEPARTING | {"flow", "personFlow"}):
        key = "depart" if element.tag in _DEPARTING else "end"
        time_s = departure_s(element.get(key))
        if time_s is not None:
            yield time_s


def departure_s(text: str | None) -> float | None:
    """Return a departure time [s]; none for a word such as ``triggered``, or nothing."""
    try:
        return seconds(text or "", "departure")
    except InputError:
        return None


def check_whole(route_files: Sequence[Path]) -> None:
    """Raise unless every route file is complete, so that it is named before a run stumbles on it.

    Raises
    ------
    InputError
        A file is missing, cut off or not XML.
    """
    for path in route_files:
        for _ in iterate_elements(path, ()):
            pass


def special_types(files: Sequence[Path]) -> SpecialTypes:
    """Return the vehicle types that are bicycles or buses, SUMO's default types among them.

    Raises
    ------
    InputError
        A file is missing or cut off.
    """
    names: dict[str, set[str]] = defaultdict(set)
    for path in files:
        for element in iterate_elements(path, {"vType"}):
            names[element.get("vClass", "")].add(element.get("id", ""))
    return SpecialTypes(
        bicycles=frozenset(names["bicycle"] | {"DEFAULT_BIKETYPE"}),
        buses=frozenset().union(*(names[vclass] for vclass in BUSES)),
    )


def holds_walkers(files: Sequence[Path]) -> bool:
    """Tell whether somebody walks in route files or additional files.

    Raises
    ------
    InputError
        A file is missing or cut off.
    """
    return any(next(iterate_elements(path, _WALKING), None) is not None for path in files)
