"""What each column of the slits looks like without vehicles, learned as the stream goes."""

import numpy as np
from scipy.ndimage import uniform_filter1d

from detectors.camera.slit.kernels import (
    Counts,
    Flags,
    Singles,
    edge_strength,
    gather,
    remember,
    settle,
)

SAMPLES = 128
"""Frames that a background is made of..."""
SAMPLE_EVERY_S = 0.32
"""... and the time between two of them: 41 s in all [s]."""
RENEW_EVERY = 6
"""Samples between two renewals of the background."""
QUIET_SHARE = 0.2
"""Share of the samples of a column that are quiet: the road is seen at least so often."""
NOISE_FACTOR = 2.0
"""What is taken off for noise, in times of the column's own. [-]"""
LARGEST_FLOOR = 0.12
"""Most that is taken off for noise, so that a column of leaves cannot become blind."""
STRONGEST_EDGE = 0.6
"""An edge that changes brightness by a factor of 1.8 says as much as a stronger one."""
STANDING_S = 3.0
"""After this time a standing vehicle is no longer learned as background [s]..."""
PATIENCE = 20
"""... but for one sample in so many, so that what never leaves becomes background at last."""
STILL = 0.15
"""Mean gradients that change less between two samples stand still..."""
NOISE_OVER_STEP = 3.0
"""... or than so many times what noise would change them."""
MOST_NOISE = 0.1
"""Noise counts no higher than this there."""
TOGETHER_UNITS = 9
"""Width over which changes are averaged: what moves changes several columns. [units]"""


class Background:
    """The most common gradients of each column, and their noise.

    A vehicle that stands is one visit however long it stands: after `STANDING_S` it is not
    learned any more.

    Parameters
    ----------
    slits, width
        Shape of a frame's gradients.
    """

    def __init__(self, slits: int, width: int) -> None:
        shape = (slits, width)
        self._samples: Singles = np.zeros((2, *shape, SAMPLES), dtype=np.float32)
        self._kept: Counts = np.zeros(shape, dtype=np.int32)
        self._at: Counts = np.zeros(shape, dtype=np.int32)
        self._window = _Window(shape)
        self._last: Singles = np.zeros((2, *shape), dtype=np.float32)
        self._still_s: Singles = np.zeros(shape, dtype=np.float32)
        self._unrest_s: Singles = np.zeros(shape, dtype=np.float32)
        self._next_s = -np.inf
        self._taken = 0
        self.mode: Singles = np.zeros((2, *shape), dtype=np.float32)
        self.floor: Singles = np.zeros(shape, dtype=np.float32)

    @property
    def is_learned(self) -> bool:
        """Whether anything was learned."""
        return bool(self._kept.any())

    @property
    def unrest_s(self) -> float:
        """Time in which something changed in the median column [s]."""
        return float(np.median(self._unrest_s))

    def learn(self, along: Singles, across: Singles, rate_hps: float) -> None:
        """Learn from frames that were kept back.

        Parameters
        ----------
        along, across
            Gradients ``[frame, slit, x]``.
        rate_hps
            Frames per second.
        """
        everywhere = np.ones(self._kept.shape, dtype=np.bool_)
        every_s = min(len(along) / rate_hps / SAMPLES, SAMPLE_EVERY_S)
        for frame in range(len(along)):
            self._look(frame / rate_hps, along[frame], across[frame], everywhere, every_s)
        self._renew()
        self._next_s = -np.inf

    def follow(self, time_s: float, along: Singles, across: Singles, is_covered: Flags) -> None:
        """Look at one frame of a running stream.

        Parameters
        ----------
        time_s
            Time of the frame. [s]
        along, across
            Gradients ``[slit, x]``.
        is_covered
            Columns in which a vehicle is seen ``[slit, x]``.
        """
        taken = self._taken
        self._look(time_s, along, across, is_covered, SAMPLE_EVERY_S)
        if self._taken > taken and self._taken % RENEW_EVERY == 0:
            self._renew()

    def _look(
        self, time_s: float, along: Singles, across: Singles, is_covered: Flags, every_s: float
    ) -> None:
        self._window.add(along, across)
        if time_s < self._next_s:
            return
        self._next_s = time_s + every_s
        mean, noise = self._window.close()
        # What moves changes several columns; noise changes one.
        change = uniform_filter1d(np.abs(mean - self._last).sum(axis=0), TOGETHER_UNITS)
        self._last = mean
        is_still = change < STILL + NOISE_OVER_STEP * np.minimum(noise, MOST_NOISE)
        self._unrest_s += np.where(is_still, 0.0, every_s).astype(np.float32)
        self._still_s = np.where(is_still, self._still_s + every_s, 0.0).astype(np.float32)
        stands = is_covered & (self._still_s > STANDING_S)
        wanted = ~stands | (self._taken % PATIENCE == 0)
        remember(self._samples, self._kept, self._at, along, across, wanted)
        self._taken += 1

    def strength(self, along: Singles, across: Singles) -> Singles:
        """Return the strength of edges that the background does not have ``[frame, slit, x]``.

        Parameters
        ----------
        along, across
            Gradients ``[frame, slit, x]``.
        """
        floor = np.minimum(NOISE_FACTOR * self.floor, LARGEST_FLOOR).astype(np.float32)
        return edge_strength(along, across, self.mode, floor, STRONGEST_EDGE)

    def _renew(self) -> None:
        settle(self._samples, self._kept, QUIET_SHARE, self.mode, self.floor)


class _Window:
    """Mean gradients between two samples, and how far noise moves that mean."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._shape = shape
        self._before: Singles = np.zeros((2, *shape), dtype=np.float32)
        self._weight = 0.0
        self._clear()

    def add(self, along: Singles, across: Singles) -> None:
        gather(along, across, self._before, self._sum, self._steps, self._weight)
        self._weight = 1.0
        self._count += 1

    def close(self) -> tuple[Singles, Singles]:
        mean = (self._sum / self._count).astype(np.float32)
        # The mean step between two frames of white noise is 1.13 times its standard deviation.
        noise = (self._steps / self._count / 1.13 / np.sqrt(self._count)).astype(np.float32)
        self._clear()
        return mean, noise

    def _clear(self) -> None:
        self._sum: Singles = np.zeros((2, *self._shape), dtype=np.float32)
        self._steps: Singles = np.zeros(self._shape, dtype=np.float32)
        self._count = 0
