"""Who loses and who gains: movements, approaches and intersections."""

from collections.abc import Callable, Sequence

from citybrain.model.network import Network
from citybrain.model.plan import Plan
from citybrain.model.verdict import Outcome, PartChange, Verdict
from citybrain.report.estimates import estimate, paired_change
from citybrain.report.markup import Content, Markup, join, tag
from citybrain.report.tables import (
    LONGEST_LIST,
    Cell,
    change_cell,
    folded,
    left_out,
    number_cell,
    table,
)
from citybrain.report.wording import UNKNOWN, Tone, count, cycle, number, seconds, tone

MOST_ROWS = 8


def movement_tables(verdict: Verdict, network: Network) -> Markup:
    """Return the movements that lose most and those that gain most, then all of them."""
    if not verdict.movements:
        text = "The runs did not record routes, so changes of movements are not known."
        return tag("p", text, class_="note")
    by_loss = sorted(verdict.movements, key=lambda part: (-part.change_s.mean, part.name))
    losing = [part for part in by_loss if part.change_s.mean > 0]
    gaining = [part for part in reversed(by_loss) if part.change_s.mean < 0]
    return join(
        [
            tag("h3", "Movements that lose"),
            _sureness(losing),
            _parts("Movement", losing[:MOST_ROWS], network),
            tag("h3", "Movements that gain most"),
            _parts("Movement", gaining[:MOST_ROWS], network),
            _all("All movements", "Movement", by_loss, network),
        ]
    )


def approach_table(verdict: Verdict, network: Network) -> Markup:
    """Return every approach with its change; folded where there are many."""
    if not verdict.approaches:
        return tag("p", "Changes of approaches are not known.", class_="note")
    if len(verdict.approaches) <= MOST_ROWS:
        return _parts("Approach", verdict.approaches, network)
    by_loss = sorted(verdict.approaches, key=lambda part: (-part.change_s.mean, part.name))
    return _all("All approaches", "Approach", by_loss, network)


def _all(title: str, head: str, parts: Sequence[PartChange], network: Network) -> Markup:
    kept = parts[:LONGEST_LIST]
    rest = left_out(len(parts) - len(kept), "further ones, which lose less,")
    content = join([_parts(head, kept, network), *rest])
    return folded(f"{title} ({number(len(parts), 0)})", content)


def _sureness(losing: Sequence[PartChange]) -> Markup:
    sure = sum(tone(part.change_s) is Tone.WORSE for part in losing)
    unsure = len(losing) - sure
    text = f"{count(sure, 'movement')} surely {'loses' if sure == 1 else 'lose'}"
    if unsure:
        more = f"for {number(unsure, 0)} more the mean is a loss, but the interval includes zero"
        text = f"{text}; {more}"
    return tag("p", f"{text}." if losing else "No movement loses.")


def _parts(head: str, parts: Sequence[PartChange], network: Network) -> Markup:
    if not parts:
        return tag("p", "None.", class_="note")
    rows = [
        [
            Cell(_named(part, network), head=True),
            Cell(part.intersection),
            number_cell(part.count_veh, 0),
            number_cell(part.before_s),
            number_cell(part.after_s),
            change_cell(part.change_s),
        ]
        for part in parts
    ]
    heads = (
        head,
        "Intersection",
        "Vehicles per run",
        "Before, s/veh",
        "After, s/veh",
        "Change, s/veh",
    )
    return table(heads, rows, right_from=2)


def _named(part: PartChange, network: Network) -> Content:
    movement = network.movements.get(part.name)
    if movement is None:
        return part.name
    turn = tag("small", movement.turn.replace("_", "-"))
    return tag("span", f"{movement.from_edge} → {movement.to_edge}", turn)


def intersection_table(verdict: Verdict, network: Network, running: Plan, proposed: Plan) -> Markup:
    """Return cycle, offset and change in delay of every intersection."""
    planned = {pattern.intersection for pattern in running.patterns}
    planned &= {pattern.intersection for pattern in proposed.patterns}
    names = sorted(planned & network.intersections.keys())
    rows = []
    for name in names[:LONGEST_LIST]:
        before, after = running.pattern(name), proposed.pattern(name)
        rows.append(
            [
                Cell(name, head=True),
                Cell(_arrow(cycle(before), cycle(after)), right=True),
                Cell(_arrow(seconds(before.offset_s), seconds(after.offset_s)), right=True),
                *_intersection_delay(verdict, network, name),
            ]
        )
    heads = (
        "Intersection",
        "Cycle, s",
        "Offset, s",
        "Before, s/veh",
        "After, s/veh",
        "Change, s/veh",
    )
    return join([table(heads, rows), *left_out(len(names) - len(rows), "more intersections")])


def _arrow(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def _intersection_delay(verdict: Verdict, network: Network, name: str) -> list[Cell]:
    value = _mean_delay_s([movement.name for movement in network.movements_at(name)])
    before, after = (
        estimate([value(outcome) for outcome in outcomes])
        for outcomes in (verdict.running, verdict.proposed)
    )
    change = paired_change(verdict.running, verdict.proposed, value)
    if not any(outcome.movement_count for outcome in verdict.running):
        return [Cell(UNKNOWN, right=True)] * 3
    return [number_cell(before.mean), number_cell(after.mean), change_cell(change)]


def _mean_delay_s(movements: Sequence[str]) -> Callable[[Outcome], float]:
    def value(outcome: Outcome) -> float:
        amount = sum(outcome.movement_count.get(name, 0) for name in movements)
        total_s = sum(outcome.movement_delay_s.get(name, 0.0) for name in movements)
        return total_s / amount if amount else 0.0

    return value
