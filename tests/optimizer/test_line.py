"""Two signals on one street, built by hand: streams, offsets and the tree of coordination."""

from dataclasses import replace

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citybrain.model.flows import DemandSource, MovementDemand, TurningDemand
from citybrain.model.network import Lane, Movement, Network
from citybrain.model.pattern import Pattern
from optimizer.offsets import offsets_along
from optimizer.streams import Stream, coordinated_tree, streams
from tests.model.crossroads import Crossroads

LEAD_S = 3.0
SPEED_MPS = 10.0


def movement(intersection: str, from_edge: str, to_edge: str, group: str) -> Movement:
    return Movement(
        name=f"{from_edge}->{to_edge}",
        intersection=intersection,
        from_edge=from_edge,
        to_edge=to_edge,
        turn="through",
        lanes=(f"{from_edge}_0",),
        groups=(group,),
    )


def lane(edge: str, length_m: float) -> Lane:
    return Lane(
        name=f"{edge}_0",
        edge=edge,
        length_m=length_m,
        speed_mps=SPEED_MPS,
        shape=(),
        for_vehicles=True,
    )


def line(length_m: float) -> Network:
    """Return A and B with a link of two edges between them; group 1 serves the main street."""
    found = (
        movement("A", "west", "first", "1"),
        movement("A", "north", "first", "2"),
        movement("B", "second", "east", "1"),
        movement("B", "second", "south", "2"),
        movement("B", "side", "east", "2"),
    )
    lengths_m = {"first": 0.25 * length_m, "second": 0.75 * length_m}
    edges = ("west", "north", "first", "second", "side", "east", "south")
    return Network(
        name="line",
        lanes={f"{edge}_0": lane(edge, lengths_m.get(edge, 100.0)) for edge in edges},
        turns={
            "west": ("first",),
            "north": ("first",),
            "first": ("second",),
            "second": ("east", "south"),
            "side": ("east",),
        },
        movements={m.name: m for m in found},
        intersections={},
    )


def demand(**flows_vph: float) -> TurningDemand:
    names = {name: name.replace("_to_", "->") for name in flows_vph}
    return TurningDemand(
        movements={
            names[key]: MovementDemand(
                movement=names[key], flow_vph=flow_vph, source=DemandSource.EXCLUSIVE_LANES
            )
            for key, flow_vph in flows_vph.items()
        }
    )


FLOWS = demand(
    west_to_first=600.0, north_to_first=100.0, second_to_east=525.0, second_to_south=175.0
)


def test_the_heaviest_stream_of_the_line_by_hand() -> None:
    (found,) = streams(line(400.0), FLOWS)
    assert found.upstream.name == "west->first"
    assert found.downstream.name == "second->east"
    assert found.flow_vph == pytest.approx(600.0 * 525.0 / 700.0)
    assert found.travel_s == pytest.approx(40.0)


def test_signals_too_far_apart_have_no_stream() -> None:
    assert len(streams(line(1000.0), FLOWS)) == 1
    assert streams(line(1010.0), FLOWS) == ()


def crossroads(name: str, *, shift_s: float, offset_s: float, green_s: float = 20.0) -> Pattern:
    shown = Crossroads(green_s=green_s, shift_s=shift_s).pattern()
    return replace(shown, intersection=name, offset_s=offset_s)


@given(
    st.integers(100, 900),
    st.integers(0, 46),
    st.integers(0, 46),
    st.tuples(*[st.integers(0, 46)] * 2),
)
def test_the_platoon_reaches_the_line_s_second_signal_as_green_begins(
    length_m: int, shift_s: int, other_shift_s: int, offsets_s: tuple[int, int]
) -> None:
    patterns = {
        "A": crossroads("A", shift_s=shift_s, offset_s=offsets_s[0]),
        "B": crossroads("B", shift_s=other_shift_s, offset_s=offsets_s[1]),
    }
    cycle_s = patterns["A"].cycle_s
    found_s = offsets_along(patterns, coordinated_tree(streams(line(length_m), FLOWS)))
    greens_s = {
        name: (pattern.timing("1").greens(cycle_s)[0].start_s + found_s[name]) % cycle_s
        for name, pattern in patterns.items()
    }
    waited_s = (greens_s["A"] + length_m / SPEED_MPS - greens_s["B"]) % cycle_s
    assert LEAD_S - 0.5 <= waited_s <= LEAD_S + 0.5


