"""The part of the report on signal groups: every intersection, old and new."""

from collections.abc import Iterable
from dataclasses import replace

from citybrain.model.actuation import ActuatedPattern
from citybrain.model.aspects import Aspect
from citybrain.model.intersection import Intersection
from citybrain.model.network import Network
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan
from citybrain.report.bars import aspect_legend
from citybrain.report.group_diagram import group_diagram, group_table
from citybrain.report.markup import Markup, join, tag
from citybrain.report.tables import LONGEST_LIST, folded
from citybrain.report.wording import count, cycle, seconds

FEW_INTERSECTIONS = 4
BUDGET = 450_000
"""Most characters that the diagrams may take of the file."""


def group_section(network: Network, running: Plan, proposed: Plan) -> Markup:
    """Draw the signal groups of every intersection under both plans.

    Parameters
    ----------
    network
        Intersections and their movements.
    running, proposed
        Plans before and after.

    Returns
    -------
    Markup
        Changed intersections first; those that no longer fit the file are named.
    """
    pairs = sorted(_pairs(network, running, proposed), key=lambda p: (p[1] == p[2], p[0].name))
    blocks: list[Markup] = []
    size = 0
    for intersection, before, after in pairs:
        is_open = not blocks or len(pairs) <= FEW_INTERSECTIONS
        block = _block(network, intersection, before, after, is_open=is_open)
        size += len(block.source)
        if size > BUDGET:
            break
        blocks.append(block)
    left_out = [intersection.name for intersection, _, _ in pairs[len(blocks) :]]
    shown = {aspect for _, before, after in pairs for aspect in _aspects(before, after)}
    return join([aspect_legend(shown), *blocks, *_left_out(left_out)])


def _pairs(
    network: Network, running: Plan, proposed: Plan
) -> Iterable[tuple[Intersection, Pattern, Pattern]]:
    after = {pattern.intersection: pattern for pattern in proposed.patterns}
    for before in running.patterns:
        name = before.intersection
        if name in after and name in network.intersections:
            yield network.intersections[name], before, after[name]


def _block(
    network: Network, intersection: Intersection, before: Pattern, after: Pattern, *, is_open: bool
) -> Markup:
    axis_s = max(before.cycle_s, after.cycle_s)
    panels = [_panel("Before", before, axis_s), _panel("After", after, axis_s)]
    if _same_colours(before, after):
        panels = [_panel("Unchanged", after, axis_s)]
    content = [
        tag("div", *panels, class_="pair"),
        group_table(network, intersection, before, after),
    ]
    return folded(_summary(before, after), tag("div", *content), is_open=is_open)


def _summary(before: Pattern, after: Pattern) -> str:
    if _same_colours(before, after):
        return f"{after.intersection}: unchanged, cycle {cycle(after)} s"
    cycles = _change(cycle(before), cycle(after))
    offsets = _change(seconds(before.offset_s), seconds(after.offset_s))
    return f"{after.intersection}: cycle {cycles}, offset {offsets}"


def _change(before: str, after: str) -> str:
    return f"{before} s" if before == after else f"{before} → {after} s"


def _panel(title: str, pattern: Pattern, axis_s: float) -> Markup:
    drawn = f", {seconds(pattern.cycle_s)} s drawn" if isinstance(pattern, ActuatedPattern) else ""
    caption = tag(
        "figcaption",
        tag("b", title),
        f" · {pattern.program} · cycle {cycle(pattern)} s{drawn} · "
        f"offset {seconds(pattern.offset_s)} s",
    )
    return tag("figure", caption, group_diagram(pattern, axis_s))


def _same_colours(before: Pattern, after: Pattern) -> bool:
    return before == replace(after, program=before.program)


def _aspects(before: Pattern, after: Pattern) -> set[Aspect]:
    return {
        segment.aspect
        for pattern in (before, after)
        for timing in pattern.groups
        for window in timing.windows
        for segment in window.segments
    }


def _left_out(names: list[str]) -> list[Markup]:
    if not names:
        return []
    listed = ", ".join(names[:LONGEST_LIST]) + (", …" if len(names) > LONGEST_LIST else "")
    text = f"{count(len(names), 'intersection')} left out to keep the file small: {listed}."
    return [tag("p", text, class_="note")]
