"""Faults that only the neighbours tell are found, named, and held against nobody else."""

from functools import lru_cache

import numpy as np
import pytest

from benchmarks._health_faults import swapped, with_fault
from citybrain.model.flows import Quality
from detectors.health.evidence import Charge
from detectors.health.neighbours import corroborated, excursions
from detectors.health.timeline import HealthSpan, health_of
from detectors.pulses import FeedRepairs, Pulses

END_S, FROM_S = 10800.0, 5400.0
NAMES = ("far0", "far1", "near0", "near1", "line0", "line1")
LAG_S = {"far": 0.0, "near": 4.0, "line": 9.0}


@lru_cache
def street(seed: int = 7) -> Pulses:
    """Return two lanes of 450 veh/h, each with three detectors that the same vehicles pass."""
    draw = np.random.default_rng(seed)
    passed_s = [np.cumsum(2.0 + draw.exponential(6.0, 1800)) for _ in range(2)]
    detector, on_s, off_s = [], [], []
    for at, name in enumerate(NAMES):
        fronts_s = passed_s[int(name[-1])]
        heard = fronts_s[draw.random(len(fronts_s)) > 0.02]
        begins_s = np.sort(heard + LAG_S[name[:-1]] + draw.normal(0, 0.4, len(heard)))
        ends_s = np.minimum(
            begins_s + draw.uniform(0.3, 0.7, len(heard)), np.append(begins_s[1:], END_S)
        )
        inside = (begins_s > 0) & (ends_s < END_S)
        detector.append(np.full(inside.sum(), at, np.int32))
        on_s.append(begins_s[inside])
        off_s.append(ends_s[inside])
    begins_s = np.concatenate(on_s)
    order = np.argsort(begins_s, kind="stable")
    return Pulses(
        names=NAMES,
        detector=np.concatenate(detector)[order],
        on_s=begins_s[order],
        off_s=np.concatenate(off_s)[order],
        speed_mps=np.full(len(order), np.nan),
        repaired=np.zeros(len(order), np.bool_),
        spans_s=np.array([[0.0, END_S]]),
        start=None,
        repairs=FeedRepairs(),
    )


def accused(pulses: Pulses) -> dict[str, HealthSpan]:
    return {span.detector: span for span in health_of(pulses) if span.rule is not None}


def test_a_sound_street_is_believed() -> None:
    assert accused(street()) == {}


@pytest.mark.parametrize("kind", ["halved", "doubled", "delayed"])
def test_a_fault_from_the_middle_on_is_named_and_nobody_else_accused(kind: str) -> None:
    found = accused(with_fault(street(), "near0", kind, FROM_S, np.random.default_rng(5)))
    assert set(found) == {"near0"}
    span = found["near0"]
    assert (span.rule, span.answer) == (kind, Quality.DOUBTED)
    assert (span.begin_s, span.end_s) == (FROM_S, END_S)
    assert span.told_s is not None
    assert FROM_S < span.told_s <= FROM_S + 1800.0


def test_a_delay_is_told_to_the_second() -> None:
    rng = np.random.default_rng(5)
    by_s = np.random.default_rng(5).uniform(5.0, 60.0)
    span = accused(with_fault(street(), "line1", "delayed", FROM_S, rng))["line1"]
    assert abs(int(span.detail.split()[1]) - by_s) <= 1.0


def test_detectors_that_changed_places_are_named_together() -> None:
    found = accused(swapped(street(), "near0", "near1", FROM_S))
    assert {name: span.reason for name, span in found.items()} == {
        "near0": "swapped with near1",
        "near1": "swapped with near0",
    }


def test_a_dead_neighbour_convicts_nobody() -> None:
    found = accused(with_fault(street(), "near0", "silent", FROM_S, np.random.default_rng(5)))
    assert {name: span.rule for name, span in found.items()} == {"near0": "silent"}


def test_evidence_adds_up_over_windows_and_is_forgotten_when_it_turns() -> None:
    assert excursions(np.array([-5.0, 4.0, 5.0, 6.0, -1.0]), 12.0) == [(1, 3, 15.0)]
    assert excursions(np.array([4.0, -9.0, 4.0, 5.0]), 12.0) == []
    twice = np.array([20.0, -50.0, -50.0, 7.0, 7.0])
    assert excursions(twice, 12.0) == [(0, 0, 20.0), (3, 4, 14.0)]


def test_no_neighbour_convicts_alone() -> None:
    """The second model leaves out the neighbour on whom the charge rests."""
    charge, alone = Charge("halved"), np.array([[9.0, 9.0], [9.0, -9.0]])
    assert list(corroborated(charge, alone)) == []
    [found] = corroborated(charge, np.array([[9.0, 9.0], [1.0, 4.0]]))
    assert (found.first, found.last, found.told, found.evidence) == (0, 1, 1, 18.0)
