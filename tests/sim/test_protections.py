"""Greens that may only meet while one yields keep their distance when both are protected."""

from dataclasses import replace
from pathlib import Path

import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.area import open_network
from citybrain.model.rules import check_pattern
from citybrain.model.violations import Rule
from optimizer.skeleton import Skeleton
from sim.sumo.programs import read_programs
from sim.sumo.run import SUMO_HOME
from sim.sumo.tls_reader import read_declarations

RILSA = SUMO_HOME / "tools/sumolib/scenario/scenarios/RiLSA1/rilsa1.net.xml"


@pytest.mark.integration
def test_a_walk_keeps_its_clearance_before_a_protected_turn() -> None:
    network, _ = open_network(Path(RILSA), SafetyLimits())
    intersection = network.intersections["0"]
    walks = {group.name for group in intersection.groups if group.is_pedestrian}
    after_walks = {
        key: limit_s for key, limit_s in intersection.protections_s.items() if key[0] in walks
    }
    assert after_walks
    assert min(after_walks.values()) >= 9.0

    declarations = read_declarations((RILSA,))
    library = read_programs(declarations, network)
    running = library.patterns["0", library.active["0"]]
    assert check_pattern(running, intersection) == ()

    skeleton = Skeleton.of(running, intersection)
    for giver in range(len(skeleton.running)):
        gaps_s = list(skeleton.running)
        while skeleton.is_safe(gaps_s) and gaps_s[giver] >= 1:
            pattern = skeleton.render(gaps_s, 0.0, "shorter")
            broken = {violation.rule for violation in check_pattern(pattern, intersection)}
            assert broken <= {Rule.CYCLE}
            gaps_s[giver] -= 1


@pytest.mark.integration
def test_the_rules_find_a_shortened_separation() -> None:
    network, _ = open_network(Path(RILSA), SafetyLimits())
    intersection = network.intersections["0"]
    library = read_programs(read_declarations((RILSA,)), network)
    running = library.patterns["0", library.active["0"]]
    stricter = replace(
        intersection,
        protections_s={key: limit_s + 1 for key, limit_s in intersection.protections_s.items()},
    )
    assert Rule.PROTECTION in {v.rule for v in check_pattern(running, stricter)}
