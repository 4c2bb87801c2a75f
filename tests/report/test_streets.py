"""Streets are found from movements, and progression is measured on them."""

from itertools import pairwise

import pytest

from citybrain.model.aspects import Aspect
from citybrain.report.progression import Span, link_bands, progression, shown, street_bands
from citybrain.report.streets import aligned, find_streets
from tests.report.builders import SPACING_M, SPEED_MPS, arterial, pattern, plan

TRAVEL_S = SPACING_M / SPEED_MPS


def test_both_directions_of_an_arterial_are_one_street() -> None:
    streets = find_streets(arterial(("A", "B", "C")), {"e0->e1": 10.0})
    assert len(streets) == 1
    forward, backward = aligned(streets[0])
    assert backward is not None
    assert forward.intersections == ("A", "B", "C")
    assert backward.intersections == ("C", "B", "A")
    assert [stop.distance_m for stop in forward.stop_lines] == [0, SPACING_M, 2 * SPACING_M]
    assert [stop.travel_s for stop in forward.stop_lines] == pytest.approx(
        [0, TRAVEL_S, 2 * TRAVEL_S]
    )
    assert [stop.place_m for stop in backward.stop_lines] == [2 * SPACING_M, SPACING_M, 0]
    assert {stop.group for stop in forward.stop_lines} == {"main"}
    assert forward.heading_deg == pytest.approx(90.0)


def test_a_long_street_is_shown_in_parts_that_meet() -> None:
    names = [f"N{index:02d}" for index in range(20)]
    streets = find_streets(arterial(names), {})
    ways = [aligned(street) for street in streets]
    forward = [way.intersections for way, _ in ways]
    assert forward == [tuple(names[:12]), tuple(names[11:])]
    assert [way.intersections[::-1] for _, way in ways if way] == forward


def test_one_intersection_is_no_street() -> None:
    assert find_streets(arterial(("A",)), {}) == ()


def test_offsets_at_the_speed_limit_let_all_green_through() -> None:
    network = arterial(("A", "B", "C"))
    forward = find_streets(network, {})[0].forward
    wave = plan(
        "wave", [pattern(name, 90.0, k * TRAVEL_S) for k, name in enumerate(forward.intersections)]
    )
    measured = progression(wave, forward, Span(start_s=0.0, end_s=90.0))
    assert measured.share_on_green == pytest.approx(1.0)
    assert measured.widest_band_s == pytest.approx(45.0)


def test_opposite_offsets_close_the_street() -> None:
    network = arterial(("A", "B"))
    forward = find_streets(network, {})[0].forward
    first, second = forward.intersections
    late = plan("late", [pattern(first, 90.0, 0.0), pattern(second, 90.0, (TRAVEL_S + 50) % 90)])
    here, there = forward.stop_lines
    bands = link_bands(late, here, there, Span(start_s=0.0, end_s=90.0))
    assert sum(band.duration_s for band in bands) == pytest.approx(5.0)
    assert street_bands(late, forward, Span(start_s=0.0, end_s=90.0)) == bands


def test_what_is_shown_fills_the_time_without_gaps() -> None:
    during = Span(start_s=3600.0, end_s=3850.0)
    parts = tuple(shown(pattern("A", 80.0, 30.0), "main", during))
    assert parts[0].start_s == during.start_s
    assert parts[-1].end_s == during.end_s
    assert all(a.end_s == b.start_s for a, b in pairwise(parts))
    assert next(p for p in parts if p.aspect is Aspect.PROTECTED).start_s == 3630.0
