"""The commands ``safety``: safety data, and plans held against them and against their units."""

from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path

from citybrain.cli.console import OUTPUT, headline, print_json
from citybrain.cli.sources import open_study
from citybrain.errors import InputError
from citybrain.model.nema.nearest import shown_by_unit
from citybrain.model.plan import Plan
from citybrain.model.safety import SafetyData
from citybrain.model.safety_draft import draft_safety
from citybrain.model.safety_rules import check_plan_safety
from citybrain.reading import read_text
from citybrain.second_opinion import judge, read_grounds
from citybrain.store.phase_maps import read_phase_maps
from citybrain.store.plans import plan_of, read_plan, write_plan
from citybrain.store.safety import read_safety, safety_of, write_safety


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRequest:
    """What the command line asked for.

    Parameters
    ----------
    scenario, period
        Network and running plan.
    phases
        Phase maps of the units, if there are any.
    out
        File to write; it must not exist, so that nobody's signature is overwritten.
    is_json
        Print JSON.
    """

    scenario: Path
    period: str | None
    phases: Path | None
    out: Path
    is_json: bool


def draft(request: DraftRequest) -> int:
    """Write a draft of safety data and return the exit code.

    Raises
    ------
    InputError
        The file to write exists, or the scenario or the phase maps cannot be read.
    """
    if request.out.exists():
        mend = "choose another name, or remove it by hand"
        raise InputError(request.out, "exists, and may be signed", mend)
    area = open_study(request.scenario, request.period)
    phase_maps = read_phase_maps(request.phases) if request.phases else {}
    drafts = {
        running.intersection: draft_safety(
            area.network.intersections[running.intersection],
            running,
            phase_maps.get(running.intersection),
        )
        for running in area.running.patterns
    }
    write_safety(drafts, request.out)
    if request.is_json:
        print_json({"file": str(request.out), "notes": _notes(drafts)})
        return 0
    for name, notes in _notes(drafts).items():
        headline(name)
        for note in notes:
            OUTPUT.print(f"  {note}")
    OUTPUT.print(
        f"{request.out}: a draft for {len(drafts)} intersections; compare every number with the "
        "controller's settings and the street, then set signed_by and signed_on",
    )
    return 0


def check(plan: Path, safety: Path, *, is_json: bool) -> int:
    """Hold a plan against safety data by both checkers; return 0 if both find nothing."""
    safety_text, text = read_text(safety), read_text(plan)
    data = safety_of(safety_text, safety)
    first = check_plan_safety(plan_of(text, plan), data)
    second = judge(text, read_grounds(safety_text, safety))
    unsigned = [name for name, each in data.items() if not each.is_signed]
    if is_json:
        print_json(
            {
                "first": [_plain(asdict(violation)) for violation in first],
                "second": [_plain(asdict(finding)) for finding in second],
                "unsigned": unsigned,
            }
        )
        return 1 if first or second else 0
    for who, found in (("first checker", first), ("second checker", second)):
        OUTPUT.print(f"{who}: {_count(len(found))}")
        for each in found:
            OUTPUT.print(f"  {each}")
    if unsigned:
        OUTPUT.print(f"nobody has signed the safety data of {', '.join(unsigned)}")
    return 1 if first or second else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestRequest:
    """What the command line asked for.

    Parameters
    ----------
    plan, safety
        Plan (JSON) and safety data (TOML).
    out
        Plan to write.
    is_json
        Print JSON.
    """

    plan: Path
    safety: Path
    out: Path
    is_json: bool


def nearest(request: NearestRequest) -> int:
    """Write the nearest plan that the units can show; return 1 if there is none that is safe."""
    data = read_safety(request.safety)
    plan = read_plan(request.plan)
    moved: dict[str, tuple[str, tuple[str, ...]]] = {}
    patterns = []
    for pattern in plan.patterns:
        phase_map = data[pattern.intersection].phase_map if pattern.intersection in data else None
        shown = shown_by_unit(pattern, phase_map) if phase_map else None
        if shown is not None and shown.refusal is not None:
            moved[pattern.intersection] = (str(shown.refusal), shown.changes)
            patterns.append(shown.pattern)
        else:
            patterns.append(pattern)
    near = Plan(name=f"{plan.name}-nearest", patterns=tuple(patterns), provenance=plan.provenance)
    found = check_plan_safety(near, data)
    if moved and not found:
        write_plan(near, request.out)
    if request.is_json:
        print_json(
            {
                "moved": {
                    name: {"why": why, "changes": list(c)} for name, (why, c) in moved.items()
                },
                "violations": [str(violation) for violation in found],
                "file": str(request.out) if moved and not found else None,
            }
        )
        return 1 if found else 0
    for why, changes in moved.values():
        for line in (why, *(f"  {change}" for change in changes)):
            OUTPUT.print(line)
    for violation in found:
        OUTPUT.print(f"the nearest breaks a rule: {violation}")
    if not found:
        told = (
            f"{request.out}: a new plan; prove it with citybrain validate"
            if moved
            else ("the units can show the plan as it is; nothing is written")
        )
        OUTPUT.print(told)
    return 1 if found else 0


def _count(broken: int) -> str:
    if not broken:
        return "keeps every rule"
    return "1 rule broken" if broken == 1 else f"{broken} rules broken"


def _notes(drafts: dict[str, SafetyData]) -> dict[str, list[str]]:
    return {name: list(data.intersection.caveats) for name, data in sorted(drafts.items())}


def _plain(content: dict[str, object]) -> dict[str, object]:
    """Return a table for JSON, which has no infinity."""
    return {
        key: None if isinstance(value, float) and not isfinite(value) else value
        for key, value in content.items()
    }
