"""The round-trip proof: what was read and written shows the same colours, always."""

import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from citybrain.model.plan import DayPlan, Switch
from sim.sumo.groups import signal_groups
from sim.sumo.programs import read_programs
from sim.sumo.run import run_sumo
from sim.sumo.tls_reader import Declarations, read_declarations
from sim.sumo.tls_writer import write_additional
from tests.sim.sources import (
    CROSS_NET,
    FOKR_FILES,
    NO_RESCO,
    RESCO_NAMES,
    RawProgram,
    raw_programs,
    resco_net,
    sumo_files,
)

States = dict[tuple[str, str], str]


def rewrite(files: tuple[Path, ...], target: Path, program: str | None = None) -> Declarations:
    """Read programs, make plans of them, and write the plans."""
    declarations = read_declarations(files)
    library = read_programs(declarations)
    patterns = [
        replace(pattern, program=program or pattern.program)
        for pattern in library.patterns.values()
    ]
    groups = {name: signal_groups(declarations.patterns_of(name)) for name, _ in library.patterns}
    write_additional(target, patterns, groups)
    return declarations


def differences(before: RawProgram, after: RawProgram) -> list[float]:
    """Return the half seconds of two cycles at which a link shows another colour."""
    step_s = 0.5 if before.cycle_s < 1000 else 1.0
    times_s = [step * step_s for step in range(int(2 * before.cycle_s / step_s))]
    return [time_s for time_s in times_s if before.state_at(time_s) != after.state_at(time_s)]


