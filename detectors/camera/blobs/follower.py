"""Following vehicles as a reducer: a picture to the boxes and identities of what is on the street.

A blob that nobody is on is a new vehicle.  From then on a vehicle goes where its points go: beside
a large one, or in a queue, it keeps its identity though all are one blob.
"""

from collections import defaultdict
from math import isfinite

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.camera.blobs.flow import MOST_POINTS, carry_on, find_points
from detectors.camera.blobs.moving import LEAST_AREA, Blob, Blobs, Box, Mask, MovingMask, area_of
from detectors.camera.blobs.parts import ONE, are_one, blob_under, move_together, parted
from detectors.camera.blobs.sizes import UsualSizes
from detectors.camera.blobs.vehicle import FEW, Trails, Vehicle, joined, new_trails
from detectors.camera.sources.stream import Image, StreamInfo

WIDEST_PX = 640
"""Pictures are made smaller until they are no wider than this [px]."""
USUAL_RATE_HPS = 25.0
MOST_BOXES = 128
COLUMNS = 8
"""Left, top, right, bottom, score, kind, as those of a detector; identity, and parent's or -1."""
KIND = 7
"""A vehicle of which nothing else is known: one beyond the known kinds."""

MOTION_S, GLANCE_S = 0.5, 0.2
"""Times over which motions are compared [s]."""
LOST_S, FADED_S = 0.6, 1.0
"""A vehicle whose points are lost, or on no blob, for longer is forgotten [s]."""
GROWN = 1.6
"""A blob with one vehicle that is this many times as large as it was holds another one. [-]"""
SOLID = 0.8
"""A blob that fills its box so well is a vehicle, though nothing on it can be followed. [-]"""
NEW_FRAMES, SURE_FRAMES = 8, 12
"""Frames in which a vehicle is still coming into sight, and from which on its size is learned."""
FOLLOWS = 0.3
"""How fast a box follows its blob. [1/frame]"""
REST, REST_FILL = 0.35, 0.4
"""A rest of a blob that is this part of a usual vehicle, and fills its box so well, is another
one. [-]"""
MARGIN, MARGIN_PX = 0.08, 1.0
"""What a vehicle covers around its box: this share of its sides, and this. [px]"""
FADED = 0.15
"""A vehicle with a lower share of its points on a blob is fading. [-]"""
JOIN_EVERY, RENEW_EVERY = 5, 3
"""Frames between two looks at who is one vehicle, and at who needs more points."""
RENEW = 0.6
"""A vehicle with a lower share of the points that it may have gets new ones. [-]"""


