"""Laws of the crossing kernel."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.tracking.boxes import Boxes
from detectors.tracking.crossing.counter import LineCounter
from detectors.tracking.lines import CountLine
from tests.detectors.tracking_kit import lanes

LINES = [*lanes(3), CountLine(lane="slanted", from_px=(20, 150), to_px=(260, 240))]


def wandering(seed: int, frame_count: int = 120) -> tuple[Boxes, np.ndarray]:
    """Tracks that walk about at random, are missed, jump and change their size."""
    dice = np.random.default_rng(seed)
    tracks = 6
    steps = dice.normal(0, dice.uniform(1, 30), (frame_count, tracks, 2))
    place = dice.uniform(0, 400, (tracks, 2)) + np.cumsum(steps, axis=0)
    size = np.exp(dice.normal(3.5, 0.3, (frame_count, tracks, 2)))
    left_top = np.stack([place[..., 0] - size[..., 0] / 2, place[..., 1] - size[..., 1]], axis=-1)
    corners = np.concatenate([left_top, left_top + size], axis=-1)
    seen = dice.random((frame_count, tracks)) < 0.9
    identity = np.broadcast_to(np.arange(tracks), seen.shape)
    count = int(seen.sum())
    steps_s = dice.choice([0.0, 0.1, 0.5, 3.0], frame_count, p=[0.05, 0.85, 0.08, 0.02])
    boxes = Boxes(
        time_s=np.cumsum(steps_s),
        offset=np.concatenate([[0], np.cumsum(seen.sum(axis=1))]).astype(np.int64),
        corners_px=corners[seen].astype(np.float32),
        score=np.ones(count, np.float32),
        kind=np.zeros(count, np.int64),
    )
    return boxes, identity[seen].astype(np.int64)


def result(counter: LineCounter) -> list[tuple[object, ...]]:
    counter.finish()
    found = counter.take()
    columns = (found.on_s, found.off_s, found.line, found.is_ahead, found.track)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def fed(boxes: Boxes, track: np.ndarray, cuts: list[int]) -> LineCounter:
    counter = LineCounter(LINES)
    edges = [0, *sorted(cuts), len(boxes.time_s)]
    for begin, end in pairwise(edges):
        own = slice(int(boxes.offset[begin]), int(boxes.offset[end]))
        counter.add(boxes.part(begin, end), track[own])
    return counter


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, 120), max_size=5))
def test_any_cut_into_batches_gives_the_same(seed: int, cuts: list[int]) -> None:
    boxes, track = wandering(seed)
    assert result(fed(boxes, track, cuts)) == result(fed(boxes, track, []))


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32))
def test_leaving_boxes_out_that_are_safe_changes_nothing(seed: int) -> None:
    boxes, track = wandering(seed)
    closely = LineCounter(LINES)
    for frame in range(len(boxes.time_s)):
        own = slice(int(boxes.offset[frame]), int(boxes.offset[frame + 1]))
        closely.add(boxes.part(frame, frame + 1), track[own])
        closely._tracks["safe_left"] = np.inf  # look at every box closely
    assert result(closely) == result(fed(boxes, track, []))


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32))
def test_each_track_counts_at_most_once_on_each_line_and_never_leaves_before_it_comes(
    seed: int,
) -> None:
    boxes, track = wandering(seed)
    boxes.time_s[:] = np.arange(len(boxes.time_s)) * 0.01  # no track ends
    found = result(fed(boxes, track, []))
    assert len({(line, identity) for _, _, line, _, identity in found}) == len(found)
    assert all(on_s <= off_s for on_s, off_s, *_ in found)


def test_many_tracks_and_crossings_find_room() -> None:
    """More vehicles at once than there was room for at first; each crosses each of many lines."""
    count, lines = 500, [line for y in range(100, 900, 50) for line in lanes(1, y=float(y))]
    y = np.arange(0.0, 1000.0, 20.0)
    corners = np.zeros((len(y), count, 4), np.float32)
    corners[..., 0], corners[..., 2] = 40, 60
    corners[..., 1], corners[..., 3] = y[:, None] - 20, y[:, None]
    boxes = Boxes(
        time_s=np.arange(len(y)) / 10,
        offset=np.arange(len(y) + 1) * count,
        corners_px=corners.reshape(-1, 4),
        score=np.ones(len(y) * count, np.float32),
        kind=np.zeros(len(y) * count, np.int64),
    )
    counter = LineCounter(lines)
    counter.add(boxes, np.tile(np.arange(count), len(y)))
    assert len(counter.take()) == count * len(lines)
