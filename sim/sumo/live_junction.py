"""Junctions of a SUMO run whose colours come from outside, and whose detectors are read.

The other side of the glass from a controller: it hands in a colour for each signal group and gets
back which lanes have a vehicle at their stop line.
"""

import multiprocessing
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any
from xml.etree import ElementTree as ET

from citybrain.errors import InputError, SimulationError
from citybrain.model.intersection import LinkKind
from citybrain.model.network import Network
from citybrain.model.verdict import Outcome
from sim.sumo.evaluator import QUIET, output_options
from sim.sumo.live_worker import Seen, Watch, serve
from sim.sumo.outcome import RunFiles, read_outcome
from sim.sumo.routes import special_types
from sim.sumo.run import sumo_binary
from sim.sumo.scenario import SumoScenario
from sim.sumo.staging import Staging

ZONE_LENGTH_M = 8.0
"""Length of the presence zone before a stop line, about that of a stop-bar loop. [m]"""
ANSWER_S = 60.0
"""Longest time that one step may take. [s]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSettings:
    """How a live run is made.

    Parameters
    ----------
    intersections
        Those whose colours come from outside.
    step_s
        Step of the simulation; colours change at steps. [s]
    seed
        Seed of the run.
    """

    intersections: tuple[str, ...] = ()
    step_s: float = 0.5
    seed: int = 1


class LiveStreet(AbstractContextManager["LiveStreet"]):
    """A running simulation.

    Parameters
    ----------
    scenario, network
        What is simulated, and its streets and signals.
    settings
        How.

    Raises
    ------
    InputError
        An additional file is missing or broken, or libsumo is not installed.
    SimulationError
        SUMO does not start.
    """

    def __init__(self, scenario: SumoScenario, network: Network, settings: LiveSettings) -> None:
        self.settings = settings
        self.time_s = scenario.begin_s
        self.collisions = 0
        self._network = network
        zones = {name: approach_lanes(network, name) for name in settings.intersections}
        watch = Watch(
            zones=tuple(lane for lanes in zones.values() for lane in lanes),
            intersections=settings.intersections,
        )
        self._staging = Staging(scenario, settings.intersections)
        folder = self._staging.folder
        self._files = RunFiles(trips=folder / "trips.xml", statistics=folder / "statistics.xml",
                               routes=None)  # fmt: skip
        try:
            self._pipe, self._process = _started(self._command(watch.zones), watch)
        except BaseException:
            self._staging.__exit__(None, None, None)
            raise
        try:
            self.states: dict[str, str] = self._heard()
        except BaseException:
            self._end()
            raise

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the simulation and remove its files."""
        self._end()

    def _end(self) -> None:
        self._stop()
        self._staging.__exit__(None, None, None)

    def _stop(self) -> None:
        """Close the pipe, so that the simulation writes its results and ends."""
        self._pipe.close()
        self._process.join(timeout=ANSWER_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _command(self, zones: Sequence[str]) -> list[str]:
        extra = self._staging.folder / "zones.add.xml"
        self._write_zones(zones, extra)
        additional = ",".join(map(str, (*self._staging.additional_files, extra)))
        arguments = [sumo_binary(), "-c", self._staging.config, *QUIET]
        arguments += ["--additional-files", additional, "--seed", self.settings.seed]
        arguments += ["--step-length", self.settings.step_s, "--collision.action", "warn"]
        return [str(each) for each in (*arguments, *output_options(self._files))]

    def _write_zones(self, lanes: Sequence[str], path: Path) -> None:
        root = ET.Element("additional")
        for lane in lanes:
            length_m = min(ZONE_LENGTH_M, self._network.lanes[lane].length_m - 0.2)
            where = {"id": lane, "lane": lane, "file": "NUL", "period": "3600"}
            where |= {"pos": f"{-length_m - 0.1:.2f}", "length": f"{length_m:.2f}"}
            ET.SubElement(root, "laneAreaDetector", where)
        ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)

    def step(self, colours: Mapping[str, Mapping[str, str]]) -> Seen:
        """Show colours, and let one step pass.

        Parameters
        ----------
        colours
            Intersection → signal group → letter, as in SUMO's states.

        Raises
        ------
        SimulationError
            The simulation failed.
        """
        changed = {}
        for name, shown in colours.items():
            state = self._state(name, shown)
            if state != self.states[name]:
                changed[name] = self.states[name] = state
        try:
            self._pipe.send(changed)
        except OSError:
            msg = "sumo: the simulation has ended; start it again"
            raise SimulationError(msg) from None
        seen: Seen = self._heard()
        self.time_s = seen.time_s
        self.collisions += seen.collisions
        return seen

    def _state(self, name: str, shown: Mapping[str, str]) -> str:
        letters = list(self.states[name])
        for group in self._network.intersections[name].groups:
            letter = shown.get(group.name, "r")
            for index in group.indices:
                letters[index] = letter
        return "".join(letters)

    def _heard(self) -> Any:  # noqa: ANN401 - states at first, later what steps showed
        try:
            answer: object = (
                self._pipe.recv() if self._pipe.poll(ANSWER_S) else "it does not answer"
            )
        except (EOFError, OSError):
            answer = "it died"
        if isinstance(answer, str):
            msg = f"sumo: {answer}; correct what it names and start again"
            raise SimulationError(msg)
        return answer

    def outcome(self) -> Outcome:
        """End the simulation and return what the run did to everyone who wanted to travel.

        Raises
        ------
        InputError
            A route file or additional file, read for its vehicle types, is missing or cut off.
        SimulationError
            The run left no usable output.
        """
        self._stop()
        scenario = self._staging.scenario
        return read_outcome(
            self._files,
            seed=self.settings.seed,
            end_s=self.time_s,
            network=self._network,
            types=special_types((*scenario.route_files, *scenario.additional_files)),
        )


def approach_lanes(network: Network, intersection: str) -> tuple[str, ...]:
    """Return the lanes from which vehicles enter an intersection, sorted."""
    links = network.intersections[intersection].links
    return tuple(sorted({one.from_lane for one in links if one.kind is LinkKind.VEHICLE}))


def _started(
    command: Sequence[str], watch: Watch
) -> tuple[Connection, "multiprocessing.process.BaseProcess"]:
    if find_spec("libsumo") is None:
        where, what = "libsumo", "is not installed"
        mend = "install citybrain with its extra: citybrain[controllers]"
        raise InputError(where, what, mend)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, command, watch), daemon=True)
    process.start()
    theirs.close()
    return ours, process