@pytest.mark.integration
def test_every_program_says_the_same_after_the_round_trip(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nets = [net for name in RESCO_NAMES if (net := resco_net(name)) is not None]
    target = tmp_path / "written.add.xml"
    same, static, actuated, others = 0, 0, 0, []
    for file in (*nets, *sumo_files()):
        patterns = read_programs(rewrite((file,), target)).patterns
        assert read_programs(read_declarations([target])).patterns == patterns
        written = {(p.intersection, p.program): p for p in raw_programs(target)}
        for program in raw_programs(file):
            key = (program.intersection, program.program)
            if program.kind != "static" and key not in written:
                others.append(f"{file.parent.name} {program.intersection} ({program.kind})")
                continue
            static += program.kind == "static"
            actuated += program.kind == "actuated"
            after = written[key]
            assert after.cycle_s == pytest.approx(program.cycle_s)
            assert differences(program, after) == [], f"{file} {program.intersection}"
            same += 1
    resco = f"{len(nets)} RESCO networks" if nets else f"no RESCO network ({NO_RESCO})"
    told = (
        f"\nround trip: {static} static and {actuated} actuated programs in {resco} and "
        f"{len(sumo_files())} files of SUMO\n"
        f"{len(others)} others left as they are: {', '.join(others)}\n"
    )
    with capsys.disabled():
        sys.stdout.write(told)
    assert same == static + actuated
    assert min(static, actuated) > 10


def shown_by_sumo(
    net: Path, additional: tuple[Path, ...], signals: list[str], span_s: tuple[int, int], out: Path
) -> States:
    """Return what SUMO itself shows: (second, signal) → state."""
    root = ElementTree.Element("additional")
    log = out.with_suffix(".tls.xml")
    for signal in signals:
        ElementTree.SubElement(
            root, "timedEvent", type="SaveTLSStates", source=signal, dest=str(log)
        )
    out.write_bytes(ElementTree.tostring(root))
    files = ",".join(str(path) for path in (*additional, out))
    begin_s, end_s = (str(time_s) for time_s in span_s)
    arguments = ["-n", net, "-a", files, "-b", begin_s, "-e", end_s, "--no-step-log"]
    run_sumo([*arguments, "--no-warnings", "--xml-validation", "never"], timeout_s=120)
    states = ElementTree.parse(log).getroot().iter("tlsState")
    return {(s.attrib["time"], s.attrib["id"]): s.attrib["state"] for s in states}


def assert_sumo_shows_the_same(files: tuple[Path, ...], begin_s: int, tmp_path: Path) -> None:
    net, *additional = files
    written = tmp_path / "written.add.xml"
    declarations = rewrite(files, written, program="citybrain")
    signals = list(declarations.intersections)
    longest_s = max(program.cycle_s for program in declarations.programs)
    span_s = (begin_s, begin_s + int(2 * longest_s))
    before = shown_by_sumo(net, tuple(additional), signals, span_s, tmp_path / "before.add.xml")
    after = shown_by_sumo(net, (written,), signals, span_s, tmp_path / "after.add.xml")
    assert len(before) >= len(signals) * 2 * longest_s
    assert after == before


@pytest.mark.integration
@pytest.mark.parametrize("begin_s", [0, 25_237])
@pytest.mark.parametrize("name", RESCO_NAMES)
def test_sumo_shows_the_same_for_the_written_resco_plans(
    name: str, begin_s: int, tmp_path: Path
) -> None:
    net = resco_net(name)
    if net is None:
        pytest.skip(NO_RESCO)
    assert_sumo_shows_the_same((net,), begin_s, tmp_path)


@pytest.mark.integration
@pytest.mark.parametrize("begin_s", [0, 3_601])
def test_sumo_shows_the_same_for_a_plan_of_46_intervals(begin_s: int, tmp_path: Path) -> None:
    (plan,) = raw_programs(FOKR_FILES[1])
    assert len(plan.phases) == 46
    declarations = read_declarations(FOKR_FILES)
    assert declarations.active == {"38": plan.program}
    only_plan = tmp_path / "plan.add.xml"
    only_plan.write_bytes(FOKR_FILES[1].read_bytes())
    net, signals, span_s = FOKR_FILES[0], ["38"], (begin_s, begin_s + int(2 * plan.cycle_s))
    library = read_programs(declarations)
    groups = {"38": signal_groups(declarations.patterns_of("38"))}
    pattern = library.patterns["38", plan.program]
    written = tmp_path / "written.add.xml"
    write_additional(written, [pattern], groups)
    before = shown_by_sumo(net, (only_plan,), signals, span_s, tmp_path / "before.add.xml")
    after = shown_by_sumo(net, (written,), signals, span_s, tmp_path / "after.add.xml")
    assert after == before
    assert len(set(after.values())) == 46


@pytest.mark.integration
def test_sumo_follows_a_written_day_plan_and_its_offsets(tmp_path: Path) -> None:
    original = tmp_path / "programs.add.xml"
    original.write_text(PROGRAMS_AND_WAUT)
    files = (CROSS_NET, original)
    declarations = read_declarations(files)
    assert declarations.active == {"0": "slow"}
    library = read_programs(declarations)
    groups = {"0": signal_groups(declarations.patterns_of("0"))}
    patterns = [library.patterns["0", name] for name in ("slow", "quick")]
    written = tmp_path / "written.add.xml"
    write_additional(written, patterns, groups, library.day_plans)
    assert read_declarations([written]).day_plans == library.day_plans
    for begin_s in (0, 47):
        span_s = (begin_s, begin_s + 200)
        before = shown_by_sumo(CROSS_NET, (original,), ["0"], span_s, tmp_path / "before.add.xml")
        after = shown_by_sumo(CROSS_NET, (written,), ["0"], span_s, tmp_path / "after.add.xml")
        assert after == before


@pytest.mark.integration
def test_sumo_takes_the_last_loaded_program_and_every_letter(tmp_path: Path) -> None:
    original = tmp_path / "programs.add.xml"
    original.write_text(LETTERS)
    declarations = read_declarations((CROSS_NET, original))
    assert declarations.active == {"0": "letters"}
    library = read_programs(declarations)
    groups = {"0": signal_groups(declarations.patterns_of("0"))}
    written = tmp_path / "written.add.xml"
    write_additional(written, [library.patterns["0", "letters"]], groups)
    for begin_s in (0, 6):
        span_s = (begin_s, begin_s + 60)
        before = shown_by_sumo(CROSS_NET, (original,), ["0"], span_s, tmp_path / "before.add.xml")
        after = shown_by_sumo(CROSS_NET, (written,), ["0"], span_s, tmp_path / "after.add.xml")
        assert after == before


def test_a_day_plan_keeps_all_that_it_says(tmp_path: Path) -> None:
    day_plan = DayPlan(
        name="week",
        reference_s=21_600.0,
        start_program="night",
        switches=(Switch(time_s=0.0, program="slow"), Switch(time_s=7200.5, program="off")),
        intersections={"J1": "", "J2": "GSP", "J3": "Stretch"},
        period_s=86_400.0,
        synchronous=frozenset({"J2"}),
    )
    target = tmp_path / "day.add.xml"
    write_additional(target, [], {}, [day_plan])
    assert read_declarations([target]).day_plans == (day_plan,)


PROGRAMS_AND_WAUT = """<additional>
    <tlLogic id="0" type="static" programID="quick" offset="-3">
        <phase duration="11.5" state="GGgrrrGGgrrr"/>
        <phase duration="3" state="yyyrrryyyrrr"/>
        <phase duration="2.25" state="rrruuurrruuu"/>
        <phase duration="10" state="rrrGGgrrrGGg"/>
        <phase duration="3.25" state="rrryyyrrryyy"/>
    </tlLogic>
    <tlLogic id="0" type="static" programID="slow" offset="127">
        <phase duration="30" state="GGgrrrGGgrrr"/>
        <phase duration="5" state="yyyrrryyyrrr"/>
        <phase duration="0:00:30" state="rrrGGgrrrGGg"/>
        <phase duration="5" state="rrryyyrrryyy"/>
    </tlLogic>
    <WAUT id="day" refTime="0" startProg="slow">
        <wautSwitch time="60" to="quick"/>
        <wautSwitch time="0:02:10" to="slow"/>
    </WAUT>
    <wautJunction wautID="day" junctionID="0"/>
</additional>
"""

LETTERS = """<additional>
    <tlLogic id="0" type="static" programID="letters" offset="4">
        <phase duration="7" state="GgyYruosOGgyYYGG"/>
        <phase duration="9" state="gyYruosOGgyYYGGG"/>
        <phase duration="8.5" state="ruosOGgyYrrrGrGG"/>
    </tlLogic>
</additional>
"""
