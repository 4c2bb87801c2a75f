"""Retiming by subareas on a small generated city, cut as if it were large."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pytest

from benchmarks._city import CityDemand, build_city
from citybrain.cli.sources import open_study
from citybrain.config import SearchSettings
from citybrain.engine.area import StudyArea
from citybrain.engine.demand import own_demand
from citybrain.model.flows import TurningDemand
from citybrain.model.plan import Plan
from citybrain.model.rules import check_plan
from citybrain.model.verdict import Outcome
from citybrain.ports.blocks import Block, stacked
from citybrain.ports.evaluation import Evaluation, PlanEvaluator
from optimizer import large
from optimizer.area_pass import AreaPass, Crew, PassBudget
from optimizer.area_search import AreaFound, AreaTask
from optimizer.large import LargeEvaluators, retime_large
from optimizer.retime import Retiming, Task
from optimizer.starts import Starter
from optimizer.subareas import Division, divide
from optimizer.workshop import Workshop
from sim.queue_model.ground import read_ground
from sim.queue_model.model import QueueModel
from sim.queue_model.parts import PartPricers
from sim.queue_model.pricing import TablePricer
from sim.queue_model.sumo_demand import routed_days

pytestmark = pytest.mark.integration

MOST_SIGNALS = 4


@dataclass(frozen=True)
class City:
    area: StudyArea
    demand: TurningDemand
    model: QueueModel
    parts: PartPricers


@dataclass
class Heard:
    """What a search tells; ends it after so many subareas."""

    most: int = 1000
    plans: list[int] = field(default_factory=list)
    done: list[float] = field(default_factory=list)

    def __call__(self, done: float, text: str) -> None:
        assert text.startswith("search: ")
        self.done.append(done)

    def is_stopped(self) -> bool:
        return len(self.plans) >= self.most


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    config = build_city(9, tmp_path_factory.mktemp("city"), CityDemand(hours=0.25))
    area = open_study(config, None)
    ground = read_ground(area.scenario, area.network)
    days = routed_days(area.scenario, seeds=(1,), timeout_s=60.0)
    model = QueueModel.compiled(ground, days, seeds=(1,), threads=1)
    parts = PartPricers(ground, days, model, area.network, lambda m: TablePricer(m, area.network))
    return City(area, own_demand(area, timeout_s=60.0).turning, model, parts)


@pytest.fixture(scope="module")
def retimed(city: City) -> Iterator[tuple[Retiming, Retiming]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large, "MOST_SIGNALS", MOST_SIGNALS)
        yield _retimed(city, workers=1), _retimed(city, workers=3)


def _retimed(
    city: City, workers: int, heard: Heard | None = None, proving: PlanEvaluator | None = None
) -> Retiming:
    network = city.area.network
    heard = heard or Heard()
    with ThreadPoolExecutor(workers) as pool:
        return retime_large(
            Task(network=network, running=city.area.running, demand=city.demand),
            LargeEvaluators(
                whole=TablePricer(city.model, network),
                crew=Crew(parts=city.parts, pool=pool, workers=workers),
                heard=heard.plans.append,
                proving=proving,
            ),
            SearchSettings(seconds_budget=None, evaluation_budget=2, model_runs=20),
            clock=lambda: 0.0,
            progress=heard,
            is_stopped=heard.is_stopped,
        )


def test_every_junction_keeps_its_rules(city: City, retimed: tuple[Retiming, Retiming]) -> None:
    plan = retimed[0].plan
    assert {p.intersection for p in plan.patterns} == set(city.area.network.intersections)
    assert check_plan(plan, city.area.network) == ()


def test_the_plan_put_together_is_better_than_the_running_one(
    city: City, retimed: tuple[Retiming, Retiming]
) -> None:
    plans = [city.area.running, retimed[0].plan]
    running_s, retimed_s = city.model.delays(city.model.tables(plans))[:, 0]
    assert retimed_s < 0.9 * running_s
    assert retimed_s == pytest.approx(retimed[0].best_cost_s)


def test_the_plan_does_not_depend_on_how_many_search(
    retimed: tuple[Retiming, Retiming],
) -> None:
    assert retimed[0].plan == retimed[1].plan


def test_every_subarea_is_told_and_its_plans_are_counted(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "MOST_SIGNALS", MOST_SIGNALS)
    areas = len(divide(city.area.network, city.demand, MOST_SIGNALS).areas)
    heard = Heard()
    found = _retimed(city, 1, heard)
    assert len(heard.plans) == 2 * areas
    assert len(heard.done) >= 2 * areas
    assert heard.done == sorted(heard.done)
    assert 0 < found.model_evaluations - sum(heard.plans) < min(heard.plans) * areas


def test_a_stopped_search_begins_no_other_subarea_and_keeps_what_it_has(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "MOST_SIGNALS", MOST_SIGNALS)
    heard = Heard(most=1)
    found = _retimed(city, 1, heard)
    assert len(heard.plans) == 1
    assert found.is_better
    assert check_plan(found.plan, city.area.network) == ()


class _Harsh:
    """A judge who finds the first plan that it is shown worse than the running one."""

    def __init__(self, running: Plan) -> None:
        self.known = {running: 50.0}

    def evaluate(self, evaluations: Sequence[Evaluation]) -> list[Outcome]:
        for one in evaluations:
            self.known.setdefault(one.plan, 60.0 if len(self.known) == 1 else 40.0)
        return [
            Outcome(
                seed=one.seed,
                vehicle_count=1,
                delay_s=self.known[one.plan],
                unfinished_veh=0,
                never_inserted_veh=0,
                teleports=0,
                collisions=0,
                stops=0,
            )
            for one in evaluations
        ]


def test_a_stopped_search_falls_back_on_an_earlier_plan(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "MOST_SIGNALS", MOST_SIGNALS)
    found = _retimed(city, 1, Heard(most=1), _Harsh(city.area.running))
    assert (found.running_cost_s, found.best_cost_s) == (50.0, 40.0)
    assert found.evaluations == 3


class _Idle(Executor):
    """Uses the time of every task, and finds nothing."""

    def __init__(self) -> None:
        self.now_s, self.taken_s = 100.0, list[float]()

    def clock(self) -> float:
        return self.now_s

    def submit(self, fn: object, task: AreaTask) -> Future[AreaFound]:  # type: ignore[override]
        assert task.end_s is not None
        self.taken_s.append(task.end_s - self.now_s)
        self.now_s = task.end_s
        found: Future[AreaFound] = Future()
        found.set_result(AreaFound(candidate=task.starts[0], plans=1))
        return found


def _times_s(city: City, division: Division, end_s: float) -> list[float]:
    """Return what each subarea may take of a pass that begins at 100 s."""
    pool = _Idle()
    workshop = Workshop.of(city.area.running, city.area.network)
    start = next(iter(Starter(workshop, city.area.network, city.demand).coordinated()))
    city.parts.observe(city.model.tables([city.area.running]))
    budget = PassBudget(plans=None, end_s=end_s, clock=pool.clock)
    crew = Crew(parts=city.parts, pool=pool, workers=2)
    AreaPass(workshop, division, crew, budget, 1).run([start])
    return pool.taken_s


def test_subareas_that_wait_for_one_another_share_the_time_by_their_size(city: City) -> None:
    division = divide(city.area.network, city.demand, MOST_SIGNALS)
    assert all(len(others) == len(division.areas) - 1 for others in division.touching())
    expected_s = [10.0 * len(area) for area in division.areas]
    assert _times_s(city, division, 190.0) == pytest.approx(expected_s)


def test_no_subarea_begins_when_the_time_is_over(city: City) -> None:
    assert _times_s(city, divide(city.area.network, city.demand, MOST_SIGNALS), 100.0) == []


def test_every_signal_is_in_one_subarea_and_every_street_leads_to_one(city: City) -> None:
    division = divide(city.area.network, city.demand, MOST_SIGNALS)
    names = [name for area in division.areas for name in area]
    edges = [edge for owned in division.edges.values() for edge in owned]
    assert sorted(names) == sorted(city.area.network.intersections)
    assert len(edges) == len(set(edges))
    assert all(len(area) <= MOST_SIGNALS for area in division.areas)


def test_a_part_has_the_delay_that_it_has_within_the_whole(city: City) -> None:
    network, running = city.area.network, city.area.running
    tables = city.model.tables([running])
    city.parts.observe(tables)
    whole = TablePricer(city.model, network)
    known = dict(zip(whole.groups, whole.price(tables).local_s[0], strict=True))
    division = divide(network, city.demand, MOST_SIGNALS)
    for number, area in enumerate(division.areas):
        names = (*area, *division.around(number))
        part = city.parts.part(names, [edge for name in names for edge in division.edges[name]])
        own_s = _price(part, city, names)[: len(area)].sum()
        assert own_s == pytest.approx(sum(known[name] for name in area), rel=0.1)


def _price(part: TablePricer, city: City, names: tuple[str, ...]) -> np.ndarray:
    blocks = [Block.of(city.area.running.pattern(name), part.groups[name]) for name in names]
    return part.price(stacked([blocks])).local_s[0]
