"""The fast model beside SUMO: does it rank plans alike, and how much faster is it?

Every network gets its running plan, plans drawn at random (cycles of 20 to 150 s, greens,
offsets and sequences) and some of the optimiser's own.  SUMO's outcomes are kept in a cache folder
(``CITYBRAIN_CACHE``, else ``~/.cache/citybrain``), keyed by network, plan, seed and version, for
they take hours; times are measured anew in each run, in seconds of one core, so that a busy machine
changes both alike.
"""

import os
import platform
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks._evaluator_results import Comparison, results_content, results_table
from benchmarks._networks import compared
from benchmarks._plan_sets import annealed_plans, drawn_plans
from benchmarks._printing import print_conditions, print_misses, print_whole
from benchmarks._sumo_cache import TIMEOUT_S, default_folder, sumo_outcomes
from citybrain.cli.console import print_json
from citybrain.cli.sources import open_study
from citybrain.engine import provenance
from citybrain.engine.area import StudyArea
from citybrain.ports.evaluation import Evaluation
from citybrain.ports.tables import SignalTables
from sim.queue_model.model import QueueModel
from sim.queue_model.pricing import TablePricer
from sim.sumo.evaluator import SumoEvaluator

NETWORKS = (
    "cologne8",
    "ingolstadt1",
    "ingolstadt7",
    "arterial4x4",
    "cologne1",
    "cologne3",
    "grid4x4",
    "ingolstadt21",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Settings of the benchmark.

    Parameters
    ----------
    plan_count
        Plans drawn for each network, the running one among them.
    plan_seed
        Dice of the plans.
    own_count, own_priced
        Plans of the optimiser's own that join them, and how many it may price for them.
    sumo_seed
        Seed of SUMO's runs.
    days
        Seeds of the model's days.
    timed_plans, repeats
        Plans that are priced to take the time, and how often; the fastest counts.
    """

    plan_count: int = 64
    plan_seed: int = 7
    own_count: int = 4
    own_priced: int = 2000
    sumo_seed: int = 1001
    days: tuple[int, ...] = (1, 2, 3)
    timed_plans: int = 8
    repeats: int = 5


def run(*, networks: list[str], is_check: bool, is_json: bool) -> int:
    """Run the benchmark and return its exit code.

    Parameters
    ----------
    networks
        RESCO names or paths of scenarios; the eight RESCO networks if empty.
    is_check
        Return 1 if a target is missed, and name every one.
    is_json
        Print JSON instead of the table.

    Raises
    ------
    InputError
        A network is not there; nothing has been run then.
    """
    bench, folder = Bench(), default_folder()
    comparisons = compared(networks, NETWORKS, lambda name: compare(name, bench, folder))
    misses = [text for one in comparisons for text in one.misses()]
    if is_json:
        print_json(results_content(comparisons, conditions(bench, folder), misses))
        return 1 if is_check and misses else 0
    print_whole(results_table(comparisons))
    print_conditions(conditions(bench, folder))
    if is_check:
        print_misses(misses)
    return 1 if is_check and misses else 0


def compare(name: str, bench: Bench, folder: Path) -> Comparison:
    """Price the plans of one network in SUMO and in the model.

    Parameters
    ----------
    name
        RESCO name or path.
    bench
        Settings.
    folder
        SUMO's outcomes.
    """
    area = open_study(Path(name), None)
    plans = drawn_plans(area.running, count=bench.plan_count, seed=bench.plan_seed)
    model = QueueModel.build(area.scenario, area.network, seeds=bench.days, threads=1)
    plans += annealed_plans(
        area.network,
        area.running,
        TablePricer(model, area.network),
        count=bench.own_count,
        priced=bench.own_priced,
        seed=bench.plan_seed,
    )
    workers = os.cpu_count() or 1
    outcomes = sumo_outcomes(area, plans, seed=bench.sumo_seed, folder=folder, workers=workers)
    delays_s = model.delays(model.tables(plans))
    timed = model.tables(plans[: bench.timed_plans])
    both = replace(model, threads=2)
    priced = timed.start.shape[0] * len(bench.days)
    return Comparison(
        network=Path(name).name,
        sumo_s=tuple(outcome.mean_delay_s for outcome in outcomes),
        model_s=tuple(delays_s.mean(axis=1).tolist()),
        sumo_cpu_s=_sumo_cpu_s(area, bench.sumo_seed),
        model_cpu_s=_least(lambda: _cpu_s(model, timed), bench.repeats) / priced,
        two_gain=_gain(model, both, timed, bench.repeats),
        same_bytes=model.delays(timed).tobytes() == both.delays(timed).tobytes(),
    )


def conditions(bench: Bench, folder: Path) -> dict[str, object]:
    """Return what the figures depend on."""
    return {
        **provenance.versions(),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "load": f"{os.getloadavg()[0]:.1f}",
        "SUMO seed": bench.sumo_seed,
        "days of the model": list(bench.days),
        "dice of the plans": bench.plan_seed,
        "cache": str(folder),
    }


def _sumo_cpu_s(area: StudyArea, seed: int) -> float:
    """Return the time of one core that one run of the running plan takes in SUMO [s]."""
    with SumoEvaluator(area.scenario, area.network, workers=1, timeout_s=TIMEOUT_S) as evaluator:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        evaluator.evaluate([Evaluation(plan=area.running, seed=seed)])
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def _cpu_s(model: QueueModel, tables: SignalTables) -> float:
    begun_s = time.process_time()
    model.delays(tables)
    return time.process_time() - begun_s


def _wall_s(model: QueueModel, tables: SignalTables) -> float:
    begun_s = time.perf_counter()
    model.delays(tables)
    return time.perf_counter() - begun_s


def _gain(one: QueueModel, two: QueueModel, tables: SignalTables, repeats: int) -> float:
    """Return how much faster two threads are, from runs in turn."""
    pairs = [(_wall_s(one, tables), _wall_s(two, tables)) for _ in range(repeats)]
    return float(np.min([a for a, _ in pairs]) / np.min([b for _, b in pairs]))


def _least(measure: Callable[[], float], repeats: int) -> float:
    return min(measure() for _ in range(repeats))
