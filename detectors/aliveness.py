"""When a feed, or one controller of it, was alive: the rule that tells gaps from quiet traffic."""

import numpy as np

from detectors.bins import reaching_to
from detectors.pulses import Flags, Floats, Ints

GAP_S = 300.0
"""A controller, or a feed without any, that says nothing for longer was not alive [s]."""
SHORTEST_GAP_S = 60.0
"""In a busy feed a shorter silence is no gap either [s]."""
MISSING_MOMENTS = 80.0
"""A silence in which detectors and signals would have said so much is a gap.  A vehicle is heard
up to six times, and 13 vehicles do not fail to come by chance: e^-13."""
BESIDE_S = 900.0
"""Time on either side of a silence from which it is told how much is usually said [s]."""


def alive_spans_s(alive_s: Floats, gap_s: float, *, missing: float = np.inf) -> Floats:
    """Return the times during which a feed was alive.

    Parameters
    ----------
    alive_s
        Moments at which anything was said, in any order. [s]
    gap_s
        Longest silence that is not a gap. [s]
    missing
        A shorter one is a gap too, from `SHORTEST_GAP_S` on, if the feed would have said more
        than so many things in it, at the rate of the quieter quarter of an hour on either side.

    Returns
    -------
    array of shape (spans, 2)
        Begin and end of each, in order. [s]
    """
    if not len(alive_s):
        return np.empty((0, 2))
    moments_s = np.unique(alive_s)
    last = np.flatnonzero(np.diff(moments_s) > min(gap_s, SHORTEST_GAP_S))
    last = last[_is_gap(moments_s, last, gap_s, missing)]
    begins_s = moments_s[np.append(0, last + 1)]
    ends_s = moments_s[np.append(last, len(moments_s) - 1)]
    return np.column_stack((begins_s, ends_s))


def _is_gap(moments_s: Floats, last: Ints, gap_s: float, most: float) -> Flags:
    """Tell which silences, each behind a moment, are longer than chance lets them be."""
    begin_s, end_s = moments_s[last], moments_s[last + 1]
    before = last - np.searchsorted(moments_s, begin_s - BESIDE_S)
    after = np.searchsorted(moments_s, end_s + BESIDE_S) - last - 2
    silence_s = end_s - begin_s
    missing = silence_s * np.minimum(before, after) / BESIDE_S
    return np.asarray((silence_s > gap_s) | (missing > most))


def own_alive_s(alive_s: Floats, feed_s: Floats, gap_s: float) -> Floats:
    """Return when one controller was alive, up to the ends of the feed if it spoke near them.

    Parameters
    ----------
    alive_s
        Moments at which it said anything, in any order. [s]
    feed_s
        When the feed was alive, shape (spans, 2). [s]
    gap_s
        Longest silence that is not a gap. [s]
    """
    spans_s = alive_spans_s(alive_s, gap_s, missing=MISSING_MOMENTS)
    first_s, last_s = spans_s[0, 0], spans_s[-1, 1]
    moments_s = np.unique(alive_s)
    beside = np.sum(moments_s <= first_s + BESIDE_S), np.sum(moments_s >= last_s - BESIDE_S)
    begin_s, end_s = (
        max(min(gap_s, SHORTEST_GAP_S), min(gap_s, MISSING_MOMENTS * BESIDE_S / count))
        for count in beside
    )
    spans_s = reaching_to(spans_s, feed_s[0, 0], last_s, begin_s)
    return reaching_to(spans_s, first_s, feed_s[-1, 1], end_s)


def shared_spans_s(one_s: Floats, other_s: Floats) -> Floats:
    """Return the times that two lists of spans share, each (spans, 2) and in order [s]."""
    first = np.searchsorted(other_s[:, 1], one_s[:, 0])
    count = np.searchsorted(other_s[:, 0], one_s[:, 1], side="right") - first
    mine = np.repeat(np.arange(len(one_s)), count)
    other = np.arange(len(mine)) + np.repeat(first - np.cumsum(count) + count, count)
    begins_s = np.maximum(one_s[mine, 0], other_s[other, 0])
    return np.column_stack((begins_s, np.minimum(one_s[mine, 1], other_s[other, 1])))
