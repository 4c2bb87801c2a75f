"""An open stream: starts the decoder's process, watches over it, and starts it again."""

import math
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from citybrain.errors import InputError
from detectors.camera.sources.address import Address, address_of, masked
from detectors.camera.sources.job import Job
from detectors.camera.sources.process import Decoder, LostDecoderError
from detectors.camera.sources.snapshots import SnapshotFolder, SnapshotRule
from detectors.camera.sources.stream import Frames, Gap, MakeReducer, StreamInfo, StreamLimits

COLOUR = 3
"""Dimensions of a picture in colour."""
FILE_RESTARTS = 2
"""How often in a row the decoder of a file is started again, at most."""
FLEETING_S = 1.0
"""A live source that gives less than this before it is lost again has not come back. [s]"""
STEPS = 3.0
"""Steps of the nominal rate that are no gap, where they are longer than the limit."""


def open_stream(
    source: str | Path,
    make: MakeReducer,
    limits: StreamLimits | None = None,
    *,
    snapshots: SnapshotRule | None = None,
) -> "Stream":
    """Open a source of pictures.

    Parameters
    ----------
    source
        Video file, folder of jpg or png pictures, or a URL of RTSP or HTTP.
    make
        Makes the reducer that runs in the decoder's process; it is made anew after a restart.
    limits
        Bounds on time, memory and attempts.
    snapshots
        Blurred pictures for finding faults; none by default.

    Returns
    -------
    Stream
        Use it in a ``with`` statement; it is known to give a first frame.

    Raises
    ------
    InputError
        Nothing can be read from it.
    """
    return Stream(address_of(source), make, limits or StreamLimits(), snapshots)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ending:
    """How one run of the decoder ended.

    Parameters
    ----------
    reason
        Why before the true end; empty at the true end.
    again
        Another run may go on from there.
    """

    reason: str
    again: bool


