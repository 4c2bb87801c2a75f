"""Build the scenario `corridor`: three signals in a row, each with one unit of two phases.

Run it with the interpreter of an environment that holds `eclipse-sumo`::

    .venv/bin/python scenarios/corridor/build.py

The same SUMO version gives the same bytes.
"""

import random
import shutil
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

HERE = Path(__file__).resolve().parent
NAME = "corridor"
PLACES_M = {"W": -350, "J1": 0, "J2": 380, "J3": 700, "E": 1050}
SIDE_M = 250
MAIN_MPS, SIDE_MPS = 13.89, 11.11
END_S = 1800
FLOWS_VPH = {
    ("W", "E"): 720,
    ("E", "W"): 420,
    ("S1", "N1"): 150,
    ("N2", "S2"): 170,
    ("S3", "N3"): 140,
    ("N1", "E"): 70,
    ("S2", "E"): 60,
    ("W", "N3"): 60,
    ("E", "S1"): 50,
}
"""From entry to exit, all invented. [veh/h]"""
SEED = 5


def run(program: str, *arguments: str) -> None:
    """Run a SUMO program that stands beside the interpreter."""
    executable = shutil.which(program, path=str(Path(sys.executable).parent))
    if executable is None:
        msg = f"{program} is not beside {sys.executable}; install eclipse-sumo there"
        raise FileNotFoundError(msg)
    subprocess.run([executable, *arguments], check=True, stdout=subprocess.DEVNULL, cwd=HERE)


def write_xml(root: ET.Element, path: Path) -> None:
    """Write an element as an indented file without comments."""
    ET.indent(root, space="    ")
    text = ET.tostring(root, encoding="unicode")
    path.write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n', encoding="utf-8")


def nodes() -> ET.Element:
    """Return the junctions on the main street, and the ends of the side streets."""
    root = ET.Element("nodes")
    for name, x in PLACES_M.items():
        kind = "traffic_light" if name.startswith("J") else "priority"
        ET.SubElement(root, "node", id=name, x=str(x), y="0", type=kind)
        for side, y in (("N", SIDE_M), ("S", -SIDE_M)):
            if name.startswith("J"):
                ET.SubElement(root, "node", id=f"{side}{name[1]}", x=str(x), y=str(y))
    return root


def edges() -> ET.Element:
    """Return the streets, both ways: two lanes along the main street, one across."""
    root = ET.Element("edges")
    main = list(PLACES_M)
    pairs = [(one, other, "2", MAIN_MPS) for one, other in pairwise(main)]
    pairs += [(f"{side}{n}", f"J{n}", "1", SIDE_MPS) for n in (1, 2, 3) for side in ("N", "S")]
    for one, other, lanes, speed_mps in pairs:
        for start, end in ((one, other), (other, one)):
            name = f"{start}_{end}"
            ET.SubElement(
                root,
                "edge",
                {"id": name, "from": start, "to": end, "numLanes": lanes, "speed": str(speed_mps)},
            )
    return root


def demand() -> ET.Element:
    """Return trips with random departures, in order of time."""
    dice = random.Random(SEED)
    trips = []
    for (start, end), flow_vph in FLOWS_VPH.items():
        first, last = edge_at(start, is_entry=True), edge_at(end, is_entry=False)
        count = round(flow_vph * END_S / 3600)
        trips += [(dice.uniform(0, END_S - 120), first, last) for _ in range(count)]
    root = ET.Element("routes")
    for number, (depart_s, first, last) in enumerate(sorted(trips)):
        attributes = {"id": str(number), "depart": f"{depart_s:.1f}", "from": first, "to": last}
        ET.SubElement(root, "trip", attributes | {"departLane": "best", "departSpeed": "max"})
    return root


def edge_at(end: str, *, is_entry: bool) -> str:
    """Return the edge that leads from, or to, an end of the network."""
    inner = {"W": "J1", "E": "J3"}.get(end, f"J{end[1:]}")
    return f"{end}_{inner}" if is_entry else f"{inner}_{end}"


def configuration() -> ET.Element:
    """Return the SUMO configuration."""
    root = ET.Element("sumoConfiguration")
    for section, options in {
        "input": {"net-file": f"{NAME}.net.xml", "route-files": f"{NAME}.rou.xml"},
        "time": {"begin": "0", "end": str(END_S), "step-length": "1"},
        "processing": {"time-to-teleport": "300"},
        "report": {"no-step-log": "true", "duration-log.disable": "true"},
    }.items():
        parent = ET.SubElement(root, section)
        for option, value in options.items():
            ET.SubElement(parent, option, value=value)
    return root


def main() -> None:
    """Write network, routes and configuration."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        write_xml(nodes(), scratch / "n.nod.xml")
        write_xml(edges(), scratch / "e.edg.xml")
        files = [f"--node-files={scratch / 'n.nod.xml'}", f"--edge-files={scratch / 'e.edg.xml'}"]
        times = ["--tls.green.time=35", "--tls.yellow.time=3", "--tls.allred.time=2"]
        net = HERE / f"{NAME}.net.xml"
        options = ["--no-turnarounds", "--tls.left-green.time=0", "--tls.layout=opposites"]
        run("netconvert", *files, *times, *options, "-o", str(net))
    write_xml(ET.parse(net).getroot(), net)
    write_xml(demand(), HERE / f"{NAME}.rou.xml")
    write_xml(configuration(), HERE / f"{NAME}.sumocfg")


if __name__ == "__main__":
    main()
