"""One vehicle is one count on its lane: the known failures of line counters, one test each."""

import numpy as np
import pytest

from citybrain.errors import InfeasibleError
from detectors.tracking.crossing.counter import CrossingRules, LineCounter
from detectors.tracking.lines import CountLine
from tests.detectors.tracking_kit import Frame, box, counts, crossings_of, frames, lanes


def down(x: float, begin: float = 100.0, end: float = 500.0, step: float = 8.0) -> list[float]:
    return np.arange(begin, end, step).tolist()


def drive(x: float, bottoms: list[float], track: int = 7) -> list[Frame]:
    return [{track: box(x, bottom)} for bottom in bottoms]


def test_vehicle_is_one_pulse_while_its_foot_is_on_the_line() -> None:
    found = crossings_of(drive(50, down(50)))
    assert counts(found) == [1, 0]
    assert found.track.tolist() == [7]
    assert found.on_s[0] == pytest.approx((300 - 100) / 80)
    assert found.off_s[0] == pytest.approx((316 - 100) / 80)  # the foot is 0.4 of 40 px long


def test_receding_vehicle_counts_when_its_wheels_are_over() -> None:
    line = CountLine(lane="up", from_px=(0, 300), to_px=(100, 300), heading_deg=0.0)
    found = crossings_of(drive(50, down(50)[::-1]), [line])
    assert counts(found, 1) == [1]
    assert found.off_s[0] == pytest.approx((492 - 300) / 80)


def test_boxes_without_identity_are_not_one_track() -> None:
    """Identity -1 is no track: boxes on both sides of the line have not crossed it."""
    counter = LineCounter(lanes())
    counter.add(*frames([{-1: box(50, y)} for y in (100, 500) * 20]))
    counter.finish()
    assert len(counter.take()) == 0
    assert counter.untracked == 40


def test_flicker_on_the_line_counts_once() -> None:
    bottoms = [100.0, 200.0, *[290.0, 330.0] * 30, 400.0, 500.0]
    assert counts(crossings_of(drive(50, bottoms))) == [1, 0]


def test_flicker_before_the_line_counts_nothing() -> None:
    bottoms = [100.0, 200.0, *[296.0, 303.0] * 30]
    assert counts(crossings_of(drive(50, [*bottoms, 250.0, 100.0]))) == [0, 0]


@pytest.mark.parametrize("step", [60.0, 150.0, 390.0])
def test_vehicle_that_skips_far_in_each_frame_is_counted(step: float) -> None:
    bottoms = np.arange(20.0, 1000.0, step).tolist()
    found = crossings_of(drive(50, bottoms))
    assert counts(found) == [1, 0]
    assert found.on_s[0] == pytest.approx((300 - 20) / step / 10)


def test_vehicle_that_stops_on_the_line_counts_once_and_covers_it() -> None:
    dice = np.random.default_rng(3)
    bottoms = [*down(50, 100, 308), *(308 + dice.normal(0, 2, 600)), *down(50, 308, 500)]
    found = crossings_of(drive(50, bottoms))
    assert counts(found) == [1, 0]
    assert found.off_s[0] - found.on_s[0] == pytest.approx(60, abs=1)


def test_box_beyond_the_end_of_the_line_counts_by_its_ground_contact() -> None:
    found = crossings_of([{1: box(98, y, width=80)} for y in down(0)], lanes(1))
    assert counts(found, 1) == [1]
    found = crossings_of([{1: box(102, y, width=80)} for y in down(0)], lanes(1))
    assert counts(found, 1) == [0]


def test_two_vehicles_at_once_are_two() -> None:
    rows: list[Frame] = [{1: box(40, y), 2: box(60, y), 3: box(150, y)} for y in down(0)]
    assert counts(crossings_of(rows)) == [2, 1]


RULES = CrossingRules(frame_px=(640, 480))


@pytest.mark.parametrize("y", [479.0, 476.0, 470.0])
def test_line_near_the_border_that_vehicles_leave_by(y: float) -> None:
    """The ground contact is cut at the border, and the box shrinks there until it is gone."""
    rows: list[Frame] = [
        {1: (30, bottom - 40, 70, min(bottom, 480.0))} for bottom in down(0, 100, 518)
    ]
    assert counts(crossings_of(rows, lanes(y=y), RULES)) == [1, 0]


