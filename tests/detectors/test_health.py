"""Each rule finds its fault, sound traffic is believed, and the time line has no holes."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from math import exp
from pathlib import Path

import numpy as np
import pytest

from citybrain.errors import InfeasibleError
from citybrain.model.flows import Quality
from detectors.health.rules import RULES, first_broken
from detectors.health.timeline import HealthSpan, _expected, health_of
from detectors.health.windows import Window
from detectors.pulses import FeedRepairs, Floats, Pulses
from detectors.readers.hires import read_event_log

HOUR_S = 3600.0
Rows = list[tuple[float, float, bool]]


def feed(*detectors: Rows, end_s: float = HOUR_S, spans_s: Floats | None = None) -> Pulses:
    """Return a feed of detectors "d0", "d1", … with pulses (on, off, repaired)."""
    rows = sorted(
        (on, off, bad, k) for k, pulses in enumerate(detectors) for on, off, bad in pulses
    )
    on_s = np.array([row[0] for row in rows], dtype=np.float64)
    return Pulses(
        names=tuple(f"d{k}" for k in range(len(detectors))),
        detector=np.array([row[3] for row in rows], dtype=np.int32),
        on_s=on_s,
        off_s=np.array([row[1] for row in rows], dtype=np.float64),
        speed_mps=np.full(len(rows), np.nan),
        repaired=np.array([row[2] for row in rows], dtype=np.bool_),
        spans_s=np.array([[0.0, end_s]]) if spans_s is None else spans_s,
        start=None,
        repairs=FeedRepairs(),
    )


def traffic(seed: int, begin_s: float = 0.0, end_s: float = HOUR_S) -> Rows:
    """Return sound pulses: 1 s to 1.6 s long, a headway of 2 s and more, 6 s in the mean."""
    draw = np.random.default_rng(seed)
    on_s = begin_s + np.cumsum(2.0 + draw.exponential(4.0, 2000))
    length_s = draw.uniform(1.0, 1.6, 2000)
    sound = on_s + length_s < end_s
    return [(on, on + long, False) for on, long in zip(on_s[sound], length_s[sound], strict=True)]


def of(name: str, spans: tuple[HealthSpan, ...]) -> list[HealthSpan]:
    return [span for span in spans if span.detector == name]


def stuck(rows: Rows) -> Rows:
    return [*rows, (1800.0, HOUR_S, False)]


def chattering(rows: Rows) -> Rows:
    pulses = [
        (1800.0 + 3 * k + 0.2 * j, 1800.1 + 3 * k + 0.2 * j) for k in range(600) for j in (0, 1, 2)
    ]
    return [*rows, *((on, off, False) for on, off in pulses)]


def locked(rows: Rows) -> Rows:
    return [*rows, *((1800.0 + 10 * k, 1802.0 + 10 * k, False) for k in range(180))]


def breaking_up(rows: Rows) -> Rows:
    whole = traffic(9, 1800.0)
    halves = [[(on, on + 0.5, False), (on + 0.6, off, False)] for on, off, _ in whole]
    return [*rows, *(half for pair in halves for half in pair)]


def losing_offs(rows: Rows) -> Rows:
    later = traffic(9, 1800.0)
    return [*rows, *((on, off, k % 4 == 0) for k, (on, off, _) in enumerate(later))]


def crowded(rows: Rows) -> Rows:
    draw = np.random.default_rng(3)
    length_s = draw.uniform(1.0, 3.0, 900)
    on_s = 1800.0 + np.concatenate(([0.0], np.cumsum(length_s + 0.35)[:-1]))
    sound = on_s + length_s < HOUR_S
    pairs = zip(on_s[sound], length_s[sound], strict=True)
    return [*rows, *((on, on + long, False) for on, long in pairs)]


def flickering(rows: Rows) -> Rows:
    return [*rows, *((on, on + 0.02, False) for on, _, _ in traffic(9, 1800.0))]


FAULTS: dict[str, tuple[Callable[[Rows], Rows], Quality]] = {
    "stuck on": (stuck, Quality.DEAD),
    "silent": (list, Quality.DEAD),
    "locked": (locked, Quality.DEAD),
    "chatter": (chattering, Quality.DEAD),
    "lost offs": (losing_offs, Quality.DOUBTED),
    "break-up": (breaking_up, Quality.DOUBTED),
    "no room between vehicles": (crowded, Quality.DOUBTED),
    "flow without occupancy": (flickering, Quality.DOUBTED),
}


@pytest.mark.parametrize("rule", FAULTS)
def test_a_fault_of_the_second_half_is_found_there_and_nowhere_else(rule: str) -> None:
    fault, answer = FAULTS[rule]
    spans = health_of(feed(fault(traffic(0, end_s=1800.0)), traffic(1), traffic(2)))
    first, second = of("d0", spans)
    assert (first.answer, first.rule, first.begin_s, first.end_s) == (
        Quality.BELIEVED,
        None,
        0,
        1800,
    )
    assert (second.answer, second.rule, second.begin_s, second.end_s) == (
        answer,
        rule,
        1800,
        HOUR_S,
    )
    for name in ("d1", "d2"):
        assert [span.rule for span in of(name, spans)] == [None]


def test_every_rule_but_those_of_the_feed_has_a_made_fault() -> None:
    assert {rule.name for rule in RULES} - set(FAULTS) == {"feed silent", "never heard"}


def test_silence_is_not_held_against_a_detector_whose_neighbours_are_silent_too() -> None:
    spans = health_of(feed(*(traffic(seed, end_s=1800.0) for seed in range(3))))
    assert {span.rule for span in spans} == {None}


def test_the_chance_of_silence_counts_the_uncovered_time_only() -> None:
    rule = next(rule for rule in RULES if rule.name == "silent")
    window = Window(heard_s=900.0, length_s=900.0, expected_veh=12.0)
    assert rule.figure(window) == pytest.approx(exp(-12.0))
    assert rule.figure(replace(window, covered_s=450.0)) == pytest.approx(exp(-6.0))
    assert first_broken(replace(window, covered_s=450.0)) is None
    found = first_broken(window)
    assert found is not None
    assert found[0] is rule


def test_history_tells_of_a_detector_that_never_spoke() -> None:
    pulses = feed([], traffic(1), traffic(2))
    assert [span.rule for span in of("d0", health_of(pulses))] == ["never heard"]
    spans = of("d0", health_of(pulses, history={"d0": 400.0}))
    assert [(span.rule, span.answer) for span in spans] == [("silent", Quality.DEAD)]
    assert [span.rule for span in of("d0", health_of(pulses, history={"d0": 4.0}))] == [None]


def test_a_red_of_five_minutes_is_no_fault() -> None:
    rows = [row for row in traffic(0) if not 990.0 < row[0] < 1310.0]
    assert {span.rule for span in health_of(feed([*rows, (1000.0, 1300.0, False)]))} == {None}


def test_a_feed_that_pauses_is_doubted_and_no_detector_is_dead() -> None:
    spans_s = np.array([[0.0, 900.0], [1800.0, HOUR_S]])
    rows = [row for row in traffic(0) if row[1] < 900.0 or row[0] > 1800.0]
    spans = health_of(feed(rows, traffic(1, end_s=900.0), spans_s=spans_s))
    assert [span.rule for span in of("d0", spans)] == [None, "feed silent", None]
    assert {span.answer for span in of("d0", spans)} == {Quality.BELIEVED, Quality.DOUBTED}


def test_a_controller_that_is_dark_is_doubted_and_the_others_are_not() -> None:
    dark = [row for row in traffic(0) if row[1] < 900.0 or row[0] > 1800.0]
    others = [traffic(seed) for seed in range(1, 4)]
    own_spans_s = {
        "2": np.array([[0.0, 900.0], [1800.0, HOUR_S]]),
        "1": np.array([[0.0, HOUR_S]]),
    }
    pulses = replace(
        feed(dark, dark, *others),
        names=("2:1", "2:2", "1:1", "1:2", "1:3"),
        own_spans_s=own_spans_s,
    )
    spans = health_of(pulses)
    for name in ("2:1", "2:2"):
        assert [span.rule for span in of(name, spans)] == [None, "feed silent", None]
    for name in ("1:1", "1:2", "1:3"):
        assert [span.rule for span in of(name, spans)] == [None]


def test_neighbours_that_were_not_heard_foretell_nothing() -> None:
    """Who was heard tells of little traffic; the others do not tell that all is as usual."""
    counts_veh = [np.array([40.0, 4.0]), np.array([40.0, 4.0]), *[np.array([40.0, 0.0])] * 3]
    heard_s = np.array([[900.0, 900.0]] * 2 + [[900.0, 0.0]] * 3)
    expected_veh = _expected(counts_veh, np.full(5, 160.0), heard_s)
    assert expected_veh[0].tolist() == pytest.approx([40.0, 4.0])
    assert expected_veh[2].tolist() == [40.0, 0.0]


def test_joined_spans_keep_the_worst_figure() -> None:
    rows = [*traffic(0, end_s=1800.0), (1800.0, 2500.0, False), (2700.0, HOUR_S, False)]
    last = of("d0", health_of(feed(rows, traffic(1))))[-1]
    assert (last.rule, last.begin_s, last.end_s) == ("stuck on", 1800.0, HOUR_S)
    assert last.figure == pytest.approx(900.0)
    assert last.limit == 600.0


@pytest.mark.parametrize("bin_s", [60.0, 700.0, 900.0, 5000.0])
def test_spans_cover_the_whole_feed_without_holes(bin_s: float) -> None:
    spans = of("d0", health_of(feed(stuck(traffic(0, end_s=1800.0)), traffic(1)), bin_s=bin_s))
    assert spans[0].begin_s == 0.0
    assert spans[-1].end_s == HOUR_S
    for before, after in pairwise(spans):
        assert before.end_s == after.begin_s
        assert before.rule != after.rule


def test_next_to_nothing_is_judged_without_failing() -> None:
    assert health_of(feed(spans_s=np.empty((0, 2)))) == ()
    assert health_of(feed([], spans_s=np.empty((0, 2)))) == ()
    assert [span.rule for span in health_of(feed([]))] == ["never heard"]
    assert [span.rule for span in health_of(feed([(5.0, 6.0, False)]))] == [None]
    alone = feed([(5.0, 5.0, False)], spans_s=np.array([[5.0, 5.0]]))
    assert [span.answer for span in health_of(alone)] == [Quality.DOUBTED]


def test_windows_without_length_are_refused() -> None:
    with pytest.raises(InfeasibleError, match="cannot be judged"):
        health_of(feed([]), bin_s=0.0)


CLEAN = "454:2"


def with_second_half(pulses: Pulses, rows: Rows) -> Pulses:
    """Return a feed in which one detector says something else from 5400 s on."""
    mine = pulses.detector == pulses.names.index(CLEAN)
    kept = np.flatnonzero(~(mine & (pulses.off_s > 5400.0)))
    new = np.array(rows, dtype=np.float64).reshape(-1, 3)
    on_s = np.concatenate((pulses.on_s[kept], new[:, 0]))
    order = np.argsort(on_s, kind="stable")
    index = np.full(len(new), pulses.names.index(CLEAN), dtype=np.int32)
    return replace(
        pulses,
        detector=np.concatenate((pulses.detector[kept], index))[order],
        on_s=on_s[order],
        off_s=np.concatenate((pulses.off_s[kept], new[:, 1]))[order],
        speed_mps=np.full(len(on_s), np.nan),
        repaired=np.concatenate((pulses.repaired[kept], np.zeros(len(new), np.bool_)))[order],
    )


@pytest.mark.integration
def test_faults_put_into_a_recorded_log_are_found(recorded_log: Path) -> None:
    pulses = read_event_log(recorded_log / "hires_test_data.parquet", assume_zone="UTC")
    end_s = float(pulses.spans_s[-1, 1])
    bursts = [5400.0 + 6 * k + 0.2 * j for k in range(890) for j in (0, 1, 2)]
    faults: dict[str, Rows] = {
        "stuck on": [(5400.0, end_s, False)],
        "silent": [],
        "chatter": [(on, on + 0.1, False) for on in bursts],
    }
    recorded = health_of(pulses)
    assert [span.rule for span in of(CLEAN, recorded)] == [None]
    for rule, rows in faults.items():
        spans = health_of(with_second_half(pulses, rows))
        assert [(s.rule, s.begin_s) for s in of(CLEAN, spans)] == [(None, 0.0), (rule, 5400.0)]
        others = [span for span in spans if span.detector != CLEAN]
        assert [(s.detector, s.rule, s.begin_s, s.end_s) for s in others] == [
            (s.detector, s.rule, s.begin_s, s.end_s) for s in recorded if s.detector != CLEAN
        ]


@pytest.mark.integration
def test_the_silence_of_a_recorded_detector_is_found_and_no_other_is_dead(
    recorded_log: Path,
) -> None:
    pulses = read_event_log(recorded_log / "hires_test_data.parquet", assume_zone="UTC")
    dead = [span for span in health_of(pulses) if span.answer is Quality.DEAD]
    assert [(s.detector, s.rule, s.begin_s, s.end_s) for s in dead] == [
        ("227:2", "silent", 4500.0, 7200.0)
    ]
