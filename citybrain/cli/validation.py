"""The command ``validate``."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from citybrain.cli.console import OUTPUT, Stages, headline, print_json
from citybrain.cli.sources import measured, open_study
from citybrain.cli.verdicts import print_verdict, verdict_content
from citybrain.config import ProofSettings
from citybrain.engine.actuated import left_actuated
from citybrain.engine.artefacts import write_proof
from citybrain.engine.prove import check_rules, proof_seeds, prove_plan
from citybrain.engine.retiming import find_demand
from citybrain.files import check_writable
from citybrain.model.verdict import Decision
from citybrain.store.plans import read_plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Options of the command."""

    scenario: Path
    plan: Path
    out: Path
    period: str | None
    flows: Path | None
    uses_feed: bool
    seed_count: int
    workers: int
    is_json: bool


def run(request: Request) -> int:
    """Run the command and return its exit code."""
    with Stages() as stages, tempfile.TemporaryDirectory(prefix="citybrain-") as folder:
        stages.begin("read", str(request.scenario))
        area = open_study(request.scenario, request.period)
        area.check_retimable()
        check_writable(request.out)
        plan = read_plan(request.plan)
        area = left_actuated(area, but={pattern.intersection for pattern in plan.patterns})
        check_rules(plan, area)
        seen = plan.provenance.seeds if plan.provenance else ()
        settings = ProofSettings(
            seeds=proof_seeds(request.seed_count, (*seen, area.scenario.feed_seed)),
            workers=request.workers,
        )
        flows = measured(area, request.flows, uses_feed=request.uses_feed)
        demand = find_demand(area, flows, Path(folder) / "demand.rou.xml", settings)
        verdict = prove_plan(area, demand, plan, settings, stages)
        files = write_proof(area, plan, verdict, request.out)
    if request.is_json:
        content = {"files": {role: str(path) for role, path in files.items()}}
        print_json(content | verdict_content(verdict))
    else:
        headline(area.scenario.name, f": plan {plan.name} of {request.plan}")
        OUTPUT.print(f"demand    {demand.description}")
        print_verdict(verdict)
        for role, path in sorted(files.items()):
            OUTPUT.print(f"  {role:<9} {path}")
    return 0 if verdict.decision is Decision.ACCEPT else 1
