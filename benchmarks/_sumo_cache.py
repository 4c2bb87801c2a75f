"""Outcomes of SUMO kept on disk, so that a plan is simulated once for a seed and a version."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from citybrain.engine.area import StudyArea
from citybrain.files import atomic_write_text
from citybrain.model.actuation import ActuatedPattern
from citybrain.model.plan import Plan
from citybrain.model.verdict import Outcome
from citybrain.ports.evaluation import Evaluation
from sim.sumo.evaluator import SumoEvaluator
from sim.sumo.run import sumo_version

TIMEOUT_S = 1800.0

FORM = 1
"""Part of a kept outcome's name; changes with what an outcome holds or how it is measured."""


def default_folder() -> Path:
    """Return the folder of the cache: ``CITYBRAIN_CACHE``, else a folder of the user's own."""
    named = os.environ.get("CITYBRAIN_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "citybrain"


def sumo_outcomes(
    area: StudyArea, plans: Sequence[Plan], *, seed: int, folder: Path, workers: int
) -> list[Outcome]:
    """Return SUMO's outcome of every plan, from the cache where it is there.

    Parameters
    ----------
    area
        Scenario, network and signals.
    plans
        Plans of its intersections.
    seed
        Seed of every run.
    folder
        Where outcomes are kept, one small file each; made if missing.
    workers
        SUMO processes side by side.
    """
    folder.mkdir(parents=True, exist_ok=True)
    inputs = inputs_key(area)
    paths = [folder / f"{_key(inputs, plan, seed)}.json" for plan in plans]
    missing = {path: plan for path, plan in zip(paths, plans, strict=True) if not path.is_file()}
    with SumoEvaluator(
        area.scenario, area.network, workers=workers, timeout_s=TIMEOUT_S, with_movements=True
    ) as evaluator:
        todo = list(missing.items())
        for first in range(0, len(todo), workers):
            part = todo[first : first + workers]
            runs = [Evaluation(plan=plan, seed=seed) for _, plan in part]
            for (path, _), outcome in zip(part, evaluator.evaluate(runs), strict=True):
                _keep(path, outcome)
    return [_kept(path) for path in paths]


def kept_outcome(path: Path, run: Callable[[], Outcome]) -> Outcome:
    """Return the outcome that a file keeps; where there is none, run and keep it.

    Parameters
    ----------
    path
        File; its name tells everything that the outcome depends on.
    run
        Simulates.
    """
    if path.is_file():
        return _kept(path)
    outcome = run()
    path.parent.mkdir(parents=True, exist_ok=True)
    _keep(path, outcome)
    return outcome


def _keep(path: Path, outcome: Outcome) -> None:
    atomic_write_text(path, json.dumps(asdict(outcome)))


def _kept(path: Path) -> Outcome:
    return Outcome(**json.loads(path.read_text()))


def inputs_key(area: StudyArea) -> str:
    """Return a key of SUMO's version and of every file and option of a scenario."""
    scenario = area.scenario
    digest = hashlib.sha256(sumo_version().encode())
    for path in (scenario.net_file, *scenario.route_files, *scenario.additional_files):
        digest.update(path.read_bytes())
    digest.update(repr((scenario.begin_s, scenario.end_s, scenario.options)).encode())
    return digest.hexdigest()


def _key(inputs: str, plan: Plan, seed: int) -> str:
    shown = [
        (
            p.intersection,
            p.cycle_s,
            p.offset_s,
            [(g.group, g.timeline(p.cycle_s)) for g in p.groups],
        )
        for p in plan.patterns
    ]
    following = [p.actuation for p in plan.patterns if isinstance(p, ActuatedPattern)]
    told = f"{shown!r} {following!r}" if following else f"{shown!r}"
    return hashlib.sha256(f"{inputs} {seed} {told}".encode()).hexdigest()[:32]
