"""An edge box's feed to pulses of lanes and movements between zones."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from detectors.aliveness import GAP_S, alive_spans_s
from detectors.pulses import FeedRepairs, Ints, Pulses
from detectors.readers.edge_boxes import EdgeBoxes, read_edge_boxes
from detectors.readers.edge_lines import BoxForm
from detectors.readers.edge_rows import EdgeFeed
from detectors.tracking.crossing.counter import CrossingRules, Crossings, LineCounter
from detectors.tracking.crossing.pulses import crossing_pulses
from detectors.tracking.kinds import VEHICLES
from detectors.tracking.lines_file import LinesFile
from detectors.tracking.tracker.follower import Tracker
from detectors.tracking.zones import MovementCounter, Movements

FRAME_GAP_S = 10.0
"""Longest silence of a feed that also tells of frames without a box that is no gap [s]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BoxCount:
    """What a feed of boxes held.

    Parameters
    ----------
    pulses
        Vehicles that crossed the lines of lanes ahead.
    movements
        Vehicles that went from zone to zone.
    kinds
        Names of kinds, to which the movements refer.
    against
        Vehicles that crossed a line against its heading; they are not counted. [veh]
    classes
        Vehicles on lines by kind. [veh]
    is_followed
        The tracks are citybrain's own.
    """

    pulses: Pulses
    movements: Movements
    kinds: tuple[str, ...]
    against: int
    classes: dict[str, int]
    is_followed: bool


def count_edge_boxes(
    path: Path,
    lines: LinesFile,
    *,
    start: datetime | None = None,
    assume_zone: str | None = None,
) -> BoxCount:
    """Count the boxes of a feed on lines and between zones.

    Parameters
    ----------
    path
        JSON lines.
    lines
        Lines file.
    start
        Second 0 of a feed that counts seconds, timezone-aware UTC.
    assume_zone
        Zone of times that carry none, such as ``Europe/Berlin``.

    Raises
    ------
    InputError
        See `read_edge_boxes`.
    """
    edge = read_edge_boxes(path, _feed(lines), start=start, assume_zone=assume_zone)
    track, is_followed = _tracks(edge, lines.feed.ids)
    sightings = Tracker().rules.sightings if is_followed else 2
    rules = CrossingRules(sightings=sightings, frame_px=lines.frame_px)
    counter = LineCounter(lines.lines, rules)
    counter.add(edge.boxes, track)
    counter.finish()
    crossings = counter.take()
    zones = MovementCounter(lines.zones, sightings=sightings)
    zones.add(edge.boxes, track, counted=VEHICLES)
    zones.finish()
    lanes = [line.lane for line in lines.line]
    pulses = crossing_pulses(
        crossings,
        lanes,
        alive_spans_s(edge.boxes.time_s, _gap_s(edge, lines)),
        start=edge.start,
        repairs=edge.repairs,
        notes=edge.notes,
    )
    return BoxCount(
        pulses=_with_faults(pulses, counter.doubled),
        movements=zones.take(),
        kinds=edge.kinds,
        against=int(np.sum(~crossings.is_ahead)),
        classes=classes_of(crossings, edge.kinds),
        is_followed=is_followed,
    )


def _feed(lines: LinesFile) -> EdgeFeed:
    return EdgeFeed(
        box=BoxForm(lines.feed.box),
        frame_px=lines.frame_px,
        is_relative=lines.feed.relative,
        rate_hps=lines.feed.rate_hps,
        sensor=lines.feed.sensor,
        classes=lines.classes,
    )


def _tracks(edge: EdgeBoxes, ids: str) -> tuple[Ints, bool]:
    """Return the track of each box, and whether citybrain followed them itself."""
    has_tracks = bool(np.any(edge.track >= 0))
    if ids == "given" or (ids == "auto" and has_tracks):
        return edge.track, False
    return Tracker().add(edge.boxes).track, True


def _gap_s(edge: EdgeBoxes, lines: LinesFile) -> float:
    return lines.feed.gap_s or (FRAME_GAP_S if edge.speaks_when_empty else GAP_S)


def _with_faults(pulses: Pulses, doubled: int) -> Pulses:
    """Count boxes whose track has another one in the same frame as doubled rows."""
    faults = FeedRepairs(
        doubled_rows=doubled, used_rows=-doubled, gaps=max(len(pulses.spans_s) - 1, 0)
    )
    return replace(pulses, repairs=pulses.repairs + faults)


def classes_of(crossings: Crossings, kinds: tuple[str, ...]) -> dict[str, int]:
    """Return how many vehicles of each kind went ahead over a line, by the names of kinds."""
    counted = Counter(kinds[kind] for kind in crossings.kind[crossings.is_ahead].tolist())
    return dict(sorted(counted.items()))
