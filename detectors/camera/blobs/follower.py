"""Following vehicles as a reducer: a picture to the boxes and identities of what is on the street.

A blob that nobody is on is a new vehicle.  From then on a vehicle goes where its points go: beside
a large one, or in a queue, it keeps its identity though all are one blob.
"""

from collections import defaultdict

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.camera.blobs.flow import carry_on
from detectors.camera.blobs.moving import LEAST_AREA, Blob, Blobs, Mask, MovingMask, area_of
from detectors.camera.blobs.parts import ONE, move_together
from detectors.camera.blobs.roster import Roster
from detectors.camera.blobs.sizes import UsualSizes
from detectors.camera.blobs.vehicle import FEW, Vehicle
from detectors.camera.sources.stream import Image, StreamInfo, assumed_rate_hps

WIDEST_PX = 640
"""Pictures are made smaller until they are no wider than this [px]."""
MOST_BOXES = 128
"""Boxes that are told of one picture, at most."""
COLUMNS = 8
"""Left, top, right, bottom, score, kind, as those of a detector; identity, and parent's or -1."""
KIND = 7
"""A vehicle of which nothing else is known: one beyond the known kinds."""

MOTION_S, GLANCE_S = 0.5, 0.2
"""Times over which motions are compared [s]."""
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
        self._rate_hps = assumed_rate_hps(info.rate_hps)
        self._trail = max(FEW, round(MOTION_S * self._rate_hps)) + 1
        self._glance = min(self._trail - 1, max(1, round(GLANCE_S * self._rate_hps)))
        self._mask = MovingMask(self._rate_hps)
        self._usual = UsualSizes(self._size)
        self._least_px = LEAST_AREA * self._size[0] * self._size[1]
        self._around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
        self._before: Mask | None = None
        self._roster = Roster(self._size, self._rate_hps, self._trail)
        self._frames = 0

    def __call__(self, image: Image) -> NDArray[np.float32]:
        """Return boxes, (128, 8), in pixels of the picture; rows not used are not a number."""
        self._frames += 1
        small = np.asarray(cv2.resize(image, self._size, interpolation=cv2.INTER_AREA), np.uint8)
        moving = self._mask(small)
        grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)
        if self._before is not None:
            near = np.asarray(cv2.dilate(moving, self._around), np.uint8)
            carry_on(list(self._roster), self._before, grey, near)
        self._before = grey
        blobs = Blobs.of(moving, self._least_px / 2)
        owners, shared = self._owners(blobs)
        for blob in blobs.each:
            if blob.number in owners or blob.number not in shared:
                self._explain(blob, owners[blob.number], grey, blobs)
        self._roster.forget()
        if self._frames % JOIN_EVERY == 0:
            self._roster.join(self._usual)
        if self._frames % RENEW_EVERY == 0:
            self._roster.renew(grey, moving)
        self._roster.part(blobs)
        for vehicle in self._roster:
            vehicle.frames += 1
        return self._table()

    def _owners(self, blobs: Blobs) -> tuple[dict[int, list[Vehicle]], set[int]]:
        """Return who is on each blob: whose points lie there more than on others.

        And blobs that hold some points of a vehicle that is on another one: who may be parting
        from it.
        """
        owners, shared = defaultdict[int, list[Vehicle]](list), set[int]()
        right, bottom = self._size[0] - 1, self._size[1] - 1
        for vehicle in self._roster:
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
                self._roster.begin(grey, blobs.mask(blob), blob.corners_px, is_solid=is_solid)
            return
        if len(owners) > 1 and not blob.is_cut:
            usual_px = self._usual.at(blob.corners_px)
            is_small = usual_px is not None and area_px <= ONE * usual_px
            if is_small and move_together(owners, self._glance):
                owners = [self._roster.make_one(owners)]
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
                self._roster.begin(grey, rest, part.corners_px)

    def _table(self) -> NDArray[np.float32]:
        found = np.full((MOST_BOXES, COLUMNS), np.nan, np.float32)
        for row, vehicle in zip(found, self._roster, strict=False):
            row[:4] = vehicle.corners_px / self._zoom
            row[4:] = 1.0, KIND, vehicle.identity, vehicle.parent
        return found
