"""What a virtual unit shows second by second is what the view of its plan says it shows."""

from hypothesis import Phase as HypothesisPhase
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from citybrain.controllers.ntcip.states import SplitMode as WireSplitMode
from citybrain.controllers.virtual.coord_pattern import CoordPattern, Split
from citybrain.controllers.virtual.heads import colours
from citybrain.controllers.virtual.layout import CannotRunError, lay_out
from citybrain.controllers.virtual.machine import SignalMachine
from citybrain.controllers.virtual.timing import PhaseOption, PhaseTiming, SignalSettings
from citybrain.model.nema.controller_plan import ControllerPlan
from citybrain.model.nema.decoding import decode
from citybrain.model.nema.phases import PhaseMap
from citybrain.model.pattern import Pattern
from tests.model.nema.units import eight_phases, runnable, tee


def machine_of(plan: ControllerPlan, phase_map: PhaseMap) -> SignalMachine:
    phases = tuple(
        PhaseTiming(
            number=one.number,
            minimum_green_ds=one.minimum_green_s * 10,
            maximum_green_ds=600,
            passage_ds=30,
            yellow_ds=round(one.yellow_s * 10),
            red_clear_ds=round(one.red_clearance_s * 10),
            walk_ds=one.walk_s * 10,
            pedestrian_clear_ds=one.pedestrian_clearance_s * 10,
            options=PhaseOption.ENABLED
            | (PhaseOption.REST_IN_WALK if one.rests_in_walk else PhaseOption(0)),
        )
        for one in phase_map.phases
    )
    unit = SignalSettings(phases=phases, groups=phase_map.sequences[plan.sequence])
    splits = {
        each.phase: Split(
            time_s=each.split_s,
            mode=WireSplitMode(int(each.mode)),
            is_coordinated=each.is_coordinated,
        )
        for each in plan.splits
    }
    pattern = CoordPattern(
        number=plan.number, cycle_s=plan.cycle_s, offset_s=plan.offset_s, splits=splits
    )
    machine = SignalMachine(unit)
    machine.run_pattern(lay_out(unit, pattern))
    return machine


def shown_by(pattern: Pattern, master_ds: int) -> dict[str, str]:
    cycle_ds = round(pattern.cycle_s * 10)
    local_s = (master_ds - round(pattern.offset_s * 10)) % cycle_ds / 10
    return {
        timing.group: [a for at_s, a in timing.timeline(pattern.cycle_s) if at_s <= local_s][-1]
        for timing in pattern.groups
    }


@settings(
    max_examples=8,
    phases=[HypothesisPhase.explicit, HypothesisPhase.reuse, HypothesisPhase.generate],
)
@given(data=st.data())
def test_the_machine_shows_the_pattern_that_the_view_decodes(data: st.DataObject) -> None:
    phase_map = data.draw(st.sampled_from([eight_phases(), tee()]))
    plan = data.draw(runnable(phase_map))
    pattern = decode(plan, phase_map)
    try:
        machine = machine_of(plan, phase_map)
    except CannotRunError as error:
        if "do not overlap" not in str(error):
            raise
        reject()
    now_ds = 0
    cycle_ds = plan.cycle_s * 10
    while now_ds < 14 * cycle_ds:
        now_ds += 1
        machine.tick(now_ds)
        if machine.coordinator and machine.coordinator.is_in_step and now_ds % cycle_ds == 0:
            break
    for _ in range(2 * cycle_ds):
        now_ds += 1
        machine.tick(now_ds)
    for _ in range(cycle_ds):
        now_ds += 1
        machine.tick(now_ds)
        expected = {group: aspect.value for group, aspect in shown_by(pattern, now_ds).items()}
        assert colours(machine, phase_map.outputs) == expected, now_ds
