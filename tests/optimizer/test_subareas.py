"""Subareas: every signal in exactly one, bounded, in one piece, cut where coupling is weak."""

from collections.abc import Collection, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.area_order import AreaOrder, waves
from optimizer.subareas import joined

Pair = tuple[str, str]


@st.composite
def _networks(draw: st.DrawFn) -> tuple[list[str], dict[Pair, float]]:
    names = [f"s{number:02d}" for number in range(draw(st.integers(1, 30)))]
    pairs = [(a, b) for a in names for b in names if a < b]
    some = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    return names, {pair: draw(st.floats(0.01, 50)) for pair in some}


@given(_networks(), st.integers(1, 12))
def test_every_signal_is_in_one_connected_subarea_of_bounded_size(
    network: tuple[list[str], dict[Pair, float]], most: int
) -> None:
    names, coupled = network
    groups = joined(names, coupled, most)
    assert sorted(name for group in groups for name in group) == names
    assert all(len(group) <= most for group in groups)
    assert all(_is_connected(group, _neighbours(names, coupled)) for group in groups)


@given(_networks())
def test_no_two_subareas_could_still_be_joined(
    network: tuple[list[str], dict[Pair, float]],
) -> None:
    names, coupled = network
    groups = joined(names, coupled, 8)
    place = {name: group for group in groups for name in group}
    for first, second in coupled:
        if place[first] != place[second]:
            assert len(place[first]) + len(place[second]) > 8


def test_the_cut_is_where_coupling_is_least() -> None:
    line = {("a", "b"): 5.0, ("b", "c"): 5.0, ("c", "d"): 0.1, ("d", "e"): 5.0, ("e", "f"): 5.0}
    assert joined("abcdef", line, 3) == (("a", "b", "c"), ("d", "e", "f"))


@st.composite
def _borders(draw: st.DrawFn) -> tuple[list[int], list[set[int]]]:
    sizes = draw(st.lists(st.integers(0, 30), min_size=1, max_size=12))
    touching: list[set[int]] = [set() for _ in sizes]
    numbers = st.integers(0, len(sizes) - 1)
    for one, other in draw(st.lists(st.tuples(numbers, numbers), max_size=30)):
        if one != other:
            touching[one].add(other)
            touching[other].add(one)
    return sizes, touching


@given(_borders(), st.integers(1, 4))
def test_of_two_subareas_with_a_common_border_one_waits(
    borders: tuple[list[int], list[set[int]]], workers: int
) -> None:
    sizes, touching = borders
    order = AreaOrder.of(sizes, touching, workers)
    assert sorted(order.areas) == [area for area, size in enumerate(sizes) if size]
    for area in order.areas:
        for other in touching[area].intersection(order.areas):
            assert (other in order.before[area]) != (area in order.before[other])


@given(_borders(), st.integers(1, 4))
def test_shares_of_what_is_left_fill_a_pass_and_none_ends_later(
    borders: tuple[list[int], list[set[int]]], workers: int
) -> None:
    sizes, touching = borders
    order = AreaOrder.of(sizes, touching, workers)
    waiting, ends = list(order.areas), dict[int, float]()
    now, done = 0.0, set[int]()
    while waiting:
        ready = [area for area in waiting if order.before[area] <= done]
        for area in ready[: workers - len(ends.keys() - done)]:
            ends[area] = now + (1.0 - now) * order.share[area]
            waiting.remove(area)
        now = min(end for area, end in ends.items() if area not in done)
        done |= {area for area, end in ends.items() if end <= now + 1e-9}
    assert max(ends.values(), default=1.0) == pytest.approx(1.0)


def test_a_row_of_subareas_is_searched_in_two_waves() -> None:
    assert waves([{1}, {0, 2}, {1, 3}, {2}]) == (0, 1, 0, 1)


def test_subareas_that_touch_share_the_time_however_many_could_be_searched_at_once() -> None:
    order = AreaOrder.of([10, 10], [{1}, {0}], workers=2)
    assert order.share == {0: 0.5, 1: 1.0}


def _neighbours(names: Collection[str], coupled: Mapping[Pair, float]) -> dict[str, set[str]]:
    near: dict[str, set[str]] = {name: set() for name in names}
    for first, second in coupled:
        near[first].add(second)
        near[second].add(first)
    return near


def _is_connected(group: Collection[str], near: Mapping[str, Collection[str]]) -> bool:
    left, found = set(group), [min(group)]
    left.discard(found[0])
    while found:
        reached = left.intersection(near[found.pop()])
        left -= reached
        found += reached
    return not left
