"""Faults are played in virtual time on a real gate and unit, and judged by what the unit shows."""

from pathlib import Path

import pytest

from benchmarks._reliability_faults import TROUBLES
from benchmarks._reliability_judging import Ended
from benchmarks._reliability_rounds import Record, play_all
from benchmarks._reliability_scene import Start, prepare
from benchmarks._reliability_trial import play
from benchmarks.reliability import misses, rows_of
from citybrain.controllers.virtual.faults import Fault
from citybrain.errors import InputError
from citybrain.ports.controllers import Step


def ended(showed: tuple[str, ...], faults: tuple[str, ...] = ()) -> Ended:
    return Ended(
        is_reached=True,
        said=("RUNS",),
        reason="",
        showed=showed,
        trips=(),
        good_s=3.2,
        faults=faults,
    )


@pytest.fixture(scope="module")
def starts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Start, Start]:
    return prepare(tmp_path_factory.mktemp("reliability"))


def test_every_fault_of_a_unit_is_played_and_those_around_it_too() -> None:
    assert {fault.value for fault in Fault} < set(TROUBLES)
    assert len(TROUBLES) >= 30


@pytest.mark.integration
def test_equal_trials_take_an_equal_course(starts: tuple[Start, Start]) -> None:
    first, second = (play(starts[0], TROUBLES["late-replies"], Step.WRITE, 7) for _ in range(2))
    assert first.is_reached
    assert first == second


@pytest.mark.integration
def test_values_that_somebody_writes_after_the_last_look_are_told(
    starts: tuple[Start, Start],
) -> None:
    found = play(starts[0], TROUBLES["other-manager-writes"], Step.ACTIVATE, 16)
    assert (found.said, found.faults) == (("RUNS",), ())
    assert found.late == "a mixture, alarm: values changed"


@pytest.mark.integration
def test_a_half_stored_download_is_taken_back_before_it_runs(starts: tuple[Start, Start]) -> None:
    found = play(starts[0], TROUBLES["half-stored"], Step.STORE, 0)
    assert (found.said, found.showed, found.faults) == (("ROLLED_BACK",), ("former",), ())


@pytest.mark.integration
def test_a_gate_that_dies_finds_the_truth_when_it_starts_anew(starts: tuple[Start, Start]) -> None:
    found = play(starts[0], TROUBLES["gate-killed"], Step.ACTIVATE, 0)
    assert found.said[0] == "killed"
    assert len(found.said) == 2
    assert found.faults == ()


@pytest.mark.integration
def test_a_roll_back_that_the_ledger_missed_is_settled_at_the_next_start(
    starts: tuple[Start, Start],
) -> None:
    found = play(starts[1], TROUBLES["ledger-locked"], Step.ABORT, 0)
    assert (found.said, found.faults) == (("ERROR", "ROLLED_BACK"), ())


@pytest.mark.integration
def test_a_ledger_that_is_untrue_after_the_next_start_is_a_defect(
    starts: tuple[Start, Start], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a gate would leave it that notes nothing before it goes back."""
    monkeypatch.setattr("citybrain.engine.gate.pushing.note_opening", lambda *_: None)
    found = play(starts[1], TROUBLES["ledger-locked"], Step.ABORT, 0)
    assert found.said == ("ERROR",)
    assert found.faults == ("the ledger says new, the street shows former",)


def test_a_run_goes_on_where_a_killed_one_ended(tmp_path: Path) -> None:
    path, asked = tmp_path / "out" / "trials.jsonl", ("slow", Step.OPEN, 3)
    Record(path).add(asked, ended(("former", "new")))
    whole = path.read_text()
    path.write_text(whole + whole.split("\n")[1][:40])
    assert Record(path).read() == {asked: ended(("former", "new"))}
    assert path.read_text() == whole


def test_a_run_does_not_go_on_from_trials_of_other_code(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    path.write_text('{"code": "another"}\n')
    with pytest.raises(InputError, match="other code; remove it"):
        Record(path)


@pytest.mark.integration
def test_trials_are_played_on_all_cores_and_each_once() -> None:
    asked = [("slow", Step.ABORT, 0), ("gate-killed", Step.PROVE, 0)]
    assert {each: found.is_reached for each, found in play_all(asked)} == dict.fromkeys(asked, True)


def test_steps_with_the_same_course_share_a_line_and_defects_are_named() -> None:
    trials = {
        ("slow", Step.OPEN): [ended(("former", "new"))],
        ("slow", Step.WRITE): [ended(("former", "new"))],
        ("slow", Step.PROVE): [ended(("new",), ("a mixture ran",))],
    }
    assert [row[:4] for row in rows_of(trials)] == [
        ("slow", "open … set", "2", "former → new"),
        ("slow", "prove", "1", "new"),
    ]
    assert list(misses(trials)) == ["slow at prove: a mixture ran (1 of 1)"]
