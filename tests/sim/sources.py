"""Where the networks and programs of the tests come from, and the cross they are tried on."""

import gzip
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from xml.etree import ElementTree

from sim.sumo.run import SUMO_HOME

RESCO_NAMES = (
    "arterial4x4",
    "cologne1",
    "cologne3",
    "cologne8",
    "grid4x4",
    "ingolstadt1",
    "ingolstadt7",
    "ingolstadt21",
)
FOKR = SUMO_HOME / "tools" / "game" / "fokr_bs_demo"
FOKR_FILES = (FOKR / "fokr_bs.net.xml.gz", FOKR / "signalPlan.add.xml")
CROSS_NET = SUMO_HOME / "tools" / "game" / "cross" / "cross.net.xml"
HIKING_NET = SUMO_HOME / "tools" / "game" / "hiking" / "hiking.net.xml"
NO_RESCO = "sumo_rl is not installed: pip install --no-deps sumo-rl brings the RESCO networks"
CITY_NET = (
    Path(__file__).parents[2] / "scenarios" / "crossing_arterials" / "crossing_arterials.net.xml"
)


@dataclass(frozen=True)
class RawProgram:
    """A ``tlLogic`` as the file has it, read without any of citybrain's code."""

    intersection: str
    program: str
    kind: str
    offset_s: float
    phases: tuple[tuple[float, str], ...]

    @cached_property
    def ends_s(self) -> list[float]:
        return list(accumulate(duration_s for duration_s, _ in self.phases))

    @property
    def cycle_s(self) -> float:
        return self.ends_s[-1]

    def state_at(self, time_s: float) -> str:
        phase = bisect_right(self.ends_s, (time_s - self.offset_s) % self.cycle_s)
        return self.phases[phase % len(self.phases)][1]


def resco_folder() -> Path | None:
    """Return the folder of the RESCO networks without importing sumo_rl."""
    found = find_spec("sumo_rl")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "nets" / "RESCO"


def resco_net(name: str) -> Path | None:
    folder = resco_folder()
    return folder / name / f"{name}.net.xml" if folder else None


def unpacked(path: Path) -> bytes:
    content = path.read_bytes()
    return gzip.decompress(content) if path.suffix == ".gz" else content


@cache
def sumo_files() -> tuple[Path, ...]:
    """Return every file of the installed SUMO that declares a signal program."""
    files = [*SUMO_HOME.rglob("*.xml"), *SUMO_HOME.rglob("*.xml.gz")]
    return tuple(path for path in sorted(files) if b"<tlLogic" in unpacked(path))


def raw_programs(path: Path) -> list[RawProgram]:
    root = ElementTree.fromstring(unpacked(path))
    return [
        RawProgram(
            intersection=element.attrib["id"],
            program=element.attrib["programID"],
            kind=element.attrib["type"],
            offset_s=float(element.get("offset", "0")),
            phases=tuple(
                (float(phase.attrib["duration"]), phase.attrib["state"])
                for phase in element.iter("phase")
            ),
        )
        for element in root.iter("tlLogic")
    ]
