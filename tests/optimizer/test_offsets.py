"""Offsets: the platoon of the heaviest stream meets green."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from citybrain.model.aspects import Aspect
from citybrain.model.network import Movement
from citybrain.model.pattern import Pattern
from optimizer.offsets import offsets_along
from optimizer.streams import Stream, coordinated_tree
from tests.model.crossroads import Crossroads

LEAD_S = 3.0


def crossroads(name: str, green_s: int, shift_s: int, offset_s: int) -> Pattern:
    """Return a pattern of 60 s."""
    junction = Crossroads(green_s=green_s, other_green_s=48 - green_s, shift_s=shift_s)
    return replace(junction.pattern(), intersection=name, offset_s=float(offset_s))


PATTERNS = st.tuples(st.integers(8, 40), st.integers(0, 59), st.integers(0, 59))


def movement(intersection: str, group: str) -> Movement:
    return Movement(
        name=f"{intersection} {group}",
        intersection=intersection,
        from_edge=f"to {intersection}",
        to_edge=f"from {intersection}",
        turn="through",
        lanes=(),
        groups=(group,),
    )


def stream(first: str, second: str, flow_vph: float, travel_s: float) -> Stream:
    return Stream(
        upstream=movement(first, "1"),
        downstream=movement(second, "2"),
        flow_vph=flow_vph,
        travel_s=travel_s,
    )


def shown(pattern: Pattern, group: str, time_s: float) -> Aspect:
    local_s = (time_s - pattern.offset_s) % pattern.cycle_s
    timeline = pattern.timing(group).timeline(pattern.cycle_s)
    return [aspect for start_s, aspect in timeline if start_s <= local_s][-1]


@given(PATTERNS, PATTERNS, st.floats(0, 200))
def test_a_platoon_that_leaves_on_green_arrives_on_green(
    one: tuple[int, int, int], other: tuple[int, int, int], travel_s: float
) -> None:
    patterns = {"A": crossroads("A", *one), "B": crossroads("B", *other)}
    offsets_s = offsets_along(patterns, [stream("A", "B", 500, travel_s)])
    timed = {name: replace(p, offset_s=offsets_s[name]) for name, p in patterns.items()}
    leaves_s = timed["A"].timing("1").greens(60.0)[0].start_s + offsets_s["A"]
    arrives_s = leaves_s + travel_s
    assert shown(timed["B"], "2", arrives_s) is Aspect.PROTECTED
    assert shown(timed["B"], "2", arrives_s - LEAD_S - 1.5) is not Aspect.PROTECTED
    assert all(
        0 <= offset_s < 60 and offset_s == round(offset_s) for offset_s in offsets_s.values()
    )
    assert offsets_s["A"] == patterns["A"].offset_s


def test_different_cycles_are_left_as_they_are() -> None:
    patterns = {
        "A": crossroads("A", 20, 0, 5),
        "B": replace(Crossroads(green_s=30.0).pattern(), intersection="B", offset_s=7.0),
    }
    assert offsets_along(patterns, [stream("A", "B", 500, 30)]) == {"A": 5.0, "B": 7.0}


@given(st.lists(st.floats(1, 1000), min_size=6, max_size=6, unique=True))
def test_the_coordinated_streams_are_the_heaviest_tree(flows_vph: list[float]) -> None:
    names = "ABCD"
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    found = tuple(stream(a, b, f, 10) for (a, b), f in zip(pairs, flows_vph, strict=True))
    tree = coordinated_tree(found)
    assert len(tree) == 3
    placed = {tree[0].upstream.intersection, tree[0].downstream.intersection}
    for branch in tree[1:]:
        ends = {branch.upstream.intersection, branch.downstream.intersection}
        assert len(ends & placed) == 1
        placed |= ends
    assert placed == set(names)
    assert max(found, key=lambda s: s.flow_vph) in tree
