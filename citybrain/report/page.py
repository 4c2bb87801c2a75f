"""The report: one page that opens from disk, without network and without scripts to read it."""

from importlib import resources

from citybrain.model.network import Network
from citybrain.model.plan import Plan
from citybrain.model.search_course import SearchCourse
from citybrain.model.verdict import Verdict
from citybrain.report.bars import hatching
from citybrain.report.changes import approach_table, intersection_table, movement_tables
from citybrain.report.convergence import convergence_section
from citybrain.report.evidence import caveat_section, demand_section, provenance_section
from citybrain.report.group_section import group_section
from citybrain.report.headline import headline, page_title
from citybrain.report.map import network_map
from citybrain.report.markup import Markup, join, tag
from citybrain.report.measures import measures_table
from citybrain.report.seeds_chart import seeds_chart
from citybrain.report.street_section import street_section

_BEFORE_SEARCH = 6
"""Sections that come before the search's own."""
UNFOLD_FOR_PRINT = Markup(
    "<script>addEventListener('beforeprint',()=>document.querySelectorAll('details')"
    ".forEach(d=>d.open=true))</script>"
)


def render_report(
    verdict: Verdict,
    network: Network,
    running: Plan,
    proposed: Plan,
    course: SearchCourse | None = None,
) -> str:
    """Return the report on a proof as one HTML page of at most 2 MB.

    Parameters
    ----------
    verdict
        The answer and its evidence.
    network
        Streets and signals that were simulated.
    running, proposed
        Plans that were compared.
    course
        How the proposed plan was found; none where the report is of a proof alone.

    Returns
    -------
    str
        The page; the same arguments give the same text.
    """
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", page_title(verdict)),
        tag("style", Markup(_style())),
    )
    sections = _sections(verdict, network, running, proposed)
    if course is not None:
        search = _section("search", "How the plan was found", convergence_section(course))
        sections = (*sections[:_BEFORE_SEARCH], search, *sections[_BEFORE_SEARCH:])
    body = tag("body", hatching(), tag("main", headline(verdict), *sections), UNFOLD_FOR_PRINT)
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en').source}\n"


def _sections(
    verdict: Verdict, network: Network, running: Plan, proposed: Plan
) -> tuple[Markup, ...]:
    before_after = tag("div", measures_table(verdict), seeds_chart(verdict), class_="pair")
    return (
        _section("before-after", "Before and after", before_after, _reading()),
        _section("map", "Where delay changes", network_map(network, verdict.approaches)),
        _section(
            "intersections",
            "Intersections",
            intersection_table(verdict, network, running, proposed),
        ),
        _section(
            "movements",
            "Who loses, who gains",
            movement_tables(verdict, network),
            tag("h3", "Approaches"),
            approach_table(verdict, network),
        ),
        _section(
            "streets", "Coordinated streets", street_section(verdict, network, (running, proposed))
        ),
        _section("groups", "Signal groups", group_section(network, running, proposed)),
        _section("demand", "Demand of the proof", demand_section(verdict)),
        _section("caveats", "Caveats", caveat_section(verdict, network)),
        _section("provenance", "Provenance", provenance_section(verdict, running, proposed)),
    )


def _section(name: str, title: str, *content: Markup) -> Markup:
    return tag("section", tag("h2", title), *content, id=name)


def _reading() -> Markup:
    return tag(
        "p",
        "Small figures are 95 % intervals over the paired seeds. ",
        join([tag("b", "Blue", class_="better"), " is surely less, "]),
        join([tag("b", "orange", class_="worse"), " surely more; "]),
        "grey: the interval includes zero. Delay charges every vehicle that wanted to travel, "
        "also those that waited outside the network or never arrived.",
        class_="note",
    )


def _style() -> str:
    return resources.files("citybrain.report").joinpath("style.css").read_text(encoding="utf-8")
