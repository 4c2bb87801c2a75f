"""Who yields to whom, and who crosses whom, at the junctions of a SUMO network."""

from dataclasses import dataclass, field
from pathlib import Path

from sim.sumo.xml_files import read_xml


@dataclass(frozen=True, slots=True, kw_only=True)
class RightOfWay:
    """What a network file says beyond its lanes and connections.

    Parameters
    ----------
    responses
        Junction → for each request the requests that it yields to, as positions.
    foes
        The same for the requests that it conflicts with.
    """

    responses: dict[str, tuple[frozenset[int], ...]] = field(hash=False)
    foes: dict[str, tuple[frozenset[int], ...]] = field(hash=False)


def read_right_of_way(net_file: Path) -> RightOfWay:
    """Read responses and foes from a network file.

    Parameters
    ----------
    net_file
        SUMO network, plain or packed with gzip.

    Raises
    ------
    InputError
        The file is missing or broken.
    """
    root = read_xml(net_file)
    responses = {}
    foes = {}
    for junction in root.findall("junction"):
        requests = sorted(junction.findall("request"), key=lambda r: int(r.get("index", "0")))
        name = junction.get("id", "")
        responses[name] = tuple(_positions(r.get("response", "")) for r in requests)
        foes[name] = tuple(_positions(r.get("foes", "")) for r in requests)
    return RightOfWay(responses=responses, foes=foes)


def _positions(bits: str) -> frozenset[int]:
    """Return the positions of the ones; SUMO writes the last link first."""
    return frozenset(place for place, bit in enumerate(reversed(bits)) if bit == "1")
