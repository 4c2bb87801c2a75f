"""The crossing kernel: boxes of tracks, frame after frame, become crossings of lines.

What stands on the ground is the foot of a box, its lower part; its ground contact is the middle
of the lower edge.  A track is counted on a line when its foot came upon the line from one side
and is clear of it on the other, and its ground contact went over the line between its ends.  A
track that is born upon the line counts when it leaves it; one that dies upon it only if it was
about to leave it, and no other vehicle is counted there right after.  So one that stops, turns
back or flickers on the line counts once or not at all, and an identity that changes there does
not count twice.

Most boxes are far from all lines.  Each track has a rectangle: as long as its ground contact
stays in it and the box grows no larger than half as much again, its foot cannot meet any line,
and one look at 64 bytes is all.
"""

import numpy as np
from numba import njit

from detectors.pulses import Floats, Ints
from detectors.tracking.crossing.records import RECENT
from detectors.tracking.geometry.kernels import (
    Corners,
    Record,
    Records,
    contact,
    foot_span,
    is_apart,
    is_at_border,
    is_safe,
    set_safe,
    set_unsafe,
    time_at_zero,
)
from detectors.tracking.slots.kernels import Slots, enter_all, enter_slot, find_slot

CALLEES = "ace30e3eb6254e4e"
"""Digest of what is compiled in of other files; Numba's cache would not notice it change."""

SMOOTHING = 0.5
"""Weight of the newest step in the speed across a line. [-]"""


@njit(cache=True, nogil=True)
def _emit(  # noqa: PLR0913, PLR0917 - kernels take arrays and numbers
    number: int, line: Record, way: float, track: Record, near: Record, found: Record, book: Record
) -> None:
    found.on_s, found.off_s = near.on_s, near.off_s
    found.line, found.way = number, np.int64(way)
    found.track, found.kind = track.id, track.kind
    book.found += 1
    near.is_counted, near.is_near = True, False
    line.recent_s[line.recent_at] = near.off_s
    line.recent_at = (line.recent_at + 1) % RECENT


@njit(cache=True, nogil=True)
def _takes(line: Record, kind: int, place_px: float) -> bool:
    is_taken = (line.takes >> np.uint64(kind)) & np.uint64(1)
    return bool(0 <= place_px < line.length_px and is_taken != 0)


@njit(cache=True, nogil=True)
def _approach(line: Record, near: Record, before: Record, now: Record, share: float) -> None:
    """Begin to follow a track that comes near a line; `before` is `now` for a new one."""
    low, high = foot_span(line, before, share)
    near.is_near = True
    near.on_s = near.off_s = np.nan
    near.pace_pxps = 0.0
    _, near.place_px = contact(line, before)
    near.side = 1 if low + high > 0 else -1
    if before.sightings == 0 and low <= 0 <= high:
        near.side = 0
        near.on_s = now.seen_s


@njit(cache=True, nogil=True)
def _meet(line: Record, near: Record, before: Record, now: Record, rules: Record) -> float:
    """Follow a track beside a line; return the way in which it has left it, 0 if it has not."""
    low, high = foot_span(line, now, rules.foot)
    low_before, high_before = foot_span(line, before, rules.foot)
    ahead, place = contact(line, now)
    ahead_before, place_before = contact(line, before)
    if (ahead < 0) != (ahead_before < 0):
        near.place_px = place_before + (place - place_before) * ahead_before / (
            ahead_before - ahead
        )
    from_s, to_s = before.seen_s, now.seen_s
    if to_s > from_s:
        pace_pxps = 0.5 * (low + high - low_before - high_before) / (to_s - from_s)
        near.pace_pxps += SMOOTHING * (pace_pxps - near.pace_pxps)
    way = -1.0 * near.side
    if way == 0:
        way = 1.0 if low + high > 0 else -1.0
    if way < 0:
        low, high, low_before, high_before = -high, -low, -high_before, -low_before
    slack = max(rules.slack_px, rules.slack * (now.bottom - now.top))
    if near.side != 0:
        if high < -slack:
            near.on_s = np.nan
        elif np.isnan(near.on_s) and high >= 0:
            near.on_s = time_at_zero(high_before, high, from_s, to_s)
    if low < 0:
        near.off_s = np.nan
    elif np.isnan(near.off_s):
        near.off_s = time_at_zero(low_before, low, from_s, to_s)
    return way if low >= slack else 0.0


