"""A camera's stream to vehicles per lane."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np

from citybrain.model.flows import Detector, DetectorKind
from detectors.camera.band import SCALE, Rows, geometry_of, make_reducer
from detectors.camera.faults import CameraWatch
from detectors.camera.passages import Joiner, LaneFinder, Passage, with_speeds
from detectors.camera.settings import CameraSettings
from detectors.camera.slit.counter import LEARNING_S, SlitCounter
from detectors.camera.slit.reader import LONGEST_BLOB_S
from detectors.camera.slit.vote import Sighting
from detectors.camera.sources import (
    Gap,
    StreamInfo,
    StreamLimits,
    assumed_rate_hps,
    open_stream,
    spans_between_s,
)
from detectors.pulses import FeedRepairs, Flags, Floats, Pulses

LEAST_RATE_HPS = 10.0
"""Below this rate a car in free flow is on too few frames. [1/s]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraCount:
    """What a camera's stream held.

    Parameters
    ----------
    info
        Facts of the source.
    passages
        Vehicles in order of time.
    gaps
        Times that were not counted, and why.
    end_s
        End of the stream. [s]
    notes
        What was mended or must be known, one line each.
    """

    info: StreamInfo
    passages: tuple[Passage, ...]
    gaps: tuple[Gap, ...]
    end_s: float
    notes: tuple[str, ...] = field(default=())

    def pulses(self, settings: CameraSettings, start: datetime | None) -> Pulses:
        """Return the vehicles as pulses of the lanes; those against the heading are left out.

        Parameters
        ----------
        settings
            Camera file.
        start
            The stream's zero in UTC, where known.
        """
        counted = [one for one in self.passages if not one.is_against]
        return Pulses(
            names=tuple(lane.name for lane in settings.lane),
            detector=np.array([one.lane for one in counted], dtype=np.int32),
            on_s=np.array([one.on_s for one in counted], dtype=np.float64),
            off_s=np.array([one.off_s for one in counted], dtype=np.float64),
            speed_mps=np.array([one.speed_mps for one in counted], dtype=np.float64),
            repaired=np.zeros(len(counted), dtype=np.bool_),
            spans_s=spans_between_s(self.gaps, self.end_s),
            start=start,
            repairs=FeedRepairs(rows=len(self.passages), gaps=len(self.gaps)),
        )


def lane_detectors(settings: CameraSettings) -> tuple[Detector, ...]:
    """Return each lane of a camera as a detector of its own name.

    Parameters
    ----------
    settings
        Camera file.
    """
    return tuple(
        Detector(
            name=lane.name,
            lane=lane.name,
            distance_to_stop_line_m=0.0,
            length_m=0.0,
            kind=DetectorKind.STOP_BAR,
        )
        for lane in settings.lane
    )


def count_stream(
    source: str | Path,
    settings: CameraSettings,
    limits: StreamLimits | None = None,
) -> CameraCount:
    """Count the vehicles of a clip or a stream until it ends.

    Parameters
    ----------
    source
        Video file, folder of pictures, or URL.
    settings
        Camera file.
    limits
        Bounds of the source.

    Raises
    ------
    InputError
        Nothing can be read, or the frames have another shape than the camera file says.
    """
    with open_stream(source, partial(make_reducer, settings), limits) as stream:
        lanes = LaneCounter(settings, stream.info.rate_hps)
        gaps: list[Gap] = []
        for part in stream:
            if isinstance(part, Gap):
                lanes.break_off()
                gaps.append(part)
            else:
                lanes.feed(part.time_s, part.data)
        lanes.break_off()
        return CameraCount(
            info=stream.info,
            passages=tuple(lanes.take()),
            gaps=tuple(sorted([*gaps, *lanes.gaps], key=lambda gap: gap.begin_s)),
            end_s=lanes.end_s,
            notes=(*stream.notes, *lanes.notes),
        )


