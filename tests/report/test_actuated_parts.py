"""What the report says of a pattern that follows the traffic."""

from citybrain.model.actuation import ActuatedPattern, Actuation, Stretch
from citybrain.model.pattern import Pattern
from citybrain.report.group_section import group_section
from tests.report.builders import arterial, pattern, plan

FIXED = pattern("A", 60.0, 0.0)
GREEN = FIXED.intervals()[0]
FOLLOWS = ActuatedPattern.of(
    FIXED,
    Actuation(
        stretches=(
            Stretch(start_s=0.0, minimum_s=GREEN.duration_s - 4, maximum_s=GREEN.duration_s + 9),
        )
    ),
)


def section_of(before: Pattern, after: Pattern) -> str:
    return group_section(arterial("AB"), plan("old", [before]), plan("new", [after])).source


def test_fixed_times_in_place_of_detectors_are_a_change_even_in_the_same_colours() -> None:
    section = section_of(FOLLOWS, FIXED)
    assert "unchanged" not in section.lower()
    assert "A: cycle 56–69 → 60 s" in section
    assert "cycle 56–69 s, 60 s drawn" in section


def test_a_pattern_that_follows_as_before_is_unchanged() -> None:
    section = section_of(FOLLOWS, FOLLOWS)
    assert "A: unchanged, cycle 56–69 s" in section
