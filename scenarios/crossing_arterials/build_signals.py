"""Turn `plain/signals.toml` into SUMO programs: stages in, one state string per interval out."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Crossings that show green from the begin of a stage.

    Parameters
    ----------
    crossings
        Names such as ``xW``, the crossing over the western leg.
    walk_s
        Displayed green; the rest of the stage is their clearance. [s]
    """

    crossings: frozenset[str]
    walk_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Movements that are green together, such as ``W.s`` (through, arriving from the west)."""

    protected: frozenset[str]
    permissive: frozenset[str]
    walk: Walk

    def vehicle_letter(self, movement: str) -> str:
        """Return ``G``, ``g`` or ``r``, what SUMO calls the colour of this movement."""
        if movement in self.protected:
            return "G"
        return "g" if movement in self.permissive else "r"

    def letters(self, movements: Sequence[str], elapsed_s: int) -> str:
        """Return one letter per link.

        Parameters
        ----------
        movements
            The movement of each link, by link index.
        elapsed_s
            Time since the stage's begin, which ends the walk. [s]
        """
        return "".join(
            ("G" if elapsed_s < self.walk.walk_s else "r")
            if movement in self.walk.crossings
            else self.vehicle_letter(movement)
            for movement in movements
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Greens and offset of one program, in seconds."""

    name: str
    offset_s: int
    green_s: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intersection:
    """One signalised junction: its legs, stages, intergreen and programs."""

    name: str
    leg_of_edge: Mapping[str, str]
    stages: tuple[Stage, ...]
    programs: tuple[Program, ...]
    cycle_s: int
    yellow_s: int
    all_red_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Time during which no signal face changes."""

    duration_s: int
    state: str


def read_intersections(path: Path) -> tuple[Intersection, ...]:
    """Read the hand-written programs."""
    with path.open("rb") as file:
        spec = tomllib.load(file)
    common = {key: value for key, value in spec.items() if not isinstance(value, dict)}
    tables = {key: value for key, value in spec.items() if isinstance(value, dict)}
    return tuple(_intersection(name, {**common, **table}) for name, table in tables.items())


def _intersection(name: str, table: Mapping[str, Any]) -> Intersection:
    return Intersection(
        name=name,
        leg_of_edge={edge: leg for leg, edge in table["legs"].items()},
        stages=tuple(_stage(row) for row in table["stages"]),
        programs=tuple(
            Program(name=key, offset_s=row["offset_s"], green_s=tuple(row["green_s"]))
            for key, row in table["programs"].items()
        ),
        cycle_s=table["cycle_s"],
        yellow_s=table["yellow_s"],
        all_red_s=table["all_red_s"],
    )


def _stage(row: Mapping[str, Any]) -> Stage:
    walk = row.get("walk", {"crossings": "", "walk_s": 0})
    return Stage(
        protected=frozenset(row["protected"].split()),
        permissive=frozenset(row.get("permissive", "").split()),
        walk=Walk(crossings=frozenset(walk["crossings"].split()), walk_s=walk["walk_s"]),
    )


def link_movements(net: ET.Element, intersection: Intersection) -> tuple[str, ...]:
    """Name the movement or crossing of every link of a signal, by link index."""
    crossing_leg = {
        edge.get("id", ""): next(
            leg
            for incoming, leg in intersection.leg_of_edge.items()
            if incoming in edge.get("crossingEdges", "").split()
        )
        for edge in net.findall("edge[@function='crossing']")
        if edge.get("id", "").startswith(f":{intersection.name}_")
    }
    names: dict[int, str] = {}
    for link in net.findall(f"connection[@tl='{intersection.name}']"):
        index, target = int(link.get("linkIndex", "")), link.get("to", "")
        names[index] = (
            f"x{crossing_leg[target]}"
            if target in crossing_leg
            else f"{intersection.leg_of_edge[link.get('from', '')]}.{link.get('dir')}"
        )
    return tuple(names[index] for index in range(len(names)))


def intervals(
    intersection: Intersection, program: Program, movements: Sequence[str]
) -> tuple[Interval, ...]:
    """Expand stages into the intervals of one cycle.

    Raises
    ------
    ValueError
        If the stages and their intergreens do not fill the cycle, or a movement has no link.
    """
    named = set[str]().union(
        *(
            stage.protected | stage.permissive | stage.walk.crossings
            for stage in intersection.stages
        )
    )
    if named != set(movements):
        msg = f"{intersection.name}: no such link, or never green: {named ^ set(movements)}"
        raise ValueError(msg)
    shown: list[Interval] = []
    stages = intersection.stages
    for stage, following, green_s in zip(
        stages, stages[1:] + stages[:1], program.green_s, strict=True
    ):
        cuts_s = sorted({0, stage.walk.walk_s, green_s})
        shown += [
            Interval(duration_s=end_s - begin_s, state=stage.letters(movements, begin_s))
            for begin_s, end_s in pairwise(cuts_s)
        ]
        ended, begun = stage.letters(movements, green_s), following.letters(movements, 0)
        for duration_s, ending in ((intersection.yellow_s, "y"), (intersection.all_red_s, "r")):
            state = "".join(map(_change_letter, ended, begun, ending * len(ended)))
            shown.append(Interval(duration_s=duration_s, state=state))
    total_s = sum(interval.duration_s for interval in shown)
    if total_s != intersection.cycle_s:
        msg = f"{intersection.name} {program.name}: {total_s} s, cycle {intersection.cycle_s} s"
        raise ValueError(msg)
    return tuple(shown)


def _change_letter(before: str, after: str, ending: str) -> str:
    """Return the letter of one link between two stages."""
    if before == "r":
        return "r"
    if after == "r":
        return ending
    return "g" if "g" in (before, after) else "G"


def program_element(
    intersection: Intersection, program: Program, movements: Sequence[str]
) -> ET.Element:
    """Return the `tlLogic` element of one program."""
    element = ET.Element(
        "tlLogic",
        id=intersection.name,
        type="static",
        programID=program.name,
        offset=str(program.offset_s),
    )
    for interval in intervals(intersection, program, movements):
        ET.SubElement(element, "phase", duration=str(interval.duration_s), state=interval.state)
    return element


def day_plan(
    intersections: Sequence[Intersection],
    programs: Mapping[str, ET.Element],
    switch_s: int,
) -> ET.Element:
    """Return an additional file that holds second programs and switches to them.

    Parameters
    ----------
    intersections
        All signalised junctions.
    programs
        The `tlLogic` element per junction, all with the same program name.
    switch_s
        When the second program starts, since the simulation's begin. [s]
    """
    root = ET.Element("additional")
    root.extend(programs.values())
    name = next(iter(programs.values())).get("programID", "")
    waut = ET.SubElement(root, "WAUT", id="day_plan", refTime="0", startProg="running")
    ET.SubElement(waut, "wautSwitch", time=str(switch_s), to=name)
    for intersection in intersections:
        ET.SubElement(root, "wautJunction", wautID="day_plan", junctionID=intersection.name)
    return root