@njit(cache=True, nogil=True)
def _look_closely(  # noqa: PLR0913, PLR0917 - kernels take arrays and numbers
    slot: int,
    before: Record,
    tracks: Records,
    nears: Records,
    lines: Records,
    rules: Record,
    found: Records,
    book: Record,
) -> None:
    """Follow one track beside all lines."""
    now, near = tracks[slot], nears[slot]
    is_any_near = False
    for j in range(len(lines)):
        if near[j].is_counted:
            continue
        is_away = is_apart(lines[j], before, now, rules)
        if is_away and not near[j].is_near:
            continue
        if not near[j].is_near:
            _approach(lines[j], near[j], before, now, rules.foot)
        way = _meet(lines[j], near[j], before, now, rules)
        is_seen_enough = now.sightings >= rules.sightings
        if way != 0 and is_seen_enough:
            if _takes(lines[j], now.kind, near[j].place_px):
                _emit(j, lines[j], way, now, near[j], found[book.found], book)
                continue
            near[j].side = np.int8(way)
            near[j].on_s = near[j].off_s = np.nan
        if is_away and is_seen_enough:
            near[j].is_near = False
        is_any_near |= near[j].is_near
    if is_any_near:
        set_unsafe(now)
    else:
        set_safe(now, lines, near, rules)


@njit(cache=True, nogil=True)
def _is_swallowed(line: Record, track: Record, rules: Record) -> bool:
    """Tell whether another vehicle left the line right after a track was seen last."""
    for at in range(RECENT):
        late_s = line.recent_s[at] - track.seen_s
        if 0 < late_s <= rules.swallow_s:
            return True
    return False


@njit(cache=True, nogil=True)
def _end(
    track: Record, near: Records, lines: Records, rules: Record, found: Records, book: Record
) -> None:
    """Count a track that died upon a line, if it was about to leave it."""
    if track.sightings < rules.sightings:
        return
    for j in range(len(lines)):
        if not near[j].is_near or near[j].side == 0:
            continue
        way = -1.0 * near[j].side
        low, high = foot_span(lines[j], track, rules.foot)
        ahead, place = contact(lines[j], track)
        lead, trail = (high, low) if way > 0 else (-low, -high)
        will_leave = trail + way * near[j].pace_pxps * rules.swallow_s >= 0
        if way * ahead < 0:
            near[j].place_px = place
        if lead < 0 or not will_leave or not _takes(lines[j], track.kind, near[j].place_px):
            continue
        if not is_at_border(track, rules) and _is_swallowed(lines[j], track, rules):
            book.swallowed += 1
            continue
        near[j].off_s = track.seen_s
        if np.isnan(near[j].on_s):
            near[j].on_s = track.seen_s
        _emit(j, lines[j], way, track, near[j], found[book.found], book)


@njit(cache=True, nogil=True)
def end_tracks(  # noqa: PLR0913, PLR0917 - kernels take arrays and numbers
    time_s: float,
    tracks: Records,
    nears: Records,
    table: Slots,
    lines: Records,
    rules_: Records,
    found: Records,
    books: Records,
) -> None:
    """End the tracks that were not seen for long, and note when the next one may end.

    Parameters
    ----------
    time_s
        Now; infinite at the end of the stream. [s]
    tracks, nears, table
        Tracks, the same beside each line (track, line), and their slots by identity.
    lines, rules_
        Lines and limits.
    found, books
        Crossings, with room for every track and line, and what is kept.
    """
    rules, book = rules_[0], books[0]
    slot, first_s = 0, time_s
    ended = 0
    while slot < book.tracks:
        if tracks[slot].seen_s + rules.patience_s < time_s:
            _end(tracks[slot], nears[slot], lines, rules, found, book)
            book.tracks -= 1
            tracks[slot] = tracks[book.tracks]
            nears[slot] = nears[book.tracks]
            ended += 1
        else:
            first_s = min(first_s, tracks[slot].seen_s)
            slot += 1
    book.look_s = first_s + rules.patience_s
    if ended:
        enter_all(tracks, book.tracks, table)


