"""What a plan means to each unit: patterns as NEMA phases and splits, never rounded."""

from citybrain.errors import UnsafePlanError
from citybrain.model.nema.controller_plan import ControllerPlan
from citybrain.model.nema.encoding import Refusal, encode
from citybrain.model.nema.phases import PhaseMap
from citybrain.model.pattern import Pattern
from citybrain.ports.controllers import PhaseSafety, PhaseSplit, UnitPlan


def unit_plan(pattern: Pattern, phase_map: PhaseMap, number: int) -> UnitPlan:
    """Return what a unit is to hold, so that it shows exactly a pattern.

    Parameters
    ----------
    pattern
        What was proven.
    phase_map
        Phases, rings and barriers of its unit.
    number
        Number under which the unit keeps the pattern.

    Raises
    ------
    UnsafePlanError
        The unit cannot show the pattern as it was proven; names the group and why.
    """
    encoded = encode(pattern, phase_map, number)
    if isinstance(encoded, Refusal):
        group = f" group {encoded.group}" if encoded.group else ""
        msg = f"{encoded.intersection}{group}: its unit cannot show this plan: {encoded.what}"
        raise UnsafePlanError(msg)
    return _unit_plan(encoded, phase_map)


def _unit_plan(encoded: ControllerPlan, phase_map: PhaseMap) -> UnitPlan:
    served = [split for split in encoded.splits if split.split_s]
    return UnitPlan(
        pattern=encoded.number,
        cycle_s=encoded.cycle_s,
        offset_s=encoded.offset_s,
        splits=tuple(PhaseSplit(phase=split.phase, split_s=split.split_s) for split in served),
        safety=tuple(
            PhaseSafety(
                phase=phase.number,
                minimum_green_s=phase.minimum_green_s,
                walk_s=phase.walk_s,
                pedestrian_clear_s=phase.pedestrian_clearance_s,
                yellow_s=phase.yellow_s,
                red_clear_s=phase.red_clearance_s,
            )
            for phase in phase_map.phases
        ),
        rings=phase_map.rings(encoded.sequence),
        coordinated=encoded.coordinated,
    )
