"""Yellow, red clearance and walk follow the published formulas."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.model.kinematics import pedestrian_clearance_s, red_clearance_s, yellow_s


@pytest.mark.parametrize(
    ("speed_mps", "grade", "expected_s"),
    [
        (11.176, 0.0, 3.0),  # 25 mph: 2.8 s, at least 3
        (15.646, 0.0, 3.6),  # 35 mph: ITE table, 3.6 s
        (20.117, 0.0, 4.3),  # 45 mph: ITE table, 4.3 s
        (24.587, 0.0, 5.1),  # 55 mph: ITE table, 5.0 s with 10 ft/s² = 3.048 m/s²
        (15.646, -0.04, 4.0),
        (60.0, 0.0, 6.0),
    ],
)
def test_yellow(speed_mps: float, grade: float, expected_s: float) -> None:
    assert yellow_s(speed_mps, grade) == expected_s


def test_red_clearance_is_the_way_and_the_vehicle_over_the_speed() -> None:
    assert red_clearance_s(20.0, 12.5) == 2.0
    assert red_clearance_s(20.0, 12.4) == 2.1
    assert red_clearance_s(200.0, 5.0) == 6.0


def test_a_walk_across_ten_metres_and_seven() -> None:
    assert pedestrian_clearance_s(10.7) == 10.0


@given(st.floats(0.1, 40.0), st.floats(0.0, 5.0), st.floats(-0.1, 0.1))
def test_faster_never_asks_for_less_yellow(speed_mps: float, more: float, grade: float) -> None:
    assert yellow_s(speed_mps + more, grade) >= yellow_s(speed_mps, grade)
