"""The seeds of a proof, and the gate before it."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.config import SafetyLimits
from citybrain.engine import provenance
from citybrain.engine.area import open_area
from citybrain.engine.demand import SURVEY_SEED
from citybrain.engine.prove import check_rules, proof_seeds
from citybrain.errors import InputError, UnsafePlanError

SCENARIO = Path(__file__).parents[2] / "scenarios" / "crossing_arterials"
SEEN = st.lists(st.integers(1, 60) | st.none() | st.just(SURVEY_SEED), max_size=40)


@given(st.integers(2, 1100), SEEN)
def test_a_proof_uses_no_seed_that_was_seen(seed_count: int, seen: list[int | None]) -> None:
    seeds = proof_seeds(seed_count, seen)
    assert len(set(seeds)) == seed_count
    assert not set(seeds) & {SURVEY_SEED, *seen}
    assert list(seeds) == sorted(seeds)


def test_the_seeds_of_every_bundled_recording_are_known() -> None:
    for period in ("morning", "midday", "evening"):
        assert open_area(SCENARIO, period, SafetyLimits()).scenario.feed_seed is not None


def test_a_plan_that_breaks_a_rule_is_not_simulated() -> None:
    area = open_area(SCENARIO, None, SafetyLimits())
    check_rules(area.running, area)
    pattern = area.running.patterns[0]
    dark = tuple(replace(timing, windows=()) for timing in pattern.groups)
    unsafe = area.running.with_patterns({pattern.intersection: replace(pattern, groups=dark)})
    with pytest.raises(UnsafePlanError, match=rf"breaks \d+ rules.*{pattern.intersection}"):
        check_rules(unsafe, area)


def test_provenance_names_what_decides_a_result(tmp_path: Path) -> None:
    file = tmp_path / "input"
    file.write_bytes(b"abc")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert provenance.hashes({"input": file}) == {"input": digest}
    assert {"citybrain", "python", "sumo"} <= provenance.versions().keys()


def test_provenance_names_what_additional_files_include_and_read(tmp_path: Path) -> None:
    texts = {
        "outer.xml": '<additional><include href="inner.xml"/></additional>',
        "inner.xml": '<additional><variableSpeedSign id="v" file="speeds.xml"/></additional>',
        "speeds.xml": '<vss><step time="0" speed="5"/></vss>',
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert provenance.hashes({"additional 1": tmp_path / "outer.xml"}) == {
        "additional 1": provenance.sha256(tmp_path / "outer.xml"),
        "additional 1, file 1": provenance.sha256(tmp_path / "inner.xml"),
        "additional 1, file 2": provenance.sha256(tmp_path / "speeds.xml"),
    }


def test_an_input_that_has_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.net\.xml: cannot be read \(No such file"):
        provenance.hashes({"network": tmp_path / "gone.net.xml"})
