"""Reading SUMO configurations as their users write them."""

import gzip
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from citybrain.errors import InputError
from sim.sumo.routes import holds_walkers, last_departure_s, special_types
from sim.sumo.run import sumo_binary
from sim.sumo.scenario import SumoScenario, open_scenario
from tests.sim.raw_runs import CITY
from tests.sim.sources import CROSS_NET

ROUTES = '<routes><trip id="a" depart="30" from="1fi" to="2fo"/></routes>'


def scenario_of(folder: Path, config: str, routes: str = ROUTES) -> SumoScenario:
    """Write a configuration with a network and routes beside it, and open it."""
    shutil.copy(CROSS_NET, folder / "town.net.xml")
    (folder / "town.rou.xml").write_text(routes, encoding="utf-8")
    (folder / "town.add.xml").write_text("<additional/>", encoding="utf-8")
    path = folder / "town.sumocfg"
    path.write_text(f"<configuration>{config}</configuration>", encoding="utf-8")
    return open_scenario(path)


LONG = """<input><net-file value="town.net.xml"/><route-files value="town.rou.xml"/>
    <additional-files value="town.add.xml"/></input>
    <time><begin value="60"/><end value="3660"/></time>"""
FLAT = """<net-file value="town.net.xml"/><route-files value="town.rou.xml"/>
    <additional-files value="town.add.xml"/><begin value="60"/><end value="3660"/>"""
WORDS = """<input><net value="town.net.xml"/><routes value=" town.rou.xml "/>
    <additional value="town.add.xml"/></input>
    <time><b value="0:01:00"/><e value="01:01:00"/></time>"""
LETTERS = """<n value="town.net.xml"/><r value="town.rou.xml"/><a value="town.add.xml"/>
    <b value="60.0"/><e value="0:01:01:00"/>"""


OF_EVERY_RUN = {"seed", "random", "max-depart-delay"}
FOR_OUTPUTS = (
    *("device.tripinfo.", "device.vehroute.", "device.ssm.", "device.toc.file"),
    *("device.rerouting.output", "device.taxi.dispatch-algorithm.output"),
    "device.taxi.idle-algorithm.output",
)


@pytest.mark.parametrize(
    "config", [LONG, FLAT, WORDS, LETTERS], ids=["long", "flat", "words", "letters"]
)
def test_every_spelling_of_an_option_is_read(tmp_path: Path, config: str) -> None:
    scenario = scenario_of(tmp_path, config)
    assert scenario.net_file == tmp_path / "town.net.xml"
    assert scenario.route_files == (tmp_path / "town.rou.xml",)
    assert scenario.additional_files == (tmp_path / "town.add.xml",)
    assert (scenario.begin_s, scenario.end_s) == (60.0, 3660.0)
    assert (scenario.options, scenario.caveats, scenario.name) == ((), (), "town")


def test_options_that_shape_traffic_are_kept_and_outputs_dropped(tmp_path: Path) -> None:
    scenario = scenario_of(
        tmp_path,
        LONG
        + """<processing><time-to-teleport value="120"/><step-length value="0.5"/></processing>
        <output><tripinfo-output value="trips.xml"/><summary value="s.xml"/>
        <precision value="6"/></output>
        <fcd-output value="fcd.xml"/><tripinfo-output.write-unfinished value="true"/>
        <report><log value="log.txt"/><verbose value="true"/></report>
        <gui_only><gui-settings-file value="view.xml"/></gui_only>
        <random_number><seed value="7"/><random value="true"/></random_number>
        <traci_server><remote-port value="8813"/></traci_server>
        <max-depart-delay value="10"/>""",
    )
    assert dict(scenario.options) == {"time-to-teleport": "120", "step-length": "0.5"}


@pytest.mark.parametrize(
    "name",
    [
        *("summary", "tripinfo", "netstate", "netstate-dump", "log", "message-log", "error-log"),
        *("save-state.times", "save-state.files", "save-configuration", "device.ssm.file"),
    ],
)
def test_outputs_outside_their_group_are_dropped(tmp_path: Path, name: str) -> None:
    config = f'{LONG}<{name} value="{tmp_path}/precious.xml"/>'
    assert scenario_of(tmp_path, config).options == ()


def test_an_option_counts_wherever_it_stands(tmp_path: Path) -> None:
    config = """<output><scale value="3"/></output><report><step-length value="0.5"/>
        <xml-validation value="never"/></report><gui_only><time-to-teleport value="60"/></gui_only>
        <processing><verbose value="true"/><human-readable-time value="true"/></processing>
        <routing><device.tripinfo.probability value="0.2"/></routing>"""
    kept = {"scale": "3", "step-length": "0.5", "xml-validation": "never", "time-to-teleport": "60"}
    assert dict(scenario_of(tmp_path, LONG + config).options) == kept


