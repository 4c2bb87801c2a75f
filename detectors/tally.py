"""Running sums per bin and lane, to which batches of pulses are added."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from citybrain.errors import InfeasibleError
from citybrain.units import MS_PER_S
from detectors.batches import PulseBatch, batches_of, to_ms
from detectors.bins import Bins
from detectors.cells import LONGEST_MS, Counts
from detectors.kernels import cover, first_at, tally_pulses
from detectors.pace import NEVER_MS, tally_headways, tally_speeds
from detectors.pulses import Floats, Ints, Pulses

LONGEST_BIN_MS = 100 * 86_400_000
"""The cells of the kernel hold bins up to this length [ms]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Bins in milliseconds.

    Parameters
    ----------
    start_ms
        Begin of the first bin in the clock of the feed. [ms]
    bin_ms
        Length of a bin. [ms]

    Raises
    ------
    InfeasibleError
        Bins have no length, or are longer than `LONGEST_BIN_MS`.
    """

    start_ms: int
    bin_ms: int

    def __post_init__(self) -> None:
        """Refuse bins that the kernel cannot hold."""
        if not 0 < self.bin_ms <= LONGEST_BIN_MS:
            msg = f"bins of {self.bin_ms} ms cannot be counted in"
            raise InfeasibleError(msg)

    @classmethod
    def of(cls, bins: Bins) -> Self:
        """Return bins in milliseconds.

        Raises
        ------
        InfeasibleError
            A bin is no whole number of milliseconds, or longer than `LONGEST_BIN_MS`.
        """
        grid = cls(start_ms=round(bins.start_s * MS_PER_S), bin_ms=round(bins.bin_s * MS_PER_S))
        if not np.isclose(grid.bin_ms / MS_PER_S, bins.bin_s, rtol=1e-12, atol=0.0):
            msg = f"bins of {bins.bin_s} s are no whole milliseconds"
            raise InfeasibleError(msg)
        return grid


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Running sums ``[bin, lane]`` of counts, covered time and speeds.

    Parameters
    ----------
    count, speed_count
        Pulses, and pulses of known speed. [veh]
    occupied_ms
        Time during which the lane's detector was covered. [ms]
    speed_sum_mmps
        Sum of the known speeds. [mm/s]
    """

    count: Counts
    speed_count: Counts
    occupied_ms: Ints
    speed_sum_mmps: Ints

    @classmethod
    def empty(cls, bin_count: int, lane_count: int) -> Self:
        """Return sums of nothing."""
        shape = bin_count, lane_count
        return cls(
            np.zeros(shape, np.int32),
            np.zeros(shape, np.int32),
            np.zeros(shape, np.int64),
            np.zeros(shape, np.int64),
        )

    @property
    def occupied_s(self) -> Floats:
        """Covered time [s]."""
        return self.occupied_ms / MS_PER_S

    @property
    def speed_sum_mps(self) -> Floats:
        """Sum of the known speeds [m/s]."""
        return self.speed_sum_mmps / MS_PER_S

    def add(self, pulses: Pulses, lane_of: Ints, bins: Bins) -> None:
        """Add a batch of pulses in place; batches come in order of time.

        Parameters
        ----------
        pulses
            Batch.
        lane_of
            Detector of the feed → column, shape (detectors,); negative if it is not counted.
        bins
            Rows of the sums.

        Raises
        ------
        InfeasibleError
            A bin is no whole number of milliseconds, or longer than `LONGEST_BIN_MS`.
        """
        grid = Grid.of(bins)
        for batch in batches_of(pulses, lane_of):
            self.add_batch(batch, grid)
        self._add_rest_of_longest(pulses, lane_of, grid)
        if not np.all(np.isnan(pulses.speed_mps)):
            self._add_speeds(pulses, lane_of, grid)

    def add_batch(self, batch: PulseBatch, grid: Grid, *, workers: int = 1) -> None:
        """Add counts and covered time of a batch in place.

        Parameters
        ----------
        batch
            Pulses in the layout of the kernel.
        grid
            Rows of the sums.
        workers
            Threads, each of which takes its own range of bins; the sums do not depend on it.
        """
        start_ms = grid.start_ms - batch.base_ms
        cuts = _cuts(batch, start_ms, grid.bin_ms, len(self.count), workers)
        pieces = list(pairwise(cuts))

        def add(piece: tuple[tuple[int, int], tuple[int, int]]) -> Ints:
            (first, begin), (last, end) = piece
            return begin + tally_pulses(
                batch.lane[begin:end],
                batch.on_ms[begin:end],
                batch.length_ms[begin:end],
                start_ms + first * grid.bin_ms,
                grid.bin_ms,
                self.count[first:last],
                self.occupied_ms[first:last],
            )

        if len(pieces) == 1:
            add(pieces[0])
            return
        with ThreadPoolExecutor(len(pieces)) as threads:
            outlasting = list(threads.map(add, pieces))
        for (_, (last, _)), late in zip(pieces, outlasting, strict=True):
            self._cover_from(last * grid.bin_ms, batch, late, start_ms, grid.bin_ms)

    def _cover_from(
        self, from_ms: int, batch: PulseBatch, at: Iterable[int], start_ms: int, bin_ms: int
    ) -> None:
        for k in at:
            off_ms = int(batch.on_ms[k]) + int(batch.length_ms[k]) - start_ms
            cover(int(batch.lane[k]), from_ms, off_ms, bin_ms, self.occupied_ms)

    def _add_rest_of_longest(self, pulses: Pulses, lane_of: Ints, grid: Grid) -> None:
        """Cover what a batch cannot hold of pulses that last longer than 24 days."""
        longest_s = LONGEST_MS / MS_PER_S
        for k in np.flatnonzero(pulses.off_s - pulses.on_s > longest_s - 1.0):
            lane = int(lane_of[pulses.detector[k]])
            if lane >= 0:
                ends_ms = to_ms(np.array([pulses.on_s[k], pulses.off_s[k]])) - grid.start_ms
                rest_ms = int(ends_ms[0]) + LONGEST_MS
                cover(lane, rest_ms, int(ends_ms[1]), grid.bin_ms, self.occupied_ms)

    def _add_speeds(self, pulses: Pulses, lane_of: Ints, grid: Grid) -> None:
        lane = lane_of[pulses.detector]
        known = (lane >= 0) & np.isfinite(pulses.speed_mps) & (pulses.speed_mps >= 0)
        tally_speeds(
            lane[known].astype(np.uint32),
            to_ms(pulses.on_s[known]),
            np.rint(pulses.speed_mps[known] * MS_PER_S).astype(np.int64),
            grid.start_ms,
            grid.bin_ms,
            self.speed_sum_mmps,
            self.speed_count,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Headways:
    """Running sums ``[bin, lane]`` of the front-to-front times of vehicles.

    Parameters
    ----------
    total_ms, count
        Sum of the headways that end in the bin, and their number. [ms], [veh]
    before_ms
        Last begin on each lane since the begin of the first bin. [ms]
    """

    total_ms: Ints
    count: Counts
    before_ms: Ints

    @classmethod
    def empty(cls, bin_count: int, lane_count: int) -> Self:
        """Return sums of nothing."""
        shape = bin_count, lane_count
        before_ms = np.full(lane_count, NEVER_MS, np.int64)
        return cls(np.zeros(shape, np.int64), np.zeros(shape, np.int32), before_ms)

    @property
    def mean_s(self) -> Floats:
        """Mean headway; NaN where none ended [s]."""
        known = self.count > 0
        mean_s = self.total_ms / np.where(known, self.count, 1) / MS_PER_S
        return np.where(known, mean_s, np.nan)

    def add_batch(self, batch: PulseBatch, grid: Grid) -> None:
        """Add a batch in place; batches come in order of time."""
        tally_headways(
            batch.lane,
            batch.on_ms,
            grid.start_ms - batch.base_ms,
            grid.bin_ms,
            self.before_ms,
            self.total_ms,
            self.count,
        )


def _cuts(
    batch: PulseBatch, start_ms: int, bin_ms: int, row_count: int, workers: int
) -> list[tuple[int, int]]:
    """Return where the ranges of bins begin and end: (row, position of its first pulse)."""
    cuts = [(0, 0)]
    for share in range(1, workers):
        at = len(batch) * share // workers
        row = (int(batch.on_ms[at]) - start_ms) // bin_ms if len(batch) else 0
        if cuts[-1][0] < row < row_count:
            cuts.append((row, first_at(batch.on_ms, 0, len(batch), start_ms + row * bin_ms)))
    return [*cuts, (row_count, len(batch))]
