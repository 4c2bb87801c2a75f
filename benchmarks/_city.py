"""Generated cities of any size whose load per junction does not depend on the size.

SUMO's ``netgenerate`` lays a grid of two-lane streets with a signal at every crossing.  The
demand is that of a window cut out of an endless city: trips begin on every street at the same
rate and go a bounded number of blocks, and where a street enters the window those appear who began
their trip outside of it.  Every street therefore carries the same flow, near the edge of the town
as in the middle, and no route has to be searched.  Every fifth street is an arterial with through
traffic of its own, heavier in one direction than in the other.
"""

import hashlib
import math
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from citybrain.engine import provenance
from citybrain.units import SECONDS_PER_HOUR
from sim.sumo.net_file import NetFile, read_net_file

_BLOCK_M = 200.0
_ARTERIAL_EVERY, _FIRST_ARTERIAL = 5, 2
_TURNS = {"s": 0.7, "r": 0.2, "l": 0.1}
"""Share of those who go straight on, turn right, turn left; every street gets each of them from
one neighbour, so that equal flows stay equal. [-]"""

Edges = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CityDemand:
    """How much traffic a city has.

    Parameters
    ----------
    street_vph
        Flow on every street. [veh/h]
    arterial_vph
        What arterials carry more, towards north or east and towards south or west. [veh/h]
    blocks
        Edges of a trip.
    routes
        Different ways from a street.
    hours
        Time in which vehicles depart. [h]
    seed
        Dice.
    """

    street_vph: float = 240.0
    arterial_vph: tuple[float, float] = (500.0, 250.0)
    blocks: int = 8
    routes: int = 4
    hours: float = 1.0
    seed: int = 1


def build_city(junctions: int, folder: Path, demand: CityDemand | None = None) -> Path:
    """Write network, routes and configuration of a city, unless they are there already.

    They have a folder of their own, whose name holds a hash of the demand, of this code and of
    SUMO's version, so that a change of any makes the city anew.

    Parameters
    ----------
    junctions
        Signalised junctions; laid out as the rectangle of that many that is nearest to a square.
    folder
        Where cities are kept.
    demand
        Traffic; the usual one if none.

    Returns
    -------
    pathlib.Path
        SUMO configuration.
    """
    demand = demand or CityDemand()
    made = folder / f"{junctions}-{_content_hash(demand)}"
    if not made.exists():
        partial = folder / f".{made.name}.{os.getpid()}.part"
        partial.mkdir(parents=True, exist_ok=True)
        _write(junctions, partial, demand)
        if not made.exists():
            partial.replace(made)
    return made / "city.sumocfg"


def _content_hash(demand: CityDemand) -> str:
    told = hashlib.sha256(repr((demand, sorted(provenance.versions().items()))).encode())
    told.update(Path(__file__).read_bytes())
    return told.hexdigest()[:12]


def _write(junctions: int, folder: Path, demand: CityDemand) -> None:
    _generate(*_sides(junctions), folder / "city.net.xml")
    net = read_net_file(folder / "city.net.xml")
    (folder / "city.rou.xml").write_text("\n".join(_lines(net, demand)), encoding="utf-8")
    (folder / "city.sumocfg").write_text(
        '<configuration>\n    <net-file value="city.net.xml"/>\n'
        '    <route-files value="city.rou.xml"/>\n    <begin value="0"/>\n'
        f'    <end value="{demand.hours * SECONDS_PER_HOUR:g}"/>\n</configuration>\n',
        encoding="utf-8",
    )


