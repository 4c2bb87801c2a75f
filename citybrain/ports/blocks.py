"""Patterns as blocks of colours, and blocks as the tables that a fast model prices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from citybrain.model.actuation import ActuatedPattern
from citybrain.model.pattern import Pattern
from citybrain.ports.tables import CODES, SignalTables

MOST_HELD_S = 255
"""Longest time for which a second can be held in a table. [s]"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """The table of one pattern.

    Parameters
    ----------
    colour
        Codes, and in the last row for how many seconds each second may be held. uint8, shape
        (groups + 1, cycle)
    offset_s
        Offset in whole seconds. [s]
    gap_s, detector_s
        What holds a second: see ``citybrain.model.actuation.Actuation``. [s]
    """

    colour: NDArray[np.uint8]
    offset_s: int
    gap_s: float = 0.0
    detector_s: float = 0.0

    @classmethod
    def of(cls, pattern: Pattern, groups: Sequence[str]) -> "Block":
        """Tabulate a pattern second by second; parts of a second round to the nearest.

        Of one that follows detectors freely the shortest cycle is shown, and the last second of
        each stretch may be held, for at most ``MOST_HELD_S``.  One that keeps step with a fixed
        cycle is shown as if nothing moved it.

        Parameters
        ----------
        pattern
            Pattern of one intersection.
        groups
            Its groups, in the order of the rows.
        """
        if isinstance(pattern, ActuatedPattern) and not pattern.actuation.is_coordinated:
            block = cls.of(pattern.shortest(), groups)
            for second, extra_s in _held(pattern):
                block.colour[-1, second] = min(round(extra_s), MOST_HELD_S)
            actuation = pattern.actuation
            return replace(block, gap_s=actuation.gap_s, detector_s=actuation.detector_s)
        cycle_s = max(1, round(pattern.cycle_s))
        colour = np.zeros((len(groups) + 1, cycle_s), dtype=np.uint8)
        for row, group in enumerate(groups):
            for start_s, aspect in pattern.timing(group).timeline(pattern.cycle_s):
                colour[row, round(start_s) :] = CODES[aspect]
        return cls(colour=colour, offset_s=round(pattern.offset_s) % cycle_s)

    def with_offset(self, offset_s: int) -> "Block":
        """Return the block with another offset [s]."""
        return replace(self, offset_s=offset_s % self.colour.shape[1])


def _held(pattern: ActuatedPattern) -> Iterator[tuple[int, float]]:
    """Yield the last second of every interval in the shortest cycle, and how long it may last."""
    stretches = pattern.bounds()
    ends_s = accumulate(stretch.minimum_s for stretch in stretches)
    for stretch, end_s in zip(stretches, ends_s, strict=True):
        yield round(end_s) - 1, stretch.maximum_s - stretch.minimum_s


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
        offset_s=np.array([b.offset_s for b in blocks], np.int32).reshape(shape),
        gap_s=np.array([b.gap_s for b in blocks], np.float64).reshape(shape),
        detector_s=np.array([b.detector_s for b in blocks], np.float64).reshape(shape),
    )
