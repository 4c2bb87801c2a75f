"""The course of a search is drawn as it was taken down."""

import re
from dataclasses import replace

import pytest

from citybrain.model.search_course import Milestone, SearchCourse
from citybrain.report.convergence import LEFT, RIGHT, WIDTH, convergence_section


def milestone(elapsed_s: float, tried: int, cost_s: float) -> Milestone:
    return Milestone(elapsed_s=elapsed_s, tried=tried, cost_s=cost_s)


COURSE = SearchCourse(
    model=(milestone(1.0, 10, 50.0), milestone(5.0, 800, 40.0)),
    simulation=(milestone(6.0, 4, 46.0), milestone(8.0, 8, 48.0)),
    running_cost_s=60.0,
    elapsed_s=10.0,
    priced=1000,
    runs=16,
)


def corners(source: str, class_: str) -> list[list[tuple[float, float]]]:
    """Return the corners of a curve in every panel."""
    found = re.findall(rf'<path d="M([^"]*)" class="course {class_}"', source)
    return [[tuple(map(float, p.split())) for p in line.split("L")] for line in found]  # type: ignore[misc]


def share(x: float) -> float:
    return (x - LEFT) / (WIDTH - LEFT - RIGHT)


def test_steps_stand_at_their_time_and_at_their_count() -> None:
    by_time, by_count = corners(convergence_section(COURSE).source, "model-course")
    assert share(by_time[0][0]) == pytest.approx(0.1, abs=1e-3)
    assert share(by_count[0][0]) == pytest.approx(0.01, abs=1e-3)
    assert share(by_time[1][0]) == pytest.approx(0.5, abs=1e-3)
    assert share(by_count[1][0]) == pytest.approx(0.8, abs=1e-3)
    assert by_time[1][1] == by_time[0][1]
    assert by_time[2][1] > by_time[0][1], "less cost stands lower"
    assert share(by_time[-1][0]) == pytest.approx(1.0)


def test_the_legend_tells_first_and_last_cost() -> None:
    source = convergence_section(COURSE).source
    for text in ("50.0 → 40.0", "46.0 → 48.0", "running plan in SUMO: 60.0", "16 runs in 10 s"):
        assert text in source


@pytest.mark.parametrize("gone", ["model", "simulation"])
def test_a_search_without_one_of_the_two_is_drawn(gone: str) -> None:
    part = replace(COURSE, **{gone: ()})
    source = convergence_section(part).source
    assert len(re.findall("<path", source)) == 2
    assert "<svg" not in convergence_section(replace(part, model=(), simulation=())).source


def test_a_first_cost_far_off_does_not_flatten_the_rest() -> None:
    wild = replace(COURSE, model=(milestone(0.5, 1, 5000.0), *COURSE.model))
    (by_time, _) = corners(convergence_section(wild).source, "model-course")
    heights = [y for _, y in by_time]
    assert max(heights) - min(heights) > 100
    assert min(heights) >= 0
