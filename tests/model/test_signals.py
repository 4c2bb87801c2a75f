"""Laws of windows, timelines and greens."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.errors import InfeasibleError
from citybrain.model.aspects import GREENS, Aspect
from citybrain.model.runs import Run, cyclic_runs
from citybrain.model.signals import GroupTiming, Segment, Window
from tests.model.strategies import cycles_and_timings, cycles_s, runs

Cyclic = tuple[float, GroupTiming]


def colour_at(shown: tuple[Run, ...], cycle_s: float, at_s: float) -> Aspect:
    ages_ms = {round(((at_s - run.start_s) % cycle_s) * 1000): run for run in shown}
    return ages_ms[min(ages_ms)].aspect


@given(st.data())
def test_windows_built_from_runs_show_the_same_runs(data: st.DataObject) -> None:
    cycle_s = data.draw(cycles_s())
    shown = data.draw(runs(cycle_s))
    assert GroupTiming.from_runs("1", shown, cycle_s).runs(cycle_s) == shown


@given(cycles_and_timings())
def test_windows_fit_their_cycle_and_hold_no_red(cyclic: Cyclic) -> None:
    cycle_s, timing = cyclic
    timing.check_fits(cycle_s)
    assert sum(window.duration_s for window in timing.windows) <= cycle_s + 0.0005


@given(cycles_and_timings())
def test_timeline_starts_at_zero_and_its_neighbours_differ(cyclic: Cyclic) -> None:
    cycle_s, timing = cyclic
    timeline = timing.timeline(cycle_s)
    assert timeline[0][0] == 0.0
    assert all(a[0] < b[0] < cycle_s and a[1] is not b[1] for a, b in pairwise(timeline))


@given(cycles_and_timings())
def test_timeline_and_runs_show_the_same_colour_at_every_change(cyclic: Cyclic) -> None:
    cycle_s, timing = cyclic
    timeline = timing.timeline(cycle_s)
    shown = cyclic_runs(timeline, cycle_s)
    assert all(colour_at(shown, cycle_s, start_s) is aspect for start_s, aspect in timeline)


@given(cycles_and_timings())
def test_runs_fill_the_cycle(cyclic: Cyclic) -> None:
    cycle_s, timing = cyclic
    assert sum(run.duration_s for run in timing.runs(cycle_s)) == pytest.approx(cycle_s)


@given(cycles_and_timings())
def test_greens_hold_all_green_runs_and_nothing_else(cyclic: Cyclic) -> None:
    cycle_s, timing = cyclic
    shown_s = sum(r.duration_s for r in timing.runs(cycle_s) if r.aspect in GREENS)
    assert sum(green.duration_s for green in timing.greens(cycle_s)) == pytest.approx(shown_s)


@given(cycles_and_timings())
def test_what_surrounds_a_green_is_not_green(cyclic: Cyclic) -> None:
    cycle_s, timing = cyclic
    for green in timing.greens(cycle_s):
        assert green.before not in GREENS
        assert green.after not in GREENS
        assert (green.after is None) == (green.duration_s == pytest.approx(cycle_s))


def test_a_green_over_the_end_of_the_cycle_is_one_green() -> None:
    window = Window(
        start_s=85.0,
        segments=(
            Segment(aspect=Aspect.RED_AMBER, duration_s=1.0),
            Segment(aspect=Aspect.PROTECTED, duration_s=20.0),
            Segment(aspect=Aspect.YELLOW, duration_s=3.0),
        ),
    )
    (green,) = GroupTiming(group="1", windows=(window,)).greens(90.0)
    assert (green.start_s, green.end_s) == (86.0, 106.0)
    assert (green.red_amber_s, green.yellow_s) == (1.0, 3.0)


def test_windows_that_reach_into_each_other_are_refused() -> None:
    green = (Segment(aspect=Aspect.PROTECTED, duration_s=50.0),)
    windows = (Window(start_s=0.0, segments=green), Window(start_s=45.0, segments=green))
    with pytest.raises(InfeasibleError, match=r"0.0-50.0 s reaches into the window at 45.0 s"):
        GroupTiming(group="1", windows=windows).check_fits(90.0)


def test_a_window_without_segments_is_refused() -> None:
    with pytest.raises(InfeasibleError, match="at least one segment"):
        Window(start_s=0.0, segments=())


def test_a_segment_without_duration_is_refused() -> None:
    with pytest.raises(InfeasibleError, match="longer than 0 s"):
        Segment(aspect=Aspect.PROTECTED, duration_s=0.0)
