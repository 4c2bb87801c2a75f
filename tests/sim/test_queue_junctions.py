"""Laws of junctions that drivers keep clear, and of the lanes that they queue on before them."""

import numpy as np

from citybrain.ports.tables import RED, SignalTables
from sim.queue_model.demand import Trip
from sim.queue_model.model import QueueModel
from sim.queue_model.physics import Physics
from tests.sim.queue_streets import area, model, trips

ROUTE = ("W_J1_bay", "J1_J2", "J2_J3")
CROWD = tuple(Trip(depart_s=2.0 * number, edges=ROUTE) for number in range(300))


def _patient() -> QueueModel:
    """Return a model of the crowd in which nobody ever loses patience."""
    scene = area()
    return QueueModel.build(
        scene.scenario, scene.network, trips=(CROWD,), physics=Physics(patience_s=1.0e6), threads=1
    )


def _closed(patient: QueueModel, signal: str) -> SignalTables:
    """Return the running plan with one intersection red for ever."""
    tables = patient.tables([area().running])
    place = patient.intersections.index(signal)
    first = int(tables.start[0, place])
    size = len(patient.groups[place]) * int(tables.cycle_s[0, place])
    colour = tables.colour.copy()
    colour[first : first + size] = RED
    return tables._replace(colour=colour)


def test_nobody_enters_a_junction_behind_which_the_street_is_full() -> None:
    patient = _patient()
    passed = patient.movement_totals(patient.runs(_closed(patient, "J2")), 0, 0)[1]
    lanes = patient.streets.edge_lanes["J1_J2"]
    numbers = [patient.streets.lane_numbers[lane] for lane in lanes]
    room_m = float(patient.streets.arrays.lanes["length_m"][numbers].sum())
    stood = patient.runs(_closed(patient, "J2")).unfinished_veh[0, 0]
    assert stood > 0
    assert passed["J1_J2->J2_J3"] <= room_m / CROWD[0].space_m


def test_the_room_behind_a_junction_ends_where_the_junction_does() -> None:
    arrays = model(trips(4.0)).streets.arrays
    behind = arrays.lanes[np.unique(arrays.links["onto"][arrays.links["keeps_clear"]])]
    long = behind[behind["length_m"] > 50.0]
    assert len(long)
    assert np.all(long["store_m"] <= long["length_m"])


def test_drivers_use_a_lane_that_they_have_to_leave_only_far_ahead() -> None:
    """Both lanes lead on to the next street; only one of them leads on from there."""
    flowing = model((Trip(depart_s=0.0, edges=("W_J1_bay", "J1_J2", "J2_J2s")),))
    routes, source = flowing.routes.arrays, next(iter(flowing.routes.sources.values()))
    first, end = routes.options[source]["first_pair"], routes.options[source]["end_pair"]
    behind = routes.options[routes.pairs[first:end]["option"]]
    lanes = {flowing.streets.lanes[lane] for lane in behind["lane"]}
    assert lanes == {"W_J1_bay_0", "W_J1_bay_1"}
