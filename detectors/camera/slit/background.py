"""What each column of the slits looks like without vehicles, learned as the stream goes."""

import numpy as np

from detectors.camera.slit.kernels import (
    Counts,
    Flags,
    Singles,
    edge_strength,
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
LARGEST_FLOOR = 0.12
"""Most that is taken off for noise, so that a column of leaves cannot become blind."""
STRONGEST_EDGE = 0.6
"""An edge that changes brightness by a factor of 1.8 says as much as a stronger one."""
STANDING_S = 3.0
"""After this time a standing vehicle is no longer learned as background [s]..."""
PATIENCE = 20
"""... but for one sample in so many, so that what never leaves becomes background at last."""
STILL = 0.1
"""Gradients that change less stand still."""


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
        self._last: Singles = np.zeros((2, *shape), dtype=np.float32)
        self._still: Counts = np.zeros(shape, dtype=np.int32)
        self._next_s = -np.inf
        self._taken = 0
        self.mode: Singles = np.zeros((2, *shape), dtype=np.float32)
        self.floor: Singles = np.zeros(shape, dtype=np.float32)

    @property
    def is_learned(self) -> bool:
        """Whether anything was learned."""
        return bool(self._kept.any())

    def learn(self, along: Singles, across: Singles) -> None:
        """Learn from frames that were kept back, evenly over all of them.

        Parameters
        ----------
        along, across
            Gradients ``[frame, slit, x]``.
        """
        frames = len(along)
        everywhere = np.ones(self._kept.shape, dtype=np.bool_)
        for frame in np.unique(np.linspace(0, frames - 1, min(SAMPLES, frames)).astype(int)):
            self._take(along[frame], across[frame], everywhere)
        self._renew()

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
        if time_s < self._next_s:
            return
        self._next_s = time_s + SAMPLE_EVERY_S
        change = np.abs(along - self._last[0]) + np.abs(across - self._last[1])
        self._last[0], self._last[1] = along, across
        self._still = np.where(change < STILL + 2 * self.floor, self._still + 1, 0).astype(np.int32)
        stands = is_covered & (self._still * SAMPLE_EVERY_S > STANDING_S)
        self._take(along, across, ~stands | (self._taken % PATIENCE == 0))
        if self._taken % RENEW_EVERY == 0:
            self._renew()

    def strength(self, along: Singles, across: Singles) -> Singles:
        """Return the strength of edges that the background does not have ``[frame, slit, x]``.

        Parameters
        ----------
        along, across
            Gradients ``[frame, slit, x]``.
        """
        floor = np.minimum(NOISE_FACTOR * self.floor, LARGEST_FLOOR).astype(np.float32)
        return edge_strength(along, across, self.mode, floor, STRONGEST_EDGE)

    def _take(self, along: Singles, across: Singles, wanted: Flags) -> None:
        remember(self._samples, self._kept, self._at, along, across, wanted)
        self._taken += 1

    def _renew(self) -> None:
        settle(self._samples, self._kept, QUIET_SHARE, self.mode, self.floor)
