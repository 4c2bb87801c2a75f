"""A plan as a whole earlier or later."""

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from citybrain.ports.tables import Prices, SignalTables
from optimizer.candidate import Candidate
from optimizer.moves import Mover
from optimizer.painting import Painter
from optimizer.phasing import shifted, well_phased
from optimizer.workshop import Workshop
from tests.optimizer.junctions import FEW, Junction, junctions, network_of, plan_of


class EndsBadly:
    """Strands a vehicle for every second between an instant of the clock and an offset."""

    vehicles = 100.0
    neighbours = ()

    def __init__(self, junction: Junction, best_s: int) -> None:
        groups = tuple(timing.group for timing in junction.pattern.groups)
        self.groups = {junction.pattern.intersection: groups}
        self.best_s = best_s

    def price(self, tables: SignalTables) -> Prices:
        late_s = (tables.offset_s[:, 0] - self.best_s) % tables.cycle_s[:, 0]
        stranded_veh = np.minimum(late_s, tables.cycle_s[:, 0] - late_s).astype(np.float64)
        nothing = np.zeros((len(late_s), 1))
        return Prices(nothing.sum(axis=1), nothing, nothing, stranded_veh)


def start_of(junction: Junction) -> tuple[Workshop, Candidate]:
    workshop = Workshop.of(plan_of(junction), network_of(junction))
    return workshop, workshop.start()


@FEW
@given(junctions(), st.integers(0, 200))
def test_a_plan_is_put_where_it_strands_the_fewest(junction: Junction, best_s: int) -> None:
    workshop, start = start_of(junction)
    fast = EndsBadly(junction, best_s)
    painter = Painter(workshop, fast)
    (found,) = well_phased(painter, [start])
    before, after = (painter.prices([each]).stranded_veh[0] for each in (start, found))
    step_s = start.timings[0][1].cycle_s / 12
    running = painter.running_prices().stranded_veh[0]
    assert after <= before
    assert after <= max(step_s / 2 + 1, running - 1)


@FEW
@given(junctions("A"), junctions("B"), st.integers(-500, 500))
def test_nothing_between_intersections_changes(one: Junction, other: Junction, shift: int) -> None:
    workshop = Workshop.of(plan_of(one, other), network_of(one, other))
    start = Mover(workshop).perturbed(workshop.start(), random.Random(1), share=1.0, reach_s=5.0)
    moved = shifted(start, float(shift))
    for (_, before), (_, after) in zip(start.timings, moved.timings, strict=True):
        assert (after.times_s, after.cycle_s) == (before.times_s, before.cycle_s)
        lag_s = (after.offset_s - before.offset_s - shift) % before.cycle_s
        assert min(lag_s, before.cycle_s - lag_s) < 1e-6
