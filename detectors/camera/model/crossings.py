"""Boxes of a user's detector, followed and counted where they cross the band."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from citybrain.errors import InfeasibleError, InputError
from detectors.camera.frame_size import zoom_of
from detectors.camera.model.boxes import boxes_of, open_boxes
from detectors.camera.model.plan import CLASSES, ModelPlan
from detectors.camera.settings import Band, CameraSettings
from detectors.camera.sources import Gap, StreamInfo, StreamLimits, spans_between_s
from detectors.pulses import FeedRepairs, Floats, Pulses
from detectors.tracking.crossing.counter import CrossingRules, Crossings, LineCounter
from detectors.tracking.crossing.pulses import crossing_pulses
from detectors.tracking.kinds import VEHICLES
from detectors.tracking.lines import CountLine
from detectors.tracking.tracker.follower import Tracker

LONGEST_WAY_S = 20.0
"""Longest time between both bands that gives a speed [s]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelCount:
    """What a detector of a user's own saw on the lanes of a camera.

    Parameters
    ----------
    info
        Facts of the source.
    pulses
        Vehicles that went along their lane.
    against
        Vehicles that went against it; they are not counted. [veh]
    classes
        Vehicles by kind. [veh]
    gaps
        Times without pictures.
    end_s
        Time of the last frame. [s]
    """

    info: StreamInfo
    pulses: Pulses
    against: int
    classes: dict[str, int]
    gaps: tuple[Gap, ...]
    end_s: float


def count_model(
    source: str | Path,
    plan: ModelPlan,
    settings: CameraSettings,
    limits: StreamLimits | None = None,
    start: datetime | None = None,
) -> ModelCount:
    """Follow the boxes of a detector and count each vehicle once where it crosses the band.

    Parameters
    ----------
    source
        Video file, folder of pictures, or URL.
    plan
        The detector.
    settings
        Camera file; where it has a second band, vehicles have a speed.
    limits
        Bounds of the source.
    start
        The stream's zero in UTC, where known.

    Raises
    ------
    InputError
        The source, the model or the camera file cannot be used.
    """
    with open_boxes(source, plan, limits) as stream:
        counters = _counters(settings, stream.info)
        tracker, gaps, end_s = Tracker(), list[Gap](), 0.0
        for part in boxes_of(stream):
            if isinstance(part, Gap):
                gaps.append(part)
                tracker.break_off()
                for counter in counters:
                    counter.finish()
                continue
            track = tracker.add(part).track
            for counter in counters:
                counter.add(part, track)
            end_s = float(part.time_s[-1])
        crossings = _finished(counters[0])
        pulses = crossing_pulses(
            crossings,
            [lane.name for lane in settings.lane],
            spans_between_s(gaps, end_s),
            start=start,
            repairs=FeedRepairs(rows=len(crossings), used_rows=len(crossings), gaps=len(gaps)),
            notes=stream.notes,
        )
        if settings.second_band is not None:
            speed_mps = _speeds_mps(
                crossings, _finished(counters[1]), settings.second_band.distance_m
            )
            pulses = replace(pulses, speed_mps=speed_mps)
        kinds = Counter(CLASSES[kind] for kind in crossings.kind[crossings.is_ahead].tolist())
        return ModelCount(
            info=stream.info,
            pulses=pulses,
            against=int(np.sum(~crossings.is_ahead)),
            classes=dict(sorted(kinds.items())),
            gaps=tuple(gaps),
            end_s=end_s,
        )


def band_lines(settings: CameraSettings, zoom: float = 1.0) -> tuple[CountLine, ...]:
    """Return the band of a camera as a line for each lane.

    Parameters
    ----------
    settings
        Camera file.
    zoom
        How much larger the pictures are than the file says. [-]

    Raises
    ------
    InputError
        A lane's heading goes along the band.
    """
    band = settings.band
    try:
        return tuple(
            CountLine(
                lane=lane.name,
                from_px=_point(band, lane.limits_px[0], zoom),
                to_px=_point(band, lane.limits_px[1], zoom),
                heading_deg=lane.heading_deg,
                kinds=VEHICLES,
            )
            for lane in settings.lane
        )
    except InfeasibleError as error:
        raise InputError(settings.camera, str(error), "correct heading_deg or the band") from None


def _point(band: Band, along_px: float, zoom: float) -> tuple[float, float]:
    x, y = (band.from_px[at] + along_px * band.along[at] for at in (0, 1))
    return zoom * x, zoom * y


def _counters(settings: CameraSettings, info: StreamInfo) -> list[LineCounter]:
    """Return a counter for the lanes and, where there is a second band, one for that."""
    size = (float(info.width_px), float(info.height_px))
    mend = "set frame_px and the band for this stream"
    zoom = zoom_of(size, settings.frame_px, settings.camera, mend)
    rules = CrossingRules(sightings=Tracker().rules.sightings, frame_px=size)
    counters = [LineCounter(band_lines(settings, zoom), rules)]
    second = settings.second_band
    if second is not None:
        line = CountLine(
            lane="second band",
            from_px=_point(second, 0.0, zoom),
            to_px=_point(second, second.length_px, zoom),
            kinds=VEHICLES,
        )
        counters.append(LineCounter([line], rules))
    return counters


def _finished(counter: LineCounter) -> Crossings:
    counter.finish()
    return counter.take()


def _speeds_mps(first: Crossings, second: Crossings, distance_m: float) -> Floats:
    """Return the speed of each vehicle that went ahead, from when it came upon both bands."""
    met_s = dict(zip(second.track.tolist(), second.on_s.tolist(), strict=True))
    ways = zip(first.track[first.is_ahead].tolist(), first.on_s[first.is_ahead], strict=True)
    ways_s = np.array([abs(met_s.get(track, np.nan) - on_s) for track, on_s in ways])
    is_known = (ways_s > 0) & (ways_s < LONGEST_WAY_S)
    return np.where(is_known, distance_m / np.where(is_known, ways_s, 1.0), np.nan)
