"""What the search of a large network hands to its simulation and to its processes."""

import multiprocessing
import os
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from citybrain.config import Objective, ProofSettings, SearchSettings
from citybrain.engine import large
from citybrain.engine.demand import own_demand
from citybrain.engine.large import check_searchable, processes, search_large
from citybrain.engine.search_record import SearchRecord
from citybrain.errors import InputError, SimulationError
from citybrain.model.verdict import Outcome
from citybrain.ports.evaluation import Evaluation
from tests.sim.queue_streets import area


class Street:
    """Stands for SUMO: takes down what it is asked; the running plan is the worst."""

    last: "Street"

    def __init__(self, *_: object, with_movements: bool = False, **__: object) -> None:
        self.with_movements = with_movements
        self.asked: list[Evaluation] = []
        type(self).last = self

    def __enter__(self) -> "Street":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def evaluate(self, evaluations: Sequence[Evaluation]) -> list[Outcome]:
        self.asked += evaluations
        return [
            Outcome(
                seed=one.seed,
                vehicle_count=10,
                delay_s=500.0 if one.plan == area().running else 400.0,
                unfinished_veh=0,
                never_inserted_veh=0,
                teleports=0,
                collisions=0,
                stops=0,
            )
            for one in evaluations
        ]


SEARCH = SearchSettings(
    seconds_budget=None,
    evaluation_budget=20,
    model_runs=1,
    objective=Objective(worst_movement_s=60.0),
)


@pytest.mark.integration
def test_all_of_the_course_and_two_days_are_known_and_movements_are_charged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(large, "SumoEvaluator", Street)
    monkeypatch.setattr(large, "processes", ThreadPoolExecutor)
    record = SearchRecord(area().running, lambda: 0.0, SEARCH.objective)
    demand = own_demand(area(), timeout_s=60.0)
    both = (SEARCH, ProofSettings(workers=1))
    found = search_large(area(), demand, both, record, lambda done, text: None)
    assert Street.last.with_movements
    assert {(one.seed, one.demand_scale) for one in Street.last.asked} == set(SEARCH.days[:2])
    assert record.course().priced == found.model_evaluations
    assert record.course().runs == found.evaluations == len(Street.last.asked)


def test_greens_that_follow_the_traffic_are_refused_on_a_large_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    actuated = replace(SEARCH, with_actuation=True)
    check_searchable(area(), actuated)
    monkeypatch.setattr(large, "LARGE_SIGNALS", 1)
    check_searchable(area(), SEARCH)
    with pytest.raises(InputError, match="leave --actuated out"):
        check_searchable(area(), actuated)


@pytest.mark.integration
def test_a_process_that_dies_is_one_clear_line() -> None:
    with pytest.raises(SimulationError, match="fewer --workers"), processes(1) as pool:
        pool.submit(os._exit, 1).result()


@pytest.mark.integration
def test_ctrl_c_ends_no_process_not_even_one_that_just_begins() -> None:
    with processes(1) as pool:
        for child in multiprocessing.active_children():
            assert child.pid is not None
            os.kill(child.pid, signal.SIGINT)
        assert pool.submit(abs, -1).result() == 1
