"""Small SUMO streets for measuring how vehicles start, drive, discharge and give way."""

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sim.sumo.evaluator import QUIET
from sim.sumo.run import run_sumo
from sim.sumo.xml_files import iterate_elements

TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """A network in SUMO's plain form, with detectors and a demand.

    Parameters
    ----------
    nodes, edges
        Rows of the plain files, and connections where they are not guessed.
    detectors
        Name → (lane, place on it [m], negative from its end).
    programs
        ``tlLogic`` elements.
    demand
        Content of the route file.
    end_s
        Duration. [s]
    """

    nodes: str
    edges: str
    detectors: Mapping[str, tuple[str, float]]
    demand: str
    programs: str = ""
    connections: str = ""
    end_s: float = 3600.0
    options: Sequence[str] = field(default_factory=tuple)


@contextmanager
def built(street: Street) -> Iterator[Path]:
    """Yield a folder with the network of a street, ``net.xml``."""
    with tempfile.TemporaryDirectory(prefix="citybrain-") as name:
        folder = Path(name)
        (folder / "n.nod.xml").write_text(f"<nodes>{street.nodes}</nodes>")
        (folder / "e.edg.xml").write_text(f"<edges>{street.edges}</edges>")
        arguments: list[str | Path] = ["-n", folder / "n.nod.xml", "-e", folder / "e.edg.xml"]
        if street.connections:
            (folder / "c.con.xml").write_text(f"<connections>{street.connections}</connections>")
            arguments += ["-x", folder / "c.con.xml"]
        arguments += ["-o", folder / "net.xml", "--no-turnarounds", "true", *street.options]
        run_sumo(arguments, timeout_s=TIMEOUT_S, program="netconvert")
        yield folder


def passages(street: Street, seed: int) -> dict[str, dict[str, float]]:
    """Run a street once and return detector → vehicle → time its front passed it [s]."""
    with built(street) as folder:
        loops = "".join(
            f'<instantInductionLoop id="{name}" lane="{lane}" pos="{place_m}" file="loops.xml"/>'
            for name, (lane, place_m) in street.detectors.items()
        )
        (folder / "a.xml").write_text(f"<additional>{street.programs}{loops}</additional>")
        (folder / "r.xml").write_text(f"<routes>{street.demand}</routes>")
        arguments: list[str | Path] = ["-n", folder / "net.xml", "-r", folder / "r.xml", *QUIET]
        arguments += ["-a", folder / "a.xml", "-e", f"{street.end_s:g}", "--seed", str(seed)]
        run_sumo(arguments, timeout_s=TIMEOUT_S)
        times: dict[str, dict[str, float]] = defaultdict(dict)
        for event in iterate_elements(folder / "loops.xml", {"instantOut"}):
            if event.get("state") == "enter":
                times[event.attrib["id"]][event.attrib["vehID"]] = float(event.attrib["time"])
        return dict(times)
