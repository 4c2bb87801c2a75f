"""What a picture source gives: facts about it, chunks of reduced frames, and gaps."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from citybrain.errors import InfeasibleError
from detectors.pulses import Floats, Ints

Image = NDArray[np.uint8]
"""One picture, (height, width, 3), blue, green, red."""


USUAL_RATE_HPS = 25.0
"""Frames per second where the source does not say. [1/s]"""


def assumed_rate_hps(rate_hps: float) -> float:
    """Return a rate to work with: the one that is told, or the usual one [1/s].

    Parameters
    ----------
    rate_hps
        Frames per second as the source tells them; any number, or none. [1/s]
    """
    return rate_hps if math.isfinite(rate_hps) and rate_hps > 0 else USUAL_RATE_HPS


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamInfo:
    """Facts that are known when a source opens.

    Parameters
    ----------
    width_px, height_px
        Size of the pictures. [px]
    rate_hps
        Nominal frames per second; not a number where the source does not say. [1/s]
    is_live
        The source goes on whether or not it is read: what is not read in time is lost.
    frame_count
        Frames that the source claims to hold; None where it does not say.
    """

    width_px: int
    height_px: int
    rate_hps: float
    is_live: bool
    frame_count: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frames:
    """Consecutive frames, reduced.

    Parameters
    ----------
    index
        Number of each frame since the stream's first, shape (n,). [-]
    time_s
        Time of each frame since the stream's zero, shape (n,), increasing. [s]
    data
        What the reducer made of each frame, shape (n, ...), any one dtype.
    """

    index: Ints
    time_s: Floats
    data: NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time that no frame covers: missing coverage, never zero flow.

    Parameters
    ----------
    begin_s
        Time of the last frame before it, since the stream's zero. [s]
    end_s
        Time of the first frame after it, or the end that the source claims to have. [s]
    reason
        Why, in one clear line without passwords.
    """

    begin_s: float
    end_s: float
    reason: str


def spans_between_s(gaps: Sequence[Gap], end_s: float) -> Floats:
    """Return the times between gaps, which may overlap, up to the end [s].

    Parameters
    ----------
    gaps
        In order of their begin.
    end_s
        End of the stream. [s]

    Returns
    -------
    array of shape (spans, 2)
        Begin and end of each span.
    """
    spans, begin_s = [], 0.0
    for gap in gaps:
        if gap.begin_s > begin_s:
            spans.append((begin_s, gap.begin_s))
        begin_s = max(begin_s, gap.end_s)
    if end_s > begin_s:
        spans.append((begin_s, end_s))
    return np.array(spans, dtype=np.float64).reshape(-1, 2)


class Reducer(Protocol):
    """Turns one picture into a small array; runs in the decoder's process, once per frame."""

    def __call__(self, image: Image) -> NDArray[Any]:
        """Return an array of the same shape and dtype for every picture, such as a band's pixels.

        The picture is only valid during the call: copy what is kept.
        """
        ...


MakeReducer = Callable[[StreamInfo], Reducer]
"""Makes the reducer in the decoder's process; picklable, from a module that can be imported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    """Bounds on what a source may cost.

    Parameters
    ----------
    open_s
        Longest time from start to the first facts. [s]
    frame_s
        Longest time to decode and reduce one frame. [s]
    memory_bytes
        Address space of the decoder's process. [B]
    chunk_s
        Stream time of one chunk of frames. [s]
    gap_s
        Longest step between two frames that is no gap. [s]
    restarts
        How often in a row the decoder is started again without a frame in between.
    outage_s
        Longest time without a frame before a live source is given up. [s]
    back_off_s
        Wait before the first restart; it doubles each time, up to `back_off_most_s`. [s]
    back_off_most_s
        Longest wait between two attempts. [s]
    picture_rate_hps
        Rate of a folder of pictures whose names carry no time. [1/s]

    Raises
    ------
    InfeasibleError
        A time is not above 0, or not finite.
    """

    open_s: float = 20.0
    frame_s: float = 10.0
    memory_bytes: int = 4 * 2**30
    chunk_s: float = 1.0
    gap_s: float = 1.0
    restarts: int = 10
    outage_s: float = 600.0
    back_off_s: float = 0.5
    back_off_most_s: float = 30.0
    picture_rate_hps: float | None = None

    def __post_init__(self) -> None:
        """Refuse limits that nothing can keep."""
        for name in ("open_s", "frame_s", "chunk_s", "gap_s", "back_off_s", "back_off_most_s"):
            if not (getattr(self, name) > 0 and math.isfinite(getattr(self, name))):
                msg = f"{name} is {getattr(self, name)}, it must be above 0"
                raise InfeasibleError(msg)
