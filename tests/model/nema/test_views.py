"""What is encoded, decoded again, is what was given; what cannot be encoded says which group."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.errors import InfeasibleError
from citybrain.model.nema.controller_plan import ControllerPlan
from citybrain.model.nema.decoding import StructureError, decode
from citybrain.model.nema.encoding import Refusal, canonical, encode
from citybrain.model.nema.nearest import nearest
from citybrain.model.nema.phases import PhaseMap
from citybrain.model.pattern import Pattern
from citybrain.model.signals import GroupTiming, Segment, Window
from tests.model.nema.units import LEAD_LEAD, eight_phases, phase, runnable, tee
from tests.model.strategies import patterns

EIGHT, TEE = eight_phases(), tee()


def moved(pattern: Pattern, group: str, by_s: float) -> Pattern:
    """Return the pattern with one group's first window begun later."""
    timings = []
    for timing in pattern.groups:
        if timing.group == group:
            first, *others = timing.windows
            start_s = round((first.start_s + by_s) % pattern.cycle_s, 3)
            windows = sorted((replace(first, start_s=start_s), *others), key=lambda w: w.start_s)
            timing = replace(timing, windows=tuple(windows))  # noqa: PLW2901
        timings.append(timing)
    return replace(pattern, groups=tuple(timings))


@given(runnable(EIGHT))
def test_eight_phases_come_back_exactly(plan: ControllerPlan) -> None:
    pattern = decode(plan, EIGHT)
    found = encode(pattern, EIGHT, plan.number)
    assert isinstance(found, ControllerPlan)
    assert decode(found, EIGHT) == pattern


@given(runnable(TEE))
def test_a_tee_with_overlaps_comes_back_exactly(plan: ControllerPlan) -> None:
    pattern = decode(plan, TEE)
    found = encode(pattern, TEE, plan.number)
    assert found == plan
    assert decode(plan, TEE) == pattern


@given(runnable(EIGHT), st.floats(0.0, 300.0))
def test_the_wire_numbers_do_not_depend_on_where_local_time_begins(
    plan: ControllerPlan, zero_s: float
) -> None:
    frame = replace(plan.frame, zero_s=round(zero_s, 1) % plan.cycle_s)
    one = encode(decode(plan, EIGHT), EIGHT)
    other = encode(decode(replace(plan, frame=frame), EIGHT), EIGHT)
    assert isinstance(one, ControllerPlan)
    assert isinstance(other, ControllerPlan)
    assert (one.offset_s, one.splits, one.sequence) == (
        other.offset_s,
        other.splits,
        other.sequence,
    )


@given(runnable(EIGHT), st.sampled_from([o.group for o in EIGHT.outputs]), st.integers(1, 99))
def test_a_group_that_leaves_its_phase_is_refused_or_comes_back_exactly(
    plan: ControllerPlan, group: str, tenths: int
) -> None:
    try:
        pattern = moved(decode(plan, EIGHT), group, tenths / 10)
    except InfeasibleError:
        return
    found = encode(pattern, EIGHT)
    if isinstance(found, ControllerPlan):
        assert decode(found, EIGHT) == canonical(pattern)
    else:
        assert found.what


@given(patterns())
def test_any_pattern_is_refused_or_comes_back_exactly(pattern: Pattern) -> None:
    groups = tuple(
        replace(pattern.groups[i % len(pattern.groups)], group=output.group)
        for i, output in enumerate(TEE.outputs)
    )
    whole = replace(pattern, groups=groups)
    found = encode(whole, TEE)
    assert isinstance(found, Refusal) or decode(found, TEE) == canonical(whole)


@given(runnable(EIGHT))
def test_what_can_be_run_is_its_own_nearest(plan: ControllerPlan) -> None:
    pattern = decode(plan, EIGHT)
    proposed = nearest(pattern, EIGHT, plan.number)
    assert proposed.changes == ()
    assert proposed.pattern == pattern


@given(runnable(EIGHT), st.sampled_from(["v1", "v2", "v5", "v6", "v8"]), st.integers(1, 60))
def test_the_nearest_can_always_be_encoded(plan: ControllerPlan, group: str, tenths: int) -> None:
    try:
        pattern = moved(decode(plan, EIGHT), group, tenths / 10)
    except InfeasibleError:
        return
    proposed = nearest(pattern, EIGHT)
    assert encode(proposed.pattern, EIGHT) == proposed.plan
    assert proposed.pattern.cycle_s == pattern.cycle_s


