"""What is mended in a feed, and that every mend is counted."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from detectors.aliveness import GAP_S, MISSING_MOMENTS, alive_spans_s
from detectors.pulses import Pulses
from detectors.repair import RawPulses, Speakers, pair_events, tidy
from tests.detectors.feeds import pulses, raw_pulses

NAN = np.nan


def times(feed: Pulses) -> list[tuple[str, float, float]]:
    names = [feed.names[at] for at in feed.detector]
    return list(zip(names, feed.on_s.tolist(), feed.off_s.tolist(), strict=True))


def test_clean_feed_stays_as_it_is() -> None:
    rows = [("a", 1.0, 2.0), ("b", 1.5, 3.0), ("a", 4.0, 5.0)]
    feed = pulses(rows)
    assert times(feed) == rows
    assert feed.repairs.lines == ()


def test_lost_off_ends_at_the_next_on() -> None:
    feed = pulses([("a", 1.0, 9.0), ("a", 10.0, NAN), ("a", 12.0, 13.0)])
    assert times(feed)[1] == ("a", 10.0, 12.0)
    assert feed.repaired.tolist() == [False, True, False]
    assert feed.repairs.lines == ("lost offs: 1",)


def test_lost_off_is_no_longer_than_the_longest_whole_pulse() -> None:
    feed = pulses([("a", 1.0, 3.0), ("a", 10.0, NAN), ("a", 200.0, 201.0)])
    assert times(feed)[1] == ("a", 10.0, 12.0)


def test_pulse_that_the_feed_ends_in_ends_with_it() -> None:
    feed = pulses([("a", 1.0, 30.0), ("b", 8.0, 20.0), ("a", 40.0, NAN), ("b", 45.0, 50.0)])
    assert ("a", 40.0, 50.0) in times(feed)
    assert feed.repairs.lines == ("still on: 1",)


def test_repeated_rows_are_kept_once_and_the_longest_wins() -> None:
    feed = pulses([("a", 1.0, 2.0), ("a", 1.0, 2.0), ("a", 1.0, 3.0), ("b", 1.0, 2.0)])
    assert times(feed) == [("a", 1.0, 3.0), ("b", 1.0, 2.0)]
    assert feed.repairs.lines == ("doubled rows: 2",)


def test_overlap_keeps_both_vehicles_and_the_covered_time() -> None:
    feed = pulses([("a", 1.0, 6.0), ("a", 3.0, 4.0), ("b", 2.0, 5.0)])
    assert times(feed) == [("a", 1.0, 3.0), ("b", 2.0, 5.0), ("a", 3.0, 6.0)]
    assert feed.repairs.lines == ("overlaps: 1",)


def test_negative_length_counts_as_a_lost_off() -> None:
    feed = pulses([("a", 5.0, 4.0), ("a", 8.0, 9.0)])
    assert times(feed) == [("a", 5.0, 6.0), ("a", 8.0, 9.0)]
    assert feed.repairs.lines == ("lost offs: 1", "negative lengths: 1")


def test_silence_of_the_whole_feed_is_a_gap_and_pulses_end_where_it_begins() -> None:
    feed = pulses([("a", 0.0, 2.0), ("b", 1.0, 10.0), ("a", 400.0, 401.0)], gap_s=300.0)
    assert feed.spans_s.tolist() == [[0.0, 10.0], [400.0, 401.0]]
    assert feed.repairs.lines == ("gaps: 1",)


def test_pulse_into_a_gap_is_cut_there() -> None:
    raw = raw_pulses([("a", 0.0, 2.0, NAN), ("b", 1.0, 450.0, NAN), ("a", 445.0, 450.0, NAN)])
    feed = tidy(raw, gap_s=300.0)
    assert times(feed)[1] == ("b", 1.0, 2.0)
    assert "cut at gaps: 1" in feed.repairs.lines


def of_controllers(
    rows: list[tuple[str, float, float]], signals: list[tuple[str, float]]
) -> RawPulses:
    """Rows of detector, on [s], off [s]; and moments at which a controller says something else."""
    raw = raw_pulses((*row, NAN) for row in rows)
    said = [(name[:1], at) for name, *times in rows for at in times if not np.isnan(at)]
    words = sorted(said + signals, key=lambda word: word[1])
    names = tuple(sorted({name for name, _ in words}))
    return replace(
        raw,
        alive_s=np.array([at for _, at in words]),
        speakers=Speakers(
            names=names,
            of_moment=np.array([names.index(name) for name, _ in words], dtype=np.int64),
        ),
    )


BESIDE = [("1", float(at)) for at in range(0, 2001, 10)]


def test_a_controller_that_is_silent_beside_another_was_not_alive() -> None:
    rows = [
        ("2:5", 400.0, 402.0),
        ("2:5", 500.0, 1200.0),
        ("2:6", 1210.0, NAN),
        ("1:5", 1.0, 999.0),
    ]
    feed = tidy(of_controllers(rows, [*BESIDE, ("2", 10.0), ("2", 290.0), ("2", 1990.0)]))
    assert feed.spans_s.tolist() == [[0.0, 2000.0]]
    assert feed.spans_of("1:5").tolist() == feed.spans_of("1:6").tolist() == [[0.0, 2000.0]]
    assert feed.spans_of("2:5").tolist() == [[0.0, 500.0], [1200.0, 1210.0], [1990.0, 2000.0]]
    assert feed.spans_of("3:5").shape == (0, 2)
    assert times(feed) == [
        *(("1:5", 1.0, 999.0), ("2:5", 400.0, 402.0), ("2:5", 500.0, 500.0)),
        ("2:6", 1210.0, 1210.0),
    ]
    assert (feed.repairs.gaps, feed.repairs.cut_at_gaps) == (2, 2)
    assert feed.part(0, 1).spans_of("2:5").shape == (3, 2)


@pytest.mark.parametrize(
    ("every_s", "last_s", "told_s"),
    [(100, 1750, 2000), (100, 1650, 1650), (1, 1850, 1850), (1, 1950, 2000)],
)
def test_a_controller_that_falls_silent_near_the_end_is_told_by_its_pace(
    every_s: int, last_s: int, told_s: float
) -> None:
    words = [("2", float(at)) for at in range(0, last_s, every_s)] + [("2", float(last_s))]
    feed = tidy(of_controllers([("1:5", 5.0, 6.0)], [*BESIDE, *words]))
    assert feed.spans_of("2:5").tolist() == [[0.0, told_s]]


def test_a_gap_of_the_whole_feed_is_one_of_each_controller() -> None:
    words = [(name, at / 2) for at in range(4000) for name in "123456" if not 1800 < at < 2000]
    slow = [words[at] for at in range(0, len(words), 7)]  # too slow, each, to be missed alone
    feed = tidy(of_controllers([("1:5", 5.0, 6.0)], slow))
    assert len(feed.spans_s) == 2
    assert all(len(own_s) == 2 for own_s in feed.own_spans_s.values())


def test_one_controller_is_the_feed() -> None:
    feed = tidy(of_controllers([("2:5", 5.0, 6.0)], [("2", 900.0)]))
    assert feed.own_spans_s == {}
    assert feed.spans_of("9:9").tolist() == feed.spans_s.tolist() == [[5.0, 6.0], [900.0, 900.0]]


spoken = st.lists(
    st.tuples(
        st.sampled_from(["1:1", "1:2", "2:1", "3:1"]), st.integers(0, 4000), st.integers(0, 99)
    ),
    min_size=1,
)


@given(spoken)
def test_every_pulse_lies_in_times_in_which_its_controller_was_alive(
    found: list[tuple[str, int, int]],
) -> None:
    rows = [(name, float(on), float(on + length)) for name, on, length in found]
    feed = tidy(of_controllers(rows, []))
    for name, on_s, off_s in times(feed):
        spans_s = feed.spans_of(name)
        assert np.all(spans_s[1:, 0] > spans_s[:-1, 1])
        assert np.any((spans_s[:, 0] <= on_s) & (off_s <= spans_s[:, 1]))


def test_spans_of_nothing_are_none() -> None:
    assert alive_spans_s(np.array([]), 300.0).shape == (0, 2)


rows = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 500), st.integers(0, 60)), min_size=1
).map(lambda found: [(name, on / 10, (on + length) / 10, NAN) for name, on, length in found])


@given(rows, st.randoms(use_true_random=False))
def test_order_of_the_rows_does_not_matter(
    feed: list[tuple[str, float, float, float]], dice: random.Random
) -> None:
    shuffled = list(feed)
    dice.shuffle(shuffled)
    first, second = tidy(raw_pulses(feed)), tidy(raw_pulses(shuffled))
    assert_array_equal(first.on_s, second.on_s)
    assert_array_equal(first.off_s, second.off_s)
    assert_array_equal(first.detector, second.detector)


@given(rows)
def test_repairs_keep_the_covered_time_and_every_separate_begin(
    feed: list[tuple[str, float, float, float]],
) -> None:
    tidied = tidy(raw_pulses(feed))
    for at, name in enumerate(tidied.names):
        own = [(round(on * 10), round(off * 10)) for d, on, off, _ in feed if d == name]
        covered = {tenth for on, off in own for tenth in range(on, off)}
        mine = tidied.detector == at
        assert round(float(np.sum(tidied.off_s[mine] - tidied.on_s[mine])) * 10) == len(covered)
        assert np.sum(mine) == len({on for on, _ in own})


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=60))
def test_every_event_is_in_a_pulse_or_counted(events: list[tuple[int, bool]]) -> None:
    key = np.array([event[0] for event in events], dtype=np.int64)
    is_on = np.array([event[1] for event in events], dtype=np.bool_)
    paired = pair_events(key, np.arange(len(events)) / 10, is_on)
    assert len(paired.on_row) == int(is_on.sum())
    ended = paired.off_row[paired.off_row >= 0]
    assert len(set(ended.tolist())) == len(ended)
    assert len(ended) + paired.lost_ons == int((~is_on).sum())
    assert all(not is_on[at] for at in ended)


def test_repeated_events_make_one_pulse() -> None:
    paired = pair_events(
        np.zeros(4, np.int64), np.array([1.0, 1.0, 2.0, 2.0]), np.array([True, True, False, False])
    )
    assert paired.on_row.tolist() == [0]
    assert paired.off_row.tolist() == [2]
    assert paired.doubled_rows == 2


def spans_of(rate_ps: float, silence_s: float, seed: int) -> int:
    """Return how many spans a feed of two hours has that is silent for a while in the middle."""
    moments_s = np.cumsum(np.random.default_rng(seed).exponential(1 / rate_ps, int(9000 * rate_ps)))
    heard = (moments_s < 3600) | (moments_s > 3600 + silence_s)
    return len(alive_spans_s(moments_s[heard & (moments_s < 7200)], GAP_S, missing=MISSING_MOMENTS))


def test_a_busy_feed_that_is_silent_for_two_minutes_was_not_alive() -> None:
    assert spans_of(rate_ps=2.0, silence_s=120.0, seed=1) == 2
    assert spans_of(rate_ps=2.0, silence_s=50.0, seed=1) == 1


def test_the_silences_of_the_night_are_no_gaps() -> None:
    for seed in range(40):
        assert spans_of(rate_ps=0.05, silence_s=0.0, seed=seed) == 1
        assert spans_of(rate_ps=0.1, silence_s=120.0, seed=seed) == 1


def test_a_busy_evening_does_not_make_a_gap_of_the_first_silence_of_the_night() -> None:
    evening_s = np.arange(0.0, 3600.0, 0.5)
    night_s = np.arange(3800.0, 7200.0, 200.0)
    assert (
        len(alive_spans_s(np.concatenate((evening_s, night_s)), GAP_S, missing=MISSING_MOMENTS))
        == 1
    )
