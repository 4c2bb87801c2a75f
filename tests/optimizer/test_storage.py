"""Streets between close signals: the longest red whose queue they hold."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.model.actuation import ActuatedPattern, Actuation, Stretch
from citybrain.model.intersection import Intersection
from citybrain.model.network import Network, Untouched
from citybrain.model.plan import Plan
from citybrain.model.rules import check_pattern, longest_red_s
from citybrain.units import SECONDS_PER_HOUR
from optimizer.saturation import BASE_SATURATION_VPH
from optimizer.storage import QUEUED_M, storages, with_storage
from tests.model.crossroads import Crossroads
from tests.optimizer.test_line import FLOWS, demand, line

ROOM_VEH = 10
STREET = {"second": ROOM_VEH * QUEUED_M}
LIMIT_S = 150.0


def signalled(length_m: float, shown: Crossroads) -> tuple[Network, Plan]:
    """Return the line with a crossroads at both ends, and what they show today."""
    intersections = {name: with_limit(shown, name) for name in "AB"}
    patterns = tuple(replace(shown.pattern(), intersection=name) for name in "AB")
    network = replace(line(length_m), intersections=intersections)
    return network, Plan(name="today", patterns=patterns)


def with_limit(shown: Crossroads, name: str) -> Intersection:
    limits_s = dict.fromkeys(("1", "2"), LIMIT_S)
    return replace(shown.intersection(), name=name, maximum_reds_s=limits_s)


def test_the_longest_red_of_a_street_by_hand() -> None:
    found = storages(line(400.0).movements_at("B"), STREET, FLOWS)
    assert [each.group for each in found] == ["1", "2"]
    # 700 veh/h on one lane: 10 vehicles, of which 11/18 arrive before the first one leaves
    assert {each.red_s for each in found} == {31.4}


@given(flow_vph=st.floats(20.0, 1700.0))
def test_a_queue_of_the_longest_red_just_fills_the_street(flow_vph: float) -> None:
    flows = demand(second_to_east=flow_vph)
    (found,) = storages(line(400.0).movements_at("B")[:1], STREET, flows)
    assert reach_veh(found.red_s, flow_vph) == pytest.approx(ROOM_VEH, abs=1.1)


def reach_veh(red_s: float, flow_vph: float) -> int:
    """Count those who come to a stand, one after the other: evenly they come and leave."""
    count, comes_s, leaves_s = 0, 0.0, red_s
    while comes_s < leaves_s:
        count += 1
        comes_s += SECONDS_PER_HOUR / flow_vph
        leaves_s += SECONDS_PER_HOUR / BASE_SATURATION_VPH
    return count


def test_a_short_street_bounds_the_reds_behind_it_and_no_others() -> None:
    network, today = signalled(ROOM_VEH * QUEUED_M, Crossroads(green_s=30.0, other_green_s=20.0))
    bound = with_storage(network, FLOWS, today).intersections
    assert bound["A"] == network.intersections["A"]
    assert bound["B"].maximum_reds_s == {"1": 32.0, "2": 42.0}, "today's reds, which are longer"
    assert bound["B"].caveats == (
        "1 is red for 32 s at most, as today: a lane with 700 veh/h has 75 m from the signal "
        "before, room for the queue of a red of 31 s only",
        "2 is red for 42 s at most, as today: a lane with 700 veh/h has 75 m from the signal "
        "before, room for the queue of a red of 31 s only",
    )


@given(length_m=st.floats(5.0, 2000.0), flow_vph=st.floats(0.0, 2500.0))
def test_what_runs_keeps_every_bound_and_no_bound_is_longer_than_before(
    length_m: float, flow_vph: float
) -> None:
    network, today = signalled(length_m, Crossroads())
    bound = with_storage(network, demand(second_to_south=flow_vph), today)
    for pattern in today.patterns:
        for group, limit_s in bound.intersections[pattern.intersection].maximum_reds_s.items():
            greens = pattern.timing(group).greens(pattern.cycle_s)
            assert longest_red_s(greens, pattern.cycle_s) <= limit_s <= LIMIT_S


def street_of(network: Network) -> float:
    """Return the street that the fullest lane before B has, by what its bound says. [m]"""
    today = Plan(
        name="today",
        patterns=tuple(
            replace(Crossroads().pattern(), intersection=name) for name in network.intersections
        ),
    )
    bound = with_storage(network, FLOWS, today).intersections["B"]
    found = re.search(r"has (\d+) m from the signal before", bound.caveats[0])
    assert found
    return float(found[1])


def test_a_signal_that_is_left_as_it_is_holds_the_street_before_it() -> None:
    """Else the street would reach through it, to the next signal that is retimed."""
    network, _ = signalled(100.0, Crossroads())
    assert street_of(network) == 100.0
    between = Untouched(intersection="M", reason="actuated", approaches=("first",))
    assert street_of(replace(network, untouched=(between,))) == 75.0


def test_another_junction_of_the_same_signal_is_a_signal_before() -> None:
    network, _ = signalled(100.0, Crossroads())
    moved = {name: replace(each, intersection="B") for name, each in network.movements.items()}
    one = replace(network, movements=moved, intersections={"B": network.intersections["B"]})
    assert street_of(one) == 100.0


def test_the_way_round_into_the_opposite_carriageway_leads_to_no_signal() -> None:
    """A dead end behind a signal is no street between two signals."""
    network, today = signalled(100.0, Crossroads())
    turns = {"second": ("east",), "east": ("back",), "back": ("side",)}
    back = {"back_0": replace(network.lanes["east_0"], name="back_0", edge="back")}
    dead_end = replace(network, turns=turns, lanes=network.lanes | back)
    flows = demand(side_to_east=700.0)
    (told,) = with_storage(dead_end, flows, today).intersections["B"].caveats
    assert "300 m from the signal before" in told
    round_it = replace(dead_end, turnarounds=frozenset({("east", "back")}))
    assert with_storage(round_it, flows, today).intersections["B"].caveats == ()


def test_every_street_behind_a_fork_is_bound() -> None:
    network, today = signalled(100.0, Crossroads())
    fork = replace(
        network,
        turns=network.turns | {"first": ("second", "side")},
        lanes=network.lanes | {"side_0": replace(network.lanes["side_0"], length_m=30.0)},
    )
    flows = demand(second_to_east=700.0, side_to_east=700.0)
    bound = with_storage(fork, flows, today).intersections["B"]
    assert bound.caveats[0].startswith("1 is red")
    assert "700 veh/h has 55 m" in bound.caveats[1], "the side street, with what both share"


def test_detectors_that_run_today_keep_their_longest_reds() -> None:
    network, today = signalled(75.0, Crossroads())
    begin_s = Crossroads().pattern().groups[0].greens(60.0)[0].start_s
    stretch = Stretch(start_s=begin_s, minimum_s=20.0, maximum_s=60.0)
    patterns = tuple(
        ActuatedPattern.of(pattern, Actuation(stretches=(stretch,))) for pattern in today.patterns
    )
    bound = with_storage(network, FLOWS, replace(today, patterns=patterns))
    for pattern in patterns:
        assert check_pattern(pattern, bound.intersections[pattern.intersection]) == ()
