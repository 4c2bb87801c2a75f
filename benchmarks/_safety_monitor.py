"""A virtual unit runs a plan while its conflict monitor watches the colours."""

from citybrain.controllers.ntcip.states import SplitMode
from citybrain.controllers.virtual.coord_pattern import CoordPattern, Split
from citybrain.controllers.virtual.heads import colours
from citybrain.controllers.virtual.layout import CannotRunError, lay_out
from citybrain.controllers.virtual.machine import SignalMachine
from citybrain.controllers.virtual.monitor import ConflictMonitor, MonitorCard
from citybrain.controllers.virtual.timing import (
    TENTHS_PER_S,
    PhaseOption,
    PhaseTiming,
    SignalSettings,
)
from citybrain.model.nema.controller_plan import ControllerPlan
from citybrain.model.nema.decoding import decode
from citybrain.model.nema.phases import Phase, PhaseMap
from citybrain.model.pattern import Pattern
from citybrain.model.safety import SafetyData

_CYCLES = 16


def watched(plan: ControllerPlan, safety: SafetyData) -> str:
    """Run a plan until it is in step and one cycle more; return what the monitor saw.

    Parameters
    ----------
    plan
        Numbers for the unit.
    safety
        Tells its phases.

    Returns
    -------
    str
        The fault that the monitor latched, or the group that showed another colour than the
        pattern; empty if all is well, or if the unit would run Free instead.
    """
    phase_map = safety.phase_map
    if phase_map is None:
        return "no phases to run"
    settings = SignalSettings(
        phases=tuple(_timing(phase) for phase in phase_map.phases),
        groups=phase_map.sequences[plan.sequence],
    )
    try:
        machine = _machine(plan, settings)
    except CannotRunError:
        return ""
    return _run(machine, plan, phase_map)


def _run(machine: SignalMachine, plan: ControllerPlan, phase_map: PhaseMap) -> str:
    pattern = decode(plan, phase_map)
    monitor = ConflictMonitor(MonitorCard(conflicts=machine.settings.conflicts))
    cycle_ds = plan.cycle_s * TENTHS_PER_S
    compare_from_ds = 0
    for now_ds in range(1, _CYCLES * cycle_ds):
        machine.tick(now_ds)
        if monitor.watch(machine.shown):
            return f"the conflict monitor saw {monitor.tripped}"
        is_in_step = machine.coordinator is not None and machine.coordinator.is_in_step
        if not compare_from_ds and is_in_step and now_ds % cycle_ds == 0:
            compare_from_ds = now_ds + 2 * cycle_ds
        if compare_from_ds and now_ds > compare_from_ds:
            apart = _apart(machine, pattern, phase_map, now_ds)
            if apart or now_ds > compare_from_ds + cycle_ds:
                return apart
    return f"not in step after {_CYCLES} cycles"


def _apart(machine: SignalMachine, pattern: Pattern, phase_map: PhaseMap, now_ds: int) -> str:
    cycle_ds = round(pattern.cycle_s * TENTHS_PER_S)
    local_s = (now_ds - round(pattern.offset_s * TENTHS_PER_S)) % cycle_ds / TENTHS_PER_S
    shown = colours(machine, phase_map.outputs)
    for timing in pattern.groups:
        line = timing.timeline(pattern.cycle_s)
        wanted = [aspect for at_s, aspect in line if at_s <= local_s][-1].value
        if shown[timing.group] != wanted:
            seen = shown[timing.group]
            return f"group {timing.group} shows '{seen}' at {local_s:g} s, proven was '{wanted}'"
    return ""


def _machine(plan: ControllerPlan, settings: SignalSettings) -> SignalMachine:
    splits = {
        split.phase: Split(
            time_s=split.split_s,
            mode=SplitMode(int(split.mode)),
            is_coordinated=split.is_coordinated,
        )
        for split in plan.splits
    }
    pattern = CoordPattern(
        number=plan.number, cycle_s=plan.cycle_s, offset_s=plan.offset_s, splits=splits
    )
    machine = SignalMachine(settings)
    machine.run_pattern(lay_out(settings, pattern))
    return machine


def _timing(phase: Phase) -> PhaseTiming:
    rests = PhaseOption.REST_IN_WALK if phase.rests_in_walk else PhaseOption(0)
    return PhaseTiming(
        number=phase.number,
        minimum_green_ds=phase.minimum_green_s * TENTHS_PER_S,
        maximum_green_ds=600,
        passage_ds=30,
        yellow_ds=round(phase.yellow_s * TENTHS_PER_S),
        red_clear_ds=round(phase.red_clearance_s * TENTHS_PER_S),
        walk_ds=phase.walk_s * TENTHS_PER_S,
        pedestrian_clear_ds=phase.pedestrian_clearance_s * TENTHS_PER_S,
        options=PhaseOption.ENABLED | rests,
    )
