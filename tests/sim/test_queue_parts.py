"""Parts of the queue model: who comes from elsewhere enters when the whole brings him."""

from dataclasses import replace

import pytest

from sim.queue_model.demand import Trip
from sim.queue_model.ground import read_ground
from sim.queue_model.model import QueueModel
from sim.queue_model.parts import PartPricers
from sim.queue_model.pricing import TablePricer
from tests.sim.queue_streets import area, routes

CROWD = tuple(Trip(depart_s=float(second), edges=routes()[0]) for second in range(0, 1800, 4))
"""Half as many again as the first junction lets through; half an hour after the last all are in."""


def _vehicles(trips: tuple[Trip, ...]) -> tuple[float, float]:
    """Return who passes the first junction in the whole, and who enters the part behind it."""
    passed, part = _part(trips)
    return passed, float(len(part.days[0].drivers))


def _part(trips: tuple[Trip, ...]) -> tuple[float, QueueModel]:
    """Return who passes the first junction in the whole, and the part behind it."""
    scene, (first, second, third) = area(), trips[0].edges
    network = scene.network
    ground = read_ground(scene.scenario, network)
    whole = QueueModel.compiled(ground, (trips,), seeds=(1,), threads=1)
    made: list[QueueModel] = []

    def pricer(model: QueueModel) -> TablePricer:
        made.append(model)
        return TablePricer(model, network)

    parts = PartPricers(ground, (trips,), whole, network, pricer)
    tables = whole.tables([scene.running])
    parts.observe(tables)
    passed = whole.movement_totals(whole.runs(tables), 0, 0)[1][f"{first}->{second}"]
    signal = network.movements[f"{second}->{third}"].intersection
    parts.part([signal], [second])
    return passed, made[0]


def test_a_queue_before_the_first_street_keeps_nobody_out_of_later_parts() -> None:
    passed, entered = _vehicles(CROWD)
    assert entered == pytest.approx(passed, rel=0.25)


def test_a_bus_that_stands_until_the_end_before_a_part_does_not_enter_it() -> None:
    few = CROWD[::60]
    standing = tuple(replace(one, dwell_s=((one.edges[0], 3600.0),)) for one in few)
    assert _vehicles(few)[1] > 0
    assert _vehicles(standing)[1] == 0


def test_who_comes_from_elsewhere_enters_a_part_on_all_lanes() -> None:
    _, part = _part(CROWD)
    lanes = len(part.streets.edge_lanes[CROWD[0].edges[1]])
    assert lanes > 1
    assert set(part.days[0].drivers["abreast"]) == {1.0 / lanes}