class LaneCounter:
    """Counts reduced frames per lane, as they come.

    Parameters
    ----------
    settings
        Camera file.
    rate_hps
        Frames per second; not a number where the source does not say.

    Attributes
    ----------
    gaps
        Times in which the camera was frozen or had moved.
    end_s
        End of the last frame. [s]
    """

    def __init__(self, settings: CameraSettings, rate_hps: float) -> None:
        self.geometry = geometry_of(settings)
        self._settings = settings
        self._rate_hps = assumed_rate_hps(rate_hps)
        self._finder = LaneFinder(settings, self.geometry)
        bands = 1 if settings.second_band is None else 2
        self._counters = [self._new_counter() for _ in range(bands)]
        self._joiners = [Joiner(settings, self.geometry) for _ in range(bands)]
        self._clock = FrameClock(round(2 * LONGEST_BLOB_S * self._rate_hps))
        self._watch = CameraWatch()
        self._fault: tuple[float, str] | None = None
        self.gaps: list[Gap] = []
        self.end_s = 0.0

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be known about these counts."""
        notes = [f"{gap.begin_s:.1f} to {gap.end_s:.1f} s: {gap.reason}" for gap in self.gaps]
        if self._rate_hps < LEAST_RATE_HPS:
            notes.append(f"{self._rate_hps:.1f} frames a second: fast vehicles may be missed")
        if self.end_s < LEARNING_S:
            notes.append(f"shorter than {LEARNING_S:.0f} s: the empty road is little known")
        return tuple(notes)

    @property
    def occupied(self) -> tuple[bool, ...]:
        """Whether something is on each lane now: known at once, before it is counted."""
        covered = self._counters[0].look.covered
        return tuple(bool(covered[int(a) : int(b)].mean() > 0.5) for a, b in self.geometry.limits)  # noqa: PLR2004

    def feed(self, time_s: Floats, data: Rows) -> None:
        """Take frames.

        Parameters
        ----------
        time_s
            Times of the frames, shape (frames,). [s]
        data
            What a `BandReducer` gave, ``[frame, row, x]``.
        """
        shift = self._counters[0].look.shift
        judged = self._watch.judge(time_s, data, float(np.median(shift)) if len(shift) else 0.0)
        faults = iter(judged.faults)
        for begin, end in _runs(judged.is_good):
            if judged.is_good[begin]:
                self._end_fault(float(time_s[begin]))
                self._count(time_s[begin:end], data[begin:end])
            elif self._fault is None:
                self._fault = next(faults)
                self._flush()
        self.end_s = float(time_s[-1]) + 1 / self._rate_hps

    def break_off(self) -> None:
        """End everything, at the end of the stream or where it breaks off."""
        self._flush()
        self._end_fault(self.end_s)

    def take(self) -> list[Passage]:
        """Return the vehicles that were found since the last time, in order of time."""
        first, *second = [joiner.take() for joiner in self._joiners]
        return with_speeds(first, second[0], self._settings) if second else first

    def _new_counter(self) -> SlitCounter:
        return SlitCounter(
            slits=len(self.geometry.offsets),
            main=self.geometry.main,
            width=self.geometry.width,
            rate_hps=self._rate_hps,
            scale=SCALE,
        )

    def _count(self, time_s: Floats, data: Rows) -> None:
        self._clock.add(time_s)
        bands = np.split(data[:, :-1], len(self._counters), axis=1)
        for number, (counter, rows) in enumerate(zip(self._counters, bands, strict=True)):
            self._add(number, counter.feed(np.ascontiguousarray(rows)))

    def _flush(self) -> None:
        for number, counter in enumerate(self._counters):
            self._add(number, counter.flush())

    def _add(self, band: int, sightings: Sequence[Sighting]) -> None:
        for sighting in sightings:
            lane = None if sighting.blob.is_cut else self._finder.find(sighting)
            if lane is not None:
                passage = Passage(
                    lane=lane[0],
                    on_s=self._clock.at(sighting.blob.begin),
                    off_s=self._clock.at(sighting.blob.end),
                    sighting=sighting,
                    is_against=lane[1],
                )
                self._joiners[band].add(passage)

    def _end_fault(self, now_s: float) -> None:
        if self._fault is not None:
            begin_s, reason = self._fault
            if now_s > begin_s:
                self.gaps.append(Gap(begin_s=begin_s, end_s=now_s, reason=reason))
            self._fault = None


class FrameClock:
    """The times of the last frames that were counted.

    Parameters
    ----------
    kept
        Frames that are kept at least.
    """

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._first = 0
        self._times_s: list[float] = []

    def add(self, time_s: Floats) -> None:
        """Take the times of the next frames [s]."""
        self._times_s += time_s.tolist()
        if len(self._times_s) > 2 * self._kept:
            dropped = len(self._times_s) - self._kept
            del self._times_s[:dropped]
            self._first += dropped

    def at(self, frame: int) -> float:
        """Return the time of a frame; the last known one for a frame that is still to come [s]."""
        return self._times_s[min(max(frame - self._first, 0), len(self._times_s) - 1)]


def _runs(flags: Flags) -> Iterator[tuple[int, int]]:
    """Return begin and end of each run of equal flags."""
    edges = np.flatnonzero(np.diff(flags)) + 1
    ends = [0, *edges.tolist(), len(flags)]
    yield from pairwise(ends)
