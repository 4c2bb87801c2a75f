"""Slit-scan counting on drawn streets: each car once, on its lane, in its direction."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from detectors.camera.band import SCALE, BandReducer, Rows
from detectors.camera.counting import LaneCounter
from detectors.camera.passages import Passage
from detectors.camera.slit import kernels
from detectors.camera.slit.counter import SlitCounter
from detectors.camera.slit.sizes import TypicalSizes
from detectors.camera.slit.vote import Sighting
from tests.detectors.camera_street import (
    RATE_HPS,
    SIZE,
    Car,
    frames,
    steady_cars,
    street_settings,
)


def reduced(cars: list[Car], count: int, every: int = 1) -> Rows:
    reducer = BandReducer(street_settings(), SIZE)
    drawn = frames(cars, count, np.random.default_rng(1), every)
    return np.array([reducer(image) for image in drawn])


def counted(rows: Rows, part: int = 25, rate_hps: float = RATE_HPS) -> list[Passage]:
    counter = LaneCounter(street_settings(), rate_hps)
    times_s = np.arange(len(rows)) / rate_hps
    for begin in range(0, len(rows), part):
        counter.feed(times_s[begin : begin + part], rows[begin : begin + part])
    counter.break_off()
    return counter.take()


def lanes_of(passages: Sequence[Passage]) -> list[int]:
    return np.bincount([one.lane for one in passages if not one.is_against], minlength=3).tolist()


@cache
def minute() -> tuple[tuple[Car, ...], Rows]:
    cars = steady_cars(55, np.random.default_rng(7))
    return tuple(cars), reduced(cars, 1500)


@cache
def seen_in_the_minute() -> tuple[Passage, ...]:
    return tuple(counted(minute()[1]))


def test_every_car_is_counted_once_on_its_lane() -> None:
    cars, _ = minute()
    assert (
        lanes_of(seen_in_the_minute())
        == np.bincount([car.lane for car in cars], minlength=3).tolist()
    )


def test_the_times_are_those_of_the_cars() -> None:
    cars, _ = minute()
    on_s = [one.on_s for one in seen_in_the_minute()]
    assert np.abs(np.array(on_s) - [car.frame / RATE_HPS for car in cars]).max() < 0.2


@cache
def read_in_parts(edges: tuple[int, ...]) -> list[str]:
    """What is sighted in 50 s at half the rate, whose rows are cut into parts."""
    rows = np.ascontiguousarray(minute()[1][:1250:2, :9])
    rate_hps = RATE_HPS / 2
    counter = SlitCounter(slits=3, main=1, width=rows.shape[2], rate_hps=rate_hps, scale=SCALE)
    sightings: list[Sighting] = []
    for part in np.split(rows, [edge for edge in edges if edge < len(rows)]):
        sightings += counter.feed(part)
    return sorted(map(repr, sightings + counter.flush()))


@settings(max_examples=5)
@given(st.lists(st.integers(1, 200), min_size=1, max_size=6))
def test_parts_cut_anywhere_give_the_same_vehicles(cuts: list[int]) -> None:
    assert read_in_parts(tuple(np.cumsum(cuts).tolist())) == read_in_parts(())


def test_a_queue_that_stands_for_minutes_is_one_vehicle_each() -> None:
    waiting = [Car(lane=1, frame=1100, stands=2600, grey=60)]
    before = steady_cars(40, np.random.default_rng(3))
    others = [Car(lane=0, frame=frame) for frame in range(1150, 3600, 50)]
    after = [Car(lane=1, frame=frame, grey=170) for frame in range(3750, 3900, 30)]
    cars = [*before, *waiting, *others, *after]
    passages = counted(reduced(cars, 3950, every=2), rate_hps=RATE_HPS / 2)
    assert lanes_of(passages) == np.bincount([car.lane for car in cars], minlength=3).tolist()
    longest = max(passages, key=lambda one: one.off_s - one.on_s)
    assert longest.lane == 1
    assert longest.off_s - longest.on_s == pytest.approx(2600 / RATE_HPS, abs=2)


def test_light_that_changes_is_no_vehicle() -> None:
    cars, rows = minute()
    drift = 1 + 0.4 * np.sin(np.arange(len(rows)) / 40)
    dimmed = (rows * drift[:, np.newaxis, np.newaxis] * 0.6).astype(np.uint16)
    assert lanes_of(counted(dimmed)) == np.bincount([car.lane for car in cars]).tolist()


def test_a_vehicle_against_its_lane_is_found_and_not_counted() -> None:
    cars = [*steady_cars(50, np.random.default_rng(5)), Car(lane=2, frame=1300, goes_up=True)]
    passages = counted(reduced(cars, 1450))
    against = [one for one in passages if one.is_against]
    assert [one.lane for one in against] == [2]
    assert len(passages) - 1 == 50


def test_the_road_alone_has_no_vehicles() -> None:
    assert counted(reduced([], 2400, every=2), rate_hps=RATE_HPS / 2) == []


def test_a_frozen_picture_is_a_gap_and_no_empty_road() -> None:
    _, rows = minute()
    stands = np.repeat(rows[1200:1201], 300, axis=0)
    rows = np.concatenate([rows[:1200], stands, rows[1200:]])
    counter = LaneCounter(street_settings(), RATE_HPS)
    counter.feed(np.arange(len(rows)) / RATE_HPS, rows)
    counter.break_off()
    assert [gap.reason for gap in counter.gaps] == ["the picture stands still"]
    assert counter.gaps[0].begin_s == pytest.approx(48.0, abs=0.1)
    assert counter.gaps[0].end_s == pytest.approx(60.0, abs=0.1)
    assert any("stands still" in note for note in counter.notes)


def test_a_changed_view_stops_the_count_until_it_comes_back() -> None:
    cars, rows = minute()
    other = rows[:, :, ::-1].copy()
    rng = np.random.default_rng(2)
    other[:, -1] = rng.permuted(other[:, -1], axis=1)
    rows = np.concatenate([rows, other[:750], rows])
    counter = LaneCounter(street_settings(), RATE_HPS)
    counter.feed(np.arange(len(rows)) / RATE_HPS, rows)
    counter.break_off()
    assert [gap.reason for gap in counter.gaps] == ["the view of the camera changed"]
    gap = counter.gaps[0]
    assert gap.begin_s == pytest.approx(60, abs=0.5)
    assert gap.end_s == pytest.approx(95, abs=0.6)
    inside = [one for one in counter.take() if gap.begin_s + 6 < one.on_s < gap.end_s]
    assert inside == []
    assert len(cars) > 0


def test_the_mode_of_a_few_values_is_where_they_are_dense() -> None:
    ordered = np.sort(np.array([0.0, 1.0, 1.1, 1.05, 5.0, 9.0], dtype=np.float32))
    assert kernels.half_sample_mode(ordered) == pytest.approx(1.05, abs=0.06)


def test_a_shift_of_the_camera_is_found() -> None:
    rng = np.random.default_rng(4)
    background = rng.normal(0, 0.3, 200).astype(np.float32)
    moved = np.roll(background, 3)
    trusted = np.ones(200, dtype=np.bool_)
    assert kernels.best_shift(moved, background, trusted, 4) == pytest.approx(3, abs=0.3)
    assert kernels.best_shift(background, background, trusted, 4) == pytest.approx(0, abs=0.3)


def test_compiled_kernels_equal_the_plain_ones() -> None:
    _, rows = minute()
    rows = np.ascontiguousarray(rows[:4, :9, :60])
    table = kernels.log_table(SCALE)
    shift = np.array([0, 1.5, -2, 0.25], dtype=np.float32)
    results = []
    for kernel in (kernels.log_gradients, kernels.log_gradients.py_func):
        along, across = np.empty((2, 4, 3, 60), dtype=np.float32)
        kernel(rows, table, shift, along, across)
        results.append((along, across))
    np.testing.assert_allclose(results[0], results[1], atol=1e-5)


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_holes_are_filled_as_the_reference_does(seed: int) -> None:
    mask = np.random.default_rng(seed).random((23, 17)) < 0.55
    wanted = ndimage.binary_fill_holes(mask)
    kernels.fill_holes(mask)
    np.testing.assert_array_equal(mask, wanted)


def test_parts_taken_for_vehicles_cannot_make_the_usual_size_collapse() -> None:
    sizes = TypicalSizes(100, 32.0, 9.0)
    sizes.see([(50.0, 5.0, 2.0)] * 300)
    width, height = sizes.at(50.0)
    assert width > 20
    assert height > 6
