"""What a plan means to each unit: patterns as NEMA phases and splits, never rounded."""

from citybrain.errors import UnsafePlanError
from citybrain.model.nema.controller_plan import ControllerPlan
from citybrain.model.nema.encoding import Refusal, encode
from citybrain.model.nema.phases import PhaseMap
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan
from citybrain.ports.controllers import PhaseSafety, PhaseSplit, UnitPlan
from citybrain.second_opinion import Ground, Numbers, judge_unit, patterns_of
from citybrain.store.plans import plan_text


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


def check_unit_plan(pattern: Pattern, told: UnitPlan, phase_map: PhaseMap, ground: Ground) -> None:
    """Have the second checker paint what a unit would show, and compare with what was proven.

    Parameters
    ----------
    pattern
        What was proven.
    told
        What is to be written.
    phase_map
        Phases of the unit.
    ground
        The intersection, as the second checker has read it by itself.

    Raises
    ------
    UnsafePlanError
        Some group would show another colour at some second.
    """
    (table,) = patterns_of(plan_text(Plan(name="unit", patterns=(pattern,))))
    numbers = Numbers(
        cycle_s=told.cycle_s,
        offset_s=told.offset_s,
        splits_s={split.phase: split.split_s for split in told.splits},
        sequence=next((n for n in phase_map.sequences if phase_map.rings(n) == told.rings), 0),
    )
    found = judge_unit(table, numbers, ground)
    if found:
        msg = f"what is to be written is not what was proven: {found[0]}"
        raise UnsafePlanError(msg)


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
