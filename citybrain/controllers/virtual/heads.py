"""What the signal heads show: colours of signal groups, from what the phases show."""

from collections.abc import Sequence

from citybrain.controllers.virtual.machine import SignalMachine
from citybrain.controllers.virtual.rings import Interval, Ring, Walking
from citybrain.model.aspects import Aspect
from citybrain.model.nema.phases import Output

FLASH = "o"
"""Blinking yellow, as SUMO writes it."""


def colours(machine: SignalMachine, outputs: Sequence[Output]) -> dict[str, str]:
    """Return the colour of each signal group, as a letter of `citybrain.model.aspects`.

    Parameters
    ----------
    machine
        The machine that times the phases.
    outputs
        What each signal group follows; several phases make an overlap, which stays green through
        the clearance between two of them.
    """
    if machine.is_flashing:
        return {output.group: FLASH for output in outputs}
    return {output.group: _colour(machine.rings, output).value for output in outputs}


def _colour(rings: Sequence[Ring], output: Output) -> Aspect:
    shown = {_aspect(ring, output) for ring in rings if ring.phase in output.phases}
    strength = (Aspect.PROTECTED, Aspect.PERMISSIVE, Aspect.YELLOW)
    return next((aspect for aspect in strength if aspect in shown), Aspect.RED)


def _aspect(ring: Ring, output: Output) -> Aspect:
    if output.is_walk:
        return output.phases[ring.phase] if ring.walking is Walking.WALK else Aspect.RED
    is_held = (ring.next_phase or ring.across) in output.phases
    if ring.interval is Interval.GREEN or is_held:
        return output.phases[ring.phase]
    return Aspect.YELLOW if ring.interval is Interval.YELLOW else Aspect.RED
