"""SUMO's actuated programs: read as patterns, written back, and run by SUMO as they were."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.actuated import left_actuated
from citybrain.engine.area import open_area
from citybrain.model.actuation import (
    ActuatedPattern,
    Actuation,
    Stretch,
    cycle_range_s,
    with_durations,
)
from citybrain.model.network import Network
from citybrain.model.plan import Plan
from citybrain.model.rules import check_pattern, check_plan
from citybrain.model.violations import Rule
from citybrain.ports.evaluation import Evaluation
from optimizer.bridging import bridged_plan
from sim.queue_model.model import QueueModel
from sim.sumo.evaluator import SumoEvaluator
from sim.sumo.network import read_network
from sim.sumo.programs import read_programs, running_plan, write_programs
from sim.sumo.run import run_sumo
from sim.sumo.tls_reader import read_declarations
from tests.sim.actuated_town import NET, ROUTES, town_in
from tests.sim.sources import CROSS_NET

MAIN = '<phase duration="30" state="GGrr" minDur="5" maxDur="50"/>'
YELLOW = '<phase duration="3" state="yyrr"/>'
SIDE = '<phase duration="20" state="rrGG" minDur="7" maxDur="25"/>'
END = '<phase duration="4" state="rryy"/>'
PHASES = MAIN + YELLOW + SIDE + END


def declared(tmp_path: Path, content: str, **attributes: str) -> tuple[Path, str]:
    """Write one actuated program; return its file and why no pattern says it."""
    given = {"id": "J", "type": "actuated", "programID": "p", "offset": "0"} | attributes
    words = " ".join(f'{name}="{value}"' for name, value in given.items())
    path = tmp_path / "tls.add.xml"
    path.write_text(f"<additional><tlLogic {words}>{content}</tlLogic></additional>")
    return path, read_declarations([path]).programs[0].obstacle


def param(key: str, value: str) -> str:
    return f'<param key="{key}" value="{value}"/>'


def test_an_actuated_program_is_a_pattern_with_stretches(tmp_path: Path) -> None:
    given = param("max-gap", "2.5") + param("detector-gap", "1.5") + param("freq", "60")
    path, obstacle = declared(tmp_path, given + PHASES, offset="7")
    assert obstacle == ""
    pattern = read_programs(read_declarations([path])).patterns["J", "p"]
    assert isinstance(pattern, ActuatedPattern)
    assert (pattern.cycle_s, pattern.offset_s) == (57.0, 7.0)
    assert pattern.actuation == Actuation(
        stretches=(
            Stretch(start_s=0.0, minimum_s=5.0, maximum_s=50.0),
            Stretch(start_s=33.0, minimum_s=7.0, maximum_s=25.0),
        ),
        gap_s=2.5,
        detector_s=1.5,
    )
    assert cycle_range_s(pattern) == (19.0, 82.0)


def test_bounds_that_are_not_named_are_the_duration(tmp_path: Path) -> None:
    plain = MAIN.replace(' minDur="5"', "") + YELLOW + SIDE.replace("minDur", "name") + END
    path, obstacle = declared(tmp_path, plain)
    assert obstacle == ""
    pattern = read_programs(read_declarations([path])).patterns["J", "p"]
    assert isinstance(pattern, ActuatedPattern)
    reaches = [(s.minimum_s, s.maximum_s) for s in pattern.actuation.stretches]
    assert reaches == [(30.0, 50.0), (20.0, 25.0)]


def test_an_actuated_program_without_bounds_is_a_fixed_one(tmp_path: Path) -> None:
    fixed = '<phase duration="30" state="GGrr"/>' + YELLOW + SIDE.replace('"7"', '"20"')
    path, _ = declared(tmp_path, fixed.replace('"25"', '"20"') + END)
    assert type(read_programs(read_declarations([path])).patterns["J", "p"]).__name__ == "Pattern"


OBSTACLES = {
    "its phases name their successors": MAIN.replace("<phase", '<phase next="2"') + SIDE,
    "its phases choose their successors (earlyTarget)": (
        MAIN + SIDE.replace("<phase", '<phase earlyTarget="a"')
    ),
    "it switches by rules of its own (condition)": '<condition id="a" value="1"/>' + PHASES,
    "phases 0 and 1 show the same colours": MAIN + MAIN + YELLOW + SIDE + END,
    "phase 0 has a minDur and no maxDur": MAIN.replace(' maxDur="50"', "") + SIDE,
    "phase 1 shows yellow or no green": MAIN + YELLOW.replace("/>", ' maxDur="5"/>') + SIDE + END,
    "phase 0 has minDur 60 s and maxDur 50 s": PHASES.replace('minDur="5"', 'minDur="60"'),
    "phase 0: minDur 'soon' is no time": PHASES.replace('minDur="5"', 'minDur="soon"'),
    "its parameter max-gap:e_0 = '2'": param("max-gap:e_0", "2") + PHASES,
    "its parameter e_0 = 'own detector'": param("e_0", "own detector") + PHASES,
    "its parameter jam-threshold = '30'": param("jam-threshold", "30") + PHASES,
    "its parameter passing-time = '2.5'": param("passing-time", "2.5") + PHASES,
    "its parameter vTypes = 'bus'": param("vTypes", "bus") + PHASES,
    "its parameter max-gap = 'wide' is no number": param("max-gap", "wide") + PHASES,
    "its phases end at times since phase 0 began": PHASES.replace(
        "minDur", 'earliestEnd="5" minDur'
    ),
    "its phases end at times of the cycle that a pattern cannot say": (
        param("coordinated", "true") + PHASES.replace('minDur="5"', 'latestEnd="30" minDur="5"')
    ),
}


@pytest.mark.parametrize(("told", "content"), OBSTACLES.items(), ids=lambda text: text[:40])
def test_what_a_pattern_cannot_say_is_named(tmp_path: Path, told: str, content: str) -> None:
    path, obstacle = declared(tmp_path, content)
    assert obstacle.startswith(told)
    assert read_programs(read_declarations([path])).patterns == {}


def test_an_offset_given_later_is_no_offset_of_an_actuated_program(tmp_path: Path) -> None:
    path, _ = declared(tmp_path, PHASES)
    moved = tmp_path / "moved.add.xml"
    for offset_s, told in ((0, ""), (9, "another file moves its offset")):
        given = f'<tlLogic id="J" programID="p" offset="{offset_s}"/>'
        moved.write_text(f"<additional>{given}</additional>")
        assert read_declarations([path, moved]).programs[0].obstacle == told


def on_the_cross(folder: Path, programs: str) -> tuple[Plan, Network]:
    """Read the cross with programs of its own: what runs there, and its bounds."""
    path = folder / "a.add.xml"
    path.write_text(programs)
    declarations = read_declarations([CROSS_NET, path])
    network = read_network(CROSS_NET, declarations, SafetyLimits())
    return running_plan(read_programs(declarations, network), network), network


ON_THE_CROSS = """<additional><tlLogic id="0" type="actuated" programID="a" offset="0">
    <phase duration="30" state="GGgrrrGGgrrr" minDur="3" maxDur="90"/>
    <phase duration="3" state="yyyrrryyyrrr"/>
    <phase duration="30" state="rrrGGgrrrGGg" minDur="20" maxDur="170"/>
    <phase duration="3" state="rrryyyrrryyy"/>
