"""The rows of a camera's bands to vehicles per lane, as the stream goes."""

from dataclasses import dataclass

import numpy as np

from detectors.camera.slit.background import Background
from detectors.camera.slit.kernels import (
    Flags,
    Rows,
    Singles,
    best_shift,
    log_gradients,
    log_table,
)
from detectors.camera.slit.reader import SlitReader
from detectors.camera.slit.sizes import TypicalSizes
from detectors.camera.slit.vote import Sighting, Vote

LEARNING_S = 40.0
"""Rows that are kept back until the background is known [s]..."""
LONGEST_LEARNING_S = 160.0
"""... though in no case for longer than this [s]..."""
LEAST_UNREST_S = 16.0
"""... and for longer if less than this has passed on the median column: what stands there from
the beginning may be a queue. [s]"""
BLOCK_S = 0.4
"""Frames that are read at once [s]."""
LEARNING_ROUNDS = 2
"""How often the first rows are read to learn how large vehicles are."""
USUAL_WIDTH_UNITS = 32.0
"""Width of a car on the band, until others were seen. [units]"""
USUAL_TIME_S = 0.36
"""A car in free flow on the band, until others were seen. [s]"""
LARGEST_SHIFT_UNITS = 4
"""Largest sideways shift of a frame that is looked for. [units]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was seen in some frames, beside the vehicles.

    Parameters
    ----------
    covered
        Columns of the band in which something was on the last frame, shape (width,).
    shift
        Sideways shift of each frame against the background, shape (frames,). [units]
    share
        Share of the columns that were covered. [0-1]
    """

    covered: Flags
    shift: Singles
    share: float


