"""Scales of a demand whose vehicles were counted: the counts hold as they are.

SUMO multiplies travellers by its option ``scale`` and by the ``scale`` of their type.  A survey has
both in it, so vehicles in measured numbers may meet neither again.  Public transport and people
are not measured: they go on in the numbers that both scales gave them, by types of their own.
"""

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from xml.etree.ElementTree import Element

from citybrain.errors import InputError
from sim.sumo.xml_files import iterate_elements

VEHICLES = frozenset({"vehicle", "trip", "flow"})
_TRAVELLERS = VEHICLES | {"person", "personFlow", "container"}
_USUAL_TYPES = {
    "person": "DEFAULT_PEDTYPE",
    "personFlow": "DEFAULT_PEDTYPE",
    "container": "DEFAULT_CONTAINERTYPE",
}
_USUAL_TYPE = "DEFAULT_VEHTYPE"
_USUAL_CLASSES = {
    "DEFAULT_VEHTYPE": "passenger",
    "DEFAULT_BIKETYPE": "bicycle",
    "DEFAULT_PEDTYPE": "pedestrian",
    "DEFAULT_CONTAINERTYPE": "container",
    "DEFAULT_TAXITYPE": "taxi",
    "DEFAULT_RAILTYPE": "rail",
}


def is_public_transport(element: Element) -> bool:
    """Tell whether a vehicle runs to a timetable: it has a line, or stops on its way."""
    return "line" in element.attrib or element.find("stop") is not None


def type_scale(vtype: Element) -> float:
    """Return how many vehicles each vehicle of a type stands for [-]."""
    return float(vtype.get("scale", "1"))


def check_additional(files: Sequence[Path], scale: float) -> None:
    """Raise if additional files, which are not written anew, would add to the counts.

    Parameters
    ----------
    files
        Additional files of the scenario.
    scale
        Its option ``scale``. [-]

    Raises
    ------
    InputError
        A file holds vehicles that the counts decide about, or a scale that would be lost or met
        a second time; or it is missing or cut off.
    """
    for path in files:
        for element in iterate_elements(path, _TRAVELLERS | {"vType"}):
            if not _may_stay(element, scale):
                what = f"holds {element.tag} {element.get('id', '')!r}, which counts cannot reach"
                raise InputError(path, what, "move it to one of the route-files, or use no feed")


def _may_stay(element: Element, scale: float) -> bool:
    if element.tag == "vType":
        return type_scale(element) == 1
    is_counted = element.tag in VEHICLES and not is_public_transport(element)
    return scale == 1 and not is_counted


def keep_scales(
    kept: Sequence[Element], scale: float, additional_files: Sequence[Path]
) -> tuple[Element, ...]:
    """Take every scale off the types, and give it to the travellers that are kept.

    Parameters
    ----------
    kept
        Types, people and public transport of the route files; changed in place.
    scale
        Option ``scale`` of the scenario. [-]
    additional_files
        Files that declare further types.

    Returns
    -------
    tuple of Element
        Types to add: those of kept travellers, each with its scale and that of the option.

    Raises
    ------
    InputError
        Kept travellers draw their type, and a scale would be lost.
    """
    types = _declared(additional_files) | {
        vtype.get("id", ""): vtype for one in kept for vtype in one.iter("vType")
    }
    drawn = {one.get("id", ""): _members(one) for one in kept if one.tag == "vTypeDistribution"}
    scales = {name: type_scale(vtype) for name, vtype in types.items()}
    for vtype in types.values():
        vtype.attrib.pop("scale", None)
    added: dict[str, Element] = {}
    for traveller in (one for one in kept if one.tag in _TRAVELLERS):
        name = traveller.get("type", _USUAL_TYPES.get(traveller.tag, _USUAL_TYPE))
        if any(scale * scales.get(member, 1.0) != 1 for member in drawn.get(name, ())):
            where = f"{traveller.tag} {traveller.get('id', '')!r}"
            what = f"draws its type from {name!r} and has a scale, which counts would end"
            raise InputError(where, what, "give it one vType")
        factor = scale * scales.get(name, 1.0)
        if factor != 1:
            copy = _scaled(types.get(name), name, factor)
            added[copy.attrib["id"]] = copy
            traveller.set("type", copy.attrib["id"])
    return tuple(added.values())


def _declared(files: Sequence[Path]) -> dict[str, Element]:
    found = (deepcopy(e) for path in files for e in iterate_elements(path, {"vType"}))
    return {vtype.get("id", ""): vtype for vtype in found}


def _members(distribution: Element) -> list[str]:
    """Return the names of the types that a distribution draws from."""
    own = [vtype.get("id", "") for vtype in distribution.iter("vType")]
    return [*own, *distribution.get("vTypes", "").split()]


def _scaled(vtype: Element | None, name: str, factor: float) -> Element:
    """Return a copy of a type, or of a usual one that no file declares, with a scale."""
    usual = Element("vType", vClass=_USUAL_CLASSES.get(name, "passenger"))
    copy = deepcopy(usual if vtype is None else vtype)
    copy.set("id", f"{name}.scaled")
    copy.set("scale", f"{factor:.12g}")
    copy.attrib.pop("probability", None)
    return copy
