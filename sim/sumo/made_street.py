"""Small streets made for pictures: a straight road, its signal and a mixed demand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from xml.etree import ElementTree

from citybrain.errors import InputError
from sim.sumo.run import run_sumo

BEFORE_M, AFTER_M = 420.0, 160.0
"""Length of the road before and after the stop line, which lies at y = 0. [m]"""
_YELLOW_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetType:
    """A type of vehicle of the mixed demand.

    Parameters
    ----------
    name, vclass
        Its name, and SUMO's class.
    size_m
        Length, width and height. [m]
    speed_mps
        Highest speed. [m/s]
    """

    name: str
    vclass: str
    size_m: tuple[float, float, float]
    speed_mps: float


TYPES = {
    one.name: one
    for one in (
        StreetType(name="car_small", vclass="passenger", size_m=(3.8, 1.72, 1.48), speed_mps=45),
        StreetType(name="car_medium", vclass="passenger", size_m=(4.4, 1.80, 1.47), speed_mps=50),
        StreetType(name="car_large", vclass="passenger", size_m=(4.8, 1.90, 1.68), speed_mps=50),
        StreetType(name="van", vclass="delivery", size_m=(5.8, 2.05, 2.45), speed_mps=38),
        StreetType(name="lorry_rigid", vclass="truck", size_m=(8.6, 2.50, 3.40), speed_mps=27),
        StreetType(name="lorry_long", vclass="trailer", size_m=(15.5, 2.55, 3.90), speed_mps=25),
        StreetType(name="bus", vclass="bus", size_m=(12.0, 2.55, 3.10), speed_mps=25),
        StreetType(name="motorcycle", vclass="motorcycle", size_m=(2.2, 0.80, 1.50), speed_mps=45),
        StreetType(name="bicycle", vclass="bicycle", size_m=(1.8, 0.60, 1.70), speed_mps=6.5),
    )
}
"""The types that a demand may name; sizes as usual on European roads."""

CITY_MIX: Mapping[str, float] = MappingProxyType(
    {
        "car_small": 0.26,
        "car_medium": 0.30,
        "car_large": 0.18,
        "van": 0.11,
        "lorry_rigid": 0.05,
        "lorry_long": 0.02,
        "bus": 0.03,
        "motorcycle": 0.03,
        "bicycle": 0.02,
    }
)
"""Type → share of the vehicles, where none is given. [0-1]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """One direction of the street.

    Parameters
    ----------
    lanes
        Number of lanes.
    flow_vph
        Demand. [veh/h]
    """

    lanes: int
    flow_vph: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeStreet:
    """A straight street to the north, with a stop line at y = 0.

    Parameters
    ----------
    north, south
        The northbound direction (x > 0), and the southbound one where there is one.
    median_m
        Width between the two directions. [m]
    speed_mps
        Speed limit. [m/s]
    green_s, red_s
        Signal of the stop line; no signal where red is zero. [s]
    mix
        Share of each type of ``TYPES``.

    Raises
    ------
    InputError
        A number cannot be, or a type is unknown.
    """

    north: Direction
    south: Direction | None = None
    median_m: float = 0.6
    speed_mps: float = 15.0
    green_s: float = 40.0
    red_s: float = 0.0
    mix: Mapping[str, float] = field(default_factory=lambda: CITY_MIX)

    def __post_init__(self) -> None:
        """Refuse a street that cannot be built."""
        unknown = sorted(set(self.mix) - set(TYPES))
        if unknown:
            where = "street mix"
            raise InputError(where, f"names {unknown[0]}", f"choose of {', '.join(TYPES)}")
        if min(self.north.lanes, self.speed_mps, self.green_s) <= 0 or self.red_s < 0:
            where = "street"
            raise InputError(where, "has a size or time that is not positive", "correct it")


