"""Which signal groups may never be green together, and which may while one of them yields."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from citybrain.errors import InputError
from citybrain.model.aspects import GREENS, Aspect
from citybrain.model.intersection import LinkKind, pair
from sim.sumo.groups import GroupIndices
from sim.sumo.signal_links import LinkPath
from sim.sumo.tls_reader import ProgramDeclaration

FoePairs = dict[tuple[str, str], list[tuple[LinkPath, LinkPath]]]
"""Two groups → pairs of their links that cross or merge, the first link in the first group."""

_GREEN_LETTERS = frozenset(aspect.value for aspect in GREENS)


class _Place(NamedTuple):
    """An interval in which two groups are green, and their letters."""

    program: ProgramDeclaration
    number: int
    letters: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflicts:
    """How the groups of one intersection stand to each other.

    Parameters
    ----------
    foes
        Unordered pairs of groups with the links that cross or merge, in the order of the pair.
    conflicting
        Pairs that no program shows green together.
    yielding
        Pairs that some program shows green together while one of them is permissive.
    shared
        Pairs that some program protects both at once, where the rules of the road say who yields.
    caveats
        Those pairs, in words.
    """

    foes: FoePairs
    conflicting: frozenset[tuple[str, str]]
    yielding: frozenset[tuple[str, str]]
    shared: frozenset[tuple[str, str]]
    caveats: tuple[str, ...]


def find_conflicts(
    groups: GroupIndices,
    foe_links: Iterable[tuple[LinkPath, LinkPath]],
    programs: Sequence[ProgramDeclaration],
) -> Conflicts:
    """Sort the pairs of groups with crossing or merging links by what the programs show.

    Parameters
    ----------
    groups
        Signal groups of the intersection.
    foe_links
        Pairs of links that cross or merge.
    programs
        Programs of the intersection that count as safe: the running one.

    Raises
    ------
    InputError
        A program protects two greens whose links cross and neither of which yields by law.
    """
    foes = _foes_of_groups(groups, foe_links)
    conflicting, yielding, shared, caveats = set(), set(), set(), []
    for names, links in foes.items():
        shown = _shown_together(groups, names, programs)
        both = next((place for place in shown if place.letters == "GG"), None)
        if both is not None:
            _refuse_crossing(links, both)
            caveats.append(_accepted(names, links[0], both))
            shared |= {names} if names[0] != names[1] else set()
        elif shown:
            yielding.add(names)
        elif names[0] != names[1]:
            conflicting.add(names)
    return Conflicts(
        foes=foes,
        conflicting=frozenset(conflicting),
        yielding=frozenset(yielding),
        shared=frozenset(shared),
        caveats=tuple(sorted(caveats)),
    )


def _foes_of_groups(
    groups: GroupIndices, foe_links: Iterable[tuple[LinkPath, LinkPath]]
) -> FoePairs:
    group_of = {index: name for name, indices in groups.items() for index in indices}
    foes: FoePairs = defaultdict(list)
    for first, second in foe_links:
        names = (group_of[first.link.index], group_of[second.link.index])
        ordered = (first, second) if names == pair(*names) else (second, first)
        if ordered not in foes[pair(*names)]:
            foes[pair(*names)].append(ordered)
    return dict(sorted(foes.items()))


def _shown_together(
    groups: GroupIndices, names: tuple[str, str], programs: Sequence[ProgramDeclaration]
) -> list[_Place]:
    """Return where both groups are green."""
    first, second = groups[names[0]][0], groups[names[1]][0]
    return [
        _Place(program, number, interval.state[first] + interval.state[second])
        for program in programs
        for number, interval in enumerate(program.intervals)
        if max(first, second) < program.width
        and interval.state[first] in _GREEN_LETTERS
        and interval.state[second] in _GREEN_LETTERS
    ]


def _refuse_crossing(links: Sequence[tuple[LinkPath, LinkPath]], place: _Place) -> None:
    for first, second in links:
        if not _may_share_green(first, second):
            where = f"{place.program.where} phase {place.number}"
            one, other = sorted((first, second), key=lambda path: path.link.index)
            what = (
                f"greens of link {_described(one)} and link {_described(other)} conflict "
                "(both protected)"
            )
            mend = f"show one of them red, or {Aspect.PERMISSIVE.value} if it yields"
            raise InputError(where, what, mend)


def _may_share_green(first: LinkPath, second: LinkPath) -> bool:
    """Tell whether two links may be protected both, as many a real plan shows them.

    Ways that merge, ways from one approach (a turn across the bicycles beside it), a turn across
    walkers, and the second half of a left turn in two steps: there the road user yields by the
    rules of the road and not by the signal.
    """
    kinds = {first.link.kind, second.link.kind}
    turns = {first.link.turn, second.link.turn}
    is_second_step = first.from_edge.startswith(":") or second.from_edge.startswith(":")
    return (
        first.to_edge == second.to_edge
        or first.from_edge == second.from_edge
        or (kinds == {LinkKind.VEHICLE, LinkKind.CROSSING} and "through" not in turns)
        or (kinds == {LinkKind.VEHICLE} and is_second_step)
    )


def _accepted(names: tuple[str, str], links: tuple[LinkPath, LinkPath], place: _Place) -> str:
    first, second = links
    meet = "merge" if first.to_edge == second.to_edge else "cross"
    who = f"groups {names[0]} and {names[1]}" if names[0] != names[1] else f"links of {names[0]}"
    return (
        f"{who} are both protected in program {place.program.program} phase {place.number} while "
        f"link {_described(first)} and link {_described(second)} {meet}; accepted as found"
    )


def _described(path: LinkPath) -> str:
    return f"{path.link.index} ({path.from_edge} to {path.to_edge})"
