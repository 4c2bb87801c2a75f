"""The table and the targets of the optimizer benchmark, from canned results."""

import json

import pytest

from benchmarks._networks import check_installed
from benchmarks._results import NOTHING_BETTER, first_miss
from benchmarks.optimizer import report
from citybrain.errors import InputError
from citybrain.model.verdict import Estimate
from tests.benchmarks.canned import CONDITIONS, GOOD, outcomes, result


def test_no_target_is_missed_where_all_are_met() -> None:
    assert first_miss([GOOD, GOOD]) is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"decision": "inconclusive"}, "verdict is inconclusive, the target is accept"),
        ({"decision": NOTHING_BETTER}, "verdict is nothing better, the target is accept"),
        (
            {"saving": Estimate(mean=0.149, low=0.05, high=0.25)},
            "saving is 14.9%, the target is at least 15%",
        ),
        (
            {"network": "ingolstadt1", "saving": Estimate(mean=0.299, low=0.2, high=0.4)},
            "saving is 29.9%, the target is at least 30%",
        ),
        (
            {"proposed": outcomes(36.5, unfinished_veh=6)},
            "stranded vehicles is 60, the target is at most the 50 of the existing plan",
        ),
        (
            {"proposed": outcomes(36.5, teleports=1)},
            "teleports is 10, the target is at most the 0 of the existing plan",
        ),
        (
            {"actuated": outcomes(66.4)},
            "lead over SUMO actuated is 0.0 to 0.0 s/veh, the target is above 0",
        ),
    ],
)
def test_a_missed_target_is_named(changes: dict[str, object], told: str) -> None:
    missed = result(**changes)
    assert str(first_miss([GOOD, missed])) == f"{missed.network}: {told}"


def test_the_first_miss_in_the_order_of_the_table_is_named() -> None:
    miss = first_miss([result(decision="reject"), result(network="cologne3", decision="reject")])
    assert miss is not None
    assert (miss.network, miss.figure) == ("cologne1", "verdict")


def test_a_network_without_target_misses_none() -> None:
    assert first_miss([result(network="elsewhere", decision="reject")]) is None


def test_table_shows_every_figure(capsys: pytest.CaptureFixture[str]) -> None:
    assert report([GOOD], CONDITIONS, is_check=False, is_json=False) == 0
    lines = capsys.readouterr().out.splitlines()
    row = next(line for line in lines if line.startswith("cologne1 "))
    assert row.split() == [
        *("cologne1", "42.9", "36.5", "-15.9", "(-17.7", "to", "-14.1)", "accept"),
        *("34.0", "66.4", "–", "crashes", "–", "50", "→", "40", "0", "→", "0", "87", "123"),
    ]
    assert "cologne1: tlsCycleAdaptation crashes: tlsCycleAdaptation.py: IndexError" in lines[-1]
    assert any(line.startswith("SUMO 1.28.0") and "2 cores" in line for line in lines)


def test_check_fails_and_names_the_miss(capsys: pytest.CaptureFixture[str]) -> None:
    slow = result(decision="reject")
    assert report([slow], CONDITIONS, is_check=True, is_json=False) == 1
    assert "target missed: cologne1: verdict" in capsys.readouterr().out
    assert report([slow], CONDITIONS, is_check=False, is_json=False) == 0
    assert report([GOOD], CONDITIONS, is_check=True, is_json=False) == 0


def test_json_holds_what_the_table_shows(capsys: pytest.CaptureFixture[str]) -> None:
    unbounded = Estimate(mean=0.159, low=float("-inf"), high=float("inf"))
    assert report([result(saving=unbounded)], CONDITIONS, is_check=True, is_json=True) == 0
    content = json.loads(capsys.readouterr().out)
    network = content["networks"][0]
    assert content["conditions"]["sumo"] == "1.28.0"
    assert content["first_target_missed"] is None
    assert network["existing"]["delay_s"]["mean"] == pytest.approx(42.9)
    assert network["citybrain"]["delay_by_seed_s"]["1"] == pytest.approx(36.05)
    assert network["saving"] == {"mean": 0.159, "low": None, "high": None}
    assert network["peers"]["SUMO actuated"]["stranded_veh"] == 50
    assert "IndexError" in network["peers"]["tlsCycleAdaptation"]["failure"]


def test_a_network_that_is_not_there_is_told_with_its_mend() -> None:
    with pytest.raises(InputError, match="pip install --no-deps sumo-rl"):
        check_installed("no-such-network")
