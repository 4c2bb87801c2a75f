"""Turn `plain/demand.csv` and `plain/demand.toml` into vehicles, buses and walking persons."""

import csv
import math
import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

BUS = "bus"
DOOR_M = (10.0, 60.0)  # where walks begin and end, from the edge's end near the crossing


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Travellers of one mode between two edges in one period.

    Parameters
    ----------
    mode
        ``car``, ``bicycle`` or ``walk``.
    origin, destination
        First and last edge.
    volume
        Travellers in the period; the scenario's periods last one hour. [1/h]
    """

    mode: str
    origin: str
    destination: str
    volume: int


def read_flows(path: Path, period: str) -> tuple[Flow, ...]:
    """Read one period's column of the hand-written volumes."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return tuple(
        Flow(
            mode=row["mode"],
            origin=row["origin"],
            destination=row["destination"],
            volume=int(row[period]),
        )
        for row in rows
        if int(row[period])
    )


def disturbed(flows: Sequence[Flow], deviation: float, rng: random.Random) -> tuple[Flow, ...]:
    """Return the flows of another day: each volume times a lognormal factor of the given width."""
    return tuple(
        replace(flow, volume=round(flow.volume * math.exp(rng.gauss(0, deviation))))
        for flow in flows
    )


def shortest_path(net: ET.Element, origin: str, destination: str) -> tuple[str, ...]:
    """Return the edges with the fewest hops; in this network there is only one way."""
    followers: dict[str, list[str]] = {}
    for link in net.findall("connection"):
        followers.setdefault(link.get("from", ""), []).append(link.get("to", ""))
    came_from = {origin: ""}
    waiting = deque([origin])
    while waiting and destination not in came_from:
        edge = waiting.popleft()
        for follower in followers.get(edge, []):
            if follower not in came_from and not follower.startswith(":"):
                came_from[follower] = edge
                waiting.append(follower)
    if destination not in came_from:
        msg = f"no way from {origin} to {destination}"
        raise ValueError(msg)
    path = [destination]
    while came_from[path[-1]]:
        path.append(came_from[path[-1]])
    return tuple(reversed(path))


def demand(
    net: ET.Element, flows: Sequence[Flow], settings: Mapping[str, Any], rng: random.Random
) -> ET.Element:
    """Return a route file: one named route per relation, then everybody by departure.

    Parameters
    ----------
    net
        The road network, for the routes.
    flows
        Volumes of the period.
    settings
        Content of ``demand.toml``.
    rng
        Source of departure times and of the truck share.
    """
    length_m = _edge_lengths_m(net)
    travellers: list[tuple[int, ET.Element]] = []
    relations: dict[str, tuple[str, str]] = {}
    for flow in flows:
        if flow.mode != "walk":
            relations[f"{flow.origin}-{flow.destination}"] = flow.origin, flow.destination
        for number, depart_s in enumerate(_departures_s(flow.volume, settings, rng)):
            traveller = (
                _person(flow, number, depart_s, length_m[flow.origin], rng)
                if flow.mode == "walk"
                else _vehicle(flow, number, depart_s, settings["truck_share"], rng)
            )
            travellers.append((depart_s, traveller))
    for line in settings["bus"]["lines"]:
        relations[line["id"]] = line["origin"], line["destination"]
        path = shortest_path(net, line["origin"], line["destination"])
        travellers += _buses(path, length_m, line, settings)
    root = ET.Element("routes")
    for name, (origin, destination) in relations.items():
        ET.SubElement(
            root, "route", id=name, edges=" ".join(shortest_path(net, origin, destination))
        )
    root.extend(element for _, element in sorted(travellers, key=lambda item: item[0]))
    return root


def _departures_s(volume: int, settings: Mapping[str, Any], rng: random.Random) -> list[int]:
    factors = settings["quarter_hour_factors"]
    quarter_s = settings["end_s"] / len(factors)
    quarters = rng.choices(range(len(factors)), weights=factors, k=volume)
    return sorted(int((quarter + rng.random()) * quarter_s) for quarter in quarters)