def _sides(junctions: int) -> tuple[int, int]:
    """Return columns and rows, in whole fives where the number allows it."""
    pairs = [(n, junctions // n) for n in range(1, junctions + 1) if junctions % n == 0]
    return min(pairs, key=lambda p: (p[0] % 5 + p[1] % 5 > 0, abs(math.log(p[0] / p[1])), -p[0]))


def _generate(columns: int, rows: int, net_file: Path) -> None:
    program = shutil.which("netgenerate", path=str(Path(sys.executable).parent))
    if program is None:
        msg = f"netgenerate is not beside {sys.executable}; install eclipse-sumo there"
        raise FileNotFoundError(msg)
    options = [
        *("--grid.x-number", str(columns), "--grid.y-number", str(rows)),
        *("--grid.length", f"{_BLOCK_M:g}", "--grid.attach-length", f"{_BLOCK_M:g}"),
        *("--default.lanenumber", "2", "--default-junction-type", "traffic_light"),
        *("--no-turnarounds", "true", "--no-warnings", "true", "--output-file", str(net_file)),
    ]
    subprocess.run([program, "--grid", *options], check=True, stdout=subprocess.DEVNULL)


def _lines(net: NetFile, demand: CityDemand) -> Iterator[str]:
    """Yield the route file: routes, then vehicles in order of departure."""
    rng = random.Random(demand.seed)
    routes = list(_routes(net, demand, rng))
    departures: list[tuple[float, int]] = []
    horizon_s = demand.hours * SECONDS_PER_HOUR
    yield "<routes>"
    for number, (edges, flow_vph) in enumerate(routes):
        yield f'<route id="r{number}" edges="{" ".join(edges)}"/>'
        departures += [(at_s, number) for at_s in _arrivals_s(flow_vph, horizon_s, rng)]
    for number, (at_s, route) in enumerate(sorted(departures)):
        yield f'<vehicle id="{number}" depart="{at_s:.2f}" route="r{route}" departLane="best"/>'
    yield "</routes>"


def _arrivals_s(flow_vph: float, horizon_s: float, rng: random.Random) -> Iterator[float]:
    """Yield the instants of a Poisson process."""
    at_s = rng.expovariate(flow_vph / SECONDS_PER_HOUR)
    while at_s < horizon_s:
        yield at_s
        at_s += rng.expovariate(flow_vph / SECONDS_PER_HOUR)


def _routes(net: NetFile, demand: CityDemand, rng: random.Random) -> Iterator[tuple[Edges, float]]:
    """Yield every route with its flow [veh/h]."""
    onward = _onward(net)
    entered = {edge for turns in onward.values() for edge in turns.values()}
    for edge in onward:
        begun_vph = demand.street_vph / demand.blocks
        through_vph = _arterial_vph(net, edge, demand) / demand.blocks
        if edge in entered:
            lengths = [(demand.blocks, demand.routes)]
        else:
            lengths = [(length, 1) for length in range(2, demand.blocks + 1)]
        for length, count in lengths:
            for _ in range(count):
                yield _walk(edge, onward, length, rng), begun_vph / count
            if through_vph:
                yield _straight(edge, onward, length), through_vph


def _onward(net: NetFile) -> dict[str, dict[str, str]]:
    """Return edge → direction → next edge, of edges that lead to a signal."""
    onward: dict[str, dict[str, str]] = {}
    for connection in net.connections:
        if connection.signal is not None:
            onward.setdefault(connection.from_edge, {})[connection.direction] = connection.to_edge
    return onward


def _walk(edge: str, onward: dict[str, dict[str, str]], length: int, rng: random.Random) -> Edges:
    walk = [edge]
    while len(walk) < length and walk[-1] in onward:
        turns = onward[walk[-1]]
        weights = [_TURNS[direction] for direction in turns]
        walk.append(rng.choices(list(turns.values()), weights)[0])
    return tuple(walk)


def _straight(edge: str, onward: dict[str, dict[str, str]], length: int) -> Edges:
    walk = [edge]
    while len(walk) < length and walk[-1] in onward:
        walk.append(onward[walk[-1]]["s"])
    return tuple(walk)


def _arterial_vph(net: NetFile, edge: str, demand: CityDemand) -> float:
    """Return the through traffic on an edge, none off the arterials [veh/h]."""
    shape = net.lanes[f"{edge}_0"].shape
    (x_m, y_m), (to_x_m, to_y_m) = shape[0], shape[-1]
    is_eastwest = abs(to_x_m - x_m) > abs(to_y_m - y_m)
    number = round((y_m if is_eastwest else x_m) / _BLOCK_M) - 1
    if number % _ARTERIAL_EVERY != _FIRST_ARTERIAL:
        return 0.0
    return demand.arterial_vph[0 if to_x_m + to_y_m > x_m + y_m else 1]
