"""What the pulses of one detector look like in one window of time."""

from dataclasses import dataclass
from itertools import pairwise
from math import inf

import numpy as np

from detectors.pulses import Floats, Ints, Pulses

BRIEF_S = 0.3
"""A pulse and the gap after it both below this would be two fronts within 0.6 s. [s]"""
BROKEN_GAP_S = 0.2
"""No second vehicle arrives this soon after the back of the first. [s]"""
_ROUNDING_S = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Facts about one detector in one window; a rule needs nothing else.

    Parameters
    ----------
    heard_s
        Time during which the feed was alive. [s]
    length_s
        Length of the window. [s]
    pulses_veh
        Pulses that began in the window. [veh]
    covered_s
        Time during which the detector was covered. [s]
    longest_s
        Whole length of the longest pulse that touches the window. [s]
    brief
        Share of pulses that are chatter: pulse and following gap below `BRIEF_S`. [0-1]
    broken
        Share of gaps below `BROKEN_GAP_S`, not counting those after a repaired pulse. [0-1]
    repaired
        Share of pulses whose end was put in by a repair. [0-1]
    length_spread, headway_spread
        Standard deviation over mean of pulse lengths and of headways; infinite below two.
    expected_veh
        Pulses that its history and its neighbours' present flow let expect. [veh]
    has_history
        Something is known about how much it usually says.
    """

    heard_s: float
    length_s: float
    pulses_veh: int = 0
    covered_s: float = 0.0
    longest_s: float = 0.0
    brief: float = 0.0
    broken: float = 0.0
    repaired: float = 0.0
    length_spread: float = inf
    headway_spread: float = inf
    expected_veh: float = 0.0
    has_history: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """Pulses of one detector, in order of time.

    Parameters
    ----------
    on_s, off_s
        Begin and end of each pulse, shape (n,) each. [s]
    repaired
        1 where the end was put in by a repair, shape (n,).
    """

    on_s: Floats
    off_s: Floats
    repaired: Floats

    @property
    def length_s(self) -> Floats:
        """Length of each pulse [s]."""
        return self.off_s - self.on_s

    @property
    def gap_s(self) -> Floats:
        """Time from each pulse to the next; infinite after the last [s]."""
        return np.append(self.on_s[1:], np.inf)[: len(self.on_s)] - self.off_s


def tracks_of(pulses: Pulses) -> list[Track]:
    """Return the pulses of each detector, in the order of ``pulses.names``."""
    order = np.argsort(pulses.detector, kind="stable")
    ends = np.searchsorted(pulses.detector[order], np.arange(len(pulses.names) + 1))
    return [
        Track(
            on_s=pulses.on_s[mine],
            off_s=pulses.off_s[mine],
            repaired=pulses.repaired[mine].astype(np.float64),
        )
        for mine in (order[begin:end] for begin, end in pairwise(ends.tolist()))
    ]


def edges_of(pulses: Pulses, bin_s: float) -> Floats:
    """Return the begins of the windows and the end of the last one, which may be shorter.

    Parameters
    ----------
    pulses
        Feed; one that was never alive has no window.
    bin_s
        Length of a window. [s]

    Returns
    -------
    array of shape (windows + 1,)
        Begins and the last end; empty without a window. [s]
    """
    if not pulses.spans_s.size:
        return np.empty(0)
    begin_s, end_s = float(pulses.spans_s.min()), float(pulses.spans_s.max())
    count = max(int(np.ceil((end_s - begin_s) / bin_s - _ROUNDING_S)), 1)
    edges_s: Floats = (begin_s + bin_s * np.arange(count + 1)).astype(np.float64)
    edges_s[-1] = max(end_s, begin_s + _ROUNDING_S) if count == 1 else end_s
    return edges_s


def time_inside(begin_s: Floats, end_s: Floats, edges_s: Floats) -> Floats:
    """Return how much of each window lies inside intervals that do not overlap [s].

    Parameters
    ----------
    begin_s, end_s
        Intervals, in order, shape (intervals,) each. [s]
    edges_s
        Begins of the windows and the end of the last, shape (windows + 1,). [s]

    Returns
    -------
    array of shape (windows,)
        Time inside. [s]
    """
    if not len(begin_s):
        return np.zeros(len(edges_s) - 1)
    sums_s = np.concatenate(([0.0], np.cumsum(end_s - begin_s)))
    before = np.searchsorted(begin_s, edges_s)
    beyond_s = np.where(before > 0, np.maximum(end_s[before - 1] - edges_s, 0.0), 0.0)
    return np.diff(sums_s[before] - beyond_s)


def windows_of(
    track: Track, edges_s: Floats, heard_s: Floats, expected_veh: Floats, *, has_history: bool
) -> list[Window]:
    """Return the facts about one detector, window by window.

    Parameters
    ----------
    track
        Its pulses.
    edges_s
        Begins of the windows and the end of the last, shape (windows + 1,). [s]
    heard_s
        Time of each window during which the feed was alive, shape (windows,). [s]
    expected_veh
        Pulses expected in each window, shape (windows,). [veh]
    has_history
        Something is known about how much the detector usually says.
    """
    covered_s = time_inside(track.on_s, track.off_s, edges_s)
    longest_s = _longest(track, edges_s)
    cuts = cuts_of(track.on_s, edges_s)
    return [
        Window(
            heard_s=float(heard_s[k]),
            length_s=float(edges_s[k + 1] - edges_s[k]),
            covered_s=float(covered_s[k]),
            longest_s=float(longest_s[k]),
            expected_veh=float(expected_veh[k]),
            has_history=has_history,
            pulses_veh=int(cuts[k + 1] - cuts[k]),
            **_shares(track, slice(cuts[k], cuts[k + 1])),
        )
        for k in range(len(edges_s) - 1)
    ]


def cuts_of(on_s: Floats, edges_s: Floats) -> Ints:
    """Return where each window's pulses begin, (windows + 1,); the last one holds its end too."""
    cuts = np.searchsorted(on_s, edges_s).astype(np.int64)
    cuts[-1] = len(on_s)
    return cuts


def _shares(track: Track, cut: slice) -> dict[str, float]:
    length_s, gap_s = track.length_s[cut], track.gap_s[cut]
    if not len(length_s):
        return {}
    real = track.repaired[cut] == 0
    brief = real & (length_s < BRIEF_S - _ROUNDING_S) & (gap_s < BRIEF_S - _ROUNDING_S)
    broken = real & (gap_s < BROKEN_GAP_S - _ROUNDING_S)
    return {
        "brief": float(np.mean(brief)),
        "broken": float(np.sum(broken) / max(int(np.sum(real)), 1)),
        "repaired": float(np.mean(~real)),
        "length_spread": _spread(length_s),
        "headway_spread": _spread(np.diff(track.on_s[cut])),
    }


def _spread(values: Floats) -> float:
    if len(values) <= 1 or values.mean() <= 0:
        return inf
    return float(values.std() / values.mean())


def _longest(track: Track, edges_s: Floats) -> Floats:
    longest_s = np.zeros(len(edges_s) - 1)
    last = len(longest_s) - 1
    first = np.clip(np.searchsorted(edges_s, track.on_s, side="right") - 1, 0, last)
    until = np.clip(np.searchsorted(edges_s, track.off_s, side="left") - 1, first, last)
    np.maximum.at(longest_s, first, track.length_s)
    for pulse in np.flatnonzero(until > first):
        touched = slice(first[pulse], until[pulse] + 1)
        longest_s[touched] = np.maximum(longest_s[touched], track.length_s[pulse])
    return longest_s
