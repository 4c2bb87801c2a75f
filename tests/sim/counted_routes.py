"""Trips, stations and GEH, for the tests of routes that follow counts."""

import math
from collections.abc import Sequence

from sim.sumo.driven import DrivenTrip
from sim.sumo.stations import Station


def trips_on(route: str, count: int, every_s: float = 30.0) -> list[DrivenTrip]:
    """Return evenly spaced trips on a route such as ``"a b c"``."""
    return [
        DrivenTrip(
            vehicle=f"{route.replace(' ', '-')}.{number}",
            kind="car",
            depart_s=round(number * every_s, 2),
            edges=tuple(route.split()),
            attributes=(("departLane", "best"),),
        )
        for number in range(count)
    ]


def station(
    edge: str, measured_vph: float, onward: Sequence[str] | None = None, weight: float = 1.0
) -> Station:
    return Station(
        name=f"{edge}.{'/'.join(onward or ())}",
        edge=edge,
        onward=None if onward is None else frozenset(onward),
        measured_vph=measured_vph,
        weight=weight,
    )


def geh_by_hand(modelled: float, measured: float) -> float:
    return math.sqrt((modelled - measured) ** 2 / ((modelled + measured) / 2))
