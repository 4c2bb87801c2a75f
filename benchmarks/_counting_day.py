"""The day that the counting benchmark counts, its plain reference and the speed of reading it."""

from dataclasses import dataclass

import numpy as np
from numba import njit

from detectors.batches import PulseBatch
from detectors.cells import Counts, Words
from detectors.pulses import Ints

BIN_MS = 60_000
PASSING_MS = (100, 1500)
"""Lengths of the pulses of vehicles that drive over a detector, even. [ms]"""
STANDING_MS = (5_000, 60_000)
"""Lengths of the pulses of vehicles that stand on one, even; no longer than a bin. [ms]"""
STANDING_SHARE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is counted.

    Parameters
    ----------
    pulses, lanes, bins
        Numbers of each; a bin lasts a minute.
    """

    pulses: int = 50_000_000
    lanes: int = 4_000
    bins: int = 1_440


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Sums ``[bin, lane]``.

    Parameters
    ----------
    count
        Pulses. [veh]
    occupied_ms
        Covered time. [ms]
    """

    count: Counts
    occupied_ms: Ints

    @classmethod
    def empty(cls, size: Size) -> "Sums":
        shape = size.bins, size.lanes
        return cls(np.zeros(shape, np.int32), np.zeros(shape, np.int64))

    def equals(self, other: "Sums") -> bool:
        return np.array_equal(self.count, other.count) and np.array_equal(
            self.occupied_ms, other.occupied_ms
        )


def make_day(size: Size, *, seed: int = 1) -> PulseBatch:
    """Return pulses at even times on even lanes, most of them short, some standing."""
    rng = np.random.default_rng(seed)
    on_ms = rng.integers(0, size.bins * BIN_MS, size.pulses, dtype=np.uint32)
    on_ms.sort()
    length_ms = rng.integers(*PASSING_MS, size.pulses, dtype=np.uint32)
    standing = rng.random(size.pulses, dtype=np.float32) < STANDING_SHARE
    length_ms[standing] = rng.integers(*STANDING_MS, int(standing.sum()), dtype=np.uint32)
    lane = rng.integers(0, size.lanes, size.pulses, dtype=np.uint32)
    return PulseBatch(lane=lane, on_ms=on_ms, length_ms=length_ms, base_ms=0)


def plain_sums(day: PulseBatch, size: Size) -> Sums:
    """Count as one would write it down: each pulse to its bin, and on through the next ones."""
    sums = Sums.empty(size)
    _plain_loop(day.lane, day.on_ms, day.length_ms, sums.count, sums.occupied_ms)
    return sums


def read_all(day: PulseBatch) -> int:
    """Add up the 8 bytes of each pulse that counting reads, and do nothing else."""
    even = len(day) // 2 * 2
    return int(_sum(day.lane[:even].view(np.uint64), day.length_ms[:even].view(np.uint64)))


@njit()
def _sum(first: Ints, second: Ints) -> np.uint64:
    total = np.uint64(0)
    for k in range(len(first)):
        total += first[k] + second[k]
    return total


@njit()
def _plain_loop(
    lane: Words, on_ms: Words, length_ms: Words, count: Counts, occupied_ms: Ints
) -> None:
    for k in range(len(lane)):
        begin_ms = np.int64(on_ms[k])
        end_ms = begin_ms + np.int64(length_ms[k])
        row = begin_ms // BIN_MS
        count[row, lane[k]] += 1
        while begin_ms < end_ms and row < count.shape[0]:
            stop_ms = min(end_ms, (row + 1) * BIN_MS)
            occupied_ms[row, lane[k]] += stop_ms - begin_ms
            begin_ms = stop_ms
            row += 1
