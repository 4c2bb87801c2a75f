"""A bundled city with a hand-made demand, for the laws of the queue model."""

from functools import cache
from pathlib import Path

from citybrain.config import SafetyLimits
from citybrain.engine.area import StudyArea, open_area
from sim.queue_model.demand import Trip
from sim.queue_model.model import QueueModel

SCENARIO = Path(__file__).parents[2] / "scenarios" / "crossing_arterials"


@cache
def area() -> StudyArea:
    return open_area(SCENARIO, None, SafetyLimits())


@cache
def routes() -> tuple[tuple[str, ...], ...]:
    """Return routes over every movement that has an edge behind it, two junctions long."""
    network = area().network
    return tuple(
        (movement.from_edge, movement.to_edge, onward)
        for movement in network.movements.values()
        for onward in network.turns.get(movement.to_edge, ())
        if network.approach_lanes(onward)
    )


def trips(every_s: float, *, last_s: float = 1800.0) -> tuple[Trip, ...]:
    """Let vehicles depart one after another, on each of the routes in turn."""
    count = int(last_s / every_s)
    return tuple(
        Trip(depart_s=number * every_s, edges=routes()[number % len(routes())])
        for number in range(count)
    )


def model(*days: tuple[Trip, ...], threads: int = 1) -> QueueModel:
    seeds = tuple(range(1, len(days) + 1))
    scene = area()
    return QueueModel.build(scene.scenario, scene.network, seeds=seeds, trips=days, threads=threads)
