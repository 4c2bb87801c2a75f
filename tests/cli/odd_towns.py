"""Tiny SUMO scenarios that are odd on purpose: made by netconvert, read by the commands."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

NET = "odd.net.xml"
_BIN = Path(sys.executable).parent
_REACH_M, _END_S = 150.0, 600
_ARMS = {"w": (-1, 0), "e": (1, 0), "s": (0, -1), "n": (0, 1)}

Node = tuple[str, float, float, str]
"""Name, place [m] and type."""
Edge = tuple[str, str]
"""From, to; named by both."""
Connection = tuple[str, str, int, int]
"""From and to edge, from and to lane."""


def crossing(name: str, x: float = 0.0) -> "Streets":
    """Return a signal with four two-way arms, such as ``Jw.J`` and ``J.Jw``."""
    ends = [
        (f"{name}{arm}", x + _REACH_M * dx, _REACH_M * dy, "priority")
        for arm, (dx, dy) in _ARMS.items()
    ]
    both = [pair for end, *_ in ends for pair in ((end, name), (name, end))]
    return Streets([(name, x, 0.0, "traffic_light"), *ends], both)


class Streets:
    """Nodes and edges of a network, all with so many lanes; connections, where not guessed."""

    def __init__(
        self,
        nodes: Sequence[Node],
        edges: Sequence[Edge],
        lanes: int = 1,
        connections: Sequence[Connection] = (),
    ) -> None:
        self.nodes, self.edges, self.lanes = list(nodes), list(edges), lanes
        self.connections = list(connections)

    def __add__(self, other: "Streets") -> "Streets":
        return Streets([*self.nodes, *other.nodes], [*self.edges, *other.edges])

    def write(self, folder: Path) -> None:
        """Build the network with netconvert."""
        nodes = "".join(f'<node id="{n}" x="{x}" y="{y}" type="{t}"/>' for n, x, y, t in self.nodes)
        edges = "".join(
            f'<edge id="{a}.{b}" from="{a}" to="{b}" numLanes="{self.lanes}" speed="13.9"/>'
            for a, b in self.edges
        )
        (folder / "n.nod.xml").write_text(f"<nodes>{nodes}</nodes>")
        (folder / "n.edg.xml").write_text(f"<edges>{edges}</edges>")
        connections = "".join(
            f'<connection from="{a}" to="{b}" fromLane="{i}" toLane="{j}"/>'
            for a, b, i, j in self.connections
        )
        (folder / "n.con.xml").write_text(f"<connections>{connections}</connections>")
        words = [_BIN / "netconvert", "-n", "n.nod.xml", "-e", "n.edg.xml", "-x", "n.con.xml"]
        words += ["-o", NET]
        subprocess.run(words, cwd=folder, check=True, capture_output=True, timeout=60)


def flow(route: str, vph: float) -> str:
    """Return a flow along a route, edges separated by blanks."""
    name = route.replace(" ", "_")
    return (
        f'<route id="r{name}" edges="{route}"/><flow id="f{name}" route="r{name}" begin="0" '
        f'end="{_END_S}" vehsPerHour="{vph}"/>'
    )


def scenario(folder: Path, streets: Streets, *flows: str) -> Path:
    """Write network, routes and configuration; return the configuration."""
    streets.write(folder)
    (folder / "odd.rou.xml").write_text(f"<routes>{''.join(flows)}</routes>")
    config = folder / "odd.sumocfg"
    config.write_text(
        f'<configuration><input><net-file value="{NET}"/><route-files value="odd.rou.xml"/></input>'
        f'<time><begin value="0"/><end value="{_END_S}"/></time></configuration>'
    )
    return config


def shortened(folder: Path, lane: str, length_m: str) -> None:
    """Write a length into the network, whatever the shape of the lane says."""
    net = folder / NET
    text, found = re.subn(
        rf'(<lane id="{lane}"[^>]* length=")[^"]*', rf"\g<1>{length_m}", net.read_text("utf-8")
    )
    assert found == 1
    net.write_text(text, encoding="utf-8")
