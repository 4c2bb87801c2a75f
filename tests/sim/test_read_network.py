"""Networks become intersections: groups, conflicts, intergreens, and what is left alone."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from citybrain.config import SafetyLimits
from citybrain.errors import InputError
from citybrain.model.actuation import as_shown
from citybrain.model.intersection import LinkKind
from citybrain.model.network import Network
from citybrain.model.plan import Plan
from citybrain.model.rules import check_plan
from citybrain.model.violations import Rule
from sim.sumo.geometry import way_to_meeting_m
from sim.sumo.net_file import read_net_file
from sim.sumo.network import read_network
from sim.sumo.programs import read_programs, running_plan, write_programs
from sim.sumo.run import SUMO_HOME
from sim.sumo.signal_links import foe_links, link_paths
from sim.sumo.tls_reader import read_declarations
from tests.sim.sources import (
    CITY_NET,
    CROSS_NET,
    FOKR_FILES,
    HIKING_NET,
    NO_RESCO,
    RESCO_NAMES,
    resco_net,
    sumo_files,
)


def network_of(*files: Path, limits: SafetyLimits | None = None) -> Network:
    return read_network(files[0], read_declarations(files), limits or SafetyLimits())


def running_of(*files: Path) -> tuple[Plan, Network]:
    declarations = read_declarations(files)
    network = read_network(files[0], declarations, SafetyLimits())
    return running_plan(read_programs(declarations, network), network), network


def nets() -> list[Path]:
    resco = [net for name in RESCO_NAMES if (net := resco_net(name)) is not None]
    return [*resco, CITY_NET, *(file for file in sumo_files() if ".net." in file.name)]


LIMITS = {Rule.MINIMUM_GREEN, Rule.MAXIMUM_RED, Rule.CYCLE}


@pytest.mark.integration
def test_every_running_plan_keeps_the_rules_that_were_read_from_it() -> None:
    checked = 0
    for files in (*((net,) for net in nets()), FOKR_FILES):
        try:
            plan, network = running_of(*files)
        except InputError:
            continue  # no signals, or greens that conflict
        fixed = replace(plan, patterns=tuple(map(as_shown, plan.patterns)))
        assert check_plan(fixed, network) == ()
        # what detectors may do loosens no limit: a running plan may go beyond these, and stays
        assert {v.rule for v in check_plan(plan, network)} <= LIMITS
        checked += len(plan.patterns)
    assert checked > 30


@pytest.mark.parametrize("net", [CITY_NET, FOKR_FILES[0], HIKING_NET], ids=lambda path: path.name)
def test_a_crossing_is_the_foe_of_exactly_the_links_that_cross_it(net: Path) -> None:
    read = read_net_file(net)
    seen = 0
    for connections in read.signalled().values():
        paths = link_paths(read, connections)
        foes = {frozenset({id(a), id(b)}) for a, b in foe_links(read, paths)}
        for first, second in combinations(paths, 2):
            if {first.link.kind, second.link.kind} == set(LinkKind):
                meets = way_to_meeting_m(first.shape, second.shape) is not None
                assert (frozenset({id(first), id(second)}) in foes) is meets
                seen += meets
    assert seen > 10


def test_a_cross_of_two_streets() -> None:
    network = network_of(CROSS_NET)
    (junction,) = network.intersections.values()
    assert [group.indices for group in junction.groups] == [
        (0, 1, 6, 7),
        (2, 8),
        (3, 4, 9, 10),
        (5, 11),
    ]
    assert junction.conflicts == {("1", "3"), ("1", "4"), ("2", "3"), ("2", "4")}
    assert junction.yielding == {("1", "2"), ("3", "4")}
    assert junction.yellows_s == {"1": 3.0, "2": 3.0, "3": 3.0, "4": 3.0}
    assert junction.intergreens_s["2", "3"] == 3.0
    assert network.untouched == ()
    assert len(network.movements) == 12
    movement = network.movements["1si->2o"]
    assert (movement.turn, movement.intersection) == ("through", "0")


def test_intergreens_that_are_short_of_the_kinematic_value_are_told() -> None:
    (junction,) = network_of(CROSS_NET).intersections.values()
    (caveat,) = junction.caveats
    assert caveat.startswith("4 of 4 intergreens that the running plan shows are shorter")


def test_groups_of_walkers_have_the_walk_as_their_minimum() -> None:
    network = network_of(HIKING_NET, limits=SafetyLimits(minimum_walk_s=6.0))
    walkers = [g for j in network.intersections.values() for g in j.groups if g.is_pedestrian]
    assert walkers
    assert {group.minimum_green_s for group in walkers} <= {5.0, 6.0}


def test_links_that_merge_while_both_are_protected_are_told() -> None:
    net = resco_net("ingolstadt7")
    if net is None:
        pytest.skip(NO_RESCO)
    caveats = network_of(net).intersections["gneJ210"].caveats
    assert any("link 6" in text and "link 8" in text and "merge" in text for text in caveats)


def reasons(*files: Path) -> dict[str, str]:
    return {signal.intersection: signal.reason for signal in network_of(*files).untouched}


def test_signals_that_are_left_alone_are_named_with_the_reason() -> None:
    by_folder = {net.parent.name: net for net in nets()}
    assert set(reasons(by_folder["rail"]).values()) == {"controls vehicles on rails only"}
    assert "joinedS_0" not in reasons(by_folder["DRT"])
    assert reasons(by_folder["DRT"])["cluster_2697454309_945141621"] == (
        "rail signal or level crossing"
    )
    assert reasons(by_folder["corridor"])
    assert "outside 30-180 s" in next(iter(reasons(by_folder["ramp"]).values()))
    assert "no two greens conflict" in reasons(by_folder["square"])["top0"]


def added(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "more.add.xml"
    path.write_text(f"<additional>{content}</additional>")
    return path


def test_a_signal_that_is_off_is_left_alone(tmp_path: Path) -> None:
    off = added(tmp_path, '<tlLogic id="0" type="off" programID="dark"/>')
    assert reasons(CROSS_NET, off) == {"0": "switched off"}


FLASHING = {
    "rrryyyooorrr": "group 5 flashes or is dark for a part of the cycle",
    "OOOOOOOOOOOO": "group 1 flashes or is dark for a part of the cycle",
    "ssssssssssss": "groups 1 and 3 stop, then go for a part of the cycle",
    "sssssssssssr": "groups 1 and 3 stop, then go for a part of the cycle",
    "rrrsssrrrsss": "",
}


@pytest.mark.parametrize(("state", "told"), FLASHING.items())
def test_a_signal_that_flashes_for_a_part_of_its_cycle_is_left_alone(
    tmp_path: Path, state: str, told: str
) -> None:
    """The search could stretch a flashing approach beside another's green."""
    states = ("GGgrrrGGgrrr", "yyyrrryyyrrr", "rrrGGgrrrGGg", "rrryyyrrryyy", state)
    phases = "".join(f'<phase duration="12" state="{each}"/>' for each in states)
    program = f'<tlLogic id="0" type="static" programID="night" offset="0">{phases}</tlLogic>'
    assert reasons(CROSS_NET, added(tmp_path, program)) == ({"0": told} if told else {})


