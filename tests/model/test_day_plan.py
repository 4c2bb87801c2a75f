"""Which program a day plan lets run when."""

from hypothesis import given
from hypothesis import strategies as st

from citybrain.model.plan import DayPlan, Switch


def day_plan(period_s: float | None = None) -> DayPlan:
    return DayPlan(
        name="day",
        reference_s=100.0,
        start_program="night",
        switches=(Switch(time_s=500.0, program="peak"), Switch(time_s=900.0, program="night")),
        intersections={"J": ""},
        period_s=period_s,
    )


def test_the_last_switch_until_then_rules() -> None:
    plan = day_plan()
    shown = [plan.program_at(time_s) for time_s in (0.0, 599.0, 600.0, 999.0, 1000.0)]
    assert shown == ["night", "night", "peak", "peak", "night"]


def test_only_a_change_inside_the_time_counts() -> None:
    plan = day_plan()
    assert plan.changes_within(0.0, 601.0)
    assert not plan.changes_within(600.0, 1000.0)
    assert not plan.changes_within(1000.0, 9000.0)


@given(st.integers(0, 20_000))
def test_a_period_repeats_the_switches(time_s: int) -> None:
    plan = day_plan(period_s=1000.0)
    later = [plan.program_at(time_s + 1000.0 * k + 600.0) for k in (1, 2)]
    assert later[0] == later[1]
