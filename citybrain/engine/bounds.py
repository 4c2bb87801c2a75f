"""Which bounds a retiming keeps: those read from the network, or safety data that replace them."""

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from pathlib import Path

from citybrain.engine.area import StudyArea
from citybrain.errors import InfeasibleError, InputError
from citybrain.model.flows import TurningDemand
from citybrain.model.intersection import Intersection
from citybrain.model.plan import Plan
from citybrain.model.rules import check_pattern
from citybrain.model.safety import SafetyData
from citybrain.model.violations import Rule, Violation
from optimizer.storage import with_storage
from optimizer.workshop import Workshop

_MENDABLE = frozenset(
    {
        Rule.CYCLE,
        Rule.INTERGREEN,
        Rule.PROTECTION,
        Rule.MINIMUM_GREEN,
        Rule.MAXIMUM_RED,
        Rule.RED_CLEARANCE,
    }
)
"""Rules that other times of the same greens can mend."""


def with_safety(area: StudyArea, safety: Mapping[str, SafetyData], path: Path) -> StudyArea:
    """Return a study area whose intersections keep safety data, instead of what was read.

    Where the data tell the phases of an intersection's unit, only plans that it can run are
    searched.

    Parameters
    ----------
    area
        The study area.
    safety
        Intersection → its safety data; intersections without any keep what was read.
    path
        File of the safety data, for errors and caveats.

    Raises
    ------
    InputError
        The data name an intersection or groups that the network does not have.
    """
    known = area.network.intersections
    for name in safety:
        if name not in known:
            what = f"has no intersection {name} to retime, which {path} names"
            raise InputError(area.scenario.net_file, what, "remove it, or draft the data anew")
    kept = {name: _kept(known[name], data, path) for name, data in safety.items()}
    network = replace(area.network, intersections={**known, **kept})
    maps = {name: data.phase_map for name, data in safety.items() if data.phase_map is not None}
    return replace(area, network=network, safety=path, phase_maps=maps)


def check_feasible(area: StudyArea) -> None:
    """Raise where the bounds of an intersection leave no pattern, before anything is searched.

    Parameters
    ----------
    area
        The study area.

    Raises
    ------
    InfeasibleError
        Names the smallest set of bounds in conflict, what other times cannot mend, or the unit
        that can show nothing like the running plan.
    """
    for pattern in area.running.patterns:
        broken = check_pattern(pattern, area.network.intersections[pattern.intersection])
        fixed = next((each for each in broken if each.rule not in _MENDABLE), None)
        if fixed is not None:
            raise InfeasibleError(_unmendable(fixed))
        if broken or pattern.intersection in area.phase_maps:
            running = Plan(name="running", patterns=(pattern,))
            Workshop.of(running, area.network, phase_maps=area.phase_maps).start_splits()


def bound_by_storage(area: StudyArea, demand: TurningDemand) -> tuple[StudyArea, int]:
    """Return a study area whose reds are bound by the streets between its signals, and how many.

    Where an intersection's other bounds leave no pattern beside these, it keeps what it had, and
    its caveats say so.

    Parameters
    ----------
    area
        The study area; every intersection has a pattern that keeps its bounds.
    demand
        Demand per movement. [veh/h]
    """
    before = area.network.intersections
    found = with_storage(area.network, demand, area.running).intersections
    bound = {name: each if _is_feasible(area, each) else _unbound(before[name])
             for name, each in found.items()}  # fmt: skip
    count = sum(
        limit_s < before[name].maximum_reds_s.get(group, inf)
        for name, each in bound.items()
        for group, limit_s in each.maximum_reds_s.items()
    )
    return replace(area, network=replace(area.network, intersections=bound)), count


def _is_feasible(area: StudyArea, bound: Intersection) -> bool:
    patterns = tuple(p for p in area.running.patterns if p.intersection == bound.name)
    network = replace(area.network, intersections=area.network.intersections | {bound.name: bound})
    running = replace(area.running, patterns=patterns)
    try:
        check_feasible(replace(area, network=network, running=running))
    except InfeasibleError:
        return False
    return True


def _unbound(intersection: Intersection) -> Intersection:
    told = "its reds are not bound by the streets before them: its other bounds leave no room"
    return replace(intersection, caveats=(*intersection.caveats, told))


def _kept(read: Intersection, data: SafetyData, path: Path) -> Intersection:
    asked = data.intersection
    names = [[group.name for group in each.groups] for each in (read, asked)]
    if names[0] != names[1]:
        where, what = f"{path}: {read.name}", f"has groups {', '.join(names[1])}"
        mend = f"name those of the network, in this order: {', '.join(names[0])}"
        raise InputError(where, what, mend)
    unsigned = () if data.is_signed else (f"nobody has signed its safety data in {path.name}",)
    return replace(
        asked,
        groups=tuple(
            replace(group, minimum_green_s=bound.minimum_green_s)
            for group, bound in zip(read.groups, asked.groups, strict=True)
        ),
        links=read.links,
        intergreens_s={pair: _clear_s(*pair, data) for pair in asked.intergreens_s},
        shared=read.shared,
        caveats=(*read.caveats, *unsigned),
    )


def _clear_s(ending: str, starting: str, data: SafetyData) -> float:
    """Return the time that all data ask for from the end of one green to another's start [s]."""
    asked = data.intersection
    return max(
        asked.intergreens_s[ending, starting],
        asked.yellows_s.get(ending, 0.0) + data.red_clearances_s.get(ending, 0.0),
        data.pedestrian_clearances_s.get(ending, 0.0),
    )


def _unmendable(violation: Violation) -> str:
    return f"{violation}; other times do not mend that: correct the running plan or the bounds"
