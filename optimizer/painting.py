"""Candidates as tables of colours, painted once for each timing of each intersection."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.ports.blocks import Block, stacked
from citybrain.ports.tables import Prices, SignalTables, TableEvaluator
from optimizer.actuating import Option
from optimizer.candidate import Candidate
from optimizer.following import ASPECTS, Aspects, fixed_block, following_block
from optimizer.kernels import Indices, paint
from optimizer.timing import Timing
from optimizer.workshop import Workshop

_MOST_KEPT = 4000
_LEAST_FACTOR, _MOST_FACTOR = 0.5, 2.0
_Look = tuple[str, tuple[float, ...], float, Option | None]


@dataclass(frozen=True, slots=True, eq=False)
class _Brush:
    """What is needed to paint one intersection."""

    rows: Indices
    aspects: Aspects
    plain: Aspects


class Painter:
    """Paints candidates for a table evaluator and asks it what they cost.

    Parameters
    ----------
    workshop
        Timetables; intersections without one are painted from the running plan.
    evaluator
        Prices tables.

    Attributes
    ----------
    near
        1 where two intersections follow each other, either way; shape (names, names). [-]
    """

    def __init__(self, workshop: Workshop, evaluator: TableEvaluator) -> None:
        self._workshop = workshop
        self._evaluator = evaluator
        self._names = tuple(evaluator.groups)
        self.near = _adjacency(self._names, evaluator.neighbours)
        self._brushes = {
            name: _brush(workshop, name, groups)
            for name, groups in evaluator.groups.items()
            if name in workshop.timetables
        }
        self._fixed = {
            name: Block.of(workshop.running.pattern(name), groups)
            for name, groups in evaluator.groups.items()
            if name not in workshop.timetables
        }
        self._kept: dict[_Look, Block] = {}
        self._factors = np.ones(len(self._names))

    @property
    def names(self) -> tuple[str, ...]:
        """Intersections in the order of local delays."""
        return self._names

    @property
    def vehicles(self) -> float:
        """Vehicles that want to travel [veh]."""
        return self._evaluator.vehicles

    def prices(self, candidates: Sequence[Candidate]) -> Prices:
        """Return what candidates cost, one row each."""
        prices = self._evaluator.price(self.tables(candidates))
        added_s = prices.delay_s * (self._factors - 1.0)
        return Prices(
            prices.mean_s + added_s.sum(axis=1) / self._evaluator.vehicles,
            prices.local_s + added_s,
            prices.delay_s + added_s,
            prices.stranded_veh,
        )

    def running_prices(self) -> Prices:
        """Return what the running plan costs as it is, in one row, not scaled."""
        running = self._workshop.running
        as_it_is = Painter(Workshop(running, running), self._evaluator)
        return as_it_is.prices([Candidate.of({})])

    def scale(self, candidates: Sequence[Candidate], seen_s: Sequence[Sequence[float]]) -> None:
        """Scale the delay before each intersection to what a better judge saw there.

        Parameters
        ----------
        candidates
            Candidates that the judge ran.
        seen_s
            Delay before each intersection under each of them, mean over the days that the
            evaluator prices, too; (intersections, candidates). [s]
        """
        self._factors = np.ones(len(self._names))
        told_s = self.prices(candidates).delay_s.sum(axis=0)
        shares = np.sum(np.asarray(seen_s), axis=1) / np.maximum(told_s, 1.0)
        self._factors = np.clip(shares, _LEAST_FACTOR, _MOST_FACTOR)

    def tables(self, candidates: Sequence[Candidate]) -> SignalTables:
        """Return candidates as tables, one row each."""
        plans = [candidate.by_name() for candidate in candidates]
        return stacked([[self._block(name, plan) for name in self._names] for plan in plans])

    def _block(self, name: str, timings: Mapping[str, Timing]) -> Block:
        timing = timings.get(name)
        if timing is None:
            return self._fixed[name]
        look = (name, timing.times_s, timing.cycle_s, timing.option)
        if look not in self._kept:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[look] = self._painted(name, timing)
        return self._kept[look].with_offset(round(timing.offset_s))

    def _painted(self, name: str, timing: Timing) -> Block:
        brush, timetable = self._brushes[name], self._workshop.timetables[name]
        shown = np.repeat(brush.plain[:, None], max(1, round(timing.cycle_s)), axis=1)
        times = np.array(timing.times_s)
        paint(times, timing.cycle_s, timetable.turns, brush.rows, brush.aspects, shown)
        if timing.option is None:
            return fixed_block(shown)
        if not all(float(time_s).is_integer() for time_s in (*timing.times_s, timing.cycle_s)):
            pattern = self._workshop.pattern(name, timing, "painted")
            return Block.of(pattern, self._evaluator.groups[name])
        return following_block(shown, timing, timetable, timing.option)


def _adjacency(names: Sequence[str], pairs: Collection[tuple[str, str]]) -> NDArray[np.float64]:
    """Return 1 where two intersections follow each other, either way; shape (names, names)."""
    places = {name: place for place, name in enumerate(names)}
    near = np.zeros((len(names), len(names)))
    for one, other in pairs:
        near[places[one], places[other]] = near[places[other], places[one]] = 1.0
    return near


def _brush(workshop: Workshop, name: str, groups: Sequence[str]) -> _Brush:
    courses = {course.group: course for course in workshop.timetables[name].courses}
    changing = [course for course in courses.values() if not course.is_constant]
    return _Brush(
        rows=np.array([groups.index(course.group) for course in changing], dtype=np.int64),
        aspects=np.array([ASPECTS[t.aspect] for c in changing for t in c.turns], dtype=np.uint8),
        plain=np.array([ASPECTS[courses[g].turns[0].aspect] for g in groups], dtype=np.uint8),
    )
