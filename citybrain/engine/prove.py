"""The proof of a plan in a study area."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count, islice

from citybrain.config import ProofSettings
from citybrain.engine import provenance
from citybrain.engine.actuated import actuated_signals
from citybrain.engine.area import StudyArea
from citybrain.engine.demand import SURVEY_SEED, Demand
from citybrain.errors import UnsafePlanError
from citybrain.model.actuation import ActuatedPattern
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan
from citybrain.model.rules import check_plan
from citybrain.model.verdict import PROPOSED_PLAN, Verdict
from citybrain.ports.evaluation import Progress
from citybrain.store.plans import plan_hash
from sim.proof import Study, prove
from sim.sumo.evaluator import SumoEvaluator


def proof_seeds(seed_count: int, seen: Sequence[int | None]) -> tuple[int, ...]:
    """Return the first seeds, from 1 on, that neither a search nor a recording has used.

    Parameters
    ----------
    seed_count
        How many.
    seen
        Seeds of the search and of the recorded feed.
    """
    taken = {SURVEY_SEED, *seen}
    return tuple(islice((seed for seed in count(1) if seed not in taken), seed_count))


def prove_plan(
    area: StudyArea,
    demand: Demand,
    proposed: Plan,
    settings: ProofSettings,
    progress: Progress,
) -> Verdict:
    """Compare a plan with the running one.

    Parameters
    ----------
    area
        The study area.
    demand
        Demand of every run.
    proposed
        Plan that is to replace the running one; intersections that it leaves out run on as today.
    settings
        Seeds and processes.
    progress
        Hears about finished runs.

    Raises
    ------
    UnsafePlanError
        The plan breaks a rule; it is not simulated.
    SimulationError
        A run failed.
    """
    check_rules(proposed, area)
    runs = 2 * len(settings.seeds)
    finished = count(1)

    def note() -> None:
        done = next(finished)
        progress(done / runs, f"proof: run {done} of {runs}")

    with SumoEvaluator(
        demand.scenario,
        area.network,
        workers=settings.workers,
        timeout_s=settings.timeout_s,
        with_movements=True,
        on_finished=note,
    ) as evaluator:
        return prove(
            evaluator,
            area.network,
            (area.running, replace(proposed, patterns=_patterns(area.running, proposed))),
            settings.seeds,
            _study(area, demand, proposed),
        )


def _patterns(running: Plan, proposed: Plan) -> tuple[Pattern, ...]:
    """Return what all intersections show where a plan that may leave some out replaces another.

    Nothing else in a run may differ: without a pattern SUMO would show the last program loaded.
    """
    changed = {pattern.intersection: pattern for pattern in proposed.patterns}
    return running.with_patterns(changed).patterns


def check_rules(plan: Plan, area: StudyArea) -> None:
    """Raise unless a plan keeps every rule.

    Raises
    ------
    UnsafePlanError
        Names an intersection that the network lacks, or else the first rule that is broken and
        how many are.
    """
    for pattern in plan.patterns:
        if pattern.intersection not in area.network.intersections:
            msg = (
                f"{area.scenario.net_file}: has no intersection {pattern.intersection} to retime, "
                f"which plan {plan.name} names; name the scenario that the plan was made for"
            )
            raise UnsafePlanError(msg)
    violations = check_plan(plan, area.network)
    if violations:
        msg = f"plan {plan.name} breaks {len(violations)} rules, the first: {violations[0]}"
        raise UnsafePlanError(msg)


def _study(area: StudyArea, demand: Demand, proposed: Plan) -> Study:
    hashes = provenance.hashes(demand.scenario.input_files)
    return Study(
        scenario=area.scenario.name,
        begin_s=area.scenario.begin_s,
        end_s=area.scenario.end_s,
        demand=demand.description,
        detector_fits=demand.fits,
        caveats=(*demand.caveats, *_of_detectors(area.running, proposed), *area.caveats),
        versions=provenance.versions(),
        hashes=hashes | {PROPOSED_PLAN: plan_hash(proposed)},
    )


def _of_detectors(running: Plan, proposed: Plan) -> tuple[str, ...]:
    """Return what the reader must know of patterns that follow detectors, or no longer do."""
    follows = tuple(
        f"{pattern.intersection} {pattern.actuation}"
        for pattern in proposed.patterns
        if isinstance(pattern, ActuatedPattern)
    )
    fixed = {p.intersection for p in proposed.patterns if not isinstance(p, ActuatedPattern)}
    ended = ", ".join(name for name in actuated_signals(running) if name in fixed)
    told = f"detectors that signals follow today are left unused by the proposed plan: {ended}"
    return (*follows, told) if ended else follows
