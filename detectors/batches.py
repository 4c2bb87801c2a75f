"""Batches of pulses in the layout of the counting kernels: 12 bytes a pulse, whole milliseconds."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from citybrain.units import MS_PER_S
from detectors.cells import LONGEST_MS, Words
from detectors.pulses import Floats, Ints, Pulses

FLOAT_ERROR_MS = 1e-3
"""A time this little short of a whole millisecond is that millisecond [ms]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PulseBatch:
    """Pulses in order of the on time.

    Parameters
    ----------
    lane
        Column of each pulse, shape (n,).
    on_ms
        Begin since `base_ms`, shape (n,). [ms]
    length_ms
        Length, at most 24 days, shape (n,). [ms]
    base_ms
        Zero of `on_ms` in the clock of the feed. [ms]
    """

    lane: Words
    on_ms: Words
    length_ms: Words
    base_ms: int

    def __len__(self) -> int:
        """Return the number of pulses."""
        return len(self.lane)

    def part(self, begin: int, end: int) -> "PulseBatch":
        """Return the pulses from position `begin` up to `end`."""
        cut = slice(begin, end)
        return PulseBatch(
            lane=self.lane[cut],
            on_ms=self.on_ms[cut],
            length_ms=self.length_ms[cut],
            base_ms=self.base_ms,
        )


def to_ms(time_s: Floats) -> Ints:
    """Cut times to whole milliseconds.

    Controller logs are in tenths of a second and SUMO in milliseconds, so nothing is lost there;
    of finer times it keeps the bin, as bins begin at whole milliseconds.

    Parameters
    ----------
    time_s
        Times. [s]

    Returns
    -------
    array of int64
        Whole milliseconds, of the same shape. [ms]
    """
    return np.floor(time_s * MS_PER_S + FLOAT_ERROR_MS).astype(np.int64)


def batches_of(pulses: Pulses, lane_of: Ints) -> Iterator[PulseBatch]:
    """Lay out pulses for the kernels, as a rule in one batch, none longer than 24 days.

    Parameters
    ----------
    pulses
        Pulses of a feed.
    lane_of
        Detector of the feed → column, shape (detectors,); negative for one that is not counted.
    """
    column = lane_of[pulses.detector]
    counted = column >= 0
    on_ms, off_ms = to_ms(pulses.on_s[counted]), to_ms(pulses.off_s[counted])
    lane = column[counted].astype(np.uint32)
    begin = 0
    while begin < len(lane):
        base_ms = int(on_ms[begin])
        end = int(np.searchsorted(on_ms, base_ms + LONGEST_MS, side="right"))
        cut = slice(begin, end)
        yield PulseBatch(
            lane=lane[cut],
            on_ms=(on_ms[cut] - base_ms).astype(np.uint32),
            length_ms=np.minimum(off_ms[cut] - on_ms[cut], LONGEST_MS).astype(np.uint32),
            base_ms=base_ms,
        )
        begin = end
