"""What runs today always keeps the draft of its own safety data."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from citybrain.model.actuation import ActuatedPattern, Actuation, Stretch
from citybrain.model.aspects import Aspect
from citybrain.model.safety_draft import draft_safety
from citybrain.model.safety_rules import check_safety
from citybrain.model.signals import Segment
from citybrain.model.violations import Rule
from tests.model.crossroads import Crossroads, with_window

RED_AMBERS = st.integers(1, 20).map(lambda tenths: tenths / 10)
YELLOWS = st.integers(10, 60).map(lambda tenths: tenths / 10)


@given(RED_AMBERS, YELLOWS)
def test_the_running_pattern_keeps_its_own_draft(red_amber_s: float, yellow_s: float) -> None:
    junction = Crossroads(red_amber_s=red_amber_s, yellow_s=yellow_s)
    draft = draft_safety(junction.intersection(), junction.pattern())
    assert check_safety(junction.pattern(), draft) == ()
    assert not draft.is_signed


def test_times_that_are_never_shown_are_neither_drafted_nor_judged() -> None:
    junction, drawn = Crossroads(), Crossroads(red_s=0.5).pattern()
    intervals = zip(drawn.intervals(), junction.pattern().intervals(), strict=True)
    real = [(own.start_s, shown.duration_s) for own, shown in intervals]
    stretches = (Stretch(start_s=at_s, minimum_s=s, maximum_s=s) for at_s, s in real)
    running = ActuatedPattern.of(drawn, Actuation(stretches=tuple(stretches)))
    draft = draft_safety(junction.intersection(), running)
    assert draft == draft_safety(junction.intersection(), junction.pattern())
    assert check_safety(running, draft) == ()


def test_a_short_yellow_is_a_doubt_for_the_signer() -> None:
    junction = Crossroads(yellow_s=2.0)
    draft = draft_safety(junction.intersection(), junction.pattern())
    assert "group 1: yellow is 2 s, speed and geometry ask for 3 s" in draft.intersection.caveats


def test_greens_that_meet_by_the_rules_of_the_road_get_a_bound() -> None:
    junction = Crossroads()
    pattern = junction.pattern()
    early = replace(pattern.groups[1].windows[0], start_s=10.0)
    running = with_window(pattern, "2", early)
    asked = replace(
        junction.intersection(),
        conflicts=frozenset(),
        intergreens_s={},
        shared=frozenset({("1", "2")}),
        maximum_reds_s={},
    )
    draft = draft_safety(asked, running)
    assert draft.overlaps_s == {("1", "2"): 10.0}
    longer = with_window(pattern, "2", replace(early, start_s=9.0))
    assert {v.rule for v in check_safety(longer, draft)} == {Rule.OVERLAP}


def test_an_unusual_change_of_colour_is_kept_and_no_other() -> None:
    junction = Crossroads()
    window = junction.pattern().groups[0].windows[0]
    segments = (*window.segments, Segment(aspect=Aspect.STOP_THEN_GO, duration_s=1.0))
    running = with_window(junction.pattern(), "1", replace(window, segments=segments))
    assert draft_safety(junction.intersection(), running).changes == {"ys", "sr"}
