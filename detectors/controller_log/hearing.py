"""When each controller of a log was heard, by the rule that tells gaps of a feed."""

from dataclasses import dataclass

import numpy as np

from citybrain.units import MS_PER_S
from detectors.aliveness import GAP_S, MISSING_MOMENTS, SHORTEST_GAP_S, alive_spans_s
from detectors.bins import reaching_to
from detectors.controller_log.events import EventLog
from detectors.controller_log.records import NEVER_MS, SILENCE, Records
from detectors.controller_log.speaking import longest_silences
from detectors.pulses import Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hearing:
    """Times during which the controllers of a log were heard.

    Parameters
    ----------
    spans_s
        Begin and end of each of these times, shape (spans, 2), for each controller. [s]
    begin_s, end_s
        First and last event of the log. [s]
    """

    spans_s: tuple[Floats, ...]
    begin_s: float
    end_s: float

    @property
    def gaps(self) -> int:
        """Silences of all controllers, those at the ends of the log among them."""
        between = sum(len(spans_s) - 1 for spans_s in self.spans_s)
        late = sum(int(spans_s[0, 0] > self.begin_s) for spans_s in self.spans_s)
        return between + late + sum(int(spans_s[-1, 1] < self.end_s) for spans_s in self.spans_s)

    @property
    def silences(self) -> Records:
        """Begins of silences in order of time, of `SILENCE`."""
        begins = [
            (round(end_s * MS_PER_S), at)
            for at, spans_s in enumerate(self.spans_s)
            for end_s in spans_s[:, 1]
            if end_s < self.end_s
        ]
        return np.array(sorted(begins), SILENCE)

    def heard_ms(self, bin_ms: int, bin_count: int) -> Ints:
        """Return how long each controller was heard, shape (bins, controllers); at least 1 [ms].

        Parameters
        ----------
        bin_ms
            Length of a bin. [ms]
        bin_count
            Number of bins.
        """
        edges_s = np.arange(bin_count + 1) * bin_ms / MS_PER_S
        heard_ms = np.zeros((bin_count, len(self.spans_s)), np.int64)
        for at, spans_s in enumerate(self.spans_s):
            sums_s = np.cumsum(np.diff(spans_s.ravel(), prepend=spans_s[0, 0]) * _is_end(spans_s))
            heard_s = np.diff(np.interp(edges_s, spans_s.ravel(), sums_s))
            heard_ms[:, at] = np.round(heard_s * MS_PER_S)
            rows = (spans_s.ravel() * MS_PER_S // bin_ms).astype(np.int64)
            heard_ms[rows, at] = np.maximum(heard_ms[rows, at], 1)
        return heard_ms


def hearing_of(log: EventLog) -> Hearing:
    """Find the times during which each controller was heard.

    Parameters
    ----------
    log
        Events; all codes show that a controller is heard.
    """
    count = len(log.devices)
    first_ms, last_ms = np.full(count, NEVER_MS), np.full(count, NEVER_MS)
    longest_ms = np.zeros(count, np.int64)
    longest_silences(log.time_ms, log.device, first_ms, last_ms, longest_ms)
    begin_s, end_s = log.time_ms[0] / MS_PER_S, log.time_ms[-1] / MS_PER_S
    spans_s = []
    for at in range(count):
        own_s = np.array([[first_ms[at], last_ms[at]]]) / MS_PER_S
        if longest_ms[at] > SHORTEST_GAP_S * MS_PER_S:
            moments_s = log.time_ms[log.device == at] / MS_PER_S
            own_s = alive_spans_s(moments_s, GAP_S, missing=MISSING_MOMENTS)
        spans_s.append(reaching_to(own_s, begin_s, end_s, GAP_S))
    return Hearing(spans_s=tuple(spans_s), begin_s=begin_s, end_s=end_s)


def _is_end(spans_s: Floats) -> Ints:
    return np.tile(np.array([0, 1]), len(spans_s))
