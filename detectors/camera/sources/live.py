"""Live streams inside the decoder's process: read without pause, kept only while new."""

import math
import threading
import time
from collections import deque
from collections.abc import Iterator

import cv2
import numpy as np

from citybrain.errors import InputError
from detectors.camera.sources.address import Address
from detectors.camera.sources.stream import Image, StreamInfo, StreamLimits, assumed_rate_hps
from detectors.camera.sources.timing import LiveClock, believed_rate_hps

BACKLOG_S = 0.5
BACKLOG_BYTES = 1 << 27
"""Frames that wait for the reducer, at most: time of the stream [s], and memory [B]."""
WARM_S = 0.3
"""Wait for the burst that FFmpeg held back, before the first frame is dated. [s]"""
MJPEG = cv2.VideoWriter.fourcc(*"MJPG")


class Live:
    """A stream that goes on by itself: only the newest frames are kept.

    A thread reads without pause; what the reducer does not take within half a second makes room
    for newer frames.

    Parameters
    ----------
    address
        The stream, named for errors.
    capture
        Opened.
    limits
        Bounds to keep.
    zero_s
        The stream's zero on the monotonic clock; None to take the first frame's. [s]

    Raises
    ------
    InputError
        No frame comes.
    """

    def __init__(
        self,
        address: Address,
        capture: cv2.VideoCapture,
        limits: StreamLimits,
        zero_s: float | None,
    ) -> None:
        self.notes: list[str] = []
        self._capture, self._limits = capture, limits
        good, first = capture.read()
        if not good:
            raise InputError(address.shown, "no frame came", "check the camera and its address")
        has_no_times = capture.get(cv2.CAP_PROP_FOURCC) == MJPEG and address.is_http
        claimed_hps = capture.get(cv2.CAP_PROP_FPS)  # of such a stream, FFmpeg's own guess
        rate_hps = math.nan if has_no_times else believed_rate_hps(claimed_hps)
        self.info = StreamInfo(
            width_px=first.shape[1],
            height_px=first.shape[0],
            rate_hps=rate_hps,
            is_live=True,
            frame_count=None,
        )
        self._clock = LiveClock(by_arrival=has_no_times)
        most = BACKLOG_S * assumed_rate_hps(rate_hps)
        most = max(2, min(int(most), BACKLOG_BYTES // first.nbytes))
        self._waiting: deque[tuple[int, float, float, Image]] = deque(maxlen=most)
        self._change = threading.Condition()
        self._ended = False
        self._keep(0, np.asarray(first, np.uint8))
        threading.Thread(target=self._read, daemon=True).start()
        time.sleep(WARM_S)
        self.zero_s = self._first_s() if zero_s is None else zero_s

    def frames(self, skip_frames: int) -> Iterator[tuple[int, float, Image]]:
        """Give the oldest frame that was kept; numbers skip those that were dropped."""
        del skip_frames
        base, judged = -1, self._clock.by_arrival
        while taken := self._take():
            index, stamp_s, arrived_s, image = taken
            base = index if base < 0 else base
            time_s = self._clock.instant_s(stamp_s, arrived_s) - self.zero_s
            if self._clock.by_arrival and not judged:
                judged = True
                self.notes.append("times of the source run away from the clock: arrival is used")
            yield index - base, time_s, image

    def _first_s(self) -> float:
        with self._change:
            _, stamp_s, arrived_s, _ = self._waiting[0]
        return arrived_s if self._clock.by_arrival else stamp_s + self._clock.anchor_s

    def _take(self) -> tuple[int, float, float, Image] | None:
        with self._change:
            self._change.wait_for(lambda: self._waiting or self._ended, self._limits.frame_s)
            return self._waiting.popleft() if self._waiting else None

    def _read(self) -> None:
        index = 1
        while True:
            good, image = self._capture.read()
            if not good:
                break
            self._keep(index, np.asarray(image, np.uint8))
            index += 1
        with self._change:
            self._ended = True
            self._change.notify()

    def _keep(self, index: int, image: Image) -> None:
        stamp_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
        arrived_s = time.monotonic()
        with self._change:
            self._clock.saw(stamp_s, arrived_s)
            self._waiting.append((index, stamp_s, arrived_s, image))
            self._change.notify()
