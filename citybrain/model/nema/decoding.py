"""From the numbers of a controller to the pattern that they make it show."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from citybrain.errors import InfeasibleError
from citybrain.model.aspects import Aspect
from citybrain.model.nema.controller_plan import ControllerPlan
from citybrain.model.nema.phases import Output, PhaseMap, RingOrder
from citybrain.model.pattern import Pattern
from citybrain.model.runs import cyclic_runs
from citybrain.model.signals import GroupTiming
from citybrain.units import RESOLUTION_S, rounded_s


class StructureError(InfeasibleError):
    """Splits that the rings cannot run.

    Parameters
    ----------
    phase
        Phase at which it shows.
    what
        Why, in words.
    """

    def __init__(self, phase: int, what: str) -> None:
        super().__init__(f"phase {phase}: {what}")
        self.phase = phase
        self.what = what


class Service(NamedTuple):
    """When a phase is green, counted from the first barrier, and which follows [s]."""

    phase: int
    start_s: float
    end_s: float
    next_phase: int
    next_start_s: float


class _Painted(NamedTuple):
    start_s: float
    end_s: float
    aspect: Aspect


def decode(plan: ControllerPlan, phase_map: PhaseMap) -> Pattern:
    """Return what a controller shows, in the local time of the plan's frame.

    Parameters
    ----------
    plan
        Numbers as they are written to, or read from, the controller.
    phase_map
        Phases of the unit, with the times that it is set to.

    Returns
    -------
    Pattern
        One timing for each output of the map, in its order; neighbouring segments differ.

    Raises
    ------
    StructureError
        The splits do not fill the cycle, miss a barrier, or are too short for their clearances.
    InfeasibleError
        The controller has no such sequence, or the offset is not below the cycle.
    """
    services = {each.phase: each for each in serve(plan, phase_map)}
    shift_s = plan.frame.zero_s - local_zero_s(services, phase_map)
    timings = []
    for output in phase_map.outputs:
        timing = _timing(output, phase_map, services, (plan.cycle_s, shift_s))
        promised = plan.frame.red_clearances_s.get(output.group)
        timings.append(_promised(timing, promised) if promised else timing)
    return Pattern(
        intersection=plan.frame.intersection,
        program=plan.frame.program,
        cycle_s=float(plan.cycle_s),
        offset_s=within(plan.offset_s - plan.frame.zero_s, plan.cycle_s),
        groups=tuple(timings),
    )


def serve(plan: ControllerPlan, phase_map: PhaseMap) -> Iterator[Service]:
    """Yield the green of every phase that is served, counted from the first barrier [s].

    Raises
    ------
    StructureError
        See `decode`.
    InfeasibleError
        The controller has no such sequence.
    """
    if plan.sequence not in phase_map.sequences:
        msg = f"sequence {plan.sequence} is none of {sorted(phase_map.sequences)}"
        raise InfeasibleError(msg)
    starts_s = _starts_s(plan, phase_map.sequences[plan.sequence])
    for ring in phase_map.rings(plan.sequence):
        served = [number for number in ring if number in starts_s]
        for number, following in zip(served, [*served[1:], *served[:1]], strict=True):
            start_s = starts_s[number]
            wraps = starts_s[following] <= start_s
            green_s = rounded_s(plan.split_s[number] - phase_map.phase(number).clearance_s)
            if green_s < RESOLUTION_S:
                what = f"a split of {plan.split_s[number]} s leaves no green"
                raise StructureError(number, what)
            yield Service(
                phase=number,
                start_s=start_s,
                end_s=rounded_s(start_s + green_s),
                next_phase=following,
                next_start_s=starts_s[following] + (plan.cycle_s if wraps else 0),
            )


def local_zero_s(services: Mapping[int, Service], phase_map: PhaseMap) -> float:
    """Return the begin of the first coordinated green, counted from the first barrier [s].

    Raises
    ------
    StructureError
        Every coordinated phase is left out.
    """
    starts_s = [services[n].start_s for n in phase_map.coordinated if n in services]
    if not starts_s:
        raise StructureError(phase_map.coordinated[0], "is coordinated and left out")
    return min(starts_s)


def within(time_s: float, cycle_s: float) -> float:
    """Return a time brought into [0, cycle) and free of binary dust [s]."""
    return rounded_s(time_s % cycle_s) % cycle_s


def _starts_s(plan: ControllerPlan, stretches: Sequence[RingOrder]) -> dict[int, float]:
    splits_s = plan.split_s
    starts_s: dict[int, float] = {}
    barrier_s = 0
    for stretch in stretches:
        ends_s: dict[int, int] = {}
        for ring in stretch:
            at_s = barrier_s
            for number in ring:
                if splits_s.get(number, 0):
                    starts_s[number] = float(at_s)
                    at_s += splits_s[number]
                    ends_s[number] = at_s
        last = [_last_served(ring, splits_s) for ring in stretch]
        lengths = {number: ends_s[number] - barrier_s for number in last if number}
        if len(set(lengths.values())) > 1:
            number = min(lengths, key=lengths.__getitem__)
            what = (
                f"its ring reaches the barrier after {lengths[number]} s, another after "
                f"{max(lengths.values())} s"
            )
            raise StructureError(number, what)
        barrier_s += max(lengths.values(), default=0)
    if barrier_s != plan.cycle_s:
        what = f"splits add up to {barrier_s} s, the cycle is {plan.cycle_s} s"
        raise StructureError(plan.splits[0].phase, what)
    return starts_s


def _last_served(ring: Sequence[int], splits_s: Mapping[int, int]) -> int:
    return next((number for number in reversed(ring) if splits_s.get(number, 0)), 0)


def _timing(
    output: Output,
    phase_map: PhaseMap,
    services: Mapping[int, Service],
    time: tuple[int, float],
) -> GroupTiming:
    cycle_s, shift_s = time
    paint = [
        painted._replace(start_s=painted.start_s + shift_s, end_s=painted.end_s + shift_s)
        for number in output.phases
        if number in services
        for painted in _painted(output, phase_map, services[number])
    ]
    cuts_s = sorted({0.0, *(within(at, cycle_s) for p in paint for at in (p.start_s, p.end_s))})
    colours = [(at_s, _colour(paint, at_s, cycle_s)) for at_s in cuts_s]
    return GroupTiming.from_runs(output.group, cyclic_runs(colours, cycle_s), cycle_s)


def _painted(output: Output, phase_map: PhaseMap, service: Service) -> Iterator[_Painted]:
    phase = phase_map.phase(service.phase)
    aspect = output.phases[service.phase]
    if output.is_walk:
        rest_s = service.end_s - phase.pedestrian_clearance_s
        end_s = rest_s if phase.rests_in_walk else service.start_s + phase.walk_s
        if end_s < service.start_s + RESOLUTION_S:
            raise StructureError(service.phase, f"leaves no walk for group {output.group}")
        yield _Painted(service.start_s, end_s, aspect)
        return
    is_held = service.next_phase in output.phases and service.next_phase != service.phase
    follows = rounded_s(service.end_s + phase.clearance_s) == rounded_s(service.next_start_s)
    if is_held and follows:
        yield _Painted(service.start_s, service.next_start_s, aspect)
        return
    yield _Painted(service.start_s, service.end_s, aspect)
    if phase.yellow_s:
        yield _Painted(service.end_s, service.end_s + phase.yellow_s, Aspect.YELLOW)


_STRENGTH = (Aspect.PROTECTED, Aspect.PERMISSIVE, Aspect.YELLOW)


def _colour(paint: Sequence[_Painted], at_s: float, cycle_s: int) -> Aspect:
    shown = {
        painted.aspect
        for painted in paint
        if within(at_s - painted.start_s, cycle_s)
        < painted.end_s - painted.start_s - RESOLUTION_S / 2
    }
    return next((aspect for aspect in _STRENGTH if aspect in shown), Aspect.RED)


def _promised(timing: GroupTiming, promised_s: Sequence[float]) -> GroupTiming:
    if len(promised_s) != len(timing.windows):
        msg = (
            f"group {timing.group}: {len(promised_s)} red clearances for {len(timing.windows)} "
            "windows"
        )
        raise InfeasibleError(msg)
    windows = (
        replace(window, red_clearance_s=red_s)
        for window, red_s in zip(timing.windows, promised_s, strict=True)
    )
    return replace(timing, windows=tuple(windows))
