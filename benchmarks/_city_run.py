"""What one generated city costs: run in a process of its own, so that its memory is its own."""

import json
import resource
import sys
import time
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks._city import build_city
from citybrain.cli.sources import open_study
from citybrain.config import SearchSettings
from citybrain.engine.area import StudyArea
from citybrain.engine.demand import Demand, own_demand
from citybrain.engine.large import processes
from citybrain.engine.prove import check_rules
from citybrain.ports.evaluation import Evaluation
from optimizer.area_pass import Crew
from optimizer.large import LargeEvaluators, retime_large
from optimizer.retime import Retiming, Task
from sim.queue_model.ground import read_ground
from sim.queue_model.model import QueueModel
from sim.queue_model.parts import PartPricers
from sim.queue_model.pricing import TablePricer
from sim.queue_model.sumo_demand import routed_days
from sim.sumo.evaluator import SumoEvaluator

_WARM_UP = 9
_MOST_JUDGED = 100
"""Junctions of the largest city that SUMO runs; a thousand take it minutes for one run."""
_TIMEOUT_S = 3600.0
_SEED = 1
_HOURS = 3
"""How often the plan-hour is priced; the fastest counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CityRun:
    """What a city cost, in seconds of one core and in megabytes above an empty process.

    Parameters
    ----------
    junctions, vehicles, crossings
        Size of the city, trips of its hour, and how often a vehicle passed a junction.
    read_s, build_s, hour_s
        Reading the scenario, compiling the model, one plan-hour. [s]
    model_mb
        Peak memory after the plan-hour. [MB]
    search_s, wall_s
        Retiming by subareas: of all processes, and as the clock saw it; none of this and of what
        follows where nothing was retimed. [s]
    search_mb
        Peak memory after the retiming; without that of the processes that search subareas, which
        hold one subarea each. [MB]
    plans
        Plans that the search priced.
    running_delay_s, retimed_delay_s
        What the model says. [s/veh]
    sumo_running_s, sumo_retimed_s
        What SUMO says, with one seed; none where the city is too large. [s/veh]
    """

    junctions: int
    vehicles: int
    crossings: int
    read_s: float
    build_s: float
    hour_s: float
    model_mb: float
    search_s: float | None = None
    wall_s: float | None = None
    search_mb: float | None = None
    plans: int | None = None
    running_delay_s: float | None = None
    retimed_delay_s: float | None = None
    sumo_running_s: float | None = None
    sumo_retimed_s: float | None = None


@dataclass(frozen=True, slots=True)
class _City:
    """A city, and what was made of it."""

    area: StudyArea
    demand: Demand
    model: QueueModel
    parts: PartPricers
    read_s: float
    build_s: float


def measure(junctions: int, folder: Path, evaluations: int, workers: int) -> CityRun:
    """Read, model and retime a city.

    Parameters
    ----------
    junctions
        Its size.
    folder
        Where cities are kept.
    evaluations
        Budget of the search: a hundred plans for each, in every subarea; nothing is retimed if 0.
    workers
        Processes that search subareas.
    """
    small = _compiled(build_city(_WARM_UP, folder))
    config = build_city(junctions, folder)
    _hour_s(small)
    idle_s = _helpers_s()
    if evaluations:
        with processes(workers) as pool:
            _retimed(small, pool, workers, 1)
    idle_s = _helpers_s() - idle_s
    before_mb = _peak_mb()
    city = _compiled(config)
    hour_s, crossings = _hour_s(city)
    model_mb = _peak_mb() - before_mb
    _tell(f"read {city.read_s:.1f} s, build {city.build_s:.1f} s, hour {hour_s:.2f} s")
    _tell(f"{crossings} crossings, {model_mb:.0f} MB")
    modelled = CityRun(
        junctions=len(city.area.network.intersections),
        vehicles=len(city.model.days[0].depart_s),
        crossings=crossings,
        read_s=city.read_s,
        build_s=city.build_s,
        hour_s=hour_s,
        model_mb=model_mb,
    )
    if not evaluations:
        return modelled
    helped_s = _helpers_s()
    with processes(workers) as pool:
        _retimed(small, pool, workers, 1)
        begun_s, own_s = time.perf_counter(), time.process_time()
        found = _retimed(city, pool, workers, evaluations)
        wall_s, own_s = time.perf_counter() - begun_s, time.process_time() - own_s
    helped_s = _helpers_s() - helped_s - idle_s
    search_mb = _peak_mb()
    judged = _judged(city, found, workers) if junctions <= _MOST_JUDGED else (None, None)
    return replace(
        modelled,
        search_s=own_s + max(0.0, helped_s),
        wall_s=wall_s,
        search_mb=search_mb - before_mb,
        plans=found.model_evaluations,
        running_delay_s=found.running_cost_s,
        retimed_delay_s=found.best_cost_s,
        sumo_running_s=judged[0],
        sumo_retimed_s=judged[1],
    )


def _compiled(config: Path) -> _City:
    """Read a city and compile its model."""
    begun_s = time.process_time()
    area = open_study(config, None)
    demand = own_demand(area, timeout_s=_TIMEOUT_S)
    read_s = time.process_time() - begun_s
    ground = read_ground(area.scenario, area.network)
    days = routed_days(area.scenario, seeds=(_SEED,), timeout_s=_TIMEOUT_S)
    model = QueueModel.compiled(ground, days, seeds=(_SEED,), threads=1)
    build_s = time.process_time() - begun_s - read_s
    parts = PartPricers(
        ground, days, model, area.network, lambda part: TablePricer(part, area.network)
    )
    return _City(area, demand, model, parts, read_s, build_s)


def _hour_s(city: _City) -> tuple[float, int]:
    """Return the time of the fastest plan-hour [s], and the crossings in it."""
    tables = city.model.tables([city.area.running])
    taken_s, crossings = [], 0
    for _ in range(_HOURS):
        begun_s = time.process_time()
        runs = city.model.runs(tables)
        taken_s.append(time.process_time() - begun_s)
        crossings = int(runs.link_count.sum())
    return min(taken_s), crossings


def _retimed(city: _City, pool: Executor, workers: int, evaluations: int) -> Retiming:
    area = city.area
    found = retime_large(
        Task(network=area.network, running=area.running, demand=city.demand.turning),
        LargeEvaluators(
            whole=TablePricer(city.model, area.network),
            crew=Crew(parts=city.parts, pool=pool, workers=workers),
        ),
        SearchSettings(seconds_budget=None, evaluation_budget=evaluations),
        clock=time.monotonic,
        progress=lambda done, text: _tell(text),
    )
    check_rules(found.plan, area)
    return found


def _judged(city: _City, found: Retiming, workers: int) -> tuple[float, float]:
    """Return what SUMO says of the running plan and of the retimed one [s/veh]."""
    with SumoEvaluator(
        city.demand.scenario, city.area.network, workers=workers, timeout_s=_TIMEOUT_S
    ) as sumo:
        plans = (city.area.running, found.plan)
        running, retimed = sumo.evaluate([Evaluation(plan=plan, seed=_SEED) for plan in plans])
    return running.mean_delay_s, retimed.mean_delay_s


def _tell(text: str) -> None:
    """Tell on standard error how far the run has come."""
    print(f"{time.process_time():8.1f} s  {text}", file=sys.stderr, flush=True)


def _helpers_s() -> float:
    """Return the time of one core that processes took which have ended [s]."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _peak_mb() -> float:
    """Return the most memory that this process ever held [MB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(
        json.dumps(asdict(measure(int(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:5]))))
    )