def refusal(pattern: Pattern, phase_map: PhaseMap = TEE) -> str:
    found = encode(pattern, phase_map)
    assert isinstance(found, Refusal)
    return str(found)


def simple() -> Pattern:
    """Return a pattern of the T-junction: 30 s left turn before 40 s, then 30 s."""
    splits_s = {2: 60, 5: 20, 6: 40, 4: 30}
    plan = ControllerPlan(
        number=1,
        cycle_s=90,
        offset_s=7,
        splits=tuple(replace(s, split_s=splits_s[s.phase]) for s in _SPLITS),
        sequence=1,
        frame=_FRAME,
    )
    return decode(plan, TEE)


_SOME = nearest(
    Pattern(
        intersection="J",
        program="p",
        cycle_s=90.0,
        offset_s=0.0,
        groups=tuple(
            GroupTiming(
                group=output.group,
                windows=(Window(start_s=0.0, segments=(Segment(aspect=a, duration_s=20.0),)),),
            )
            for output in TEE.outputs
            for a in [next(iter(output.phases.values()))]
        ),
    ),
    TEE,
).plan
_SPLITS, _FRAME = _SOME.splits, _SOME.frame


def test_a_broken_second_is_named_and_not_rounded() -> None:
    pattern = simple()
    first = pattern.groups[0].windows[0]
    segments = (replace(first.segments[0], duration_s=54.1), *first.segments[1:])
    longer = replace(pattern.groups[0], windows=(replace(first, segments=segments),))
    groups = (longer, *pattern.groups[1:])
    text = refusal(replace(pattern, groups=groups))
    assert text == (
        "J: group 1 at 0 s of the cycle: phase 2 would need a split of 59.6 s; a controller keeps "
        "whole seconds up to 255"
    )


def test_an_offset_of_half_a_second_is_named() -> None:
    assert "would need an offset of 7.5 s" in refusal(replace(simple(), offset_s=7.5))


def test_a_long_cycle_is_named() -> None:
    assert "the cycle is 256 s" in refusal(replace(simple(), cycle_s=256.0))


def test_a_group_without_a_phase_is_named() -> None:
    stray = replace(simple().groups[0], group="x")
    text = refusal(replace(simple(), groups=(*simple().groups, stray)))
    assert text == "J: group x at 0 s of the cycle: no phase of the controller drives it"


def test_a_walk_that_its_phase_cannot_show_is_named() -> None:
    text = refusal(moved(simple(), "6", 1.0))
    assert text.startswith("J: group 6 at ")
    assert "rings and phases would show" in text


def test_splits_that_miss_a_barrier_are_named() -> None:
    plan = encode(simple(), TEE)
    assert isinstance(plan, ControllerPlan)
    splits = tuple(replace(s, split_s=s.split_s - (s.phase == 5)) for s in plan.splits)
    with pytest.raises(StructureError, match="phase 6: its ring reaches the barrier after 59 s"):
        decode(replace(plan, splits=splits), TEE)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"coordinated": (2, 4)}, "cannot be green together"),
        ({"coordinated": ()}, "no phase is coordinated"),
        ({"sequences": {1: (((2,), (5,)), ((4,), ()))}}, "serves phases"),
        ({"phases": (*TEE.phases, phase(2))}, "phase 2 stands 2 times"),
        ({"outputs": (*TEE.outputs, TEE.outputs[0])}, "group 1 stands 2 times"),
    ],
)
def test_an_impossible_phase_map_cannot_be_built(change: dict[str, object], what: str) -> None:
    with pytest.raises(InfeasibleError, match=what):
        replace(TEE, **change)  # type: ignore[arg-type]


def test_rings_tell_who_may_be_green_together() -> None:
    assert EIGHT.are_concurrent(1, 6)
    assert not EIGHT.are_concurrent(1, 2)
    assert not EIGHT.are_concurrent(2, 8)
    assert EIGHT.rings(1) == ((1, 2, 3, 4), (5, 6, 7, 8))
    assert LEAD_LEAD in EIGHT.sequences.values()


def test_a_phase_that_the_unit_has_not_is_named() -> None:
    with pytest.raises(InfeasibleError, match="the unit has no phase 9; it has 1, 2"):
        EIGHT.phase(9)
