"""Events and raw pulses become clean pulses; every repair is counted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pandas as pd

from detectors.aliveness import GAP_S, MISSING_MOMENTS, alive_spans_s, own_alive_s, shared_spans_s
from detectors.pulses import FeedRepairs, Flags, Floats, Ints, Pulses, controller_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Speakers:
    """The controllers of a feed, whose detectors are named ``controller:channel``.

    Parameters
    ----------
    names
        Controllers.
    of_moment
        Which of them spoke at each moment, shape (moments,).
    """

    names: tuple[str, ...]
    of_moment: Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawPulses:
    """Pulses as a feed has them: in any order, doubled, with ends that are missing.

    Arrays are of shape (pulses,) but for `alive_s`.

    Parameters
    ----------
    names
        Detectors, to which `detector` refers by position.
    detector
        Detector of each pulse.
    on_s, off_s
        Begin and end; NaN for an end that was lost. [s]
    speed_mps
        Speed; NaN where unknown. [m/s]
    alive_s
        Moments at which the feed said anything at all, in any order, shape (moments,). [s]
    start
        Second 0 in UTC; none where the feed does not say.
    repairs
        What the reader has counted so far.
    notes
        What else the reader found.
    speakers
        Controllers that spoke at those moments; none where the feed does not tell.
    """

    names: tuple[str, ...]
    detector: Ints
    on_s: Floats
    off_s: Floats
    speed_mps: Floats
    alive_s: Floats
    start: datetime | None
    repairs: FeedRepairs
    notes: tuple[str, ...] = ()
    speakers: Speakers | None = None

    def take(self, rows: Flags | Ints, repairs: FeedRepairs) -> "RawPulses":
        """Return some of the pulses, with new counts of repairs."""
        return replace(
            self,
            detector=self.detector[rows],
            on_s=self.on_s[rows],
            off_s=self.off_s[rows],
            speed_mps=self.speed_mps[rows],
            repairs=repairs,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Paired:
    """The pulses that on and off events make.

    Parameters
    ----------
    on_row
        Row of the event that began the pulse, shape (pulses,).
    off_row
        Row of the event that ended it, shape (pulses,); -1 where that was lost.
    lost_ons, doubled_rows
        Off events without an on, and repeated events.
    """

    on_row: Ints
    off_row: Ints
    lost_ons: int
    doubled_rows: int


def pair_events(key: Ints, time_s: Floats, is_on: Flags) -> Paired:
    """Find the off event that ends each on event.

    Parameters
    ----------
    key
        What goes on and off: a detector, or a vehicle on a detector; shape (events,).
    time_s
        Time of each event, shape (events,); events may be out of order. [s]
    is_on
        The event is an on, shape (events,); else it is an off.

    Returns
    -------
    Paired
        One pulse for every on event that is not a repetition.
    """
    order = np.lexsort((time_s, key))
    same = _same_as_before(key[order], time_s[order], is_on[order].astype(np.int64))
    order = order[~same]
    is_on, key = is_on[order], key[order]
    key_before, key_after = _shifted(key, 1), _shifted(key, -1)
    ended = is_on & (key_after == key) & ~np.append(is_on[1:], True)
    begun = ~is_on & (key_before == key) & np.append(False, is_on[:-1])
    off_row = np.where(ended, np.append(order[1:], -1), -1)
    return Paired(
        on_row=order[is_on],
        off_row=off_row[is_on],
        lost_ons=int(np.sum(~is_on & ~begun)),
        doubled_rows=int(np.sum(same)),
    )


def tidy(raw: RawPulses, *, gap_s: float = GAP_S) -> Pulses:
    """Put raw pulses in order and mend them.

    Parameters
    ----------
    raw
        Pulses as the feed has them.
    gap_s
        Longest silence of a controller, or of a feed without any, that is not a gap. [s]

    Returns
    -------
    Pulses
        In order of the on time; see `FeedRepairs` for what is mended, and how.
    """
    spans_s = alive_spans_s(raw.alive_s, gap_s, missing=MISSING_MOMENTS)
    own_spans_s = _own_spans_s(raw, spans_s, gap_s)
    raw = _without_doubles(_with_ends_lost(raw))
    parts = _parts(raw, spans_s, own_spans_s)
    end_s = _ends_s(raw, parts)
    missing = np.isnan(raw.off_s)
    mended_s = np.where(missing, _lost_off_s(raw, end_s), raw.off_s)
    still_on = missing & (mended_s == end_s) & np.isfinite(end_s)
    lost = missing & ~still_on
    off_s = _shared_out(raw, mended_s)
    cut_s = _cut_at_gaps(raw.on_s, off_s.end_s, parts)
    order = np.lexsort((raw.detector, raw.on_s))
    return Pulses(
        names=raw.names,
        detector=raw.detector[order].astype(np.int32),
        on_s=raw.on_s[order],
        off_s=cut_s[order],
        speed_mps=raw.speed_mps[order],
        repaired=(lost | off_s.overlaps)[order],
        spans_s=spans_s,
        own_spans_s=own_spans_s,
        start=raw.start,
        notes=raw.notes,
        repairs=raw.repairs
        + FeedRepairs(
            lost_offs=int(np.sum(lost)),
            still_on=int(np.sum(still_on)),
            overlaps=int(np.sum(off_s.overlaps)),
            cut_at_gaps=int(np.sum(cut_s < off_s.end_s)),
            gaps=sum(max(len(own_s) - 1, 0) for own_s in own_spans_s.values() or [spans_s]),
        ),
    )


def _own_spans_s(raw: RawPulses, feed_s: Floats, gap_s: float) -> dict[str, Floats]:
    """Return the times during which each of several controllers was alive; of one, nothing.

    A gap of the whole feed is one of each: many are heard to fall silent sooner than one.
    """
    if raw.speakers is None:
        return {}
    rows = _rows_of(raw.speakers.of_moment, len(raw.speakers.names))
    spoken = {
        name: raw.alive_s[own]
        for name, own in zip(raw.speakers.names, rows, strict=True)
        if len(own)
    }
    if len(spoken) == 1:
        return {}
    return {
        name: shared_spans_s(own_alive_s(own, feed_s, gap_s), feed_s)
        for name, own in spoken.items()
    }


def _rows_of(group: Ints, count: int) -> list[Ints]:
    """Return the rows of each of so many groups, in order."""
    order = np.argsort(group.astype(np.min_scalar_type(count)), kind="stable")
    sizes = np.bincount(group, minlength=count)
    return np.split(order, np.cumsum(sizes)[:-1])


_Parts = list[tuple[Ints, Floats]]
"""Rows of pulses, and the times during which they were heard."""


def _parts(raw: RawPulses, feed_s: Floats, own_s: Mapping[str, Floats]) -> _Parts:
    """Return the pulses of each controller with its spans; of a feed without any, all."""
    if not own_s:
        return [(np.arange(len(raw.on_s)), feed_s)]
    place = {name: at for at, name in enumerate(own_s)}
    controller = np.array([place[controller_of(name)] for name in raw.names], dtype=np.int64)
    return list(zip(_rows_of(controller[raw.detector], len(own_s)), own_s.values(), strict=True))


def _ends_s(raw: RawPulses, parts: _Parts) -> Floats:
    """Return the last moment at which the controller of each pulse was alive [s]."""
    end_s = np.full(len(raw.on_s), np.inf)
    for rows, spans_s in parts:
        end_s[rows] = spans_s[-1, 1] if len(spans_s) else np.inf
    return end_s


def older_than_before(time_s: Floats, by_s: float = 0.0) -> int:
    """Count the rows whose time lies before that of the row above.

    Parameters
    ----------
    time_s
        Times in the order of the file. [s]
    by_s
        Disorder up to this is how the source writes. [s]
    """
    return int(np.sum(np.diff(time_s) < -by_s))


def _with_ends_lost(raw: RawPulses) -> RawPulses:
    negative = raw.off_s < raw.on_s
    repairs = raw.repairs + FeedRepairs(negative_lengths=int(np.sum(negative)))
    return replace(raw, off_s=np.where(negative, np.nan, raw.off_s), repairs=repairs)


def _without_doubles(raw: RawPulses) -> RawPulses:
    """Keep of pulses that begin together the longest; NaN sorts last, so a lost end loses."""
    order = np.lexsort((-raw.off_s, raw.on_s, raw.detector))
    same = _same_as_before(raw.detector[order], raw.on_s[order])
    repairs = raw.repairs + FeedRepairs(doubled_rows=int(np.sum(same)))
    return raw.take(order[~same], repairs)


def _lost_off_s(raw: RawPulses, end_s: Floats) -> Floats:
    whole_s = pd.Series(raw.off_s - raw.on_s).groupby(raw.detector).transform("max").to_numpy()
    longest_s = np.where(np.isnan(whole_s), np.inf, whole_s)
    next_on_s = np.minimum(_next_on_s(raw), np.maximum(end_s, raw.on_s))
    return np.minimum(next_on_s, raw.on_s + longest_s)


def _next_on_s(raw: RawPulses) -> Floats:
    follows = _shifted(raw.detector, -1) == raw.detector
    return np.where(follows, np.append(raw.on_s[1:], np.inf), np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class _SharedOut:
    end_s: Floats
    overlaps: Flags


def _shared_out(raw: RawPulses, off_s: Floats) -> _SharedOut:
    """End each pulse at the next on; the later one takes over what is left of the longer one."""
    covered_until_s = pd.Series(off_s).groupby(raw.detector).cummax().to_numpy(dtype=np.float64)
    next_on_s = _next_on_s(raw)
    end_s = np.minimum(covered_until_s, next_on_s)
    return _SharedOut(end_s, covered_until_s > next_on_s)


def _cut_at_gaps(on_s: Floats, off_s: Floats, parts: _Parts) -> Floats:
    cut_s = off_s.copy()
    for rows, spans_s in parts:
        if len(spans_s):
            span = np.searchsorted(spans_s[:, 0], on_s[rows], side="right") - 1
            span_end_s = spans_s[np.maximum(span, 0), 1]
            cut_s[rows] = np.maximum(on_s[rows], np.minimum(off_s[rows], span_end_s))
    return cut_s


def _same_as_before(*columns: Ints | Floats) -> Flags:
    same = np.ones(len(columns[0]), dtype=np.bool_)
    same[:1] = False
    for column in columns:
        same[1:] &= column[1:] == column[:-1]
    return same


def _shifted(key: Ints, by: int) -> Ints:
    """Move keys by one place; what moves in from outside equals no key."""
    shifted = np.full_like(key, -1)
    if by > 0:
        shifted[1:] = key[:-1]
    else:
        shifted[:-1] = key[1:]
    return shifted
