"""The pattern nearest to a wanted one that a controller can run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from citybrain.errors import InfeasibleError
from citybrain.model.nema.controller_plan import (
    LARGEST_BYTE,
    ControllerPlan,
    Frame,
    Split,
    SplitMode,
)
from citybrain.model.nema.decoding import decode, local_zero_s, serve, within
from citybrain.model.nema.encoding import Refusal, canonical, encode, mode_of
from citybrain.model.nema.phases import Phase, PhaseMap, RingOrder
from citybrain.model.nema.witnesses import witness_of
from citybrain.model.pattern import Pattern
from citybrain.units import rounded_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """A proposal; nothing that was proven of the wanted pattern holds for it.

    Parameters
    ----------
    plan
        Numbers for the controller.
    pattern
        What they show: rules and proof must see it anew.
    moved_s
        Begins and lengths of greens that differ from what was wanted, summed. [s]
    changes
        What differs, one line for each phase.
    """

    plan: ControllerPlan
    pattern: Pattern
    moved_s: float
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a unit shows of a wanted pattern.

    Parameters
    ----------
    pattern
        The wanted one as the unit's numbers show it, or the nearest that they can.
    refusal
        Why the wanted one cannot be shown; none if it can.
    changes
        What differs then, one line for each phase.
    """

    pattern: Pattern
    refusal: Refusal | None = None
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Wish:
    """When a phase was to be green [s]."""

    start_s: float
    green_s: float


def shown_by_unit(pattern: Pattern, phase_map: PhaseMap) -> Shown:
    """Return a pattern as its unit shows it; where it cannot, the nearest that it can.

    Parameters
    ----------
    pattern
        What is wanted.
    phase_map
        Phases, rings and barriers of the unit.

    Raises
    ------
    InfeasibleError
        The unit's minimums fit no cycle, or no group tells when a phase is green.
    """
    encoded = encode(pattern, phase_map)
    if not isinstance(encoded, Refusal):
        return Shown(pattern=decode(encoded, phase_map))
    try:
        proposed = nearest(pattern, phase_map)
    except InfeasibleError as error:
        msg = f"{pattern.intersection}: its unit cannot show anything like the plan: {error}"
        raise InfeasibleError(msg) from None
    return Shown(pattern=proposed.pattern, refusal=encoded, changes=proposed.changes)


def nearest(pattern: Pattern, phase_map: PhaseMap, number: int = 1) -> Nearest:
    """Return the pattern of whole splits that is nearest to a wanted one.

    Every phase keeps its minimums; splits fill the cycle between each pair of barriers by the
    largest remainder; the sequence whose greens move least is taken.

    Parameters
    ----------
    pattern
        What was wanted.
    phase_map
        Phases of the unit.
    number
        Number under which the controller keeps the pattern.

    Raises
    ------
    InfeasibleError
        The minimums do not fit any cycle that the controller keeps, or no group tells when a
        phase is green.
    """
    wanted = canonical(pattern)
    wishes = _wishes(wanted, phase_map)
    found = [
        _proposed(wanted, phase_map, (sequence, number), wishes)
        for sequence in sorted(phase_map.sequences)
    ]
    return min(found, key=lambda each: each.moved_s)


def apportioned(wanted_s: Sequence[float], least_s: Sequence[int], total_s: int) -> list[int]:
    """Return whole seconds that add up to a total, each at least its least, near what is wanted.

    Parameters
    ----------
    wanted_s, least_s
        What is wanted, and the least, of each part. [s]
    total_s
        What the parts add up to. [s]

    Raises
    ------
    InfeasibleError
        The least alone is more than the total.
    """
    if sum(least_s) > total_s:
        msg = f"minimums take {sum(least_s)} s, there are {total_s} s"
        raise InfeasibleError(msg)
    if not wanted_s:
        return []
    parts = [max(least, int(want)) for want, least in zip(wanted_s, least_s, strict=True)]
    while sum(parts) < total_s:
        parts[_most([want - part for want, part in zip(wanted_s, parts, strict=True)])] += 1
    while sum(parts) > total_s:
        excess = [
            part - want if part > least else -inf
            for want, part, least in zip(wanted_s, parts, least_s, strict=True)
        ]
        parts[_most(excess)] -= 1
    return parts


def _most(values: Sequence[float]) -> int:
    return max(range(len(values)), key=values.__getitem__)


def _wishes(pattern: Pattern, phase_map: PhaseMap) -> dict[int, _Wish]:
    """Return when each phase was to be green: its longest green; nothing for one left out."""
    wishes = {}
    for phase in phase_map.phases:
        _, greens = witness_of(phase, pattern, phase_map)
        if greens:
            longest = max(greens, key=lambda run: run.duration_s)
            wishes[phase.number] = _Wish(longest.start_s, longest.duration_s)
    return wishes


