"""What SUMO's vehicle types are: class and size, with SUMO's own sizes where a file names none."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from sim.sumo.includes import iterate_unfolded

_USUAL_M: dict[str, tuple[float, float, float]] = {
    "passenger": (5.0, 1.8, 1.5),
    "taxi": (5.0, 1.8, 1.5),
    "evehicle": (5.0, 1.8, 1.5),
    "private": (5.0, 1.8, 1.5),
    "delivery": (6.5, 2.16, 2.86),
    "emergency": (6.5, 2.16, 2.86),
    "truck": (7.1, 2.4, 2.4),
    "trailer": (16.5, 2.55, 4.0),
    "bus": (12.0, 2.5, 3.4),
    "coach": (14.0, 2.6, 4.0),
    "motorcycle": (2.2, 0.9, 1.5),
    "moped": (2.1, 0.8, 1.7),
    "bicycle": (1.6, 0.65, 1.7),
}
"""Length, width and height of SUMO's vehicle classes.

Source: SUMO documentation, "Vehicle Type Parameter Defaults".
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleType:
    """A type of vehicle.

    Parameters
    ----------
    name, vclass
        Its name, and SUMO's class.
    length_m, width_m, height_m
        Its size. [m]
    """

    name: str
    vclass: str
    length_m: float
    width_m: float
    height_m: float


def read_vehicle_types(files: Sequence[Path]) -> dict[str, VehicleType]:
    """Read the vehicle types of route and additional files.

    Returns
    -------
    dict[str, VehicleType]
        By name, SUMO's default types among them.

    Raises
    ------
    InputError
        A file is missing or broken.
    """
    found = {
        "DEFAULT_VEHTYPE": _usual("DEFAULT_VEHTYPE", "passenger"),
        "DEFAULT_BIKETYPE": _usual("DEFAULT_BIKETYPE", "bicycle"),
    }
    for path in files:
        for element in iterate_unfolded(path, {"vType"}):
            one = _read(element)
            found[one.name] = one
    return found


def _usual(name: str, vclass: str) -> VehicleType:
    length_m, width_m, height_m = _USUAL_M.get(vclass, _USUAL_M["passenger"])
    return VehicleType(
        name=name, vclass=vclass, length_m=length_m, width_m=width_m, height_m=height_m
    )


def _read(element: ElementTree.Element) -> VehicleType:
    usual = _usual(element.get("id", ""), element.get("vClass", "passenger"))
    return VehicleType(
        name=usual.name,
        vclass=usual.vclass,
        length_m=float(element.get("length", usual.length_m)),
        width_m=float(element.get("width", usual.width_m)),
        height_m=float(element.get("height", usual.height_m)),
    )
