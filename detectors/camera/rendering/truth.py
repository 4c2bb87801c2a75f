"""When each vehicle's front passes the band, on which lane, how fast."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from citybrain.errors import InputError
from detectors.camera.rendering.fleet import Track
from detectors.camera.rendering.scene import Band, Lane, Scene
from detectors.camera.rendering.view import NEAR_M, View

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSpan:
    """A lane where it meets the band.

    Parameters
    ----------
    name
        The lane.
    from_m, to_m
        Its sides as distances along the band on the street. [m]
    limits_px
        Its sides as distances along the band on the picture. [px]
    heading_deg
        Where its traffic goes on the picture, clockwise from up.
    """

    name: str
    from_m: float
    to_m: float
    limits_px: tuple[float, float]
    heading_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One vehicle that passed the band.

    Parameters
    ----------
    vehicle, kind, lane
        Who passed, and where.
    time_s, frame
        When its front stood on the band; the frame nearest to it. [s]
    speed_mps, length_m
        Its speed then, and its length. [m/s], [m]
    """

    vehicle: str
    kind: str
    lane: str
    time_s: float
    frame: int
    speed_mps: float
    length_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One vehicle that went from one street to another before the camera's eyes.

    Parameters
    ----------
    vehicle, kind
        Who.
    from_street, to_street
        The street that it left, and the one that it took.
    time_s, frame
        When its front entered the second; the frame nearest to it. [s]
    """

    vehicle: str
    kind: str
    from_street: str
    to_street: str
    time_s: float
    frame: int


def movements(
    view: View, tracks: Sequence[Track], *, rate_hps: float, end_s: float
) -> list[Movement]:
    """Return the movements of which both ends lie in the picture and in the clip, in time.

    Parameters
    ----------
    view
        The camera.
    tracks
        The vehicles.
    rate_hps
        Frames per second. [1/s]
    end_s
        End of the clip. [s]
    """
    found = [
        Movement(
            vehicle=track.vehicle.name,
            kind=track.vehicle.kind.value,
            from_street=before.street,
            to_street=after.street,
            time_s=round(after.from_s, 3),
            frame=round(after.from_s * rate_hps),
        )
        for track in tracks
        for before, after in pairwise(track.streets)
        if before.to_s >= 0 and after.from_s < end_s
        if _is_pictured(view, track, before.to_s) and _is_pictured(view, track, after.from_s)
    ]
    return sorted(found, key=lambda movement: movement.time_s)


def _is_pictured(view: View, track: Track, time_s: float) -> bool:
    """Tell whether the front of a vehicle is in the picture at an instant, hidden or not."""
    at_m = [float(np.interp(time_s, track.time_s, place)) for place in (track.x_m, track.y_m)]
    seen = view.seen(np.array([*at_m, 0.0]))
    if seen[2] < NEAR_M:
        return False
    column, row = view.pictured(seen)
    return bool(0 <= column < view.width_px and 0 <= row < view.height_px)


def lane_spans(scene: Scene) -> tuple[LaneSpan, ...]:
    """Return the lanes that cross the band, in their order along it.

    Raises
    ------
    InputError
        No lane crosses the band, or the band is not in the picture.
    """
    spans = [span for lane in scene.lanes if (span := _span(scene.view, scene.band, lane))]
    if not spans:
        where = f"scene {scene.name}"
        raise InputError(where, "has no lane that crosses the band", "move the band")
    ordered = sorted(spans, key=lambda span: span.from_m)
    ends_px = [0.0, *(span.limits_px[1] for span in ordered[:-1])]
    return tuple(
        replace(span, limits_px=(max(before_px, span.limits_px[0]), span.limits_px[1]))
        for before_px, span in zip(ends_px, ordered, strict=True)
    )


def passages(
    spans: Sequence[LaneSpan], band: Band, tracks: Sequence[Track], *, rate_hps: float, end_s: float
) -> list[Passage]:
    """Return every passage of the band before the end of the clip, in time.

    A vehicle whose front is on the band in the first frame has not passed it.

    Parameters
    ----------
    spans, band
        Lanes where they meet the band, and the band.
    tracks
        The vehicles.
    rate_hps
        Frames per second. [1/s]
    end_s
        End of the clip. [s]
    """
    found: list[Passage] = []
    for track in tracks:
        across_m, along_m = _band_coordinates(band, np.column_stack([track.x_m, track.y_m]))
        for k in np.flatnonzero(np.sign(across_m[1:]) * np.sign(across_m[:-1]) <= 0):
            if across_m[k] == 0 or across_m[k] == across_m[k + 1]:
                continue
            share = across_m[k] / (across_m[k] - across_m[k + 1])
            at_m = along_m[k] + share * (along_m[k + 1] - along_m[k])
            time_s = float(track.time_s[k] + share * (track.time_s[k + 1] - track.time_s[k]))
            lane = next((span.name for span in spans if span.from_m <= at_m < span.to_m), None)
            if lane is None or not 0 < time_s < end_s:
                continue
            found.append(
                Passage(
                    vehicle=track.vehicle.name,
                    kind=track.vehicle.kind.value,
                    lane=lane,
                    time_s=round(time_s, 3),
                    frame=round(time_s * rate_hps),
                    speed_mps=round(float(np.interp(time_s, track.time_s, track.speed_mps)), 2),
                    length_m=round(track.vehicle.length_m, 2),
                )
            )
    return sorted(found, key=lambda passage: passage.time_s)


def band_pixels(view: View, band: Band) -> Floats:
    """Return both ends of a band on the picture, (2, 2) [px]."""
    ends = np.array([(*band.from_m, 0.0), (*band.to_m, 0.0)])
    return view.project(ends)


def _band_coordinates(band: Band, points_m: Floats) -> tuple[Floats, Floats]:
    """Return distances of points across the band (signed) and along it from its start."""
    away = points_m - np.asarray(band.from_m)
    normal = band.normal
    along = np.array([normal[1], -normal[0]])
    return away @ normal, away @ along


def _span(view: View, band: Band, lane: Lane) -> LaneSpan | None:
    """Return where a lane meets the band; none if it does not."""
    across_m, along_m = _band_coordinates(band, lane.centre_m)
    hits = np.flatnonzero(np.sign(across_m[1:]) != np.sign(across_m[:-1]))
    length_m = float(np.linalg.norm(np.subtract(band.to_m, band.from_m)))
    for k in hits:
        share = across_m[k] / (across_m[k] - across_m[k + 1])
        at_m = float(along_m[k] + share * (along_m[k + 1] - along_m[k]))
        if not 0 <= at_m <= length_m:
            continue
        step = lane.centre_m[k + 1] - lane.centre_m[k]
        step = step / np.linalg.norm(step)
        half_m = lane.width_m / 2 / abs(float(step @ band.normal))
        sides_m = (at_m - half_m, at_m + half_m)
        return LaneSpan(
            name=lane.name,
            from_m=sides_m[0],
            to_m=sides_m[1],
            limits_px=_limits_px(view, band, sides_m),
            heading_deg=_heading_deg(view, band, at_m, step),
        )
    return None


def _on_band(band: Band, at_m: float) -> Floats:
    normal = band.normal
    place = np.asarray(band.from_m) + at_m * np.array([normal[1], -normal[0]])
    return np.array([*place, 0.0])


def _limits_px(view: View, band: Band, sides_m: tuple[float, float]) -> tuple[float, float]:
    start = band_pixels(view, band)[0]
    pixels = view.project(np.array([_on_band(band, side) for side in sides_m]))
    low, high = np.linalg.norm(pixels - start, axis=1)
    first = 0.0 if sides_m[0] <= 0 else float(low)
    return round(first, 2), round(float(high), 2)


def _heading_deg(view: View, band: Band, at_m: float, step: Floats) -> float:
    at = _on_band(band, at_m)
    move_m = np.array([*step, 0.0])
    before, after = view.project(np.array([at - move_m, at + move_m]))
    move = after - before
    return round(float(np.degrees(np.arctan2(move[0], -move[1])) % 360.0), 1)
