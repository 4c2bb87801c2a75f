"""Lanes and a band proposed from the motion in a clip; a person confirms them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from citybrain.errors import InputError
from detectors.camera.band import LANE_UNITS, Image, geometry_of
from detectors.camera.counting import count_stream
from detectors.camera.passages import Passage
from detectors.camera.settings import CameraSettings
from detectors.camera.sources import Frames, StreamInfo, open_stream
from detectors.pulses import Floats

LOOK_PX = 320
"""Width in which motion is looked for. [px]"""
LOOK_S = 60.0
"""Time for which motion is looked for [s]."""
LOOK_EVERY = 2
"""Frames between two looks."""
MOVING_PX = 0.5
"""Least motion between two looks. [px]"""
ROAD_SHARE = 0.25
"""Share of the busiest pixel's motion from which on a pixel is road."""
LANE_OVER_VEHICLE = 1.25
"""A lane is so much wider than what is seen of a vehicle on it."""
BAND_ROWS = (0.45, 0.9)
"""Where a band may lie in the picture: below, vehicles are cut off; above, they are small."""
LEAST_VEHICLES = 4
"""Vehicles that a proposal needs."""
FOOT_SPREAD_UNITS = 6.0
"""Standard deviation by which each foot is spread along the band to find lanes. [units]"""
LEAST_DISTANCE_UNITS = 22.0
"""Two lanes are at least so far apart. [units]"""
LEAST_SHARE = 0.05
"""Least share of the vehicles that a lane has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Motion:
    """Motion in the small pictures: how often each pixel moved, and its mean way."""

    often: Floats
    way: Floats
    zoom: float
    frame_px: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grey:
    """Makes frames small and grey, in the decoder's process."""

    size: tuple[int, int]

    def __call__(self, image: Image) -> Image:
        small = cv2.resize(image, self.size, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def grey_frames(info: StreamInfo) -> _Grey:
    """Return what makes the frames of a stream small and grey.

    Parameters
    ----------
    info
        Facts of the source.
    """
    zoom = min(1.0, LOOK_PX / info.width_px)
    return _Grey(size=(round(info.width_px * zoom), round(info.height_px * zoom)))


def suggest(source: str | Path, name: str) -> tuple[CameraSettings, list[int]]:
    """Propose a band and its lanes from the motion in a clip.

    The band crosses the road where most moves and vehicles are large; lanes lie where vehicles
    touch the ground most often.

    Parameters
    ----------
    source
        Clip of some minutes.
    name
        Name of the camera.

    Returns
    -------
    settings, vehicles
        Camera file, and the vehicles from which each lane was found.

    Raises
    ------
    InputError
        Nothing moves on a road, or too few vehicles pass.
    """
    motion = _look(source)
    band = _band(str(source), motion)
    first = CameraSettings.model_validate({"camera": name, "frame_px": motion.frame_px, **band})
    counted = count_stream(source, first)
    lanes = _lanes(counted.passages, first)
    if not lanes:
        mend = "give a longer clip, or write the camera file by hand"
        raise InputError(str(source), f"only {len(counted.passages)} vehicles pass", mend)
    tables = [table for table, _ in lanes]
    content = {"camera": name, "frame_px": motion.frame_px, "band": band["band"], "lane": tables}
    return CameraSettings.model_validate(content), [count for _, count in lanes]


def as_toml(settings: CameraSettings) -> str:
    """Return a camera file as text.

    Parameters
    ----------
    settings
        Camera file.
    """
    band = settings.band
    lines = [
        f"camera = {json.dumps(settings.camera)}",
        f"frame_px = [{settings.frame_px[0]}, {settings.frame_px[1]}]",
        "",
        "[band]",
        f"from_px = [{band.from_px[0]:.1f}, {band.from_px[1]:.1f}]",
        f"to_px = [{band.to_px[0]:.1f}, {band.to_px[1]:.1f}]",
    ]
    for lane in settings.lane:
        lines += ["", "[[lane]]", f"name = {json.dumps(lane.name)}"]
        lines.append(f"limits_px = [{lane.limits_px[0]:.1f}, {lane.limits_px[1]:.1f}]")
        if lane.heading_deg is not None:
            lines.append(f"heading_deg = {lane.heading_deg:g}")
    return "\n".join(lines) + "\n"


def _look(source: str | Path) -> _Motion:
    """Gather the optical flow of the first minute."""
    with open_stream(source, grey_frames) as stream:
        info = stream.info
        often: Floats | None = None
        way: Floats | None = None
        last: Image | None = None
        taken = 0
        for part in stream:
            if not isinstance(part, Frames):
                last = None
                continue
            if part.time_s[0] > LOOK_S:
                break
            for number, image in zip(part.index, part.data, strict=True):
                if number % LOOK_EVERY:
                    continue
                if last is not None:
                    flow = _flow(last, np.asarray(image, dtype=np.uint8))
                    moves = np.hypot(flow[..., 0], flow[..., 1]) > MOVING_PX
                    often = moves.astype(np.float64) if often is None else often + moves
                    step = flow * moves[..., np.newaxis]
                    way = step if way is None else way + step
                    taken += 1
                last = np.asarray(image, dtype=np.uint8)
    if often is None or way is None:
        raise InputError(str(source), "is too short to see motion", "give a clip of some minutes")
    zoom = often.shape[1] / info.width_px
    size = (info.width_px, info.height_px)
    return _Motion(often=often / taken, way=way / taken, zoom=zoom, frame_px=size)


def _flow(last: Image, image: Image) -> Floats:
    flow = cv2.calcOpticalFlowFarneback(last, image, None, 0.5, 3, 15, 2, 5, 1.2, 0)  # type: ignore[call-overload]
    return np.asarray(flow, dtype=np.float64)


def _band(source: str, motion: _Motion) -> dict[str, object]:
    """Return a band across the road, and the whole of it as one lane of several."""
    often = cv2.GaussianBlur(motion.often, (0, 0), 3)
    if often.max() <= 0:
        raise InputError(source, "nothing moves in it", "give a clip with traffic")
    is_sideways = np.abs(motion.way[..., 0]).sum() > 1.5 * np.abs(motion.way[..., 1]).sum()
    field = often.T if is_sideways else often
    rows = range(*(round(share * len(field)) for share in BAND_ROWS))
    road = field > ROAD_SHARE * field.max()
    row = max(rows, key=lambda row: float(field[row].sum()) * (0.5 + row / len(field)))
    begin, end = _longest_run(road[row])
    if end - begin < 0.05 * len(road[row]):
        raise InputError(source, "no road is seen to move", "give a clip with more traffic")
    lane_px = _vehicle_px(motion, row, is_sideways=is_sideways) * LANE_OVER_VEHICLE
    ends = [(begin / motion.zoom, row / motion.zoom), (end / motion.zoom, row / motion.zoom)]
    if is_sideways:
        ends = [(y, x) for x, y in ends]
    length_px = (end - begin) / motion.zoom
    lanes = max(round(length_px / lane_px), 1)
    return {
        "band": {"from_px": ends[0], "to_px": ends[1]},
        "lane": [{"name": "road", "limits_px": (0, length_px), "lanes": min(lanes, 12)}],
    }


def _longest_run(is_road: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the run of road that is longest; narrow strips between carriageways are bridged."""
    closed = cv2.morphologyEx(
        is_road.astype(np.uint8)[np.newaxis], cv2.MORPH_CLOSE, np.ones((1, 41), np.uint8)
    )[0]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], closed, [0]])))
    runs = edges.reshape(-1, 2)
    if not len(runs):
        return 0, 0
    begin, end = max(runs.tolist(), key=lambda run: run[1] - run[0])
    return int(begin), int(end)


def _vehicle_px(motion: _Motion, row: int, *, is_sideways: bool) -> float:
    """Return a first guess of how wide a vehicle is on the band: a ninth of the frame [px]."""
    width = motion.frame_px[1] if is_sideways else motion.frame_px[0]
    height = motion.often.shape[1] if is_sideways else motion.often.shape[0]
    return float(width / 9 * (row / height + 0.25))


def _lanes(
    passages: Sequence[Passage], settings: CameraSettings
) -> list[tuple[dict[str, object], int]]:
    """Return a table for each place where vehicles touch the ground often, and their number."""
    if len(passages) < LEAST_VEHICLES:
        return []
    geometry = geometry_of(settings)
    feet = np.array([_foot(one) for one in passages])
    ways = np.array([{True: 1, False: -1, None: 0}[one.sighting.is_along] for one in passages])
    peaks = _peaks(feet, geometry.width)
    lane_units = _lane_width(peaks)
    tables = []
    origin = geometry.limits[0][0]
    for number, peak in enumerate(peaks):
        left = _edge(peaks, number, -1, lane_units)
        right = _edge(peaks, number, 1, lane_units)
        near = np.abs(feet - peak) < LEAST_DISTANCE_UNITS / 2
        limits = [
            min(max((x - origin) / geometry.units_per_px, 0.0), settings.band.length_px)
            for x in (left, right)
        ]
        table: dict[str, object] = {"name": f"lane_{number + 1}", "limits_px": limits}
        if abs(ways[near].sum()) >= 0.5 * near.sum():
            table["heading_deg"] = _heading_deg(settings, is_along=ways[near].sum() > 0)
        if limits[1] - limits[0] > 1:
            tables.append((table, int(near.sum())))
    return tables


def _foot(one: Passage) -> float:
    blob, way = one.sighting.blob, one.sighting.is_along
    if way is None:
        return (blob.first_x + blob.last_x) / 2
    return blob.first_x if way else blob.last_x


def _peaks(feet: Floats, width: int) -> list[float]:
    places = np.arange(width, dtype=np.float64)
    far = (places[:, np.newaxis] - feet) / FOOT_SPREAD_UNITS
    density = np.exp(-0.5 * far**2).sum(axis=1)
    peaks: list[float] = []
    for place in np.argsort(-density):
        if density[place] < max(LEAST_SHARE * len(feet), 1.5):
            break
        if all(abs(place - peak) >= LEAST_DISTANCE_UNITS for peak in peaks):
            peaks.append(float(place))
    return sorted(peaks)


def _lane_width(peaks: Sequence[float]) -> float:
    steps = np.diff(np.array(peaks))
    near = steps[steps < 1.6 * LANE_UNITS]
    return float(np.median(near)) if len(near) else float(LANE_UNITS)


def _edge(peaks: Sequence[float], number: int, side: int, lane_units: float) -> float:
    peak, other = peaks[number], number + side
    if 0 <= other < len(peaks) and abs(peaks[other] - peak) < 1.6 * lane_units:
        return (peak + peaks[other]) / 2
    return peak + side * lane_units / 2


def _heading_deg(settings: CameraSettings, *, is_along: bool) -> float:
    x, y = settings.band.across
    sign = 1 if is_along else -1
    return float(np.degrees(np.arctan2(sign * x, -sign * y)) % 360)
