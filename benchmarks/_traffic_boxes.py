"""Boxes of a street with a signal as a detector sees them, with the truth to the vehicle.

Vehicles follow each other (Intelligent Driver Model; Treiber, Hennecke, Helbing, Physical Review E
62, 2000, 1805-1824) on eight lanes, four of which come towards the camera; a signal makes them
queue.  They are cuboids that a pinhole camera looks at.  The detector misses boxes, more so hidden
ones and in runs, cuts off what a nearer vehicle hides, trembles, and sees some that are not there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.pulses import Floats, Ints
from detectors.tracking.boxes import Boxes
from detectors.tracking.lines import CountLine

LANES = 8
LANE_WIDTH_M = 3.5
FRAME_PX = (1920, 1080)
HEIGHT_M, PITCH, FOCAL_PX = 10.0, 0.30, 1150.0
NEAR_M, FAR_M, LINE_M = 16.0, 130.0, 28.0
"""Street that is simulated, and the place of the counting line, from below the camera [m]."""
STOP_M = {True: 60.0, False: 90.0}
"""Stop line of the lanes that come, and of those that go [m]."""
STEP_S = 0.04
RUN_UP_M = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """What is simulated.

    Parameters
    ----------
    name
        Name of the scene.
    flow_vph
        Vehicles of each lane. [veh/h]
    red_s, green_s
        Signal; without red there is none. [s]
    rate_hps
        Frames per second; a divisor of 25.
    miss
        Share of boxes that a detector misses where nothing hides them. [-]
    false
        Boxes of nothing, per frame.
    seconds
        Length of the recording. [s]
    """

    name: str
    flow_vph: float = 700.0
    red_s: float = 25.0
    green_s: float = 35.0
    rate_hps: float = 12.5
    miss: float = 0.05
    false: float = 0.3
    seconds: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """What the detector saw, and the truth.

    Parameters
    ----------
    boxes
        Boxes.
    vehicle
        Vehicle of each box, -1 for boxes of nothing.
    lines
        Line of each lane.
    counts
        Vehicles that crossed each line. [veh]
    """

    boxes: Boxes
    vehicle: Ints
    lines: tuple[CountLine, ...]
    counts: Ints


@dataclass(frozen=True, slots=True, eq=False)
class _Fleet:
    lane: Ints
    begin_s: Floats
    length_m: Floats
    width_m: Floats
    height_m: Floats
    speed_mps: Floats
    aside_m: Floats


def watch(street: Street, seed: int) -> Seen:
    """Simulate a street and look at it.

    Parameters
    ----------
    street
        What is simulated.
    seed
        Of all dice.
    """
    dice = np.random.default_rng(seed)
    fleet = _fleet(street, dice)
    front_m = _drive(street, fleet)
    near_m, is_there = _near_ends(fleet, front_m)
    every = round(1 / (street.rate_hps * STEP_S))
    rows, vehicle, offset, scores = [], [], [0], []
    is_lost = np.zeros(len(fleet.lane), np.bool_)
    for step in range(0, len(front_m), every):
        who = np.flatnonzero(is_there[step])
        boxes, kept, score, is_lost[who] = _look(
            street, dice, _project(fleet, near_m[step], who), near_m[step, who], is_lost[who]
        )
        false, false_score = _false_boxes(street, dice)
        rows += [boxes, false]
        scores += [score, false_score]
        vehicle += [who[kept], np.full(len(false), -1)]
        offset.append(offset[-1] + len(boxes) + len(false))
    corners = np.concatenate(rows).astype(np.float32)
    return Seen(
        boxes=Boxes(
            time_s=np.arange(len(offset) - 1) / street.rate_hps,
            offset=np.array(offset),
            corners_px=corners,
            score=np.concatenate(scores).astype(np.float32),
            kind=np.zeros(len(corners), np.int64),
        ),
        vehicle=np.concatenate(vehicle),
        lines=lines(),
        counts=_counts(fleet, near_m, is_there),
    )


def lines() -> tuple[CountLine, ...]:
    """Return a line across each lane, laid end to end."""
    edges_m = (np.arange(LANES + 1, dtype=np.float64) - LANES / 2) * LANE_WIDTH_M
    x, y = _pixels(edges_m, np.zeros(LANES + 1), np.full(LANES + 1, LINE_M))
    return tuple(
        CountLine(
            lane=f"lane{k}",
            from_px=(float(x[k]), float(y[k])),
            to_px=(float(x[k + 1]), float(y[k + 1])),
            heading_deg=180.0 if _comes(k) else 0.0,
        )
        for k in range(LANES)
    )


def _comes(lane: int | Ints) -> NDArray[np.bool_]:
    return np.asarray(lane) < LANES // 2


def _fleet(street: Street, dice: np.random.Generator) -> _Fleet:
    lane, begin_s = [], []
    for k in range(LANES):
        headway_s = 1.5 + dice.exponential(3600 / street.flow_vph - 1.5, 4000)
        own_s = np.cumsum(headway_s) - 60
        own_s = own_s[own_s < street.seconds]
        lane.append(np.full(len(own_s), k))
        begin_s.append(own_s)
    count = sum(map(len, lane))
    is_long = dice.random(count) < 0.12
    return _Fleet(
        np.concatenate(lane),
        np.concatenate(begin_s),
        np.where(is_long, dice.uniform(7, 13, count), dice.uniform(3.6, 5.0, count)),
        np.where(is_long, 2.5, dice.uniform(1.7, 1.9, count)),
        np.where(is_long, dice.uniform(2.6, 3.8, count), dice.uniform(1.4, 1.9, count)),
        dice.normal(13.5, 1.2, count),
        dice.normal(0, 0.2, count),
    )


def _drive(street: Street, fleet: _Fleet) -> Floats:
    """Return how far each front has come on its lane, (steps, vehicles); NaN before it begins [m].

    Steps before the recording, in which the street fills, are left out.
    """
    warm = round(60 / STEP_S)
    steps = warm + round(street.seconds / STEP_S)
    place_m = np.full(len(fleet.lane), np.nan)
    speed_mps = fleet.speed_mps.copy()
    has_leader = np.diff(fleet.lane, prepend=-1) == 0
    stop_m = np.where(_comes(fleet.lane), _way_m(STOP_M[True], 0), _way_m(STOP_M[False], 7))
    result = np.full((steps - warm, len(place_m)), np.nan)
    for step in range(steps):
        now_s = (step - warm) * STEP_S
        place_m[np.isnan(place_m) & (fleet.begin_s <= now_s)] = 0.0
        gap_m, closing_mps = _gaps(fleet, place_m, speed_mps, has_leader)
        if now_s % (street.red_s + street.green_s) < street.red_s:
            to_stop_m = stop_m - place_m
            brakes = (to_stop_m > speed_mps**2 / 8) & (to_stop_m < gap_m)
            gap_m = np.where(brakes, to_stop_m + 1.0, gap_m)
            closing_mps = np.where(brakes, speed_mps, closing_mps)
        wished_m = 2.0 + np.maximum(speed_mps * 1.2 + speed_mps * closing_mps / (2 * 1.7), 0)
        rate = 1.5 * (1 - (speed_mps / fleet.speed_mps) ** 4 - (wished_m / gap_m) ** 2)
        speed_mps = np.where(
            np.isnan(place_m), speed_mps, np.maximum(speed_mps + STEP_S * np.maximum(rate, -8), 0)
        )
        place_m = place_m + STEP_S * np.where(np.isnan(place_m), 0, speed_mps)
        if step >= warm:
            result[step - warm] = place_m
    return result


def _gaps(
    fleet: _Fleet, place_m: Floats, speed_mps: Floats, has_leader: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    gap_m = np.full(len(place_m), 1e4)
    closing_mps = np.zeros(len(place_m))
    gap_m[1:] = np.where(has_leader[1:], place_m[:-1] - fleet.length_m[:-1] - place_m[1:], 1e4)
    closing_mps[1:] = np.where(has_leader[1:], speed_mps[1:] - speed_mps[:-1], 0)
    known = np.isfinite(gap_m)
    return np.where(known, np.maximum(gap_m, 0.1), 1e4), np.where(known, closing_mps, 0)


def _way_m(from_camera_m: float, lane: int) -> float:
    """Return how far a front has come that is this far from the camera [m]."""
    return RUN_UP_M + (FAR_M - from_camera_m if _comes(lane) else from_camera_m - NEAR_M)


def _near_ends(fleet: _Fleet, front_m: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return how far the near end of each vehicle is from below the camera, and who is there [m].

    Those that come show their front, those that go their rear.
    """
    on_m = front_m - RUN_UP_M
    comes = _comes(fleet.lane)
    near_m = np.where(comes, FAR_M - on_m, NEAR_M + on_m - fleet.length_m)
    is_there = np.isfinite(near_m) & (near_m > 4) & (near_m < FAR_M)
    return near_m, is_there