</tlLogic></additional>"""


def test_what_detectors_may_do_loosens_no_bound_of_what_is_proposed(tmp_path: Path) -> None:
    running, network = on_the_cross(tmp_path, ON_THE_CROSS)
    (cross,) = network.intersections.values()
    assert [group.minimum_green_s for group in cross.groups] == [5.0] * 4
    assert list(cross.maximum_reds_s.values()) == [150.0] * 4
    broken = {violation.rule for violation in check_plan(running, network)}
    assert broken == {Rule.MINIMUM_GREEN, Rule.MAXIMUM_RED}
    assert check_plan(bridged_plan(running, network), network) == ()


SHOWN_BY_NOBODY = """<additional><tlLogic id="0" type="actuated" programID="a" offset="0">
    <phase duration="2" state="GGgrrrGGgrrr" minDur="12" maxDur="60"/>
    <phase duration="1" state="yyyrrryyyrrr" minDur="4" maxDur="4"/>
    <phase duration="0.2" state="rrrrrrrrrrrr" minDur="2" maxDur="2"/>
    <phase duration="99" state="rrrGGgrrrGGg" minDur="12" maxDur="60"/>
    <phase duration="1" state="rrryyyrrryyy" minDur="4" maxDur="4"/>
    <phase duration="7" state="rrrrrrrrrrrr" minDur="2" maxDur="2"/>
