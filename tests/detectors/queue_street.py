"""One lane to one signal in SUMO: loops as a controller log, and the true queue of each cycle."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd

from detectors.controller_log.codes import Event
from detectors.readers.sumo_instant import read_instant_e1
from sim.sumo.run import sumo_binary, sumo_environment

CYCLE_S, GREEN_S, YELLOW_S, RED_S = 90, 35, 3, 2
END_S = 5400
LANE_M = 700.0
ADVANCE_M = 60.0
LOOP_M = 1.8
ADVANCE, STOP_BAR, ZONE = 5, 6, 7
STANDING_MPS = 5 / 3.6
NODES = """<nodes><node id="W" x="-710" y="0"/><node id="E" x="300" y="0"/><node id="S" x="0"
y="-300"/><node id="N" x="0" y="300"/><node id="J" x="0" y="0" type="traffic_light"/></nodes>"""
EDGES = """<edges><edge id="in" from="W" to="J" numLanes="1" speed="13.9"/>
<edge id="out" from="J" to="E" numLanes="1" speed="13.9"/>
<edge id="up" from="S" to="J" numLanes="1" speed="13.9"/>
<edge id="on" from="J" to="N" numLanes="1" speed="13.9"/></edges>"""
TYPES = """<vTypeDistribution id="mix">
<vType id="small" length="4.2" minGap="2.2" probability="0.3"/>
<vType id="car" length="4.8" minGap="2.6" probability="0.4"/>
<vType id="van" length="5.6" minGap="2.9" probability="0.26"/>
<vType id="bus" length="12" minGap="3" accel="1.2" probability="0.04"/></vTypeDistribution>"""
LINKS = '<connections><connection from="in" to="out"/><connection from="up" to="on"/></connections>'


LENGTHS_M = {"small": 4.2, "car": 4.8, "van": 5.6, "bus": 12.0}


@dataclass(frozen=True)
class Street:
    """Events of the log, and the longest queue of each cycle by its begin of green [s] → [m]."""

    events: pd.DataFrame
    config: pd.DataFrame
    queue_m: dict[float, float]


def simulated(folder: Path, seed: int, flow_vph: float) -> Street:
    """Run the street; the queue is the rear of the last vehicle that stands behind others."""
    for name, content in (("nod", NODES), ("edg", EDGES), ("con", LINKS)):
        (folder / f"net.{name}.xml").write_text(content)
    parts = [f"--{word}-files=net.{end}.xml" for word, end in
             (("node", "nod"), ("edge", "edg"), ("connection", "con"))]  # fmt: skip
    _run("netconvert", [*parts, "--no-turnarounds", "-o", "net.net.xml"], folder)
    lane = next(e for e in ET.parse(folder / "net.net.xml").iter("lane") if e.get("id") == "in_0")
    length_m = float(lane.get("length", ""))
    links = [c for c in ET.parse(folder / "net.net.xml").iter("connection") if c.get("tl")]
    own = next(int(c.get("linkIndex", "")) for c in links if c.get("from") == "in")
    colours = [("G", "r", GREEN_S), ("y", "r", YELLOW_S), ("r", "r", RED_S)]
    rest_s = CYCLE_S - GREEN_S - YELLOW_S - RED_S
    phases = "".join(
        f'<phase duration="{seconds}" state="{mine + other if own == 0 else other + mine}"/>'
        for mine, other, seconds in [*colours, ("r", "G", rest_s - 5), ("r", "y", 3), ("r", "r", 2)]
    )
    edge_m = length_m - ADVANCE_M
    (folder / "plan.add.xml").write_text(
        f'<additional><tlLogic id="J" type="static" programID="a" offset="0">{phases}</tlLogic>'
        f'<instantInductionLoop id="advance" lane="in_0" pos="{edge_m - LOOP_M}" '
        f'file="loops.xml"/><instantInductionLoop id="behind" lane="in_0" '
        f'pos="{edge_m}" file="loops.xml"/>'
        f'<instantInductionLoop id="stop" lane="in_0" pos="{length_m - 1}" file="loops.xml"/>'
        f"</additional>"
    )
    (folder / "trips.rou.xml").write_text(
        f'<routes>{TYPES}<flow id="a" type="mix" begin="0" end="{END_S}" from="in" to="out" '
        f'departSpeed="max" '
        f'period="exp({flow_vph / 3600:.5f})"/></routes>'
    )
    options = ["-n", "net.net.xml", "-r", "trips.rou.xml", "-a", "plan.add.xml", "--fcd-output",
               "fcd.xml", "--end", str(END_S), "--seed", str(seed), "--step-length", "0.5", "-W",
               "--no-step-log"]  # fmt: skip
    _run("sumo", options, folder)
    return Street(_events(folder), _config(), _queues_m(folder, length_m))


def _run(program: str, arguments: list[str], folder: Path) -> None:
    command = [str(sumo_binary(program)), *arguments]
    subprocess.run(command, cwd=folder, env=sumo_environment(), check=True, capture_output=True)


def _config() -> pd.DataFrame:
    rows = [
        ("1", 2, "Advance", ADVANCE, ADVANCE_M, LOOP_M),
        ("1", 2, "Presence", STOP_BAR, 1.0, 0.0),
    ]
    rows.append(("1", 2, "Presence", ZONE, 0.0, 20.0))
    columns = ["DeviceId", "Phase", "Function", "Parameter", "Distance_m", "Length_m"]
    return pd.DataFrame(rows, columns=columns)


def _events(folder: Path) -> pd.DataFrame:
    pulses = read_instant_e1(folder / "loops.xml")
    at = {name: pulses.detector == number for number, name in enumerate(pulses.names)}
    stop_s = pulses.on_s[at["stop"]], pulses.off_s[at["stop"]]
    # a loop is covered from the front on its first edge to the rear on its last one
    reached_s, left_s = pulses.on_s[at["advance"]], pulses.off_s[at["behind"]]
    count = min(len(reached_s), len(left_s))
    rows: list[tuple[float, int, int]] = []
    rows += _covered(STOP_BAR, *stop_s)
    rows += _covered(ADVANCE, reached_s[:count], left_s[:count])
    rows += _covered(ZONE, stop_s[0] - 1.5, stop_s[1] + 0.3)
    for start_s in range(0, END_S, CYCLE_S):
        rows += [(start_s, Event.GREEN, 2), (start_s + GREEN_S, Event.YELLOW, 2)]
        rows.append((start_s + GREEN_S + YELLOW_S, Event.RED_CLEARANCE, 2))
    frame = pd.DataFrame(sorted(rows), columns=["second", "EventId", "Parameter"])
    stamps = pd.Timestamp("2026-03-17") + pd.to_timedelta(frame["second"], unit="s")
    return frame.assign(TimeStamp=stamps.dt.floor("100ms"), DeviceId="1").drop(columns="second")


def _covered(channel: int, on_s: np.ndarray, off_s: np.ndarray) -> list[tuple[float, int, int]]:
    """Return events of a detector that is covered as long as any vehicle is on it."""
    rows = []
    begin_s, end_s = on_s[0], off_s[0]
    for on, off in zip([*on_s[1:], np.inf], [*off_s[1:], np.inf], strict=True):
        if on > end_s:
            rows += [(float(begin_s), 82, channel), (float(end_s), 81, channel)]
            begin_s = on
        end_s = max(end_s, off)
    return rows


def _queues_m(folder: Path, length_m: float) -> dict[float, float]:
    """Return the farthest rear of a vehicle that stands in the queue, for each cycle [m]."""
    longest: dict[float, float] = {}
    for _, step in ET.iterparse(folder / "fcd.xml"):
        if step.tag != "timestep":
            continue
        time_s = float(step.get("time", ""))
        # a cycle runs from red to red; its green begins within it
        red_s = GREEN_S + YELLOW_S
        green_s = ((time_s - red_s) // CYCLE_S + 1) * CYCLE_S
        for vehicle in step:
            is_standing = float(vehicle.get("speed", "")) < STANDING_MPS
            if vehicle.get("lane") == "in_0" and is_standing:
                rear_m = length_m - float(vehicle.get("pos", "")) + LENGTHS_M[vehicle.get("type")]
                longest[green_s] = max(longest.get(green_s, 0.0), rear_m)
        step.clear()
    return longest
