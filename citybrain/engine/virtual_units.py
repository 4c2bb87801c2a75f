"""Virtual units at work: built from files, answering over SNMP, driving junctions of a SUMO run."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from citybrain.controllers.virtual.agent import Agent, Clock
from citybrain.controllers.virtual.faults import Fault
from citybrain.controllers.virtual.heads import colours
from citybrain.controllers.virtual.responder import Access, Responder
from citybrain.controllers.virtual.unit import VirtualUnit
from citybrain.controllers.virtual.unit_file import (
    UnitFile,
    accesses,
    unit_file,
    unit_settings,
)
from citybrain.engine.area import StudyArea
from citybrain.errors import InputError
from citybrain.model.intersection import Intersection
from citybrain.model.nema.controller_plan import ControllerPlan, SplitMode
from citybrain.model.nema.encoding import Refusal, encode, mode_of
from citybrain.model.nema.phases import Output, PhaseMap
from citybrain.reading import read_toml
from citybrain.store.phase_maps import read_phase_maps
from sim.sumo.live_junction import LiveSettings, LiveStreet, approach_lanes
from sim.sumo.live_worker import Seen

DAY_S = 86_400
MOST_PATTERNS = 16
LEAST_CLEARANCE_S = 3.0
_FIRST_S = 1_700_000_000
"""Engines count their starts from here on, in seconds; 31 bits last until 2091."""
DARK = "O"
"""Signal off, as SUMO writes it."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A unit with those who may ask it, and its place, if it drives a junction."""

    file: UnitFile
    unit: VirtualUnit
    accesses: tuple[Access, ...]
    site: Site | None = None


def read_installed(path: Path, now_s: float, area: StudyArea | None = None) -> Installed:
    """Build a unit from its file.

    Parameters
    ----------
    path
        The file.  It may name ``phase_maps`` (a file) and ``intersection`` in place of rings,
        barriers, phases and patterns.
    now_s
        Time at which power comes on. [s since 1970, UTC]
    area
        The scenario whose junction the unit drives; its running plan becomes
        pattern 1, which its own schedule runs when nobody commands it.

    Raises
    ------
    InputError
        The file, its phase map or a secret cannot be used.
    """
    table = read_toml(path)
    site = None
    maps = table.pop("phase_maps", None)
    if maps is not None:
        phase_map = _phase_map(path, path.parent / str(maps), str(table.get("intersection")))
        table = expanded(phase_map, area, table["intersection"]) | table
        site = site_of(phase_map, area, table["intersection"]) if area else None
    file = unit_file(table, path)
    if area is not None and site is None:
        mend = "name phase_maps and intersection in the unit's file"
        raise InputError(path, "does not say which junction it drives", mend)
    unit = VirtualUnit(unit_settings(file, path), now_s)
    return Installed(file=file, unit=unit, accesses=accesses(file, path), site=site)


def _phase_map(path: Path, maps: Path, intersection: str) -> PhaseMap:
    known = read_phase_maps(maps)
    if intersection not in known:
        what, names = f"has no intersection {intersection}", ", ".join(sorted(known))
        raise InputError(maps, f"{what}, which {path} names", f"choose one of: {names}")
    return known[intersection]


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


def open_agent(installed: Sequence[Installed], clock: Clock) -> Agent:
    """Open the sockets of all units; to be called inside the event loop.

    Raises
    ------
    InputError
        An address is not loopback, a port is taken, or two units have one name.
    """
    agent = Agent(clock)
    try:
        for one in installed:
            if one.file.name in agent.posts:
                raise InputError(one.file.name, "stands twice", "give each unit its own name")
            responder = Responder(one.unit, one.accesses, boots_before=int(clock() - _FIRST_S))
            agent.add(responder, one.file.address, one.file.port)
            agent.posts[one.file.name].is_driven = one.site is not None
    except InputError:
        agent.close()
        raise
    return agent


@dataclass(slots=True)
class Drive:
    """Units that drive the junctions of one running simulation.

    Parameters
    ----------
    street
        The simulation.
    installed
        Units, each at its site.
    epoch_s
        Instant of simulation time 0, a midnight. [s since 1970, UTC]
    on_step
        Told what every step showed.
    """

    street: LiveStreet
    installed: Sequence[Installed]
    epoch_s: float
    on_step: Callable[[Seen], None] | None = None

    def step(self) -> Seen:
        """Advance units and simulation by one step: colours out, detectors back in."""
        shown = {}
        for one in self.installed:
            one.unit.advance(self.epoch_s + self.street.time_s)
            if one.site is not None:
                shown[one.site.intersection] = _shown(one.unit, one.site)
        seen = self.street.step(shown)
        for one in self.installed:
            if one.site is not None:
                _feed(one.unit, one.site, seen)
        if self.on_step is not None:
            self.on_step(seen)
        return seen

    async def run(self, *, speed: float, until_s: float) -> None:
        """Run until a simulation time, at a multiple of real time; the loop stays free.

        Parameters
        ----------
        speed
            Simulated seconds for each real one.
        until_s
            Simulation time at which to stop. [s]
        """
        loop = asyncio.get_running_loop()
        began_s, from_s = loop.time(), self.street.time_s
        while self.street.time_s < until_s:
            self.step()
            due_s = began_s + (self.street.time_s - from_s) / speed
            await asyncio.sleep(max(due_s - loop.time(), 0))


def _shown(unit: VirtualUnit, site: Site) -> dict[str, str]:
    if not unit.has_power:
        return {output.group: DARK for output in site.outputs}
    return colours(unit.machine, site.outputs)


def _feed(unit: VirtualUnit, site: Site, seen: Seen) -> None:
    covered = frozenset(number for lane, number in site.lanes.items() if lane in seen.occupied)
    arrived = {site.lanes[lane]: n for lane, n in seen.arrived.items() if lane in site.lanes}
    unit.rack.cover(covered, arrived)


def live_street(
    area: StudyArea, installed: Sequence[Installed], settings: LiveSettings
) -> LiveStreet:
    """Start the simulation whose junctions the units drive.

    Raises
    ------
    SimulationError
        SUMO does not start.
    """
    names = tuple(one.site.intersection for one in installed if one.site is not None)
    return LiveStreet(area.scenario, area.network, replace(settings, intersections=names))


def midnight_before(now_s: float) -> float:
    """Return the last midnight [s since 1970, UTC]."""
    return now_s - now_s % DAY_S


def switch(unit: VirtualUnit, name: str, *, is_on: bool) -> None:
    """Switch a fault of a unit by its name.

    Raises
    ------
    InputError
        There is no such fault.
    """
    if name not in set(Fault):
        known = ", ".join(sorted(Fault))
        raise InputError(unit.settings.name, f"there is no fault {name}", f"choose one of: {known}")
    unit.switch(Fault(name), is_on=is_on)