</tlLogic></additional>"""


def test_times_that_only_say_where_a_program_begins_bound_nothing(tmp_path: Path) -> None:
    running, network = on_the_cross(tmp_path, SHOWN_BY_NOBODY)
    (cross,) = network.intersections.values()
    assert set(cross.yellows_s.values()) == {4.0}
    assert set(cross.intergreens_s.values()) == {6.0}
    assert check_plan(running, network) == ()
    (drawn,) = running.patterns
    (start,) = bridged_plan(running, network).patterns
    assert [i.duration_s for i in start.intervals()] == [12.0, 4.0, 2.0, 60.0, 4.0, 2.0]
    assert check_pattern(start, cross) == ()
    at_begin = with_durations(drawn, drawn.intervals(), [i.duration_s for i in drawn.intervals()])
    assert {v.rule for v in check_pattern(at_begin, cross)} >= {Rule.YELLOW, Rule.INTERGREEN}


def test_greens_that_conflict_leave_an_actuated_signal_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.add.xml"
    path.write_text(ON_THE_CROSS.replace('"GGgrrrGGgrrr"', '"GGGrrrGGgrrr"'))
    declarations = read_declarations([CROSS_NET, path])
    (left,) = read_network(CROSS_NET, declarations, SafetyLimits()).untouched
    assert left.reason.startswith("program 'a': greens of link")


MANY_KINDS = f"""<additional>
    <tlLogic id="A0" type="actuated" programID="gaps" offset="17">
        {param("max-gap", "2.25")}{param("detector-gap", "1.3")}{param("show-detectors", "true")}
        <phase duration="42" state="GGGgrrrrGGGgrrrr" minDur="6" maxDur="33"/>
        <phase duration="3" state="yyyyrrrryyyyrrrr"/>
        <phase duration="20" state="rrrrGGGgrrrrGGGg" maxDur="40"/>
        <phase duration="3" state="rrrryyyyrrrryyyy"/>
    </tlLogic>
    <tlLogic id="A1" type="actuated" programID="turns" offset="-5">
        <phase duration="60" state="GGGrrrrrGGGrrrrr" minDur="7" maxDur="31"/>
        <phase duration="3" state="yyyrrrrryyyrrrrr"/>
        <phase duration="2" state="rrrGrrrrrrrGrrrr" minDur="4" maxDur="12"/>
        <phase duration="3" state="rrryrrrrrrryrrrr"/>
        <phase duration="20" state="rrrrGGGgrrrrGGGg" minDur="5" maxDur="40"/>
        <phase duration="3.5" state="rrrryyyyrrrryyyy"/>
    </tlLogic>
    <tlLogic id="B0" type="actuated" programID="idle" offset="0">
        {param("coordinated", "true")}{param("passing-time", "1.9")}{param("vTypes", "")}
        <phase duration="30" state="GGGgrrrrGGGgrrrr" minDur="5" maxDur="50"/>
        <phase duration="3" state="yyyyrrrryyyyrrrr" minDur="4" maxDur="4"/>
        <phase duration="30" state="rrrrGGGgrrrrGGGg"/>
        <phase duration="3" state="rrrryyyyrrrryyyy"/>
    </tlLogic>
    <tlLogic id="B1" type="actuated" programID="step" offset="11">
        {param("coordinated", "true")}{param("cycleTime", "90")}
        <phase duration="42" state="GGGgrrrrGGGgrrrr" minDur="5" maxDur="60"
               earliestEnd="5" latestEnd="42"/>
        <phase duration="3" state="yyyyrrrryyyyrrrr"/>
        <phase duration="42" state="rrrrGGGgrrrrGGGg" minDur="5" maxDur="60"
               earliestEnd="50" latestEnd="87"/>
        <phase duration="3" state="rrrryyyyrrrryyyy"/>
    </tlLogic>
