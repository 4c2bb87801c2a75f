"""Plans as tables: what every signal group shows in every second of its cycle."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from citybrain.model.pattern import Pattern
from citybrain.ports.tables import CODES, SignalTables


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The table of one pattern.

    Parameters
    ----------
    colour
        Codes. uint8, shape (groups, cycle)
    offset_s
        Offset in whole seconds. [s]
    """

    colour: NDArray[np.uint8]
    offset_s: int

    @classmethod
    def of(cls, pattern: Pattern, groups: Sequence[str]) -> "Block":
        """Tabulate a pattern second by second; parts of a second round to the nearest.

        Parameters
        ----------
        pattern
            Pattern of one intersection.
        groups
            Its groups, in the order of the rows.
        """
        cycle_s = max(1, round(pattern.cycle_s))
        colour = np.zeros((len(groups), cycle_s), dtype=np.uint8)
        for row, group in enumerate(groups):
            for start_s, aspect in pattern.timing(group).timeline(pattern.cycle_s):
                colour[row, round(start_s) :] = CODES[aspect]
        return cls(colour=colour, offset_s=round(pattern.offset_s) % cycle_s)

    def with_offset(self, offset_s: int) -> "Block":
        """Return the block with another offset [s]."""
        return replace(self, offset_s=offset_s % self.colour.shape[1])


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
    for block in (block for plan in plans for block in plan):
        if id(block.colour) not in first:
            first[id(block.colour)] = size
            size += block.colour.size
            pool.append(block.colour.ravel())
    shape = (len(plans), len(plans[0]) if plans else 0)
    starts = [first[id(block.colour)] for plan in plans for block in plan]
    cycles = [block.colour.shape[1] for plan in plans for block in plan]
    offsets = [block.offset_s for plan in plans for block in plan]
    return SignalTables(
        colour=np.concatenate(pool) if pool else np.zeros(0, dtype=np.uint8),
        start=np.array(starts, dtype=np.int64).reshape(shape),
        cycle_s=np.array(cycles, dtype=np.int32).reshape(shape),
        offset_s=np.array(offsets, dtype=np.int32).reshape(shape),
    )
