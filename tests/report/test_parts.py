"""The small parts of the report: markup, wording, estimates, lines, colours, labels."""

import math
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.model.verdict import Estimate
from citybrain.report.estimates import estimate, student_quantile
from citybrain.report.labels import Labels
from citybrain.report.legend import ChangeScale
from citybrain.report.markup import Markup, tag
from citybrain.report.polyline import length, simplified, upstream
from citybrain.report.wording import (
    Tone,
    clock,
    duration,
    interval,
    number,
    shortened,
    signed,
    tone,
    true_minus,
)

PRINTABLE = st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cc")))
COORDINATES = st.floats(-1000, 1000)
LINES = st.lists(st.tuples(COORDINATES, COORDINATES), min_size=2, max_size=30)


@given(PRINTABLE, PRINTABLE)
def test_text_and_attributes_come_back_as_they_were(text: str, value: str) -> None:
    element = ET.fromstring(tag("p", text, aria_label=value).source)
    assert (element.text or "") == text
    assert element.get("aria-label") == value


def test_markup_is_kept_and_attributes_can_be_left_out() -> None:
    assert tag("g", Markup("<a></a>"), class_="x", id=None, x=1.50).source == (
        '<g class="x" x="1.5"><a></a></g>'
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (number(-3.14), "−3.1"),
        (number(-0.04), "0.0"),
        (number(12345, 0), "12\u202f345"),
        (number(math.nan), "–"),
        (number(-math.inf), "−∞"),
        (signed(2.0), "+2.0"),
        (signed(0.04), "0.0"),
        (interval(Estimate(mean=0, low=-1, high=1)), "−1.0 to 1.0"),
        (clock(25_205), "07:00:05"),
        (duration(3600), "1 h"),
        (duration(5400), "1 h 30 min"),
        (duration(90), "90 s"),
        (shortened("abcdefghij", 7), "abc…hij"),
    ],
)
def test_numbers_in_words(text: str, expected: str) -> None:
    assert text == expected


def test_sentences_have_true_minus_signs_and_keep_their_hyphens() -> None:
    told = true_minus("-26.0 s/veh, interval -26.4 to -25.6, on edge -42 at J-1.5")
    assert told == "−26.0 s/veh, interval −26.4 to −25.6, on edge -42 at J-1.5"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(-2, -1, Tone.BETTER), (1, 2, Tone.WORSE), (-1, 1, Tone.UNSURE), (0, 0, Tone.UNSURE)],
)
def test_only_an_interval_without_zero_is_sure(low: float, high: float, expected: Tone) -> None:
    assert tone(Estimate(mean=(low + high) / 2, low=low, high=high)) is expected


def test_student_quantiles_are_those_of_the_tables() -> None:
    stats = pytest.importorskip("scipy.stats")
    for freedom in (*range(1, 31), 31, 45, 99, 1000):
        assert student_quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), abs=2e-4)


def test_one_value_has_an_endless_interval() -> None:
    assert estimate([5.0]) == Estimate(mean=5.0, low=-math.inf, high=math.inf)


@given(LINES, st.floats(0.1, 50))
def test_a_simplified_line_keeps_its_ends_and_invents_nothing(
    points: list[tuple[float, float]], tolerance: float
) -> None:
    kept = simplified(points, tolerance)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert set(kept) <= set(points)


@given(LINES, st.floats(1, 500))
def test_the_upstream_part_ends_at_the_stop_line(
    points: list[tuple[float, float]], length_m: float
) -> None:
    part = upstream(points, length_m)
    assert part[-1] == points[-1]
    assert length(part) == pytest.approx(min(length_m, length(points)), abs=1e-6)


def test_colours_are_symmetric() -> None:
    scale = ChangeScale.covering([-4.0, 12.0])
    assert scale.steps_s == (1.0, 3.0, 10.0)
    classes = [scale.class_of(change_s) for change_s in (-12, -4, -2, 0.5, 2, 4, 12)]
    assert classes == ["less-3", "less-2", "less-1", "level", "more-1", "more-2", "more-3"]


def test_labels_keep_apart() -> None:
    labels = Labels()
    assert labels.place("A", [(0, 0)]) == (0, 0)
    assert labels.place("B", [(2, 2), (60, 0)]) == (60, 0)
    assert labels.place("C", [(0, 3)]) is None
