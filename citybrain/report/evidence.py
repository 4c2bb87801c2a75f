"""What the proof rests on: demand, caveats, signals left alone, and where everything came from."""

from collections.abc import Mapping, Sequence
from statistics import fmean

from citybrain.model.network import Network
from citybrain.model.plan import Plan
from citybrain.model.verdict import GEH_TARGET, DetectorFit, Verdict
from citybrain.report.headline import seeds_text
from citybrain.report.markup import Markup, join, tag
from citybrain.report.tables import (
    LONGEST_LIST,
    Cell,
    bullets,
    folded,
    left_out,
    number_cell,
    table,
)
from citybrain.report.wording import count, number

FEW_DETECTORS = 12
HUNDRED = 100.0


def demand_section(verdict: Verdict) -> Markup:
    """Return where the demand comes from and how well it meets the detectors."""
    text = tag("p", verdict.demand or "The verdict does not say where its demand comes from.")
    if not verdict.detector_fits:
        return join([text, tag("p", "No detector feed was compared with it.", class_="note")])
    worst_first = sorted(verdict.detector_fits, key=lambda fit: (-fit.geh, fit.detector))
    parts = [text, _fit_summary(worst_first), _fits(worst_first[:FEW_DETECTORS])]
    if len(worst_first) > FEW_DETECTORS:
        title = f"All detectors ({number(len(worst_first), 0)})"
        rest = left_out(len(worst_first) - LONGEST_LIST, "better ones")
        parts.append(folded(title, join([_fits(worst_first[:LONGEST_LIST]), *rest])))
    return join(parts)


def _fit_summary(worst_first: Sequence[DetectorFit]) -> Markup:
    good = HUNDRED * fmean(fit.is_good for fit in worst_first)
    worst = worst_first[0]
    return tag(
        "p",
        tag("b", f"{number(good, 0)} % of {count(len(worst_first), 'detector')}"),
        f" have a GEH below {number(GEH_TARGET, 0)}; the worst is ",
        tag("b", worst.detector),
        f" with {number(worst.geh)}.",
    )


def _fits(fits: Sequence[DetectorFit]) -> Markup:
    rows = [
        [
            Cell(fit.detector, head=True),
            number_cell(fit.measured_vph, 0),
            number_cell(fit.modelled_vph, 0),
            Cell(number(fit.geh), right=True, class_="" if fit.is_good else "worse"),
        ]
        for fit in fits
    ]
    return table(("Detector", "Measured, veh/h", "Modelled, veh/h", "GEH"), rows)


def caveat_section(verdict: Verdict, network: Network) -> Markup:
    """Return the caveats of the proof and of the intersections, and the signals left alone."""
    own = [
        join([tag("b", name), f": {caveat}"])
        for name, intersection in sorted(network.intersections.items())
        for caveat in intersection.caveats
    ]
    parts = [bullets(verdict.caveats) if verdict.caveats else tag("p", "None of the proof.")]
    if own:
        title = f"What was found and accepted at intersections ({number(len(own), 0)})"
        listed = [bullets(own[:LONGEST_LIST]), *left_out(len(own) - LONGEST_LIST, "more")]
        parts.append(folded(title, join(listed), is_open=len(own) <= FEW_DETECTORS))
    return join([*parts, tag("h3", "Signals left as they are"), _untouched(network)])


def _untouched(network: Network) -> Markup:
    if not network.untouched:
        return tag("p", "None; every signal of the network was considered.")
    rows = [
        [Cell(signal.intersection, head=True), Cell(signal.reason)]
        for signal in network.untouched[:LONGEST_LIST]
    ]
    rest = left_out(len(network.untouched) - LONGEST_LIST, "more signals")
    return join([table(("Signal", "Reason"), rows, right_from=2), *rest])


def provenance_section(verdict: Verdict, running: Plan, proposed: Plan) -> Markup:
    """Return versions, hashes, seeds and settings, so that the proof can be repeated."""
    parts = [
        tag("p", f"{seeds_text(verdict)}."),
        _pairs("Versions", verdict.versions),
        _pairs("SHA-256 of the inputs of the proof", verdict.hashes),
    ]
    for plan, role in ((running, "running"), (proposed, "proposed")):
        if plan.provenance is not None:
            parts.append(_plan(plan, f"Plan {plan.name} ({role})"))
    return join(parts)


def _plan(plan: Plan, title: str) -> Markup:
    source = plan.provenance
    if source is None:
        return tag("p", "")
    seeds = ", ".join(str(seed) for seed in source.seeds) or "none"
    search = {"evaluations": str(source.evaluations), "seeds seen by the search": seeds}
    settings = {name: str(value) for name, value in source.settings.items()}
    content = [
        _pairs("Search", search | settings),
        _pairs("Versions", source.versions),
        _pairs("SHA-256 of the inputs", source.inputs),
    ]
    return folded(title, join(content))


def _pairs(title: str, values: Mapping[str, str]) -> Markup:
    if not values:
        return tag("p", f"{title}: not recorded.", class_="note")
    rows = [
        [Cell(name, head=True), Cell(tag("code", value))] for name, value in sorted(values.items())
    ]
    return join([tag("h3", title), table(("Name", "Value"), rows, right_from=2)])
