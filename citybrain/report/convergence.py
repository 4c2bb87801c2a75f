"""How the plan was found: the cost of the best plan known, by time and by plans tried."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from citybrain.model.network import Point
from citybrain.model.search_course import Milestone, SearchCourse
from citybrain.report import svg
from citybrain.report.legend import key, legend
from citybrain.report.markup import Markup, join, tag
from citybrain.report.wording import number

WIDTH, HEIGHT = 560.0, 320.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 20.0, 28.0, 66.0
_ROOM = 0.1
_STEPS = tuple(digit * 10.0**power for power in range(-1, 7) for digit in (1, 2, 5))
_MOST_STEPS = 7
_CUT = 1.5
"""Costs beyond this multiple of what is compared in the end are cut off at the top. [-]"""

Place = Callable[[Milestone], float]
"""Milestone → how far to the right it stands [0-1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Costs:
    """The axis of costs, upwards [s/veh]."""

    low_s: float
    high_s: float

    @classmethod
    def covering(cls, course: SearchCourse) -> "_Costs":
        series = [part for part in (course.model, course.simulation) if part]
        running_s = [] if course.running_cost_s is None else [course.running_cost_s]
        final_s = [*running_s, *(part[-1].cost_s for part in series)]
        all_s = [*running_s, *(milestone.cost_s for part in series for milestone in part)]
        low_s, high_s = min(all_s), min(max(all_s), _CUT * max(final_s))
        room_s = max(_ROOM * (high_s - low_s), 0.5)
        return cls(low_s=max(0.0, low_s - room_s), high_s=high_s + room_s)

    def point(self, right: float, cost_s: float) -> Point:
        """Return the place of a cost, held within the picture [px]."""
        up = min(1.0, max(0.0, (cost_s - self.low_s) / (self.high_s - self.low_s)))
        x = LEFT + min(1.0, right) * (WIDTH - LEFT - RIGHT)
        return x, HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)


def _ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Return round values within a range, few enough to read, and how they are written."""
    step = next((step for step in _STEPS if (high - low) / step <= _MOST_STEPS), high)
    values = (index * step for index in range(int(high / step) + 1))
    return [(value, number(value, 1 if step < 1 else 0)) for value in values if value >= low]


def convergence_section(course: SearchCourse) -> Markup:
    """Draw the best cost on the fast model and in SUMO, over time and over plans tried.

    Parameters
    ----------
    course
        What the search knew, when.

    Returns
    -------
    Markup
        Legend, two pictures and how to read them; a sentence where nothing was tried.
    """
    if not (course.model or course.simulation):
        return tag("p", "The search tried no plan.", class_="note")
    costs = _Costs.covering(course)
    by_time = _panel(course, costs, "Best cost over time", _time_rows(course))
    by_count = _panel(course, costs, "Best cost over plans tried", _count_rows(course))
    return join([_legend(course), tag("div", by_time, by_count, class_="pair"), _reading(course)])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """What stands under a panel, and where milestones stand in it."""

    wholes: tuple[tuple[str, float], ...]
    model: Place
    simulation: Place


def _time_rows(course: SearchCourse) -> _Rows:
    whole_s = max(course.elapsed_s, 1e-9)

    def place(milestone: Milestone) -> float:
        return milestone.elapsed_s / whole_s

    return _Rows(wholes=(("time, s", whole_s),), model=place, simulation=place)


def _count_rows(course: SearchCourse) -> _Rows:
    priced, runs = max(1, course.priced), max(1, course.runs)
    return _Rows(
        wholes=(("plans on the fast model", priced), ("runs of SUMO", runs)),
        model=lambda milestone: milestone.tried / priced,
        simulation=lambda milestone: milestone.tried / runs,
    )


def _panel(course: SearchCourse, costs: _Costs, title: str, rows: _Rows) -> Markup:
    layers = [
        *_ground(costs, rows),
        *_running(course, costs),
        *_curve(course.model, costs, rows.model, "model-course"),
        *_curve(course.simulation, costs, rows.simulation, "sumo-course"),
    ]
    image = svg.picture(WIDTH, HEIGHT, title, layers, "picture course-picture")
    return tag("figure", tag("figcaption", tag("b", title)), tag("div", image, class_="scroll"))


def _ground(costs: _Costs, rows: _Rows) -> Iterator[Markup]:
    bottom = HEIGHT - BOTTOM
    for cost_s, text in _ticks(costs.low_s, costs.high_s):
        _, y = costs.point(0.0, cost_s)
        yield svg.line((LEFT, y), (WIDTH - RIGHT, y), "grid")
        yield svg.words((LEFT - 8, y + 4), text, "tick", "end")
    yield svg.line((LEFT, bottom), (WIDTH - RIGHT, bottom), "zero")
    yield svg.words((4, TOP - 12), "cost, s/veh", "tick")
    for row, (name, whole) in enumerate(rows.wholes):
        y = bottom + 17 + 30 * row
        for value, text in _ticks(0.0, whole):
            yield svg.words((costs.point(value / whole, 0.0)[0], y), text, "tick", "middle")
        yield svg.words((WIDTH - RIGHT, y + 14), name, "tick", "end")


def _running(course: SearchCourse, costs: _Costs) -> Iterator[Markup]:
    if course.running_cost_s is not None:
        left, right = (costs.point(share, course.running_cost_s) for share in (0.0, 1.0))
        yield svg.line(left, right, "mean")


def _curve(
    milestones: Sequence[Milestone], costs: _Costs, place: Place, class_: str
) -> Iterator[Markup]:
    """Draw steps: what was best stays best until something else is."""
    if not milestones:
        return
    corners: list[Point] = []
    for milestone in milestones:
        x, y = costs.point(place(milestone), milestone.cost_s)
        corners += [(x, corners[-1][1]), (x, y)] if corners else [(x, y)]
    last = costs.point(1.0, milestones[-1].cost_s)
    yield svg.path(svg.open_line([*corners, last]), f"course {class_}")
    yield svg.circle(last, 4, f"dot {class_}", f"{number(milestones[-1].cost_s, 2)} s/veh")


def _legend(course: SearchCourse) -> Markup:
    entries = [tag("b", "Best plan known")]
    if course.model:
        entries.append(key("line model-key", f"fast model: {_ends(course.model)} s/veh"))
    if course.simulation:
        entries.append(key("line sumo-key", f"SUMO: {_ends(course.simulation)} s/veh"))
    if course.running_cost_s is not None:
        text = f"running plan in SUMO: {number(course.running_cost_s)} s/veh"
        entries.append(key("line running-key", text))
    return legend(entries)


def _ends(milestones: Sequence[Milestone]) -> str:
    first, last = milestones[0].cost_s, milestones[-1].cost_s
    return f"{number(first)} → {number(last)}"


def _reading(course: SearchCourse) -> Markup:
    effort = (
        f"The fast model priced {number(course.priced, 0)} plans and SUMO made "
        f"{number(course.runs, 0)} runs in {number(course.elapsed_s, 0)} s. "
    )
    return tag(
        "p",
        effort,
        "What the fast model likes best, SUMO judges; each has a level of its own. The line of "
        "SUMO follows the plan that was run on the most days, the cheapest of those: it rises "
        "where another day shows that a plan only looked good. Costs are what the search minimises "
        "on its days: the delay of drivers and people on foot, unless it was told otherwise, and "
        "charges for what a plan may not do; the proof uses other days.",
        class_="note",
    )
