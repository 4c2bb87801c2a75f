"""Zones in a picture, and the movements of vehicles from one to another.

A vehicle has made a movement when its ground contact was seen in an entry zone and, later, in an
exit zone; the last exit zone counts, as a turning path may cut the corner of another.  It turns
back into a zone that is both only after it was outside for a while: a box that trembles at the
border of a zone has not turned.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from citybrain.errors import InfeasibleError
from detectors.pulses import Flags, Floats, Ints
from detectors.tracking.boxes import Boxes

Point = tuple[float, float]
_CORNERS = 3
TURN_S = 1.5
"""Shortest time outside a zone after which a vehicle can have turned back into it. [s]"""


class ZoneKind(StrEnum):
    """What a zone tells."""

    ENTRY = "entry"
    EXIT = "exit"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """An area on the street.

    Parameters
    ----------
    name
        Name, such as that of the approach.
    kind
        Vehicles enter the picture here, leave it here, or both.
    corners_px
        Corners of the area in the picture. [px]

    Raises
    ------
    InfeasibleError
        It has fewer than three corners.
    """

    name: str
    kind: ZoneKind
    corners_px: tuple[Point, ...]

    def __post_init__(self) -> None:
        """Refuse an area without a surface."""
        if len(self.corners_px) < _CORNERS:
            msg = f"zone {self.name!r} has {len(self.corners_px)} corners, it needs three or more"
            raise InfeasibleError(msg)

    def holds(self, x_px: Floats, y_px: Floats) -> Flags:
        """Tell which points lie in it (even-odd rule).

        Parameters
        ----------
        x_px, y_px
            Points in the picture, shape (n,) each. [px]

        Returns
        -------
        array of shape (n,)
            One answer for each point.
        """
        inside = np.zeros(len(x_px), np.bool_)
        ends = (*self.corners_px[1:], self.corners_px[0])
        for (ax, ay), (bx, by) in zip(self.corners_px, ends, strict=True):
            if ay != by:
                beside = (ay > y_px) != (by > y_px)
                inside ^= beside & (x_px < ax + (y_px - ay) * (bx - ax) / (by - ay))
        return inside


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Movements:
    """Vehicles that went from one zone to another, in order of time.

    Parameters
    ----------
    time_s
        When each was first seen in its exit zone, shape (n,). [s]
    entry, exit
        Positions of the zones, shape (n,) each.
    track, kind
        Identity, and kind of the box there, shape (n,) each.
    entered_only, left_only
        Vehicles that were seen in an entry zone only, and in an exit zone only. [veh]
    """

    time_s: Floats
    entry: Ints
    exit: Ints
    track: Ints
    kind: Ints
    entered_only: int
    left_only: int

    def __len__(self) -> int:
        """Return the number of movements."""
        return len(self.time_s)


@dataclass(slots=True)
class _Way:
    """What is known of one track: zones from -1 for none."""

    seen_s: float
    sightings: int = 0
    entry: int = -1
    exit: int = -1
    at: int = -1
    exit_s: float = 0.0
    kind: int = 0
    entry_s: float = 0.0
    """When it was last seen in its entry zone."""


class MovementCounter:
    """Follows in which zones tracks are seen, over a stream of any length.

    Parameters
    ----------
    zones
        Zones; where they overlap, the first one counts.
    patience_s
        A track that was not seen for longer has ended. [s]
    sightings
        Frames in which a track must have been seen.
    """

    def __init__(
        self, zones: Sequence[Zone], *, patience_s: float = 2.0, sightings: int = 3
    ) -> None:
        self.zones = tuple(zones)
        self._patience_s, self._sightings = patience_s, sightings
        self._enters = [zone.kind is not ZoneKind.EXIT for zone in zones]
        self._leaves = [zone.kind is not ZoneKind.ENTRY for zone in zones]
        self._ways: dict[int, _Way] = {}
        self._done: list[tuple[float, int, int, int, int]] = []
        self._entered_only = self._left_only = 0
        self._look_s = -np.inf

    def add(
        self,
        boxes: Boxes,
        track: Ints,
        *,
        counted: frozenset[int] | None = None,
        parent: Ints | None = None,
    ) -> None:
        """Take the boxes of the next frames.

        Parameters
        ----------
        boxes
            Frames in order of time.
        track
            Identity of each box, shape (boxes,), negative for none.
        counted
            Kinds that are counted; all if none.
        parent
            Identity of whom each box was a part until its own track began: what is known of that
            one holds for it, too. Negative for nobody; shape (boxes,).
        """
        left, _, right, bottom = boxes.corners_px.astype(np.float64).T
        zone_of = np.full(len(boxes), -1, np.int64)
        for number in reversed(range(len(self.zones))):
            zone_of[self.zones[number].holds((left + right) / 2, bottom)] = number
        time_s = np.repeat(boxes.time_s, np.diff(boxes.offset))
        used = track >= 0
        if counted is not None:
            used &= np.isin(boxes.kind, list(counted))
        parents = np.full(len(boxes), -1, np.int64) if parent is None else parent
        columns = (track, time_s, zone_of, boxes.kind, parents)
        for identity, now_s, zone, kind, of in zip(
            *(column[used].tolist() for column in columns), strict=True
        ):
            if identity not in self._ways and of in self._ways:
                self._ways[identity] = replace(self._ways[of])
            self._see(identity, now_s, zone, kind)
        if len(boxes.time_s):
            self._drop_old(float(boxes.time_s[-1]))

    def finish(self) -> None:
        """End all tracks."""
        for identity in list(self._ways):
            self._end(identity)

    def take(self) -> Movements:
        """Return the movements of tracks that ended since the last time."""
        rows, self._done = sorted(self._done), []
        columns = list(zip(*rows, strict=True)) or [()] * 5
        found = Movements(
            time_s=np.array(columns[0], np.float64),
            entry=np.array(columns[1], np.int64),
            exit=np.array(columns[2], np.int64),
            track=np.array(columns[3], np.int64),
            kind=np.array(columns[4], np.int64),
            entered_only=self._entered_only,
            left_only=self._left_only,
        )
        self._entered_only = self._left_only = 0
        return found

    def _see(self, identity: int, now_s: float, zone: int, kind: int) -> None:
        way = self._ways.get(identity)
        if way is not None and now_s - way.seen_s > self._patience_s:
            self._end(identity)
            way = None
        if way is None:
            way = self._ways[identity] = _Way(now_s)
        way.seen_s, way.sightings = now_s, way.sightings + 1
        if zone >= 0 and zone != way.at:
            self._come_into(way, zone, now_s, kind)
        if zone >= 0 and zone == way.entry:
            way.entry_s = now_s
        way.at = zone

    def _come_into(self, way: _Way, zone: int, now_s: float, kind: int) -> None:
        if way.entry < 0 and way.exit < 0 and self._enters[zone]:
            way.entry = zone
        elif self._leaves[zone] and (zone != way.entry or now_s - way.entry_s >= TURN_S):
            way.exit, way.exit_s, way.kind = zone, now_s, kind

    def _drop_old(self, now_s: float) -> None:
        if now_s < self._look_s:
            return
        old = [one for one, way in self._ways.items() if now_s - way.seen_s > self._patience_s]
        for identity in old:
            self._end(identity)
        self._look_s = now_s + self._patience_s

    def _end(self, identity: int) -> None:
        way = self._ways.pop(identity)
        if way.sightings < self._sightings:
            return
        if way.entry >= 0 and way.exit >= 0:
            self._done.append((way.exit_s, way.entry, way.exit, identity, way.kind))
        self._entered_only += way.entry >= 0 > way.exit
        self._left_only += way.exit >= 0 > way.entry
