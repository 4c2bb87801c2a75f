"""The command ``bandwidth``: offsets with the widest green bands along an arterial."""

from dataclasses import dataclass, replace
from pathlib import Path

from rich.table import Table

from citybrain.cli.console import OUTPUT, Stages, print_json
from citybrain.cli.sources import open_study
from citybrain.config import ProofSettings
from citybrain.engine.actuated import left_actuated
from citybrain.engine.area import StudyArea
from citybrain.engine.demand import own_demand
from citybrain.errors import InputError
from citybrain.model.plan import Plan
from citybrain.store.plans import write_plan
from optimizer.arterials import arterial_along, by_ends, heaviest_chain
from optimizer.bandwidth import Bands, bands_of, widest_bands
from optimizer.streams import coordinated_tree, streams

PLAN_NAME = "bands"
_FEWEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Options of the command."""

    scenario: Path
    period: str | None
    along: tuple[str, ...]
    is_uniform: bool
    out: Path | None
    is_json: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The arterial's bands as they are, and with the best offsets."""

    names: tuple[str, ...]
    cycle_s: float
    today: Bands
    best: Bands


def run(request: Request) -> int:
    """Run the command and return its exit code: 1 where no wider bands were found."""
    with Stages() as stages:
        stages.begin("read", str(request.scenario))
        area = left_actuated(open_study(request.scenario, request.period))
        area.check_retimable()
        stages.begin("survey", "which routes are driven")
        found = _found(area, request)
    if request.out is not None:
        write_plan(_plan(area, found.best), request.out)
    if request.is_json:
        print_json(_content(found))
    else:
        _print(found, request.out)
    return 0 if _width_s(found.best) > _width_s(found.today) else 1


def _found(area: StudyArea, request: Request) -> _Found:
    demand = own_demand(area, timeout_s=ProofSettings().timeout_s)
    joined = streams(area.network, demand.turning)
    names = request.along or heaviest_chain(coordinated_tree(joined))
    if len(names) < _FEWEST:
        what = "a band joins two signals or more; here traffic joins none"
        raise InputError(request.scenario, what, "name signals one behind the other with --along")
    patterns = {pattern.intersection: pattern for pattern in area.running.patterns}
    for name in names:
        if name not in patterns:
            known = ", ".join(sorted(patterns))
            where = f"--along {name}"
            raise InputError(where, "is no signal that can be retimed", f"give one of {known}")
    arterial = arterial_along(names, patterns, by_ends(joined))
    today = {name: patterns[name].offset_s for name in names}
    return _Found(
        names=tuple(names),
        cycle_s=arterial.cycle_s,
        today=bands_of(arterial, today),
        best=widest_bands(arterial, is_uniform=request.is_uniform),
    )


def _plan(area: StudyArea, best: Bands) -> Plan:
    patterns = tuple(
        replace(
            pattern,
            program=PLAN_NAME,
            offset_s=best.offsets_s.get(pattern.intersection, pattern.offset_s),
        )
        for pattern in area.running.patterns
    )
    return Plan(name=area.library.unused_name(PLAN_NAME), patterns=patterns)


def _width_s(bands: Bands) -> float:
    return sum(bands.outbound_s) + sum(bands.inbound_s)


def _content(found: _Found) -> dict[str, object]:
    return {
        "intersections": list(found.names),
        "cycle_s": found.cycle_s,
        **{
            when: {
                "offsets_s": bands.offsets_s,
                "outbound_s": list(bands.outbound_s),
                "inbound_s": list(bands.inbound_s),
            }
            for when, bands in (("today", found.today), ("widest", found.best))
        },
    }


def _print(found: _Found, out: Path | None) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("to", no_wrap=True)
    for header in ("offset s", "outbound s", "inbound s"):
        table.add_column(header, justify="right")
    for index, name in enumerate(found.names):
        offsets = f"{found.today.offsets_s[name]:.0f} → {found.best.offsets_s[name]:.0f}"
        widths = [
            f"{today[index - 1]:.0f} → {best[index - 1]:.0f}" if index else ""
            for today, best in (
                (found.today.outbound_s, found.best.outbound_s),
                (found.today.inbound_s, found.best.inbound_s),
            )
        ]
        table.add_row(name, offsets, *widths)
    OUTPUT.print(f"bands along {len(found.names)} signals, cycle {found.cycle_s:.0f} s")
    OUTPUT.print(table)
    if out is not None:
        OUTPUT.print(f"plan      {out}: prove it with citybrain validate")
