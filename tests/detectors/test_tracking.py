"""Vehicles keep their identity; what is no vehicle gets none that is confirmed."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from citybrain.errors import InfeasibleError
from detectors.tracking.assignment.cheapest import assign
from detectors.tracking.boxes import Boxes
from detectors.tracking.crossing.counter import CrossingRules, LineCounter
from detectors.tracking.tracker.follower import Tracker
from tests.detectors.tracking_kit import Corners, Frame, box, counts, frames, lanes


def followed(rows: list[Frame], rate_hps: float = 10.0) -> dict[int, set[int]]:
    """Tracks that each vehicle of the rows was given."""
    boxes, truth = frames(rows, rate_hps=rate_hps)
    found = Tracker().add(boxes)
    return {vehicle: set(found.track[truth == vehicle].tolist()) for vehicle in np.unique(truth)}


def is_kept(tracks: dict[int, set[int]]) -> bool:
    """Every vehicle has one identity, and no two have the same."""
    return all(len(one) == 1 for one in tracks.values()) and len(
        set.union(*tracks.values())
    ) == len(tracks)


def test_vehicles_that_meet_keep_their_identity() -> None:
    rows: list[Frame] = [{1: box(50, 100 + 8 * k), 2: box(75, 420 - 8 * k)} for k in range(40)]
    assert is_kept(followed(rows))


@pytest.mark.parametrize("step_px", [30.0, 60.0, 90.0])
def test_vehicle_that_skips_far_in_each_frame_keeps_its_identity(step_px: float) -> None:
    """Boxes of 40 px do not even overlap from frame to frame."""
    rows: list[Frame] = [{1: box(50, step_px * k), 2: box(150, step_px * k)} for k in range(12)]
    assert is_kept(followed(rows))


def test_vehicle_that_is_hidden_for_a_second_keeps_its_identity() -> None:
    rows: list[Frame] = [{1: box(50, 100 + 8 * k)} for k in range(40)]
    rows[15:25] = [{} for _ in range(10)]
    assert is_kept(followed(rows))


def test_vehicle_that_stops_and_starts_again_keeps_its_identity() -> None:
    bottoms = [*np.arange(100, 300, 8), *[300.0] * 200, *np.arange(300, 500, 8)]
    assert is_kept(followed([{1: box(50, y)} for y in bottoms]))


def test_who_comes_after_a_long_absence_is_another_vehicle() -> None:
    rows: list[Frame] = [{1: box(50, 200)}] * 10 + [{}] * 30 + [{2: box(50, 200)}] * 10
    assert is_kept(followed(rows))


def test_box_that_is_seen_once_is_not_confirmed() -> None:
    rows: list[Frame] = [{1: box(50, 100 + 8 * k)} for k in range(20)]
    rows[10] = {**rows[10], 2: box(300, 300)}
    boxes, truth = frames(rows)
    found = Tracker().add(boxes)
    assert not found.is_confirmed[truth == 2].any()
    assert found.is_confirmed[truth == 1].tolist() == [False] * 2 + [True] * 18


def test_second_box_upon_a_vehicle_is_no_second_vehicle() -> None:
    rows: list[Frame] = [{1: box(50, 100 + 8 * k), 2: box(52, 101 + 8 * k)} for k in range(20)]
    boxes, _ = frames(rows)
    assert set(Tracker().add(boxes).track.tolist()) == {1, -1}


def test_unsure_boxes_carry_a_track_on_but_begin_none() -> None:
    boxes, truth = frames([{1: box(50, 100 + 8 * k), 2: box(300, 100)} for k in range(20)])
    boxes.score[truth == 2] = 0.2
    boxes.score[(truth == 1) & (np.arange(len(boxes)) > 5)] = 0.2
    found = Tracker().add(boxes)
    assert set(found.track[truth == 1].tolist()) == {1}
    assert set(found.track[truth == 2].tolist()) == {-1}


def test_boxes_without_area_are_of_no_track() -> None:
    flat: Corners = (10, 10, 10, 40)
    boxes, _ = frames([{1: flat} for _ in range(5)])
    assert set(Tracker().add(boxes).track.tolist()) == {-1}


def test_tracked_boxes_count_on_lines() -> None:
    rows: list[Frame] = [{1: box(50, 60 * k), 2: box(150, 40 * k - 90)} for k in range(25)]
    boxes, _ = frames(rows)
    counter = LineCounter(lanes(), CrossingRules(sightings=3))
    counter.add(boxes, Tracker().add(boxes).track)
    counter.finish()
    assert counts(counter.take()) == [1, 1]


def test_frames_that_go_back_in_time_are_refused_until_the_tracks_are_broken_off() -> None:
    boxes, _ = frames([{1: box(50, 100)}] * 5)
    tracker = Tracker()
    tracker.add(boxes)
    with pytest.raises(InfeasibleError, match="older"):
        tracker.add(boxes)
    tracker.break_off()
    assert set(tracker.add(boxes).track.tolist()) == {2}


def crowd(seed: int, frame_count: int = 60) -> Boxes:
    """Vehicles close together, noisy, missed at times, in more numbers than there is room for."""
    dice = np.random.default_rng(seed)
    count = int(dice.integers(1, 90))
    speed = dice.normal(0, 10, (count, 2))
    place = dice.uniform(0, 500, (count, 2)) + np.arange(frame_count)[:, None, None] * speed
    place += dice.normal(0, 2, place.shape)
    size = np.exp(dice.normal(3.4, 0.1, (frame_count, count, 2)))
    seen = dice.random((frame_count, count)) < dice.choice([0.9, 0.5], (frame_count, 1))
    corners = np.concatenate([place - size / 2, place + size / 2], axis=-1)[seen]
    return Boxes(
        time_s=np.cumsum(dice.choice([0.1, 0.0, 2.0], frame_count, p=[0.9, 0.05, 0.05])),
        offset=np.concatenate([[0], np.cumsum(seen.sum(axis=1))]).astype(np.int64),
        corners_px=corners.astype(np.float32),
        score=dice.uniform(0.2, 1, len(corners)).astype(np.float32),
        kind=np.zeros(len(corners), np.int64),
    )


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, 60), max_size=5))
def test_any_cut_into_batches_gives_the_same_tracks(seed: int, cuts: list[int]) -> None:
    boxes = crowd(seed)
    whole, tracker = Tracker().add(boxes), Tracker()
    edges = [0, *sorted(cuts), len(boxes.time_s)]
    parts = [tracker.add(boxes.part(begin, end)) for begin, end in pairwise(edges)]
    assert np.concatenate([part.track for part in parts]).tolist() == whole.track.tolist()
    confirmed = np.concatenate([part.is_confirmed for part in parts])
    assert confirmed.tolist() == whole.is_confirmed.tolist()


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32))
def test_no_track_has_two_boxes_in_a_frame(seed: int) -> None:
    boxes = crowd(seed)
    track = Tracker().add(boxes).track
    for begin, end in pairwise(boxes.offset.tolist()):
        own = track[begin:end][track[begin:end] >= 0]
        assert len(np.unique(own)) == len(own)


@settings(deadline=None, max_examples=200)
@given(
    seed=st.integers(0, 2**32),
    shape=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    share=st.floats(0.05, 1.0),
)
def test_assignment_is_the_cheapest_one(seed: int, shape: tuple[int, int], share: float) -> None:
    """As cheap as that of another program, whatever gates are closed."""
    dice, miss_cost = np.random.default_rng(seed), 40.0
    cost = dice.uniform(-10, 60, shape)
    cost[dice.random(shape) > share] = np.inf
    column_of = assign(cost, miss_cost)
    hit = column_of >= 0
    own = cost[hit, column_of[hit]].sum() + miss_cost * np.sum(~hit)
    square = np.full((shape[0], shape[1] + shape[0]), miss_cost)
    square[:, : shape[1]] = np.minimum(cost, 1e6)
    best = square[linear_sum_assignment(square)].sum()
    assert own == pytest.approx(best)
    assert len(np.unique(column_of[hit])) == hit.sum()