@pytest.mark.parametrize("y", [479.0, 476.0, 470.0])
def test_line_near_the_border_that_vehicles_come_in_by(y: float) -> None:
    lines = [CountLine(lane="up", from_px=(0, y), to_px=(100, y), heading_deg=0.0)]
    rows: list[Frame] = [
        {1: (30, bottom - 40, 70, min(bottom, 480.0))} for bottom in down(0, 100, 518)[::-1]
    ]
    assert counts(crossings_of(rows, lines, RULES), 1) == [1]


def test_cyclist_or_shadow_of_the_next_lane_does_not_count_here() -> None:
    """The box reaches over this lane's line; the ground contact is in the next lane."""
    rows: list[Frame] = [{1: box(112, y, width=60)} for y in down(0)]
    assert counts(crossings_of(rows)) == [0, 1]
    swerving: list[Frame] = [{1: box(105 + 4 * (-1) ** k, y)} for k, y in enumerate(down(0))]
    assert counts(crossings_of(swerving)) == [0, 1]


def test_kinds_that_a_lane_does_not_take_are_not_counted_on_it() -> None:
    cars = [CountLine(lane="cars", from_px=(0, 300), to_px=(100, 300), kinds=frozenset({0, 2}))]
    assert counts(crossings_of(drive(50, down(50)), cars, kind=2), 1) == [1]
    assert counts(crossings_of(drive(50, down(50)), cars, kind=5), 1) == [0]


def glow_and_car(last: float) -> list[Frame]:
    """Light 70 px ahead of a car is a track of its own until it has come to `last`."""
    rows = []
    for y in down(0):
        row = {2: box(50, y)}
        if y + 70 < last:
            row[1] = box(50, y + 70, 50, 30)
        rows.append(row)
    return rows


@pytest.mark.parametrize("last", [290.0, 303.0, 309.0])
def test_light_that_comes_before_the_car_is_not_a_second_vehicle(last: float) -> None:
    assert counts(crossings_of(glow_and_car(last))) == [1, 0]


def test_box_that_grows_with_the_light_counts_once() -> None:
    rows: list[Frame] = [
        {1: box(50, y + (60 if k % 7 < 3 else 0), height=40 + (60 if k % 7 < 3 else 0))}
        for k, y in enumerate(down(0))
    ]
    assert counts(crossings_of(rows)) == [1, 0]


@pytest.mark.parametrize("change", [285.0, 300.0, 304.0, 310.0, 330.0])
@pytest.mark.parametrize("lost", [0, 3])
def test_identity_that_changes_near_the_line_counts_once(change: float, lost: int) -> None:
    rows: list[Frame] = [{1 if y < change else 2: box(50, y)} for y in down(0, step=4)]
    at = next(k for k, row in enumerate(rows) if 2 in row)
    rows[at : at + lost] = [{} for _ in range(lost)]
    assert counts(crossings_of(rows)) == [1, 0]


def test_vehicle_against_the_lane_is_told_apart() -> None:
    found = crossings_of(drive(50, down(50)[::-1]))
    assert len(found) == 1
    assert counts(found) == [0, 0]


def test_identity_used_again_after_a_while_is_another_vehicle() -> None:
    rows = [*drive(50, down(50)), *[{} for _ in range(30)], *drive(50, down(50))]
    assert counts(crossings_of(rows)) == [2, 0]


def test_line_that_the_heading_runs_along_is_refused() -> None:
    with pytest.raises(InfeasibleError, match="along the line"):
        CountLine(lane="a", from_px=(0, 0), to_px=(100, 0), heading_deg=90.0)


def test_frames_that_go_back_in_time_are_refused() -> None:
    counter = LineCounter(lanes())
    counter.add(*frames(drive(50, down(50))))
    with pytest.raises(InfeasibleError, match="older"):
        counter.add(*frames(drive(50, down(50))))


@pytest.mark.parametrize("rule", ["foot", "slack", "slack_px"])
def test_a_limit_that_is_no_number_is_refused(rule: str) -> None:
    with pytest.raises(InfeasibleError, match="slack is a number and not negative"):
        CrossingRules(**{rule: float("nan")})  # type: ignore[arg-type]
