"""Place the loops of the inventory and turn what SUMO records on them into pulses."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pyarrow as pa
import pyarrow.parquet as pq


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """One loop, a point as SUMO's `instantInductionLoop` is."""

    name: str
    lane: str
    lane_length_m: float
    distance_to_stop_line_m: float
    kind: str


def place_detectors(net: ET.Element, settings: Mapping[str, Any]) -> tuple[Detector, ...]:
    """Put a stop-bar loop on every approach lane, advance loops on arterial ones."""
    signalised = {
        f"{link.get('from')}_{link.get('fromLane')}"
        for link in net.findall("connection[@tl]")
        if not link.get("from", "").startswith(":")
    }
    placed = []
    for edge in net.findall("edge[lane]"):
        for lane in edge.findall("lane"):
            name, length_m = lane.get("id", ""), float(lane.get("length", ""))
            if name not in signalised:
                continue
            distances_m = {"stop_bar": settings["stop_bar_m"]}
            if edge.get("type") == "arterial":
                advance_m = min(settings["advance_m"], length_m - 2.0)
                if advance_m >= settings["advance_minimum_m"]:
                    distances_m["advance"] = advance_m
            placed += [
                Detector(
                    name=f"{name}.{kind}",
                    lane=name,
                    lane_length_m=length_m,
                    distance_to_stop_line_m=round(distance_m, 2),
                    kind=kind,
                )
                for kind, distance_m in distances_m.items()
            ]
    return tuple(placed)


def inventory(detectors: Sequence[Detector]) -> str:
    """Return the inventory as TOML."""
    return "\n".join(
        "[[detector]]\n"
        f"id = {json.dumps(detector.name)}\n"
        f"lane = {json.dumps(detector.lane)}\n"
        f"distance_to_stop_line_m = {detector.distance_to_stop_line_m}\n"
        "length_m = 0.0\n"
        f"kind = {json.dumps(detector.kind)}\n"
        for detector in detectors
    )


def recording_elements(detectors: Sequence[Detector], output: str) -> ET.Element:
    """Return the additional file that makes SUMO write every pulse to `output`."""
    root = ET.Element("additional")
    for detector in detectors:
        ET.SubElement(
            root,
            "instantInductionLoop",
            id=detector.name,
            lane=detector.lane,
            pos=str(round(detector.lane_length_m - detector.distance_to_stop_line_m, 2)),
            file=output,
        )
    return root


def read_pulses(path: Path, end_s: float) -> pa.Table:
    """Pair the enter and leave events of an instant loop output.

    Parameters
    ----------
    path
        SUMO's output.
    end_s
        End of the recording; a loop that is still covered then goes off at this moment. [s]

    Returns
    -------
    pyarrow.Table
        Columns `detector`, `on_s` [s], `off_s` [s], `speed_mps` [m/s], ordered by `on_s`.
    """
    entered: dict[tuple[str, str], tuple[float, float]] = {}
    pulses: list[tuple[float, str, float, float]] = []
    for event in ET.parse(path).getroot():
        detector, time_s = event.get("id", ""), float(event.get("time", ""))
        key = detector, event.get("vehID", "")
        if event.get("state") == "enter":
            entered[key] = time_s, float(event.get("speed", ""))
        elif event.get("state") == "leave" and key in entered:
            on_s, _ = entered.pop(key)
            pulses.append((on_s, detector, time_s, float(event.get("speed", ""))))
    pulses += [
        (on_s, detector, end_s, speed_mps) for (detector, _), (on_s, speed_mps) in entered.items()
    ]
    pulses.sort()
    return pa.table(
        {
            "detector": pa.array([pulse[1] for pulse in pulses], pa.string()).dictionary_encode(),
            "on_s": pa.array([pulse[0] for pulse in pulses], pa.float64()),
            "off_s": pa.array([pulse[2] for pulse in pulses], pa.float64()),
            "speed_mps": pa.array([pulse[3] for pulse in pulses], pa.float64()),
        }
    )


def write_pulses(pulses: pa.Table, path: Path) -> None:
    """Write pulses as Parquet."""
    pq.write_table(pulses, path, compression="zstd")
