"""Patterns from SUMO's programs and back: the two ways across, without loss."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

from citybrain.model.actuation import ActuatedPattern, cleared_like
from citybrain.model.aspects import Aspect
from citybrain.model.network import Network
from citybrain.model.pattern import Pattern
from citybrain.model.plan import DayPlan, Plan, ProgramLibrary
from citybrain.model.runs import cyclic_runs
from citybrain.model.signals import GroupTiming
from citybrain.model.successions import with_red_clearances
from citybrain.units import rounded_s
from sim.sumo.groups import GroupIndices, signal_groups
from sim.sumo.tls_reader import Declarations, ProgramDeclaration
from sim.sumo.tls_writer import write_additional


def read_programs(declarations: Declarations, network: Network | None = None) -> ProgramLibrary:
    """Turn every program that repeats its intervals into a pattern.

    Parameters
    ----------
    declarations
        What the scenario's files declare.
    network
        Knows which groups conflict; with it, the patterns of retimable intersections tell the
        red clearance that each window has.

    Returns
    -------
    ProgramLibrary
        Patterns of the fixed and actuated programs; the active program of every signal, whatever
        it does.
    """
    patterns = {}
    for name in declarations.intersections:
        programs = declarations.patterns_of(name)
        groups = signal_groups(programs)
        intersection = network.intersections.get(name) if network else None
        for program in programs:
            pattern = pattern_of(program, groups)
            if intersection is not None:
                pattern = _cleared(pattern, intersection.intergreens_s)
            patterns[name, program.program] = pattern
    return ProgramLibrary(
        patterns=patterns, active=declarations.active, day_plans=declarations.day_plans
    )


def running_plan(library: ProgramLibrary, network: Network, name: str = "running") -> Plan:
    """Return what the retimable intersections show today.

    Parameters
    ----------
    library, network
        Read from the same files.
    name
        Name of the plan.
    """
    patterns = (
        library.patterns[intersection, library.active[intersection]]
        for intersection in sorted(network.intersections)
    )
    return Plan(name=name, patterns=tuple(patterns))


def write_programs(
    plan: Plan, network: Network, path: Path, day_plans: Sequence[DayPlan] = ()
) -> None:
    """Write a plan as an additional file; its patterns become programs with the plan's name.

    Parameters
    ----------
    plan
        Plan for intersections of the network.
    network
        Knows the positions of each signal group.
    path
        File to write, ``*.add.xml``; loaded after all other files, its programs run.
    day_plans
        Day plans that name the plan or other programs that SUMO knows.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    groups: dict[str, GroupIndices] = {
        name: {group.name: group.indices for group in intersection.groups}
        for name, intersection in network.intersections.items()
    }
    patterns = [replace(pattern, program=plan.name) for pattern in plan.patterns]
    write_additional(path, patterns, groups, day_plans)


def pattern_of(program: ProgramDeclaration, groups: GroupIndices) -> Pattern:
    """Return a program as a pattern, an actuated one with the reach of its intervals.

    Parameters
    ----------
    program
        A program that a pattern can say.
    groups
        The signal groups of its intersection.
    """
    cycle_s = program.cycle_s
    durations_s = [interval.duration_s for interval in program.intervals]
    starts_s = [rounded_s(end_s) for end_s in accumulate(durations_s[:-1], initial=0.0)]
    shown = [interval.state.ljust(_width(groups), Aspect.RED) for interval in program.intervals]
    timings = []
    for group, indices in groups.items():
        timeline = [
            (start_s, Aspect(state[indices[0]]))
            for start_s, state in zip(starts_s, shown, strict=True)
        ]
        timings.append(GroupTiming.from_runs(group, cyclic_runs(timeline, cycle_s), cycle_s))
    pattern = Pattern(
        intersection=program.intersection,
        program=program.program,
        cycle_s=cycle_s,
        offset_s=rounded_s(program.offset_s % cycle_s) % cycle_s,
        groups=tuple(timings),
    )
    if program.actuation is None:
        return pattern
    return ActuatedPattern.of(pattern, program.actuation)


def _cleared(pattern: Pattern, intergreens_s: Mapping[tuple[str, str], float]) -> Pattern:
    """Return a pattern with its red clearances, an actuated one with those at its shortest."""
    if not isinstance(pattern, ActuatedPattern):
        return with_red_clearances(pattern, intergreens_s)
    shortest = with_red_clearances(pattern.shortest(), intergreens_s)
    pairs = zip(pattern.groups, shortest.groups, strict=True)
    return replace(pattern, groups=tuple(cleared_like(timing, other) for timing, other in pairs))


def _width(groups: GroupIndices) -> int:
    return 1 + max(index for indices in groups.values() for index in indices)
