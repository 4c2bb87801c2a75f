"""A virtual unit at a junction: what its file would say, and what its outputs are wired to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from citybrain.engine.area import StudyArea
from citybrain.model.intersection import Intersection
from citybrain.model.nema.controller_plan import ControllerPlan, SplitMode
from citybrain.model.nema.encoding import Refusal, encode, mode_of
from citybrain.model.nema.phases import Output, PhaseMap
from sim.sumo.live_junction import approach_lanes

MOST_PATTERNS = 16
"""Patterns that a virtual unit holds."""
LEAST_CLEARANCE_S = 3.0
"""Clearance that the monitor asks for, unless some intergreen is shorter. [s]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a unit stands: its junction, and what its outputs are wired to.

    Parameters
    ----------
    intersection
        Name of the junction.
    outputs
        What each signal group follows.
    lanes
        Approach lane → detector.
    """

    intersection: str
    outputs: tuple[Output, ...]
    lanes: Mapping[str, int]


def expanded(phase_map: PhaseMap, area: StudyArea | None, intersection: str) -> dict[str, Any]:
    """Return rings, barriers, phases and patterns of a unit file, from a phase map.

    Parameters
    ----------
    phase_map
        Phases, rings and barriers.
    area
        The scenario, if there is one: its running plan becomes pattern 1, its conflicts the
        programming of the monitor.
    intersection
        The junction.
    """
    running = _encoded(phase_map, area, intersection)
    sequence = running.sequence if running is not None else min(phase_map.sequences)
    stretches = phase_map.sequences[sequence]
    table: dict[str, Any] = {
        "rings": phase_map.rings(sequence),
        "barriers": [[n for ring in stretch for n in ring] for stretch in stretches],
        "phases": [_phase_table(phase_map, number) for number in _numbers(phase_map)],
        "patterns": _patterns(phase_map, running),
    }
    if area is not None and intersection in area.network.intersections:
        if table["patterns"][0]["cycle_s"]:
            table["schedule"] = [{"hour": 0, "pattern": 1}]
        table["monitor"] = _monitor(phase_map, area.network.intersections[intersection])
        lanes = _detectors(phase_map, area, intersection)
        table["detectors"] = dict(lanes.values())
    return table


def _numbers(phase_map: PhaseMap) -> list[int]:
    return [phase.number for phase in phase_map.phases]


def _phase_table(phase_map: PhaseMap, number: int) -> dict[str, Any]:
    phase = phase_map.phase(number)
    walks = mode_of(phase, phase_map) is SplitMode.MAXIMUM_AND_PEDESTRIAN_RECALL
    is_main = number in phase_map.coordinated
    return {
        "number": number,
        "minimum_green_s": phase.minimum_green_s,
        "yellow_s": phase.yellow_s,
        "red_clear_s": phase.red_clearance_s,
        "walk_s": phase.walk_s,
        "pedestrian_clear_s": phase.pedestrian_clearance_s,
        "rests_in_walk": phase.rests_in_walk,
        "recall": "pedestrian" if walks else "minimum" if is_main else "none",
    }


def _encoded(
    phase_map: PhaseMap, area: StudyArea | None, intersection: str
) -> ControllerPlan | None:
    """Return today's plan in the numbers of the unit; none where the unit cannot show it."""
    patterns = area.running.patterns if area is not None else ()
    running = next((one for one in patterns if one.intersection == intersection), None)
    plan = encode(running, phase_map) if running is not None else None
    return None if isinstance(plan, Refusal) else plan


def _patterns(phase_map: PhaseMap, running: ControllerPlan | None) -> list[dict[str, Any]]:
    """Return all patterns, of which the first runs today's plan."""
    numbers = _numbers(phase_map)
    walks = [
        n
        for n in numbers
        if mode_of(phase_map.phase(n), phase_map) is SplitMode.MAXIMUM_AND_PEDESTRIAN_RECALL
    ]
    common = {"coordinated": list(phase_map.coordinated), "walks": walks}
    blank = {"cycle_s": 0, "splits_s": dict.fromkeys(numbers, 0)} | common
    patterns = [{"number": n} | blank for n in range(1, MOST_PATTERNS + 1)]
    if running is not None:
        patterns[0]["cycle_s"], patterns[0]["offset_s"] = running.cycle_s, running.offset_s
        patterns[0]["splits_s"] = running.split_s
    return patterns


def _monitor(phase_map: PhaseMap, intersection: Intersection) -> dict[str, Any]:
    """Return the monitor's programming, from the junction's conflicts and not from the rings."""
    phases = {output.group: output.phases for output in phase_map.outputs}
    pairs = {
        (min(one, other), max(one, other))
        for first, second in intersection.conflicts
        for one in phases.get(first, ())
        for other in phases.get(second, ())
        if one != other
    }
    least_s = min(intersection.intergreens_s.values(), default=LEAST_CLEARANCE_S)
    return {"conflicts": sorted(pairs), "minimum_clearance_s": min(least_s, LEAST_CLEARANCE_S)}


def _detectors(
    phase_map: PhaseMap, area: StudyArea, intersection: str
) -> dict[str, tuple[int, int]]:
    """Return, for each approach lane, its detector and the phase that it calls."""
    phases = {output.group: tuple(output.phases) for output in phase_map.outputs}
    junction = area.network.intersections[intersection]
    found: dict[str, tuple[int, int]] = {}
    for number, lane in enumerate(approach_lanes(area.network, intersection), 1):
        groups = [junction.group_of_index(one.index).name for one in junction.links
                  if one.from_lane == lane]  # fmt: skip
        called = [phase for group in groups for phase in phases.get(group, ())]
        if called:
            found[lane] = (number, called[0])
    return found


def site_of(phase_map: PhaseMap, area: StudyArea, intersection: str) -> Site:
    """Return the wiring of a unit to its junction."""
    lanes = _detectors(phase_map, area, intersection)
    return Site(
        intersection=intersection,
        outputs=phase_map.outputs,
        lanes={lane: number for lane, (number, _) in lanes.items()},
    )
