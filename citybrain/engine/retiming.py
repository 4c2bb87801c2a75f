"""The main job: counts, demand, search, proof, and the files that tell of them."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from citybrain.config import MODEL_DAYS, ProofSettings, SearchSettings
from citybrain.engine import provenance
from citybrain.engine.actuated import left_actuated
from citybrain.engine.area import StudyArea
from citybrain.engine.artefacts import Artefacts
from citybrain.engine.bounds import bound_by_storage, check_feasible
from citybrain.engine.demand import Demand, observed_demand, own_demand
from citybrain.engine.interruption import first_is_a_wish
from citybrain.engine.large import check_searchable, is_large, search_large, with_patience
from citybrain.engine.prove import check_rules, prove_plan
from citybrain.engine.search_record import SearchRecord
from citybrain.files import check_writable
from citybrain.model.flows import Detector, FlowSnapshot
from citybrain.model.plan import Plan, Provenance
from citybrain.model.search_course import SearchCourse
from citybrain.model.verdict import Decision, Verdict
from citybrain.ports.evaluation import Progress
from optimizer.overload import Overload, overloads
from optimizer.retime import Evaluators, Retiming, Task, retime
from sim.queue_model.demand import scaled
from sim.queue_model.model import QueueModel
from sim.queue_model.pricing import TablePricer
from sim.queue_model.sumo_demand import routed_days
from sim.sumo.evaluator import SumoEvaluator
from sim.sumo.routes import holds_walkers


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Flows to retime for, and the inventory that they were counted with."""

    flows: FlowSnapshot
    detectors: Sequence[Detector] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of the search and of the proof."""

    search: SearchSettings
    proof: ProofSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the main job came to.

    Parameters
    ----------
    area
        What was retimed; its actuated signals are left as they are unless they were asked for.
    plan
        The plan that should run: the proposed one if it was accepted, else the running one.
    retiming
        What the search found.
    demand
        Demand that search and proof ran with.
    verdict
        Verdict on the proposed plan; none where nothing was proposed.
    files
        Role → file that was written.
    course
        What the search knew, when.
    overloads
        Intersections whose demand no plan can serve, the worst first.
    bound_reds
        Reds that the streets before them bind; none where nobody asked for it.
    """

    area: StudyArea
    plan: Plan
    retiming: Retiming
    demand: Demand
    verdict: Verdict | None
    files: dict[str, Path]
    course: SearchCourse
    overloads: tuple[Overload, ...] = ()
    bound_reds: int | None = None

    @property
    def is_accepted(self) -> bool:
        """Something better was found and proven."""
        return self.verdict is not None and self.verdict.decision is Decision.ACCEPT


def retime_area(
    area: StudyArea,
    measured: Measured | None,
    settings: Settings,
    out: Path,
    *,
    clock: Callable[[], float],
    progress: Progress,
) -> Result:
    """Retime a study area and prove what was found.

    Parameters
    ----------
    area
        The study area.  Where greens may not follow the traffic, its actuated signals stay as they
        are.
    measured
        Flows; without them the scenario's own demand is used.
    settings
        Budget, seeds and processes.
    out
        Folder for the results; written to only when all of them are there.
    clock
        Tells the time. [s]
    progress
        Hears about both searches and proofs.

    Raises
    ------
    InputError
        The flows do not belong to the network, or the folder cannot be written.
    InfeasibleError
        There is nothing to retime, or the bounds of an intersection leave no pattern.
    SimulationError
        A run failed.
    UnsafePlanError
        What the search found breaks a rule; it is not simulated.
    """
    if not settings.search.with_actuation:
        area = left_actuated(area)
    area.check_retimable()
    check_searchable(area, settings.search)
    check_feasible(area)
    check_writable(out)
    settings = replace(settings, proof=with_patience(area, settings.proof))
    with tempfile.TemporaryDirectory(prefix="citybrain-") as folder:
        demand = find_demand(area, measured, Path(folder) / "demand.rou.xml", settings.proof)
        bound_reds = None
        if settings.search.keeps_storage:
            area, bound_reds = bound_by_storage(area, demand.turning)
        record = SearchRecord(area.running, clock, settings.search.objective)
        retiming = _searched(area, demand, settings, record, progress)
        course = record.course()
        proposed, verdict = None, None
        if retiming.is_better:
            proposed = _signed(retiming, area, demand, settings.search)
            verdict = prove_plan(area, demand, proposed, settings.proof, progress)
        files = Artefacts(
            area=area,
            demand=demand,
            flows=measured.flows if measured else None,
            proposed=proposed,
            verdict=verdict,
            course=course,
        ).write(out)
    is_accepted = verdict is not None and verdict.decision is Decision.ACCEPT
    return Result(
        area=area,
        plan=proposed if proposed is not None and is_accepted else area.running,
        retiming=retiming,
        demand=demand,
        verdict=verdict,
        files=files,
        course=course,
        overloads=overloads(area.network, demand.turning),
        bound_reds=bound_reds,
    )


