"""Pictures in which a person can check a camera's set-up and its counts."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from citybrain.errors import InputError
from citybrain.files import atomic_write_bytes
from detectors.camera.band import SCALE, Image, geometry_of, make_reducer
from detectors.camera.counting import CameraCount
from detectors.camera.settings import Band, CameraSettings
from detectors.camera.sources import Frames, StreamInfo, open_stream
from detectors.pulses import Floats

WIDEST_PX = 640
"""Pictures are made smaller until they are no wider than this. [px]"""
SLIT_S = 30.0
"""Time that the slit picture shows [s]."""
SLIT_ROW_PX = 2
SLIT_UNIT_PX = 2
"""Pixels of the slit picture for each frame, and for each unit along the band. [px]"""
FLASH_S = 0.4
"""How long a count lights up [s]."""
LANE_COLOURS = ((80, 200, 120), (230, 160, 60), (90, 120, 240), (200, 90, 200), (60, 210, 230))
"""Blue, green and red of the lanes, in turn."""
WHITE, GREY, BLACK = (255, 255, 255), (150, 150, 150), (20, 20, 20)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A vehicle as a preview shows it.

    Parameters
    ----------
    lane
        Position of the lane in the camera file.
    on_s, off_s
        When it covered the band, since the stream's zero. [s]
    ends
        Left and right end along the band, where they are known. [units]
    is_counted
        It did not go against its lane.
    """

    lane: int
    on_s: float
    off_s: float
    ends: tuple[float, float] | None = None
    is_counted: bool = True


def marks_of(counted: CameraCount) -> list[Mark]:
    """Return what was seen on a camera's band as marks, in order of time.

    Parameters
    ----------
    counted
        What the camera's stream held.
    """
    return [
        Mark(
            lane=one.lane,
            on_s=one.on_s,
            off_s=one.off_s,
            ends=(one.sighting.blob.left, one.sighting.blob.right),
            is_counted=not one.is_against,
        )
        for one in counted.passages
    ]


def write_preview(
    path: Path, source: str | Path, settings: CameraSettings, marks: Sequence[Mark]
) -> None:
    """Draw bands, pulses and counts into a picture or a clip.

    Parameters
    ----------
    path
        ``.png`` or ``.mp4`` file to write.
    source
        Clip or folder that was counted.
    settings, marks
        Set-up, and the vehicles in order of time.

    Raises
    ------
    InputError
        Neither ending, a source that cannot be read twice, or a file that cannot be written.
    """
    if str(source).startswith(("rtsp:", "http:", "https:", "rtsps:")):
        mend = "record a clip of it, and preview that"
        raise InputError(path, "a live stream cannot be read twice", mend)
    if path.suffix == ".png":
        _write_picture(path, source, settings, marks)
    elif path.suffix == ".mp4":
        _write_clip(path, source, settings, marks)
    else:
        raise InputError(path, "is no preview", "name it .png or .mp4")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Small:
    """Makes frames small, in the decoder's process."""

    width_px: int
    height_px: int

    def __call__(self, image: Image) -> Image:
        size = (self.width_px, self.height_px)
        return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def small_frames(info: StreamInfo) -> _Small:
    """Return what makes the frames of a stream small enough to look at.

    Parameters
    ----------
    info
        Facts of the source.
    """
    zoom = min(1.0, WIDEST_PX / info.width_px)
    return _Small(width_px=round(info.width_px * zoom), height_px=round(info.height_px * zoom))


def _frames(source: str | Path) -> Generator[tuple[float, Image, StreamInfo], None, None]:
    with open_stream(source, small_frames) as stream:
        for part in stream:
            if isinstance(part, Frames):
                for time_s, image in zip(part.time_s, part.data, strict=True):
                    yield float(time_s), np.ascontiguousarray(image), stream.info


def _write_picture(
    path: Path, source: str | Path, settings: CameraSettings, marks: Sequence[Mark]
) -> None:
    times_s, grey = _slit(source, settings)
    image = _first_from(source, (times_s[0] + times_s[-1]) / 2)
    if image.shape[1] < WIDEST_PX:
        image = np.asarray(cv2.resize(image, None, fx=2, fy=2), dtype=np.uint8)
    totals = np.bincount(
        [one.lane for one in marks if one.is_counted], minlength=len(settings.lane)
    )
    _draw_bands(image, settings, totals.tolist(), lit=frozenset())
    below = _slit_picture(settings, marks, times_s, grey)
    width = max(image.shape[1], below.shape[1])
    page = np.vstack([_padded(image, width), _padded(below, width)])
    is_made, content = cv2.imencode(".png", page)
    if not is_made:
        raise InputError(path, "cannot be drawn", "choose a smaller clip")
    atomic_write_bytes(path, content.tobytes())


def _first_from(source: str | Path, from_s: float) -> Image:
    """Return the first frame at or after a time, holding no other."""
    with closing(_frames(source)) as frames:
        for time_s, image, _ in frames:
            if time_s >= from_s:
                return image
    raise _empty(source)


def _empty(source: str | Path) -> InputError:
    return InputError(str(source), "holds no frame", "give another clip")


