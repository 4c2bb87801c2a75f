"""Who yields to whom at the junctions of a SUMO network, and which lanes cars may use."""

from dataclasses import dataclass, field
from pathlib import Path

from sim.sumo.xml_files import read_xml

_CAR = "passenger"


@dataclass(frozen=True, slots=True, kw_only=True)
class RightOfWay:
    """What a network file says beyond its lanes and connections.

    Parameters
    ----------
    responses
        Junction → for each request the requests that it yields to, as positions.
    car_lanes
        Lanes that passenger cars may use.
    """

    responses: dict[str, tuple[frozenset[int], ...]] = field(hash=False)
    car_lanes: frozenset[str]


def read_right_of_way(net_file: Path) -> RightOfWay:
    """Read responses and permissions from a network file.

    Parameters
    ----------
    net_file
        SUMO network, plain or packed with gzip.

    Raises
    ------
    InputError
        The file is missing or broken.
    """
    root = read_xml(net_file)
    responses = {}
    for junction in root.findall("junction"):
        requests = sorted(junction.findall("request"), key=lambda r: int(r.get("index", "0")))
        responses[junction.get("id", "")] = tuple(
            _positions(request.get("response", "")) for request in requests
        )
    car_lanes = frozenset(
        lane.get("id", "")
        for edge in root.findall("edge")
        for lane in edge.findall("lane")
        if _lets_cars(lane.get("allow"), lane.get("disallow"))
    )
    return RightOfWay(responses=responses, car_lanes=car_lanes)


def _positions(bits: str) -> frozenset[int]:
    """Return the positions of the ones; SUMO writes the last link first."""
    return frozenset(place for place, bit in enumerate(reversed(bits)) if bit == "1")


def _lets_cars(allow: str | None, disallow: str | None) -> bool:
    if allow is not None:
        return allow == "all" or _CAR in allow.split()
    return disallow is None or (disallow != "all" and _CAR not in disallow.split())