def find_demand(
    area: StudyArea, measured: Measured | None, routes: Path, proof: ProofSettings
) -> Demand:
    """Return the demand to work with: observed where flows are given, else the scenario's own.

    Parameters
    ----------
    area
        The study area.
    measured
        Flows, or none.
    routes
        Route file that an observed demand is written to.
    proof
        Its ``timeout_s`` bounds the survey run, too. [s]

    Raises
    ------
    InputError
        The flows do not belong to the network, a route file is cut off, or nobody departs.
    SimulationError
        The survey run failed.
    """
    if measured is None:
        return own_demand(area, timeout_s=proof.timeout_s)
    return observed_demand(
        area, measured.flows, measured.detectors, routes, timeout_s=proof.timeout_s
    )


def _searched(
    area: StudyArea,
    demand: Demand,
    settings: Settings,
    record: SearchRecord,
    progress: Progress,
) -> Retiming:
    if is_large(area):
        both = (settings.search, settings.proof)
        retiming = search_large(area, demand, both, record, progress)
    else:
        retiming = _search_whole(area, demand, settings, record, progress)
    if retiming.is_better:
        check_rules(retiming.plan, area)
    return retiming


def _search_whole(
    area: StudyArea,
    demand: Demand,
    settings: Settings,
    record: SearchRecord,
    progress: Progress,
) -> Retiming:
    task = Task(
        network=area.network,
        running=area.running,
        demand=demand.turning,
        phase_maps=area.phase_maps,
    )
    with SumoEvaluator(
        demand.scenario,
        area.network,
        workers=settings.proof.workers,
        timeout_s=settings.proof.timeout_s,
        with_movements=True,
    ) as evaluator:
        evaluators = Evaluators(
            proving=record.proving(evaluator),
            fast=lambda: record.pricing(_fast_model(area, demand, settings)),
        )
        with first_is_a_wish(progress) as is_stopped:
            progress(0.0, "search: SUMO's pace is taken, and the fast model made")
            return retime(
                task,
                evaluators,
                settings.search,
                clock=record.clock,
                progress=progress,
                is_stopped=is_stopped,
            )


def _fast_model(area: StudyArea, demand: Demand, settings: Settings) -> TablePricer:
    """Compile the queue model for days that the search may see."""
    seeds, scales = zip(*settings.search.days[:MODEL_DAYS], strict=True)
    routed = routed_days(demand.scenario, seeds=seeds, timeout_s=settings.proof.timeout_s)
    model = QueueModel.build(
        demand.scenario,
        area.network,
        seeds=seeds,
        trips=[scaled(*day) for day in zip(routed, scales, seeds, strict=True)],
        threads=settings.proof.workers,
    )
    files = (*demand.scenario.route_files, *demand.scenario.additional_files)
    return TablePricer(
        model,
        area.network,
        settings.search.objective,
        area.running,
        with_walkers=holds_walkers(files),
    )


def _decisive(settings: SearchSettings) -> dict[str, str]:
    """Return what else decides a plan, where it is not as usual."""
    usual, told = SearchSettings(), {}
    for name in ("with_actuation", "keeps_storage", "demand_scales", "model_share", "model_runs"):
        if getattr(settings, name) != getattr(usual, name):
            told[name.replace("_", " ")] = str(getattr(settings, name))
    for name, value in asdict(settings.objective).items():
        if value != getattr(usual.objective, name):
            told[f"objective {name.replace('_', ' ')}"] = str(value)
    return told


def _signed(retiming: Retiming, area: StudyArea, demand: Demand, settings: SearchSettings) -> Plan:
    """Return the plan with the record of where it came from."""
    inputs = {**area.scenario.input_files, "demand": demand.scenario.route_files[0]}
    inputs |= {"safety": area.safety} if area.safety else {}
    record = Provenance(
        inputs=provenance.hashes(inputs),
        settings={
            **_decisive(settings),
            "search seed": settings.seed,
            "seconds budget": settings.seconds_budget or 0,
            "evaluation budget": settings.evaluation_budget or 0,
            "plans priced by the fast model": retiming.model_evaluations,
        },
        versions=provenance.versions(),
        seeds=settings.simulation_seeds,
        evaluations=retiming.evaluations,
    )
    name = area.library.unused_name(retiming.plan.name)
    patterns = tuple(replace(pattern, program=name) for pattern in retiming.plan.patterns)
    return Plan(name=name, patterns=patterns, provenance=record)
