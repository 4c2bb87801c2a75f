"""Crossings of lines become pulses of lanes, for the counting kernel that every feed shares."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from citybrain.model.flows import Detector, DetectorKind
from detectors.pulses import FeedRepairs, Floats, Ints, Pulses
from detectors.tracking.crossing.counter import Crossings


def crossing_pulses(
    crossings: Crossings,
    lanes: Sequence[str],
    spans_s: Floats,
    *,
    start: datetime | None = None,
    repairs: FeedRepairs | None = None,
    notes: Sequence[str] = (),
) -> Pulses:
    """Return the vehicles that went ahead as pulses of detectors that are named like their lanes.

    Where the next vehicle comes upon a line before the one ahead has left it, the earlier pulse
    ends there, so that each counts and covered time is not counted twice.

    Parameters
    ----------
    crossings
        Crossings of one line for each lane.
    lanes
        Lane of each line.
    spans_s
        Times (begin, end) during which boxes came, shape (spans, 2). [s]
    start
        Second 0 in UTC; none where it is not known.
    repairs, notes
        What the reader of the boxes found.
    """
    ahead = np.flatnonzero(crossings.is_ahead)
    line, on_s = crossings.line[ahead], crossings.on_s[ahead]
    return Pulses(
        names=tuple(lanes),
        detector=line.astype(np.int32),
        on_s=on_s,
        off_s=np.minimum(crossings.off_s[ahead], _next_on_s(line, on_s)),
        speed_mps=np.full(len(ahead), np.nan),
        repaired=np.zeros(len(ahead), np.bool_),
        spans_s=spans_s,
        start=start,
        repairs=repairs or FeedRepairs(),
        notes=tuple(notes),
    )


def line_detectors(lanes: Sequence[str]) -> tuple[Detector, ...]:
    """Return a detector of its own name for each lane."""
    return tuple(
        Detector(
            name=lane,
            lane=lane,
            distance_to_stop_line_m=0.0,
            length_m=0.0,
            kind=DetectorKind.STOP_BAR,
        )
        for lane in lanes
    )


def _next_on_s(line: Ints, on_s: Floats) -> Floats:
    """Return when the next vehicle comes upon the line of each; infinite for the last one [s]."""
    order = np.lexsort((on_s, line))
    following = np.full(len(on_s), np.inf)
    same = line[order][1:] == line[order][:-1]
    following[order[:-1][same]] = on_s[order][1:][same]
    return following