def _proposed(
    pattern: Pattern, phase_map: PhaseMap, name: tuple[int, int], wishes: Mapping[int, _Wish]
) -> Nearest:
    sequence, number = name
    splits_s = _splits_s(pattern, phase_map, sequence, wishes)
    plan = ControllerPlan(
        number=number,
        cycle_s=_cycle_s(pattern, phase_map, sequence, wishes),
        offset_s=0,
        splits=tuple(
            _split(phase, phase_map, splits_s)
            for phase in sorted(phase_map.phases, key=lambda each: each.number)
        ),
        sequence=sequence,
        frame=Frame(intersection=pattern.intersection, program=pattern.program),
    )
    return _placed(plan, pattern, phase_map, wishes)


def _placed(
    plan: ControllerPlan, pattern: Pattern, phase_map: PhaseMap, wishes: Mapping[int, _Wish]
) -> Nearest:
    """Choose the offset, in whole seconds, and tell what moved."""
    services = {each.phase: each for each in serve(plan, phase_map)}
    zero_at_s = local_zero_s(services, phase_map)
    first = next(n for n in services if services[n].start_s == zero_at_s)
    wish_s = wishes[first].start_s if first in wishes else 0.0
    offset_s = round(pattern.offset_s + wish_s) % plan.cycle_s
    zero_s = within(offset_s - pattern.offset_s, plan.cycle_s)
    frame = Frame(intersection=pattern.intersection, program=pattern.program, zero_s=zero_s)
    placed = ControllerPlan(
        number=plan.number,
        cycle_s=plan.cycle_s,
        offset_s=offset_s,
        splits=plan.splits,
        sequence=plan.sequence,
        frame=frame,
    )
    moved_s, changes = 0.0, []
    for phase, wish in sorted(wishes.items()):
        service = services[phase]
        start_s = within(service.start_s - zero_at_s + zero_s, plan.cycle_s)
        green_s = rounded_s(service.end_s - service.start_s)
        later_s = abs(start_s - wish.start_s)
        apart_s = rounded_s(min(later_s, abs(plan.cycle_s - later_s)) + abs(green_s - wish.green_s))
        moved_s += apart_s
        if apart_s:
            changes.append(
                f"phase {phase}: green {wish.green_s:g} s from {wish.start_s:g} s becomes "
                f"{green_s:g} s from {start_s:g} s"
            )
    return Nearest(
        plan=placed,
        pattern=decode(placed, phase_map),
        moved_s=rounded_s(moved_s),
        changes=tuple(changes),
    )


def _cycle_s(
    pattern: Pattern, phase_map: PhaseMap, sequence: int, wishes: Mapping[int, _Wish]
) -> int:
    stretches = phase_map.sequences[sequence]
    least_s = sum(max(_least_s(stretch, phase_map, wishes)) for stretch in stretches)
    return min(max(round(pattern.cycle_s), least_s), LARGEST_BYTE)


def _splits_s(
    pattern: Pattern, phase_map: PhaseMap, sequence: int, wishes: Mapping[int, _Wish]
) -> dict[int, int]:
    """Return the split of every phase that is served [s]."""
    stretches = phase_map.sequences[sequence]
    lengths_s = apportioned(
        [max(_wanted_s(stretch, phase_map, wishes)) for stretch in stretches],
        [max(_least_s(stretch, phase_map, wishes)) for stretch in stretches],
        _cycle_s(pattern, phase_map, sequence, wishes),
    )
    splits_s: dict[int, int] = {}
    for stretch, length_s in zip(stretches, lengths_s, strict=True):
        for ring in stretch:
            served = [phase_map.phase(number) for number in ring if number in wishes]
            parts = apportioned(
                [wishes[phase.number].green_s + phase.clearance_s for phase in served],
                [phase.least_split_s for phase in served],
                length_s if served else 0,
            )
            splits_s |= {p.number: part for p, part in zip(served, parts, strict=True)}
    return splits_s


def _wanted_s(stretch: RingOrder, phase_map: PhaseMap, wishes: Mapping[int, _Wish]) -> list[float]:
    return [
        sum(wishes[n].green_s + phase_map.phase(n).clearance_s for n in ring if n in wishes)
        for ring in stretch
    ]


def _least_s(stretch: RingOrder, phase_map: PhaseMap, wishes: Mapping[int, _Wish]) -> list[int]:
    return [sum(phase_map.phase(n).least_split_s for n in ring if n in wishes) for ring in stretch]


def _split(phase: Phase, phase_map: PhaseMap, splits_s: Mapping[int, int]) -> Split:
    if phase.number not in splits_s:
        return Split(phase=phase.number, split_s=0, mode=SplitMode.OMITTED)
    return Split(
        phase=phase.number,
        split_s=splits_s[phase.number],
        mode=mode_of(phase, phase_map),
        is_coordinated=phase.number in phase_map.coordinated,
    )
