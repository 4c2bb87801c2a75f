"""The ground plan of a SUMO network: its lanes as strips and its junctions as areas."""

from dataclasses import dataclass
from pathlib import Path

from citybrain.errors import InputError
from sim.sumo.xml_files import read_xml

Place = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneWay:
    """A lane of a SUMO network as a strip on the ground.

    Parameters
    ----------
    name, edge
        The lane, and the street it belongs to.
    index, lane_count
        Its place from the right, and how many lanes its edge has.
    width_m
        Its width. [m]
    shape_m
        Centre line, metres to the east and north. [m]
    is_signalled
        Whether it ends at a traffic light.
    """

    name: str
    edge: str
    index: int
    lane_count: int
    width_m: float
    shape_m: tuple[Place, ...]
    is_signalled: bool


def lane_ways(net: Path) -> tuple[LaneWay, ...]:
    """Return the lanes of the streets of a network, without those inside junctions.

    Raises
    ------
    InputError
        The file is missing or broken.
    """
    root = read_xml(net)
    signalled = {
        f"{row.get('from')}_{row.get('fromLane')}"
        for row in root.iter("connection")
        if row.get("tl") is not None
    }
    ways = []
    for edge in root.iter("edge"):
        if edge.get("function") is not None:
            continue
        lanes = edge.findall("lane")
        for lane in lanes:
            name = lane.get("id", "")
            where = f"{net}, lane {name}"
            ways.append(
                LaneWay(
                    name=name,
                    edge=edge.get("id", ""),
                    index=int(_number(lane.get("index", "0"), where)),
                    lane_count=len(lanes),
                    width_m=_number(lane.get("width", "3.2"), where),
                    shape_m=_places(lane.get("shape", ""), where),
                    is_signalled=name in signalled,
                )
            )
    return tuple(ways)


def junction_areas(net: Path) -> tuple[tuple[Place, ...], ...]:
    """Return the outlines of the junctions of a network, in metres.

    Raises
    ------
    InputError
        The file is missing or broken.
    """
    areas = [
        _places(junction.get("shape", ""), f"{net}, junction {junction.get('id')}")
        for junction in read_xml(net).iter("junction")
        if junction.get("type") != "internal"
    ]
    return tuple(area for area in areas if len(area) > 2)  # noqa: PLR2004 - an area


def _places(shape: str, where: str) -> tuple[Place, ...]:
    """Return the corners of a SUMO shape without their heights."""
    corners = [[_number(part, where) for part in corner.split(",")] for corner in shape.split()]
    if any(len(corner) < 2 for corner in corners):  # noqa: PLR2004 - x and y
        raise InputError(where, "has a corner without y", "write its shape as x,y x,y")
    return tuple((corner[0], corner[1]) for corner in corners)


def _number(text: str, where: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(where, f"{text!r} is no number", "generate the network again") from None
