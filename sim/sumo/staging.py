"""The private folder that simulations run in: the user's files are read, never written.

A user's additional files may name outputs (loops, edge data, signal logs).  Run as they are,
parallel simulations would write over each other and over the user's results, so files that
name outputs, or include others that may, are copied without them.
"""

import tempfile
from collections.abc import Collection
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from xml.etree import ElementTree as ET

from citybrain.errors import InputError
from sim.sumo.scenario import SumoScenario
from sim.sumo.xml_files import attribute, read_xml

_OUTPUT_ATTRIBUTES = ("file", "dest", "output")
_INPUT_ELEMENTS = frozenset({"poly", "rerouter", "variableSpeedSign"})
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
        An additional file is missing or broken.
    """

    def __init__(self, scenario: SumoScenario, planned: Collection[str]) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="citybrain-")
        self.folder = Path(self._temporary.name)
        self.scenario = scenario
        try:
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
            "net-file": str(scenario.net_file),
            "route-files": ",".join(map(str, scenario.route_files)),
            "begin": f"{scenario.begin_s:.12g}",
            "end": f"{scenario.end_s:.12g}",
            "max-depart-delay": "-1",
        }
        root = ET.Element("configuration")
        for name, value in values.items():
            ET.SubElement(root, name, value=value)
        ET.ElementTree(root).write(self.config, encoding="utf-8", xml_declaration=True)


def _staged(path: Path, copy: Path, planned: Collection[str]) -> Path:
    """Return the file itself if it can be used as it is, else a mended copy."""
    root = read_xml(path)
    mended = [_unfold(root, path.parent), _silence(root), _release(root, planned)]
    if not any(mended):
        return path
    _name_inputs_in_full(root, path.parent)
    ET.ElementTree(root).write(copy, encoding="utf-8", xml_declaration=True)
    return copy


def _unfold(root: ET.Element, folder: Path, around: tuple[Path, ...] = ()) -> bool:
    """Put the content of included files in their place; tell whether there was one."""
    changed = False
    for place, element in reversed(list(enumerate(root))):
        if element.tag == "include":
            path = folder / attribute(element, "href", f"{folder}, <include>")
            if path.resolve() in around:
                raise InputError(path, "is included by itself", "take one <include> out")
            included = read_xml(path)
            _unfold(included, path.parent, (*around, path.resolve()))
            _name_inputs_in_full(included, path.parent)
            root[place : place + 1] = list(included)
            changed = True
    return changed


def _name_inputs_in_full(root: ET.Element, folder: Path) -> None:
    """Let a copy find what the original reads from files beside it."""
    for element in root.iter():
        if element.tag in _INPUT_ELEMENTS and "file" in element.attrib:
            element.set("file", str((folder / element.attrib["file"]).resolve()))


def _silence(root: ET.Element) -> bool:
    """Send every output that the file names to nowhere; tell whether there was one."""
    changed = False
    for element in root.iter():
        if element.tag in _INPUT_ELEMENTS:
            continue
        for name in _OUTPUT_ATTRIBUTES:
            if name in element.attrib:
                element.set(name, _NOWHERE)
                changed = True
    return changed


def _release(root: ET.Element, planned: Collection[str]) -> bool:
    """Take planned intersections out of the day plans; tell whether there was one."""
    changed = False
    for junction in root.findall("wautJunction"):
        if junction.get("junctionID") in planned:
            root.remove(junction)
            changed = True
    return changed
