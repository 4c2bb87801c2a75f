"""From a pattern to the numbers of a controller: exactly, or not at all."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from citybrain.errors import InfeasibleError
from citybrain.model.actuation import ActuatedPattern
from citybrain.model.nema.controller_plan import (
    LARGEST_BYTE,
    PATTERNS,
    ControllerPlan,
    Frame,
    Split,
    SplitMode,
)
from citybrain.model.nema.decoding import StructureError, decode, local_zero_s, serve, within
from citybrain.model.nema.phases import Phase, PhaseMap
from citybrain.model.nema.witnesses import witness_of
from citybrain.model.pattern import Pattern
from citybrain.model.signals import GroupTiming
from citybrain.units import rounded_s

_WHOLE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a pattern cannot be expressed in a controller.

    Parameters
    ----------
    intersection
        Where.
    group
        Signal group at which it shows; empty where the whole intersection is meant.
    what
        Why, in words.
    at_s
        Local cycle time. [s]
    """

    intersection: str
    group: str
    what: str
    at_s: float = 0.0

    def __str__(self) -> str:
        """Say where and why, in one line."""
        who = f" group {self.group}" if self.group else ""
        return f"{self.intersection}:{who} at {self.at_s:g} s of the cycle: {self.what}"


def encode(pattern: Pattern, phase_map: PhaseMap, number: int = 1) -> ControllerPlan | Refusal:
    """Return the numbers that make a controller show exactly a pattern.

    Nothing is rounded: what is returned, decoded again, is the pattern in its canonical form.

    Parameters
    ----------
    pattern
        What is to be shown.
    phase_map
        Phases of the unit, with the times that it is set to.
    number
        Number under which the controller keeps the pattern, 1 to 253.

    Returns
    -------
    ControllerPlan or Refusal
        The numbers of the first sequence that can; else why the last one cannot.
    """
    if number not in PATTERNS:
        what = f"pattern {number} is outside {PATTERNS[0]}-{PATTERNS[-1]}"
        return Refusal(intersection=pattern.intersection, group="", what=what)
    if isinstance(pattern, ActuatedPattern):
        what = "its greens follow the traffic; these are numbers of fixed greens"
        return Refusal(intersection=pattern.intersection, group="", what=what)
    wanted = canonical(pattern)
    refusal = _without_place(wanted, phase_map) or _uneven(wanted)
    if refusal is not None:
        return refusal
    refusals = []
    for sequence in sorted(phase_map.sequences):
        found = _encoded(wanted, phase_map, sequence, number)
        if isinstance(found, ControllerPlan):
            return found
        refusals.append(found)
    return refusals[-1]


def canonical(pattern: Pattern) -> Pattern:
    """Return the one form of all patterns that show the same: neighbouring segments differ.

    Parameters
    ----------
    pattern
        Any pattern; a red clearance stays with the window that ends where it did.
    """
    return replace(pattern, groups=tuple(_joined(t, pattern.cycle_s) for t in pattern.groups))


def _joined(timing: GroupTiming, cycle_s: float) -> GroupTiming:
    joined = GroupTiming.from_runs(timing.group, timing.runs(cycle_s), cycle_s)
    promised_s = {within(w.end_s, cycle_s): w.red_clearance_s for w in timing.windows}
    windows = (
        replace(window, red_clearance_s=promised_s.get(within(window.end_s, cycle_s), 0.0))
        for window in joined.windows
    )
    return replace(joined, windows=tuple(windows))


def _without_place(pattern: Pattern, phase_map: PhaseMap) -> Refusal | None:
    driven = [output.group for output in phase_map.outputs]
    shown = [timing.group for timing in pattern.groups]
    for group in shown:
        if group not in driven:
            what = "no phase of the controller drives it"
            return Refusal(intersection=pattern.intersection, group=group, what=what)
    for group in driven:
        if group not in shown:
            what = "the pattern does not say what it shows"
            return Refusal(intersection=pattern.intersection, group=group, what=what)
    if shown != driven:
        what = f"groups come in the order {shown}, the phase map has {driven}"
        return Refusal(intersection=pattern.intersection, group=shown[0], what=what)
    return None


def _uneven(pattern: Pattern) -> Refusal | None:
    cycle_s = pattern.cycle_s
    if _is_whole(cycle_s) and cycle_s <= LARGEST_BYTE:
        return None
    what = f"the cycle is {cycle_s:g} s; a controller keeps whole seconds up to {LARGEST_BYTE}"
    return Refusal(intersection=pattern.intersection, group="", what=what)


def _encoded(
    pattern: Pattern, phase_map: PhaseMap, sequence: int, number: int
) -> ControllerPlan | Refusal:
    try:
        plan = _plan(pattern, phase_map, sequence, number)
        found = decode(plan, phase_map) if isinstance(plan, ControllerPlan) else None
    except StructureError as error:
        group = _group_of(error.phase, phase_map)
        return Refusal(intersection=pattern.intersection, group=group, what=str(error))
    except InfeasibleError as error:
        return Refusal(intersection=pattern.intersection, group="", what=str(error))
    if isinstance(plan, Refusal) or found is None:
        return plan
    return next(_differences(pattern, found), plan)


