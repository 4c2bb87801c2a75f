"""Who is followed: vehicles that begin, are joined and parted, and are forgotten."""

from collections.abc import Iterator

import numpy as np

from detectors.camera.blobs.flow import MOST_POINTS, find_points
from detectors.camera.blobs.moving import Blobs, Box, Mask
from detectors.camera.blobs.parts import are_one, blob_under, parted
from detectors.camera.blobs.sizes import UsualSizes
from detectors.camera.blobs.vehicle import FEW, Trails, Vehicle, joined, new_trails

LOST_S, FADED_S = 0.6, 1.0
"""A vehicle whose points are lost, or on no blob, for longer is forgotten [s]."""
RENEW = 0.6
"""A vehicle with a lower share of the points that it may have gets new ones. [-]"""
_BESIDE_PX = 3.0


class Roster:
    """The vehicles that are followed, in the order in which they came.

    Parameters
    ----------
    size_px
        Width and height of pictures. [px]
    rate_hps
        Pictures a second.
    trail
        Frames for which ways of points are kept.
    """

    def __init__(self, size_px: tuple[int, int], rate_hps: float, trail: int) -> None:
        self._size_px, self._trail = size_px, trail
        self._most_lost, self._most_faded = LOST_S * rate_hps, FADED_S * rate_hps
        self._vehicles: list[Vehicle] = []
        self._identities = 0

    def __iter__(self) -> Iterator[Vehicle]:
        """Yield those that are followed now."""
        return iter(self._vehicles)

    def begin(self, grey: Mask, where: Mask, corners_px: Box, *, is_solid: bool = False) -> None:
        """Begin to follow what has points, or is a smooth body that fills its box.

        Parameters
        ----------
        grey
            The picture.
        where
            Pixels on which points may lie.
        corners_px
            The box. [px]
        is_solid
            Follow it though it has no points.
        """
        points = find_points(grey, where, corners_px, np.zeros((0, 2), np.float32), MOST_POINTS)
        if len(points) >= FEW or is_solid:
            made = self._add(corners_px, new_trails(points, self._trail))
            made.is_smooth = len(points) < FEW

    def make_one(self, parts: list[Vehicle]) -> Vehicle:
        """Return the one vehicle of which all these are parts; it alone is followed from now."""
        whole = joined(parts)
        gone = {id(part) for part in parts if part is not whole}
        self._vehicles = [one for one in self._vehicles if id(one) not in gone]
        return whole

    def join(self, usual: UsualSizes) -> None:
        """Make one of those that are parts of one vehicle.

        Parameters
        ----------
        usual
            How large vehicles are.
        """
        at = 0
        while at < len(self._vehicles):
            one, frames = self._vehicles[at], self._trail - 1
            others = self._vehicles[at + 1 :]
            other = next((each for each in others if are_one(one, each, usual, frames)), None)
            if other is None:
                at += 1
            else:
                self.make_one([one, other])

    def part(self, blobs: Blobs) -> None:
        """Make two of a vehicle whose points move apart.

        Parameters
        ----------
        blobs
            What is there now.
        """
        for vehicle in list(self._vehicles):
            other = parted(vehicle, blobs)
            if other is None:
                continue
            stays = ~other & ~np.isnan(vehicle.trails[:, 0, 0])
            if stays.sum() < other.sum():
                stays, other = other, stays
            one, two = (vehicle.points_px[which] for which in (stays, other))
            boxes = _boxes(one, two, blobs, vehicle.corners_px)
            made = self._add(boxes[1], vehicle.trails[other])
            made.parent, made.frames = vehicle.identity, vehicle.frames
            made.step_px = vehicle.step_px.copy()
            vehicle.corners_px, vehicle.trails = boxes[0], new_trails(one, self._trail)

    def renew(self, grey: Mask, moving: Mask) -> None:
        """Find more points on vehicles that have lost some, where no other one is.

        Parameters
        ----------
        grey
            The picture.
        moving
            Pixels that move.
        """
        for vehicle in self._vehicles:
            most = MOST_POINTS - len(vehicle.points_px)
            if len(vehicle.points_px) >= RENEW * MOST_POINTS:
                continue
            found = find_points(grey, moving, vehicle.corners_px, vehicle.points_px, most)
            for other in self._vehicles:
                if other is not vehicle:
                    low, high = other.corners_px[:2], other.corners_px[2:]
                    found = found[~np.all((found > low) & (found < high), axis=1)]
            vehicle.add_points(found)

    def forget(self) -> None:
        """Forget who is lost, who has become street, and who has left the picture."""
        self._vehicles = [
            vehicle
            for vehicle in self._vehicles
            if vehicle.lost_frames <= self._most_lost
            and vehicle.faded_frames <= self._most_faded
            and self._is_in_picture(vehicle)
        ]

    def _is_in_picture(self, vehicle: Vehicle) -> bool:
        middle = vehicle.middle_px
        return bool(np.all((middle >= 0) & (middle <= self._size_px)))

    def _add(self, corners_px: Box, trails: Trails) -> Vehicle:
        self._identities += 1
        made = Vehicle(self._identities, corners_px.copy(), trails)
        self._vehicles.append(made)
        return made


def _boxes(one: Trails, two: Trails, blobs: Blobs, within: Box) -> tuple[Box, Box]:
    """Return the boxes of two that part: of their blobs, else of their points with some room."""
    under = [blob_under(points, blobs) for points in (one, two)]
    if under[0] is not None and under[1] is not None and under[0] is not under[1]:
        return under[0].corners_px, under[1].corners_px
    return _box(one, within), _box(two, within)


def _box(points_px: Trails, within: Box) -> Box:
    low = np.maximum(points_px.min(axis=0) - _BESIDE_PX, within[:2])
    high = np.minimum(points_px.max(axis=0) + _BESIDE_PX, within[2:])
    return np.hstack([low, high]).astype(np.float64)
