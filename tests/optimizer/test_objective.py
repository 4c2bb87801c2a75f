"""Laws of the objective: what counts more costs more, and nobody is to pay for the cars."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.config import Objective
from citybrain.model.verdict import Outcome
from optimizer.objective import cost_s

SECONDS = st.integers(0, 10**5).map(float)
BEFORE = Outcome(
    seed=1,
    vehicle_count=1000,
    delay_s=40_000.0,
    unfinished_veh=0,
    never_inserted_veh=0,
    teleports=0,
    collisions=0,
    stops=1500,
    walker_count=100,
    walking_delay_s=3000.0,
    bicycle_count=20,
    bicycle_delay_s=800.0,
    bus_count=10,
    bus_delay_s=500.0,
    movement_delay_s={"left": 3000.0, "through": 9000.0},
    movement_count={"left": 50, "through": 600},
)


@pytest.mark.parametrize(
    ("objective", "field", "weight"),
    [
        (Objective(), "walking_delay_s", 1.0),
        (Objective(walking_weight=3.0), "walking_delay_s", 3.0),
        (Objective(stop_s=4.0), "stops", 4.0),
        (Objective(bus_weight=8.0), "bus_delay_s", 7.0),
    ],
)
def test_what_is_saved_counts_with_its_weight(
    objective: Objective, field: str, weight: float
) -> None:
    after = replace(BEFORE, **{field: getattr(BEFORE, field) - 100})
    saved_s = cost_s([BEFORE], [BEFORE], objective) - cost_s([after], [BEFORE], objective)
    assert saved_s == pytest.approx(weight * 100 / 1000)


@pytest.mark.parametrize("field", ["walking_delay_s", "bicycle_delay_s", "bus_delay_s"])
@given(SECONDS.filter(bool))
def test_no_saving_of_the_same_seconds_lets_others_pay(field: str, paid_s: float) -> None:
    after = replace(
        BEFORE,
        delay_s=BEFORE.delay_s - min(paid_s, BEFORE.delay_s),
        **{field: getattr(BEFORE, field) + paid_s},
    )
    assert cost_s([after], [BEFORE]) > cost_s([BEFORE], [BEFORE])


@given(SECONDS, SECONDS)
def test_a_movement_is_charged_beyond_the_bound_or_today_whichever_is_more(
    left_s: float, through_s: float
) -> None:
    bound = Objective(worst_movement_s=30.0)
    after = replace(BEFORE, movement_delay_s={"left": left_s, "through": through_s})
    free, bounded = cost_s([after], [BEFORE]), cost_s([after], [BEFORE], bound)
    is_beyond = left_s > 50 * 60.0 or through_s > 600 * 30.0
    assert (bounded > free) == is_beyond


def test_the_running_plan_itself_pays_nothing_for_its_own_waits() -> None:
    bound = Objective(worst_movement_s=1.0)
    assert cost_s([BEFORE], [BEFORE], bound) == cost_s([BEFORE], [BEFORE])


def test_a_vehicle_kept_out_by_chance_is_no_harm_and_more_of_them_are() -> None:
    today = [replace(BEFORE, unfinished_veh=20)] * 2
    better = replace(BEFORE, delay_s=20_000.0, unfinished_veh=10)
    once = [replace(better, never_inserted_veh=1), better]
    always = [replace(better, never_inserted_veh=2)] * 2
    assert cost_s(once, today) < cost_s(today, today) <= cost_s(always, today)


def test_a_vehicle_kept_out_on_every_other_of_many_days_is_harm() -> None:
    today = [replace(BEFORE, unfinished_veh=20)]
    better = replace(BEFORE, delay_s=20_000.0, unfinished_veh=10)
    once = [replace(better, never_inserted_veh=1), better]
    assert cost_s(once, today * 2) < cost_s(today * 2, today * 2)
    assert cost_s(once * 4, today * 8) > cost_s(today * 8, today * 8)
    assert cost_s([*once, *[better] * 6], today * 8) < cost_s(today * 8, today * 8)


def test_days_that_let_more_in_do_not_make_up_for_those_that_keep_one_out_anew() -> None:
    quiet, busy = replace(BEFORE, unfinished_veh=20), replace(BEFORE, never_inserted_veh=4)
    worse = replace(quiet, delay_s=20_000.0, unfinished_veh=10, never_inserted_veh=1)
    better = replace(busy, delay_s=20_000.0, never_inserted_veh=1)
    today = [quiet, busy] * 2
    assert cost_s([worse, better] * 2, today) > cost_s(today, today)
