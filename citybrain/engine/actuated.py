"""Signals that follow the traffic today: they are retimed only where that was asked for.

Fixed times in place of an actuated program put somebody's detectors out of use, so citybrain reads
such a signal, shows it, and leaves it as it is unless greens may follow the traffic in the new plan
as well.  What is left runs its own program in every simulation.
"""

from collections.abc import Collection
from dataclasses import replace

from citybrain.engine.area import StudyArea
from citybrain.model.actuation import ActuatedPattern
from citybrain.model.network import Network, Untouched
from citybrain.model.plan import Plan

LEFT = "its program is actuated; --actuated retimes it as well"
"""Why a signal that follows the traffic is left as it is."""


def actuated_signals(running: Plan) -> tuple[str, ...]:
    """Return the intersections of a running plan that follow the traffic, in its order."""
    return tuple(p.intersection for p in running.patterns if isinstance(p, ActuatedPattern))


def left_actuated(area: StudyArea, *, but: Collection[str] = ()) -> StudyArea:
    """Return a study area whose actuated signals are left as they are.

    Parameters
    ----------
    area
        The study area.
    but
        Intersections that are not left, whatever they run today.
    """
    left = frozenset(actuated_signals(area.running)).difference(but)
    if not left:
        return area
    kept = tuple(p for p in area.running.patterns if p.intersection not in left)
    return replace(
        area,
        network=_without(area.network, left),
        running=replace(area.running, patterns=kept),
        phase_maps={name: units for name, units in area.phase_maps.items() if name not in left},
    )


def _approaches(network: Network, name: str) -> tuple[str, ...]:
    return tuple(sorted({movement.from_edge for movement in network.movements_at(name)}))


def _without(network: Network, left: Collection[str]) -> Network:
    added = (
        Untouched(intersection=name, reason=LEFT, approaches=_approaches(network, name))
        for name in left
    )
    untouched = sorted((*network.untouched, *added), key=lambda signal: signal.intersection)
    return replace(
        network,
        intersections={n: i for n, i in network.intersections.items() if n not in left},
        movements={n: m for n, m in network.movements.items() if m.intersection not in left},
        untouched=tuple(untouched),
    )