@njit(cache=True, nogil=True)
def _begin(track: Record, near: Records, identity: int) -> None:
    track.id = identity
    track.sightings = 0
    track.frame = -1
    set_unsafe(track)
    for j in range(len(near)):
        near[j].is_near = near[j].is_counted = False


@njit(cache=True, nogil=True)
def _see(track: Record, corners_px: Corners, i: int, time_s: float, frame: int) -> None:
    track.left, track.top = corners_px[i, 0], corners_px[i, 1]
    track.right, track.bottom = corners_px[i, 2], corners_px[i, 3]
    track.seen_s = time_s
    track.frame = frame
    track.sightings += 1


@njit(cache=True, nogil=True)
def cross_lines(  # noqa: PLR0913, PLR0917 - kernels take arrays and numbers
    first: int,
    time_s: Floats,
    offset: Ints,
    corners_px: Corners,
    identity: Ints,
    kind: Ints,
    lines: Records,
    rules_: Records,
    tracks: Records,
    nears: Records,
    table: Slots,
    found: Records,
    books: Records,
) -> int:
    """Follow the boxes of frames until all are read, or something has no room.

    Parameters
    ----------
    first
        Frame to begin with.
    time_s, offset, corners_px, identity, kind
        Frames and boxes, see `detectors.tracking.boxes.Boxes`; boxes of a negative identity have
        no track.
    lines, rules_
        Lines (changed: their recent counts) and limits.
    tracks, nears, table, found, books
        State, changed in place.

    Returns
    -------
    int
        The frame that has no room, or the number of frames.
    """
    rules, book = rules_[0], books[0]
    before = np.empty_like(tracks[:1])[0]
    for frame in range(first, len(time_s)):
        begin, end, now_s = offset[frame], offset[frame + 1], time_s[frame]
        if book.tracks + end - begin > len(tracks) or book.found + (
            book.tracks + end - begin
        ) * len(lines) > len(found):
            return frame
        if now_s > book.look_s:
            end_tracks(now_s, tracks, nears, table, lines, rules_, found, books)
        slot = -1
        for i in range(begin, end):
            if identity[i] < 0:
                book.untracked += 1
                continue
            slot += 1
            if slot >= book.tracks or tracks[slot].id != identity[i]:
                slot = find_slot(identity[i], tracks, table)
            if slot >= 0 and tracks[slot].frame == book.frame:
                book.doubled += 1
                continue
            if slot >= 0 and is_safe(tracks[slot], corners_px, i):
                _see(tracks[slot], corners_px, i, now_s, book.frame)
                continue
            if slot < 0:
                slot = book.tracks
                book.tracks += 1
                _begin(tracks[slot], nears[slot], identity[i])
                enter_slot(identity[i], slot, table)
                _see(tracks[slot], corners_px, i, now_s, book.frame)
                tracks[slot].sightings = 0
            tracks[slot].kind = kind[i]
            _copy(tracks[slot], before)
            _see(tracks[slot], corners_px, i, now_s, book.frame)
            _look_closely(slot, before, tracks, nears, lines, rules, found, book)
        book.frame += 1
    return len(time_s)


@njit(cache=True, nogil=True)
def _copy(track: Record, to: Record) -> None:
    to.left, to.top, to.right, to.bottom = track.left, track.top, track.right, track.bottom
    to.seen_s = track.seen_s
    to.sightings = track.sightings
