"""Laws of the signal machine: no conflict, no minimum cut, in step with the master clock."""

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from citybrain.controllers.ntcip.states import Correction, Free, SplitMode
from citybrain.controllers.virtual.coord_pattern import SyncPoint
from citybrain.controllers.virtual.layout import CannotRunError, lay_out
from citybrain.controllers.virtual.machine import SignalMachine
from citybrain.controllers.virtual.timing import PhaseOption, groups_from, mask_of
from citybrain.errors import InfeasibleError
from tests.controllers.virtual_kit import (
    LEAD_LAG,
    QUAD,
    QUAD_SPLITS_S,
    Watcher,
    pattern_of,
    patterns_for,
    run,
    settings_of,
    ticks,
    unit_settings,
)

CORRECTIONS = [c for c in Correction if c is not Correction.OTHER]
# A run of minutes cannot be shrunk in bounded time.
few = settings(max_examples=10, phases=[Phase.explicit, Phase.reuse, Phase.generate])


def in_step(machine: SignalMachine) -> bool:
    return machine.coordinator is not None and machine.coordinator.is_in_step


def test_fixed_time_greens_start_and_end_where_the_pattern_says() -> None:
    unit = settings_of()
    layout = lay_out(unit, pattern_of(QUAD_SPLITS_S, 90, 17))
    machine, watcher = SignalMachine(unit), Watcher(settings=unit)
    machine.run_pattern(layout)
    run(machine, watcher, 600)
    assert in_step(machine)
    watcher.starts_ds.clear()
    watcher.lengths_ds.clear()
    run(machine, watcher, 450)
    for phase, starts_ds in watcher.starts_ds.items():
        assert {(at - 170) % 900 for at in starts_ds} == {layout.start_ds[phase]}
        assert set(watcher.lengths_ds[phase]) == {QUAD_SPLITS_S[phase] * 10 - 50}


@few
@given(data=st.data())
def test_nothing_conflicts_and_no_minimum_is_cut_whatever_calls_come(data: st.DataObject) -> None:
    unit = data.draw(unit_settings())
    machine, watcher = SignalMachine(unit), Watcher(settings=unit)
    everyone = mask_of(unit.timings)
    for _ in range(12):
        action = data.draw(st.sampled_from(["pattern", "free", "flash", "unflash", "nothing"]))
        if action == "pattern":
            pattern = data.draw(patterns_for(unit, data.draw(st.integers(1, 9))))
            machine.run_pattern(lay_out(unit, pattern), data.draw(st.sampled_from(CORRECTIONS)))
        elif action == "free":
            machine.run_free()
        elif action == "flash":
            machine.flash(is_urgent=False)
        elif action == "unflash":
            machine.leave_flash()
        run(
            machine,
            watcher,
            data.draw(st.integers(1, 90)),
            actuated=data.draw(st.integers(0, everyone)) & everyone,
            pedestrians=data.draw(st.integers(0, everyone)) & everyone,
        )


@few
@given(data=st.data(), correction=st.sampled_from(CORRECTIONS))
def test_in_step_within_a_few_cycles_of_taking_over(
    data: st.DataObject, correction: Correction
) -> None:
    unit = data.draw(unit_settings())
    first, second = (lay_out(unit, data.draw(patterns_for(unit, n))) for n in (1, 2))
    machine, watcher = SignalMachine(unit), Watcher(settings=unit)
    machine.run_pattern(first, correction)
    run(machine, watcher, 400)
    machine.run_pattern(second, correction)
    cycles = {Correction.DWELL: 3, Correction.SUBTRACT_ONLY: 42}.get(correction, 8)
    limit_ds = (cycles + 1) * max(first.cycle_ds, second.cycle_ds) + 1000
    for _ in ticks(machine, watcher, limit_ds):
        if in_step(machine) and not machine.pending_pattern:
            break
    assert machine.coordinator is not None
    assert machine.coordinator.layout.number == 2
    assert in_step(machine)


@few
@given(data=st.data())
def test_a_fixed_time_plan_in_step_shows_exactly_its_splits(data: st.DataObject) -> None:
    unit = data.draw(unit_settings())
    pattern = data.draw(patterns_for(unit))
    layout = lay_out(unit, pattern)
    assume(all(split.mode is not SplitMode.NONE for split in pattern.splits.values()))
    machine, watcher = SignalMachine(unit), Watcher(settings=unit)
    machine.run_pattern(layout, Correction.DWELL)
    run(machine, watcher, 4 * pattern.cycle_s + 100)
    assert in_step(machine)
    watcher.starts_ds.clear()
    run(machine, watcher, 3 * pattern.cycle_s)
    for phase, starts_ds in watcher.starts_ds.items():
        assert len(starts_ds) == 3
        local_ds = {(at - layout.offset_ds) % layout.cycle_ds for at in starts_ds}
        assert local_ds == {layout.start_ds[phase]}, f"phase {phase}"


