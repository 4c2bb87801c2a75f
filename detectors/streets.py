"""Where what flows out of one intersection must flow into the next."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from citybrain.model.network import Movement, Network

Turn = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Edges one after the other, between which nobody can enter or leave.

    Parameters
    ----------
    edges
        From the exit of an intersection onwards.
    inflow
        Movements that lead onto the first edge; nothing else does.
    outflow
        Movements that lead off the last edge, where nothing else does; else empty.
    """

    edges: tuple[str, ...]
    inflow: tuple[str, ...]
    outflow: tuple[str, ...]


def find_stretches(network: Network) -> tuple[Stretch, ...]:
    """Return the stretches that begin behind signalised movements only.

    An edge is followed by the next one where it has no other way on and the next has no other
    way in.  A driveway or a parking lot within an edge cannot be known from the network.

    Parameters
    ----------
    network
        Streets and signals.
    """
    movements = {(m.from_edge, m.to_edge): m for m in network.movements.values()}
    approaches = {movement.from_edge for movement in network.movements.values()}
    arrivals = _arrivals(network)
    stretches = []
    for head, turns in arrivals.items():
        if all(turn in movements for turn in turns):
            edges = tuple(_followed(head, network, arrivals, approaches))
            onward = [(edges[-1], exit_) for exit_ in network.turns.get(edges[-1], ())]
            stretches.append(
                Stretch(
                    edges=edges,
                    inflow=_names(turns, movements),
                    outflow=_names(onward, movements) if _all_known(onward, movements) else (),
                )
            )
    return tuple(stretches)


def _arrivals(network: Network) -> dict[str, list[Turn]]:
    arrivals: dict[str, list[Turn]] = defaultdict(list)
    for edge, exits in network.turns.items():
        for exit_ in exits:
            arrivals[exit_].append((edge, exit_))
    return dict(arrivals)


def _followed(
    head: str, network: Network, arrivals: Mapping[str, list[Turn]], approaches: set[str]
) -> Iterator[str]:
    edge, seen = head, {head}
    yield edge
    while edge not in approaches:
        onward = network.turns.get(edge, ())
        if len(onward) != 1 or len(arrivals[onward[0]]) != 1 or onward[0] in seen:
            return
        edge = onward[0]
        seen.add(edge)
        yield edge


def _all_known(turns: list[Turn], movements: Mapping[Turn, Movement]) -> bool:
    return bool(turns) and all(turn in movements for turn in turns)


def _names(turns: list[Turn], movements: Mapping[Turn, Movement]) -> tuple[str, ...]:
    return tuple(movements[turn].name for turn in turns)
