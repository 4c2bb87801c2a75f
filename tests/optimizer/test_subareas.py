"""Subareas: every signal in exactly one, bounded, in one piece, cut where coupling is weak."""

from collections.abc import Collection, Mapping

from hypothesis import given
from hypothesis import strategies as st

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
