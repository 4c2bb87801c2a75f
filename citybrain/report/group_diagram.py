"""Signal-group diagrams: what every group of an intersection shows during one cycle."""

from collections.abc import Iterable

from citybrain.model.intersection import Intersection
from citybrain.model.network import Movement, Network
from citybrain.model.pattern import Pattern
from citybrain.model.signals import GroupTiming
from citybrain.report import svg
from citybrain.report.bars import Bar, aspect_bars
from citybrain.report.markup import Markup, tag
from citybrain.report.tables import Cell, table
from citybrain.report.wording import seconds, shortened

WIDTH = 540.0
LEFT = 76.0
RIGHT = 14.0
TOP = 8.0
ROW = 19.0
BAR = 11.0
TICK_S = 10
NUMBER_PX = 24.0
"""Room that the number below a tick needs."""


def group_diagram(pattern: Pattern, axis_s: float) -> Markup:
    """Draw the groups of one pattern over local cycle time.

    Parameters
    ----------
    pattern
        What to draw.
    axis_s
        Length of the time axis, at least the cycle, so that two diagrams share a scale. [s]

    Returns
    -------
    Markup
        A picture with one row for each group.
    """
    px_per_s = (WIDTH - LEFT - RIGHT) / axis_s
    bottom = TOP + ROW * len(pattern.groups)
    rows = [
        _row(timing, TOP + ROW * index, pattern.cycle_s, px_per_s)
        for index, timing in enumerate(pattern.groups)
    ]
    layers = [*_ticks(pattern.cycle_s, px_per_s, bottom), *rows]
    title = f"Signal groups of {pattern.intersection} in pattern {pattern.program}"
    image = svg.picture(WIDTH, bottom + 26, title, layers, "picture diagram")
    return tag("div", image, class_="scroll")


def _row(timing: GroupTiming, y: float, cycle_s: float, px_per_s: float) -> Markup:
    timeline = timing.timeline(cycle_s)
    ends_s = [*(start_s for start_s, _ in timeline[1:]), cycle_s]
    bars = [
        Bar(LEFT + start_s * px_per_s, (end_s - start_s) * px_per_s, aspect)
        for (start_s, aspect), end_s in zip(timeline, ends_s, strict=True)
    ]
    label = svg.words(
        (LEFT - 8, y + BAR + 1), shortened(timing.group, 11), "row-name", anchor="end"
    )
    hint = svg.hints(f"{timing.group}: {_windows(timing, cycle_s)}")
    return svg.group([*hint, label, *aspect_bars(bars, y + 3, BAR)])


def _windows(timing: GroupTiming, cycle_s: float) -> str:
    greens = timing.greens(cycle_s)
    texts = (f"{seconds(g.start_s)}–{seconds(g.end_s % cycle_s or cycle_s)} s" for g in greens)
    return "green " + ", ".join(texts) if greens else "never green"


def _ticks(cycle_s: float, px_per_s: float, bottom: float) -> Iterable[Markup]:
    step_s = TICK_S if TICK_S * px_per_s > NUMBER_PX else 2 * TICK_S
    for time_s in [*range(0, int(cycle_s), step_s), cycle_s]:
        x = LEFT + time_s * px_per_s
        is_end = time_s == cycle_s
        yield svg.line((x, TOP), (x, bottom), "cycle-end" if is_end else "grid")
        if is_end or (cycle_s - time_s) * px_per_s > NUMBER_PX:
            yield svg.words((x, bottom + 15), seconds(time_s), "tick", "middle")


def group_table(
    network: Network, intersection: Intersection, running: Pattern, proposed: Pattern
) -> Markup:
    """List the groups of an intersection: what they serve, and their green before and after."""
    movements = network.movements_at(intersection.name)
    rows = [
        [
            Cell(group.name, head=True),
            Cell(_served(group.name, movements, is_walk=group.is_pedestrian)),
            Cell(f"{seconds(group.minimum_green_s)} s", right=True),
            Cell(_green(running, group.name), right=True),
            Cell(_green(proposed, group.name), right=True),
        ]
        for group in intersection.groups
    ]
    heads = ("Group", "Serves", "Minimum", "Green before", "Green after")
    return table(heads, rows, right_from=2)


def _served(group: str, movements: Iterable[Movement], *, is_walk: bool) -> Markup | str:
    if is_walk:
        return "people on foot"
    served = [movement for movement in movements if group in movement.groups]
    if not served:
        return "no movement of vehicles"
    parts = [
        tag("span", tag("b", movement.turn.replace("_", "-")), f" {movement.name} ", class_="turn")
        for movement in served
    ]
    return tag("span", *parts)


def _green(pattern: Pattern, group: str) -> str:
    greens = pattern.timing(group).greens(pattern.cycle_s)
    return " + ".join(f"{seconds(green.duration_s)} s" for green in greens) or "none"
