"""Random small intersections with a running pattern that just keeps their rules."""

from dataclasses import dataclass
from itertools import combinations, groupby

from hypothesis import settings
from hypothesis import strategies as st

from citybrain.model.aspects import Aspect
from citybrain.model.intersection import Intersection, SignalGroup
from citybrain.model.network import Network
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan
from citybrain.model.rules import longest_red_s
from citybrain.model.runs import cyclic_runs
from citybrain.model.signals import GroupTiming
from citybrain.model.successions import time_until_first_s, with_red_clearances


@dataclass(frozen=True)
class Junction:
    """An intersection and what it shows today."""

    intersection: Intersection
    pattern: Pattern


FEW = settings(max_examples=40)


def colours(pattern: Pattern) -> list[str]:
    """Return what every group shows in every second of two cycles, one letter for each."""
    return [_letters(timing, pattern) for timing in pattern.groups]


def _letters(timing: GroupTiming, pattern: Pattern) -> str:
    timeline = timing.timeline(pattern.cycle_s)
    ends_s = [*(start_s for start_s, _ in timeline[1:]), pattern.cycle_s]
    local = "".join(
        aspect.value * round(end_s - start_s)
        for (start_s, aspect), end_s in zip(timeline, ends_s, strict=True)
    )
    shift = round(pattern.offset_s)
    return 2 * (local[len(local) - shift :] + local[: len(local) - shift])


def network_of(*junctions: Junction) -> Network:
    """Return a network of nothing but signals."""
    intersections = {j.intersection.name: j.intersection for j in junctions}
    return Network(name="n", lanes={}, turns={}, movements={}, intersections=intersections)


def plan_of(*junctions: Junction) -> Plan:
    patterns = sorted((j.pattern for j in junctions), key=lambda p: p.intersection)
    return Plan(name="running", patterns=tuple(patterns))


@st.composite
def junctions(draw: st.DrawFn, name: str = "J") -> Junction:
    """Draw two to four stages; every group is green in some of them, with its own early ends."""
    stages_s = draw(st.lists(st.integers(14, 40), min_size=2, max_size=4))
    rows = [
        draw(_row(stages_s, draw(st.sampled_from(["G", "g", "Gg"]))))
        for _ in range(draw(st.integers(2, 5)))
    ]
    cycle_s = float(sum(stages_s))
    shift = draw(st.integers(0, sum(stages_s) - 1))
    groups = tuple(
        timing(str(index), row[shift:] + row[:shift]) for index, row in enumerate(rows, start=1)
    )
    pattern = Pattern(
        intersection=name,
        program="running",
        cycle_s=cycle_s,
        offset_s=float(draw(st.integers(0, sum(stages_s) - 1))),
        groups=groups,
    )
    intersection = _intersection(pattern, draw)
    cleared = with_red_clearances(pattern, intersection.intergreens_s)
    return Junction(intersection, cleared)


@st.composite
def _row(draw: st.DrawFn, stages_s: list[int], kind: str) -> str:
    """Draw what a group shows in every second of the cycle."""
    count = len(stages_s)
    served = draw(st.sets(st.integers(0, count - 1), min_size=1, max_size=count - 1))
    late, early = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    yellow, red_amber, clear = (
        draw(st.sampled_from([0, 3, 5])),
        draw(st.integers(0, 2)),
        draw(st.integers(7, 9)),
    )
    row = "".join(("G" if stage in served else "r") * stages_s[stage] for stage in range(count))
    turned = row.index("r")
    runs = [(a, len(list(part))) for a, part in groupby(row[turned:] + row[:turned])]
    shown = ""
    for index, (letter, length) in enumerate(runs):
        if letter == "r":
            is_last = index + 1 == len(runs)
            shown += "r" * (length - red_amber) + ("r" if is_last else "u") * red_amber
            continue
        green = length - late - early - clear
        first = green // 2 if kind == "Gg" else green
        letters = kind[0] * first + kind[-1] * (green - first)
        rest = "y" * yellow + "r" * (clear + early - yellow)
        shown += letters[:1] * late + letters + rest
    back = len(row) - turned
    return shown[back:] + shown[:back]


def timing(group: str, row: str) -> GroupTiming:
    """Return a timing from one letter for each second of the cycle."""
    letters = [Aspect(letter) for letter in row]
    changes = [
        (float(at), a) for at, a in enumerate(letters) if at == 0 or letters[at - 1] is not a
    ]
    return GroupTiming.from_runs(group, cyclic_runs(changes, float(len(row))), float(len(row)))


def _intersection(pattern: Pattern, draw: st.DrawFn) -> Intersection:
    cycle_s = pattern.cycle_s
    greens = {timing.group: timing.greens(cycle_s) for timing in pattern.groups}
    shown = dict(zip(greens, colours(pattern), strict=True))
    pairs = list(combinations(greens, 2))
    conflicts = [p for p in pairs if not _together(shown[p[0]], shown[p[1]], "Gg")]
    yielding = [
        p for p in pairs if p not in conflicts and not _together(shown[p[0]], shown[p[1]], "G")
    ]
    intergreens_s = {}
    for ending, starting in [*conflicts, *(p[::-1] for p in conflicts)]:
        starts_s = [green.start_s for green in greens[starting]]
        shortest_s = min(time_until_first_s(g.end_s, starts_s, cycle_s) for g in greens[ending])
        intergreens_s[ending, starting] = min(shortest_s, draw(st.integers(3, 9)))
    slack = st.integers(0, 5)
    return Intersection(
        name=pattern.intersection,
        groups=tuple(
            SignalGroup(
                name=group,
                indices=(index,),
                is_pedestrian=False,
                minimum_green_s=max(1.0, min(g.duration_s for g in shown_greens) - draw(slack)),
            )
            for index, (group, shown_greens) in enumerate(greens.items())
        ),
        links=(),
        conflicts=frozenset(conflicts),
        yielding=frozenset(yielding),
        intergreens_s=intergreens_s,
        yellows_s={group: min(g.yellow_s for g in gs) for group, gs in greens.items()},
        red_ambers_s={group: min(g.red_amber_s for g in gs) for group, gs in greens.items()},
        maximum_reds_s={
            group: longest_red_s(gs, cycle_s) + 4 * draw(slack) for group, gs in greens.items()
        },
        minimum_cycle_s=min(30.0, cycle_s),
        maximum_cycle_s=180.0,
    )


def _together(one: str, other: str, letters: str) -> bool:
    return any(a in letters and b in letters for a, b in zip(one, other, strict=True))
