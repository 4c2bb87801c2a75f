"""The search of a large network: wires the whole model, its parts, processes and SUMO together."""

import multiprocessing
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from citybrain.config import ProofSettings, SearchSettings
from citybrain.engine.area import StudyArea
from citybrain.engine.demand import Demand
from citybrain.engine.search_record import SearchRecord
from citybrain.errors import InputError
from citybrain.ports.evaluation import Progress
from optimizer.area_pass import Crew
from optimizer.large import LargeEvaluators, retime_large
from optimizer.retime import Retiming, Task
from sim.queue_model.ground import read_ground
from sim.queue_model.model import QueueModel
from sim.queue_model.parts import PartPricers
from sim.queue_model.pricing import TablePricer
from sim.queue_model.sumo_demand import routed_days
from sim.sumo.evaluator import SumoEvaluator

LARGE_SIGNALS = 60
"""More signals than these are searched subarea by subarea."""

_MOST_JUDGED_SIGNALS = 2_500
"""Beyond so many the model alone searches: SUMO would take more than ten minutes for a run."""
_SECONDS_PER_SIGNAL = 2.0


def is_large(area: StudyArea) -> bool:
    """Tell whether an area is searched subarea by subarea."""
    return len(area.network.intersections) > LARGE_SIGNALS


def with_patience(area: StudyArea, proof: ProofSettings) -> ProofSettings:
    """Return settings that give each run of a large area the time that it needs."""
    needed_s = _SECONDS_PER_SIGNAL * len(area.network.intersections)
    return replace(proof, timeout_s=max(proof.timeout_s, needed_s))


def search_large(
    area: StudyArea,
    demand: Demand,
    settings: tuple[SearchSettings, ProofSettings],
    record: SearchRecord,
    progress: Progress,
) -> Retiming:
    """Search a better plan for a large area.

    Parameters
    ----------
    area, demand
        What is to be retimed, and for whom.
    settings
        Of the search, and of the proof; the latter tells how many processes run side by side.
    record
        Takes down the course of the search; its clock can be pickled.
    progress
        Hears the best cost found.

    Raises
    ------
    InputError
        Nobody wants to travel, a route has a gap, or greens that follow the traffic are wanted.
    InfeasibleError
        There is nothing to retime.
    SimulationError
        A run failed.
    """
    search, proof = settings
    if search.with_actuation:
        what = f"has more than {LARGE_SIGNALS} signals; there only fixed times are searched"
        raise InputError(area.scenario.config, what, "leave --actuated out, or cut the network")
    seeds = search.simulation_seeds[:1]
    ground = read_ground(demand.scenario, area.network)
    days = routed_days(demand.scenario, seeds=seeds, timeout_s=proof.timeout_s)
    whole = QueueModel.compiled(ground, days, seeds=seeds, threads=proof.workers)

    def pricer(model: QueueModel) -> TablePricer:
        return TablePricer(model, area.network, search.objective, area.running)

    task = Task(network=area.network, running=area.running, demand=demand.turning)
    with (
        processes(proof.workers) as pool,
        SumoEvaluator(
            demand.scenario, area.network, workers=proof.workers, timeout_s=proof.timeout_s
        ) as sumo,
    ):
        parts = PartPricers(ground, days, whole, area.network, pricer)
        crew = Crew(parts=parts, pool=pool, workers=proof.workers)
        is_judged = len(area.network.intersections) <= _MOST_JUDGED_SIGNALS
        evaluators = LargeEvaluators(
            whole=record.pricing(pricer(whole)),
            crew=crew,
            proving=record.proving(sumo) if is_judged else None,
        )
        return retime_large(task, evaluators, search, clock=record.clock, progress=progress)


@contextmanager
def processes(count: int) -> Iterator[Executor]:
    """Run processes that take tasks, and end them with the block, at once if it fails.

    Parameters
    ----------
    count
        How many.
    """
    others = {child.pid for child in multiprocessing.active_children()}
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_ignore_interrupts)
    try:
        yield pool
    except BaseException:
        for child in multiprocessing.active_children():
            if child.pid not in others:
                child.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _ignore_interrupts() -> None:
    """Leave it to the parent to end this process when the user interrupts it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
