"""The search of a large network: wires the whole model, its parts, processes and SUMO together."""

import multiprocessing
import signal
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from citybrain.config import ProofSettings, SearchSettings
from citybrain.engine.area import StudyArea
from citybrain.engine.demand import Demand
from citybrain.engine.interruption import first_is_a_wish
from citybrain.engine.search_record import SearchRecord
from citybrain.errors import InputError, SimulationError
from citybrain.ports.evaluation import Progress
from optimizer.area_pass import Crew
from optimizer.large import LargeEvaluators, retime_large
from optimizer.retime import Retiming, Task
from sim.queue_model.demand import scaled
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
_LEAST_S = 1.0
"""Time for the search where the making of the model took all of it. [s]"""

_DEAD = (
    "a process that searches subareas was ended from outside, as happens where memory runs out;"
    " give fewer --workers"
)


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
        Hears the best cost found, and of every subarea that was searched.

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
    with (
        first_is_a_wish(progress) as is_stopped,
        processes(proof.workers) as pool,
        SumoEvaluator(
            demand.scenario,
            area.network,
            workers=proof.workers,
            timeout_s=proof.timeout_s,
            with_movements=search.objective.worst_movement_s is not None,
        ) as sumo,
    ):
        began_s = record.clock()
        progress(0.0, "search: the fast model is made")
        whole, crew = _models(area, demand, settings, pool)
        is_judged = len(area.network.intersections) <= _MOST_JUDGED_SIGNALS
        return retime_large(
            Task(
                network=area.network,
                running=area.running,
                demand=demand.turning,
                phase_maps=area.phase_maps,
            ),
            LargeEvaluators(
                whole=record.pricing(whole),
                crew=crew,
                proving=record.proving(sumo) if is_judged else None,
                heard=record.hear_parts,
            ),
            _shortened(search, record.clock() - began_s),
            clock=record.clock,
            progress=progress,
            is_stopped=is_stopped,
        )


def check_searchable(area: StudyArea, search: SearchSettings) -> None:
    """Refuse what is not searched on a large area.

    Parameters
    ----------
    area, search
        What is to be retimed, and how.

    Raises
    ------
    InputError
        Greens that follow the traffic are wanted on a large area.
    """
    if is_large(area) and search.with_actuation:
        what = f"has more than {LARGE_SIGNALS} signals; there only fixed times are searched"
        raise InputError(area.scenario.config, what, "leave --actuated out, or cut the network")


def _models(
    area: StudyArea,
    demand: Demand,
    settings: tuple[SearchSettings, ProofSettings],
    pool: Executor,
) -> tuple[TablePricer, Crew]:
    """Compile the fast model of the whole on the first day that the search may see."""
    search, proof = settings
    seed, scale = search.days[0]
    ground = read_ground(demand.scenario, area.network)
    (routed,) = routed_days(demand.scenario, seeds=(seed,), timeout_s=proof.timeout_s)
    days = (scaled(routed, scale, seed),)
    whole = QueueModel.compiled(ground, days, seeds=(seed,), threads=proof.workers)

    def pricer(model: QueueModel) -> TablePricer:
        return TablePricer(model, area.network, search.objective, area.running)

    parts = PartPricers(ground, days, whole, area.network, pricer)
    return pricer(whole), Crew(parts=parts, pool=pool, workers=proof.workers)


def _shortened(search: SearchSettings, spent_s: float) -> SearchSettings:
    """Return settings whose time is less by what the making of the model took."""
    if search.seconds_budget is None:
        return search
    return replace(search, seconds_budget=max(search.seconds_budget - spent_s, _LEAST_S))


@contextmanager
def processes(count: int) -> Iterator[Executor]:
    """Run processes that take tasks, and end them with the block, at once if it fails.

    Parameters
    ----------
    count
        How many.

    Raises
    ------
    SimulationError
        One of them was ended from outside.
    """
    others = {child.pid for child in multiprocessing.active_children()}
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_ignore_interrupts)
    try:
        with _interrupts_held():
            for _ in range(count):
                pool.submit(_ignore_interrupts)
        yield pool
    except BaseException as error:
        for child in multiprocessing.active_children():
            if child.pid not in others:
                child.terminate()
        if isinstance(error, BrokenExecutor):
            raise SimulationError(_DEAD) from error
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back, for good in processes that begin meanwhile: they are not to die of it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def _ignore_interrupts() -> None:
    """Leave it to the parent to end this process when the user interrupts it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
