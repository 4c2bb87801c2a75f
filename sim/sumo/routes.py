"""Reading SUMO route files, as far as citybrain needs to know what is in them."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element

from citybrain.errors import InputError
from citybrain.units import SECONDS_PER_HOUR
from sim.sumo.includes import iterate_unfolded
from sim.sumo.xml_files import iterate_elements, seconds

_DEPARTING = frozenset({"vehicle", "trip", "person"})
_WALKING = frozenset({"walk", "personTrip"})
_FLOWS = frozenset({"flow", "personFlow"})
_PER_HOUR = ("vehsPerHour", "personsPerHour", "perHour")
_END_MEND = "give the configuration an <end value=…/>"
BUSES = ("bus", "coach", "tram")
"""Classes of vehicles that carry passengers."""


class SpecialTypes(NamedTuple):
    """Names of the vehicle types whose delay is told apart from that of all vehicles."""

    bicycles: frozenset[str] = frozenset()
    buses: frozenset[str] = frozenset()


def last_departure_s(files: Sequence[Path], begin_s: float = 0.0) -> float:
    """Return the last departure that route and additional files ask for [s].

    Parameters
    ----------
    files
        Files to read, a route file first.
    begin_s
        Begin of the simulated time: flows begin there that name no begin. [s]

    Raises
    ------
    InputError
        A file is broken, no departure has a fixed time, or a flow does not tell when it ends.
    """
    times_s = [time_s for path in files for time_s in _departures_s(path, begin_s)]
    if not times_s:
        raise InputError(files[0], "holds no departure times", _END_MEND)
    return max(times_s)


def _departures_s(path: Path, begin_s: float) -> Iterator[float]:
    for element in iterate_elements(path, _DEPARTING | _FLOWS):
        if element.tag in _FLOWS:
            time_s = _flow_end_s(element, path, begin_s)
        else:
            time_s = departure_s(element.get("depart"))
        if time_s is not None:
            yield time_s


def _flow_end_s(flow: Element, path: Path, begin_s: float) -> float | None:
    """Return when a flow ends [s]; none if it begins at no fixed time.

    A flow without an end goes on for its number of vehicles, each a period after the other.
    Where it has no number, SUMO lets it go on to the end of the configuration; where it has no
    rate, SUMO spreads its number over that time; where its rate is that of dice, every seed ends
    it elsewhere.
    """
    if "end" in flow.attrib:
        return departure_s(flow.get("end"))
    if "begin" in flow.attrib:
        begun_s = departure_s(flow.get("begin"))
        if begun_s is None:
            return None
        begin_s = begun_s
    period_s, number = _period_s(flow), _number(flow.get("number"))
    if period_s is None or number is None:
        what = f"does not tell when flow {flow.get('id', '')!r} ends"
        raise InputError(path, what, f"give the flow an end, or {_END_MEND}")
    return begin_s + number * period_s


def _period_s(flow: Element) -> float | None:
    """Return the fixed time from one departure of a flow to the next [s]; none without one."""
    for name in _PER_HOUR:
        rate_vph = _number(flow.get(name))
        if rate_vph:
            return SECONDS_PER_HOUR / rate_vph
    return departure_s(flow.get("period"))


def _number(text: str | None) -> float | None:
    """Return a finite number; none for anything else."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


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
        for element in iterate_unfolded(path, {"vType"}):
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
    return any(next(iterate_unfolded(path, _WALKING), None) is not None for path in files)
