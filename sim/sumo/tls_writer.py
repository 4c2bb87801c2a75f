"""Writing patterns and day plans as an additional file that SUMO loads as it is."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree

from citybrain.files import atomic_write_text
from citybrain.model.actuation import ActuatedPattern, Actuation, Stretch
from citybrain.model.aspects import Aspect
from citybrain.model.pattern import Pattern
from citybrain.model.plan import DayPlan
from citybrain.units import rounded_s
from sim.sumo.groups import GroupIndices
from sim.sumo.tls_actuation import ACTUATED, coordinated_ends_s
from sim.sumo.tls_reader import STATIC


def write_additional(
    path: Path,
    patterns: Iterable[Pattern],
    groups: Mapping[str, GroupIndices],
    day_plans: Iterable[DayPlan] = (),
) -> None:
    """Write patterns, each under its own program name, and the day plans that rule them.

    Parameters
    ----------
    path
        File to write, ``*.add.xml``.
    patterns
        What to write; the last pattern of an intersection runs when SUMO starts.
    groups
        Intersection → its signal groups.
    day_plans
        Day plans that name these programs, or others that SUMO knows.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    root = ElementTree.Element("additional")
    root.extend(_tl_logic(pattern, groups[pattern.intersection]) for pattern in patterns)
    for day_plan in day_plans:
        root.extend(_waut(day_plan))
    ElementTree.indent(root, "    ")
    atomic_write_text(path, ElementTree.tostring(root, encoding="unicode") + "\n")


def states(pattern: Pattern, groups: GroupIndices) -> Iterator[tuple[float, str]]:
    """Yield duration and state letters of every interval of a pattern, from local time 0 on.

    Parameters
    ----------
    pattern
        Pattern whose groups are all in ``groups``.
    groups
        Positions of each group.

    Yields
    ------
    duration_s, state
        Duration [s] and one letter for each position.
    """
    members = [groups[timing.group] for timing in pattern.groups]
    width = 1 + max(index for indices in groups.values() for index in indices)
    for interval in pattern.intervals():
        letters = [Aspect.RED.value] * width
        for indices, aspect in zip(members, interval.aspects, strict=True):
            for index in indices:
                letters[index] = aspect.value
        yield interval.duration_s, "".join(letters)


def _tl_logic(pattern: Pattern, groups: GroupIndices) -> ElementTree.Element:
    element = ElementTree.Element(
        "tlLogic",
        id=pattern.intersection,
        type=STATIC,
        programID=pattern.program,
        offset=_number(pattern.offset_s),
    )
    actuated = pattern if isinstance(pattern, ActuatedPattern) else None
    if actuated is not None:
        element.set("type", ACTUATED)
        for key, value in _detection(actuated.actuation):
            ElementTree.SubElement(element, "param", key=key, value=value)
    start_s = 0.0
    for duration_s, state in states(pattern, groups):
        phase = ElementTree.SubElement(element, "phase", duration=_number(duration_s), state=state)
        stretch = actuated.stretch_at(start_s) if actuated is not None else None
        if actuated is not None and stretch is not None:
            phase.attrib |= _reach(stretch, duration_s, actuated.actuation)
        start_s = rounded_s(start_s + duration_s)
    return element


def _detection(actuation: Actuation) -> Iterator[tuple[str, str]]:
    """Yield the parameters of an actuated program; SUMO places the detectors by itself."""
    yield "max-gap", f"{actuation.gap_s:.12g}"
    yield "detector-gap", f"{actuation.detector_s:.12g}"
    if actuation.is_coordinated:
        yield "coordinated", "true"


def _reach(stretch: Stretch, duration_s: float, actuation: Actuation) -> dict[str, str]:
    """Return what SUMO is told of a stretch; coordinated ones end at times of the cycle."""
    reach = {"minDur": _number(stretch.minimum_s), "maxDur": _number(stretch.maximum_s)}
    if actuation.is_coordinated:
        earliest_s, latest_s = coordinated_ends_s(stretch, duration_s)
        reach |= {"earliestEnd": _number(earliest_s), "latestEnd": _number(latest_s)}
    return reach


def _waut(day_plan: DayPlan) -> Iterator[ElementTree.Element]:
    waut = ElementTree.Element(
        "WAUT",
        id=day_plan.name,
        refTime=_number(day_plan.reference_s),
        startProg=day_plan.start_program,
    )
    if day_plan.period_s is not None:
        waut.set("period", _number(day_plan.period_s))
    for switch in day_plan.switches:
        ElementTree.SubElement(waut, "wautSwitch", time=_number(switch.time_s), to=switch.program)
    yield waut
    for intersection, procedure in day_plan.intersections.items():
        ruled = ElementTree.Element("wautJunction", wautID=day_plan.name, junctionID=intersection)
        if procedure:
            ruled.set("procedure", procedure)
        if intersection in day_plan.synchronous:
            ruled.set("synchron", "true")
        yield ruled


def _number(time_s: float) -> str:
    return f"{time_s:.3f}".rstrip("0").rstrip(".")