def _slit(source: str | Path, settings: CameraSettings) -> tuple[Floats, Image]:
    """Return the times and the brightness ``[frame, x]`` of the band, up to `SLIT_S`."""
    row = 3 * geometry_of(settings).main + 1
    times_s: list[float] = []
    rows: list[Image] = []
    with open_stream(source, partial(make_reducer, settings)) as stream:
        for part in stream:
            if isinstance(part, Frames):
                times_s += part.time_s.tolist()
                rows.append((part.data[:, row] // SCALE).astype(np.uint8))
                if times_s[-1] - times_s[0] > SLIT_S:
                    break
    if not rows:
        raise _empty(source)
    return np.array(times_s), np.concatenate(rows)


def _write_clip(
    path: Path, source: str | Path, settings: CameraSettings, marks: Sequence[Mark]
) -> None:
    part = path.with_name(f".{path.name}.part.mp4")
    writer = None
    try:
        waiting = sorted((m for m in marks if m.is_counted), key=lambda one: one.off_s)
        totals = [0] * len(settings.lane)
        flashes: list[Mark] = []
        for time_s, image, info in _frames(source):
            if writer is None:
                writer = _writer(part, path, image, info)
            while waiting and waiting[0].off_s <= time_s:
                flashes.append(waiting.pop(0))
                totals[flashes[-1].lane] += 1
            flashes = [one for one in flashes if time_s - one.off_s < FLASH_S]
            _draw_bands(image, settings, totals, lit=frozenset(one.lane for one in flashes))
            writer.write(image)
        if writer is None:
            raise _empty(source)
        writer.release()
        part.replace(path)
    finally:
        if writer is not None:
            writer.release()
        part.unlink(missing_ok=True)


def _writer(part: Path, path: Path, image: Image, info: StreamInfo) -> cv2.VideoWriter:
    part.parent.mkdir(parents=True, exist_ok=True)
    rate_hps = info.rate_hps if info.rate_hps > 0 else 25.0
    code = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(part), code, rate_hps, (image.shape[1], image.shape[0]))
    if not writer.isOpened():
        raise InputError(path, "cannot be written", "choose a folder that can be written to")
    return writer


def _draw_bands(
    image: Image, settings: CameraSettings, totals: Sequence[int], *, lit: frozenset[int]
) -> None:
    zoom = image.shape[1] / settings.frame_px[0]
    for number, lane in enumerate(settings.lane):
        colour = LANE_COLOURS[number % len(LANE_COLOURS)]
        begin, end = (_point(settings.band, at, zoom) for at in lane.limits_px)
        cv2.line(image, begin, end, colour, 6 if number in lit else 2, cv2.LINE_AA)
        for point in (begin, end):
            cv2.circle(image, point, 3, WHITE, -1, cv2.LINE_AA)
        middle = ((begin[0] + end[0]) // 2, (begin[1] + end[1]) // 2)
        _arrow(image, middle, lane.heading_deg, colour)
        text = f"{lane.name}: {totals[number]}"
        left = max(middle[0] - 4 * len(text), 2)
        _text(image, text, (left, middle[1] + (22 if number % 2 else 38)))
    if settings.second_band is not None:
        ends = [
            (round(x * zoom), round(y * zoom))
            for x, y in (settings.second_band.from_px, settings.second_band.to_px)
        ]
        cv2.line(image, ends[0], ends[1], GREY, 1, cv2.LINE_AA)


def _slit_picture(
    settings: CameraSettings, marks: Sequence[Mark], times_s: Floats, grey: Image
) -> Image:
    """Return the band over time, downwards, with a box around each vehicle."""
    zoom = (grey.shape[1] * SLIT_UNIT_PX, grey.shape[0] * SLIT_ROW_PX)
    image: Image = np.asarray(
        cv2.cvtColor(cv2.resize(grey, zoom), cv2.COLOR_GRAY2BGR), dtype=np.uint8
    )
    limits = geometry_of(settings).limits
    for x in (x for ends in limits for x in ends):
        at = round(x * SLIT_UNIT_PX)
        cv2.line(image, (at, 0), (at, zoom[1]), GREY, 1)
    for one in marks:
        if one.on_s > times_s[-1]:
            break
        rows = np.searchsorted(times_s, (one.on_s, one.off_s)) * SLIT_ROW_PX
        left, right = (round(x * SLIT_UNIT_PX) for x in one.ends or limits[one.lane])
        colour = LANE_COLOURS[one.lane % len(LANE_COLOURS)]
        corners = ((left, int(rows[0])), (right, int(rows[1])))
        cv2.rectangle(image, *corners, colour, 2 if one.is_counted else 1)
    for second in range(0, int(times_s[-1] - times_s[0]) + 1, 5):
        row = int(np.searchsorted(times_s, times_s[0] + second)) * SLIT_ROW_PX
        _text(image, f"{times_s[0] + second:.0f} s", (4, row + 12))
    return image


def _point(band: Band, along_px: float, zoom: float) -> tuple[int, int]:
    x, y = band.along
    return (
        round((band.from_px[0] + x * along_px) * zoom),
        round((band.from_px[1] + y * along_px) * zoom),
    )


def _arrow(
    image: Image, at: tuple[int, int], heading_deg: float | None, colour: tuple[int, int, int]
) -> None:
    if heading_deg is not None:
        turn = np.radians(heading_deg)
        tip = (round(at[0] + 16 * np.sin(turn)), round(at[1] - 16 * np.cos(turn)))
        cv2.arrowedLine(image, at, tip, colour, 2, cv2.LINE_AA, tipLength=0.4)


def _text(image: Image, text: str, at: tuple[int, int]) -> None:
    cv2.putText(image, text, at, _FONT, 0.42, BLACK, 3, cv2.LINE_AA)
    cv2.putText(image, text, at, _FONT, 0.42, WHITE, 1, cv2.LINE_AA)


def _padded(image: Image, width: int) -> Image:
    extra = width - image.shape[1]
    return np.asarray(np.pad(image, ((0, 0), (0, extra), (0, 0))), dtype=np.uint8)
