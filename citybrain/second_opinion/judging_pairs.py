"""Rules on two groups at a time, by their numbers in ``docs/safety.md``."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from citybrain.second_opinion.ground import (
    NEVER_MS,
    RED,
    Table,
)
from citybrain.second_opinion.seeing import Finding, Marks, Seen

_CONFLICT = 5


def _together(
    seen: Seen, rule: int, shown: NDArray[np.bool_], pairs: NDArray[np.bool_]
) -> Iterator[Finding]:
    counts = shown.astype(np.float32)
    meet = ((counts @ counts.T) > 0) & pairs
    for one, other in np.argwhere(np.triu(meet, 1)) if meet.any() else ():
        at_ms = int(np.argmax(shown[one] & shown[other])) * seen.painting.tick_ms
        what = "both are green" if rule == _CONFLICT else "both are protected"
        yield replace(seen.finding(rule, (one, other), (at_ms, 0, 0)), what=what)


def _conflicts(seen: Seen) -> Iterator[Finding]:
    yield from _together(seen, _CONFLICT, seen.green, seen.ground.conflict)


def _yielding(seen: Seen) -> Iterator[Finding]:
    yield from _together(seen, 7, seen.protected, seen.ground.yields)


def _apart(
    seen: Seen, rule: int, edges: tuple[Marks, Marks], limits_ms: Table
) -> Iterator[Finding]:
    """Check the time from ends in one group to begins in another."""
    begins, ends = edges
    gaps_ms = seen.until_ms(ends, begins)
    asked_ms = limits_ms[ends.rows[:, None], begins.rows[None, :]]
    for end, begin in np.argwhere(gaps_ms < asked_ms):
        rows = (ends.rows[end], begins.rows[begin])
        times_ms = (ends.at_ms[end], gaps_ms[end, begin], asked_ms[end, begin])
        yield seen.finding(rule, rows, times_ms)


def _intergreens(seen: Seen) -> Iterator[Finding]:
    yield from _apart(seen, 6, seen.green_edges, seen.ground.intergreen_ms)


def _protections(seen: Seen) -> Iterator[Finding]:
    if seen.ground.protection_ms.any():
        yield from _apart(seen, 8, seen.edges(seen.protected), seen.ground.protection_ms)


def _walks(seen: Seen) -> Iterator[Finding]:
    if seen.ground.walk_off_ms.any():
        yield from _apart(seen, 11, seen.green_edges, seen.ground.walk_off_ms)


def _overlaps(seen: Seen) -> Iterator[Finding]:
    for one, other, limit_ms in seen.ground.overlap_ms:
        both = (seen.protected[one] & seen.protected[other])[None, :]
        begins, ends = seen.edges(both)
        if both.all():
            begins = ends = Marks(np.array([0]), np.array([0]))
        lasts_ms = seen.until_ms(begins, ends).min(axis=1, initial=NEVER_MS)
        lasts_ms[lasts_ms == 0] = seen.cycle_ms
        for at_ms, last_ms in zip(begins.at_ms, lasts_ms, strict=True):
            if last_ms > limit_ms:
                yield seen.finding(9, (one, other), (at_ms, last_ms, limit_ms))


def _red_clearances(seen: Seen) -> Iterator[Finding]:
    begins, _ = seen.green_edges
    _, reddened = seen.edges(seen.colours != RED)
    limits_ms = seen.ground.red_clearance_ms
    is_asked = seen.ground.conflict & (limits_ms[:, None] > 0)
    lasts_ms = np.full((len(limits_ms), len(begins.rows)), seen.cycle_ms)
    waits_ms = (begins.at_ms[None, :] - reddened.at_ms[:, None] - 1) % seen.cycle_ms + 1
    np.minimum.at(lasts_ms, reddened.rows, waits_ms)
    instants = begins.at_ms // seen.painting.tick_ms - 1
    lasts_ms[seen.colours[:, instants] != RED] = 0
    short = (lasts_ms < limits_ms[:, None]) & is_asked[:, begins.rows]
    for row, begin in np.argwhere(short):
        times_ms = (begins.at_ms[begin], lasts_ms[row, begin], limits_ms[row])
        yield seen.finding(15, (row, begins.rows[begin]), times_ms)
    yield from _promises(seen, begins)


def _promises(seen: Seen, begins: Marks) -> Iterator[Finding]:
    for row, instant, promise_ms in seen.painting.promises:
        if promise_ms:
            end_ms = instant * seen.painting.tick_ms
            waits_ms = (begins.at_ms - end_ms) % seen.cycle_ms
            is_short = seen.ground.conflict[row, begins.rows] & (waits_ms < promise_ms)
            for begin in np.nonzero(is_short)[0]:
                times_ms = (end_ms, waits_ms[begin], promise_ms)
                yield seen.finding(15, (row, begins.rows[begin]), times_ms)


RULES_OF_PAIRS = (
    _conflicts,
    _intergreens,
    _yielding,
    _protections,
    _overlaps,
    _walks,
    _red_clearances,
)
