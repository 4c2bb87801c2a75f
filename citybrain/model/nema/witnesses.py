"""Which signal group tells when a phase is green: the times of a phase, read off a pattern."""

from collections.abc import Iterator, Sequence

from citybrain.model.aspects import Aspect
from citybrain.model.nema.decoding import StructureError
from citybrain.model.nema.phases import Output, Phase, PhaseMap
from citybrain.model.pattern import Pattern
from citybrain.model.runs import Run
from citybrain.units import rounded_s


def witness_of(phase: Phase, pattern: Pattern, phase_map: PhaseMap) -> tuple[str, tuple[Run, ...]]:
    """Return the group that tells when a phase is green, and its greens.

    Parameters
    ----------
    phase
        The phase.
    pattern
        What is shown.
    phase_map
        What the groups follow.

    Returns
    -------
    tuple
        A vehicle group of this phase alone, else one that only this phase protects.

    Raises
    ------
    StructureError
        No group tells.
    """
    driven = [o for o in phase_map.outputs if phase.number in o.phases and not o.is_walk]
    for output in sorted(driven, key=lambda o: len(o.phases)):
        timing = pattern.timing(output.group)
        if len(output.phases) == 1:
            greens = timing.greens(pattern.cycle_s)
            return output.group, tuple(
                Run(g.start_s, g.duration_s, output.phases[phase.number]) for g in greens
            )
        protecting = [n for n, aspect in output.phases.items() if aspect is Aspect.PROTECTED]
        if protecting == [phase.number]:
            return output.group, tuple(
                _protected_greens(phase, timing.runs(pattern.cycle_s), output, phase_map)
            )
    raise StructureError(phase.number, "drives no signal group that tells when it is green")


def _protected_greens(
    phase: Phase, runs: Sequence[Run], output: Output, phase_map: PhaseMap
) -> Iterator[Run]:
    """Yield when a group is protected, without a clearance through which it is held."""
    may_be_held = any(phase_map.share_ring(phase.number, n) for n in output.phases)
    for run, following in zip(runs, (*runs[1:], *runs[:1]), strict=True):
        if run.aspect is Aspect.PROTECTED:
            is_held = may_be_held and following.aspect is Aspect.PERMISSIVE
            held_s = phase.clearance_s if is_held else 0.0
            yield run._replace(duration_s=rounded_s(run.duration_s - held_s))