def test_offsets_of_the_line_by_hand() -> None:
    patterns = {
        "A": crossroads("A", shift_s=0.0, offset_s=5.0),
        "B": crossroads("B", shift_s=10.0, offset_s=0.0),
    }
    assert patterns["A"].cycle_s == 47.0
    # A's green begins at 5 + 1 s; 40 s later, less 3 s, it is 43 s, when B's green, which
    # begins at 10 + 1 s of B, must begin.
    found_s = offsets_along(patterns, coordinated_tree(streams(line(400.0), FLOWS)))
    assert found_s == {"A": 5.0, "B": 32.0}


def test_different_cycles_leave_the_line_s_offsets_alone() -> None:
    patterns = {
        "A": crossroads("A", shift_s=0.0, offset_s=5.0),
        "B": crossroads("B", shift_s=0.0, offset_s=9.0, green_s=30.0),
    }
    tree = coordinated_tree(streams(line(400.0), FLOWS))
    assert len(tree) == 1
    assert offsets_along(patterns, tree) == {"A": 5.0, "B": 9.0}


@st.composite
def towns(draw: st.DrawFn) -> tuple[Stream, ...]:
    """Draw streams, some of them in both directions, between up to seven intersections."""
    pairs = st.tuples(st.sampled_from("ABCDEFG"), st.sampled_from("ABCDEFG"))
    drawn = draw(st.lists(pairs.filter(lambda p: p[0] != p[1]), unique=True, max_size=14))
    return tuple(
        Stream(
            upstream=movement(first, f"to {first}", f"{first}{second}", "1"),
            downstream=movement(second, f"{first}{second}", f"from {second}", "1"),
            flow_vph=draw(st.integers(1, 2000).map(float)),
            travel_s=draw(st.integers(5, 90).map(float)),
        )
        for first, second in drawn
    )


def ends(stream: Stream) -> tuple[str, str]:
    return stream.upstream.intersection, stream.downstream.intersection


@given(towns())
def test_coordinated_streams_close_no_ring_and_leave_nobody_out(found: tuple[Stream, ...]) -> None:
    tree = coordinated_tree(found)
    everything, kept = nx.Graph(map(ends, found)), nx.Graph(map(ends, tree))
    assert len(tree) == kept.number_of_edges()
    assert not tree or nx.is_forest(kept)
    assert set(map(frozenset, nx.connected_components(kept))) == set(
        map(frozenset, nx.connected_components(everything))
    )


@settings(max_examples=30)
@given(towns(), st.data())
def test_every_branch_of_a_tree_gets_the_offset_it_wants(
    found: tuple[Stream, ...], data: st.DataObject
) -> None:
    seconds = st.integers(0, 46).map(float)
    patterns = {
        name: crossroads(name, shift_s=data.draw(seconds), offset_s=data.draw(seconds))
        for name in "ABCDEFG"
    }
    tree = coordinated_tree(found)
    found_s = offsets_along(patterns, tree)
    for stream in tree:
        first, second = ends(stream)
        starts_s = [
            patterns[name].timing("1").greens(47.0)[0].start_s + found_s[name]
            for name in (first, second)
        ]
        assert (starts_s[0] + stream.travel_s - LEAD_S - starts_s[1]) % 47.0 == 0.0
    placed = {name for stream in tree for name in ends(stream)}
    for name in set(patterns) - placed:
        assert found_s[name] == patterns[name].offset_s
