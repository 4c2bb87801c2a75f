"""The commands ``retime`` and ``demo``."""

import math
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from citybrain.cli.console import OUTPUT, Stages, headline, print_json
from citybrain.cli.sources import measured, open_study
from citybrain.cli.verdicts import print_verdict, verdict_content
from citybrain.config import Objective, ProofSettings, SearchSettings
from citybrain.engine.area import StudyArea
from citybrain.engine.bounds import with_safety
from citybrain.engine.prove import proof_seeds
from citybrain.engine.retiming import Measured, Result, Settings, retime_area
from citybrain.report.wording import count
from citybrain.store.safety import read_safety

_ROUND_S = 10
"""Proposed budgets are multiples of this. [s]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Options of the command."""

    scenario: Path
    out: Path
    period: str | None = None
    seconds_budget: float | None = 60.0
    evaluations: int | None = None
    flows: Path | None = None
    safety: Path | None = None
    uses_feed: bool = True
    with_actuation: bool = False
    keeps_storage: bool = False
    seed_count: int = 10
    search_seed_count: int | None = None
    objective: Objective = field(default_factory=Objective)
    workers: int = 2
    is_json: bool = False


def run(request: Request) -> int:
    """Run the command and return its exit code."""
    with Stages() as stages:
        stages.begin("read", str(request.scenario))
        area = open_study(request.scenario, request.period)
        if request.safety is not None:
            area = with_safety(area, read_safety(request.safety), request.safety)
        stages.begin("count")
        flows = measured(area, request.flows, uses_feed=request.uses_feed)
        stages.begin("survey", "which routes are driven")
        result = retime_area(
            area,
            flows,
            _settings(request, area),
            request.out,
            clock=time.monotonic,
            progress=stages,
        )
    if request.is_json:
        print_json(_content(result))
    else:
        _print(flows, result)
    return 0 if result.is_accepted else 1


def _settings(request: Request, area: StudyArea) -> Settings:
    search = SearchSettings(
        seconds_budget=request.seconds_budget,
        evaluation_budget=request.evaluations,
        with_actuation=request.with_actuation,
        keeps_storage=request.keeps_storage,
        objective=request.objective,
        simulation_seeds=SearchSettings().simulation_seeds[: request.search_seed_count],
    )
    seen = (*search.simulation_seeds, area.scenario.feed_seed)
    return Settings(
        search=search,
        proof=ProofSettings(seeds=proof_seeds(request.seed_count, seen), workers=request.workers),
    )


def _content(result: Result) -> dict[str, object]:
    return {
        "accepted": result.is_accepted,
        "evaluations": result.retiming.evaluations,
        "model_evaluations": result.retiming.model_evaluations,
        "seconds_wanted": result.retiming.seconds_wanted,
        "course": asdict(result.course),
        "bound_reds": result.bound_reds,
        "overloads": [asdict(overload) for overload in result.overloads],
        "files": {role: str(path) for role, path in result.files.items()},
        "plan": result.plan.name,
        "verdict": verdict_content(result.verdict) if result.verdict else None,
    }


def _print(flows: Measured | None, result: Result) -> None:
    headline(result.area.scenario.name, f": {_sizes(result.area)}")
    if flows is not None:
        snapshot = flows.flows
        passages = float(snapshot.count_veh[:, :].sum())
        OUTPUT.print(f"counted   {passages:.0f} passages on {len(snapshot.lanes)} lanes")
    OUTPUT.print(f"demand    {result.demand.description}")
    OUTPUT.print(
        f"searched  {result.retiming.model_evaluations} plans on the fast model, "
        f"{result.retiming.evaluations} simulation runs"
    )
    if result.retiming.seconds_wanted:
        wanted_s = math.ceil(result.retiming.seconds_wanted / _ROUND_S) * _ROUND_S
        OUTPUT.print(
            f"          few runs to choose by: --seconds-budget {wanted_s} makes a surer choice"
        )
    if result.bound_reds is not None:
        OUTPUT.print(f"storage   {_bound(result.bound_reds)}")
    for overload in result.overloads:
        OUTPUT.print(f"overload  {overload}")
    if result.verdict is None:
        headline("nothing better was found", ": keep the running plan")
    else:
        print_verdict(result.verdict)
    for role, path in sorted(result.files.items()):
        OUTPUT.print(f"  {role:<9} {path}")


def _bound(reds: int) -> str:
    if not reds:
        return "no street before a signal is short enough to bind a red"
    return f"{count(reds, 'red')} bound by the street before it; the verdict's caveats tell each"


def _sizes(area: StudyArea) -> str:
    left = len(area.network.untouched)
    untouched = f", {left} left as they are" if left else ""
    return f"{len(area.network.intersections)} signals to retime{untouched}"
