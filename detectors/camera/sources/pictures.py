"""Readers of pictures inside the decoder's process: video files, folders, live streams."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from citybrain.errors import InputError
from detectors.camera.sources.address import Address, pictures_of
from detectors.camera.sources.live import Live
from detectors.camera.sources.names import times_of_names
from detectors.camera.sources.stream import Image, StreamInfo, StreamLimits
from detectors.camera.sources.timing import FrameClock, believed_rate_hps

FRAME_BYTES = 8
"""Least that any codec writes for a frame and its time. [B]"""
Timed = tuple[int, float, Image]
"""Number of a frame, its time and the picture."""


class Pictures(Protocol):
    """One opened source."""

    info: StreamInfo
    notes: list[str]

    def frames(self, skip_frames: int) -> Iterator[Timed]:
        """Give each frame; those before `skip_frames` without their picture."""
        ...


def open_pictures(address: Address, limits: StreamLimits, zero_s: float | None) -> Pictures:
    """Open a source.

    Parameters
    ----------
    address
        What to read.
    limits
        Bounds to keep.
    zero_s
        The stream's zero on the monotonic clock, for a live source. [s]

    Raises
    ------
    InputError
        Nothing can be read from it.
    """
    if address.kind == "folder":
        return Folder(address, limits)
    capture = _capture(address, limits)
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    if address.kind == "url" and (count <= 0 or not address.is_http):
        return Live(address, capture, limits, zero_s)
    return Video(address, capture)


class Video:
    """A video that ends: a file, or one that a web server holds.

    Parameters
    ----------
    address
        The video, named for errors.
    capture
        Opened.

    Raises
    ------
    InputError
        Not one frame can be read.
    """

    def __init__(self, address: Address, capture: cv2.VideoCapture) -> None:
        self.notes: list[str] = []
        self._capture = capture
        rate_hps = believed_rate_hps(capture.get(cv2.CAP_PROP_FPS))
        good, first = capture.read()
        if not good:
            raise InputError(address.shown, "no frame can be read", "check the file in a player")
        self._first = np.asarray(first, np.uint8)
        count = _believed_count(address, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        self.info = StreamInfo(
            width_px=first.shape[1],
            height_px=first.shape[0],
            rate_hps=rate_hps,
            is_live=False,
            frame_count=count,
        )
        self.clock = FrameClock(rate_hps, count)

    def frames(self, skip_frames: int) -> Iterator[Timed]:
        """Give each frame with its repaired presentation time."""
        index, capture, clock = 0, self._capture, self.clock
        image: Image | None = self._first
        while image is not None:
            time_s = clock.time_s(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0)
            yield index, time_s, image
            index += 1
            image = self._next(index < skip_frames)
        self._report()

    def _next(self, skipped: bool) -> Image | None:
        if skipped:
            return _NOTHING if self._capture.grab() else None
        good, image = self._capture.read(self._first)  # written over: no memory is fetched
        return np.asarray(image, np.uint8) if good else None

    def _report(self) -> None:
        if self.clock.repaired:
            self.notes.append(
                f"{self.clock.repaired} frames had a time that was not after the one before; "
                f"it was repaired from the rate"
            )
        if math.isnan(self.info.rate_hps):
            self.notes.append("the source gives no rate that can be believed")


class Folder:
    """Pictures in a folder, in the order of their names.

    Parameters
    ----------
    address
        The folder.
    limits
        Bounds; the rate of pictures whose names carry no times.

    Raises
    ------
    InputError
        The names carry no times and no rate is given, or no picture can be read.
    """

    def __init__(self, address: Address, limits: StreamLimits) -> None:
        self.notes: list[str] = []
        self._paths = pictures_of(Path(address.text))
        self._times_s = times_of_names([path.stem for path in self._paths])
        rate_hps = limits.picture_rate_hps
        if self._times_s is None:
            if rate_hps is None:
                what = "the names of the pictures carry no times"
                raise InputError(address.shown, what, "give the rate of the pictures")
            self._times_s = np.arange(len(self._paths)) / rate_hps
        elif rate_hps is None:
            rate_hps = _usual_rate_hps(self._times_s)
        first = next((image for image in map(_picture, self._paths) if image is not None), None)
        if first is None:
            raise InputError(address.shown, "no picture can be read", "check the files in a viewer")
        self.info = StreamInfo(
            width_px=first.shape[1],
            height_px=first.shape[0],
            rate_hps=rate_hps,
            is_live=False,
            frame_count=len(self._paths),
        )

    def frames(self, skip_frames: int) -> Iterator[Timed]:
        """Give each picture that can be read; the others are noted."""
        assert self._times_s is not None
        for index in range(skip_frames, len(self._paths)):
            image = _picture(self._paths[index])
            if image is None:
                self.notes.append(f"{self._paths[index].name} cannot be read")
            else:
                yield index, float(self._times_s[index]), image


_NOTHING: Image = np.zeros((0, 0, 3), np.uint8)


def _capture(address: Address, limits: StreamLimits) -> cv2.VideoCapture:
    timeout_ms = int(limits.open_s * 1000)
    settings = [
        int(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC),
        timeout_ms,
        int(cv2.CAP_PROP_READ_TIMEOUT_MSEC),
        int(limits.frame_s * 1000),
        int(cv2.CAP_PROP_N_THREADS),
        1,
    ]
    capture = cv2.VideoCapture(address.text, cv2.CAP_FFMPEG, settings)
    if not capture.isOpened():
        if address.kind == "url":
            raise InputError(address.shown, "cannot be opened", "check that the camera answers")
        what = "not a video that can be decoded"
        raise InputError(address.shown, what, "convert it to mp4 with H.264 or MPEG-4")
    return capture


def _believed_count(address: Address, count: int) -> int | None:
    """Return the frames that a source claims, if it is large enough to hold them."""
    if address.kind == "file" and count > Path(address.text).stat().st_size / FRAME_BYTES:
        return None
    return count if count > 0 else None


def _picture(path: Path) -> Image | None:
    try:
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    except cv2.error:  # such as one too large for the memory
        return None
    return None if image is None else np.asarray(image, np.uint8)


def _usual_rate_hps(times_s: np.ndarray) -> float:
    steps_s = np.diff(times_s)
    return 1.0 / float(np.median(steps_s)) if steps_s.size else math.nan