def write_street(street: MadeStreet, folder: Path) -> tuple[Path, Path]:
    """Write the network and the demand of a street.

    Parameters
    ----------
    street
        What to write.
    folder
        Where the files go; made if absent.

    Returns
    -------
    tuple[Path, Path]
        Network and routes.

    Raises
    ------
    SimulationError
        SUMO's ``netconvert`` failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {part: folder / f"street.{part}.xml" for part in ("nod", "edg", "tll", "net", "rou")}
    _write(files["nod"], _nodes(street))
    _write(files["edg"], _edges(street))
    arguments: list[str | Path] = ["-n", files["nod"], "-e", files["edg"], "-o", files["net"]]
    arguments += ["--no-turnarounds", "true", "--offset.disable-normalization", "true"]
    arguments += ["--tls.cycle.time", str(round(street.green_s + street.red_s))]
    run_sumo(arguments, timeout_s=60.0, program="netconvert")
    _write(files["tll"], _signals(street))
    _write(files["rou"], _demand(street))
    return files["net"], files["rou"]


def street_arguments(net: Path, routes: Path, street: MadeStreet) -> list[str | Path]:
    """Return the arguments of a SUMO run of a made street."""
    arguments: list[str | Path] = ["-n", net, "-r", routes, "--lateral-resolution", "0.7"]
    if street.red_s > 0:
        arguments += ["-a", net.with_name("street.tll.xml")]
    return arguments


def _write(path: Path, root: ElementTree.Element) -> None:
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _nodes(street: MadeStreet) -> ElementTree.Element:
    root = ElementTree.Element("nodes")
    kind = "traffic_light" if street.red_s > 0 else "priority"
    places = [("north", 0.0)] + ([("south", -street.median_m)] if street.south else [])
    for name, x_m in places:
        for end, y_m in (("a", -BEFORE_M), ("b", 0.0), ("c", AFTER_M)):
            attributes = {"id": f"{name}_{end}", "x": str(x_m), "y": str(y_m)}
            ElementTree.SubElement(
                root, "node", attributes | ({"type": kind} if end == "b" else {})
            )
    return root


def _directions(street: MadeStreet) -> list[tuple[str, str, Direction]]:
    """Return name, order of its nodes, and direction."""
    found = [("north", "abc", street.north)]
    return [*found, ("south", "cba", street.south)] if street.south else found


def _edges(street: MadeStreet) -> ElementTree.Element:
    root = ElementTree.Element("edges")
    for name, order, direction in _directions(street):
        for part, (start, end) in (("in", (order[0], order[1])), ("out", (order[1], order[2]))):
            ElementTree.SubElement(
                root,
                "edge",
                {
                    "id": f"{name}_{part}",
                    "from": f"{name}_{start}",
                    "to": f"{name}_{end}",
                    "numLanes": str(direction.lanes),
                    "speed": str(street.speed_mps),
                    "width": "3.4",
                },
            )
    return root


def _signals(street: MadeStreet) -> ElementTree.Element:
    """Return programs that start with green and hold red for as long as the street says."""
    root = ElementTree.Element("additional")
    for name, _, direction in _directions(street):
        logic = ElementTree.SubElement(
            root,
            "tlLogic",
            {"id": f"{name}_b", "type": "static", "programID": "made", "offset": "0"},
        )
        for colour, duration_s in (("G", street.green_s), ("y", _YELLOW_S), ("r", street.red_s)):
            ElementTree.SubElement(
                logic, "phase", {"duration": str(duration_s), "state": colour * direction.lanes}
            )
    return root


def _demand(street: MadeStreet) -> ElementTree.Element:
    root = ElementTree.Element("routes")
    total = sum(street.mix.values())
    for name in street.mix:
        one = TYPES[name]
        length_m, width_m, height_m = one.size_m
        ElementTree.SubElement(
            root,
            "vType",
            {
                "id": name,
                "vClass": one.vclass,
                "length": str(length_m),
                "width": str(width_m),
                "height": str(height_m),
                "maxSpeed": str(one.speed_mps),
                "speedFactor": "normc(1,0.1,0.7,1.3)",
                "sigma": "0.5",
                "latAlignment": "right" if name == "bicycle" else "center",
            },
        )
    for direction, _, _ in _directions(street):
        edges = f"{direction}_in {direction}_out"
        ElementTree.SubElement(root, "route", {"id": direction, "edges": edges})
    for direction, _, settings in _directions(street):
        for name, share in street.mix.items():
            ElementTree.SubElement(
                root,
                "flow",
                {
                    "id": f"{direction}_{name}",
                    "type": name,
                    "route": direction,
                    "begin": "0",
                    "end": "7200",
                    "period": f"exp({settings.flow_vph * share / total / 3600:.6f})",
                    "departLane": "first" if name == "bicycle" else "random",
                    "departSpeed": "max",
                    "departPos": "base",
                },
            )
    return root
