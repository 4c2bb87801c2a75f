"""Patterns as blocks of colours, and blocks as the tables that a fast model prices."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from citybrain.model.actuation import ActuatedPattern
from citybrain.model.pattern import Pattern
from citybrain.ports.tables import CODES, SignalTables

MOST_HELD_S = 255
"""Longest time for which a second can be held in a table, or its end put off. [s]"""


class Held(NamedTuple):
    """The last second of a stretch in the shortest cycle.

    Parameters
    ----------
    second
        Which one.
    extra_s
        For how long it may be held. [s]
    spared_s
        How much shorter the shortest stretch is than the one that the pattern shows. [s]
    """

    second: int
    extra_s: int
    spared_s: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """The table of one pattern.

    Parameters
    ----------
    colour
        Codes, and rows that tell how far each second may be held; see ``SignalTables``. uint8,
        shape (groups + 1, cycle), where it keeps step with a cycle (groups + 3, cycle)
    offset_s
        Offset in whole seconds. [s]
    step_s
        Cycle that stretches keep in step with; 0 where there are none or they keep none. [s]
    gap_s, detector_s
        What holds a second: see ``citybrain.model.actuation.Actuation``. [s]
    """

    colour: NDArray[np.uint8]
    offset_s: int
    step_s: int = 0
    gap_s: float = 0.0
    detector_s: float = 0.0

    @classmethod
    def of(cls, pattern: Pattern, groups: Sequence[str]) -> "Block":
        """Tabulate a pattern second by second; parts of a second round to the nearest.

        Of one that follows detectors the shortest cycle is shown, and the last second of each
        stretch may be held, for at most ``MOST_HELD_S``.  One that keeps step with a cycle which
        a table cannot say is shown as if nothing moved it.

        Parameters
        ----------
        pattern
            Pattern of one intersection.
        groups
            Its groups, in the order of the rows.
        """
        if isinstance(pattern, ActuatedPattern):
            actuation, held = pattern.actuation, tuple(_held(pattern))
            if not actuation.is_coordinated or can_keep_step(held):
                block = cls.of(pattern.shortest(), groups).held(held)
                if actuation.is_coordinated:
                    block = block.in_step(held, round(pattern.cycle_s))
                    block = block.with_offset(round(pattern.offset_s))
                return replace(block, gap_s=actuation.gap_s, detector_s=actuation.detector_s)
        cycle_s = max(1, round(pattern.cycle_s))
        colour = np.zeros((len(groups) + 1, cycle_s), dtype=np.uint8)
        for row, group in enumerate(groups):
            for start_s, aspect in pattern.timing(group).timeline(pattern.cycle_s):
                colour[row, round(start_s) :] = CODES[aspect]
        return cls(colour=colour, offset_s=round(pattern.offset_s) % cycle_s)

    def with_offset(self, offset_s: int) -> "Block":
        """Return the block with another offset [s]."""
        return replace(self, offset_s=offset_s % (self.step_s or self.colour.shape[1]))

    def held(self, seconds: Iterable[Held]) -> "Block":
        """Return the block with seconds that may be held, in place of its last row."""
        colour = self.colour.copy()
        for each in seconds:
            colour[-1, each.second] = min(each.extra_s, MOST_HELD_S)
        return replace(self, colour=colour)

    def in_step(self, seconds: Iterable[Held], step_s: int) -> "Block":
        """Return the block with stretches that end at times of a fixed cycle.

        Parameters
        ----------
        seconds
            Last seconds of all stretches.
        step_s
            The cycle. [s]
        """
        windows = np.zeros((2, self.colour.shape[1]), dtype=np.uint8)
        late_s = 0
        for each in seconds:
            late_s += each.spared_s
            if each.extra_s > 0:
                windows[:, each.second] = late_s, each.spared_s
        return replace(self, colour=np.vstack([self.colour, windows]), step_s=step_s)


def can_keep_step(seconds: Sequence[Held]) -> bool:
    """Tell whether a block can say when stretches end that keep step with a cycle.

    Parameters
    ----------
    seconds
        Last seconds of all stretches.
    """
    spared_s = [each.spared_s for each in seconds]
    return min(spared_s) >= 0 and sum(spared_s) <= MOST_HELD_S


def _held(pattern: ActuatedPattern) -> Iterator[Held]:
    """Yield the last second of every interval in the shortest cycle."""
    stretches = pattern.bounds()
    ends_s = accumulate(stretch.minimum_s for stretch in stretches)
    for interval, stretch, end_s in zip(pattern.intervals(), stretches, ends_s, strict=True):
        extra_s = round(stretch.maximum_s - stretch.minimum_s)
        spared_s = round(interval.duration_s - stretch.minimum_s)
        yield Held(round(end_s) - 1, extra_s, spared_s)


def stacked(plans: Sequence[Sequence[Block]]) -> SignalTables:
    """Put blocks into one pool, each only once.

    Parameters
    ----------
    plans
        For each plan one block per intersection, in the model's order of intersections.
    """
    first: dict[int, int] = {}
    pool: list[NDArray[np.uint8]] = []
    size = 0
    blocks = [block for plan in plans for block in plan]
    for block in blocks:
        if id(block.colour) not in first:
            first[id(block.colour)] = size
            size += block.colour.size
            pool.append(block.colour.ravel())
    shape = (len(plans), len(plans[0]) if plans else 0)
    starts = [first[id(block.colour)] for block in blocks]
    return SignalTables(
        colour=np.concatenate(pool) if pool else np.zeros(0, dtype=np.uint8),
        start=np.array(starts, np.int64).reshape(shape),
        cycle_s=np.array([b.colour.shape[1] for b in blocks], np.int32).reshape(shape),
        step_s=np.array([b.step_s for b in blocks], np.int32).reshape(shape),
        offset_s=np.array([b.offset_s for b in blocks], np.int32).reshape(shape),
        gap_s=np.array([b.gap_s for b in blocks], np.float64).reshape(shape),
        detector_s=np.array([b.detector_s for b in blocks], np.float64).reshape(shape),
    )