def _counts(fleet: _Fleet, near_m: Floats, is_there: NDArray[np.bool_]) -> Ints:
    """Return how many near ends went over the line in each lane during the recording."""
    with np.errstate(invalid="ignore"):
        beyond = near_m > LINE_M
    both = is_there[1:] & is_there[:-1]
    crossed = (both & (beyond[1:] != beyond[:-1])).any(axis=0)
    return np.bincount(fleet.lane[crossed], minlength=LANES)


def _pixels(x_m: Floats, up_m: Floats, far_m: Floats) -> tuple[Floats, Floats]:
    down_m = HEIGHT_M - up_m
    depth_m = down_m * np.sin(PITCH) + far_m * np.cos(PITCH)
    x = FRAME_PX[0] / 2 + FOCAL_PX * x_m / depth_m
    y = FRAME_PX[1] / 2 + FOCAL_PX * (down_m * np.cos(PITCH) - far_m * np.sin(PITCH)) / depth_m
    return x, y


def _project(fleet: _Fleet, near_m: Floats, who: Ints) -> Floats:
    """Return the box of each vehicle within the frame, (vehicles, 4) [px]."""
    middle_m = (fleet.lane[who] - LANES / 2 + 0.5) * LANE_WIDTH_M + fleet.aside_m[who]
    corners = []
    for side in (-0.5, 0.5):
        for share in (0.0, 1.0):
            for up in (0.0, 1.0):
                x_m = middle_m + side * fleet.width_m[who]
                far_m = near_m[who] + share * fleet.length_m[who]
                corners.append(_pixels(x_m, up * fleet.height_m[who], far_m))
    x, y = np.array([each[0] for each in corners]), np.array([each[1] for each in corners])
    box = np.stack([x.min(axis=0), y.min(axis=0), x.max(axis=0), y.max(axis=0)], axis=1)
    clipped: Floats = np.clip(box, 0, np.array(FRAME_PX * 2))
    return clipped