def test_a_group_that_flashes_all_the_cycle_is_no_hindrance(tmp_path: Path) -> None:
    states = ("GGorrrGGgrrr", "yyorrryyyrrr", "rroGGgrrrGGg", "rroyyyrrryyy")
    phases = "".join(f'<phase duration="12" state="{each}"/>' for each in states)
    program = f'<tlLogic id="0" type="static" programID="arrow" offset="0">{phases}</tlLogic>'
    assert reasons(CROSS_NET, added(tmp_path, program)) == {}


def test_junctions_under_one_controller_are_one_intersection() -> None:
    folder = SUMO_HOME / "tools/sumolib/scenario/scenarios/RealWorld/RiLSA_example2"
    net = read_net_file(folder / "rilsa2.net.xml")
    junctions = {net.requests[c.from_lane, c.to_lane][0] for c in net.signalled()["0"]}
    assert junctions == {"0n", "0s"}
    network = network_of(folder / "rilsa2.net.xml", folder / "rilsa2_tls.add.xml")
    assert list(network.intersections) == ["0"]
    assert {m.intersection for m in network.movements.values()} == {"0"}


def test_every_position_of_a_state_belongs_to_one_group() -> None:
    junctions = network_of(CITY_NET).intersections
    links = {link.from_lane for junction in junctions.values() for link in junction.links}
    assert len(links) > 50
    for junction in junctions.values():
        grouped = sorted(index for group in junction.groups for index in group.indices)
        assert grouped == list(range(len(grouped)))


def test_states_that_no_link_uses_survive(tmp_path: Path) -> None:
    phases = '<phase duration="40" state="{}{}"/>'
    states = ("GGgrrrGGgrrr", "yyyrrryyyrrr", "rrrGGgrrrGGg", "rrryyyrrryyy")
    wide = "".join(phases.format(state, extra) for state, extra in zip(states, "GuOs", strict=True))
    program = f'<tlLogic id="0" type="static" programID="wide" offset="0">{wide}</tlLogic>'
    files = (CROSS_NET, added(tmp_path, program))
    plan, network = running_of(*files)
    assert network.intersections["0"].groups[-1].indices == (12,)
    target = tmp_path / "written.add.xml"
    write_programs(plan, network, target)
    (declared,) = read_declarations([target]).programs
    assert declared.program == plan.name
    assert [i.state for i in declared.intervals] == [
        state + extra for state, extra in zip(states, "GuOs", strict=True)
    ]


def _conflicting(net: str) -> str:
    return net.replace('state="GGgrrrGGgrrr"', 'state="GGGrrrGGgrrr"')


def _narrow(net: str) -> str:
    states = ("GGgrrrGGgrrr", "yygrrryygrrr", "rrGrrrrrGrrr", "rryrrrrrryrr")
    for state in states:
        net = net.replace(f'"{state}"', f'"{state[:-2]}"')
    return net


def _unknown_letter(net: str) -> str:
    return net.replace('state="GGgrrrGGgrrr"', 'state="GGxrrrGGgrrr"')


def _without_signals(net: str) -> str:
    return net.replace(' tl="0"', "")


def _bad_number(net: str) -> str:
    return net.replace('speed="', 'speed="fast', 1)


def _other_root(net: str) -> str:
    return net.replace("<net ", "<routes ").replace("</net>", "</routes>")


BAD: list[tuple[Callable[[str], str], str]] = [
    (_conflicting, "tlLogic '0' program '0' phase 0: greens of link 2"),
    (_unknown_letter, "unknown letter 'x'; use one of G g y Y r u s o O"),
    (_narrow, "letters"),
    (_without_signals, "has no signals; name a network with traffic lights"),
    (lambda net: net[: len(net) // 2], "is no complete XML"),
    (_bad_number, "holds a bad number"),
    (_other_root, "holds <routes>, not <net>"),
    (lambda net: net.replace(' fromLane="0"', ""), "has no attribute fromLane"),
]


@pytest.mark.parametrize(("spoil", "told"), BAD)
def test_a_bad_network_is_refused_by_name(
    tmp_path: Path, spoil: Callable[[str], str], told: str
) -> None:
    path = tmp_path / "city.net.xml"
    path.write_text(spoil(CROSS_NET.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        network_of(path)
    assert told in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist; check the path"):
        network_of(tmp_path / "none.net.xml")
