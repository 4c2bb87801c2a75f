"""How SUMO's own ways to time signals are asked for programs, as their users ask them."""

import copy
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from xml.etree import ElementTree as ET

from benchmarks._results import Peer
from citybrain.engine.area import StudyArea
from citybrain.errors import SimulationError
from sim.sumo.run import SUMO_HOME, run_sumo, sumo_environment
from sim.sumo.tls_reader import STATIC
from sim.sumo.xml_files import iterate_elements, read_xml

FOLLOWING_PROGRAM = "peer"
MINIMUM_GREEN_S, MAXIMUM_GREEN_S = 5, 50
"""Bounds of an actuated green where the file names none: netconvert's own defaults
(``--tls.min-dur``, ``--tls.max-dur``), and those of the RESCO files that name bounds. [s]"""


class Advice:
    """Additional files with the programs of each peer.

    Parameters
    ----------
    area
        The study area.
    folder
        Folder to write into.
    timeout_s
        Longest time that one script may take. [s]
    """

    def __init__(self, area: StudyArea, folder: Path, *, timeout_s: float) -> None:
        self._area = area
        self._folder = folder
        self._timeout_s = timeout_s

    @property
    def by_peer(self) -> Mapping[Peer, Callable[[], tuple[Path, ...]]]:
        """Peer → what returns its files, in the order in which they are to be loaded.

        Each raises a ``SimulationError`` where the peer crashes; the coordinator reads what the
        cycle adaptation has written.
        """
        return {
            Peer.ACTUATED: lambda: self._following("actuated"),
            Peer.DELAY_BASED: lambda: self._following("delay_based"),
            Peer.ADAPTED: self._adapted,
            Peer.COORDINATED: self._coordinated,
        }

    @cached_property
    def routes(self) -> Path:
        """A route file in which every vehicle names its edges, which SUMO's scripts need.

        A single file without trips and flows is used as it is; others go through ``duarouter``.
        """
        scenario = self._area.scenario
        files = scenario.route_files
        if len(files) == 1 and _names_every_edge(files[0]):
            return files[0]
        routed = self._folder / "routed.rou.xml"
        options: list[str | Path] = ["--net-file", scenario.net_file, "--output-file", routed]
        options += ["--route-files", ",".join(map(str, files))]
        if scenario.additional_files:
            options += ["--additional-files", ",".join(map(str, scenario.additional_files))]
        for flag in ("ignore-errors", "no-step-log", "no-warnings"):
            options += [f"--{flag}", "true"]
        run_sumo(options, timeout_s=self._timeout_s, program="duarouter")
        return routed

    def _following(self, kind: str) -> tuple[Path, ...]:
        programs = self._folder / f"{kind}.add.xml"
        write_following(self._area, programs, kind)
        return (programs,)

    def _adapted(self) -> tuple[Path, ...]:
        begin = f"{self._area.scenario.begin_s:g}"
        programs = self._folder / "adapted.add.xml"
        self._run("tlsCycleAdaptation.py", "-r", self.routes, "-b", begin, "-o", programs)
        if read_xml(programs).find("tlLogic") is None:
            msg = "tlsCycleAdaptation.py: wrote no program"
            raise SimulationError(msg)
        return (programs,)

    def _coordinated(self) -> tuple[Path, ...]:
        programs, offsets = self._folder / "adapted.add.xml", self._folder / "offsets.add.xml"
        self._run("tlsCoordinator.py", "-r", self.routes, "-a", programs, "-o", offsets)
        return (programs, offsets)

    def _run(self, script: str, *options: str | Path) -> None:
        """Run one of the scripts that come with SUMO, with its default settings."""
        path = SUMO_HOME / "tools" / script
        net_file = self._area.scenario.net_file
        try:
            done = subprocess.run(
                [sys.executable, path, "-n", net_file, *options],
                env=sumo_environment(),
                capture_output=True,
                text=True,
                timeout=self._timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            msg = f"{script}: no end after {self._timeout_s:.0f} s"
            raise SimulationError(msg) from None
        if done.returncode != 0:
            told = done.stderr.strip().splitlines() or [f"ended with code {done.returncode}"]
            msg = f"{script}: {told[-1]}"
            raise SimulationError(msg)


def write_following(area: StudyArea, path: Path, kind: str) -> None:
    """Write the running programs as ones that follow the traffic.

    Each interval keeps its own ``minDur`` and ``maxDur``; a green without them may last from 5 to
    50 s.  Signals whose running program is not static stay as they are.

    Parameters
    ----------
    area
        The study area.
    path
        Additional file to write.
    kind
        ``actuated`` or ``delay_based``, SUMO's words.
    """
    root = ET.Element("additional")
    for source in (area.scenario.net_file, *area.scenario.additional_files):
        for program in read_xml(source).iter("tlLogic"):
            name, own_kind = program.get("id", ""), program.get("type", STATIC)
            is_running = area.library.active.get(name) == program.get("programID")
            if is_running and own_kind == STATIC and program.find("phase") is not None:
                root.append(_freed(program, kind))
    ET.indent(root)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _freed(program: ET.Element, kind: str) -> ET.Element:
    freed = copy.deepcopy(program)
    freed.attrib |= {"type": kind, "programID": FOLLOWING_PROGRAM}
    for interval in freed.iter("phase"):
        if _is_green(interval.attrib["state"]) and not {"minDur", "maxDur"} & set(interval.attrib):
            interval.attrib |= {"minDur": f"{MINIMUM_GREEN_S}", "maxDur": f"{MAXIMUM_GREEN_S}"}
    return freed


def _names_every_edge(routes: Path) -> bool:
    return next(iterate_elements(routes, {"trip", "flow"}), None) is None


def _is_green(state: str) -> bool:
    """Tell whether an interval is a green and not a change between greens."""
    return bool(set(state) & set("Gg")) and not set(state) & set("yYu")
