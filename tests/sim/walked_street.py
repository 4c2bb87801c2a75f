"""A signal whose western crossing tells its colour to each direction by itself."""

from dataclasses import replace
from pathlib import Path

from citybrain.config import SafetyLimits
from citybrain.model.intersection import Intersection
from citybrain.model.pattern import Pattern
from citybrain.model.signals import Segment
from sim.sumo.network import read_network
from sim.sumo.programs import read_programs
from sim.sumo.run import run_sumo
from sim.sumo.tls_reader import read_declarations
from tests.model.crossroads import with_window

ALONG, BACK = 12, 13
"""Links of the two directions of the crossing; those of vehicles are 0 to 11."""
NET = "walked.net.xml"
_ARMS = {"n": (0, 200), "e": (200, 0), "s": (0, -200), "w": (-200, 0)}
_PHASES = (
    (30, "gGgrrrGGgrrrGG"),
    (7, "gGgrrrGGgrrrGr"),
    (5, "gGgrrrGGgrrrrr"),
    (3, "yyyrrryyyrrrrr"),
    (42, "rrrgGgrrrGGgrr"),
    (3, "rrryyyrrryyyrr"),
)
"""Green from north and south with the walk, then from east and west: s and letters of the links."""


def walked_net(folder: Path, back: int) -> Path:
    """Build the network; ``back`` is the link of those who walk the crossing the other way."""
    nodes = "".join(f'<node id="{a}" x="{x}" y="{y}"/>' for a, (x, y) in _ARMS.items())
    edges = "".join(
        f'<edge id="{a}{b}" from="{a}" to="{b}" numLanes="1" speed="13.9" sidewalkWidth="2"/>'
        for arm in _ARMS
        for a, b in ((arm, "J"), ("J", arm))
    )
    walk = f'<crossing node="J" edges="wJ Jw" linkIndex="{ALONG}" linkIndex2="{back}"/>'
    signal = '<node id="J" x="0" y="0" type="traffic_light"/>'
    for part, content in (
        ("nod", f"<nodes>{signal}{nodes}</nodes>"),
        ("edg", f"<edges>{edges}</edges>"),
        ("con", f"<connections>{walk}</connections>"),
    ):
        (folder / f"{part}.xml").write_text(content, encoding="utf-8")
    files = ("-n", folder / "nod.xml", "-e", folder / "edg.xml", "-x", folder / "con.xml")
    arguments = [*files, "--no-turnarounds", "true", "-o", folder / NET]
    run_sumo(arguments, timeout_s=60.0, program="netconvert")
    return folder / NET


def walked_program(folder: Path, *states: str) -> Path:
    """Write the program; other letters than the usual ones where they are given."""
    rows = zip(_PHASES, states or [state for _, state in _PHASES], strict=True)
    phases = "".join(f'<phase duration="{time_s}" state="{row}"/>' for (time_s, _), row in rows)
    logic = f'<tlLogic id="J" type="static" programID="two" offset="0">{phases}</tlLogic>'
    (folder / "two.add.xml").write_text(f"<additional>{logic}</additional>", encoding="utf-8")
    return folder / "two.add.xml"


def walked_signal(*files: Path) -> tuple[Intersection, Pattern]:
    """Return the signal and its running pattern."""
    declarations = read_declarations(files)
    network = read_network(files[0], declarations, SafetyLimits())
    library = read_programs(declarations, network)
    return network.intersections["J"], library.patterns["J", library.active["J"]]


def walking_back(
    signal: Intersection, pattern: Pattern, start_s: float, walk_s: float = 30.0
) -> Pattern:
    """Return the pattern with another walk for those who walk back. [s]"""
    group = signal.group_of_index(BACK).name
    (usual,) = pattern.timing(group).windows
    walk = Segment(aspect=usual.segments[0].aspect, duration_s=walk_s)
    return with_window(pattern, group, replace(usual, start_s=start_s, segments=(walk,)))
