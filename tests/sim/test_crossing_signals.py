"""Crossings whose two directions have signals of their own (``linkIndex2`` in SUMO)."""

import copy
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.area import open_area
from citybrain.model.intersection import Intersection, LinkKind
from sim.sumo.run import sumo_binary
from tests.cli.odd_towns import NET, crossing, flow, scenario

pytestmark = pytest.mark.integration


def walked(folder: Path, *, is_shared: bool) -> Intersection:
    """Give the way back over every crossing a signal of its own, or that of the way there."""
    config = scenario(folder, crossing("J"), flow("Jw.J J.Je", 300))
    words = ["-n", "n.nod.xml", "-e", "n.edg.xml", "-o", NET, "--sidewalks.guess"]
    words += ["--crossings.guess", "--sidewalks.guess.max-speed", "20"]
    program = sumo_binary("netconvert")
    subprocess.run([program, *words], cwd=folder, check=True, capture_output=True, timeout=60)
    tree = ET.parse(folder / NET)
    links = [each for each in tree.findall("connection") if each.attrib["from"].startswith(":J_")]
    there = {each.attrib["to"]: each.attrib["linkIndex"] for each in links if "tl" in each.attrib}
    assert there
    logic = tree.find("tlLogic")
    assert logic is not None
    for back in (each for each in links if each.attrib["from"] in there):
        index = int(there[back.attrib["from"]])
        if not is_shared:
            index = _with_own_signal(logic, index)
        back.attrib |= {"tl": "J", "linkIndex": str(index)}
    tree.write(folder / NET)
    return open_area(config, None, SafetyLimits()).network.intersections["J"]


def _with_own_signal(logic: ET.Element, there: int) -> int:
    """Add a signal that shows what another one does, but for the first seconds of its green."""
    phases = logic.findall("phase")
    own = len(phases[0].attrib["state"])
    for phase in phases:
        phase.set("state", phase.attrib["state"] + phase.attrib["state"][there])
    green = next(phase for phase in phases if phase.attrib["state"][there] == "G")
    before = copy.deepcopy(green)
    before.attrib |= {"duration": "3", "state": green.attrib["state"][:own] + "r"}
    logic.insert(list(logic).index(green), before)
    return own


@pytest.mark.parametrize("is_shared", [False, True])
def test_both_directions_are_walks_with_the_foes_of_the_crossing(
    tmp_path: Path, is_shared: bool
) -> None:
    known = walked(tmp_path, is_shared=is_shared)
    walks = {link.index for link in known.links if link.kind is LinkKind.CROSSING}
    groups = [group for group in known.groups if walks & set(group.indices)]
    assert all(group.is_pedestrian for group in groups)
    assert all(group.minimum_green_s == SafetyLimits().minimum_walk_s for group in groups)
    foes = {
        group.name: frozenset(
            name for pair in known.conflicts for name in pair if group.name in pair
        )
        - {group.name}
        for group in groups
    }
    assert all(foes.values())
    lanes = [{link.from_lane, link.to_lane} for link in known.links if link.index in walks]
    assert len(lanes) == 2 * len({lane for ends in lanes for lane in ends if ":J_c" in lane})
    ways: dict[str, set[frozenset[str]]] = {}
    for link in known.links:
        if link.index in walks:
            way = next(lane for lane in (link.from_lane, link.to_lane) if ":J_c" in lane)
            group = next(group for group in groups if link.index in group.indices)
            ways.setdefault(way, set()).add(foes[group.name])
    assert all(len(found) == 1 for found in ways.values())
