"""The private folder of a run: the user's files are read, and never written."""

import gzip
import hashlib
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from citybrain.config import SafetyLimits
from citybrain.engine.area import open_area
from citybrain.errors import InputError
from citybrain.ports.evaluation import Evaluation
from sim.sumo.evaluator import SumoEvaluator
from sim.sumo.includes import INPUTS
from sim.sumo.run import SUMO_HOME, sumo_binary, sumo_environment
from sim.sumo.scenario import SumoScenario
from sim.sumo.staging import Staging
from tests.sim.raw_runs import raw_run
from tests.sim.sources import CROSS_NET

OUTPUTS = """<additional>
    <inductionLoop id="e1" lane="1si_0" pos="5" period="60" file="e1.xml"/>
    <instantInductionLoop id="i1" lane="1si_0" pos="9" file="instant.xml"/>
    <laneAreaDetector id="e2" lane="2si_0" pos="1" length="20" period="60" file="e2.xml"/>
    <entryExitDetector id="e3" period="60" file="e3.xml">
        <detEntry lane="3si_0" pos="1"/><detExit lane="3si_0" pos="9"/>
    </entryExitDetector>
    <edgeData id="edges" file="edges.xml"/>
    <laneData id="lanes" file="lanes.xml"/>
    <routeProbe id="probe" edge="1si" period="60" file="probe.xml"/>
    <calibrator id="cal" edge="1fi" pos="0" output="calibrator.xml">
        <flow begin="0" end="60" speed="10"/>
    </calibrator>
    <timedEvent type="SaveTLSStates" source="0" dest="states.xml"/>
</additional>
"""
LOOP = '<inductionLoop id="in" lane="1si_1" pos="5" period="60" file="included.xml"/>'


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """A folder with a configuration whose every corner names an output."""
    folder = tmp_path / "town"
    folder.mkdir()
    texts = {
        "town.rou.xml": '<routes><trip id="a" depart="1" from="1fi" to="2fo"/></routes>',
        "outputs.add.xml": OUTPUTS,
        "plain.add.xml": '<additional><vType id="car"/></additional>',
        "town.sumocfg": f"""<configuration><input><net-file value="{CROSS_NET}"/>
            <route-files value="town.rou.xml"/>
            <additional-files value="plain.add.xml,outputs.add.xml"/></input>
            <time><end value="120"/></time>
            <output><summary-output value="summary.xml"/><tripinfo value="trips.xml"/></output>
            </configuration>""",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def prints(folder: Path) -> Mapping[str, str]:
    """Return file name → SHA-256 of everything below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def scenario_in(folder: Path, *additional: str) -> SumoScenario:
    return SumoScenario(
        name="town",
        config=folder / "town.sumocfg",
        net_file=CROSS_NET,
        route_files=(folder / "town.rou.xml",),
        additional_files=tuple(folder / name for name in additional),
        begin_s=0.0,
        end_s=60.0,
        options=(("step-length", "0.5"),),
    )


def run_staged(staging: Staging) -> None:
    additional = ",".join(map(str, staging.additional_files))
    command = [sumo_binary(), "-c", staging.config, "--additional-files", additional]
    subprocess.run(
        [*map(str, command), "--no-step-log", "--no-warnings", "--duration-log.disable"],
        env=sumo_environment(),
        check=True,
        cwd=staging.folder,
    )


def staged(folder: Path, text: str, planned: frozenset[str] = frozenset()) -> ElementTree.Element:
    """Stage one additional file and return what a run would read."""
    (folder / "one.add.xml").write_text(text, encoding="utf-8")
    with Staging(scenario_in(folder, "one.add.xml"), planned) as staging:
        return ElementTree.parse(staging.additional_files[0]).getroot()


@pytest.mark.integration
def test_a_run_writes_none_of_the_users_outputs(town: Path) -> None:
    """SUMO's own run writes eleven files there; citybrain's run none."""
    before = prints(town)
    area = open_area(town / "town.sumocfg", None, SafetyLimits())
    with SumoEvaluator(area.scenario, area.network, workers=1, timeout_s=60.0) as evaluator:
        (outcome,) = evaluator.evaluate([Evaluation(plan=area.running, seed=1)])
    assert outcome.vehicle_count == 1
    assert prints(town) == before

    command = [sumo_binary(), "-c", town / "town.sumocfg", "--no-step-log", "--no-warnings"]
    subprocess.run(list(map(str, command)), env=sumo_environment(), check=True, cwd=town)
    assert len(prints(town)) == len(before) + 11


@pytest.mark.integration
@pytest.mark.parametrize(("own", "asked", "count"), [("1", 2.0, 2), ("3", 1.0, 3), ("2", 1.5, 3)])
def test_a_busier_day_multiplies_the_scenarios_own_scale(
    town: Path, own: str, asked: float, count: int
) -> None:
    area = open_area(town / "town.sumocfg", None, SafetyLimits())
    scenario = replace(area.scenario, options=(*area.scenario.options, ("scale", own)))
    with SumoEvaluator(scenario, area.network, workers=1, timeout_s=60.0) as evaluator:
        day = Evaluation(plan=area.running, seed=1, demand_scale=asked)
        (outcome,) = evaluator.evaluate([day])
    assert outcome.vehicle_count == count


def test_no_copy_names_an_output(town: Path) -> None:
    with Staging(scenario_in(town, "outputs.add.xml"), ()) as staging:
        (copy,) = staging.additional_files
        assert copy.parent == staging.folder
        root = ElementTree.parse(copy).getroot()
    assert len(root) == 9
    for element in root.iter():
        for attribute in ("file", "dest", "output"):
            assert element.get(attribute, "NUL") == "NUL", element.attrib


def test_a_file_without_outputs_is_used_as_it_is(town: Path) -> None:
    with Staging(scenario_in(town, "plain.add.xml"), ()) as staging:
        assert staging.additional_files == (town / "plain.add.xml",)


def test_the_folder_goes_with_the_work(town: Path) -> None:
    with Staging(scenario_in(town, "outputs.add.xml"), ()) as staging:
        assert staging.config.is_file()
    assert not staging.folder.exists()


def test_the_folder_goes_with_an_error(town: Path) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        Staging(scenario_in(town, "outputs.add.xml"), ()) as staging,
    ):
        _ = 1 / 0
    assert not staging.folder.exists()


def test_a_broken_additional_file_leaves_no_folder(
    town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (town / "broken.add.xml").write_text("<additional>", encoding="utf-8")
    with pytest.raises(InputError, match=r"broken\.add\.xml"):
        Staging(scenario_in(town, "broken.add.xml"), ())
    assert not list(tmp_path.glob("citybrain-*"))


def test_the_configuration_holds_the_scenario_and_nothing_else(town: Path) -> None:
    scenario = replace(scenario_in(town), begin_s=25200.0, end_s=28800.5)
    with Staging(scenario, ()) as staging:
        root = ElementTree.parse(staging.config).getroot()
    assert {element.tag: element.get("value") for element in root} == {
        "net-file": str(CROSS_NET),
        "route-files": str(town / "town.rou.xml"),
        "begin": "25200",
        "end": "28800.5",
        "step-length": "0.5",
        "max-depart-delay": "-1",
    }


@pytest.mark.parametrize("time_s", [1_234_567.0, 86_400.25])
def test_late_times_are_written_whole(town: Path, time_s: float) -> None:
    with Staging(replace(scenario_in(town), end_s=time_s), ()) as staging:
        end = ElementTree.parse(staging.config).getroot().find("end")
    assert end is not None
    assert float(end.attrib["value"]) == time_s


WAUT = """<additional>
    <tlLogic id="0" type="static" programID="late" offset="0">
        <phase duration="9" state="G"/></tlLogic>
    <WAUT id="day" refTime="0" startProg="0"><wautSwitch time="30" to="late"/></WAUT>
    <wautJunction wautID="day" junctionID="0"/>
    <wautJunction wautID="day" junctionID="7"/>
</additional>"""


def test_a_day_plan_lets_go_of_planned_signals_only(town: Path) -> None:
    root = staged(town, WAUT, frozenset({"0"}))
    assert [junction.get("junctionID") for junction in root.iter("wautJunction")] == ["7"]
    assert root.find("WAUT") is not None
    assert root.find("tlLogic") is not None
    assert [j.get("junctionID") for j in staged(town, WAUT).iter("wautJunction")] == ["0", "7"]


def test_a_packed_file_is_mended_too(town: Path) -> None:
    (town / "packed.add.xml.gz").write_bytes(gzip.compress(OUTPUTS.encode()))
    with Staging(scenario_in(town, "packed.add.xml.gz"), ()) as staging:
        root = ElementTree.parse(staging.additional_files[0]).getroot()
    assert {e.get("file") for e in root.iter("inductionLoop")} == {"NUL"}


@pytest.mark.integration
def test_files_that_a_copy_reads_are_still_found(town: Path) -> None:
    """A copy lies elsewhere, so what it reads from beside the original is named in full."""
    (town / "speeds.xml").write_text('<vss><step time="0" speed="5"/></vss>', encoding="utf-8")
    (town / "mixed.add.xml").write_text(
        f"""<additional>{LOOP}
        <variableSpeedSign id="v" lanes="1si_0" file="speeds.xml"/></additional>""",
        encoding="utf-8",
    )
    before = prints(town)
    with Staging(scenario_in(town, "mixed.add.xml"), ()) as staging:
        run_staged(staging)
    assert prints(town) == before


@pytest.mark.integration
def test_outputs_of_an_included_file_are_not_written(town: Path) -> None:
    (town / "inner.add.xml").write_text(f"<additional>{LOOP}</additional>", encoding="utf-8")
    (town / "outer.add.xml").write_text(
        '<additional><include href="inner.add.xml"/></additional>', encoding="utf-8"
    )
    before = prints(town)
    with Staging(scenario_in(town, "outer.add.xml"), ()) as staging:
        run_staged(staging)
    assert prints(town) == before


def test_a_file_that_includes_itself_over_another_is_named(town: Path) -> None:
    for name, other in (("one", "two"), ("two", "one")):
        content = f'<additional><include href="{other}.add.xml"/></additional>'
        (town / f"{name}.add.xml").write_text(content, encoding="utf-8")
    with (
        pytest.raises(InputError, match=r"(one|two)\.add\.xml: is included by itself"),
        Staging(scenario_in(town, "one.add.xml"), ()),
    ):
        pass


STOPPING = """<additional><tlLogic id="0" type="static" programID="slow" offset="0">
    <phase duration="60" state="rrrGGgrrrGGg"/><phase duration="3" state="rrryygrrryyg"/>
    <phase duration="20" state="GGgrrrGGgrrr"/><phase duration="3" state="yygrrryygrrr"/>
    </tlLogic></additional>"""
"""A program under which the town's only trip meets red for long."""


@pytest.mark.integration
def test_the_program_of_an_included_file_is_the_baseline(town: Path, tmp_path: Path) -> None:
    (town / "slow.xml").write_text(STOPPING, encoding="utf-8")
    (town / "outputs.add.xml").write_text(
        '<additional><include href="slow.xml"/></additional>', encoding="utf-8"
    )
    config = town / "town.sumocfg"
    raw = raw_run(config, tmp_path / "raw", "--seed", "1")
    area = open_area(config, None, SafetyLimits())
    assert [pattern.program for pattern in area.running.patterns] == ["slow"]
    with SumoEvaluator(area.scenario, area.network, workers=1, timeout_s=60.0) as evaluator:
        (outcome,) = evaluator.evaluate([Evaluation(plan=area.running, seed=1)])
    assert raw.mean_delay_s > 20
    assert outcome.mean_delay_s == pytest.approx(raw.mean_delay_s, abs=0.01)


ACTUATED = """<tlLogic id="0" type="actuated" programID="{program}" offset="0">
    <param key="file" value="detectors.xml"/><param key="freq" value="10"/>
    <phase duration="33" minDur="5" maxDur="50" state="GGgrrrGGgrrr"/>
    <phase duration="3" state="yygrrryygrrr"/>
    <phase duration="33" minDur="5" maxDur="50" state="rrrGGgrrrGGg"/>
    <phase duration="3" state="rrryygrrryyg"/></tlLogic>"""


@pytest.mark.integration
def test_detectors_of_a_program_that_stays_write_nothing(town: Path) -> None:
    text = f"<additional>{ACTUATED.format(program='follows')}</additional>"
    (town / "logic.add.xml").write_text(text, encoding="utf-8")
    before = prints(town)
    with Staging(scenario_in(town, "logic.add.xml"), ()) as staging:
        run_staged(staging)
    assert prints(town) == before


@pytest.mark.integration
def test_detectors_of_the_networks_own_program_write_nothing(town: Path) -> None:
    """SUMO writes there even where another program runs, so the network is copied."""
    net = ElementTree.parse(CROSS_NET)
    place = list(net.getroot()).index(own := next(net.getroot().iter("tlLogic")))
    net.getroot().remove(own)
    net.getroot().insert(place, ElementTree.fromstring(ACTUATED.format(program="0")))
    net.write(town / "own.net.xml")
    scenario = replace(scenario_in(town, "plain.add.xml"), net_file=town / "own.net.xml")
    before = prints(town)
    with Staging(scenario, ()) as staging:
        run_staged(staging)
    assert prints(town) == before


CALIBRATED = """<additional><route id="r" edges="1fi 1si 2o 2fo"/>
    <calibrator id="c" edge="1fi" pos="1" file="flows.xml" output="calibrated.xml"/>
    </additional>"""


@pytest.mark.integration
def test_a_calibrator_reads_its_flows_and_writes_nothing(
    town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = '<flow begin="0" end="120" route="r" vehsPerHour="900" speed="10"/>'
    (town / "flows.xml").write_text(f"<calibrator>{flow}</calibrator>", encoding="utf-8")
    (town / "outputs.add.xml").write_text(CALIBRATED, encoding="utf-8")
    monkeypatch.chdir(town)
    before = prints(town)
    area = open_area(town / "town.sumocfg", None, SafetyLimits())
    with SumoEvaluator(area.scenario, area.network, workers=1, timeout_s=60.0) as evaluator:
        (outcome,) = evaluator.evaluate([Evaluation(plan=area.running, seed=1)])
    assert prints(town) == before
    raw = raw_run(town / "town.sumocfg", tmp_path / "raw", "--seed", "1")
    assert outcome.vehicle_count == len(raw.trips) > 1


def test_devices_of_vehicles_write_nothing(town: Path) -> None:
    kept = '<param key="has.ssm.device" value="true"/>'
    named = "".join(f'<param key="device.{d}.file" value="x.xml"/>' for d in ("ssm", "toc"))
    root = staged(town, f'<additional><vType id="t">{kept}{named}</vType></additional>')
    assert [param.get("value") for param in root.iter("param")] == ["true", "NUL", "NUL"]


def test_edges_of_an_output_that_goes_nowhere_are_not_looked_for(town: Path) -> None:
    root = staged(town, '<additional><edgeData id="e" file="e.xml" edgesFile="l"/></additional>')
    assert root[0].attrib == {"id": "e", "file": "NUL"}


def test_every_file_that_sumos_schema_names_is_an_input_or_an_output() -> None:
    """A new SUMO with another kind of file is told here before it reads or writes one."""
    schema = ElementTree.parse(SUMO_HOME / "data" / "xsd" / "additional_file.xsd").getroot()
    xsd = "{http://www.w3.org/2001/XMLSchema}"
    found = {
        (kind.get("name", "").removesuffix("Type"), attribute.get("name", ""))
        for kind in schema.iter(f"{xsd}complexType")
        for attribute in kind.findall(f"{xsd}attribute")
        if attribute.get("name", "").lower().endswith(("file", "output", "dest"))
    }
    inputs = {pair for pair in INPUTS.items() if pair[0] != "rerouter"}  # of former versions
    detectors = {"e1Detector", "e2Detector", "e3Detector", "instantInductionLoop"}
    probes = {"vTypeProbe", "routeProbe", "meandata"}
    outputs = {(kind, "file") for kind in detectors | probes}
    outputs |= {("timedEvent", "dest"), ("calibrator", "output"), ("meandata", "edgesFile")}
    images = {("polygon", "imgFile"), ("poi", "imgFile")}
    assert found == inputs | outputs | images