def _vehicle(
    flow: Flow, number: int, depart_s: int, truck_share: float, rng: random.Random
) -> ET.Element:
    is_truck = flow.mode == "car" and rng.random() < truck_share
    return ET.Element(
        "vehicle",
        id=f"{flow.mode}.{flow.origin}-{flow.destination}.{number}",
        type="truck" if is_truck else flow.mode,
        route=f"{flow.origin}-{flow.destination}",
        depart=str(depart_s),
        departLane="best",
        departSpeed="max",
    )


def _person(
    flow: Flow, number: int, depart_s: int, length_m: float, rng: random.Random
) -> ET.Element:
    """Return a person who leaves a door near the end of an edge for one near another's begin."""
    before_m, after_m = rng.uniform(*DOOR_M), rng.uniform(*DOOR_M)
    person = ET.Element(
        "person",
        id=f"{flow.mode}.{flow.origin}-{flow.destination}.{number}",
        type="pedestrian",
        depart=str(depart_s),
        departPos=f"{length_m - before_m:.1f}",
    )
    ET.SubElement(
        person,
        "walk",
        {"from": flow.origin, "to": flow.destination, "arrivalPos": f"{after_m:.1f}"},
    )
    return person


def _edge_lengths_m(net: ET.Element) -> dict[str, float]:
    return {
        edge.get("id", ""): float(edge.findall("lane")[-1].get("length", ""))
        for edge in net.findall("edge")
    }


def _buses(
    path: Sequence[str],
    length_m: Mapping[str, float],
    line: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> list[tuple[int, ET.Element]]:
    """Return the buses of one line with their timetable: no bus leaves a stop early."""
    bus = settings["bus"]
    services = []
    for number, depart_s in enumerate(range(line["first_s"], settings["end_s"], line["headway_s"])):
        element = ET.Element(
            "vehicle",
            id=f"{line['id']}.{number}",
            type=BUS,
            route=line["id"],
            depart=str(depart_s),
            departLane="best",
            departSpeed="max",
        )
        for stop in line["stops"]:
            before_m = sum(length_m[edge] for edge in path[: path.index(stop["edge"])])
            until_s = depart_s + round((before_m + stop["position_m"]) / bus["speed_mps"])
            ET.SubElement(
                element,
                "stop",
                busStop=stop["id"],
                duration=str(bus["dwell_s"]),
                until=str(until_s),
            )
        services.append((depart_s, element))
    return services


def common_elements(net: ET.Element, settings: Mapping[str, Any]) -> ET.Element:
    """Return the additional file that every period loads: vehicle types and bus stops."""
    root = ET.Element("additional")
    for attributes in (
        {"id": "car", "vClass": "passenger", "speedDev": "0.1"},
        {"id": "truck", "vClass": "truck", "length": "10.0", "accel": "1.3", "speedDev": "0.05"},
        {"id": "bicycle", "vClass": "bicycle", "maxSpeed": "5.8", "speedDev": "0.1"},
        {"id": BUS, "vClass": "bus", "accel": "1.2", "speedDev": "0.05"},
        {"id": "pedestrian", "vClass": "pedestrian", "maxSpeed": "1.4", "speedDev": "0.1"},
    ):
        ET.SubElement(root, "vType", attributes)
    for line in settings["bus"]["lines"]:
        for stop in line["stops"]:
            end_m = stop["position_m"]
            ET.SubElement(
                root,
                "busStop",
                id=stop["id"],
                lane=_rightmost_vehicle_lane(net, stop["edge"]),
                startPos=str(end_m - settings["bus"]["stop_length_m"]),
                endPos=str(end_m),
            )
    return root


def _rightmost_vehicle_lane(net: ET.Element, edge: str) -> str:
    lanes = net.findall(f"edge[@id='{edge}']/lane")
    return next(lane.get("id", "") for lane in lanes if lane.get("allow") != "pedestrian")