class Stream:
    """Chunks of reduced frames and gaps, in the order of time.

    Parameters
    ----------
    address
        What to read.
    make
        Makes the reducer.
    limits
        Bounds to keep.
    snapshots
        When blurred snapshots are written, if at all.

    Attributes
    ----------
    info
        Facts of the source.
    notes
        What was wrong and mended, in clear lines; grows while the stream is read.
    dropped_frames
        Frames of a live source that came faster than they were taken.

    Raises
    ------
    InputError
        Nothing can be read from it.
    """

    def __init__(
        self,
        address: Address,
        make: MakeReducer,
        limits: StreamLimits,
        snapshots: SnapshotRule | None = None,
    ) -> None:
        every_s = snapshots.every_s if snapshots else None
        self._job = Job(address=address, make=make, limits=limits, snapshot_every_s=every_s)
        self._snapshots = SnapshotFolder(snapshots) if snapshots else None
        self._limits = limits
        self._decoder: Decoder | None = None
        self._base_index, self._last_index = 0, -1
        self._last_s, self._resumed_s = 0.0, math.inf
        self.notes: list[str] = []
        self.dropped_frames = 0
        try:
            self.info = self._started()
        except LostDecoderError as lost:
            raise InputError(address.shown, str(lost), "check the source in a player") from None
        self._job = replace(self._job, expected=self.info)

    def __enter__(self) -> Self:
        """Return the stream itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the decoder's process."""
        self.close()

    def close(self) -> None:
        """End the decoder's process; nothing more comes."""
        decoder, self._decoder = self._decoder, None
        if decoder:
            decoder.close()
        if self._snapshots:
            self._snapshots.remove_expired()

    @property
    def decoder_id(self) -> int | None:
        """Number of the decoder's process, where one runs."""
        return self._decoder.id if self._decoder else None

    def __iter__(self) -> Iterator[Frames | Gap]:
        """Give what comes until the source ends or is given up."""
        reason, failures = "", 0
        while self._decoder:
            index_before, self._resumed_s = self._last_index, math.inf
            ending = yield from self._run(self._decoder, reason)
            self.close()
            reason = ending.reason
            least_s = FLEETING_S if self.info.is_live else 0.0
            failures = 0 if self._last_s - self._resumed_s >= least_s else failures + 1
            if reason and self._last_index > index_before:
                self.notes.append(f"{self._job.address.shown}: {reason} at {self._last_s:.2f} s")
            if not (ending.again and self._restarted(failures)) and reason:
                yield Gap(begin_s=self._last_s, end_s=self._end_s(), reason=reason)

    def _run(self, decoder: Decoder, reason: str) -> Generator[Frames | Gap, None, "_Ending"]:
        """Give the frames of one run, after the gap of the reason that the one before ended."""
        try:
            while True:
                head, body = decoder.next()
                if head.get("kind") == "frames":
                    frames = self._fresh(self._frames(head, body))
                    if frames.index.size == 0:
                        continue
                    yield from self._gap_before(frames, reason)
                    reason = ""
                    self._resumed_s = min(self._resumed_s, float(frames.time_s[0]))
                    self._last_index = int(frames.index[-1])
                    self._last_s = float(frames.time_s[-1])
                    yield frames
                elif head.get("kind") == "snapshot":
                    self._store(head, body)
                elif head.get("kind") == "end":
                    return self._ending(head)
        except LostDecoderError as lost:
            return _Ending(reason=str(lost), again=True)

    def _ending(self, head: dict[str, Any]) -> "_Ending":
        self.notes += [masked(str(note)) for note in head.get("notes", [])]
        broken = masked(str(head.get("broken", "")))
        if self.info.is_live:
            return _Ending(reason=broken or "the stream ended", again=True)
        return _Ending(reason=broken or self._cut_short(), again=False)

    def _frames(self, head: dict[str, Any], body: bytearray) -> Frames:
        try:
            dtype, shape = np.dtype(str(head["dtype"])), tuple(int(n) for n in head["shape"])
            count = shape[0]
            index = np.frombuffer(body, np.int64, count) + self._base_index
            time_s = np.frombuffer(body, np.float64, count, offset=8 * count)
            size = math.prod(shape)
            data = np.frombuffer(body, dtype, size, offset=16 * count).reshape(shape)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            msg = "the decoder sent frames that cannot be read"
            raise LostDecoderError(msg) from error
        if count == 0 or not np.all(np.isfinite(time_s)) or not np.all(np.diff(time_s) > 0):
            msg = "the decoder sent times that are not in order"
            raise LostDecoderError(msg)
        return Frames(index=index, time_s=time_s, data=data)

    def _store(self, head: dict[str, Any], body: bytearray) -> None:
        try:
            small = np.frombuffer(body, np.uint8).reshape(head["shape"])
        except (KeyError, TypeError, ValueError) as error:
            msg = "the decoder sent a snapshot that cannot be read"
            raise LostDecoderError(msg) from error
        if self._snapshots and small.ndim == COLOUR and small.size:
            self._snapshots.write(small)

    def _fresh(self, frames: Frames) -> Frames:
        """Leave out what a camera sends again after a restart."""
        if self._last_index < 0 or float(frames.time_s[0]) > self._last_s:
            return frames
        fresh = frames.time_s > self._last_s
        return Frames(
            index=frames.index[fresh], time_s=frames.time_s[fresh], data=frames.data[fresh]
        )

    def _gap_before(self, frames: Frames, reason: str) -> Iterator[Gap]:
        step_s = float(frames.time_s[0]) - self._last_s
        lost = int(frames.index[0]) - self._last_index - 1
        if self.info.is_live and not reason:
            self.dropped_frames += lost + int(np.sum(np.diff(frames.index) - 1))
        if self._last_index >= 0 and (reason or step_s > self._longest_step_s()):
            dropped = f"{lost} frames came faster than they were counted"
            why = reason or (dropped if lost > 0 else "the source gave no frame")
            yield Gap(begin_s=self._last_s, end_s=float(frames.time_s[0]), reason=why)

    def _longest_step_s(self) -> float:
        rate_hps = self.info.rate_hps
        return max(self._limits.gap_s, STEPS / rate_hps if rate_hps > 0 else 0.0)

    def _cut_short(self) -> str:
        """Return what is said of a file that claims to be longer than it is."""
        if self.info.is_live or self._end_s() - self._last_s <= self._longest_step_s():
            return ""
        return f"the source ends after {self._last_index + 1} of {self.info.frame_count} frames"

    def _end_s(self) -> float:
        """Return the end that a file claims, or the present time of a live stream."""
        if self.info.is_live:
            return max(self._last_s, time.monotonic() - (self._job.zero_s or 0.0))
        claimed_s = (self.info.frame_count or 0) / self.info.rate_hps
        return max(self._last_s, claimed_s) if math.isfinite(claimed_s) else self._last_s

    def _restarted(self, failures: int) -> bool:
        """Start the decoder again within the limits; False where that has no use."""
        limits, live = self._limits, self.info.is_live
        until_s, wait_s = time.monotonic() + limits.outage_s, limits.back_off_s
        self._base_index = self._last_index + 1 if live else 0
        self._job = replace(self._job, skip_frames=0 if live else self._last_index + 1)
        most = limits.restarts if live else min(limits.restarts, FILE_RESTARTS)
        while failures < most and time.monotonic() < until_s:
            if live:
                time.sleep(min(wait_s, max(0.0, until_s - time.monotonic())))
                wait_s = min(2 * wait_s, limits.back_off_most_s)
            try:
                self._started()
            except (InputError, LostDecoderError):
                failures += 1
            else:
                return True
        return False

    def _started(self) -> StreamInfo:
        decoder = Decoder(self._job)
        try:
            head = decoder.first()
            info = StreamInfo(
                width_px=int(head["width_px"]),
                height_px=int(head["height_px"]),
                rate_hps=float(head["rate_hps"]),
                is_live=bool(head["is_live"]),
                frame_count=None if head["frame_count"] is None else int(head["frame_count"]),
            )
            self._job = replace(self._job, zero_s=float(head["zero_s"]))
        except BaseException:
            decoder.close()
            raise
        self._decoder = decoder
        return info
