"""Tracked boxes to crossings of lines, over a stream of any length."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from citybrain.errors import InfeasibleError
from detectors.pulses import Floats, Ints
from detectors.tracking.boxes import Boxes
from detectors.tracking.crossing.kernels import cross_lines, end_tracks
from detectors.tracking.crossing.records import BOOK, CROSSING, NEAR, RULES, TRACK
from detectors.tracking.geometry.kernels import Records
from detectors.tracking.lines import CountLine, line_records
from detectors.tracking.slots.kernels import enter_all

_TRACKS = 64
_FOUND = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossingRules:
    """When a track has crossed a line.

    Parameters
    ----------
    foot
        Lower part of a box that is taken for what stands on the ground. [-]
    slack
        Way beyond the line, as a part of the box's height, that the ground contact must have
        gone. [-]
    slack_px
        The same at least. [px]
    patience_s
        A track that was not seen for longer has ended. [s]
    swallow_s
        A track that ends upon a line is another one's, such as its light, if another one leaves
        the line within this time; at most `patience_s`. [s]
    sightings
        Frames in which a track must have been seen.
    frame_px
        Width and height of the picture, where known: a track that ends upon a line at its border
        has left. [px]

    Raises
    ------
    InfeasibleError
        A limit is negative or beyond its range, or `swallow_s` is longer than `patience_s`.
    """

    foot: float = 0.4
    slack: float = 0.1
    slack_px: float = 2.0
    patience_s: float = 2.0
    swallow_s: float = 1.5
    sightings: int = 2
    frame_px: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Refuse limits that contradict each other."""
        if not (0 < self.foot <= 1 and 0 <= self.slack < inf and 0 <= self.slack_px < inf):
            msg = "foot lies above 0 and up to 1, slack is a number and not negative"
            raise InfeasibleError(msg)
        if not 0 <= self.swallow_s <= self.patience_s or self.sightings < 1:
            msg = "swallow_s lies from 0 to patience_s, sightings is 1 or more"
            raise InfeasibleError(msg)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crossings:
    """Vehicles that crossed lines, in order of the time at which they came upon them.

    Arrays are of shape (crossings,).

    Parameters
    ----------
    on_s, off_s
        When the foot of the box came upon the line and left it, between frames. [s]
    line
        Position of the line.
    is_ahead
        It went where the line's vehicles go.
    track, kind
        Identity of the track, and kind of its box when it crossed.
    """

    on_s: Floats
    off_s: Floats
    line: Ints
    is_ahead: np.ndarray[tuple[int], np.dtype[np.bool_]]
    track: Ints
    kind: Ints

    def __len__(self) -> int:
        """Return the number of crossings."""
        return len(self.on_s)


class LineCounter:
    """Counts tracks on lines, each at most once on each line.

    Parameters
    ----------
    lines
        Lines.
    rules
        When a track has crossed one.
    """

    def __init__(self, lines: Sequence[CountLine], rules: CrossingRules | None = None) -> None:
        self.lines = tuple(lines)
        self._lines = line_records(self.lines)
        self._rules = _rule_record(rules or CrossingRules())
        self._book = np.zeros(1, BOOK)
        self._book["look_s"] = -inf
        self._found = np.zeros(_FOUND, CROSSING)
        self._tracks, self._nears = np.zeros(0, TRACK), np.zeros((0, len(lines)), NEAR)
        self._make_room(_TRACKS)
        self._last_s = -inf

    @property
    def untracked(self) -> int:
        """Boxes without a track, which cannot be counted."""
        return int(self._book["untracked"][0])

    @property
    def doubled(self) -> int:
        """Boxes whose track has another one in the same frame; the first one is used."""
        return int(self._book["doubled"][0])

    @property
    def swallowed(self) -> int:
        """Tracks that ended upon a line and were taken for a part of the next vehicle."""
        return int(self._book["swallowed"][0])

    def add(self, boxes: Boxes, track: Ints) -> None:
        """Take the boxes of the next frames.

        Parameters
        ----------
        boxes
            Frames in order of time, after those of before.
        track
            Identity of each box, shape (boxes,), negative for none.

        Raises
        ------
        InfeasibleError
            The arrays differ in length, time runs backwards, or a kind is not from 0 to 63.
        """
        self._check(boxes, track)
        frame, count = 0, len(boxes.time_s)
        while True:
            frame = cross_lines(
                frame,
                boxes.time_s,
                boxes.offset,
                boxes.corners_px,
                track,
                boxes.kind,
                self._lines,
                self._rules,
                self._tracks,
                self._nears,
                self._table,
                self._found,
                self._book,
            )
            if frame >= count:
                break
            self._make_room(int(self._book["tracks"][0] + np.diff(boxes.offset)[frame]))
        if count:
            self._last_s = float(boxes.time_s[-1])

    def finish(self) -> None:
        """End all tracks: the stream is over, or breaks off here."""
        self._make_room(int(self._book["tracks"][0]))
        end_tracks(
            inf,
            self._tracks,
            self._nears,
            self._table,
            self._lines,
            self._rules,
            self._found,
            self._book,
        )
        self._book["look_s"] = -inf

    def take(self) -> Crossings:
        """Return the crossings that were found since the last time."""
        count = int(self._book["found"][0])
        rows = self._found[:count].copy()
        self._book["found"] = 0
        rows = rows[np.lexsort((rows["track"], rows["line"], rows["on_s"]))]
        return Crossings(
            on_s=rows["on_s"].copy(),
            off_s=rows["off_s"].copy(),
            line=rows["line"].copy(),
            is_ahead=rows["way"] > 0,
            track=rows["track"].copy(),
            kind=rows["kind"].copy(),
        )

    def _check(self, boxes: Boxes, track: Ints) -> None:
        if track.shape != (len(boxes),):
            msg = f"{len(boxes)} boxes have {len(track)} tracks"
            raise InfeasibleError(msg)
        if len(boxes.time_s) and boxes.time_s[0] < self._last_s:
            msg = "the frames are older than those of before"
            raise InfeasibleError(msg)
        if len(boxes) and not (boxes.kind.min() >= 0 and boxes.kind.max() < 64):  # noqa: PLR2004
            msg = "kinds of boxes go from 0 to 63"
            raise InfeasibleError(msg)

    def _make_room(self, tracks: int) -> None:
        """Make room for tracks, and for the crossings that they may make at once."""
        if tracks > len(self._tracks):
            room = 1 << (tracks - 1).bit_length()
            self._tracks = _longer(self._tracks, room)
            self._nears = _longer(self._nears, room)
            self._table = np.empty(4 * room, np.int32)
            enter_all(self._tracks, int(self._book["tracks"][0]), self._table)
        needed = int(self._book["found"][0]) + tracks * len(self.lines)
        if needed > len(self._found):
            self._found = _longer(self._found, 2 * needed)


def _longer(records: Records, length: int) -> Records:
    longer = np.zeros((length, *records.shape[1:]), records.dtype)
    longer[: len(records)] = records
    return longer


def _rule_record(rules: CrossingRules) -> Records:
    record = np.zeros(1, RULES)
    for name in ("foot", "slack", "slack_px", "patience_s", "swallow_s", "sightings"):
        record[name] = getattr(rules, name)
    record["right_px"], record["bottom_px"] = rules.frame_px or (inf, inf)
    return record