</additional>"""

WITHOUT_BOUNDS = """<additional>
    <tlLogic id="B1" type="actuated" programID="plain" offset="3">
        <phase duration="31" state="GGGgrrrrGGGgrrrr"/>
        <phase duration="3" state="yyyyrrrryyyyrrrr"/>
        <phase duration="17.5" state="rrrrGGGgrrrrGGGg" minDur="17.5" maxDur="17.5"/>
        <phase duration="3" state="rrrryyyyrrrryyyy"/>
    </tlLogic>
</additional>"""

Runs = tuple[list[dict[str, str]], list[dict[str, str]]]


def run_of(folder: Path, additional: list[Path], begin_s: int) -> Runs:
    """Return every vehicle's journey and every second's colours."""
    states, trips = folder / "states.xml", folder / "trips.xml"
    log = folder / "log.add.xml"
    events = "".join(
        f'<timedEvent type="SaveTLSStates" source="{name}" dest="{states}"/>'
        for name in ("A0", "A1", "B0", "B1")
    )
    log.write_text(f"<additional>{events}</additional>")
    files = ",".join(map(str, [*additional, log]))
    arguments = ["-n", folder / NET, "-r", folder / ROUTES, "-a", files, "-b", str(begin_s)]
    arguments += ["-e", str(begin_s + 500), "--seed", "7", "--tripinfo-output", trips]
    run_sumo([*arguments, "--no-step-log", "true", "--no-warnings", "true"], timeout_s=60)
    shown = [
        {key: one.attrib[key] for key in ("time", "id", "state")}
        for one in ElementTree.parse(states).getroot().iter("tlsState")
    ]
    return [dict(one.attrib) for one in ElementTree.parse(trips).getroot()], shown


@pytest.mark.integration
@pytest.mark.parametrize("begin_s", [0, 37])
@pytest.mark.parametrize("given", ["", MANY_KINDS, WITHOUT_BOUNDS])
def test_sumo_runs_a_written_program_as_it_was(tmp_path: Path, given: str, begin_s: int) -> None:
    programs = tmp_path / "given.add.xml"
    programs.write_text(given or "<additional/>")
    area = open_area(
        town_in(tmp_path, begin_s=begin_s, additional=programs.name), None, SafetyLimits()
    )
    assert set(area.network.intersections) == {"A0", "A1", "B0", "B1"}
    assert check_plan(area.running, area.network) == ()
    written = tmp_path / "written.add.xml"
    plan = Plan(name="again", patterns=area.running.patterns)
    write_programs(plan, area.network, written)
    before = run_of(tmp_path, [programs], begin_s)
    after = run_of(tmp_path, [programs, written], begin_s)
    assert len(before[0]) > 100
    assert after == before


@pytest.mark.integration
def test_the_fast_model_lets_a_signal_follow_whether_it_is_retimed_or_left(tmp_path: Path) -> None:
    area = open_area(town_in(tmp_path), None, SafetyLimits())
    delays_s = []
    for studied in (area, left_actuated(area, but={"A0"})):
        model = QueueModel.build(area.scenario, studied.network, seeds=(1,), threads=1)
        (outcome,) = model.evaluate([Evaluation(plan=studied.running, seed=1)])
        delays_s.append(outcome.mean_delay_s)
    with SumoEvaluator(area.scenario, area.network, workers=1, timeout_s=60) as sumo:
        (real,) = sumo.evaluate([Evaluation(plan=area.running, seed=1)])
    assert delays_s[0] == delays_s[1] == pytest.approx(real.mean_delay_s, rel=0.25)
