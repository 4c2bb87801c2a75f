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

from sim.sumo.includes import INPUTS, read_unfolded
from sim.sumo.scenario import SumoScenario

_OUTPUT_ATTRIBUTES = ("file", "dest", "output")
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
        if element.tag in INPUTS:
            continue
        for name in _OUTPUT_ATTRIBUTES:
            if name in element.attrib:
                element.set(name, _NOWHERE)
                changed = True
    return changed


def _release(root: ET.Element, planned: Collection[str]) -> bool:
    """Take planned intersections out of the day plans; tell whether there was one."""
    released = {j for j in root.iter("wautJunction") if j.get("junctionID") in planned}
    for parent in root.findall(".//wautJunction/..") if released else ():
        parent[:] = [child for child in parent if child not in released]
    return bool(released)
