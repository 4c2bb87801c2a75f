"""Build the scenario `crossing_arterials` from the plain files beside this script.

Run it with the interpreter of an environment that holds `eclipse-sumo` and `pyarrow`::

    .venv/bin/python scenarios/crossing_arterials/build.py

The same inputs and the same SUMO version give the same bytes.
"""

import logging
import random
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from build_demand import common_elements, demand, disturbed, read_flows
from build_detectors import (
    inventory,
    place_detectors,
    read_pulses,
    recording_elements,
    write_pulses,
)
from build_signals import day_plan, link_movements, program_element, read_intersections

HERE = Path(__file__).resolve().parent
PLAIN = HERE / "plain"
NAME = "crossing_arterials"
NET = f"{NAME}.net.xml"
PERIODS = ("morning", "midday", "evening")
DAY_PLAN_SWITCH_S = 600
LOG = logging.getLogger("build")


def run(program: str, *arguments: str | Path) -> None:
    """Run a SUMO program that stands beside the interpreter; its warnings go to standard error."""
    executable = shutil.which(program, path=str(Path(sys.executable).parent))
    if executable is None:
        msg = f"{program} is not beside {sys.executable}; install eclipse-sumo there"
        raise FileNotFoundError(msg)
    subprocess.run(
        [executable, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL, cwd=HERE
    )


def write_xml(root: ET.Element, path: Path) -> None:
    """Write an element as an indented file without comments."""
    ET.indent(root, space="    ")
    text = ET.tostring(root, encoding="unicode")
    path.write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n', encoding="utf-8")


def convert(output: Path, *arguments: str | Path) -> ET.Element:
    """Run `netconvert` on the plain files and return the net, free of its dated header."""
    parts = (("nod", "node"), ("edg", "edge"), ("con", "connection"), ("typ", "type"))
    files = [f"--{option}-files={PLAIN / NAME}.{part}.xml" for part, option in parts]
    run("netconvert", *files, "--no-turnarounds", *arguments, "-o", output)
    net = ET.parse(output).getroot()
    write_xml(net, output)
    return net


def build_network(scratch: Path) -> ET.Element:
    """Write the net with its running programs, and the day plan; return the net."""
    bare = convert(scratch / "bare.net.xml")
    intersections = read_intersections(PLAIN / "signals.toml")
    programs: dict[str, dict[str, ET.Element]] = {}
    for intersection in intersections:
        movements = link_movements(bare, intersection)
        for program in intersection.programs:
            element = program_element(intersection, program, movements)
            programs.setdefault(program.name, {})[intersection.name] = element
    logics = ET.Element("tlLogics")
    logics.extend(programs["running"].values())
    logics.extend(
        ET.Element(
            "connection", {key: link.attrib[key] for key in attributes if key in link.attrib}
        )
        for attributes in [("from", "to", "fromLane", "toLane", "tl", "linkIndex")]
        for link in bare.findall("connection[@tl]")
        if not link.attrib["from"].startswith(":")
    )
    write_xml(logics, PLAIN / f"{NAME}.tll.xml")
    net = convert(HERE / NET, f"--tllogic-files={PLAIN / NAME}.tll.xml")
    write_xml(
        day_plan(intersections, programs["evening"], DAY_PLAN_SWITCH_S), HERE / "dayplan.add.xml"
    )
    return net


def configuration(routes: str, additional: str, end_s: int) -> ET.Element:
    """Return a SUMO configuration of one period.

    Parameters
    ----------
    routes, additional
        File names beside the configuration.
    end_s
        End of the simulation, which begins at 0. [s]
    """
    root = ET.Element("sumoConfiguration")
    for section, options in {
        "input": {"net-file": NET, "route-files": routes, "additional-files": additional},
        "time": {"begin": "0", "end": str(end_s), "step-length": "1"},
        "processing": {"time-to-teleport": "300"},
        "report": {"no-step-log": "true", "duration-log.disable": "true"},
    }.items():
        parent = ET.SubElement(root, section)
        for option, value in options.items():
            ET.SubElement(parent, option, value=value)
    return root


def record(period: str, net: ET.Element, settings: Mapping[str, Any], scratch: Path) -> None:
    """Simulate another day than the nominal one and keep what its loops saw."""
    seed = settings["recording"]["seed"]
    rng = random.Random(f"{seed} {period}")
    nominal = read_flows(PLAIN / "demand.csv", period)
    flows = disturbed(nominal, settings["recording"]["route_noise"], rng)
    write_xml(demand(net, flows, settings, rng), scratch / "measured.rou.xml")
    shutil.copy(HERE / "detectors.add.xml", scratch)
    run(
        "sumo",
        *("-c", HERE / f"{period}.sumocfg", "--seed", str(seed)),
        *("-r", scratch / "measured.rou.xml"),
        *("-a", f"{HERE / 'common.add.xml'},{scratch / 'detectors.add.xml'}"),
    )
    pulses = read_pulses(scratch / "pulses.xml", settings["end_s"])
    write_pulses(pulses, HERE / f"{period}.pulses.parquet")
    LOG.info("%s: %d pulses", period, pulses.num_rows)


def scenario_text(settings: Mapping[str, Any]) -> str:
    """Return `scenario.toml`."""
    head = (
        f'name = "{NAME}"\n'
        'description = "Eight signalised junctions on two crossing arterials; invented."\n'
        'default_period = "morning"\n'
        'detectors = "detectors.toml"\n'
    )
    return head + "".join(
        f"\n[periods.{period}]\n"
        f'sumocfg = "{period}.sumocfg"\n'
        f'feed = "{period}.pulses.parquet"\n'
        f"feed_start = {settings['feed_start'][period]:%Y-%m-%dT%H:%M:%SZ}\n"
        f"feed_seed = {settings['recording']['seed']}\n"
        for period in PERIODS
    )


def main() -> None:
    """Write every derived file of the scenario."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with (PLAIN / "demand.toml").open("rb") as file:
        settings = tomllib.load(file)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        net = build_network(scratch)
        write_xml(common_elements(net, settings), HERE / "common.add.xml")
        detectors = place_detectors(net, settings["detectors"])
        (HERE / "detectors.toml").write_text(inventory(detectors), encoding="utf-8")
        write_xml(recording_elements(detectors, "pulses.xml"), HERE / "detectors.add.xml")
        (HERE / "scenario.toml").write_text(scenario_text(settings), encoding="utf-8")
        for period in PERIODS:
            rng = random.Random(f"{settings['seed']} {period}")
            flows = read_flows(PLAIN / "demand.csv", period)
            write_xml(demand(net, flows, settings, rng), HERE / f"{period}.rou.xml")
            config = configuration(f"{period}.rou.xml", "common.add.xml", settings["end_s"])
            write_xml(config, HERE / f"{period}.sumocfg")
            record(period, net, settings, scratch)


if __name__ == "__main__":
    main()
