"""The report as a whole: complete, well formed, self-contained, escaped, small."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from citybrain.model.network import Network
from citybrain.model.plan import Plan
from citybrain.model.search_course import Milestone, SearchCourse
from citybrain.model.verdict import Decision, Verdict
from citybrain.report import render_report
from citybrain.report.markup import VOID
from citybrain.report.wording import number, signed
from tests.report.builders import NASTY, arterial, pattern, plan, verdict

SECTIONS = (
    "before-after",
    "map",
    "intersections",
    "movements",
    "streets",
    "groups",
    "demand",
    "caveats",
    "provenance",
)
NAMES = ("A", "B", "C")


class Balance(HTMLParser):
    """Remembers open elements and complains about a wrong closing tag."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def parsed(page: str) -> Balance:
    parser = Balance()
    parser.feed(page)
    parser.close()
    return parser


def plans(network: Network, cycles_s: tuple[float, ...] = (90.0,)) -> tuple[Plan, Plan]:
    names = sorted(network.intersections)
    old = [pattern(name, 90.0, 0.0) for name in names]
    new = [
        pattern(name, cycles_s[index % len(cycles_s)], 20.0 * (index % 4))
        for index, name in enumerate(names)
    ]
    return plan("old", old), plan("new", new)


def rendered(network: Network, answer: Verdict, cycles_s: tuple[float, ...] = (90.0,)) -> str:
    return render_report(answer, network, *plans(network, cycles_s))


@pytest.fixture(scope="module")
def network() -> Network:
    return arterial(NAMES)


@pytest.fixture(scope="module")
def page(network: Network) -> str:
    return rendered(network, verdict(network))


def test_every_section_is_there_and_every_element_is_closed(page: str) -> None:
    parser = parsed(page)
    assert parser.open == []
    assert [name for name in parser.ids if name in SECTIONS] == list(SECTIONS)
    assert len(set(parser.ids)) == len(parser.ids)


def test_every_picture_is_well_formed_and_named(page: str) -> None:
    pictures = [ET.fromstring(text) for text in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]
    assert len(pictures) == 1 + 1 + 1 + 2 + 5  # hatching, seeds, map, street, one pair the same
    assert all(picture.get("aria-label") for picture in pictures)
    assert not re.search(r"NaN|nan|inf\b", " ".join(re.findall(r' [dxy]="[^"]*"', page)))


def test_nothing_is_fetched(page: str) -> None:
    rest = page.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|//[a-z]|@import|\bsrc=|<link|<iframe", rest)
    assert set(re.findall(r"url\(([^)]*)\)", rest)) <= {"#hatch", "#clip-0-before", "#clip-0-after"}


def test_names_are_escaped() -> None:
    network = arterial((NASTY, "B"))
    page = rendered(network, verdict(network))
    assert NASTY not in page
    assert "<b>&" not in page
    assert "<Side>" not in page
    assert NASTY in "".join(parsed(page).text)


@pytest.mark.parametrize(
    ("decision", "word"),
    [
        (Decision.ACCEPT, "Accept"),
        (Decision.REJECT, "Reject"),
        (Decision.INCONCLUSIVE, "Inconclusive"),
    ],
)
def test_the_decision_is_said_in_a_word(network: Network, decision: Decision, word: str) -> None:
    page = rendered(network, verdict(network, decision))
    assert f"<h1>{word}</h1>" in page
    assert "The interval excludes zero." in page


def test_figures_are_those_of_the_verdict(network: Network, page: str) -> None:
    answer = verdict(network)
    rows = [re.sub(r"<[^>]+>", " ", row) for row in re.findall(r"<tr>.*?</tr>", page)]
    delay = next(row for row in rows if "Mean delay, s/veh" in row)
    for part in (answer.delay_before_s, answer.delay_after_s):
        assert number(part.mean) in delay
        assert f"{number(part.low)} to {number(part.high)}" in delay
    assert signed(answer.delay_change_s.mean) in delay
    loser = next(row for row in rows if "s0 → e1" in row)
    assert all(text in loser for text in ("250", "30.0", "42.5", "+12.5", "+10.5 to +14.5"))
    unfinished = next(row for row in rows if "Unfinished" in row)
    assert unfinished.split()[-3:] == ["12.0", "12.0", "0.0"]
    assert "23.4 %" in page
    assert "95 % interval 20.1 to 26.7 %" in page


def test_evidence_is_told(page: str) -> None:
    text = "".join(parsed(page).text)
    for part in (
        "50 % of 2 detectors",
        "loop 2 with 6.5",
        "rail & road",
        "Pedestrians are not modelled.",
        "A: one intergreen is short",
        "b" * 64,
        "1.28.0",
        "3 paired seeds: 1, 2, 3.",
        "evaluation_budget",
        "Worst seed: 3",
    ):
        assert part in text


def test_runs_without_routes_leave_movements_unknown(network: Network) -> None:
    page = rendered(network, verdict(network, records_routes=False))
    assert "did not record routes" in page
    assert parsed(page).open == []


def test_a_single_intersection_has_no_time_space_diagram() -> None:
    network = arterial(("A",))
    page = rendered(network, verdict(network))
    assert "No time-space diagram" in page
    assert "Time-space diagram of plan" not in page


def test_different_cycles_are_named(network: Network) -> None:
    page = rendered(network, verdict(network), (90.0, 80.0))
    assert "cycles differ between intersections" in page
    assert "Where cycles differ" in page


def test_the_same_arguments_give_the_same_text(network: Network, page: str) -> None:
    assert rendered(network, verdict(network)) == page


def test_a_large_city_stays_below_two_megabytes() -> None:
    network = arterial([f"cluster_{index:09d}_{index:09d}" for index in range(700)])
    page = rendered(network, verdict(network))
    assert len(page.encode()) <= 2_000_000
    assert parsed(page).open == []
    assert "left out" in page


def test_an_empty_network_is_said_rather_than_drawn() -> None:
    network = arterial(())
    page = rendered(network, verdict(network))
    assert parsed(page).open == []


def test_a_report_of_a_search_tells_its_course(network: Network, page: str) -> None:
    step = Milestone(elapsed_s=1.0, tried=5, cost_s=40.0)
    course = SearchCourse(
        model=(step,), simulation=(), running_cost_s=None, elapsed_s=2.0, priced=9, runs=0
    )
    told = render_report(verdict(network), network, *plans(network), course)
    parser = parsed(told)
    assert parser.open == []
    assert [name for name in parser.ids if name in {"groups", "search", "demand"}] == [
        "groups",
        "search",
        "demand",
    ]
    assert 'id="search"' not in page
