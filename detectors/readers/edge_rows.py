"""The lines of an edge box's feed as columns, and what could not be read in them."""

from array import array
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from detectors.pulses import Ints
from detectors.readers.edge_lines import BoxForm, Detection, EdgeLine, UnreadableError, read_line
from detectors.tracking.boxes import UNTRACKED
from detectors.tracking.kinds import KindNames

SHOWN = 5
"""Lines that a note names; the others are only counted."""
BACKWARDS = "box ends before it begins"
"""Why a box is left out whose right or lower side comes before its left or upper one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeFeed:
    """What an edge box's feed does not say about itself.

    Parameters
    ----------
    box
        What a list of four numbers means.
    frame_px
        Width and height of the picture; boxes that are parts of it are given in its pixels. [px]
    is_relative
        Boxes are parts of the picture, 0 to 1.
    rate_hps
        Frames per second, for frames that have a number but no time. [1/s]
    sensor
        Camera that is read, where the feed names several.
    classes
        What the feed's words for kinds mean.
    """

    box: BoxForm = BoxForm.CORNERS
    frame_px: tuple[float, float] | None = None
    is_relative: bool = False
    rate_hps: float | None = None
    sensor: str | None = None
    classes: dict[str, str] = field(default_factory=dict)


class EdgeRows:
    """The lines of a feed as columns, and what could not be read.

    Parameters
    ----------
    feed
        What the feed does not say about itself.
    """

    def __init__(self, feed: EdgeFeed) -> None:
        self.feed = feed
        self.kinds = KindNames(feed.classes)
        self.time: list[str | float] = []
        self.frame = array("q")
        self.is_list = array("b")
        self.offset = array("q", [0])
        self.corners, self.score = array("d"), array("d")
        self.kind, self.track = array("q"), array("q")
        self.tracks: dict[str, int] = {}
        self.sensors: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.faulty_lines: list[tuple[int, str]] = []
        self.unreadable = self.elsewhere = self.empty = self.last_faulty = 0

    @property
    def weights(self) -> Ints:
        """Rows of each line: its boxes, or 1 for a frame without any."""
        return np.maximum(np.diff(np.array(self.offset, np.int64)), 1)

    @property
    def count(self) -> int:
        """All rows: boxes, frames without any, and what cannot be read."""
        return int(self.weights.sum()) + self.unreadable

    @property
    def faults_told(self) -> str:
        """Reasons with their numbers."""
        told = [f"{reason}: {count}" for reason, count in self.reasons.most_common()]
        return ", ".join(told) or "it is empty"

    def add(self, number: int, text: str) -> None:
        """Take one line."""
        try:
            line = read_line(text, self.feed.box)
            time = self._time(line)
        except UnreadableError as error:
            self._note(number, str(error))
            return
        if line.sensor is not None:
            self.sensors[line.sensor] += 1
            if self.feed.sensor not in (None, line.sensor):
                self.elsewhere += max(len(line.detections), 1)
                return
        for fault in line.faults:
            self._note(number, fault)
        whole = [one for one in line.detections if _is_whole(one)]
        for _ in range(len(line.detections) - len(whole)):
            self._note(number, BACKWARDS)
        if not whole and (line.faults or line.detections):
            return
        self.time.append(time)
        self.frame.append(-1 if line.frame is None else line.frame)
        self.is_list.append(line.is_list)
        self.empty += not whole
        for one in whole:
            self.corners.extend(one.corners)
            self.score.append(one.score)
            self.kind.append(self.kinds.number(one.kind))
            known = (
                UNTRACKED
                if one.track is None
                else self.tracks.setdefault(one.track, len(self.tracks))
            )
            self.track.append(known)
        self.offset.append(len(self.track))

    def _time(self, line: EdgeLine) -> str | float:
        if line.time is not None:
            return line.time
        if line.frame is None or self.feed.rate_hps is None:
            raise UnreadableError("no time")  # noqa: EM101 - a reason to be counted
        return line.frame / self.feed.rate_hps

    def _note(self, number: int, reason: str) -> None:
        self.unreadable += 1
        self.reasons[reason] += 1
        self.last_faulty = number
        if len(self.faulty_lines) < SHOWN:
            self.faulty_lines.append((number, reason))


def _is_whole(one: Detection) -> bool:
    left, top, right, bottom = one.corners
    return left <= right and top <= bottom
