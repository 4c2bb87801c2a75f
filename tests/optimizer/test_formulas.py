"""The formulas of the optimizer against hand calculation and their limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.cycle import cycle_length_s
from optimizer.delay_formula import control_delay_s
from optimizer.saturation import (
    BASE_SATURATION_VPH,
    permissive_saturation_vph,
    protected_saturation_vph,
)

SHARES = st.floats(0.0, 1.5)


@given(SHARES, st.floats(0.0, 60.0), st.floats(0.0, 60.0))
def test_more_lost_time_never_shortens_the_cycle(ratio: float, one: float, other: float) -> None:
    less_s, more_s = sorted((one, other))
    assert cycle_length_s(ratio, less_s) <= cycle_length_s(ratio, more_s)


@pytest.mark.parametrize(
    ("flow_ratio", "delay_s"),
    [
        # X = 0.8, c = 900: 0.5·90·0.5²/(1 - 0.4) + 225·(-0.2 + √(0.04 + 3.2/225))
        (0.4, 18.75 + 7.3928),
        # X = 1, c = 900: 0.5·90·0.5²/(1 - 0.5) + 225·√(4/225)
        (0.5, 22.5 + 30.0),
        # X = 1.2, c = 900: 0.5·90·0.5²/(1 - 0.5) + 225·(0.2 + √(0.04 + 4.8/225))
        (0.6, 22.5 + 100.7225),
    ],
)
def test_control_delay_by_hand(flow_ratio: float, delay_s: float) -> None:
    assert control_delay_s(90.0, 45.0, flow_ratio) == pytest.approx(delay_s, abs=1e-3)


@given(st.floats(0.01, 1.5), st.integers(20, 200), st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_control_delay_falls_with_the_green(
    ratio: float, cycle_s: int, one: float, other: float
) -> None:
    less, more = sorted((one, other))
    longer_s = control_delay_s(cycle_s, more * cycle_s, ratio)
    assert longer_s <= control_delay_s(cycle_s, less * cycle_s, ratio) + 1e-9


@pytest.mark.parametrize("opposing_vph", [0.0, 5e-324, 1e-300, 1e-9])
def test_permissive_saturation_without_opposing_flow(opposing_vph: float) -> None:
    saturation_vph = permissive_saturation_vph(opposing_vph)
    assert 3600.0 / 2.5 - 1e-6 <= saturation_vph <= BASE_SATURATION_VPH


def test_permissive_saturation_by_hand() -> None:
    # q = 0.1 veh/s: 360·e^-0.45 / (1 - e^-0.25)
    assert permissive_saturation_vph(360.0) == pytest.approx(1037.7348, abs=1e-3)


def test_no_turn_discharges_faster_than_through_traffic() -> None:
    for turn in ("through", "left", "right", "u_turn"):
        assert 0.0 < protected_saturation_vph(turn) <= protected_saturation_vph("through")
