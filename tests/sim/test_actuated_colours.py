"""What SUMO really shows while greens follow detectors keeps the rules, by both checkers."""

from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree

import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.area import StudyArea, open_area
from citybrain.model.actuation import ActuatedPattern
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan
from citybrain.model.rules import check_pattern
from citybrain.model.safety_draft import draft_safety
from citybrain.model.violations import Rule
from citybrain.second_opinion import judge, read_grounds
from citybrain.store.plans import plan_text
from citybrain.store.safety import safety_text
from optimizer.actuating import OPTIONS, Option
from optimizer.bridging import bridged_plan
from optimizer.workshop import Workshop
from sim.sumo.programs import pattern_of, write_programs
from sim.sumo.run import run_sumo
from sim.sumo.tls_reader import DeclaredInterval, ProgramDeclaration
from sim.sumo.tls_writer import states
from tests.sim.sources import CITY_NET

SPAN_S = 1200
FOLLOWED = (OPTIONS[0], OPTIONS[-1])
CYCLE_RULE = 3


@pytest.fixture(scope="module")
def area() -> StudyArea:
    return open_area(CITY_NET.parent, None, SafetyLimits())


def _followed(area: StudyArea, option: Option) -> Plan:
    shown = bridged_plan(area.running, area.network)
    workshop = Workshop.of(area.running, area.network, shown=shown)
    return workshop.plan(workshop.following([workshop.start()], [option])[0], "p")


def _shown(area: StudyArea, plan: Plan, folder: Path) -> dict[str, list[str]]:
    """Return signal → what SUMO shows in every second with the scenario's traffic."""
    programs, asked, log = folder / "p.add.xml", folder / "log.add.xml", folder / "log.xml"
    write_programs(plan, area.network, programs)
    root = ElementTree.Element("additional")
    for name in area.network.intersections:
        ElementTree.SubElement(root, "timedEvent", type="SaveTLSStates", source=name, dest=str(log))
    asked.write_bytes(ElementTree.tostring(root))
    files = ",".join(map(str, (*area.scenario.additional_files, programs, asked)))
    end_s = area.scenario.begin_s + SPAN_S
    arguments = ["-n", area.scenario.net_file, "-r", ",".join(map(str, area.scenario.route_files))]
    arguments += ["-a", files, "-b", f"{area.scenario.begin_s:g}", "-e", f"{end_s:g}"]
    run_sumo([*arguments, "--no-step-log", "--no-warnings"], timeout_s=300)
    shown: dict[str, list[str]] = {name: [] for name in area.network.intersections}
    for state in ElementTree.parse(log).iter("tlsState"):
        shown[state.attrib["id"]].append(state.attrib["state"])
    return shown


def _as_one_cycle(area: StudyArea, name: str, seconds: list[str]) -> Pattern:
    """Return what was shown as a pattern, from one begin of an interval to its last begin."""
    runs = [(state, len(list(part))) for state, part in groupby(seconds)][1:]
    last = max(index for index, (state, _) in enumerate(runs) if state == runs[0][0])
    intervals = tuple(
        DeclaredInterval(duration_s=float(count), state=state) for state, count in runs[:last]
    )
    program = ProgramDeclaration(
        where="", intersection=name, program="shown", kind="", offset_s=0.0, intervals=intervals
    )
    groups = {group.name: group.indices for group in area.network.intersections[name].groups}
    return pattern_of(program, groups)


def _broken(area: StudyArea, name: str, shown: Pattern) -> tuple[list[str], list[str]]:
    """Return what each checker finds, the length of the long cycle left out."""
    intersection, running = area.network.intersections[name], area.running.pattern(name)
    first = check_pattern(shown, intersection)
    grounds = read_grounds(safety_text({name: draft_safety(intersection, running)}))
    second = judge(plan_text(Plan(name="shown", patterns=(shown,))), grounds)
    return (
        [str(v) for v in first if v.rule is not Rule.CYCLE],
        [str(f) for f in second if f.rule != CYCLE_RULE],
    )


def test_a_second_of_yellow_that_is_missing_is_seen_by_both(area: StudyArea) -> None:
    running = area.running.patterns[0]
    name = running.intersection
    groups = {group.name: group.indices for group in area.network.intersections[name].groups}
    cycle = [state for duration_s, state in states(running, groups) for _ in range(int(duration_s))]
    seconds = 4 * cycle
    assert _broken(area, name, _as_one_cycle(area, name, seconds)) == ([], [])
    yellow = next(at for at, state in enumerate(seconds) if at > len(cycle) and "y" in state)
    found = _broken(area, name, _as_one_cycle(area, name, seconds[:yellow] + seconds[yellow + 1 :]))
    assert all(found)


@pytest.mark.integration
@pytest.mark.parametrize("option", FOLLOWED, ids=("short", "coordinated"))
def test_every_second_keeps_minimum_greens_intergreens_and_yellows(
    area: StudyArea, option: Option, tmp_path: Path
) -> None:
    plan = _followed(area, option)
    for name, seconds in _shown(area, plan, tmp_path).items():
        shown = _as_one_cycle(area, name, seconds)
        assert isinstance(plan.pattern(name), ActuatedPattern)
        assert len(shown.intervals()) > 3 * len(plan.pattern(name).intervals())
        assert _broken(area, name, shown) == ([], [])
