"""The table before and after, and the paired seeds behind it."""

from collections.abc import Callable
from dataclasses import dataclass

from citybrain.model.verdict import Outcome, Verdict
from citybrain.report.estimates import estimate, paired_change
from citybrain.report.markup import Markup, tag
from citybrain.report.tables import Cell, change_cell, estimate_cell, table


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One row of the table before and after.

    Parameters
    ----------
    name
        What is measured, with its unit.
    value
        Reads it from an outcome.
    digits
        Decimals to show.
    is_neutral
        More of it is neither better nor worse.
    """

    name: str
    value: Callable[[Outcome], float]
    digits: int = 1
    is_neutral: bool = False


MEASURES = (
    Measure(
        name="Vehicles that wanted to travel",
        value=lambda o: o.vehicle_count,
        digits=0,
        is_neutral=True,
    ),
    Measure(name="Stops per vehicle", value=lambda o: _mean(o.stops, o.vehicle_count), digits=2),
    Measure(name="Unfinished, veh", value=lambda o: o.unfinished_veh),
    Measure(name="Never inserted, veh", value=lambda o: o.never_inserted_veh),
    Measure(name="Teleports", value=lambda o: o.teleports),
    Measure(name="Collisions", value=lambda o: o.collisions),
)

ON_FOOT = (
    Measure(
        name="People on foot: mean delay, s",
        value=lambda o: _mean(o.walking_delay_s, o.walker_count),
    ),
    Measure(name="People on foot: longest delay, s", value=lambda o: o.longest_walking_delay_s),
)

BICYCLES = (
    Measure(
        name="Bicycles: mean delay, s", value=lambda o: _mean(o.bicycle_delay_s, o.bicycle_count)
    ),
)

BUSES = (Measure(name="Buses: mean delay, s", value=lambda o: _mean(o.bus_delay_s, o.bus_count)),)


def measures_table(verdict: Verdict) -> Markup:
    """Return the table before and after, with intervals over the seeds."""
    heads = ("", "Before", "After", "Change")
    rows = [_delay_row(verdict), *(_row(verdict, measure) for measure in _measures(verdict))]
    return tag("div", table(heads, rows), *_absent(verdict))


def _delay_row(verdict: Verdict) -> list[Cell]:
    return [
        Cell(tag("b", "Mean delay, s/veh"), head=True),
        estimate_cell(verdict.delay_before_s),
        estimate_cell(verdict.delay_after_s),
        change_cell(verdict.delay_change_s),
    ]


def _row(verdict: Verdict, measure: Measure) -> list[Cell]:
    before, after = (
        estimate([measure.value(outcome) for outcome in outcomes])
        for outcomes in (verdict.running, verdict.proposed)
    )
    change = paired_change(verdict.running, verdict.proposed, measure.value)
    return [
        Cell(measure.name, head=True),
        estimate_cell(before, measure.digits),
        estimate_cell(after, measure.digits),
        change_cell(change, measure.digits, is_neutral=measure.is_neutral),
    ]


def _measures(verdict: Verdict) -> tuple[Measure, ...]:
    on_foot = ON_FOOT if _any(verdict, lambda o: o.walker_count) else ()
    bicycles = BICYCLES if _any(verdict, lambda o: o.bicycle_count) else ()
    buses = BUSES if _any(verdict, lambda o: o.bus_count) else ()
    return (*MEASURES, *on_foot, *bicycles, *buses)


def _absent(verdict: Verdict) -> list[Markup]:
    absent = []
    if not _any(verdict, lambda o: o.walker_count):
        absent.append("people on foot")
    if not _any(verdict, lambda o: o.bicycle_count):
        absent.append("bicycles")
    text = f"The demand of the proof holds no {' and no '.join(absent)}."
    return [tag("p", text, class_="note")] if absent else []


def _any(verdict: Verdict, value: Callable[[Outcome], float]) -> bool:
    return any(value(outcome) for outcome in (*verdict.running, *verdict.proposed))


def _mean(total: float, amount: int) -> float:
    return total / amount if amount else 0.0
