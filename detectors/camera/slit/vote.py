"""A vehicle is what most slits saw."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import nan

from detectors.camera.slit.reader import Blob

LEAST_OVERLAP = 0.2
"""Overlap of two boxes over their union, from which on they are the same vehicle."""
CLEAR_LAG = 1.0
"""Frames between the outer slits from which on the direction is believed..."""
CLEAR_LAG_SHARE = 0.15
"""... and share of the frames for which the vehicle is seen."""

Box = tuple[int, int, int]
"""Something that has not ended: first frame, left and right end. [units]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A vehicle that most slits saw.

    Parameters
    ----------
    blob
        Where and when it was on the band.
    lag
        Frames from the first to the last slit; positive along the normal of the band, NaN where
        it was seen on one slit only.
    """

    blob: Blob
    lag: float

    @property
    def is_along(self) -> bool | None:
        """Whether it went along the normal of the band; none where that is not clear."""
        needed = max(CLEAR_LAG, CLEAR_LAG_SHARE * (self.blob.end - self.blob.begin))
        if not abs(self.lag) >= needed:
            return None
        return self.lag > 0


class Vote:
    """Gathers the blobs of all slits and decides once nothing can change the answer.

    Parameters
    ----------
    slits
        Number of slits.
    main
        Position of the slit that is the band itself.
    """

    def __init__(self, slits: int, main: int) -> None:
        self._slits = slits
        self._main = main
        self._waiting: list[list[Blob]] = [[] for _ in range(slits)]

    def add(self, slit: int, blobs: Sequence[Blob]) -> None:
        """Take the blobs that have ended on one slit."""
        self._waiting[slit] += blobs

    def decide(self, open_boxes: Sequence[Sequence[Box]], reached: Sequence[int]) -> list[Sighting]:
        """Return the vehicles of which no slit can still see something.

        Parameters
        ----------
        open_boxes
            For each slit what has not ended.
        reached
            For each slit the frames that it has looked through.
        """
        groups = self._groups()
        ready = [group for group in groups if not _may_grow(group, open_boxes, reached)]
        for group in ready:
            for slit, blob in group.items():
                self._waiting[slit].remove(blob)
        return self._sightings(ready)

    def close(self) -> list[Sighting]:
        """Return all vehicles that are left."""
        groups = self._groups()
        self._waiting = [[] for _ in range(self._slits)]
        return self._sightings(groups)

    def _groups(self) -> list[dict[int, Blob]]:
        """Put blobs of different slits together, those that overlap most first."""
        groups = [{self._main: blob} for blob in self._waiting[self._main]]
        for slit in range(self._slits):
            if slit != self._main:
                _join(groups, slit, self._waiting[slit])
        return groups

    def _sightings(self, groups: Sequence[dict[int, Blob]]) -> list[Sighting]:
        needed = self._slits // 2 + 1
        return sorted(
            (
                Sighting(blob=_on_band(group, self._main), lag=_lag(group))
                for group in groups
                if len(group) >= needed
            ),
            key=lambda sighting: sighting.blob.begin,
        )


def _join(groups: list[dict[int, Blob]], slit: int, blobs: Sequence[Blob]) -> None:
    """Add the blobs of one more slit to the groups; those that fit none make new ones."""
    pairs = [
        (_overlap(blob, other), number, at)
        for number, group in enumerate(groups)
        for at, blob in enumerate(blobs)
        for other in (next(iter(group.values())),)
    ]
    taken_groups: set[int] = set()
    taken_blobs: set[int] = set()
    for overlap, number, at in sorted(pairs, key=lambda pair: -pair[0]):
        if overlap < LEAST_OVERLAP:
            break
        if number not in taken_groups and at not in taken_blobs:
            groups[number][slit] = blobs[at]
            taken_groups.add(number)
            taken_blobs.add(at)
    groups += [{slit: blob} for at, blob in enumerate(blobs) if at not in taken_blobs]


def _overlap(one: Blob, other: Blob) -> float:
    high = min(one.end, other.end) - max(one.begin, other.begin)
    wide = min(one.right, other.right) - max(one.left, other.left)
    if high <= 0 or wide <= 0:
        return 0.0
    common = high * wide
    return common / (one.area + other.area - common)


def _may_grow(
    group: dict[int, Blob], open_boxes: Sequence[Sequence[Box]], reached: Sequence[int]
) -> bool:
    """Say whether a slit that has not seen the vehicle may still come to see it."""
    blob = next(iter(group.values()))
    wait = blob.end - blob.begin + 2
    for slit, boxes in enumerate(open_boxes):
        if slit in group:
            continue
        if blob.end + wait > reached[slit]:
            return True
        if any(
            first < blob.end + wait and left < blob.right and blob.left < right
            for first, left, right in boxes
        ):
            return True
    return False


def _on_band(group: dict[int, Blob], main: int) -> Blob:
    """Return where the vehicle was on the band, between the other slits if the band missed it."""
    if main in group:
        return group[main]
    blobs = list(group.values())
    middle = sum(blob.middle for blob in blobs) / len(blobs)
    nearest = min(blobs, key=lambda blob: blob.end - blob.begin)
    is_cut = any(blob.is_cut for blob in blobs)
    return replace(nearest.moved(round(middle - nearest.middle)), is_cut=is_cut)


def _lag(group: dict[int, Blob]) -> float:
    if len(group) < 2:  # noqa: PLR2004 - one slit has no lag
        return nan
    first, last = min(group), max(group)
    return (group[last].middle - group[first].middle) * 2 / (last - first)
