"""The private folder that simulations run in: the user's files are read, never written.

A user's network and additional files may name outputs (loops, edge data, signal logs).  Run as
they are, parallel simulations would write over each other and over the user's results, so files
that name outputs, or include others that do, are copied without them.

Source: SUMO 1.28, ``data/xsd/additional_file.xsd``, and where SUMO was seen to write.
"""

import tempfile
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from xml.etree import ElementTree as ET

from sim.sumo.includes import INPUTS, read_unfolded
from sim.sumo.scenario import SumoScenario
from sim.sumo.xml_files import iterate_elements

_OUTPUT_ATTRIBUTES = ("file", "dest", "output")
"""Attributes that name an output of whatever element, apart from ``INPUTS``."""
_EDGES_OF_OUTPUT = "edgesFile"
"""Attribute that names a list of edges for an output.

SUMO looks for it from the folder in which it is started, and fails without it.
"""
_OUTPUT_PARAMETERS = frozenset({"device.ssm.file", "device.toc.file"})
"""Parameters of vehicles and their types that name an output."""
_DETECTORS_OUTPUT = "file"
"""Parameter of a ``tlLogic`` that names the output of its detectors, even where it never runs."""

_NOWHERE = "NUL"


class Staging(AbstractContextManager["Staging"]):
    """A scenario made ready to run many times, side by side, in a temporary folder.

    Parameters
    ----------
    scenario
        The scenario to stage.
    planned
        Intersections whose programs will be given by a plan; day plans of the scenario no
        longer switch them.

    Raises
    ------
    InputError
        The network or an additional file is missing or broken.
    """

    def __init__(self, scenario: SumoScenario, planned: Collection[str]) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="citybrain-")
        self.folder = Path(self._temporary.name)
        self.scenario = scenario
        try:
            self._net_file = scenario.net_file
            if _writes_detectors(scenario.net_file):
                self._net_file = _staged(self._net_file, self.folder / "network.net.xml", planned)
            self.additional_files = tuple(
                _staged(path, self.folder / f"additional-{index}.xml", planned)
                for index, path in enumerate(scenario.additional_files)
            )
        except BaseException:
            self._temporary.cleanup()
            raise
        self.config = self.folder / "staged.sumocfg"
        self._write_config()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Remove the folder."""
        self._temporary.cleanup()

    def _write_config(self) -> None:
        scenario = self.scenario
        values = {
            **dict(scenario.options),
            "net-file": str(self._net_file),
            "route-files": ",".join(map(str, scenario.route_files)),
            "begin": f"{scenario.begin_s:.12g}",
            "end": f"{scenario.end_s:.12g}",
            "max-depart-delay": "-1",
        }
        root = ET.Element("configuration")
        for name, value in values.items():
            ET.SubElement(root, name, value=value)
        ET.ElementTree(root).write(self.config, encoding="utf-8", xml_declaration=True)


def _writes_detectors(net_file: Path) -> bool:
    """Tell whether a program of a network names an output; large networks are not held for it."""
    programs = iterate_elements(net_file, {"tlLogic"})
    return any(next(_output_parameters(program), None) is not None for program in programs)


def _staged(path: Path, copy: Path, planned: Collection[str]) -> Path:
    """Return the file itself if it can be used as it is, else a mended copy."""
    root = read_unfolded(path).root
    mended = [_silence(root), _release(root, planned)]
    if not any(mended):
        return path
    ET.ElementTree(root).write(copy, encoding="utf-8", xml_declaration=True)
    return copy


def _silence(root: ET.Element) -> bool:
    """Send every output that the file names to nowhere; tell whether there was one."""
    changed = False
    for element in root.iter():
        for name in _OUTPUT_ATTRIBUTES:
            if name in element.attrib and INPUTS.get(element.tag) != name:
                element.set(name, _NOWHERE)
                element.attrib.pop(_EDGES_OF_OUTPUT, None)
                changed = True
    for parameter in _output_parameters(root):
        parameter.set("value", _NOWHERE)
        changed = True
    return changed


def _output_parameters(root: ET.Element) -> Iterator[ET.Element]:
    """Yield every ``param`` that names an output."""
    for program in root.iter("tlLogic"):
        yield from (p for p in program.iter("param") if p.get("key") == _DETECTORS_OUTPUT)
    yield from (p for p in root.iter("param") if p.get("key") in _OUTPUT_PARAMETERS)


def _release(root: ET.Element, planned: Collection[str]) -> bool:
    """Take planned intersections out of the day plans; tell whether there was one."""
    released = {j for j in root.iter("wautJunction") if j.get("junctionID") in planned}
    for parent in root.findall(".//wautJunction/..") if released else ():
        parent[:] = [child for child in parent if child not in released]
    return bool(released)
