"""Trips from flows and turning ratios, where nobody knows routes: a drawn day for each seed."""

from collections.abc import Mapping

import numpy as np

from citybrain.errors import InputError
from citybrain.units import SECONDS_PER_HOUR
from sim.queue_model.demand import Trip

_LONGEST_ROUTE = 200


def drawn_trips(
    entries_vph: Mapping[str, float],
    ratios: Mapping[tuple[str, str], float],
    *,
    horizon_s: float,
    seed: int,
) -> tuple[Trip, ...]:
    """Draw a day: vehicles enter at random and turn by the ratios of each edge.

    Parameters
    ----------
    entries_vph
        Edge → flow that enters the network there. [veh/h]
    ratios
        (edge, next edge) → share of the edge's traffic that turns there; what is missing to 1
        ends its way on the edge. [-]
    horizon_s
        Time in which vehicles enter, as a Poisson process. [s]
    seed
        Dice.

    Raises
    ------
    InputError
        A flow or a ratio is negative, or the ratios of an edge add up to more than 1.
    """
    onward = _onward(entries_vph, ratios)
    rng = np.random.default_rng(seed)
    trips = []
    for edge, flow_vph in sorted(entries_vph.items()):
        count = rng.poisson(flow_vph * horizon_s / SECONDS_PER_HOUR)
        trips += [
            Trip(depart_s=float(depart_s), edges=_way(edge, onward, rng))
            for depart_s in np.sort(rng.uniform(0.0, horizon_s, count))
        ]
    return tuple(sorted(trips, key=lambda trip: trip.depart_s))


def _onward(
    entries_vph: Mapping[str, float], ratios: Mapping[tuple[str, str], float]
) -> dict[str, list[tuple[str, float]]]:
    for edge, flow_vph in entries_vph.items():
        if not flow_vph >= 0:
            where = f"flow of edge {edge}"
            raise InputError(where, f"is {flow_vph} veh/h", "write 0 or more")
    onward: dict[str, list[tuple[str, float]]] = {}
    for (edge, following), share in sorted(ratios.items()):
        if not share >= 0:
            where = f"turning ratio {edge} to {following}"
            raise InputError(where, f"is {share}", "write 0 or more")
        onward.setdefault(edge, []).append((following, share))
    for edge, turns in onward.items():
        total = sum(share for _, share in turns)
        if total > 1.0 + 1e-6:
            where = f"turning ratios of edge {edge}"
            raise InputError(where, f"add up to {total:.3f}", "let them add up to 1 at most")
    return onward


def _way(
    edge: str, onward: Mapping[str, list[tuple[str, float]]], rng: np.random.Generator
) -> tuple[str, ...]:
    route = [edge]
    while len(route) < _LONGEST_ROUTE:
        left = rng.random()
        for following, share in onward.get(route[-1], ()):
            left -= share
            if left < 0:
                route.append(following)
                break
        else:
            break
    return tuple(route)
