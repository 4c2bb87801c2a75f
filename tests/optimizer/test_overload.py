"""Demand that no plan can serve is named, with the movements and what helps."""

import pytest

from optimizer.overload import Overload, overloads
from tests.optimizer.two_stages import CYCLES_S, INTERGREEN_S, SATURATION_VPH, task


def found(first_vph: float, second_vph: float) -> tuple[Overload, ...]:
    flows = {"A1": first_vph, "A2": second_vph, "B1": 100.0, "B2": 100.0}
    work = task({"A": (20.0, 40.0), "B": (20.0, 40.0)}, flows)
    return overloads(work.network, work.demand)


def test_demand_that_fits_is_not_named() -> None:
    share = 1 - 2 * INTERGREEN_S / CYCLES_S[1]
    just_vph = share * SATURATION_VPH / 2
    assert found(just_vph - 1, just_vph - 1) == ()
    assert len(found(just_vph + 2, just_vph + 2)) == 1


def test_an_overload_names_movements_degree_and_the_lane_that_helps_most() -> None:
    (overload,) = found(1500.0, 500.0)
    assert overload.intersection == "A"
    assert overload.flows_vph == {"A1": 1500.0, "A2": 500.0}
    share = 1 - 2 * INTERGREEN_S / CYCLES_S[1]
    assert overload.degree == pytest.approx(2000 / SATURATION_VPH / share)
    assert overload.helped_by == "A1"
    assert overload.helped_degree == pytest.approx(1250 / SATURATION_VPH / share)
    assert "A1 (1500 veh/h)" in str(overload)
    assert "one more lane for A1" in str(overload)
