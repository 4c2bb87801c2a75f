"""Verdicts on disk: lossless, the same bytes, and clear errors."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citybrain.errors import InputError
from citybrain.model.verdict import (
    Decision,
    DetectorFit,
    Estimate,
    Outcome,
    PartChange,
    Verdict,
)
from citybrain.store.verdicts import read_verdict, write_verdict

WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
NUMBERS = st.floats(allow_nan=False)
COUNTS = st.integers(0, 10**6)
ESTIMATES = st.builds(Estimate, mean=NUMBERS, low=NUMBERS, high=NUMBERS)
OUTCOMES = st.builds(
    Outcome,
    seed=st.integers(),
    vehicle_count=COUNTS,
    delay_s=NUMBERS,
    unfinished_veh=COUNTS,
    never_inserted_veh=COUNTS,
    teleports=COUNTS,
    collisions=COUNTS,
    stops=COUNTS,
    movement_delay_s=st.dictionaries(WORDS, NUMBERS, max_size=3),
    movement_count=st.dictionaries(WORDS, COUNTS, max_size=3),
)
PARTS = st.builds(
    PartChange,
    name=WORDS,
    intersection=WORDS,
    count_veh=NUMBERS,
    before_s=NUMBERS,
    after_s=NUMBERS,
    change_s=ESTIMATES,
)
FITS = st.builds(
    DetectorFit, detector=WORDS, measured_vph=NUMBERS, modelled_vph=NUMBERS, geh=NUMBERS
)
VERDICTS = st.builds(
    Verdict,
    decision=st.sampled_from(Decision),
    reasons=st.lists(WORDS, max_size=2).map(tuple),
    scenario=WORDS,
    running_plan=WORDS,
    proposed_plan=WORDS,
    begin_s=NUMBERS,
    end_s=NUMBERS,
    running=st.lists(OUTCOMES, max_size=2).map(tuple),
    proposed=st.lists(OUTCOMES, max_size=2).map(tuple),
    delay_before_s=ESTIMATES,
    delay_after_s=ESTIMATES,
    delay_change_s=ESTIMATES,
    saving=ESTIMATES,
    worst_seed=st.integers(),
    movements=st.lists(PARTS, max_size=2).map(tuple),
    approaches=st.lists(PARTS, max_size=2).map(tuple),
    demand=WORDS,
    detector_fits=st.lists(FITS, max_size=2).map(tuple),
    caveats=st.lists(WORDS, max_size=2).map(tuple),
    versions=st.dictionaries(WORDS, WORDS, max_size=2),
    hashes=st.dictionaries(WORDS, WORDS, max_size=2),
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(VERDICTS)
def test_a_verdict_comes_back_as_it_was(tmp_path: Path, verdict: Verdict) -> None:
    path, again = tmp_path / "verdict.json", tmp_path / "again.json"
    write_verdict(verdict, path)
    assert read_verdict(path) == verdict
    write_verdict(read_verdict(path), again)
    assert again.read_bytes() == path.read_bytes()


@pytest.fixture
def simple() -> Verdict:
    flat = Estimate(mean=1.0, low=-math.inf, high=math.inf)
    return Verdict(
        decision=Decision.INCONCLUSIVE,
        reasons=(),
        scenario="s",
        running_plan="old",
        proposed_plan="new",
        begin_s=0.0,
        end_s=3600.0,
        running=(),
        proposed=(),
        delay_before_s=flat,
        delay_after_s=flat,
        delay_change_s=flat,
        saving=flat,
        worst_seed=1,
        movements=(),
        approaches=(),
        demand="",
        versions={"b": "2", "a": "1"},
    )


def test_order_of_names_does_not_change_the_bytes(tmp_path: Path, simple: Verdict) -> None:
    first, second = tmp_path / "1.json", tmp_path / "2.json"
    write_verdict(simple, first)
    write_verdict(replace(simple, versions={"a": "1", "b": "2"}), second)
    assert first.read_bytes() == second.read_bytes()


def test_the_file_is_strict_json_with_a_format(tmp_path: Path, simple: Verdict) -> None:
    path = tmp_path / "verdict.json"
    write_verdict(simple, path)
    content = json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert content["format"] == "citybrain verdict 1"
    assert content["decision"] == "inconclusive"
    assert content["delay_change_s"]["low"] == "-inf"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{", "is not JSON"),
        ("[]", "is not in the format"),
        ('{"format": "citybrain verdict 99"}', "is not in the format"),
        ('{"format": "citybrain verdict 1"}', "decision"),
        ("\udcff", "is no text in UTF-8"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "verdict.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=what) as caught:
        read_verdict(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.json: does not exist"):
        read_verdict(tmp_path / "nothing.json")
