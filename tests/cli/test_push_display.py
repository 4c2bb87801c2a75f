"""What a person sees of a push."""

import pytest

from citybrain.cli.push_display import Course, print_results
from citybrain.engine.gate.pushing import UnitResult
from citybrain.ports.controllers import Step


def result(unit: str, outcome: str, reason: str = "") -> UnitResult:
    return UnitResult(unit=unit, outcome=outcome, reason=reason)


def test_the_bar_moves_with_every_step_and_never_back() -> None:
    shown: list[tuple[float, str]] = []
    course = Course(2, lambda share, text: shown.append((share, text)))
    for step in (Step.READ, Step.OPEN, Step.PROVE, Step.ABORT, Step.ROLL_BACK, Step.PROVE):
        course.hear({"unit": "a", "step": step.value})
    course.hear({"result": {"unit": "a"}})
    course.hear({"unit": "b", "step": Step.READ.value})
    course.hear({"result": {"unit": "b"}})
    shares = [share for share, _ in shown]
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[1] < shares[2] < 0.5
    assert shares[-1] == 1
    assert shown[0][1] == "0 of 2 ended, a read what the unit holds"
    assert shown[-1][1] == "2 of 2 ended"


def test_units_are_told_in_the_order_of_their_numbers_and_the_others_last(
    capsys: pytest.CaptureFixture[str],
) -> None:
    silent = result("K-1", "REFUSED", "K-1: does not answer")
    print_results([result("K-10", "RUNS"), silent, result("K-2", "RUNS")])
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "K-2          RUNS",
        "K-10         RUNS",
        "K-1          REFUSED       does not answer",
        "2 of 3 units are as ordered",
    ]
