"""Both directions of a crossing are walks, whichever links tell them their colour."""

import re
from itertools import product
from pathlib import Path

import pytest

from citybrain.config import SafetyLimits
from citybrain.errors import InputError
from citybrain.model.intersection import Intersection, LinkKind
from citybrain.model.kinematics import pedestrian_clearance_s
from citybrain.model.pattern import Pattern
from citybrain.model.rules import check_pattern
from citybrain.model.violations import Rule
from sim.sumo.net_file import read_net_file
from sim.sumo.network import read_network
from sim.sumo.signal_links import foe_links, link_paths
from sim.sumo.tls_reader import read_declarations
from tests.sim.walked_street import (
    ALONG,
    BACK,
    walked_net,
    walked_program,
    walked_signal,
    walking_back,
)

pytestmark = pytest.mark.integration

MEETING = {0, 4, 8, 9, 10, 11}
"""Links over the western crossing: from north, east and south to the west, all from the west."""


@pytest.fixture
def two(tmp_path: Path) -> tuple[Intersection, Pattern]:
    """Return a signal with a link for each direction."""
    return walked_signal(walked_net(tmp_path, BACK), walked_program(tmp_path))


def foes(net: Path) -> dict[int, set[int]]:
    """Return link of a direction → the links that are its foes."""
    read = read_net_file(net)
    pairs = list(foe_links(read, link_paths(read, read.signalled()["J"])))
    found: dict[int, set[int]] = {ALONG: set(), BACK: set()}
    for one, other in (*pairs, *((b, a) for a, b in pairs)):
        if one.link.index in found:
            found[one.link.index].add(other.link.index)
    return found


def test_both_directions_are_walks(two: tuple[Intersection, Pattern]) -> None:
    signal, _ = two
    along, back = ([x for x in signal.links if x.index == index] for index in (ALONG, BACK))
    assert [x.kind for x in (*along, *back)] == [LinkKind.CROSSING, LinkKind.CROSSING]
    assert along[0].length_m == back[0].length_m > 0
    for index in (ALONG, BACK):
        group = signal.group_of_index(index)
        assert group.indices == (index,)
        assert group.is_pedestrian
        assert group.minimum_green_s == 7.0


def test_both_directions_on_one_link_are_a_walk(tmp_path: Path) -> None:
    signal, _ = walked_signal(walked_net(tmp_path, ALONG))
    assert [x.kind for x in signal.links if x.index == ALONG] == [LinkKind.CROSSING] * 2
    group = signal.group_of_index(ALONG)
    assert group.is_pedestrian
    assert group.minimum_green_s == 7.0


def test_both_directions_have_the_same_foes_but_not_one_another(tmp_path: Path) -> None:
    assert foes(walked_net(tmp_path, BACK)) == {ALONG: MEETING, BACK: MEETING}


def test_foes_of_two_directions_are_those_of_the_network_wherever_the_lines_lie(
    tmp_path: Path,
) -> None:
    net = walked_net(tmp_path, BACK)
    away, count = re.subn(
        r'(<lane id=":J_c0_0"[^>]* shape=")[^"]*', r"\g<1>900,0 900,9", net.read_text("utf-8")
    )
    assert count == 1
    net.write_text(away, encoding="utf-8")
    assert foes(net) == {ALONG: MEETING, BACK: MEETING}


def test_both_directions_conflict_with_the_vehicles_that_cross(
    two: tuple[Intersection, Pattern],
) -> None:
    signal, _ = two
    along, back = (signal.group_of_index(index).name for index in (ALONG, BACK))
    vehicles = {signal.group_of_index(index).name for index in (4, 9, 10, 11)}
    for walk, group in product((along, back), vehicles):
        assert tuple(sorted((walk, group))) in signal.conflicts
    assert not {(along, back), (back, along)} & (signal.conflicts | signal.yielding)
    turning = signal.group_of_index(0).name
    assert {tuple(sorted((turning, walk))) for walk in (along, back)} <= signal.yielding
    (way_m,) = {x.length_m for x in signal.links if x.kind is LinkKind.CROSSING}
    for group in vehicles:
        assert signal.intergreens_s[back, group] == pedestrian_clearance_s(way_m)
        assert signal.intergreens_s[group, back] == 3.0


@pytest.mark.parametrize(
    ("start_s", "walk_s", "rules"),
    [
        (0.0, 30.0, set()),
        (0.0, 6.9, {Rule.MINIMUM_GREEN}),
        (45.0, 30.0, {Rule.CONFLICT}),
        (88.0, 30.0, {Rule.INTERGREEN}),
        (15.0, 26.0, {Rule.INTERGREEN}),
    ],
)
def test_a_walk_back_keeps_every_rule_of_a_walk(
    two: tuple[Intersection, Pattern], start_s: float, walk_s: float, rules: set[Rule]
) -> None:
    """Beside crossing traffic, during its yellow, and too shortly before it, nobody walks."""
    signal, running = two
    found = check_pattern(walking_back(signal, running, start_s, walk_s), signal)
    assert {violation.rule for violation in found} - {Rule.MAXIMUM_RED} == rules


def test_a_program_that_walks_back_beside_crossing_traffic_is_refused(tmp_path: Path) -> None:
    states = ("gGgrrrGGgrrrGr",) * 2 + ("gGgrrrGGgrrrrr", "yyyrrryyyrrrrr")
    files = walked_program(tmp_path, *states, "rrrgGgrrrGGgrG", "rrryyyrrryyyrr")
    with pytest.raises(InputError, match=rf"link {BACK} .*conflict|conflict.*link {BACK} "):
        walked_signal(walked_net(tmp_path, BACK), files)


def test_a_signal_with_a_link_that_no_junction_lists_is_left_as_it_is(tmp_path: Path) -> None:
    net = walked_net(tmp_path, BACK)
    text, found = re.subn(r'( intLanes="[^"]*) :J_c0_0"', r'\1"', net.read_text(encoding="utf-8"))
    assert found
    net.write_text(text, encoding="utf-8")
    declarations = read_declarations([net, walked_program(tmp_path)])
    network = read_network(net, declarations, SafetyLimits())
    assert network.intersections == {}
    (left,) = network.untouched
    assert left.reason == f"no junction tells whom link {BACK} meets"
