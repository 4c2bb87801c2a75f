"""The pixels of the bands: what leaves a frame, and all that does."""

from dataclasses import dataclass
from math import isqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.camera.frame_size import zoom_of
from detectors.camera.settings import Band, CameraSettings
from detectors.camera.sources.stream import StreamInfo

Image = NDArray[np.uint8]
Rows = NDArray[np.uint16]

LANE_UNITS = 40
"""Samples across the median lane; every size of the counting is in these units."""
SLIT_OFFSETS = (-8.0, 0.0, 8.0)
"""Slits beside each other, across the band; a vehicle is what most of them saw. [units]"""
ROW_OFFSETS = (-2.0, 0.0, 2.0)
"""Rows of a slit: the middle one, and those whose difference is the gradient. [units]"""
MARGIN_UNITS = 10
"""How far beyond the ends of the band is looked, where the frame reaches so far. [units]"""
SCALE = 64
"""Brightness is kept in steps of 1/64 of a grey level, as samples are means of several pixels."""
GRID = 16
"""Most points in each direction of the coarse picture that tells a frozen or moved camera."""
_PIXELS_PER_SAMPLE = 1.5
_MEAN_OF_COLOURS = np.full((1, 3), 1 / 3, dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """How a band is sampled.

    Parameters
    ----------
    width
        Samples along the band.
    units_per_px
        Samples per pixel.
    limits
        Begin and end of each lane along the samples. [units]
    offsets
        Offsets of the slits from the band. [units]
    """

    width: int
    units_per_px: float
    limits: tuple[tuple[float, float], ...]
    offsets: tuple[float, ...]

    @property
    def main(self) -> int:
        """Position of the slit that is the band itself."""
        return self.offsets.index(0.0)


def geometry_of(settings: CameraSettings) -> Geometry:
    """Return how the first band of a camera is sampled.

    Parameters
    ----------
    settings
        Camera file.
    """
    units_per_px = _units_per_px(settings)
    before, after = _margins(settings, units_per_px)
    width = round(settings.band.length_px * units_per_px) + before + after
    limits = tuple(
        (lane.limits_px[0] * units_per_px + before, lane.limits_px[1] * units_per_px + before)
        for lane in settings.lane
    )
    return Geometry(
        width=width,
        units_per_px=units_per_px,
        limits=limits,
        offsets=_offsets_inside(settings.band, settings.frame_px, units_per_px),
    )


class BandReducer:
    """Samples the bands of a frame.

    Parameters
    ----------
    settings
        Camera file.
    frame_px
        Size of the frames, if not that of the camera file; must have the same shape. [px]

    Raises
    ------
    InputError
        The frames have another shape than the camera file says.
    """

    def __init__(self, settings: CameraSettings, frame_px: tuple[int, int]) -> None:
        mend = "set frame_px and the bands for this stream"
        zoom = zoom_of(frame_px, settings.frame_px, settings.camera, mend)
        bands: list[Band] = [settings.band]
        if settings.second_band is not None:
            bands.append(settings.second_band)
        self.geometry = geometry_of(settings)
        points = [self._points(band, settings, zoom) for band in bands]
        self._shape = points[0].shape[1:]
        grid = np.concatenate(points).astype(np.float32)
        self._corner, self._corner_end = _bounds(grid, frame_px)
        grid -= np.array(self._corner, dtype=np.float32)
        self._map_x = np.ascontiguousarray(grid[..., 0].reshape(-1, self._width))
        self._map_y = np.ascontiguousarray(grid[..., 1].reshape(-1, self._width))
        self._coarse = _coarse_points(frame_px, self.geometry.width)
        points_count = self._coarse[0].size * self._coarse[1].size
        self._repeated = np.arange(self.geometry.width) % points_count

    def __call__(self, image: Image) -> Rows:
        """Return the rows of the slits and, as the last row, the coarse picture.

        Parameters
        ----------
        image
            Frame, BGR.

        Returns
        -------
        array of shape (bands * slits * 3 + 1, width)
            Mean of the colours in steps of 1/64.
        """
        (left, top), (right, bottom) = self._corner, self._corner_end
        part = cv2.transform(image[top:bottom, left:right], _MEAN_OF_COLOURS)
        fine = cv2.remap(
            part, self._map_x, self._map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        mean = cv2.resize(
            fine.astype(np.float32),
            (self.geometry.width, len(fine) // self._subrows),
            interpolation=cv2.INTER_AREA,
        )
        rows = np.empty((len(mean) + 1, self.geometry.width), dtype=np.uint16)
        rows[:-1] = mean * SCALE + 0.5
        coarse = image[self._coarse[0], self._coarse[1]].mean(axis=-1).ravel() * SCALE
        rows[-1] = coarse[self._repeated]
        return rows

    def _points(self, band: Band, settings: CameraSettings, zoom: float) -> NDArray[np.float64]:
        """Return points (row, sample, xy) in the frame; rows and samples still to be averaged."""
        units_per_px = self.geometry.units_per_px
        stretch = band.length_px / settings.band.length_px
        samples = max(round(zoom / units_per_px / _PIXELS_PER_SAMPLE), 1)
        self._subrows = max(samples, 2)
        self._width = self.geometry.width * samples
        before, _ = _margins(settings, units_per_px)
        along = (np.arange(self._width) + 0.5) / samples - 0.5 - before
        spread = (np.arange(self._subrows) + 0.5) / self._subrows * 2 - 1
        offsets = _offsets_inside(band, settings.frame_px, units_per_px)
        across = np.array([o + r + 0.7 * s for o in offsets for r in ROW_OFFSETS for s in spread])
        origin = np.array(band.from_px)
        return zoom * (
            origin
            + np.array(band.along) * (along[:, np.newaxis] / units_per_px * stretch)
            + np.array(band.across) * (across[:, np.newaxis, np.newaxis] / units_per_px)
        )


def make_reducer(settings: CameraSettings, info: StreamInfo) -> BandReducer:
    """Return what samples the bands, in the decoder's process.

    Parameters
    ----------
    settings
        Camera file.
    info
        Facts of the source.

    Raises
    ------
    InputError
        The frames have another shape than the camera file says.
    """
    return BandReducer(settings, (info.width_px, info.height_px))


def _units_per_px(settings: CameraSettings) -> float:
    widths_px = sorted(lane.width_px for lane in settings.lane)
    return LANE_UNITS / widths_px[len(widths_px) // 2]


def _margins(settings: CameraSettings, units_per_px: float) -> tuple[int, int]:
    """Return how many samples lie before and after the band, inside the frame."""
    band, (width_px, height_px) = settings.band, settings.frame_px

    def fits(point: tuple[float, float], sign: int) -> int:
        for units in range(MARGIN_UNITS, 0, -1):
            x = point[0] + sign * band.along[0] * units / units_per_px
            y = point[1] + sign * band.along[1] * units / units_per_px
            if 0 <= x <= width_px - 1 and 0 <= y <= height_px - 1:
                return units
        return 0

    return fits(band.from_px, -1), fits(band.to_px, 1)


def _offsets_inside(
    band: Band, frame_px: tuple[int, int], units_per_px: float
) -> tuple[float, ...]:
    """Return offsets of slits so that all their rows lie inside the frame; 0 is one of them."""
    step = SLIT_OFFSETS[-1]
    choices = (SLIT_OFFSETS, (-2 * step, -step, 0.0), (0.0, step, 2 * step))
    return min(choices, key=lambda offsets: _overshoot_px(band, frame_px, offsets, units_per_px))


def _overshoot_px(
    band: Band, frame_px: tuple[int, int], offsets: tuple[float, ...], units_per_px: float
) -> float:
    """Return how far the outer rows lie outside the frame [px]."""
    reach = (offsets[0] + ROW_OFFSETS[0], offsets[-1] + ROW_OFFSETS[-1])
    worst = 0.0
    for end in (band.from_px, band.to_px):
        for far in reach:
            for at, across, size in zip(end, band.across, frame_px, strict=True):
                place = at + across * far / units_per_px
                worst = max(worst, -1 - place, place - size)
    return worst


def _bounds(
    points: NDArray[np.float32], frame_px: tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int]]:
    low = np.floor(points.min(axis=(0, 1))).astype(int) - 1
    high = np.ceil(points.max(axis=(0, 1))).astype(int) + 2
    left, top = np.clip(low, 0, np.array(frame_px) - 1)
    right, bottom = np.clip(high, 1, frame_px)
    return (int(left), int(top)), (int(right), int(bottom))


def _coarse_points(
    frame_px: tuple[int, int], count: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    shares = (np.arange(side := min(GRID, isqrt(count))) + 0.5) / side
    x, y = ((shares * size).astype(np.intp) for size in frame_px)
    return y[:, np.newaxis], x[np.newaxis, :]