@given(data=st.data())
def test_splits_of_every_ring_fill_the_cycle(data: st.DataObject) -> None:
    unit = data.draw(unit_settings())
    layout = lay_out(unit, data.draw(patterns_for(unit)))
    for phases in unit.groups[0]:
        if phases:
            greens_ds = (layout.force_ds[n] - layout.start_ds[n] for n in phases)
            assert all(green_ds % layout.cycle_ds > 0 for green_ds in greens_ds)
    assert layout.yield_ds in {layout.force_ds[n] for n in unit.timings}


def test_a_clock_that_is_set_does_not_cut_a_green() -> None:
    unit = settings_of()
    machine, watcher = SignalMachine(unit), Watcher(settings=unit)
    machine.run_pattern(lay_out(unit, pattern_of(QUAD_SPLITS_S, 90)))
    run(machine, watcher, 300)
    for tick in range(6000):
        machine.tick(watcher.now_ds + 1 + 333)
        watcher.watch(machine.shown)
        if tick > 100 and in_step(machine):
            break
    assert in_step(machine)


def test_free_serves_calls_and_rests_in_the_green_that_nobody_contests() -> None:
    unit = settings_of(options=int(PhaseOption.ENABLED))
    machine, watcher = SignalMachine(unit), Watcher(settings=unit)
    run(machine, watcher, 60)
    assert machine.shown.greens == mask_of([2, 6])
    run(machine, watcher, 0.1, actuated=mask_of([3]))
    run(machine, watcher, 20)
    assert 3 in watcher.starts_ds
    assert machine.shown.greens == mask_of([3, 8])


def test_a_green_is_extended_by_detectors_until_its_maximum() -> None:
    unit = settings_of(options=int(PhaseOption.ENABLED))
    machine, watcher = SignalMachine(unit), Watcher(settings=unit)
    run(machine, watcher, 30)
    run(machine, watcher, 140, actuated=mask_of([2, 4]))
    assert watcher.lengths_ds[4] == [300, 300]


def test_a_push_button_brings_walk_and_its_clearance_before_the_green_ends() -> None:
    unit = settings_of(walk_ds=70, pedestrian_clear_ds=120, options=int(PhaseOption.ENABLED))
    machine, watcher = SignalMachine(unit), Watcher(settings=unit)
    run(machine, watcher, 30)
    run(machine, watcher, 0.1, pedestrians=mask_of([4]))
    run(machine, watcher, 0.1, actuated=mask_of([2]))
    run(machine, watcher, 60)
    assert watcher.lengths_ds[4][0] >= 190


@pytest.mark.parametrize(
    ("changes", "cycle_s", "offset_s", "reason"),
    [
        ({}, 0, 0, Free.COORD_FREE),
        ({}, 90, 90, Free.INVALID_OFFSET),
        ({}, 40, 0, Free.BAD_CYCLE_TIME),
        ({2: 36}, 90, 0, Free.BAD_PLAN),
        ({2: 36, 6: 31}, 90, 0, Free.SPLIT_OVERRUN),
        ({2: 34, 6: 29}, 90, 0, Free.BAD_PLAN),
        ({1: 10, 2: 40}, 90, 0, Free.SPLIT_OVERRUN),
    ],
)
def test_a_pattern_that_cannot_run_names_its_reason(
    changes: dict[int, int], cycle_s: int, offset_s: int, reason: Free
) -> None:
    with pytest.raises(CannotRunError) as caught:
        lay_out(settings_of(), pattern_of(QUAD_SPLITS_S | changes, cycle_s, offset_s))
    assert caught.value.reason is reason


def test_coordinated_greens_that_never_meet_are_refused() -> None:
    splits_s = {1: 25, 2: 25, 6: 25, 5: 25, 4: 20, 3: 20, 7: 20, 8: 20}
    with pytest.raises(CannotRunError, match="do not overlap"):
        lay_out(settings_of(LEAD_LAG), pattern_of(splits_s, 90))


@pytest.mark.parametrize(
    ("sync_point", "phase_two_starts_ds"),
    [(SyncPoint.UNIT, 0), (SyncPoint.LAST_GREEN_BEGIN, 850), (SyncPoint.FIRST_GREEN_END, 600)],
)
def test_local_zero_lies_at_the_sync_point(sync_point: SyncPoint, phase_two_starts_ds: int) -> None:
    layout = lay_out(settings_of(), pattern_of(QUAD_SPLITS_S, 90, sync_point=sync_point))
    assert layout.start_ds[2] == phase_two_starts_ds


def test_barriers_are_found_in_sequence_and_concurrency() -> None:
    beside = {n: frozenset({5, 6}) for n in (1, 2)} | {n: frozenset({7, 8}) for n in (3, 4)}
    beside |= {n: frozenset({1, 2}) for n in (5, 6)} | {n: frozenset({3, 4}) for n in (7, 8)}
    assert groups_from([(1, 2, 3, 4), (5, 6, 7, 8)], beside) == QUAD
    with pytest.raises(InfeasibleError, match="crosses a barrier"):
        groups_from([(1, 3, 2, 4), (5, 6, 7, 8)], beside)
    with pytest.raises(InfeasibleError, match="may be timed with"):
        groups_from([(1, 2, 3, 4), (5, 6, 7, 8)], beside | {1: frozenset({5})})
