"""The decoder's process: reads its job from a pipe, sends reduced frames, writes no file.

Run as ``python -m detectors.camera.sources.decoder``.  It imports NumPy and OpenCV only, so
that it starts quickly.
"""

import math
import os
import pickle
import signal
import sys
import threading
import time
from dataclasses import asdict
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from citybrain.errors import InputError
from detectors.camera.sources.confined import confine
from detectors.camera.sources.job import Job
from detectors.camera.sources.pictures import open_pictures
from detectors.camera.sources.snapshots import blurred
from detectors.camera.sources.stream import Image, StreamInfo
from detectors.camera.sources.wire import HEAD, send

CHUNK_BYTES = 1 << 22
"""Frames of one message are sent when they are larger than this. [B]"""
ASIDE_S = 0.5
"""A message is sent when the last one is older than this: frames, or a sign of life. [s]"""
MOST_NOTES = 50
"""Notes that are sent; the others are only counted."""


class Chunk:
    """Collects reduced frames until they are worth a message."""

    def __init__(self, descriptor: int, chunk_s: float, gap_s: float) -> None:
        self._descriptor, self._chunk_s, self._gap_s = descriptor, chunk_s, gap_s
        self._index: list[int] = []
        self._time_s: list[float] = []
        self._data: list[NDArray[Any]] = []
        self._bytes = 0
        self._since_s = time.monotonic()

    def add(self, index: int, time_s: float, data: NDArray[Any]) -> None:
        """Add one frame; send what is there when it is enough, and before a long step."""
        if self._time_s and time_s - self._time_s[-1] > self._gap_s:
            self.flush()
        self._index.append(index)
        self._time_s.append(time_s)
        self._data.append(np.array(data))  # a view would keep the whole picture in memory
        self._bytes += self._data[-1].nbytes
        if (
            time_s - self._time_s[0] >= self._chunk_s
            or self._bytes > CHUNK_BYTES
            or time.monotonic() - self._since_s > ASIDE_S
        ):
            self.flush()

    def beat(self) -> None:
        """Show life while frames are skipped."""
        if time.monotonic() - self._since_s > ASIDE_S:
            send(self._descriptor, {"kind": "beat"})
            self._since_s = time.monotonic()

    def flush(self) -> None:
        """Send what is there."""
        if self._index:
            data = np.ascontiguousarray(np.stack(self._data))
            head = {"kind": "frames", "dtype": data.dtype.str, "shape": data.shape}
            index, time_s = np.array(self._index, np.int64), np.array(self._time_s, np.float64)
            body = data.reshape(-1).view(np.uint8)
            send(self._descriptor, head, index.data, time_s.data, body.data)
        self._index, self._time_s, self._data, self._bytes = [], [], [], 0
        self._since_s = time.monotonic()


class Snapshots:
    """Sends a blurred picture now and then, if it was asked for."""

    def __init__(self, descriptor: int, every_s: float | None) -> None:
        self._descriptor, self._every_s = descriptor, every_s
        self._next_s = -math.inf

    def look(self, time_s: float, image: Image) -> None:
        """Send a snapshot where one is due."""
        if self._every_s is None or time_s < self._next_s:
            return
        self._next_s = time_s + self._every_s
        small = np.ascontiguousarray(blurred(image))
        send(self._descriptor, {"kind": "snapshot", "shape": small.shape}, small.data)


def main() -> None:
    """Read the job, run it, and say how it ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    descriptor = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    text = _exactly(HEAD.unpack(_exactly(HEAD.size))[1])
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        job: Job = pickle.loads(text)  # from the parent, which started this process
        confine(job.limits.memory_bytes)
        cv2.setNumThreads(1)
        _run(job, descriptor)
    except InputError as error:
        send(
            descriptor,
            {"kind": "error", "where": error.where, "what": error.what, "mend": error.mend},
        )
    except Exception as error:  # whatever happened, the parent is told in one line
        send(descriptor, {"kind": "broken", "what": _line(error)})
    os._exit(0)


def _run(job: Job, descriptor: int) -> None:
    pictures = open_pictures(job.address, job.limits, job.zero_s)
    info = pictures.info
    _check_size(job.expected, info)
    reduce = job.make(info)
    zero_s = getattr(pictures, "zero_s", 0.0)
    send(descriptor, {"kind": "info", "zero_s": zero_s, **asdict(info)})
    chunk = Chunk(descriptor, job.limits.chunk_s, job.limits.gap_s)
    snapshots = Snapshots(descriptor, job.snapshot_every_s)
    size, broken = (info.height_px, info.width_px, 3), ""
    for index, time_s, image in pictures.frames(job.skip_frames):
        if index < job.skip_frames:
            chunk.beat()
        elif image.shape == size:
            chunk.add(index, time_s, reduce(image))
            snapshots.look(time_s, image)
        else:
            now = f"{image.shape[1]}x{image.shape[0]}"
            broken = f"the picture changes from {size[1]}x{size[0]} to {now}"
            break
    chunk.flush()
    notes, more = pictures.notes[:MOST_NOTES], len(pictures.notes) - MOST_NOTES
    notes += [f"and {more} notes more"] if more > 0 else []
    send(descriptor, {"kind": "end", "broken": broken, "notes": notes})


def _check_size(expected: StreamInfo | None, info: StreamInfo) -> None:
    if expected and (expected.width_px, expected.height_px) != (info.width_px, info.height_px):
        msg = (
            f"the picture is now {info.width_px}x{info.height_px}, "
            f"it was {expected.width_px}x{expected.height_px}"
        )
        raise ValueError(msg)


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os._exit(0)


def _exactly(size_bytes: int) -> bytes:
    parts = b""
    while len(parts) < size_bytes:
        part = os.read(0, size_bytes - len(parts))
        if not part:
            os._exit(0)
        parts += part
    return parts


def _line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:500]


if __name__ == "__main__":
    main()