def test_what_sumo_prints_writes_and_shows_is_dropped_and_nothing_else(tmp_path: Path) -> None:
    template = tmp_path / "template.xml"
    subprocess.run([sumo_binary(), "--save-template", template], check=True, capture_output=True)
    without_effect = {"output", "report", "gui_only", "traci_server", "configuration"}
    read = {"net-file", "route-files", "additional-files", "begin", "end", "load-state"}
    for group in ET.parse(template).getroot():
        for name in {entry.tag for entry in group} - read:
            value = "town.rou.xml" if name == "weight-files" else "1"
            kept = scenario_of(tmp_path, f'{LONG}<{name} value="{value}"/>').options
            is_kept = group.tag not in without_effect or name.startswith("xml-validation")
            is_known = name in OF_EVERY_RUN or name.startswith(FOR_OUTPUTS)
            assert bool(kept) == (is_kept and not is_known), name


def test_a_saved_state_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="loads a saved state"):
        scenario_of(tmp_path, LONG + '<load-state value="state.xml"/>')


def test_files_that_options_name_are_found_from_anywhere(tmp_path: Path) -> None:
    (tmp_path / "weights.xml").write_text("<meandata/>", encoding="utf-8")
    scenario = scenario_of(tmp_path, LONG + '<weight-files value="weights.xml"/>')
    assert dict(scenario.options) == {"weight-files": str(tmp_path / "weights.xml")}


NO_END = '<net-file value="town.net.xml"/><route-files value="town.rou.xml"/>'


@pytest.mark.parametrize(
    ("routes", "last_s"),
    [
        ('<vehicle id="a" depart="10"/><trip id="b" depart="1200.5"/>', 1200.5),
        ('<vehicle id="a" depart="10"/><flow id="f" begin="0" end="1800" number="5"/>', 1800),
        ('<trip id="a" depart="0:20:00"/>', 1200),
        ('<flow id="f" begin="0" end="1:00:00" period="9"/>', 3600),
        ('<trip id="a" depart="100"/><flow id="f" begin="0" period="6" number="600"/>', 3600),
        ('<flow id="f" begin="0:01:00" period="0:00:06" number="10"/>', 120),
        ('<flow id="f" begin="60" vehsPerHour="360" number="10"/>', 160),
        ('<flow id="f" begin="60" perHour="360" number="10"/>', 160),
        ('<personFlow id="f" begin="0" personsPerHour="60" number="10"/>', 600),
        ('<flow id="f" end="900" probability="0.2"/>', 900),
        ('<person id="p" depart="700"/><vehicle id="a" depart="triggered"/>', 700),
    ],
)
def test_without_an_end_runs_last_until_the_streets_are_clear(
    tmp_path: Path, routes: str, last_s: float
) -> None:
    scenario = scenario_of(tmp_path, NO_END, f"<routes>{routes}</routes>")
    assert scenario.end_s == last_s + 900
    (caveat,) = scenario.caveats
    assert "names no end" in caveat
    assert f"at {scenario.end_s:.0f} s" in caveat


def test_flows_without_a_begin_start_with_the_run(tmp_path: Path) -> None:
    flow = '<routes><flow id="f" period="6" number="100"/></routes>'
    scenario = scenario_of(tmp_path, NO_END + '<begin value="3600"/>', flow)
    assert scenario.end_s == 3600 + 600 + 900


def test_departures_in_additional_files_count(tmp_path: Path) -> None:
    scenario_of(tmp_path, NO_END)
    flow = '<additional><flow id="f" begin="0" period="6" number="600"/></additional>'
    (tmp_path / "flows.add.xml").write_text(flow, encoding="utf-8")
    config = tmp_path / "town.sumocfg"
    named = f'{NO_END}<additional-files value="flows.add.xml"/>'
    config.write_text(f"<configuration>{named}</configuration>", encoding="utf-8")
    assert open_scenario(config).end_s == 3600 + 900


@pytest.mark.parametrize(
    "told",
    [
        *('probability="0.2"', 'probability="0.2" number="9"', 'period="exp(0.1)"'),
        *('period="exp(0.1)" number="9"', 'vehsPerHour="360"', 'number="9"'),
    ],
)
def test_a_flow_that_does_not_tell_when_it_ends_asks_for_an_end(tmp_path: Path, told: str) -> None:
    routes = f'<routes><trip id="a" depart="9"/><flow id="f" begin="0" {told}/></routes>'
    with pytest.raises(InputError, match=r"town\.rou\.xml: does not tell when flow 'f' ends.*<end"):
        scenario_of(tmp_path, NO_END, routes)
    assert scenario_of(tmp_path, LONG, routes).end_s == 3660


def test_packed_files_are_read(tmp_path: Path) -> None:
    packed = tmp_path / "town.rou.xml.gz"
    packed.write_bytes(gzip.compress(ROUTES.encode()))
    scenario = scenario_of(tmp_path, NO_END.replace("town.rou.xml", packed.name))
    assert scenario.route_files == (packed,)
    assert scenario.end_s == 930
    bus = '<vType id="O10" vClass="bus"/>'
    types = f'<routes><vType id="velo" vClass="bicycle"/><vType id="car"/>{bus}</routes>'
    packed.write_bytes(gzip.compress(types.encode()))
    assert special_types([packed]) == ({"velo", "DEFAULT_BIKETYPE"}, {"O10"})


