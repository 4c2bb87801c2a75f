"""Virtual units at work: built from files, answering over SNMP, driving junctions of a SUMO run."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from citybrain.controllers.virtual.agent import Agent, Clock
from citybrain.controllers.virtual.faults import Fault
from citybrain.controllers.virtual.heads import colours
from citybrain.controllers.virtual.responder import Access, Responder
from citybrain.controllers.virtual.unit import VirtualUnit
from citybrain.controllers.virtual.unit_file import UnitFile, accesses, unit_file
from citybrain.controllers.virtual.unit_programming import unit_settings
from citybrain.engine.area import StudyArea
from citybrain.engine.unit_wiring import Site, expanded, site_of
from citybrain.errors import InputError
from citybrain.model.nema.phases import PhaseMap
from citybrain.reading import read_toml
from citybrain.store.phase_maps import read_phase_maps
from sim.sumo.live_junction import LiveSettings, LiveStreet
from sim.sumo.live_worker import Seen

DAY_S = 86_400
_FIRST_S = 1_700_000_000
"""Engines count their starts from here on, in seconds; 31 bits last until 2091."""
DARK = "O"
"""Signal off, as SUMO writes it."""


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
        """Advance units and simulation by one step: colours out, detectors back in.

        Raises
        ------
        SimulationError
            The simulation failed.
        """
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

        Raises
        ------
        SimulationError
            As for ``step``.
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

    Parameters
    ----------
    area
        The scenario.
    installed
        Units; those without a site drive nothing.
    settings
        How it is simulated.

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
