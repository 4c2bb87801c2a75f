"""Progression: which greens of a street reach the next signal on green."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from math import floor

from citybrain.model.aspects import YELLOWS, Aspect
from citybrain.model.pattern import Pattern
from citybrain.model.plan import Plan
from citybrain.report.streets import Direction, StopLine
from citybrain.units import RESOLUTION_S, same_time

CLOSED = YELLOWS | {Aspect.RED, Aspect.RED_AMBER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of master time [s]."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Its length [s]."""
        return self.end_s - self.start_s

    def moved(self, by_s: float) -> "Span":
        """Return the span that much later [s]."""
        return Span(start_s=self.start_s + by_s, end_s=self.end_s + by_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown(Span):
    """An aspect that is shown during a stretch of master time."""

    aspect: Aspect


@dataclass(frozen=True, slots=True, kw_only=True)
class Progression:
    """How well the greens of one direction follow one another.

    Parameters
    ----------
    share_on_green
        Part of the green at a stop line from which, at the speed limit, the next one is reached
        on green; over all links. [0-1]
    widest_band_s
        Longest span of departures that pass every stop line without a stop. [s]
    """

    share_on_green: float
    widest_band_s: float


def shown(pattern: Pattern, group: str, during: Span) -> Iterator[Shown]:
    """Yield what a signal group shows, cut to a stretch of master time.

    Parameters
    ----------
    pattern
        Pattern of the intersection.
    group
        Name of the signal group.
    during
        Stretch of master time. [s]

    Yields
    ------
    Shown
        In order of time, without gaps.
    """
    timeline = pattern.timing(group).timeline(pattern.cycle_s)
    bounds_s = [*(start_s for start_s, _ in timeline), pattern.cycle_s]
    first = floor((during.start_s - pattern.offset_s) / pattern.cycle_s)
    for cycle in count(first):
        zero_s = pattern.offset_s + cycle * pattern.cycle_s
        if zero_s >= during.end_s:
            return
        for (start_s, end_s), (_, aspect) in zip(pairwise(bounds_s), timeline, strict=True):
            from_s = max(zero_s + start_s, during.start_s)
            to_s = min(zero_s + end_s, during.end_s)
            if to_s - from_s > RESOLUTION_S / 2:
                yield Shown(start_s=from_s, end_s=to_s, aspect=aspect)


def greens(plan: Plan, stop: StopLine, during: Span) -> tuple[Span, ...]:
    """Return when a street may pass a stop line, cut to a stretch of master time [s]."""
    spans: list[Span] = []
    for part in shown(plan.pattern(stop.intersection), stop.group, during):
        if part.aspect in CLOSED:
            continue
        if spans and same_time(spans[-1].end_s, part.start_s):
            spans[-1] = Span(start_s=spans[-1].start_s, end_s=part.end_s)
        else:
            spans.append(Span(start_s=part.start_s, end_s=part.end_s))
    return tuple(spans)


def link_bands(plan: Plan, here: StopLine, there: StopLine, during: Span) -> tuple[Span, ...]:
    """Return the departures from one stop line that reach the next one on green.

    Parameters
    ----------
    plan
        Plan that runs.
    here, there
        Two successive stop lines.
    during
        Departures to look at. [s]

    Returns
    -------
    tuple of Span
        Times at the first stop line. [s]
    """
    travel_s = there.travel_s - here.travel_s
    arrivals = (span.moved(-travel_s) for span in greens(plan, there, during.moved(travel_s)))
    return tuple(_common(greens(plan, here, during), tuple(arrivals)))


def street_bands(plan: Plan, direction: Direction, during: Span) -> tuple[Span, ...]:
    """Return the departures from the first stop line that pass the whole street on green [s]."""
    band: tuple[Span, ...] = (during,)
    for stop in direction.stop_lines:
        passing = greens(plan, stop, during.moved(stop.travel_s))
        band = tuple(_common(band, tuple(span.moved(-stop.travel_s) for span in passing)))
    return band


def progression(plan: Plan, direction: Direction, during: Span) -> Progression:
    """Measure one direction of a street.

    Parameters
    ----------
    plan
        Plan that runs.
    direction
        Stop lines in the order of driving.
    during
        Stretch of master time; a whole number of cycles where all intersections share one. [s]

    Returns
    -------
    Progression
        Shares and bands of the departures within it.
    """
    links = tuple(pairwise(direction.stop_lines))
    met_s = sum(_total_s(link_bands(plan, here, there, during)) for here, there in links)
    green_s = sum(_total_s(greens(plan, here, during)) for here, _ in links)
    bands = street_bands(plan, direction, _prolonged(during))
    return Progression(
        share_on_green=met_s / green_s if green_s else 0.0,
        widest_band_s=min(during.duration_s, max((b.duration_s for b in bands), default=0.0)),
    )


def shared_cycle_s(plan: Plan, directions: Iterable[Direction]) -> float | None:
    """Return the cycle that all intersections of a street share; none where they differ [s]."""
    names = {name for direction in directions for name in direction.intersections}
    cycles_s = {plan.pattern(name).cycle_s for name in names}
    return cycles_s.pop() if len(cycles_s) == 1 else None


def _prolonged(during: Span) -> Span:
    """Return a span twice as long, so that a band over its end is not cut in two."""
    return Span(start_s=during.start_s, end_s=during.end_s + during.duration_s)


def _common(first: Sequence[Span], second: Sequence[Span]) -> Iterator[Span]:
    for one in first:
        for other in second:
            start_s, end_s = max(one.start_s, other.start_s), min(one.end_s, other.end_s)
            if end_s - start_s > RESOLUTION_S / 2:
                yield Span(start_s=start_s, end_s=end_s)


def _total_s(spans: Iterable[Span]) -> float:
    return sum(span.duration_s for span in spans)
