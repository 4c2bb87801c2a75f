"""Boxes of road users, frame after frame, from a model or an edge box."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citybrain.errors import InfeasibleError
from detectors.pulses import Floats, Ints

UNTRACKED = -1
"""Stands for the track of a box that belongs to none."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Boxes:
    """Boxes of consecutive frames, one after another.

    Parameters
    ----------
    time_s
        Time of each frame since the stream's zero, in order, shape (n,); frames without a box are
        there too, for a tracker must know that it saw nothing. [s]
    offset
        Boxes of frame k are those from ``offset[k]`` up to ``offset[k + 1]``, shape (n + 1,).
    corners_px
        Left, top, right and bottom, shape (m, 4). [px]
    score
        How sure the model is, 0 to 1, shape (m,).
    kind
        What the box holds, as a number from 0 to 63, shape (m,).

    Raises
    ------
    InfeasibleError
        The arrays do not fit together, a corner is no number, or frames are not in order of time.
    """

    time_s: Floats
    offset: Ints
    corners_px: NDArray[np.float32]
    score: NDArray[np.float32]
    kind: Ints

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit together, for kernels trust them."""
        count = len(self.corners_px)
        if self.corners_px.shape != (count, 4) or {len(self.score), len(self.kind)} != {count}:
            msg = "the arrays of boxes differ in length"
            raise InfeasibleError(msg)
        if len(self.offset) != len(self.time_s) + 1 or self.offset[-1] != count:
            msg = "the frames do not hold all boxes"
            raise InfeasibleError(msg)
        if self.offset[0] != 0 or np.any(np.diff(self.offset) < 0):
            msg = "the boxes of frames overlap"
            raise InfeasibleError(msg)
        if not np.isfinite(self.corners_px.sum(dtype=np.float64)):
            msg = "a box has a corner that is no number"
            raise InfeasibleError(msg)
        if not np.all(np.isfinite(self.time_s)) or np.any(np.diff(self.time_s) < 0):
            msg = "the frames are not in order of time"
            raise InfeasibleError(msg)

    def __len__(self) -> int:
        """Return the number of boxes."""
        return len(self.corners_px)

    def part(self, begin: int, end: int) -> "Boxes":
        """Return the frames from position `begin` up to `end`."""
        offset = self.offset[begin : end + 1]
        cut = slice(int(offset[0]), int(offset[-1]))
        return Boxes(
            time_s=self.time_s[begin:end],
            offset=offset - offset[0],
            corners_px=self.corners_px[cut],
            score=self.score[cut],
            kind=self.kind[cut],
        )