class SlitCounter:
    """Counts vehicles on one band.

    Frames come in any number at a time.  The first `LEARNING_S` are kept back until the
    background is known; from then on a vehicle comes out as soon as it has left all slits.

    Parameters
    ----------
    slits
        Slits beside each other.
    main
        Position of the slit that is the band itself.
    width
        Samples along the band.
    rate_hps
        Frames per second.
    scale
        Steps of brightness per grey level.
    """

    def __init__(self, *, slits: int, main: int, width: int, rate_hps: float, scale: int) -> None:
        self._shape = (slits, width)
        self._main = main
        self._rate_hps = rate_hps
        self._table = log_table(scale)
        self._background = Background(slits, width)
        self._sizes = TypicalSizes(width, USUAL_WIDTH_UNITS, USUAL_TIME_S * rate_hps)
        self._readers = self._new_readers()
        self._vote = Vote(slits, main)
        self._learning = round(LEARNING_S * rate_hps)
        self._block = max(round(BLOCK_S * rate_hps), 1)
        self._kept: list[Rows] = []
        self._kept_frames = 0
        self._read = 0
        self.look = Look(
            covered=np.zeros(width, dtype=np.bool_), shift=np.zeros(0, dtype=np.float32), share=0.0
        )

    def feed(self, rows: Rows) -> list[Sighting]:
        """Take frames and return the vehicles that have left.

        However the frames are cut into parts, the same vehicles come out: they are read in blocks
        of their own.

        Parameters
        ----------
        rows
            Brightness ``[frame, 3 * slit, x]``.
        """
        self._kept.append(rows)
        self._kept_frames += len(rows)
        sightings: list[Sighting] = []
        if not self._background.is_learned:
            while self._kept_frames >= self._learning and not self._background.is_learned:
                sightings += self._try_to_start(self._learning)
        while self._background.is_learned and self._kept_frames >= self._block:
            sightings += self._run(self._taken(self._block))
        return sightings

    def flush(self) -> list[Sighting]:
        """End everything, at the end of the stream or where it breaks off."""
        sightings: list[Sighting] = []
        if self._kept_frames and not self._background.is_learned:
            sightings += self._start(self._kept_frames, self._learned(self._kept_frames))
        if self._kept_frames:
            sightings += self._run(self._taken(self._kept_frames))
        for slit, reader in enumerate(self._readers):
            self._vote.add(slit, reader.flush())
        return sightings + self._vote.close()

    def _new_readers(self) -> list[SlitReader]:
        slits, width = self._shape
        return [SlitReader(width, self._rate_hps, self._sizes) for _ in range(slits)]

    def _taken(self, frames: int) -> Rows:
        """Return the first frames of those that are kept, and keep the others."""
        rows = np.concatenate(self._kept)
        self._kept, self._kept_frames = [rows[frames:]], len(rows) - frames
        return rows[:frames]

    def _try_to_start(self, frames: int) -> list[Sighting]:
        """Start if the first frames are enough, else wait for as many more."""
        background = self._learned(frames)
        is_last = frames >= LONGEST_LEARNING_S * self._rate_hps
        if background.unrest_s >= LEAST_UNREST_S or is_last:
            return self._start(frames, background)
        self._learning += round(LEARNING_S * self._rate_hps)
        return []

    def _learned(self, frames: int) -> Background:
        """Return what the first frames that are kept say about the road."""
        rows = np.concatenate(self._kept)[:frames]
        self._kept = [rows, np.concatenate(self._kept)[frames:]]
        background = Background(*self._shape)
        still = np.zeros(len(rows), dtype=np.float32)
        background.learn(*self._gradients(rows, still), self._rate_hps)
        return background

    def _start(self, frames: int, background: Background) -> list[Sighting]:
        """Learn sizes from the first rows, then read them in blocks."""
        self._background = background
        rows = self._taken(frames)
        along, across = self._gradients(rows, np.zeros(len(rows), dtype=np.float32))
        along, across, _ = self._aligned(rows, along, across)
        strength = self._background.strength(along, across)
        for _ in range(LEARNING_ROUNDS):
            self._sizes.forget()
            for slit, reader in enumerate(self._new_readers()):
                reader.feed(strength[:, slit])
                reader.flush()
        self._sizes.forget()
        self._readers = self._new_readers()
        blocks = range(0, len(rows), self._block)
        return [one for begin in blocks for one in self._run(rows[begin : begin + self._block])]

    def _run(self, rows: Rows) -> list[Sighting]:
        still = np.zeros(len(rows), dtype=np.float32)
        along, across, shift = self._aligned(rows, *self._gradients(rows, still))
        strength = self._background.strength(along, across)
        for slit, reader in enumerate(self._readers):
            self._vote.add(slit, reader.feed(np.ascontiguousarray(strength[:, slit])))
        covered = np.stack([reader.covered for reader in self._readers])
        for frame in range(len(rows)):
            time_s = (self._read + frame) / self._rate_hps
            self._background.follow(time_s, along[frame], across[frame], covered)
        self._read += len(rows)
        on_band = covered[self._main]
        self.look = Look(covered=on_band, shift=shift, share=float(on_band.mean()))
        open_boxes = [reader.open_boxes for reader in self._readers]
        return self._vote.decide(open_boxes, [reader.looked for reader in self._readers])

    def _gradients(self, rows: Rows, shift: Singles) -> tuple[Singles, Singles]:
        along = np.empty((len(rows), *self._shape), dtype=np.float32)
        across = np.empty_like(along)
        log_gradients(rows, self._table, shift, along, across)
        return along, across

    def _aligned(
        self, rows: Rows, along: Singles, across: Singles
    ) -> tuple[Singles, Singles, Singles]:
        """Return the gradients as if the camera had not shaken, and how far it did."""
        background = self._background.mode[0, self._main]
        shift = np.zeros(len(rows), dtype=np.float32)
        trusted = ~self.look.covered
        for frame in range(len(rows)):
            line = along[frame, self._main]
            shift[frame] = best_shift(line, background, trusted, LARGEST_SHIFT_UNITS)
        if not shift.any():
            return along, across, shift
        return *self._gradients(rows, shift), shift