def _look(
    street: Street,
    dice: np.random.Generator,
    boxes: Floats,
    far_m: Floats,
    is_lost: NDArray[np.bool_],
) -> tuple[Floats, Ints, Floats, NDArray[np.bool_]]:
    """Return boxes as seen, the positions of their vehicles, their scores, and who is lost."""
    seen, hidden = _behind(boxes, far_m)
    size = seen[:, 2:] - seen[:, :2]
    is_large = (size[:, 1] >= 14) & (size[:, 0] >= 14)
    starts = dice.random(len(boxes)) < street.miss / 3
    ends = dice.random(len(boxes)) < 1 / 3
    is_lost = (is_lost & ~ends) | starts
    is_seen = is_large & ~is_lost & (dice.random(len(boxes)) > hidden**2)
    kept = np.flatnonzero(is_seen)
    tremble = dice.normal(0, 1, (len(kept), 4)) * (0.6 + 0.02 * np.tile(size[kept], 2))
    score = np.clip(0.9 - 0.6 * hidden[kept] + dice.normal(0, 0.08, len(kept)), 0.1, 1)
    found = np.clip(seen[kept] + tremble, 0, np.array(FRAME_PX * 2))
    found[:, 2:] = np.maximum(found[:, 2:], found[:, :2] + 2)
    return found, kept, score, is_lost


def _behind(boxes: Floats, far_m: Floats) -> tuple[Floats, Floats]:
    """Return what is seen of boxes behind nearer ones, and the share of each that is hidden."""
    left, top, right, bottom = (boxes[:, None, at] for at in range(4))
    others = (boxes[None, :, at] for at in range(4))
    other_left, other_top, other_right, other_bottom = others
    width = np.minimum(right, other_right) - np.maximum(left, other_left)
    height = np.minimum(bottom, other_bottom) - np.maximum(top, other_top)
    is_behind = (far_m[None, :] < far_m[:, None]) & (width > 0) & (height > 0)
    own = np.maximum((right - left) * (bottom - top), 1.0)
    hidden = np.where(is_behind, width * height / own, 0.0).sum(axis=1)
    cuts = is_behind & (width > 0.7 * (right - left)) & (other_bottom >= bottom)
    seen = boxes.copy()
    lowest = np.where(cuts, other_top, np.inf).min(axis=1, initial=np.inf)
    seen[:, 3] = np.maximum(np.minimum(boxes[:, 3], lowest), boxes[:, 1] + 1)
    return seen, np.minimum(hidden, 1.0)


def _false_boxes(street: Street, dice: np.random.Generator) -> tuple[Floats, Floats]:
    count = int(dice.poisson(street.false))
    corner = dice.uniform((0, 200), (FRAME_PX[0] - 100, FRAME_PX[1] - 100), (count, 2))
    size = dice.uniform(20, 100, (count, 2))
    return np.hstack([corner, corner + size]), dice.uniform(0.25, 0.6, count)
