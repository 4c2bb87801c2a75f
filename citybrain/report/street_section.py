"""The part of the report on coordinated streets: diagrams old and new, and what they say."""

import math
from collections.abc import Iterable, Sequence

from citybrain.model.network import Network
from citybrain.model.plan import Plan
from citybrain.model.verdict import Verdict
from citybrain.report.bars import aspect_legend
from citybrain.report.legend import key, legend
from citybrain.report.markup import Markup, join, tag
from citybrain.report.progression import Progression, Span, progression, shared_cycle_s
from citybrain.report.streets import Direction, Street, aligned, find_streets
from citybrain.report.tables import Cell, folded, left_out, table
from citybrain.report.time_space import Frame, time_space_diagram
from citybrain.report.wording import clock, count, number, seconds

CYCLES = 2.5
"""Length of a diagram, in cycles of its slowest signal. [-]"""
LONGEST_AXIS_S = 300.0
"""Most that a diagram shows. [s]"""
BUDGET = 300_000
"""Most characters that the diagrams may take of the file."""

OPEN_STREETS = 3
WINDS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
HUNDRED = 100.0


def street_section(verdict: Verdict, network: Network, plans: tuple[Plan, Plan]) -> Markup:
    """Draw every coordinated street under both plans.

    Parameters
    ----------
    verdict
        Vehicles per movement tell which way is a street.
    network
        Lanes, turns and movements.
    plans
        Running and proposed plan.

    Returns
    -------
    Markup
        One block for each street, or a sentence that there is none.
    """
    flows_veh = {part.name: part.count_veh for part in verdict.movements}
    streets = [street for street in find_streets(network, flows_veh) if _is_planned(street, plans)]
    if not streets:
        text = (
            "No time-space diagram: no two retimable intersections follow one another "
            "along a street."
        )
        return tag("p", text, class_="note")
    blocks: list[Markup] = []
    size = 0
    for index, street in enumerate(streets):
        block = _street(street, index, plans, verdict)
        size += len(block.source)
        if size > BUDGET:
            break
        blocks.append(block)
    return join([_intro(), *blocks, *left_out(len(streets) - len(blocks), "less busy streets")])


def _intro() -> Markup:
    text = (
        "Signals of the through movement along each street; upper bars show the way forward (up in "
        "the picture), lower bars the way back. Bands are vehicles that leave on green and, at the "
        "speed limit, reach the next signal on green; strong bands pass the whole street."
    )
    bands = legend(
        [
            key("box band-forward", "forward"),
            key("box band-backward", "back"),
            key("box band-whole", "through the whole street"),
        ]
    )
    return join([tag("p", text), aspect_legend(), bands])


def _street(street: Street, index: int, plans: tuple[Plan, Plan], verdict: Verdict) -> Markup:
    forward, backward = aligned(street)
    directions = (forward,) if backward is None else (forward, backward)
    frame = Frame.around(forward, _window(directions, plans, verdict.begin_s))
    panels = [
        _panel(plan, title, directions, frame, f"clip-{index}-{title}")
        for plan, title in zip(plans, ("before", "after"), strict=True)
    ]
    content = [
        tag("div", *panels, class_="pair"),
        _progression_table(directions, plans, frame.during),
        *_cycle_note(directions, plans),
    ]
    return folded(_title(forward), tag("div", *content), is_open=index < OPEN_STREETS)


def _title(forward: Direction) -> str:
    length_m = forward.stop_lines[-1].distance_m
    first, last = forward.intersections[0], forward.intersections[-1]
    signals = count(len(forward.intersections), "intersection")
    return f"{first} to {last}: {signals}, {number(length_m, 0)} m"


def _panel(
    plan: Plan, title: str, directions: Sequence[Direction], frame: Frame, clip_name: str
) -> Markup:
    cycle_s = shared_cycle_s(plan, directions)
    cycle = f"cycle {seconds(cycle_s)} s" if cycle_s else "cycles differ between intersections"
    caption = tag(
        "figcaption",
        tag("b", title.capitalize()),
        f" · {plan.name} · {cycle} · time from {clock(frame.during.start_s)}",
    )
    return tag("figure", caption, time_space_diagram(plan, directions, frame, clip_name))


def _window(directions: Sequence[Direction], plans: Iterable[Plan], begin_s: float) -> Span:
    names = {name for direction in directions for name in direction.intersections}
    longest_s = max(plan.pattern(name).cycle_s for plan in plans for name in names)
    return Span(start_s=begin_s, end_s=begin_s + min(LONGEST_AXIS_S, CYCLES * longest_s))


def _progression_table(
    directions: Sequence[Direction], plans: tuple[Plan, Plan], window: Span
) -> Markup:
    rows = [
        [Cell(f"Towards {_wind(way)}", head=True), *_figures(way, directions, plans, window)]
        for way in directions
    ]
    heads = ("Direction", "Green that meets the next green", "Widest band through the street")
    return table(heads, rows)


def _cycle_note(directions: Sequence[Direction], plans: Iterable[Plan]) -> list[Markup]:
    if all(shared_cycle_s(plan, directions) for plan in plans):
        return []
    text = (
        "Where cycles differ, every cycle meets the next signal at another moment; the diagram "
        "and its figures hold for the time that is drawn."
    )
    return [tag("p", text, class_="note")]


def _figures(
    way: Direction, directions: Sequence[Direction], plans: tuple[Plan, Plan], window: Span
) -> list[Cell]:
    before, after = (_measured(plan, way, directions, window) for plan in plans)
    shares = [number(HUNDRED * p.share_on_green, 0) for p in (before, after)]
    widths_s = [number(p.widest_band_s, 0) for p in (before, after)]
    texts = (f"{' → '.join(shares)} %", f"{' → '.join(widths_s)} s")
    return [Cell(text, right=True) for text in texts]


def _measured(
    plan: Plan, way: Direction, directions: Sequence[Direction], window: Span
) -> Progression:
    cycle_s = shared_cycle_s(plan, directions)
    end_s = window.start_s + cycle_s if cycle_s else window.end_s
    return progression(plan, way, Span(start_s=window.start_s, end_s=end_s))


def _wind(way: Direction) -> str:
    sector = 360 / len(WINDS)
    return WINDS[math.floor(way.heading_deg / sector + 0.5) % len(WINDS)]


def _is_planned(street: Street, plans: Iterable[Plan]) -> bool:
    planned = [{pattern.intersection for pattern in plan.patterns} for plan in plans]
    names = set(street.forward.intersections)
    names |= set(street.backward.intersections) if street.backward else set()
    return all(names <= known for known in planned)