def _plan(
    pattern: Pattern, phase_map: PhaseMap, sequence: int, number: int
) -> ControllerPlan | Refusal:
    splits = []
    starts_s: dict[int, float] = {}
    for phase in sorted(phase_map.phases, key=lambda each: each.number):
        split = _split(phase, pattern, phase_map, starts_s)
        if isinstance(split, Refusal):
            return split
        splits.append(split)
    plan = ControllerPlan(
        number=number,
        cycle_s=round(pattern.cycle_s),
        offset_s=0,
        splits=tuple(splits),
        sequence=sequence,
        frame=_frame(pattern, 0.0),
    )
    services = {each.phase: each for each in serve(plan, phase_map)}
    zero_at_s = local_zero_s(services, phase_map)
    first = next(
        n for n in phase_map.coordinated if n in services and services[n].start_s == zero_at_s
    )
    offset_s = within(pattern.offset_s + starts_s[first], pattern.cycle_s)
    if not _is_whole(offset_s):
        return Refusal(
            intersection=pattern.intersection,
            group=_group_of(first, phase_map),
            what=f"its green would need an offset of {offset_s:g} s; a controller keeps whole "
            "seconds",
            at_s=starts_s[first],
        )
    return replace(plan, offset_s=round(offset_s), frame=_frame(pattern, starts_s[first]))


def _split(
    phase: Phase, pattern: Pattern, phase_map: PhaseMap, starts_s: dict[int, float]
) -> Split | Refusal:
    """Return the split of a phase, and note when its green begins."""
    group, greens = witness_of(phase, pattern, phase_map)
    if not greens:
        return Split(phase=phase.number, split_s=0, mode=SplitMode.OMITTED)
    start_s, duration_s, _ = greens[0]

    def refused(what: str, at_s: float = start_s) -> Refusal:
        return Refusal(intersection=pattern.intersection, group=group, what=what, at_s=at_s)

    if len(greens) > 1:
        what = f"phase {phase.number} is green once in a cycle, the group {len(greens)} times"
        return refused(what, greens[1].start_s)
    split_s = rounded_s(duration_s + phase.clearance_s)
    if not _is_whole(split_s) or split_s > LARGEST_BYTE:
        return refused(
            f"phase {phase.number} would need a split of {split_s:g} s; a controller keeps whole "
            f"seconds up to {LARGEST_BYTE}"
        )
    if duration_s < phase.least_green_s:
        return refused(
            f"phase {phase.number} is set to at least {phase.least_green_s} s of green, the "
            f"group shows {duration_s:g} s"
        )
    starts_s[phase.number] = start_s
    return Split(
        phase=phase.number,
        split_s=round(split_s),
        mode=mode_of(phase, phase_map),
        is_coordinated=phase.number in phase_map.coordinated,
    )


def mode_of(phase: Phase, phase_map: PhaseMap) -> SplitMode:
    """Return how a plan of fixed times calls a phase: to its maximum, with its walk if any."""
    walks = any(output.is_walk and phase.number in output.phases for output in phase_map.outputs)
    return SplitMode.MAXIMUM_AND_PEDESTRIAN_RECALL if walks else SplitMode.MAXIMUM_RECALL


def _frame(pattern: Pattern, zero_s: float) -> Frame:
    promised = {
        timing.group: tuple(window.red_clearance_s for window in timing.windows)
        for timing in pattern.groups
        if any(window.red_clearance_s for window in timing.windows)
    }
    return Frame(
        intersection=pattern.intersection,
        program=pattern.program,
        zero_s=zero_s,
        red_clearances_s=promised,
    )


def _differences(wanted: Pattern, found: Pattern) -> Iterator[Refusal]:
    """Yield where two canonical patterns of the same groups differ."""
    if wanted == found:
        return
    for one, other in zip(wanted.groups, found.groups, strict=True):
        if one != other:
            at_s, asked, shown = _first_difference(one, other, wanted.cycle_s)
            what = f"the pattern shows '{asked}', rings and phases would show '{shown}'"
            yield Refusal(intersection=wanted.intersection, group=one.group, what=what, at_s=at_s)
    what = f"offset {wanted.offset_s:g} s comes back as {found.offset_s:g} s"
    yield Refusal(intersection=wanted.intersection, group="", what=what)


def _first_difference(
    wanted: GroupTiming, found: GroupTiming, cycle_s: float
) -> tuple[float, str, str]:
    one, other = wanted.timeline(cycle_s), found.timeline(cycle_s)
    for at_s in sorted({start_s for start_s, _ in (*one, *other)}):
        asked = [aspect for start_s, aspect in one if start_s <= at_s][-1]
        shown = [aspect for start_s, aspect in other if start_s <= at_s][-1]
        if asked is not shown:
            return at_s, asked.value, shown.value
    return 0.0, "the same, with other red clearances", "the same"


def _group_of(number: int, phase_map: PhaseMap) -> str:
    driven = [output for output in phase_map.outputs if number in output.phases]
    return min(driven, key=lambda o: (o.is_walk, len(o.phases))).group if driven else ""


def _is_whole(time_s: float) -> bool:
    return abs(time_s - round(time_s)) < _WHOLE
