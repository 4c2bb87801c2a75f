"""The arterial of a network: the chain of intersections that carries most, as bands see it."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import networkx as nx

from citybrain.errors import InfeasibleError
from citybrain.model.pattern import Pattern
from citybrain.units import same_time
from optimizer.bandwidth import Arterial, Section, Signal
from optimizer.offsets import main_green
from optimizer.streams import Stream

Streams = Mapping[tuple[str, str], Stream]
"""(upstream, downstream) → heaviest stream between them."""


def by_ends(found: Sequence[Stream]) -> Streams:
    """Return streams by the intersections that they join."""
    return {(s.upstream.intersection, s.downstream.intersection): s for s in found}


def heaviest_chain(tree: Sequence[Stream]) -> tuple[str, ...]:
    """Return the intersections along the path of a tree with the greatest sum of flows.

    Parameters
    ----------
    tree
        Streams that close no ring.

    Returns
    -------
    tuple of str
        In order along the path; empty where there is no stream.
    """
    graph: nx.Graph[str] = nx.Graph()
    for stream in tree:
        ends = (stream.upstream.intersection, stream.downstream.intersection)
        graph.add_edge(*ends, weight=stream.flow_vph)
    best: tuple[float, tuple[str, ...]] = (0.0, ())
    for start in sorted(graph):
        flows = nx.single_source_dijkstra_path_length(graph, start, weight="weight")
        far = max(flows, key=lambda name: (flows[name], name))
        best = max(best, (flows[far], tuple(nx.shortest_path(graph, start, far))))
    return best[1]


def arterial_along(
    names: Sequence[str], patterns: Mapping[str, Pattern], streams: Streams
) -> Arterial:
    """Return a chain of intersections as bands see it, under the greens of some patterns.

    Parameters
    ----------
    names
        Intersections in outbound order.
    patterns
        Intersection → pattern; all of the chain with one cycle.
    streams
        What joins them; a direction without a stream weighs nothing.

    Raises
    ------
    InfeasibleError
        Two neighbours are not joined, cycles differ, or a stream has no green.
    """
    cycle_s = patterns[names[0]].cycle_s
    for name in names:
        if not same_time(patterns[name].cycle_s, cycle_s):
            msg = f"{name}: cycle is {patterns[name].cycle_s:g} s, {names[0]} has {cycle_s:g} s"
            raise InfeasibleError(msg)
    pairs = list(pairwise(names))
    signals = tuple(
        Signal(
            intersection=name,
            outbound=_green(name, _neighbours(names, index), patterns, streams),
            inbound=_green(name, _neighbours(names, index)[::-1], patterns, streams),
        )
        for index, name in enumerate(names)
    )
    sections = tuple(_section(streams.get(pair), streams.get(pair[::-1]), pair) for pair in pairs)
    return Arterial(signals=signals, sections=sections, cycle_s=cycle_s)


def _neighbours(names: Sequence[str], index: int) -> tuple[str | None, str | None]:
    before = names[index - 1] if index else None
    return before, names[index + 1] if index + 1 < len(names) else None


def _green(
    name: str,
    ends: tuple[str | None, str | None],
    patterns: Mapping[str, Pattern],
    streams: Streams,
) -> tuple[float, float]:
    """Return start and duration of the green of who comes from one end, else goes to the other."""
    arriving = streams.get((ends[0], name)) if ends[0] else None
    leaving = streams.get((name, ends[1])) if ends[1] else None
    movement = arriving.downstream if arriving else leaving.upstream if leaving else None
    if movement is None:
        return 0.0, patterns[name].cycle_s
    green = main_green(patterns[name], movement)
    if green is None:
        msg = f"{name}: movement {movement.name} has no green"
        raise InfeasibleError(msg)
    return green.start_s, green.duration_s


def _section(there: Stream | None, back: Stream | None, pair: tuple[str, str]) -> Section:
    known = there or back
    if known is None:
        msg = f"{pair[0]} and {pair[1]}: no stream joins them within a coordinated distance"
        raise InfeasibleError(msg)
    return Section(
        outbound_s=(there or known).travel_s,
        inbound_s=(back or known).travel_s,
        outbound_vph=there.flow_vph if there else 0.0,
        inbound_vph=back.flow_vph if back else 0.0,
    )