class FollowBlobs:
    """Follows what moves, inside the decoder's process.

    Parameters
    ----------
    info
        Facts of the source.
    """

    def __init__(self, info: StreamInfo) -> None:
        self._zoom = min(1.0, WIDEST_PX / info.width_px)
        self._size = (round(self._zoom * info.width_px), round(self._zoom * info.height_px))
        self._rate_hps = info.rate_hps if isfinite(info.rate_hps) else USUAL_RATE_HPS
        self._trail = max(FEW, round(MOTION_S * self._rate_hps)) + 1
        self._glance = min(self._trail - 1, max(1, round(GLANCE_S * self._rate_hps)))
        self._mask = MovingMask(self._rate_hps)
        self._usual = UsualSizes(self._size)
        self._least_px = LEAST_AREA * self._size[0] * self._size[1]
        self._around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
        self._before: Mask | None = None
        self._vehicles: list[Vehicle] = []
        self._frames = self._identities = 0

    def __call__(self, image: Image) -> NDArray[np.float32]:
        """Return boxes, (128, 8), in pixels of the picture; rows not used are not a number."""
        self._frames += 1
        small = np.asarray(cv2.resize(image, self._size, interpolation=cv2.INTER_AREA), np.uint8)
        moving = self._mask(small)
        grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)
        if self._before is not None:
            near = np.asarray(cv2.dilate(moving, self._around), np.uint8)
            carry_on(self._vehicles, self._before, grey, near)
        self._before = grey
        blobs = Blobs.of(moving, self._least_px / 2)
        owners, shared = self._owners(blobs)
        for blob in blobs.each:
            if blob.number in owners or blob.number not in shared:
                self._explain(blob, owners[blob.number], grey, blobs)
        self._forget()
        if self._frames % JOIN_EVERY == 0:
            self._join()
        if self._frames % RENEW_EVERY == 0:
            self._renew(grey, moving)
        self._part(blobs)
        for vehicle in self._vehicles:
            vehicle.frames += 1
        return self._table()

    def _owners(self, blobs: Blobs) -> tuple[dict[int, list[Vehicle]], set[int]]:
        """Return who is on each blob: whose points lie there more than on others.

        And blobs that hold some points of a vehicle that is on another one: who may be parting
        from it.
        """
        owners, shared = defaultdict[int, list[Vehicle]](list), set[int]()
        right, bottom = self._size[0] - 1, self._size[1] - 1
        for vehicle in self._vehicles:
            points = vehicle.middle_px[None] if vehicle.is_smooth else vehicle.points_px
            at = np.clip(points.astype(int), 0, (right, bottom))
            label = blobs.label[at[:, 1], at[:, 0]]
            held = label[label > 0]
            is_faded = len(held) <= FADED * len(label)
            vehicle.faded_frames = vehicle.faded_frames + 1 if is_faded else 0
            if len(held):
                counts = np.bincount(held)
                owners[int(counts.argmax())].append(vehicle)
                shared.update(np.flatnonzero(counts >= FEW).tolist())
        return owners, shared

    def _explain(self, blob: Blob, owners: list[Vehicle], grey: Mask, blobs: Blobs) -> None:
        """Take a blob for a new vehicle, for the one that is on it, or for several."""
        area_px = area_of(blob.corners_px)
        if not owners:
            if blob.area_px >= self._least_px and blob.is_vehicle:
                is_solid = blob.area_px >= SOLID * area_px
                self._begin(grey, blobs.mask(blob), blob.corners_px, is_solid=is_solid)
            return
        if len(owners) > 1 and not blob.is_cut:
            usual_px = self._usual.at(blob.corners_px)
            is_small = usual_px is not None and area_px <= ONE * usual_px
            if is_small and move_together(owners, self._glance):
                owners = [self._made_one(owners)]
        one = owners[0]
        comes_in = blob.is_cut or one.frames < NEW_FRAMES
        if len(owners) == 1 and (comes_in or area_px <= GROWN * one.area_px):
            weight = 1.0 if comes_in or one.is_smooth else FOLLOWS
            if one.is_smooth:
                one.step_px += blob.middle_px - one.middle_px
                one.lost_frames = 0
            one.corners_px = (1 - weight) * one.corners_px + weight * blob.corners_px
            if not blob.is_cut and blob.is_vehicle and one.frames > SURE_FRAMES:
                self._learn(one, blob)
        else:
            self._look_at_rest(blob, owners, grey, blobs)

    def _learn(self, vehicle: Vehicle, blob: Blob) -> None:
        motion = vehicle.motion_px(self._trail - 1)
        if motion is not None and np.hypot(*motion) > FEW:
            self._usual.learn(blob.corners_px)

    def _look_at_rest(self, blob: Blob, owners: list[Vehicle], grey: Mask, blobs: Blobs) -> None:
        """Take what is left of a blob beside its vehicles for more of them, if it is large."""
        rest = blobs.mask(blob)
        for vehicle in owners:
            margin = MARGIN * np.tile(vehicle.corners_px[2:] - vehicle.corners_px[:2], 2)
            wide = vehicle.corners_px + (margin + MARGIN_PX) * (-1, -1, 1, 1)
            left, top, right, bottom = np.maximum(wide, 0).astype(int).tolist()
            rest[top : bottom + 1, left : right + 1] = 0
        mean_px = float(np.median([vehicle.area_px for vehicle in owners]))
        for part in Blobs.of(rest, self._least_px).each:
            area_px = area_of(part.corners_px)
            usual_px = self._usual.at(part.corners_px) or mean_px
            if area_px >= REST * usual_px and part.area_px >= REST_FILL * area_px:
                self._begin(grey, rest, part.corners_px)

    def _begin(self, grey: Mask, where: Mask, corners_px: Box, *, is_solid: bool = False) -> None:
        """Begin to follow what has points, or is a smooth body that fills its box."""
        points = find_points(grey, where, corners_px, np.zeros((0, 2), np.float32), MOST_POINTS)
        if len(points) >= FEW or is_solid:
            self._add(corners_px, new_trails(points, self._trail))
            self._vehicles[-1].is_smooth = len(points) < FEW

    def _add(self, corners_px: Box, trails: Trails, parent: Vehicle | None = None) -> None:
        self._identities += 1
        made = Vehicle(self._identities, corners_px.copy(), trails)
        if parent is not None:
            made.parent, made.frames = parent.identity, parent.frames
            made.step_px = parent.step_px.copy()
        self._vehicles.append(made)

    def _made_one(self, parts: list[Vehicle]) -> Vehicle:
        whole = joined(parts)
        gone = {id(part) for part in parts if part is not whole}
        self._vehicles = [one for one in self._vehicles if id(one) not in gone]
        return whole

    def _join(self) -> None:
        """Make one of those that are parts of one vehicle."""
        at = 0
        while at < len(self._vehicles):
            one = self._vehicles[at]
            other = next(
                (
                    other
                    for other in self._vehicles[at + 1 :]
                    if are_one(one, other, self._usual, self._trail - 1)
                ),
                None,
            )
            if other is None:
                at += 1
            else:
                self._made_one([one, other])

    def _renew(self, grey: Mask, moving: Mask) -> None:
        """Find more points on vehicles that have lost some, where no other one is."""
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

    def _part(self, blobs: Blobs) -> None:
        """Make two of a vehicle whose points move apart."""
        for vehicle in list(self._vehicles):
            other = parted(vehicle, blobs)
            if other is None:
                continue
            stays = ~other & ~np.isnan(vehicle.trails[:, 0, 0])
            if stays.sum() < other.sum():
                stays, other = other, stays
            one, two = (vehicle.points_px[which] for which in (stays, other))
            boxes = _boxes(one, two, blobs, vehicle.corners_px)
            self._add(boxes[1], vehicle.trails[other], vehicle)
            vehicle.corners_px, vehicle.trails = boxes[0], new_trails(one, self._trail)

    def _forget(self) -> None:
        """Forget who is lost, who has become street, and who has left the picture."""
        most_lost, most_faded = LOST_S * self._rate_hps, FADED_S * self._rate_hps
        self._vehicles = [
            vehicle
            for vehicle in self._vehicles
            if vehicle.lost_frames <= most_lost
            and vehicle.faded_frames <= most_faded
            and self._is_in_picture(vehicle)
        ]

    def _is_in_picture(self, vehicle: Vehicle) -> bool:
        middle = vehicle.middle_px
        return bool(np.all((middle >= 0) & (middle <= self._size)))

    def _table(self) -> NDArray[np.float32]:
        found = np.full((MOST_BOXES, COLUMNS), np.nan, np.float32)
        for row, vehicle in zip(found, self._vehicles, strict=False):
            row[:4] = vehicle.corners_px / self._zoom
            row[4:] = 1.0, KIND, vehicle.identity, vehicle.parent
        return found


_BESIDE_PX = 3.0


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
