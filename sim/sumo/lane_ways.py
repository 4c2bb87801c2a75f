"""The ground plan of a SUMO network: its lanes as strips and its junctions as areas."""

from dataclasses import dataclass
from pathlib import Path

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
            ways.append(
                LaneWay(
                    name=name,
                    edge=edge.get("id", ""),
                    index=int(lane.get("index", "0")),
                    lane_count=len(lanes),
                    width_m=float(lane.get("width", "3.2")),
                    shape_m=_places(lane.get("shape", "")),
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
        _places(junction.get("shape", ""))
        for junction in read_xml(net).iter("junction")
        if junction.get("type") != "internal"
    ]
    return tuple(area for area in areas if len(area) > 2)  # noqa: PLR2004 - an area


def _places(shape: str) -> tuple[Place, ...]:
    """Return the corners of a SUMO shape without their heights."""
    corners = [corner.split(",") for corner in shape.split()]
    return tuple((float(corner[0]), float(corner[1])) for corner in corners)