def test_vehicle_types_of_an_included_file_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "types.xml").write_text(
        '<additional><include href="bus.xml"/><vType id="velo" vClass="bicycle"/></additional>'
    )
    (tmp_path / "in" / "bus.xml").write_text('<routes><vType id="O10" vClass="bus"/></routes>')
    path = tmp_path / "outer.add.xml"
    path.write_text('<additional><include href="in/types.xml"/></additional>')
    assert special_types([path]) == ({"velo", "DEFAULT_BIKETYPE"}, {"O10"})
    (tmp_path / "in" / "bus.xml").write_text('<routes><include href="types.xml"/></routes>')
    with pytest.raises(InputError, match=r"types\.xml: is included by itself"):
        special_types([path])


def test_a_cut_off_packed_file_is_named(tmp_path: Path) -> None:
    packed = tmp_path / "cut.rou.xml.gz"
    packed.write_bytes(gzip.compress(ROUTES.encode() * 50)[:-20])
    with pytest.raises(InputError, match=r"cut\.rou\.xml\.gz.*cut off"):
        last_departure_s([packed])


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (NO_END.replace("town.net", "lost.net"), r"names .*lost\.net\.xml, which does not exist"),
        (NO_END.replace("town.rou", "lost.rou"), r"names .*lost\.rou\.xml, which does not exist"),
        ('<route-files value="town.rou.xml"/>', "names no net-file"),
        ('<net-file value="town.net.xml"/>', "names no route-files"),
        (NO_END + '<end value="soon"/>', "'soon' is no time"),
        (NO_END + '<scale value="busy"/>', "'busy' is no scale"),
        (NO_END + '<scale value="nan"/>', "'nan' is no scale"),
        (NO_END + '<begin value="3600"/><end value="1800"/>', "1800 s is not after the begin"),
        (NO_END + '<begin value="3600"/>', "3600 s is after the last departure at 30 s"),
    ],
)
def test_a_broken_configuration_is_told_in_one_line(tmp_path: Path, config: str, told: str) -> None:
    with pytest.raises(InputError, match=told) as raised:
        scenario_of(tmp_path, config)
    assert str(raised.value).startswith(str(tmp_path / "town.sumocfg"))
    assert "\n" not in str(raised.value)


def test_routes_without_departures_ask_for_an_end(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no departure times.*<end"):
        scenario_of(tmp_path, NO_END, "<routes/>")


@pytest.mark.parametrize(
    ("root", "told"), [("routes", "is a <routes>"), ("configuration><", "XML")]
)
def test_a_file_that_is_no_configuration_is_refused(tmp_path: Path, root: str, told: str) -> None:
    path = tmp_path / "town.sumocfg"
    path.write_text(f"<{root}/>", encoding="utf-8")
    with pytest.raises(InputError, match=told):
        open_scenario(path)


def test_a_missing_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.sumocfg.*does not exist"):
        open_scenario(tmp_path / "nowhere.sumocfg")
    with pytest.raises(InputError, match=r"holds no scenario\.toml and no \.sumocfg"):
        open_scenario(tmp_path)


def test_a_folder_with_one_configuration_stands_for_it(tmp_path: Path) -> None:
    scenario = scenario_of(tmp_path, LONG)
    assert open_scenario(tmp_path) == scenario
    (tmp_path / "other.sumocfg").write_text("<configuration/>", encoding="utf-8")
    with pytest.raises(InputError, match=r"holds several \.sumocfg"):
        open_scenario(tmp_path)


def test_the_bundled_periods_are_known_by_name() -> None:
    morning, default = open_scenario(CITY, "morning"), open_scenario(CITY)
    assert morning == default
    assert morning.feed_seed == 90001
    assert morning.detectors == CITY / "detectors.toml"
    with pytest.raises(InputError, match="choose one of: evening, midday, morning"):
        open_scenario(CITY, "night")
    with pytest.raises(InputError, match="leave --period out"):
        open_scenario(CITY / "morning.sumocfg", "morning")


@pytest.mark.parametrize(
    ("content", "does"),
    [
        ('<personFlow id="p" begin="0" period="9"><walk from="a" to="b"/></personFlow>', True),
        ('<person id="p" depart="0"><personTrip from="a" to="b"/></person>', True),
        ('<person id="p" depart="0"><ride from="a" to="b"/></person>', False),
        ('<trip id="a" depart="0" from="a" to="b"/>', False),
    ],
)
def test_it_is_known_whether_somebody_walks(tmp_path: Path, content: str, does: bool) -> None:
    path = tmp_path / "town.rou.xml"
    path.write_text(f"<routes>{content}</routes>", encoding="utf-8")
    assert holds_walkers([path]) is does
