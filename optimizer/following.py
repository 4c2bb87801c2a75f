"""Blocks of timings that follow detectors, made from what groups show in each second.

The same as ``Block.of`` of the pattern that ``actuated`` makes, for whole seconds; but a search
asks for thousands of them, and a pattern with all its windows takes ten times as long.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from citybrain.model.aspects import CHANGING, GREENS, Aspect
from citybrain.ports.blocks import Block, Held, can_keep_step
from citybrain.ports.tables import CODES
from optimizer.actuating import Option, stretches
from optimizer.timetable import Timetable
from optimizer.timing import Timing

ASPECTS = {aspect: number for number, aspect in enumerate(Aspect)}
"""Aspect → number in a table that tells all of them apart."""

_CODE = np.array([CODES[aspect] for aspect in Aspect], dtype=np.uint8)
_IS_GREEN = np.array([aspect in GREENS for aspect in Aspect])
_IS_CHANGING = np.array([aspect in CHANGING for aspect in Aspect])
Aspects = NDArray[np.uint8]


def fixed_block(shown: Aspects) -> Block:
    """Return the block of a fixed cycle.

    Parameters
    ----------
    shown
        Numbers of ``ASPECTS``. uint8, shape (groups, cycle)
    """
    nothing = np.zeros((1, shown.shape[1]), dtype=np.uint8)
    return Block(colour=np.vstack([_CODE[shown], nothing]), offset_s=0)


def following_block(shown: Aspects, timing: Timing, timetable: Timetable, option: Option) -> Block:
    """Return the block of a timing whose stretches follow detectors.

    Parameters
    ----------
    shown
        As for ``fixed_block``: what the timing shows without a detector.
    timing, timetable
        Event times, and what bounds them.
    option
        How stretches follow the traffic.
    """
    spans_s = _stretchable(shown)
    if not spans_s:
        return fixed_block(shown)
    found = stretches(spans_s, timing.times_s, timing.cycle_s, timetable, option)
    is_kept = np.ones(shown.shape[1], dtype=bool)
    for stretch in found:
        start = round(stretch.start_s)
        is_kept[start + round(stretch.minimum_s) : start + round(spans_s[stretch.start_s])] = False
    place = np.cumsum(is_kept) - 1
    held = [
        Held(
            second=place[round(stretch.start_s) + round(stretch.minimum_s) - 1],
            extra_s=round(stretch.maximum_s - stretch.minimum_s),
            spared_s=round(spans_s[stretch.start_s] - stretch.minimum_s),
        )
        for stretch in found
    ]
    if option.is_coordinated and not can_keep_step(held):
        return fixed_block(shown)
    block = fixed_block(shown[:, is_kept]).held(held)
    if option.is_coordinated:
        block = block.in_step(held, shown.shape[1])
    return replace(block, gap_s=option.gap_s, detector_s=option.detector_s)


def _stretchable(shown: Aspects) -> dict[float, float]:
    """Return begin and duration of each interval that can be a stretch; see ``actuating``."""
    following = np.roll(shown, -1, axis=1)
    changes = (shown != following).any(axis=0)
    changes[-1] = True
    lasts = np.flatnonzero(changes)
    firsts = np.concatenate([[0], lasts[:-1] + 1])
    ends = (_IS_GREEN[shown[:, lasts]] & ~_IS_GREEN[following[:, lasts]]).any(axis=0)
    ends &= ~_IS_CHANGING[shown[:, lasts]].any(axis=0)
    return {
        float(first): float(last + 1 - first)
        for first, last, can_end in zip(firsts, lasts, ends, strict=True)
        if can_end
    }
