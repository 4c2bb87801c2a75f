"""Feeds of edge boxes: detections or tracks as JSON lines, one frame or one detection in each."""

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from citybrain.errors import InputError
from detectors.clock import first_instant, seconds_since, utc_instants
from detectors.clock_steps import overlaid_rows, wild_times
from detectors.pulses import FeedRepairs, Flags, Floats, Ints
from detectors.readers.edge_rows import BACKWARDS, SHOWN, EdgeFeed, EdgeRows
from detectors.repair import older_than_before
from detectors.tables import opened
from detectors.tracking.boxes import UNTRACKED, Boxes

MOST_BACKWARDS = 0.2
"""Share of boxes that end before they begin from which on their form must be another one."""
RELATIVE = 1.5
"""Boxes that all lie within this are parts of the picture, not pixels."""
LONGEST_STEP_S = 1.0
"""Frames of one time are spread over the time up to the next one, at most this [s]."""
_SCALES = ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3), (0.0, 1.0))
_EPOCH_FROM_S = 1e8
"""Seconds from here on count from 1970."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EdgeBoxes:
    """The boxes of a feed in order of time.

    Parameters
    ----------
    boxes
        Boxes; their kind is a position in `kinds`.
    track
        Identity of each box, shape (boxes,), `UNTRACKED` for none.
    kinds
        Names of the kinds.
    start
        Second 0 in UTC; none where the feed does not say.
    speaks_when_empty
        Frames without a box are in the feed too.
    repairs
        What was mended.
    notes
        What else was found, one sentence each.
    """

    boxes: Boxes
    track: Ints
    kinds: tuple[str, ...]
    start: datetime | None
    speaks_when_empty: bool
    repairs: FeedRepairs
    notes: tuple[str, ...]


def read_edge_boxes(
    path: Path,
    feed: EdgeFeed | None = None,
    *,
    start: datetime | None = None,
    assume_zone: str | None = None,
) -> EdgeBoxes:
    """Read detections or tracks from JSON lines, packed with gzip or not.

    Parameters
    ----------
    path
        File; see ``docs/detectors.md`` for the names that are understood.
    feed
        What the file does not say about itself.
    start
        Second 0 of a feed that counts seconds, timezone-aware UTC.
    assume_zone
        Zone of times that carry none, such as ``Europe/Berlin``.

    Returns
    -------
    EdgeBoxes
        Every row that can be read; the others are counted, with the lines of the first.

    Raises
    ------
    InputError
        The file is missing or holds no box that can be read; its times carry no zone; boxes are
        of another form, or several cameras' are mixed.
    """
    feed = feed or EdgeFeed()
    rows = EdgeRows(feed)
    cut = _read(path, rows)
    _check(path, rows, feed)
    time_s, zero, repeated, skipped = _seconds(path, rows, start, assume_zone)
    kept = _Kept.of(np.asarray(time_s), rows)
    boxes, track = _frames(kept, rows, feed)
    return EdgeBoxes(
        boxes=boxes,
        track=track,
        kinds=tuple(rows.kinds.names),
        start=zero,
        speaks_when_empty=rows.empty > 0,
        repairs=FeedRepairs(
            rows=rows.count,
            used_rows=int(rows.weights[kept.line].sum()),
            unreadable_rows=rows.unreadable + int(rows.weights[kept.timeless].sum()),
            unknown_events=sum(rows.kinds.unknown.values()),
            unknown_detector_rows=rows.elsewhere,
            wild_times=int(rows.weights[kept.wild].sum()),
            overlaid_rows=int(rows.weights[kept.overlaid].sum()),
            clock_steps=kept.steps,
            reordered_rows=kept.reordered,
            repeated_hour_rows=repeated,
            skipped_hour_rows=skipped,
        ),
        notes=_notes(rows, cut, track),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Kept:
    """Lines that are used, in order of time, and why the others are not."""

    line: Ints
    time_s: Floats
    timeless: Flags
    wild: Flags
    overlaid: Flags
    steps: int
    reordered: int

    @classmethod
    def of(cls, time_s: Floats, rows: EdgeRows) -> "_Kept":
        wild = wild_times(time_s)
        timeless = ~np.isfinite(time_s)
        usable = np.flatnonzero(~wild & ~timeless)
        twice = overlaid_rows(np.zeros(len(usable), np.int64), time_s[usable])
        overlaid = np.zeros(len(time_s), np.bool_)
        overlaid[usable[twice.rows]] = True
        line = usable[~twice.rows]
        reordered = older_than_before(time_s[line])
        frame = np.array(rows.frame, np.int64)[line]
        line = line[np.lexsort((frame, time_s[line]))]
        return cls(
            line=line,
            time_s=time_s[line],
            timeless=timeless,
            wild=wild,
            overlaid=overlaid,
            steps=twice.steps,
            reordered=reordered,
        )


def _read(path: Path, rows: EdgeRows) -> str:
    """Read all lines; return a note if the file breaks off."""
    try:
        with opened(path) as file:
            number, raw = 0, b""
            try:
                for number, raw in enumerate(file, start=1):
                    text = raw.decode("utf-8-sig", errors="replace").strip().strip("\x00,")
                    if text:
                        rows.add(number, text)
            except (EOFError, zlib.error, OSError):
                return f"the packed file breaks off after line {number}; what followed is missing"
    except FileNotFoundError:
        raise InputError(path, "the feed does not exist", "check the path") from None
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "give a file") from None
    is_cut = not raw.endswith(b"\n") and 0 < number == rows.last_faulty
    return f"the file breaks off in line {number}; what followed is missing" if is_cut else ""


def _check(path: Path, rows: EdgeRows, feed: EdgeFeed) -> None:
    if feed.sensor is not None and feed.sensor not in rows.sensors:
        names = ", ".join(sorted(rows.sensors)[:SHOWN]) or "none"
        raise InputError(path, f"names no sensor {feed.sensor!r}", f"it names {names}")
    if feed.sensor is None and len(rows.sensors) > 1:
        names = ", ".join(sorted(rows.sensors)[:SHOWN])
        mend = "name one as sensor in [feed] of the lines file"
        raise InputError(path, f"holds boxes of several cameras ({names})", mend)
    if rows.reasons[BACKWARDS] > MOST_BACKWARDS * rows.count:
        mend = "set box = 'corner_size' or 'centre_size' in [feed] of the lines file"
        share = rows.reasons[BACKWARDS] / rows.count
        raise InputError(path, f"{share:.0%} of its boxes end before they begin", mend)
    if not rows.time:
        mend = "give JSON lines as in docs/detectors.md"
        raise InputError(path, f"no line of it can be read ({rows.faults_told})", mend)
    corners = np.array(rows.corners)
    if not feed.is_relative and len(corners) and np.abs(corners).max() <= RELATIVE:
        mend = "set relative = true and frame_px in the lines file"
        raise InputError(path, "its boxes are parts of the picture, not pixels", mend)


def _seconds(
    path: Path, rows: EdgeRows, start: datetime | None, assume_zone: str | None
) -> tuple[Floats, datetime | None, int, int]:
    """Return times of lines, their zero, and the hours that a change of the clocks mended."""
    is_text = np.array([isinstance(time, str) for time in rows.time], np.bool_)
    if is_text.mean() > 0.5:  # noqa: PLR2004 - what most of them are
        texts = pd.Series([time if isinstance(time, str) else "" for time in rows.time])
        instants = utc_instants(texts, f"{path}, timestamp", assume_zone)
        if instants.utc.isna().all():
            raise InputError(path, "holds no time that can be read", "write seconds or ISO 8601")
        zero = first_instant(instants.utc)
        return seconds_since(zero, instants.utc), zero, instants.repeated, instants.skipped
    numbers = np.array([np.nan if isinstance(time, str) else time for time in rows.time])
    middle = float(np.median(np.abs(numbers[np.isfinite(numbers)])))
    time_s = numbers * next(scale for least, scale in _SCALES if middle >= least)
    if float(np.nanmedian(np.abs(time_s))) < _EPOCH_FROM_S:
        return time_s, start, 0, 0
    known = np.where(wild_times(time_s), np.nan, time_s)
    zero_s = float(np.floor(np.nanmin(known)))
    return time_s - zero_s, datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=zero_s), 0, 0


def _frames(kept: _Kept, rows: EdgeRows, feed: EdgeFeed) -> tuple[Boxes, Ints]:
    """Put the lines of one frame together, and spread frames that have the same time."""
    offset, track = np.array(rows.offset, np.int64), np.array(rows.track, np.int64)
    kind = np.array(rows.kind, np.int64)
    begins = _frame_begins(kept, rows, offset, track)
    time_s = _spread(kept.time_s[begins])
    lengths = np.diff(offset)[kept.line]
    take = np.repeat(offset[:-1][kept.line] - np.cumsum(lengths) + lengths, lengths)
    take += np.arange(len(take))
    frame = np.repeat(np.cumsum(begins) - 1, lengths)
    corners = np.array(rows.corners).reshape(-1, 4)[take]
    if feed.is_relative and feed.frame_px is not None:
        corners *= np.array(feed.frame_px * 2)
    is_user = kind[take] >= 0
    counts = np.bincount(frame[is_user], minlength=len(time_s))
    boxes = Boxes(
        time_s=time_s,
        offset=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        corners_px=corners[is_user].astype(np.float32),
        score=np.array(rows.score)[take][is_user].astype(np.float32),
        kind=kind[take][is_user],
    )
    return boxes, track[take][is_user]


def _frame_begins(kept: _Kept, rows: EdgeRows, offset: Ints, track: Ints) -> Flags:
    """Tell which lines begin a frame: each list, and detections when an identity returns."""
    number = np.array(rows.frame, np.int64)[kept.line]
    is_list = np.array(rows.is_list, np.bool_)[kept.line]
    begins = is_list | (np.diff(kept.time_s, prepend=-np.inf) > 0)
    begins |= np.diff(number, prepend=-2) != 0
    single = np.flatnonzero(~is_list & (np.diff(offset)[kept.line] == 1))
    seen: set[int] = set()
    for at in single:
        own = int(track[offset[kept.line[at]]])
        if begins[at] or own in seen:
            begins[at] = True
            seen = set()
        if own != UNTRACKED:
            seen.add(own)
    return begins


def _spread(time_s: Floats) -> Floats:
    """Spread frames of the same time evenly over the time up to the next one."""
    distinct, first, count = np.unique(time_s, return_index=True, return_counts=True)
    if len(distinct) == len(time_s):
        return time_s
    step_s = np.minimum(np.diff(distinct, append=distinct[-1] + LONGEST_STEP_S), LONGEST_STEP_S)
    place = np.arange(len(time_s)) - np.repeat(first, count)
    return time_s + place * np.repeat(step_s / count, count)


def _notes(rows: EdgeRows, cut: str, track: Ints) -> tuple[str, ...]:
    notes = [cut] if cut else []
    if rows.unreadable:
        shown = ", ".join(f"line {number} ({reason})" for number, reason in rows.faulty_lines)
        more = " ..." if rows.unreadable > len(rows.faulty_lines) else ""
        notes.append(f"{rows.unreadable} rows cannot be read: {shown}{more}")
    if rows.kinds.unknown:
        told = sorted(rows.kinds.unknown.items(), key=lambda each: -each[1])[:SHOWN]
        names = ", ".join(f"{name} ({count})" for name, count in told)
        notes.append(f"kinds that are not known are counted as they are named: {names}")
    untracked = int(np.sum(track < 0))
    if untracked and untracked < len(track):
        notes.append(f"{untracked} boxes have no track and cannot be counted")
    return tuple(notes)
