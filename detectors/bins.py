"""The bins of a count and how much of each the feed was alive."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from citybrain.errors import InfeasibleError
from detectors.pulses import SIMULATION_START, Floats, Pulses

END_SILENCE_S = 60.0
"""Silence before the first and after the last word of a feed that is no gap [s]..."""
END_SILENCE_SHARE = 0.1
"""... and at most this share of a bin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """Bins of equal length, one after the other.

    Parameters
    ----------
    start
        Begin of the first bin, timezone-aware UTC.
    start_s
        The same in the clock of the pulses. [s]
    bin_s
        Length of a bin. [s]
    count
        Number of bins.

    Raises
    ------
    InfeasibleError
        `bin_s` is not above 0.
    """

    start: datetime
    start_s: float
    bin_s: float
    count: int

    def __post_init__(self) -> None:
        """Refuse bins without length."""
        if not self.bin_s > 0:
            msg = f"bins of {self.bin_s} s cannot be counted in"
            raise InfeasibleError(msg)

    @property
    def end_s(self) -> float:
        """End of the last bin in the clock of the pulses [s]."""
        return self.start_s + self.count * self.bin_s

    def coverage(self, spans_s: Floats) -> Floats:
        """Return the share of each bin during which the feed was alive.

        Parameters
        ----------
        spans_s
            Times (begin, end) during which it was alive, shape (spans, 2). [s]

        Returns
        -------
        array of shape (bins,)
            Shares. [0-1]
        """
        edges_s = self.start_s + np.arange(self.count + 1) * self.bin_s
        alive_s = np.zeros(self.count)
        for begin_s, end_s in spans_s:
            alive_s += np.diff(np.clip(edges_s, begin_s, end_s))
        return np.minimum(alive_s / self.bin_s, 1.0)


def bins_of_feed(pulses: Pulses, bin_s: float) -> Bins:
    """Return the bins that hold all of a feed; their edges are multiples of `bin_s` in UTC.

    Parameters
    ----------
    pulses
        Pulses that have spans.
    bin_s
        Length of a bin. [s]

    Raises
    ------
    InfeasibleError
        `bin_s` is not above 0.
    """
    clock_start = pulses.start or SIMULATION_START
    epoch_s = (clock_start - SIMULATION_START).total_seconds()
    first = math.floor((epoch_s + pulses.spans_s[0, 0]) / bin_s)
    last = math.ceil((epoch_s + pulses.spans_s[-1, 1]) / bin_s)
    if len(pulses) and epoch_s + pulses.on_s[-1] >= last * bin_s:
        last += 1
    return Bins(
        start=SIMULATION_START + timedelta(seconds=first * bin_s),
        start_s=first * bin_s - epoch_s,
        bin_s=bin_s,
        count=max(last - first, 1),
    )


def bins_between(pulses: Pulses, bin_s: float, begin: datetime, end: datetime) -> Bins:
    """Return the bins of a recording of which the begin and the end are known.

    Parameters
    ----------
    pulses
        Pulses, for their clock.
    bin_s
        Length of a bin. [s]
    begin, end
        When the recording ran, timezone-aware UTC.

    Raises
    ------
    InfeasibleError
        `bin_s` is not above 0.
    """
    duration_s = (end - begin).total_seconds()
    return Bins(
        start=begin,
        start_s=(begin - (pulses.start or SIMULATION_START)).total_seconds(),
        bin_s=bin_s,
        count=max(math.ceil(round(duration_s / bin_s, 9)), 1),
    )


def reaching_to(spans_s: Floats, begin_s: float, end_s: float, silence_s: float) -> Floats:
    """Stretch the first and last span to the ends of a recording where the silence is short.

    Parameters
    ----------
    spans_s
        Times (begin, end) during which a feed was alive, shape (spans, 2). [s]
    begin_s, end_s
        Ends of the recording. [s]
    silence_s
        Longest silence at an end that is not a gap. [s]

    Returns
    -------
    array of shape (spans, 2)
        New spans. [s]
    """
    stretched = spans_s.copy()
    if len(stretched) and 0 < stretched[0, 0] - begin_s <= silence_s:
        stretched[0, 0] = begin_s
    if len(stretched) and 0 < end_s - stretched[-1, 1] <= silence_s:
        stretched[-1, 1] = end_s
    return stretched
