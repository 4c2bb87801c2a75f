"""Snapshots for finding faults: only when asked for, blurred, the owner's alone, short-lived.

No picture is stored otherwise.  The decoder blurs before it hands a snapshot over, so that no
sharp picture ever leaves its process.
"""

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from citybrain.errors import InfeasibleError, InputError
from detectors.camera.sources.stream import Image

SIDE_PX = 64
"""Longest side of what is kept: a plate that fills a twentieth of the picture keeps 3 px. [px]"""
BLUR_PX = 1.2
"""Deviation of the blur that follows, on the small picture. [px]"""
SHOWN_PX = 512
"""Snapshots are drawn larger, by a whole factor, up to this side. [px]"""

_NAME = re.compile(r"^citybrain-snapshot-\d+-(\d+)-\d+\.png$")


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRule:
    """When snapshots are taken and how long they live.

    Parameters
    ----------
    folder
        Where they are written; made, for the owner alone, if it is not there.
    every_s
        Stream time between two of them. [s]
    expires_s
        They are removed this long after they were written: by the run itself, at its end, or by
        the next run with this folder. [s]

    Raises
    ------
    InfeasibleError
        A time is not above 0, or snapshots would live for a week or longer.
    """

    folder: Path
    every_s: float = 60.0
    expires_s: float = 3600.0

    def __post_init__(self) -> None:
        """Refuse times that mean nothing."""
        if not (self.every_s > 0 and 0 < self.expires_s < 7 * 86_400):
            msg = (
                f"snapshots every {self.every_s:g} s that live {self.expires_s:g} s: both are "
                f"above 0, and none lives a week"
            )
            raise InfeasibleError(msg)


def blurred(image: Image) -> Image:
    """Return a picture on which no plate and no face can be read.

    Parameters
    ----------
    image
        Any size.

    Returns
    -------
    Image
        Averaged down to 64 px along its longer side, then blurred; what is finer is gone and
        cannot be brought back.
    """
    factor = min(1.0, SIDE_PX / max(image.shape[:2]))
    size = tuple(max(1, round(side * factor)) for side in (image.shape[1], image.shape[0]))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), BLUR_PX), np.uint8)


class SnapshotFolder:
    """Writes snapshots and removes those that have expired.

    Parameters
    ----------
    rule
        When and how long.
    now_s
        Clock, seconds since 1970.

    Raises
    ------
    InputError
        The folder cannot be made, or expired snapshots in it cannot be removed.
    """

    def __init__(self, rule: SnapshotRule, now_s: Callable[[], float] = time.time) -> None:
        self._rule, self._now_s, self._number = rule, now_s, 0
        try:
            rule.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            what = f"no folder for snapshots ({error.strerror})"
            raise InputError(rule.folder, what, "name one that can be written") from None
        self._remove_expired()

    def write(self, small: Image) -> Path:
        """Write a blurred picture that only its owner can read.

        Parameters
        ----------
        small
            As `blurred` gives it; blurred again if it is larger.

        Raises
        ------
        InputError
            It cannot be written.
        """
        begin_s = self._now_s()
        self._number += 1
        end_s = int(np.ceil(begin_s + self._rule.expires_s))
        name = f"citybrain-snapshot-{int(begin_s)}-{end_s}-{os.getpid()}{self._number:06d}.png"
        path = self._rule.folder / name
        factor = max(1, SHOWN_PX // max(small.shape[:2]))
        picture = blurred(small) if max(small.shape[:2]) > SIDE_PX else small
        shown = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)
        self._remove_expired()
        try:
            _write_whole(path, cv2.imencode(".png", shown)[1].tobytes())
        except OSError as error:
            what = f"a snapshot cannot be written ({error.strerror})"
            raise InputError(self._rule.folder, what, "make room, or go on without") from None
        return path

    def _remove_expired(self) -> None:
        try:
            self.remove_expired()
        except FileNotFoundError:
            return
        except OSError as error:
            what = f"expired snapshots cannot be removed ({error.strerror})"
            mend = "take them away, or name another folder"
            raise InputError(self._rule.folder, what, mend) from None

    def remove_expired(self) -> int:
        """Remove snapshots of any run whose time is over; other files stay.

        Returns
        -------
        int
            How many were removed.
        """
        removed = 0
        for path in self._rule.folder.iterdir():
            found = _NAME.match(path.name)
            if found and int(found[1]) <= self._now_s():
                path.unlink(missing_ok=True)
                removed += 1
        return removed


def _write_whole(path: Path, content: bytes) -> None:
    """Write a new file that only its owner can read, or none."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    descriptor = os.open(path, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except OSError:
        path.unlink(missing_ok=True)
        raise
